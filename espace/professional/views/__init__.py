"""Pages of professionals."""
