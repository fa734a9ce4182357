"""The append-only, chained trail of who did what, and its signed checkpoints. The lowest room: imports no other."""
