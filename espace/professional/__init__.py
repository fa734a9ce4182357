"""What professionals do here: sign in by OpenID Connect, find a patient, ask, deposit."""
