"""Growing up: what changes at which age, until the parents' access ends."""
