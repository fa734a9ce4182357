"""The door for mail: an SMTP server for the other operators of the trust space and our mailboxes' own programs."""
