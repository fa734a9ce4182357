"""Searching inside documents, and what their words tell of them."""
