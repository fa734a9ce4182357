"""Many at once, and what happens when the trail cannot be written."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from espace import crypto, db
from espace.audit.models import AuditEvent
from espace.audit.services import Action, Event, checkpoint, entries, examine, record, record_many, verify
from espace.identifiers import new_id
from espace.machines import Machines
from espace.permissions import Actor, ActorKind

THREADS, ACTS = 10, 50


def _actor(number: int) -> Actor:
    return Actor(ActorKind.PROFESSIONAL, UUID(int=1000 + number), f"Dr {number}")


def test_fifty_reads_at_once_make_one_chain_without_a_fork(machines: Machines) -> None:
    chains = [new_id() for _ in range(2)]

    def read_one(number: int) -> None:
        machines.bind()
        if number % 5 == 0:  # some touch both records in one unit
            record_many(_actor(number), [Event(one, Action.DOCUMENT_OPENED) for one in reversed(chains)])
        else:
            record(_actor(number), chains[number % 2], Action.DOCUMENT_OPENED)
        entries(chains[number % 2], mine=False, holder_actor_ids=[], before=None, limit=5)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(copy_context().run, read_one, number) for number in range(ACTS)]:
            done.result()
    with db.read() as tx:
        rows = tx.execute(select(AuditEvent.record_id, AuditEvent.sequence, AuditEvent.actor_id)).all()
    assert len(rows) == ACTS + ACTS // 5
    for one in chains:
        assert sorted(row.sequence for row in rows if row.record_id == one) == list(range(1, 31))
    written = Counter(row.actor_id for row in rows)
    assert written == {_actor(number).id: 2 if number % 5 == 0 else 1 for number in range(ACTS)}
    assert verify() == []


def test_verifying_and_checkpointing_a_house_at_work_raises_no_alarm(machines: Machines) -> None:
    chains = [new_id() for _ in range(5)]

    def write_one(number: int) -> None:
        machines.bind()
        record(_actor(number), chains[number % 5], Action.DOCUMENT_OPENED)

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(copy_context().run, write_one, number) for number in range(60)]
        found = []
        while not all(one.done() for one in running):
            checkpoint()
            found += verify()
        for one in running:
            one.result()
    assert found == []
    assert (examine().faults, examine().rows) == ([], 60)


class _Shelf:
    """The smallest service that shows something to another person: the act first, then the bytes."""

    def __init__(self, chain_id: UUID) -> None:
        self.chain_id = chain_id
        self.served: list[bytes] = []

    def read(self, actor: Actor) -> None:
        with db.write():
            record(actor, self.chain_id, Action.DOCUMENT_OPENED)
            content = b"bytes"
        self.served.append(content)


@pytest.mark.parametrize("broken", ["audit_events", "audit_heads", "data_keys"])
def test_no_byte_is_served_when_the_act_cannot_be_written(machines: Machines, broken: str) -> None:
    shelf = _Shelf(new_id())
    with db.write() as tx:
        crypto.new_owner_key(tx, shelf.chain_id)
        tx.exec_driver_sql(f"ALTER TABLE {broken} RENAME TO lost")
    with pytest.raises(DBAPIError):
        shelf.read(_actor(1))
    assert shelf.served == []
    with db.write() as tx:
        tx.exec_driver_sql(f"ALTER TABLE lost RENAME TO {broken}")
    shelf.read(_actor(1))
    assert shelf.served == [b"bytes"]
    assert len(entries(shelf.chain_id, mine=False, holder_actor_ids=[], before=None)) == 1


def test_no_byte_is_served_when_the_row_is_refused_by_the_database(machines: Machines) -> None:
    shelf = _Shelf(new_id())
    with db.write() as tx:
        for statement in _REFUSE[tx.dialect.name]:
            tx.exec_driver_sql(statement)
    with pytest.raises(DBAPIError):
        shelf.read(_actor(1))
    assert shelf.served == []
    assert verify() == []


_REFUSE = {
    "sqlite": ("CREATE TRIGGER refuse BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'disk full'); END",),
    "postgresql": (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION refuse()",
    ),
}
