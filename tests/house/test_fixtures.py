"""The fixtures themselves: a house on each engine, empty and apart from the next test's."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import func, select

from espace import clock as clocks
from espace import crypto, db
from espace.accounts.models import Account
from espace.crypto.models import DataKey
from espace.crypto.owners import DIRECTORY, HOUSE_OWNERS
from espace.machines import Machines
from tests.support import build, databases
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


def test_a_lent_postgresql_database_is_empty_again_however_much_a_test_wrote(cluster: databases.Cluster) -> None:
    """A table that swells is truncated, and with it the partitions of others: its database is lent on, and watched."""
    fill = "INSERT INTO audit_heads SELECT gen_random_uuid(), 1, ''::bytea, 1 FROM generate_series(1, %s)"
    with cluster.lend() as url:
        first = url
    for rows in (100_000, 1):
        with cluster.lend() as url:
            assert url == first
            with psycopg.connect(url.replace("+psycopg", "")) as connection:
                counted = connection.execute("SELECT count(*) FROM audit_heads").fetchone()
                connection.execute(fill, [rows])
        assert counted == (0,)
    with cluster.lend() as url:
        assert url == first
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE forgotten ()")
    with cluster.lend() as url:
        assert url != first


def test_a_person_made_at_once_leaves_what_the_pages_leave(machines: Machines) -> None:
    """The short way of `build.citizen` and the walk through the activation: the same rows, facts and mails."""

    def left(make: Callable[[], build.Citizen]) -> list[object]:
        before = _rows()
        person = make()
        after = _rows()
        with db.read() as tx:
            row = tx.execute(select(Account.__table__).where(Account.id == person.account_id)).mappings().one()
            facts = crypto.unseal(tx, row["id"], "accounts", row["id"], row["payload"])
        assert crypto.hasher().verify(build.PASSWORD, facts["password_hash"])
        assert facts["totp_secret"] == person.totp_secret
        assert person.actor.proved_at is not None
        return [
            {name: after[name] - before[name] for name in after},
            {name: value for name, value in row.items() if not isinstance(value, bytes | UUID)},
            sorted(facts),
            [mail["message"] for mail in build.mails_to(person.email)],
        ]

    assert left(build.citizen) == left(lambda: build.walked(build.citizen(activated=False), "ines@exemple.test"))


def _rows() -> dict[str, int]:
    """How many rows each table has; who is made at once had no code sent, which would be counted for a while."""
    with db.read() as tx:
        return {
            name: tx.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in db.Base.metadata.tables.items()
            if name != "throttles"
        }
