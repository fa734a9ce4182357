"""Pages on which a record's people decide who sees it."""
