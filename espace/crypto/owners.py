"""Owners of sealed data that belong to the house rather than to a person: each has its own data key."""

from uuid import UUID

from sqlalchemy import Connection, inspect, select

from espace.errors import SettingsError, TamperedError

from .models import DataKey
from .sealing import current, new_owner_key

DIRECTORY = UUID(int=1)  # professionals and structures of the public register
QUARANTINE = UUID(int=2)  # documents that could not be filed
OUTBOX = UUID(int=3)  # what waits to be sent
SIGN_IN = UUID(int=4)  # pending sign-ins with an outside provider
OFFICE = UUID(int=5)  # the trail of what operators do, beside that of the record or account they did it to

HOUSE_OWNERS = (DIRECTORY, QUARANTINE, OUTBOX, SIGN_IN, OFFICE)


def refuse_wrong_keys(tx: Connection) -> None:
    """See that the key file is the one this database was made with; an empty database accepts any (R24).

    Raises:
        SettingsError: when the house's own data keys do not open.
    """
    if not inspect(tx).has_table(DataKey.__tablename__):
        return
    for owner in HOUSE_OWNERS:
        try:
            if current().has_key(tx, owner):
                current().keys_of(tx, owner)
        except TamperedError:
            raise SettingsError(
                "the key file is not the one this database was made with: see ESPACE_KEY_FILE"
            ) from None


def ensure_house_keys(tx: Connection) -> None:
    """Make the house's own data keys where they are missing.

    Raises:
        SettingsError: see `refuse_wrong_keys`.
    """
    refuse_wrong_keys(tx)
    known = set(tx.execute(select(DataKey.owner_id).where(DataKey.owner_id.in_(HOUSE_OWNERS))).scalars())
    for owner in HOUSE_OWNERS:
        if owner not in known:
            new_owner_key(tx, owner)
