"""The mailboxes of professionals: made, shared, described, found."""
