"""The life of a record as one table: which act leads from where to where, and who may do it (rules.md AC-1 to AC-11).

A state that may be undone keeps the one before it, with its own dates and details, sealed beside it: undoing brings
back exactly what was. Every transition is a row of the record's chain and tells the people of the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, update

from espace import clock, crypto, outbox
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, NotFoundError, RefusedError
from espace.permissions import Actor, ActorKind, Permission
from espace.records.models import Record

from .facts import (
    ACTIVE,
    ANNOUNCED,
    CLOSED,
    DECEASED,
    ERASED,
    OPEN,
    OPPOSED,
    SUSPENDED,
    TABLE,
    WHOLE,
    StateFacts,
    opened,
    state_from,
)

CHANGED_TOPIC = "records.changed"
"""Outbox topic: the people of a record are to be told that its state changed."""


class Part(StrEnum):
    """As whom somebody acts on a record's life."""

    LETTER = "letter"  # recognised by the record's own letter, without session
    HOLDER = "holder"
    REPRESENTATIVE = "representative"
    PRIVACY_OFFICER = "privacy-officer"
    HOUSE = "house"


class Act(StrEnum):
    """What may happen to a record."""

    OPEN = "open"
    ACTIVATE = "activate"
    OPPOSE = "oppose"
    WITHDRAW_OPPOSITION = "withdraw-opposition"
    CLOSE = "close"
    REOPEN = "reopen"
    ASK_ERASURE = "ask-erasure"
    CANCEL_ERASURE = "cancel-erasure"
    ERASE = "erase"
    SUSPEND = "suspend"
    OBJECT = "object"
    CONFIRM = "confirm-suspension"
    LAPSE = "lapse"  # nobody objected to the suspension in time
    LIFT = "lift-suspension"
    DECLARE_DEATH = "declare-death"
    WITHDRAW_DEATH = "withdraw-death"


@dataclass(frozen=True, slots=True)
class Rule:
    """From which states an act leads to `target` (BACK: the state before, STAY: none other), and who may do it."""

    sources: frozenset[str]
    target: str
    parts: frozenset[Part]
    action: Action


BACK, STAY = "<", "="
_P = Part
_OWN = frozenset({_P.HOLDER})
_PEOPLE = frozenset({_P.LETTER, _P.HOLDER, _P.REPRESENTATIVE})
_OFFICE = frozenset({_P.PRIVACY_OFFICER})
_HOUSE = frozenset({_P.HOUSE})
_LIVING = frozenset({ANNOUNCED, OPEN, ACTIVE, OPPOSED, CLOSED, SUSPENDED})


def _rule(sources: set[str] | frozenset[str], target: str, parts: frozenset[Part], action: Action) -> Rule:
    return Rule(frozenset(sources), target, parts, action)


TRANSITIONS: dict[Act, Rule] = {
    Act.OPEN: _rule({ANNOUNCED}, OPEN, _HOUSE, Action.RECORD_OPENED),
    Act.ACTIVATE: _rule(
        {ANNOUNCED, OPEN}, ACTIVE, frozenset({_P.HOLDER, _P.REPRESENTATIVE, _P.HOUSE}), Action.RECORD_ACTIVATED
    ),
    Act.OPPOSE: _rule(
        {ANNOUNCED, OPEN, ACTIVE}, OPPOSED, frozenset({_P.LETTER, _P.REPRESENTATIVE}), Action.RECORD_OPPOSED
    ),
    Act.WITHDRAW_OPPOSITION: _rule({OPPOSED}, BACK, _PEOPLE, Action.OPPOSITION_WITHDRAWN),
    Act.CLOSE: _rule({OPEN, ACTIVE}, CLOSED, _OWN, Action.RECORD_CLOSED),
    Act.REOPEN: _rule({CLOSED}, BACK, _OWN, Action.RECORD_REOPENED),
    Act.ASK_ERASURE: _rule({CLOSED}, STAY, _OWN, Action.ERASURE_ASKED),
    Act.CANCEL_ERASURE: _rule({CLOSED}, STAY, _OWN, Action.ERASURE_CANCELLED),
    Act.ERASE: _rule({CLOSED, DECEASED}, ERASED, _HOUSE, Action.RECORD_ERASED),
    Act.SUSPEND: _rule({OPEN, ACTIVE}, SUSPENDED, _OFFICE, Action.RECORD_SUSPENDED),
    Act.OBJECT: _rule({SUSPENDED}, STAY, _OWN, Action.SUSPENSION_OBJECTED),
    Act.CONFIRM: _rule({SUSPENDED}, CLOSED, _OFFICE, Action.RECORD_CLOSED),
    Act.LAPSE: _rule({SUSPENDED}, CLOSED, _HOUSE, Action.RECORD_CLOSED),
    Act.LIFT: _rule({SUSPENDED, CLOSED}, BACK, _OFFICE, Action.SUSPENSION_LIFTED),
    Act.DECLARE_DEATH: _rule(_LIVING, DECEASED, _OFFICE, Action.DEATH_DECLARED),
    Act.WITHDRAW_DEATH: _rule({DECEASED}, BACK, _OFFICE, Action.DEATH_WITHDRAWN),
}


def allowed(state: str, act: Act, part: Part) -> bool:
    """Whether the table lets `part` do `act` in `state`; services may ask for more."""
    rule = TRANSITIONS[act]
    return state in rule.sources and part in rule.parts


@dataclass(frozen=True, slots=True)
class Held:
    """A record locked for a change: its row, its state, and what its payload holds."""

    row: Row[*tuple[Any, ...]]
    state: StateFacts
    payload: dict[str, Any]


def locked(tx: Connection, record_id: UUID) -> Held:
    """Lock a record until the open unit of work ends.

    Raises:
        NotFoundError: when there is none of this id.
    """
    row = tx.execute(WHOLE.with_for_update(), {"id": record_id}).first()
    if row is None:
        raise NotFoundError
    return Held(row, state_from(tx, row), opened(tx, row))


def check(held: Held, act: Act, part: Part) -> Rule:
    """The rule of an act that may be done now.

    Raises:
        ConflictError: when the record is in another state by now; nothing is written.
        RefusedError: when this act is not for this part.
    """
    rule = TRANSITIONS[act]
    if part not in rule.parts:
        raise RefusedError("record-state")
    if held.state.state not in rule.sources:
        raise ConflictError
    return rule


def enter(
    tx: Connection,
    held: Held,
    state: str,
    *,
    details: Mapping[str, str] | None = None,
    ends_at: datetime | None = None,
    erase_at: datetime | None = None,
) -> None:
    """Go into a state that may be undone; the present one is kept to return."""
    now, before = clock.now(), held.state
    kept = {
        "state": before.state,
        "since": before.state_since.isoformat(),
        "ends_at": _text(before.ends_at),
        "erase_at": _text(before.erase_at),
        **held.payload,
    }
    _write(
        tx,
        held,
        {"details": dict(details or {}), "before": kept},
        state=state,
        state_since=now,
        state_before=before.state,
        ends_at=ends_at,
        erase_at=erase_at,
    )


def go_back(tx: Connection, held: Held) -> str:
    """Undo the present state: the one before returns with its dates and details. Gives its word.

    Raises:
        ConflictError: when nothing is kept to return to.
    """
    kept = dict(held.payload.get("before") or {})
    if not kept:
        raise ConflictError
    state = str(kept.pop("state"))
    _write(
        tx,
        held,
        {name: kept[name] for name in ("details", "before") if name in kept},
        state=state,
        state_since=datetime.fromisoformat(kept["since"]),
        state_before=str(dict(kept.get("before") or {}).get("state", "")),
        ends_at=_moment(kept["ends_at"]),
        erase_at=_moment(kept["erase_at"]),
    )
    return state


def amend(tx: Connection, held: Held, *, details: Mapping[str, str] | None = None, **values: datetime | None) -> None:
    """Change dates (`ends_at`, `erase_at`) or details of the present state, which stays."""
    payload = {**held.payload, "details": {**held.state.details, **(details or {})}}
    _write(tx, held, payload, **values)


def trace(
    actor: Actor, record_id: UUID, action: Action, detail: Mapping[str, str] | None = None, *, tell: bool = True
) -> None:
    """Leave the act's row in the record's chain, and have the people of the record told that its state changed."""
    audit.record(actor, record_id, action, detail=detail)
    if tell:
        outbox.post(CHANGED_TOPIC, {"record_id": str(record_id)})


def as_holder(actor: Actor, held: Held) -> None:
    """See that the actor is the record's holder.

    Raises:
        NotFoundError: for anybody else: the record does not exist for them.
    """
    if actor.kind is not ActorKind.PATIENT or actor.person_id != held.state.person_id:
        raise NotFoundError


def as_office(actor: Actor, permission: Permission = Permission.OFFICE_PRIVACY) -> None:
    """See that an operator's role carries `permission`.

    Raises:
        NotFoundError: for anybody else.
    """
    if actor.kind is not ActorKind.OPERATOR or not actor.carries(permission):
        raise NotFoundError


def years_after(moment: datetime, years: int) -> datetime:
    """The same day so many years later; 29 February becomes 1 March."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, month=3, day=1)


def _write(tx: Connection, held: Held, payload: Mapping[str, Any], **values: Any) -> None:
    record_id = held.state.record_id
    sealed = crypto.seal(tx, record_id, TABLE, record_id, payload) if any(payload.values()) else None
    changed = tx.execute(
        update(Record).where(Record.id == record_id, Record.state == held.state.state).values(payload=sealed, **values)
    )
    if changed.rowcount != 1:
        raise ConflictError


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
