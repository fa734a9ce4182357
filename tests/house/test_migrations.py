"""The migrations make exactly what the models say, on both engines, and can be undone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, MetaData, Table, func, inspect, select

from espace import db
from espace.db import schema
from tests.support import databases
from tests.support.rows import fill
from tests.support.schema import describe, differences

databases.import_models()
TABLES = db.Base.metadata.sorted_tables
RECORD_TABLES = {t.name for t in TABLES if t.dialect_options["postgresql"]["partition_by"]}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[db.Database]:
    """A database without any table."""
    if request.param == "sqlite":
        database = db.Database(f"sqlite:///{tmp_path / 'empty.db'}")
        yield database
        database.close()
        return
    with request.getfixturevalue("bare_cluster").new("CREATE DATABASE {} TEMPLATE template0") as url:
        database = db.Database(url)
        yield database
        database.close()


@pytest.fixture
def modelled(database_url: str) -> Iterator[db.Database]:
    """A database made from the models."""
    database = db.Database(database_url)
    yield database
    database.close()


def _described(database: db.Database) -> dict[str, object]:
    with database.reader.connect() as connection:
        return describe(connection)


@pytest.fixture
def migrated(modelled: db.Database, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[db.Database]:
    """A database of the same engine as `modelled`, made by the migrations."""
    if modelled.is_sqlite:
        made = db.Database(f"sqlite:///{tmp_path / 'migrated.db'}")
        schema.upgrade(made)
        yield made
        made.close()
        return
    with request.getfixturevalue("bare_cluster").new("CREATE DATABASE {} TEMPLATE template0") as url:
        made = db.Database(url)
        schema.upgrade(made)
        yield made
        made.close()


def test_migrations_make_what_the_models_say(modelled: db.Database, migrated: db.Database) -> None:
    assert differences(_described(modelled), _described(migrated)) == [], (
        'models and migrations differ: python -m tests.support.revision "why"'
    )
    assert schema.current(migrated) == schema.newest()


def test_every_table_of_a_record_is_kept_by_record(migrated: db.Database) -> None:
    found = _described(migrated)
    wanted = ("without rowid",) if migrated.is_sqlite else ("h", "record_id", db.PARTITIONS)
    kept = {name for name, table in found.items() if table["storage"] == wanted}  # type: ignore[index]
    assert kept == RECORD_TABLES
    for name in RECORD_TABLES:
        assert found[name]["primary key"][0] == "record_id"  # type: ignore[index]
        uniques = [columns for _, columns, unique in found[name]["indexes"] if unique]  # type: ignore[index]
        assert all(columns[0] == "record_id" for columns in uniques), name


def test_a_table_with_a_record_is_a_record_table() -> None:
    """Other tables may name a record only when they are listed here, with their reason."""
    elsewhere = {"quarantine"}  # the house's own: it names a record only while somebody's upload waits for the scanner
    assert {t.name for t in TABLES if "record_id" in t.columns} == RECORD_TABLES | elsewhere


def test_down_to_nothing_and_up_again(empty: db.Database) -> None:
    schema.upgrade(empty)
    first = _described(empty)
    schema.downgrade(empty, "base")
    assert _described(empty) == {}
    assert schema.current(empty) is None
    schema.upgrade(empty)
    assert differences(first, _described(empty)) == []


def test_up_to_the_newest_twice_changes_nothing(empty: db.Database) -> None:
    schema.upgrade(empty)
    first = _described(empty)
    schema.upgrade(empty)
    assert _described(empty) == first


def test_each_revision_goes_up_and_down_with_data(empty: db.Database) -> None:
    """Rows written at the newest revision survive one step down and up, wherever their table does."""
    schema.upgrade(empty)
    for revision in _revisions():
        with empty.writer.begin() as tx:
            there = _counted(tx)
            fill(tx, [table for table in TABLES if not there[table.name]])
            before = _counted(tx)
        assert all(before.values())
        schema.downgrade(empty, revision or "base")
        with empty.reader.connect() as connection:
            kept = set(inspect(connection).get_table_names())  # below the first revision there are none
        schema.upgrade(empty)
        with empty.reader.connect() as connection:
            after = _counted(connection)
        assert {name: after[name] for name in after if name in kept} == {
            name: before[name] for name in before if name in kept
        }


def _revisions() -> list[str | None]:
    """Where each revision goes down to, newest first."""
    from alembic.script import ScriptDirectory

    folder = Path(schema.__file__).parent / "migrations"
    return [step.down_revision for step in ScriptDirectory(str(folder)).walk_revisions()]  # type: ignore[misc]


def _counted(connection: Connection) -> dict[str, int]:
    return {t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in TABLES}


def test_rows_of_different_records_stand_in_different_partitions(modelled: db.Database) -> None:
    if modelled.is_sqlite:
        pytest.skip("SQLite keeps a record together by its primary key alone")
    with modelled.writer.begin() as tx:
        for _ in range(4):
            fill(tx, [db.Base.metadata.tables["documents"]])
        parts = tx.exec_driver_sql("SELECT DISTINCT tableoid::regclass::text FROM documents").scalars().all()
    assert len(parts) > 1
    assert set(parts) <= {f"documents_p{n:02d}" for n in range(db.PARTITIONS)}


@pytest.mark.parametrize("change", ["column", "type", "index", "table", "storage"])
def test_a_difference_is_seen(modelled: db.Database, change: str) -> None:
    """The comparison can fail: each sort of forgotten change is named."""
    before = _described(modelled)
    other = MetaData()
    statements = {
        "column": ["ALTER TABLE persons ADD COLUMN shoe_size INTEGER"],
        "index": ["CREATE INDEX ix_persons_payload ON persons (payload)"],
        "table": ["CREATE TABLE forgotten (id INTEGER)"],
        "type": ["ALTER TABLE outbox DROP COLUMN attempts", "ALTER TABLE outbox ADD COLUMN attempts TEXT"],
        "storage": ["DROP TABLE deposit_drafts"],
    }
    with modelled.writer.begin() as tx:
        for statement in statements[change]:
            tx.exec_driver_sql(statement)
        if change == "storage":
            draft = db.Base.metadata.tables["deposit_drafts"]
            Table("deposit_drafts", other, *(Column(c.name, c.type, primary_key=c.primary_key) for c in draft.columns))
            other.create_all(tx)
    assert differences(before, _described(modelled)) != []
