"""The documents of a record: listed, shown, added, deposited, imported."""
