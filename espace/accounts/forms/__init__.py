"""What people type at the door and in their account."""
