"""Suspension by the house on serious malfunction or fraud, with the holder's right to object (rules.md AC-10)."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, select

from espace import clock, db, settings
from espace.errors import ConflictError, InvalidError
from espace.permissions import SYSTEM, Actor, demand_fresh_proof
from espace.records.models import Record
from espace.words import N_, one_line

from .facts import CLOSED, SUSPENDED, StateFacts, state_of
from .transitions import (
    Act,
    Held,
    Part,
    amend,
    as_holder,
    as_office,
    check,
    enter,
    go_back,
    locked,
    trace,
    years_after,
)

MAX_REASON = 500
_BATCH = 200
_DUE = (
    select(Record.id)
    .where(Record.state == SUSPENDED, Record.ends_at <= bindparam("now"))
    .order_by(Record.ends_at, Record.id)
    .limit(_BATCH)
)


def suspend(actor: Actor, record_id: UUID, reason: str) -> StateFacts:
    """Suspend a record: nobody reads it, its holder is told and may object within `settings.suspension_days`.

    Raises:
        ConflictError: when it is neither open nor active.
        InvalidError: without a reason, or with one too long; the holder reads it.
        NotFoundError: for an operator who is no privacy officer, or when there is no such record.
    """
    as_office(actor)
    reason = checked_reason(reason)
    with db.write() as tx:
        held = locked(tx, record_id)
        rule = check(held, Act.SUSPEND, Part.PRIVACY_OFFICER)
        ends_at = clock.now() + timedelta(days=settings.current().suspension_days)
        enter(tx, held, SUSPENDED, details={"reason": reason}, ends_at=ends_at)
        trace(actor, record_id, rule.action, {"reason": reason})
        return state_of(record_id)


def object_to_suspension(actor: Actor, record_id: UUID, words: str = "") -> StateFacts:
    """Object, as the holder: the record is not closed until somebody of the house decided. Asks for no proof.

    Raises:
        ConflictError: when it is not suspended, the delay is over, or an objection stands already.
        InvalidError: when the words are too long.
        NotFoundError: for anybody but the holder.
    """
    words = one_line(words)
    if len(words) > MAX_REASON:
        raise InvalidError({"words": N_("Write at most %(limit)d characters.", limit=MAX_REASON)})
    with db.write() as tx:
        held = locked(tx, record_id)
        as_holder(actor, held)
        rule = check(held, Act.OBJECT, Part.HOLDER)
        now = clock.now()
        if held.state.ends_at is None or held.state.ends_at <= now:
            raise ConflictError
        amend(tx, held, details={"objection": words, "objected_at": now.isoformat()}, ends_at=None)
        trace(actor, record_id, rule.action)
        return state_of(record_id)


def confirm_suspension(actor: Actor, record_id: UUID, reason: str) -> StateFacts:
    """Close a suspended record although its holder objected; `lift_suspension` still brings it back.

    Raises:
        ConflictError: when it is not suspended, or the holder may still object.
        InvalidError: without a reason, or with one too long.
        NotFoundError: for an operator who is no privacy officer, or when there is no such record.
    """
    as_office(actor)
    reason = checked_reason(reason)
    with db.write() as tx:
        held = locked(tx, record_id)
        rule = check(held, Act.CONFIRM, Part.PRIVACY_OFFICER)
        if held.state.ends_at is not None:
            raise ConflictError
        _close(held, reason)
        trace(actor, record_id, rule.action, {"reason": reason})
        return state_of(record_id)


def lift_suspension(actor: Actor, record_id: UUID) -> StateFacts:
    """Give a suspended record back, one that was closed by its suspension included: everything is as before.

    Raises:
        ConflictError: when it is not suspended, nor closed by a suspension, or its end has come.
        NotFoundError: for an operator who is no privacy officer, or when there is no such record.
        StepUpError: without a fresh proof (widening, R9).
    """
    as_office(actor)
    demand_fresh_proof(actor)
    with db.write() as tx:
        held = locked(tx, record_id)
        rule = check(held, Act.LIFT, Part.PRIVACY_OFFICER)
        if held.state.state == CLOSED:
            if not held.state.by_house or (held.state.end and held.state.end <= clock.now()):
                raise ConflictError
            go_back(tx, held)
            held = locked(tx, record_id)
        go_back(tx, held)
        trace(actor, record_id, rule.action)
        return state_of(record_id)


def close_suspended() -> int:
    """Close the suspended records nobody objected to in time, each in its own transaction; gives how many."""
    with db.read() as tx:
        due = tx.execute(_DUE, {"now": clock.now()}).scalars().all()
    return sum(_lapse(record_id) for record_id in due)


def _lapse(record_id: UUID) -> bool:
    with db.write() as tx:
        held = locked(tx, record_id)
        over = held.state.ends_at is not None and held.state.ends_at <= clock.now()
        if held.state.state != SUSPENDED or not over:
            return False
        rule = check(held, Act.LAPSE, Part.HOUSE)
        _close(held, held.state.details.get("reason", ""))
        trace(SYSTEM, record_id, rule.action)
    return True


def _close(held: Held, reason: str) -> None:
    ends_at = years_after(clock.now(), settings.current().archive_years)
    with db.write() as tx:
        enter(tx, held, CLOSED, details={"by": Part.HOUSE.value, "reason": reason}, ends_at=ends_at)


def checked_reason(text: str) -> str:
    """A reason in single spaces.

    Raises:
        InvalidError: for `reason`, when it is empty or too long.
    """
    reason = one_line(text)
    if not reason:
        raise InvalidError({"reason": N_("Write the reason.")})
    if len(reason) > MAX_REASON:
        raise InvalidError({"reason": N_("Write at most %(limit)d characters.", limit=MAX_REASON)})
    return reason
