"""What one writes: drafts, to whom, with which files, and ending an exchange."""
