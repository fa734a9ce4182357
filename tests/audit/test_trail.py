"""The trail: what is written, for whom it is read back, and that nothing happens without it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, event, select

from espace import crypto, db
from espace.audit.models import AuditEvent, AuditHead
from espace.audit.services import Action, Event, entries, record, record_many, seen_lately
from espace.crypto.models import DataKey
from espace.errors import TamperedError
from espace.identifiers import new_id
from espace.machines import Machines
from espace.permissions import Actor, ActorKind, Relation
from tests.support.clock import FakeClock

DOCTOR = Actor(
    ActorKind.PROFESSIONAL, new_id(), "Dr Hélène Morvan", profession="Médecin", structure="Cabinet des Lilas"
)
HOLDER = Actor(ActorKind.PATIENT, new_id(), "Claire Fontenay", person_id=new_id())


@pytest.fixture
def chain_id(machines: Machines) -> UUID:
    """A record with its data key."""
    made = new_id()
    with db.write() as tx:
        crypto.new_owner_key(tx, made)
    return made


@contextmanager
def statements(machines: Machines) -> Iterator[list[str]]:
    """The statements sent meanwhile by the writer."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(machines.database.writer, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(machines.database.writer, "before_cursor_execute", note)


def test_an_act_is_read_back_with_who_when_what_and_why(chain_id: UUID, clock: FakeClock) -> None:
    shown = {"id": str(new_id()), "title": "Ordonnance"}
    record(
        DOCTOR,
        chain_id,
        Action.DOCUMENT_OPENED,
        relation=Relation.PROFESSIONAL,
        objects=[shown],
        detail={"reason": "consent"},
    )
    (entry,) = entries(chain_id, mine=False, holder_actor_ids=[HOLDER.id], before=None)
    assert (entry.sequence, entry.at, entry.action) == (1, clock.now, Action.DOCUMENT_OPENED)
    assert (entry.actor_kind, entry.actor_id, entry.actor_name) == ("professional", DOCTOR.id, "Dr Hélène Morvan")
    assert (entry.actor_profession, entry.actor_structure) == ("Médecin", "Cabinet des Lilas")
    assert (entry.relation, entry.objects, entry.detail) == ("professional", (shown,), {"reason": "consent"})


def test_the_two_tabs_share_the_acts_and_are_paged_by_sequence(chain_id: UUID) -> None:
    for _ in range(7):
        record(HOLDER, chain_id, Action.DOCUMENT_ADDED, relation=Relation.HOLDER)
        record(DOCTOR, chain_id, Action.DOCUMENTS_LISTED, relation=Relation.PROFESSIONAL)
    seen: list[int] = []
    before = None
    while page := entries(chain_id, mine=True, holder_actor_ids=[HOLDER.id], before=before, limit=3):
        seen += [entry.sequence for entry in page]
        before = page[-1].sequence
    assert seen == [13, 11, 9, 7, 5, 3, 1]
    others = entries(chain_id, mine=False, holder_actor_ids=[HOLDER.id], before=None)
    assert {entry.actor_id for entry in others} == {DOCTOR.id}
    assert len(others) == 7


def test_nothing_readable_is_left_in_the_row(chain_id: UUID) -> None:
    shown = {"id": "x", "title": "Sérologie"}
    record(DOCTOR, chain_id, Action.DOCUMENT_OPENED, objects=[shown], detail={"why": "soin"})
    with db.read() as tx:
        payload = tx.execute(select(AuditEvent.payload)).scalar_one()
    for word in ("Morvan", "Médecin", "Sérologie", "soin"):
        assert word.encode() not in payload


def test_each_owner_has_a_chain_and_a_professional_gets_a_key_with_the_first_act(chain_id: UUID) -> None:
    record(DOCTOR, DOCTOR.id, Action.SIGNED_IN)
    record(DOCTOR, chain_id, Action.PATIENT_FOUND)
    record(DOCTOR, DOCTOR.id, Action.SIGNED_OUT)
    with db.read() as tx:
        heads = {row.record_id: row.sequence for row in tx.execute(select(AuditHead.record_id, AuditHead.sequence))}
    assert heads == {DOCTOR.id: 2, chain_id: 1}
    own = entries(DOCTOR.id, mine=True, holder_actor_ids=[DOCTOR.id], before=None)
    assert [entry.action for entry in own] == [Action.SIGNED_OUT, Action.SIGNED_IN]


def test_acts_on_several_chains_are_written_together_and_keep_their_order(machines: Machines) -> None:
    chains = sorted((new_id() for _ in range(3)), reverse=True)
    acts = (Action.PATIENT_SEARCHED, Action.PATIENT_FOUND)
    record_many(DOCTOR, [Event(one, act) for act in acts for one in chains])
    for one in chains:
        found = entries(one, mine=False, holder_actor_ids=[], before=None)
        assert [entry.action for entry in found] == [Action.PATIENT_FOUND, Action.PATIENT_SEARCHED]


def test_a_unit_that_fails_leaves_no_act(chain_id: UUID) -> None:
    def fail() -> None:
        with db.write():
            record(DOCTOR, chain_id, Action.DOCUMENT_OPENED)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert entries(chain_id, mine=False, holder_actor_ids=[], before=None) == []
    record(DOCTOR, chain_id, Action.DOCUMENT_OPENED)
    assert entries(chain_id, mine=False, holder_actor_ids=[], before=None)[0].sequence == 1


def test_an_erased_chain_takes_no_more_acts(chain_id: UUID, machines: Machines) -> None:
    record(DOCTOR, chain_id, Action.DOCUMENT_OPENED)
    with db.write() as tx:
        tx.execute(delete(DataKey).where(DataKey.owner_id == chain_id))
    machines.vault.forget()
    with pytest.raises(TamperedError):
        record(DOCTOR, chain_id, Action.DOCUMENT_OPENED)


def test_a_file_read_by_ranges_is_seen_lately_for_ten_minutes(chain_id: UUID, clock: FakeClock) -> None:
    document, other = str(new_id()), str(new_id())
    ten = timedelta(minutes=10)
    record(DOCTOR, chain_id, Action.DOCUMENT_OPENED, objects=[{"id": document}])
    for _ in range(130):  # more than a page of other acts since
        record(HOLDER, chain_id, Action.DOCUMENT_OPENED, objects=[{"id": other}])
    assert seen_lately(DOCTOR, chain_id, Action.DOCUMENT_OPENED, document, ten)
    assert not seen_lately(DOCTOR, chain_id, Action.DOCUMENT_OPENED, other, ten)
    assert not seen_lately(DOCTOR, chain_id, Action.DOWNLOADED, document, ten)
    assert not seen_lately(HOLDER, chain_id, Action.DOCUMENT_OPENED, document, ten)
    clock.advance(ten)
    assert seen_lately(DOCTOR, chain_id, Action.DOCUMENT_OPENED, document, ten)
    clock.advance(timedelta(microseconds=1))
    assert not seen_lately(DOCTOR, chain_id, Action.DOCUMENT_OPENED, document, ten)


def test_a_file_read_beside_one_helper_is_not_seen_beside_another(chain_id: UUID) -> None:
    document = str(new_id())
    beside = replace(HOLDER, helper="Marc Petit")
    record(beside, chain_id, Action.DOWNLOADED, objects=[{"id": document}])
    ten = timedelta(minutes=10)
    assert seen_lately(beside, chain_id, Action.DOWNLOADED, document, ten)
    assert not seen_lately(replace(HOLDER, helper="Anne Roy"), chain_id, Action.DOWNLOADED, document, ten)
    assert not seen_lately(HOLDER, chain_id, Action.DOWNLOADED, document, ten)


def test_an_act_costs_few_statements(chain_id: UUID, machines: Machines) -> None:
    record(DOCTOR, chain_id, Action.DOCUMENTS_LISTED)
    with statements(machines) as seen:
        record(DOCTOR, chain_id, Action.DOCUMENTS_LISTED)
    sent = [one for one in seen if not one.startswith("BEGIN")]
    assert len(sent) == (3 if machines.database.is_sqlite else 2), sent
