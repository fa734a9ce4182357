"""The tests of espace."""
