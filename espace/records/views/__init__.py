"""Pages of the records room: objecting by letter, and the life of one's own record in the account."""
