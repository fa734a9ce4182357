"""Making a house, and bringing its schema up to date."""

from collections.abc import Callable

from . import crypto, db
from .crypto.owners import ensure_house_keys
from .db import schema
from .machines import Machines
from .settings import Settings


def init_house(settings: Settings, *, say: Callable[[str], object]) -> Machines:
    """Make the key file if there is none, the database, the house's own keys and the matrix of entitlements.

    Raises:
        SettingsError: when an existing key file cannot be used.
    """
    if settings.key_file.exists():
        say(f"Keys found in {settings.key_file}.")
    else:
        crypto.write_ring(crypto.new_ring(), settings.key_file)
        say(f"Keys made in {settings.key_file}. Keep a copy elsewhere: without them nothing can be read.")
    machines = Machines.open(settings)
    machines.bind()
    migrate_house(machines, say=say)
    return machines


def migrate_house(machines: Machines, *, say: Callable[[str], object]) -> None:
    """Bring the schema to the newest revision and make what every house needs in it."""
    from .access.services import ensure_matrix

    schema.upgrade(machines.database)
    with db.write() as tx:
        ensure_house_keys(tx)
    ensure_matrix()
    say("The database is up to date.")
