"""What people add themselves: files looked at, drafts, the scanner."""
