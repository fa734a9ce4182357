"""The record itself: holder, data key, state."""
