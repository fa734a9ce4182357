"""What one sees of a box: lists, conversations, files, papers to take away."""
