"""The machines of one running house: opened once from the settings, bound to each request, job and command."""

from dataclasses import dataclass
from typing import Self

from . import clock as clocks
from . import crypto, db, settings, storage
from .clock import Clock, system_clock
from .crypto import passwords
from .settings import Settings


@dataclass(frozen=True)
class Machines:
    """Settings, database, keys, storage, hasher and clock of one house."""

    settings: Settings
    database: db.Database
    vault: crypto.Vault
    storage: storage.Storage
    hasher: crypto.Hasher
    clock: Clock

    @classmethod
    def open(cls, given: Settings, *, hasher: crypto.Hasher | None = None, clock: Clock = system_clock) -> Self:
        """Open every machine.

        Raises:
            SettingsError: when the key file is missing, readable by others or wrong.
        """
        vault = crypto.Vault(crypto.read_ring(given.key_file))
        given.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        given.checkpoint_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(
            settings=given,
            database=db.Database(given.database_url),
            vault=vault,
            storage=storage.Storage(given.storage_url),
            hasher=hasher or crypto.Hasher(),
            clock=clock,
        )

    def bind(self) -> None:
        """Use these machines for everything that follows in this context."""
        settings.bind(self.settings)
        db.bind(self.database)
        crypto.bind(self.vault)
        storage.bind(self.storage)
        passwords.bind(self.hasher)
        clocks.bind(self.clock)

    def close(self) -> None:
        """Give connections back."""
        self.database.close()
