"""Persons (INS), professionals (RPPS) and structures (FINESS), and their directories."""
