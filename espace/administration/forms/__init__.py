"""What operators type, by what they do."""
