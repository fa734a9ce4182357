"""Notifications: what is written, and the conversation that carries it."""
