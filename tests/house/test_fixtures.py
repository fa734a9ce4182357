"""The fixtures themselves: a house on each engine, empty and apart from the next test's."""

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import func, select

from espace import clock as clocks
from espace import crypto, db
from espace.crypto.models import DataKey
from espace.crypto.owners import DIRECTORY, HOUSE_OWNERS
from espace.machines import Machines
from tests.support import databases
from tests.support.clock import START, FakeClock


def test_a_house_has_its_own_keys_and_nothing_else(machines: Machines) -> None:
    with db.read() as tx:
        assert tx.execute(select(func.count()).select_from(DataKey)).scalar_one() == len(HOUSE_OWNERS)
    assert machines.settings.key_file.stat().st_mode & 0o077 == 0


def test_what_one_test_writes_is_sealed_and_opened_with_the_same_ring(machines: Machines) -> None:
    assert machines.database
    with db.write() as tx:
        sealed = crypto.seal(tx, DIRECTORY, "somewhere", DIRECTORY, {"word": "là"})
        assert crypto.unseal(tx, DIRECTORY, "somewhere", DIRECTORY, sealed) == {"word": "là"}


def test_time_moves_only_when_told(machines: Machines, clock: FakeClock) -> None:
    assert machines.clock is clock
    assert clocks.now() == START
    clock.advance(timedelta(days=1))
    assert (clocks.now() - START).days == 1


def test_a_lent_postgresql_database_comes_back_clean_from_a_test_that_left_everything_open(
    cluster: databases.Cluster,
) -> None:
    with cluster.lend() as url:
        first = url
        left = psycopg.connect(url.replace("+psycopg", ""))
        left.execute("DELETE FROM data_keys")
        left.commit()
        left.execute("LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE")
    with cluster.lend() as url:
        assert url == first
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            found = connection.execute("SELECT owner_id FROM data_keys").fetchall()
        assert {owner for (owner,) in found} == set(HOUSE_OWNERS)
        with pytest.raises(psycopg.OperationalError):
            left.execute("SELECT 1")
    left.close()


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE outbox ADD COLUMN forgotten TEXT",
        "ALTER TABLE outbox DROP COLUMN attempts",
        "ALTER TABLE outbox ALTER COLUMN attempts SET DEFAULT 3",
        "ALTER TABLE outbox ALTER COLUMN attempts TYPE BIGINT",
        "ALTER TABLE outbox ADD CONSTRAINT forgotten CHECK (attempts < 9)",
        "CREATE INDEX forgotten ON outbox (attempts)",
        "CREATE RULE forgotten AS ON DELETE TO outbox DO INSTEAD NOTHING",
        "CREATE FUNCTION forgotten() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA forgotten",
        "DROP TABLE outbox",
    ],
)
def test_a_lent_postgresql_database_with_a_changed_schema_is_lent_no_more(
    cluster: databases.Cluster, change: str
) -> None:
    with cluster.lend() as url:
        first = url
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute(change)
    with cluster.lend() as url:
        assert url != first
