"""Whether this node can serve: its database answers, its keys are there, its files can be written."""

import os
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from espace import crypto, db, settings, storage


@dataclass(frozen=True, slots=True)
class Health:
    """One yes or no per machine."""

    database: bool
    keys: bool
    storage: bool

    @property
    def is_good(self) -> bool:
        """Whether everything is."""
        return self.database and self.keys and self.storage


def health() -> Health:
    """Ask each machine. Reads only: a full disk shows as a storage that cannot be written."""
    return Health(database=_database(), keys=_keys(), storage=_storage())


def _database() -> bool:
    try:
        with db.read() as tx:
            return bool(tx.execute(text("SELECT 1")).scalar_one() == 1)
    except SQLAlchemyError:
        return False


def _keys() -> bool:
    return os.access(settings.current().key_file, os.R_OK) and bool(crypto.current().ring.masters)


def _storage() -> bool:
    root = storage.current().root
    return root.is_dir() and os.access(root, os.W_OK | os.X_OK)
