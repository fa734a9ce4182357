"""The family's pages."""
