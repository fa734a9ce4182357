"""Home: the first page, a record's start, who did what, and the pages that explain."""
