"""The database's schema, brought to a revision by the migrations."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from .models import PARTITIONS
from .unit import Database

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 4_739_215  # any number, the same on every node


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema up to `revision`, in one transaction; nodes that start together wait for each other."""
    with database.writer.begin() as tx:
        _queue(tx, database)
        command.upgrade(_config(tx), revision)


def downgrade(database: Database, revision: str) -> None:
    """Bring the schema down to `revision` (`base`: nothing), in one transaction."""
    with database.writer.begin() as tx:
        _queue(tx, database)
        command.downgrade(_config(tx), revision)


def current(database: Database) -> str | None:
    """The revision the database is at; None for an empty one."""
    with database.reader.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The revision these programs were written for."""
    return ScriptDirectory(str(_FOLDER)).get_current_head()


def partitions(table: str) -> str:
    """The PostgreSQL statements that make the hash partitions of a record's table (design 3.1)."""
    return "".join(
        f"CREATE TABLE {table}_p{part:02d} PARTITION OF {table} "
        f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part});"
        for part in range(PARTITIONS)
    )


def _queue(tx: Connection, database: Database) -> None:
    """Let one node migrate at a time. SQLite's write transaction already does."""
    if not database.is_sqlite:
        tx.exec_driver_sql("SET LOCAL lock_timeout = '60s'")
        tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _config(tx: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = tx
    return config
