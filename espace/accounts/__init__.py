"""Activation, sign-in, factors, devices, sessions, recovery."""
