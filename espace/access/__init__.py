"""Every right anyone holds on a record: consents, blocks, encounters, the matrix; and the one policy that judges."""
