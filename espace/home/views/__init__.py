"""Pages of the home room: public ones, those of an account, those of a record."""
