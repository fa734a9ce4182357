"""Finding one's way among documents: pages of the list, filters, folders, what is new."""
