"""What comes into a box: kept once, looked at, its archives checked."""
