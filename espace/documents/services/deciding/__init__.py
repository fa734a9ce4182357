"""What people decide about documents: states, delays, announcements, and who is told."""
