"""Operators of the house: the counter, the privacy officer, the administrator. None holds a clinical right (R17)."""
