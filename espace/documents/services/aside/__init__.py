"""What could not be filed, until two operators decide."""
