"""Carers: who helps somebody by task, what is withheld from them, and until when (rules.md MI-12)."""
