"""Who sees a record now, and what it looks like through their eyes."""
