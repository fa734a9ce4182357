"""The tasks of professionals: sign in, find a patient, deposit."""
