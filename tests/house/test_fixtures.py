"""The fixtures themselves: a house on each engine, empty and apart from the next test's."""

from datetime import timedelta

from sqlalchemy import func, select

from espace import clock as clocks
from espace import crypto, db
from espace.crypto.models import DataKey
from espace.crypto.owners import DIRECTORY, HOUSE_OWNERS
from espace.machines import Machines
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
