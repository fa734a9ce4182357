"""Rights on a record."""
