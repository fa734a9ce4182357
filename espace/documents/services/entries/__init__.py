"""The entries of a record: how one is written, folded with its copies, set among its versions."""
