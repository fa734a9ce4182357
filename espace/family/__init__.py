"""Who may act for whom: parents and their minor children."""
