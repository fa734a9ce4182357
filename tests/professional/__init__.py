"""What professionals do."""
