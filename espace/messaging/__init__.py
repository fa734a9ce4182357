"""Conversations between people and their professionals, mailboxes, and the secure mail they go by (rules.md MS)."""
