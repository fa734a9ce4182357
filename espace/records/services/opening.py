"""Records: announced to the person, opened after the delay for objection, active once the person came in."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db, settings
from espace.audit import services as audit
from espace.errors import ConflictError, RefusedError
from espace.identifiers import new_id, parse_rpps
from espace.permissions import SYSTEM, Actor
from espace.records.models import Record

from .facts import ACTIVE, ANNOUNCED, OPEN, record, record_of

_BATCH = 200
_DUE = (
    select(Record.id)
    .where(Record.state == ANNOUNCED, Record.opens_at <= bindparam("now"))
    .order_by(Record.opens_at, Record.id)
    .limit(_BATCH)
)


def open_record(person_id: UUID, *, attending_rpps: str = "", delay: timedelta | None = None) -> UUID:
    """Announce a person's record with a data key of its own; it opens after `delay` (rules.md AC-2).

    `delay` is the setting `opening_delay` unless given; without delay the record is open at once. A record that
    exists is left as it is.

    Raises:
        ConflictError: when somebody else announced the same record meanwhile.
        ValueError: when `attending_rpps` is no RPPS number.
    """
    wait = timedelta(days=settings.current().opening_delay) if delay is None else delay
    index = _attending_index(attending_rpps)
    with db.write() as tx:
        known = record_of(person_id)
        if known:
            return known.id
        record_id, now = new_id(), clock.now()
        crypto.new_owner_key(tx, record_id)
        values: dict[str, Any] = {
            "id": record_id,
            "person_id": person_id,
            "state": OPEN if wait <= timedelta(0) else ANNOUNCED,
            "attending_index": index,
            "announced_at": now,
            "opens_at": now + wait,
            "activated_at": None,
            "state_since": now,
        }
        try:
            tx.execute(insert(Record).values(values))
        except IntegrityError:
            raise ConflictError from None
        audit.record(SYSTEM, record_id, audit.Action.RECORD_ANNOUNCED)
        if wait <= timedelta(0):
            audit.record(SYSTEM, record_id, audit.Action.RECORD_OPENED)
        return record_id


def set_attending(record_id: UUID, rpps: str) -> bool:
    """Note the attending doctor declared to the insurer ("" for none); gives whether that changed.

    Raises:
        ValueError: when `rpps` is no RPPS number.
    """
    index = _attending_index(rpps)
    with db.write() as tx:
        if record(record_id).attending_index == index:
            return False
        tx.execute(update(Record).where(Record.id == record_id).values(attending_index=index))
    return True


def mark_active(record_id: UUID, actor: Actor = SYSTEM) -> bool:
    """The holder came in, or `actor`, a parent, did for them: their own step opens a record that was only announced.

    Gives whether that changed.

    Raises:
        RefusedError: when the record is neither announced nor open.
    """
    with db.write() as tx:
        facts = record(record_id)
        if facts.state == ACTIVE:
            return False
        if facts.state not in (ANNOUNCED, OPEN):
            raise RefusedError("record-state")
        now = clock.now()
        tx.execute(
            update(Record)
            .where(Record.id == record_id, Record.state == facts.state)
            .values(state=ACTIVE, activated_at=now, state_since=now)
        )
        if facts.state == ANNOUNCED:
            audit.record(SYSTEM, record_id, audit.Action.RECORD_OPENED)
        if actor is not SYSTEM:  # a holder's own coming stands in the chain of their account
            audit.record(actor, record_id, audit.Action.RECORD_ACTIVATED)
    return True


def on_account_activated(_delivery_id: UUID, payload: Mapping[str, Any]) -> None:
    """Event `accounts.activated`: the person came in, so their record is active from now on.

    One that was opposed, or that nobody may open now, stays as it is: its page in the account says so.
    """
    facts = record_of(UUID(payload["person_id"]))
    if facts and facts.state in (ANNOUNCED, OPEN):
        mark_active(facts.id)


def open_due() -> int:
    """Open the announced records whose delay has passed, each in its own transaction; gives how many."""
    with db.read() as tx:
        due = tx.execute(_DUE, {"now": clock.now()}).scalars().all()
    return sum(_open(record_id) for record_id in due)


def _open(record_id: UUID) -> bool:
    with db.write() as tx:
        changed = tx.execute(
            update(Record)
            .where(Record.id == record_id, Record.state == ANNOUNCED, Record.opens_at <= clock.now())
            .values(state=OPEN, state_since=clock.now())
        )
        if not changed.rowcount:
            return False
        audit.record(SYSTEM, record_id, audit.Action.RECORD_OPENED)
    return True


def _attending_index(rpps: str) -> bytes | None:
    """The index the directory keeps this professional under."""
    return crypto.blind("rpps", parse_rpps(rpps)) if rpps else None
