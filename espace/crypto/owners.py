"""Owners of sealed data that belong to the house rather than to a person: each has its own data key."""

from uuid import UUID

from sqlalchemy import Connection, select

from .models import DataKey
from .sealing import new_owner_key

DIRECTORY = UUID(int=1)  # professionals and structures of the public register
QUARANTINE = UUID(int=2)  # documents that could not be filed
OUTBOX = UUID(int=3)  # what waits to be sent
SIGN_IN = UUID(int=4)  # pending sign-ins with an outside provider

HOUSE_OWNERS = (DIRECTORY, QUARANTINE, OUTBOX, SIGN_IN)


def ensure_house_keys(tx: Connection) -> None:
    """Make the house's own data keys where they are missing."""
    known = set(tx.execute(select(DataKey.owner_id).where(DataKey.owner_id.in_(HOUSE_OWNERS))).scalars())
    for owner in HOUSE_OWNERS:
        if owner not in known:
            new_owner_key(tx, owner)
