"""Attacks on the house as a whole: each is generated from the address map, so a new route is attacked at once."""
