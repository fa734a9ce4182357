"""Connections and the unit of work: reads run without a transaction, a write is one short transaction.

`with db.read() as tx` gives a connection that sees committed data. `with db.write() as tx` opens the one
transaction of this unit of work; inside it, `db.read()` and further `db.write()` join it, so a service may
call another room's service and both are committed or rolled back together.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_SECONDS = 5
_MOMENT_MS = 100

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-32000",
    "PRAGMA mmap_size=268435456",
    "PRAGMA secure_delete=ON",
)


class Database:
    """One database, SQLite or PostgreSQL, with its two ways in."""

    def __init__(self, url: str) -> None:
        self.url = url
        if url.startswith("sqlite"):
            self.writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE")
            self.reader = _sqlite_engine(url, begin=None)
        else:
            options = f"-c lock_timeout={BUSY_SECONDS * 1000} -c statement_timeout=60000"
            self.writer = create_engine(
                url, pool_pre_ping=True, pool_size=8, connect_args={"options": options, "prepare_threshold": 3}
            )
            self.reader = self.writer.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded engine."""
        return self.url.startswith("sqlite")

    def close(self) -> None:
        """Give every connection back."""
        self.writer.dispose()
        self.reader.dispose()


def _sqlite_engine(url: str, begin: str | None) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not open transactions of its own
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    if begin is not None:

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

    return engine


class _Unit:
    """An open transaction and what is to happen once it is committed."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.after_commit: list[Callable[[], None]] = []


_database: ContextVar[Database] = ContextVar("database")
_unit: ContextVar[_Unit | None] = ContextVar("unit", default=None)


def bind(database: Database) -> None:
    """Use `database` for everything that follows in this context."""
    _database.set(database)
    _unit.set(None)


def current() -> Database:
    """The database bound to this context."""
    return _database.get()


def in_write() -> bool:
    """Whether a unit of work is open in this context."""
    return _unit.get() is not None


@contextmanager
def read() -> Iterator[Connection]:
    """A connection for reading: that of the open unit of work, else one without a transaction."""
    unit = _unit.get()
    if unit is not None:
        yield unit.connection
        return
    with current().reader.connect() as connection:
        yield connection


@contextmanager
def write() -> Iterator[Connection]:
    """The unit of work: opened by the first writer, joined by the others, committed when the first leaves."""
    unit = _unit.get()
    if unit is not None:
        yield unit.connection
        return
    with current().writer.begin() as connection:
        unit = _Unit(connection)
        token = _unit.set(unit)
        try:
            yield connection
        finally:
            _unit.reset(token)
    for act in unit.after_commit:
        act()


@contextmanager
def write_apart() -> Iterator[Connection]:
    """A transaction of its own, for what must stay when the request is refused: counters, refusals, security events.

    It must not be opened inside a unit of work: SQLite would wait for itself.
    """
    if in_write():
        raise RuntimeError("write_apart() inside a unit of work would deadlock: call it before or after")
    with write() as connection:
        yield connection


@contextmanager
def write_if_free() -> Iterator[Connection]:
    """A transaction of its own for what may as well not be written: it hardly waits for a locked database.

    Inside a unit of work it joins that one: on SQLite it would only wait for itself.

    Raises:
        OperationalError: when somebody else holds the lock.
    """
    unit = _unit.get()
    if unit is not None:
        yield unit.connection
        return
    with current().writer.connect() as connection:
        if not current().is_sqlite:
            with connection.begin():
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_MOMENT_MS}")
                yield connection
            return
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101 - narrows SQLAlchemy's type
        driver.execute(f"PRAGMA busy_timeout={_MOMENT_MS}")
        try:
            with connection.begin():
                yield connection
        finally:
            driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def after_commit(act: Callable[[], None]) -> None:
    """Run `act` once the open unit of work is committed (never if it is rolled back); at once outside one."""
    unit = _unit.get()
    if unit is None:
        act()
    else:
        unit.after_commit.append(act)
