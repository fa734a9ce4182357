"""`espace bench`: what a page costs, beside what its parts cost in the same run (performance.md)."""
