"""Preferences and channels of notification: takes addresses, never accounts."""
