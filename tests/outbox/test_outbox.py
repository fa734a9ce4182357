"""What waits is carried out: once when all goes well, again when it does not, never when nobody asked."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from espace import db, outbox
from espace.machines import Machines
from espace.outbox.models import Delivery
from espace.outbox.services import LEASE, MAX_ATTEMPTS, _handlers
from tests.support.clock import FakeClock


class Handler:
    """Keeps what it was given; fails as often as `failures` says."""

    def __init__(self) -> None:
        self.seen: list[tuple[UUID, dict[str, Any]]] = []
        self.failures = 0
        self.meanwhile: Any = None

    def __call__(self, delivery_id: UUID, payload: dict[str, Any]) -> None:
        self.seen.append((delivery_id, payload))
        if self.meanwhile:
            act, self.meanwhile = self.meanwhile, None
            act()
        if self.failures:
            self.failures -= 1
            raise ConnectionError("Claire Fontenay")


@pytest.fixture
def handler(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> Handler:
    made = Handler()
    monkeypatch.setitem(_handlers, "test", made)
    return made


def rows(*columns: Any) -> list[Any]:
    with db.read() as tx:
        return list(tx.execute(select(*columns).order_by(Delivery.id)))


def states() -> list[str]:
    return [row.state for row in rows(Delivery.state)]


def test_a_delivery_is_carried_out_once_with_its_id_and_payload(handler: Handler) -> None:
    delivery_id = outbox.post("test", {"to": "claire@example.fr"})
    assert outbox.work() == 1
    assert outbox.work() == 0
    assert handler.seen == [(delivery_id, {"to": "claire@example.fr"})]
    assert states() == ["done"]
    assert outbox.waiting() == 0


def test_nothing_readable_waits_in_the_row(handler: Handler) -> None:
    outbox.post("test", {"to": "claire@example.fr"})
    ((payload,),) = rows(Delivery.payload)
    assert b"claire" not in payload
    assert b"example" not in payload


def test_a_unit_rolled_back_leaves_no_delivery(handler: Handler) -> None:
    def fail() -> None:
        with db.write():
            outbox.post("test", {})
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert rows(Delivery.id) == []
    assert outbox.work() == 0


def test_a_delivery_waits_for_its_time(handler: Handler, clock: FakeClock) -> None:
    outbox.post("test", {}, due_at=clock.now + timedelta(hours=1))
    assert outbox.work() == 0
    clock.advance(timedelta(hours=1))
    assert outbox.work() == 1


def test_four_workers_share_two_hundred_deliveries_without_a_duplicate(machines: Machines, handler: Handler) -> None:
    with db.write():
        posted = {outbox.post("test", {"number": number}) for number in range(200)}
    start = threading.Barrier(4)

    def work() -> int:
        machines.bind()
        start.wait(10)
        return outbox.work(limit=300)

    with ThreadPoolExecutor(4) as pool:
        counts = [one.result() for one in [pool.submit(copy_context().run, work) for _ in range(4)]]
    done = Counter(delivery_id for delivery_id, _ in handler.seen)
    assert set(done) == posted
    assert set(done.values()) == {1}
    assert sum(counts) == 200
    assert set(states()) == {"done"}


def test_a_failed_delivery_comes_back_later_and_later_and_is_given_up_after_ten(
    handler: Handler, clock: FakeClock
) -> None:
    handler.failures = 99
    outbox.post("test", {})
    waits = []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert outbox.work() == 1
        assert outbox.work() == 0, "it must not come back at once"
        ((due_at, attempts, error),) = rows(Delivery.due_at, Delivery.attempts, Delivery.error)
        assert (attempts, error) == (attempt, "ConnectionError"), "the kind of the error is kept, never its text"
        waits.append(int((due_at - clock.now).total_seconds()))
        clock.now = due_at
    assert waits[:9] == [10, 40, 160, 640, 2560, 3600, 3600, 3600, 3600]
    assert states() == ["failed"]
    assert outbox.work() == 0
    assert len(handler.seen) == MAX_ATTEMPTS


def test_a_delivery_that_failed_once_is_done_the_next_time(handler: Handler, clock: FakeClock) -> None:
    handler.failures = 1
    outbox.post("test", {})
    outbox.work()
    clock.advance(timedelta(seconds=10))
    assert outbox.work() == 1
    assert rows(Delivery.state, Delivery.error) == [("done", "")]


def _die(handler: Handler) -> None:
    """A worker killed in the middle of a delivery: nothing is settled."""

    def killed() -> None:
        raise SystemExit

    handler.meanwhile = killed
    with pytest.raises(SystemExit):
        outbox.work()


def test_a_delivery_whose_worker_was_killed_comes_back_after_its_lease(handler: Handler, clock: FakeClock) -> None:
    outbox.post("test", {})
    _die(handler)
    assert outbox.work() == 0
    clock.advance(LEASE + timedelta(microseconds=1))
    assert outbox.work() == 1
    assert states() == ["done"]


def test_a_delivery_that_kills_every_worker_is_given_up(handler: Handler, clock: FakeClock) -> None:
    outbox.post("test", {})
    for _ in range(MAX_ATTEMPTS):
        _die(handler)
        clock.advance(LEASE * 2)
    assert outbox.work() == 1
    assert len(handler.seen) == MAX_ATTEMPTS, "the eleventh claim runs nothing"
    assert states() == ["failed"]
    assert outbox.work() == 0


def test_a_worker_that_outlived_its_lease_settles_nothing(handler: Handler, clock: FakeClock) -> None:
    """The second worker did it meanwhile: the first one's late failure must not make it wait again."""

    def be_slow() -> None:
        clock.advance(LEASE * 2)
        assert outbox.work() == 1

    handler.meanwhile = be_slow
    outbox.post("test", {})
    handler.failures = 0

    def slow_then_fail(delivery_id: UUID, payload: dict[str, Any]) -> None:
        first = not handler.seen
        handler(delivery_id, payload)
        if first:
            raise TimeoutError

    _handlers["test"] = slow_then_fail
    outbox.work(limit=1)
    assert len(handler.seen) == 2
    assert rows(Delivery.state, Delivery.error) == [("done", "")]


def test_one_bad_row_does_not_hold_up_the_others(handler: Handler) -> None:
    with db.write() as tx:
        damaged = outbox.post("test", {"number": 1})
        outbox.post("nobody", {"number": 2})
        outbox.post("test", {"number": 3})
        tx.execute(update(Delivery).where(Delivery.id == damaged).values(payload=b"\x00\x01" + bytes(40)))
    assert outbox.work() == 3
    assert [payload["number"] for _, payload in handler.seen] == [3]
    assert rows(Delivery.state, Delivery.error) == [("waiting", "TamperedError"), ("waiting", "KeyError"), ("done", "")]


def test_what_was_done_a_week_ago_is_forgotten_and_what_failed_stays(handler: Handler, clock: FakeClock) -> None:
    outbox.post("test", {})
    outbox.post("nobody", {})
    outbox.work()
    assert outbox.sweep() == 0
    clock.advance(timedelta(days=7, seconds=1))
    assert outbox.sweep() == 1
    assert rows(Delivery.topic) == [("nobody",)]
