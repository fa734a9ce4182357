"""Databases for tests: a SQLite file copied from a template, a private PostgreSQL cluster whose databases are lent.

Cloning the PostgreSQL template costs about a second, for its hundreds of partitions. A database is therefore lent to
one test after the other: before each, the connections of the test before are ended, its rows deleted and those of the
template put back. A database whose schema a test changed is dropped instead, however the test ended.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import Dialect
from sqlalchemy.util import LRUCache

import espace
from espace import clock, crypto, db
from espace.access.services import ensure_matrix
from espace.crypto.owners import ensure_house_keys
from espace.db.schema import partitions

from .clock import FakeClock

TEMPLATE = "espace_template"
_SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "max_locks_per_transaction": "256",
    "listen_addresses": "",
    "min_wal_size": "32MB",
    "max_wal_size": "128MB",
}
_PREFIX = "espace-pg-"
_PR_SET_PDEATHSIG = 1
_MEMORY, _ROOM = Path("/dev/shm"), 2 << 30

_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
# Every command that changes a schema, even one undone, moves this sequence: the catalogues are read only then.
_WATCH = """
CREATE SCHEMA tests;
CREATE SEQUENCE tests.changes;
CREATE FUNCTION tests.changed() RETURNS event_trigger LANGUAGE plpgsql
  AS 'BEGIN PERFORM nextval(''tests.changes''); END';
CREATE EVENT TRIGGER changed ON ddl_command_end EXECUTE FUNCTION tests.changed();
"""
_CHANGES = "SELECT last_value, is_called FROM tests.changes"
# What was written to since it was made or truncated: the others, most of the partitions, have no page.
_WRITTEN = """
SELECT relname, pg_relation_size(oid) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
"""
_SWOLLEN = 128 << 10
"""Bytes of a table full of rows deleted test after test: it is truncated, which costs more than to delete few rows."""
_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname
"""
# Every change of a schema writes or removes rows of these; their number and youngest transaction tell.
_SCHEMA = " UNION ALL ".join(
    f"SELECT count(*), max(xmin::text::bigint) FROM {catalogue}"
    for catalogue in (
        "pg_class",
        "pg_attribute",
        "pg_attrdef",
        "pg_constraint",
        "pg_trigger",
        "pg_rewrite",
        "pg_proc",
        "pg_type",
        "pg_namespace",
    )
)


def memory_folder() -> Path | None:
    """Where files live in memory and `fsync` costs nothing, if this machine has such a place with enough room."""
    if not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _ROOM:
        return None
    return _MEMORY


def import_models() -> None:
    """Import the models of every room, so that `db.Base.metadata` is whole."""
    here = Path(espace.__file__).parent
    for path in sorted([*here.glob("*/models.py"), *here.glob("*/models/__init__.py")]):
        import_module(f"espace.{path.relative_to(here).parts[0]}.models")


def fill_template(database: db.Database, ring: crypto.KeyRing) -> None:
    """Make what `espace init` makes; tables come from the models (tests/house proves the migrations make the same)."""
    import_models()
    with database.writer.begin() as tx:
        db.Base.metadata.create_all(tx)
        if not database.is_sqlite:
            for table in db.Base.metadata.sorted_tables:
                if table.dialect_options["postgresql"]["partition_by"]:
                    tx.exec_driver_sql(partitions(table.name))
        crypto.bind(crypto.Vault(ring))
        ensure_house_keys(tx)
    db.bind(database)
    clock.bind(FakeClock())
    ensure_matrix()


_dialects: dict[str, Dialect] = {}
_compiled: LRUCache[Any, Any] = LRUCache(8000)


def share_compiled(database: db.Database) -> None:
    """Let every test use the statements compiled by those before: compiling them anew is a tenth of a test's time."""
    for way, engine in (("write", database.writer), ("read", database.reader)):
        engine.dialect = _dialects.setdefault(f"{engine.dialect.name} {way}", engine.dialect)
        engine.update_execution_options(compiled_cache=_compiled)


class SqliteTemplate:
    """A SQLite file with the schema, copied for each test."""

    def __init__(self, folder: Path, ring: crypto.KeyRing) -> None:
        self.path = folder / "template.db"
        database = db.Database(f"sqlite:///{self.path}")
        fill_template(database, ring)
        with database.writer.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

    @contextmanager
    def new(self, folder: Path) -> Iterator[str]:
        """The address of a fresh database in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.path, folder / "espace.db")
        yield f"sqlite:///{folder / 'espace.db'}"


def postgresql_programs() -> Path | None:
    """The folder of the newest PostgreSQL server programs of this machine, if any."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4].split(".")[0]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


class Filled:
    """A table that is not empty in the template: put back when a test changed it."""

    def __init__(self, connection: psycopg.Connection[Any], name: str) -> None:
        self.name = name
        self._connection = connection
        self.rows = self._run("SELECT * FROM {}").fetchall()
        self._state = self._look()

    def restore(self) -> None:
        """Make its rows those of the template."""
        if self._look() == self._state:
            return
        self._run("DELETE FROM {}")
        marks = sql.SQL(",").join(sql.Placeholder() * len(self.rows[0]))
        insert = sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier(self.name), marks)
        self._connection.cursor().executemany(insert, self.rows)
        self._state = self._look()

    def _look(self) -> list[Any]:
        return self._run("SELECT count(*), max(xmin::text::bigint) FROM {}").fetchall()

    def _run(self, statement: str) -> psycopg.Cursor[Any]:
        return self._connection.execute(sql.SQL(statement).format(sql.Identifier(self.name)))


class Lent:
    """A PostgreSQL database lent to one test after the other, with the connection that cleans it in between."""

    def __init__(self, name: str, url: str, connection: psycopg.Connection[Any]) -> None:
        self.name = name
        self.url = url
        self._connection = connection
        connection.execute(_WATCH)
        names = [name for (name,) in connection.execute(_TABLES).fetchall()]
        self._filled = [filled for filled in (Filled(connection, name) for name in names) if filled.rows]
        self._changes = self._read(_CHANGES)
        self._schema = self._read(_SCHEMA)

    def clean(self) -> bool:
        """Make it as its template is; False when a test changed its schema."""
        while self._read(_END_OTHERS):
            time.sleep(0.002)
        changes = self._read(_CHANGES)
        if changes != self._changes and self._read(_SCHEMA) != self._schema:
            return False
        self._changes = changes
        self._empty()
        for filled in self._filled:
            filled.restore()
        return True

    def _empty(self) -> None:
        """Delete the rows of every table and partition but those that the template fills."""
        kept = {filled.name for filled in self._filled}
        written = [(sql.Identifier(name), size) for name, size in self._read(_WRITTEN) if name not in kept]
        delete = [sql.SQL("DELETE FROM {};").format(name) for name, size in written if size <= _SWOLLEN]
        truncate = [name for name, size in written if size > _SWOLLEN]
        if delete:
            self._connection.execute(sql.SQL("").join(delete))
        if truncate:
            self._connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(",").join(truncate)))
            self._schema = self._read(_SCHEMA)  # a truncated table has another file

    def close(self) -> None:
        """End the cleaning connection."""
        self._connection.close()

    def _read(self, query: LiteralString) -> list[Any]:
        return self._connection.execute(query).fetchall()


@dataclass
class Cluster:
    """A private PostgreSQL cluster, reached by a socket in its own folder."""

    folder: Path
    process: subprocess.Popen[bytes]
    _names = count(1)
    _free: list[Lent] = field(default_factory=list)

    def url(self, name: str) -> str:
        """The address of the database `name`, for SQLAlchemy."""
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def run(self, statement: str, name: str) -> None:
        """Run a statement on a database's name, outside any transaction."""
        with self._connect("postgres") as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    @contextmanager
    def lend(self) -> Iterator[str]:
        """The address of a database that is as the template is: one given back and cleaned, else a new clone."""
        lent = self._cleaned() or self._clone()
        try:
            yield lent.url
        finally:
            self._free.append(lent)

    @contextmanager
    def new(self, statement: str = f"CREATE DATABASE {{}} TEMPLATE {TEMPLATE}") -> Iterator[str]:
        """The address of a database no test had before, dropped afterwards."""
        name = f"test_{next(self._names)}"
        self.run(statement, name)
        try:
            yield self.url(name)
        finally:
            self.run("DROP DATABASE {} WITH (FORCE)", name)

    def close(self) -> None:
        """End the connections that clean databases."""
        for lent in self._free:
            lent.close()

    def _cleaned(self) -> Lent | None:
        while self._free:
            lent = self._free.pop()
            if lent.clean():
                return lent
            lent.close()
            self.run("DROP DATABASE {} WITH (FORCE)", lent.name)
        return None

    def _clone(self) -> Lent:
        name = f"test_{next(self._names)}"
        self.run(f"CREATE DATABASE {{}} TEMPLATE {TEMPLATE}", name)
        return Lent(name, self.url(name), self._connect(name))

    def _connect(self, name: str) -> psycopg.Connection[Any]:
        return psycopg.connect(f"host={self.folder} user=postgres dbname={name}", autocommit=True)

    def make_template(self, ring: crypto.KeyRing) -> None:
        """Build the schema once, in the database every test's is cloned from."""
        self.run("CREATE DATABASE {}", TEMPLATE)
        database = db.Database(self.url(TEMPLATE))
        fill_template(database, ring)
        database.close()


@contextmanager
def cluster(programs: Path) -> Iterator[Cluster]:
    """A running cluster; its folder and its server end with the block, the server even when the tests are killed."""
    place = memory_folder()
    if place is not None:
        _sweep(place)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    data = folder / "data"
    common: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, **user}
    options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"]
    subprocess.run([programs / "initdb", "-D", data, *options], check=True, **common)
    settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
    command = [str(part) for part in (programs / "postgres", "-D", data, "-k", folder, *settings)]
    process: subprocess.Popen[bytes] = subprocess.Popen(command, preexec_fn=_end_with_parent, **common)  # noqa: PLW1509 - no thread yet
    try:
        _wait_until_ready(folder, process)
        running = Cluster(folder, process)
        yield running
        running.close()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Free the memory of clusters that ended an hour ago or more: tests that are killed leave their folder."""
    for left in place.glob(f"{_PREFIX}*"):
        if not (left / "data" / "postmaster.pid").exists() and left.stat().st_mtime < time.time() - 3600:
            shutil.rmtree(left, ignore_errors=True)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _wait_until_ready(folder: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            psycopg.connect(f"host={folder} user=postgres dbname=postgres").close()
        except psycopg.OperationalError:
            if process.poll() is not None:
                raise RuntimeError("PostgreSQL did not start") from None
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("PostgreSQL does not answer")
