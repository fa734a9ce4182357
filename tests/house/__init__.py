"""The rules of the house, as tests: each proves once that it can fail."""
