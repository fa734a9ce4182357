"""Accounts: activation, sign-in, sessions, throttling."""
