"""Databases for tests: a SQLite file copied from a template, a private PostgreSQL cluster cloned per test."""

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
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

import espace
from espace import crypto, db
from espace.crypto.owners import ensure_house_keys
from espace.db.schema import partitions

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
}
_PR_SET_PDEATHSIG = 1


def import_models() -> None:
    """Import the models of every room, so that `db.Base.metadata` is whole."""
    here = Path(espace.__file__).parent
    for path in sorted(here.glob("*/models.py")):
        import_module(f"espace.{path.parent.name}.models")


def fill_template(database: db.Database, ring: crypto.KeyRing) -> None:
    """Build every table of the models (tests/house proves that the migrations make the same) and the house's keys."""
    import_models()
    with database.writer.begin() as tx:
        db.Base.metadata.create_all(tx)
        if not database.is_sqlite:
            for table in db.Base.metadata.sorted_tables:
                if table.dialect_options["postgresql"]["partition_by"]:
                    tx.exec_driver_sql(partitions(table.name))
        crypto.bind(crypto.Vault(ring))
        ensure_house_keys(tx)


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


@dataclass
class Cluster:
    """A private PostgreSQL cluster, reached by a socket in its own folder."""

    folder: Path
    process: subprocess.Popen[bytes]
    _names = count(1)

    def url(self, name: str) -> str:
        """The address of the database `name`, for SQLAlchemy."""
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def run(self, statement: str, name: str) -> None:
        """Run a statement on a database's name, outside any transaction."""
        with psycopg.connect(f"host={self.folder} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    @contextmanager
    def new(self, statement: str = f"CREATE DATABASE {{}} TEMPLATE {TEMPLATE}") -> Iterator[str]:
        """The address of a fresh database, dropped afterwards."""
        name = f"test_{next(self._names)}"
        self.run(statement, name)
        try:
            yield self.url(name)
        finally:
            self.run("DROP DATABASE {} WITH (FORCE)", name)

    def make_template(self, ring: crypto.KeyRing) -> None:
        """Build the schema once, in the database every test's is cloned from."""
        self.run("CREATE DATABASE {}", TEMPLATE)
        database = db.Database(self.url(TEMPLATE))
        fill_template(database, ring)
        database.close()


@contextmanager
def cluster(programs: Path) -> Iterator[Cluster]:
    """A running cluster; its folder and its server end with the block, even when the tests are killed."""
    folder = Path(tempfile.mkdtemp(prefix="espace-pg-"))
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
        yield Cluster(folder, process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


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
