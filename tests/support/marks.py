"""Marks that several tests use."""

import pytest

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""One engine is enough: the test is about pages, not about what a database does."""
