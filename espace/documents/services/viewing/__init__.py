"""Reading one document: its pages, its words, where it comes from."""
