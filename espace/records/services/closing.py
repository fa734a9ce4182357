"""Closing one's record, opening it again, and having it erased before the archive ends (rules.md AC-9)."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from espace import clock, db, outbox, settings
from espace.accounts.services import account_of
from espace.errors import ConflictError, NotFoundError
from espace.permissions import Actor, demand_fresh_proof
from espace.records.models import Record

from .facts import ANNOUNCED, CLOSED, ERASED, OPEN, StateFacts, record_of, state_of
from .opening import mark_active, open_record
from .transitions import CHANGED_TOPIC, Act, Part, amend, as_holder, check, enter, go_back, locked, trace, years_after


def own_state(actor: Actor) -> StateFacts:
    """Where the actor's own record stands.

    Raises:
        NotFoundError: when none was announced for them.
    """
    found = record_of(actor.person_id) if actor.person_id else None
    if found is None:
        raise NotFoundError
    return state_of(found.id)


def close(actor: Actor, record_id: UUID) -> StateFacts:
    """Close one's own record: archived for `settings.archive_years`, read by nobody, oneself included.

    Closing narrows, yet a stolen telephone could take a record from its holder with it: a fresh proof is asked for,
    as for deletion (R9).

    Raises:
        ConflictError: when it is neither open nor active.
        NotFoundError: for anybody but the holder.
        StepUpError: without a fresh proof.
    """
    demand_fresh_proof(actor)
    with db.write() as tx:
        held = locked(tx, record_id)
        as_holder(actor, held)
        rule = check(held, Act.CLOSE, Part.HOLDER)
        ends_at = years_after(clock.now(), settings.current().archive_years)
        enter(tx, held, CLOSED, details={"by": Part.HOLDER.value}, ends_at=ends_at)
        trace(actor, record_id, rule.action, {"until": ends_at.isoformat()})
        return state_of(record_id)


def reopen(actor: Actor, record_id: UUID) -> StateFacts:
    """Open one's closed record again, with everything that was in it; an erasure asked for falls.

    Raises:
        ConflictError: when it is not closed, was closed by the house, or its end has come.
        NotFoundError: for anybody but the holder.
        StepUpError: without a fresh proof (widening, R9).
    """
    demand_fresh_proof(actor)
    with db.write() as tx:
        held = locked(tx, record_id)
        as_holder(actor, held)
        rule = check(held, Act.REOPEN, Part.HOLDER)
        if held.state.by_house or _is_over(held.state):
            raise ConflictError
        state = go_back(tx, held)
        trace(actor, record_id, rule.action)
        if state in (ANNOUNCED, OPEN) and account_of(held.state.person_id) is not None:
            mark_active(record_id)
        return state_of(record_id)


def ask_erasure(actor: Actor, record_id: UUID) -> StateFacts:
    """Have one's closed record erased `settings.erasure_days` from now, instead of at the end of the archive.

    Asking again changes nothing.

    Raises:
        ConflictError: when it is not closed, or its end has come.
        NotFoundError: for anybody but the holder.
        StepUpError: without a fresh proof (R9).
    """
    demand_fresh_proof(actor)
    with db.write() as tx:
        held = locked(tx, record_id)
        as_holder(actor, held)
        rule = check(held, Act.ASK_ERASURE, Part.HOLDER)
        if held.state.erase_at is not None:
            return held.state
        if _is_over(held.state):
            raise ConflictError
        now = clock.now()
        erase_at = now + timedelta(days=settings.current().erasure_days)
        amend(tx, held, details={"asked_at": now.isoformat()}, erase_at=erase_at)
        trace(actor, record_id, rule.action, {"until": erase_at.isoformat()})
        return state_of(record_id)


def cancel_erasure(actor: Actor, record_id: UUID) -> StateFacts:
    """Keep one's closed record in its archive after all; cancelling never asks for a proof (R9).

    Raises:
        ConflictError: when no erasure is asked for, or its moment has come.
        NotFoundError: for anybody but the holder.
    """
    with db.write() as tx:
        held = locked(tx, record_id)
        as_holder(actor, held)
        rule = check(held, Act.CANCEL_ERASURE, Part.HOLDER)
        if held.state.erase_at is None or _is_over(held.state):
            raise ConflictError
        amend(tx, held, details={"asked_at": ""}, erase_at=None)
        trace(actor, record_id, rule.action)
        return state_of(record_id)


def begin_anew(actor: Actor) -> UUID:
    """Open a new, empty record for a person whose former one is erased; gives its id.

    The erased one is nobody's from then on: its row no longer names the person, and its proof can no longer be had
    here. Its key stays in the ledger.

    Raises:
        ConflictError: when their record is not erased, was a dead person's, or was closed by the house.
        NotFoundError: when none was announced for them.
        StepUpError: without a fresh proof (widening, R9).
    """
    demand_fresh_proof(actor)
    with db.write() as tx:
        own = own_state(actor)
        held = locked(tx, own.record_id)
        as_holder(actor, held)
        if held.state.state != ERASED or held.state.state_before:
            raise ConflictError
        tx.execute(
            update(Record)
            .where(Record.id == own.record_id, Record.state == ERASED)
            .values(person_id=own.record_id, payload=None)
        )
        record_id = open_record(own.person_id, delay=timedelta(0))
        mark_active(record_id, actor)
        outbox.post(CHANGED_TOPIC, {"record_id": str(record_id)})
        return record_id


def _is_over(state: StateFacts) -> bool:
    """Whether erasure is due: from then on the worker may be at it, and nothing comes back."""
    return state.end is not None and state.end <= clock.now()
