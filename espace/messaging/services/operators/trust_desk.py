"""Changing the lists of `trust`: one person proposes a whole list, another confirms what they looked at (R17).

The host's command line proposes too; it never confirms. A new proposal takes the place of one that waits.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from espace import clock, crypto, db
from espace.accounts.services import operator_rows
from espace.accounts.services.operator_rows import OperatorState
from espace.audit import services as audit
from espace.audit.services import Action
from espace.crypto.owners import DIRECTORY
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.import_report import named
from espace.messaging.models import TrustList
from espace.permissions import ROLE_PERMISSIONS, Actor, ActorKind, Permission, demand_fresh_proof
from espace.words import N_

from .trust import active_id, active_lines, lines_of
from .trust_files import Line, ListKind, read_lines

_TABLE = TrustList.__tablename__


class State(StrEnum):
    """Where a list stands."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    FORMER = "former"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Proposed:
    """What came of a proposal: the list that waits or counts, and whether it says anything new."""

    id: UUID
    changed: bool
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """One list. `by` is who proposed it, None for the host's command line; `name` is theirs, `decided_name` who
    decided; `seen` names it as it stands beside the list that counts now.
    """

    id: UUID
    kind: ListKind
    state: State
    by: UUID | None
    name: str
    file: str
    proposed_at: datetime
    decided_at: datetime | None
    decided_name: str
    count: int
    seen: str

    def awaits(self, actor: Actor) -> bool:
        """Whether `actor` may be the second of the two persons."""
        return self.state is State.PROPOSED and self.by != actor.id


@dataclass(frozen=True, slots=True)
class Change:
    """What a list changes in the one that counts: lines that come, and lines that go."""

    added: tuple[Line, ...]
    removed: tuple[Line, ...]


_COLUMNS = (
    TrustList.id,
    TrustList.kind,
    TrustList.state,
    TrustList.digest,
    TrustList.proposed_at,
    TrustList.proposed_by,
    TrustList.decided_at,
    TrustList.payload,
)
_LIVE = (
    select(*_COLUMNS)
    .where(TrustList.kind == bindparam("kind"), TrustList.state.in_([State.PROPOSED, State.ACTIVE]))
    .order_by(TrustList.id)
)
_ONE = select(*_COLUMNS).where(TrustList.id == bindparam("list"))
_SETTLE = (
    update(TrustList)
    .where(TrustList.id == bindparam("of"))
    .values(
        state=bindparam("to"),
        decided_at=bindparam("when"),
        decided_by=bindparam("who"),
        payload=bindparam("sealed"),
    )
)


def propose(actor: Actor, kind: ListKind, content: bytes, file: str = "") -> Proposed:
    """Propose the list a file holds in the place of the one that counts. The same list again changes nothing.

    Raises:
        InvalidError: naming the line that is wrong.
        NotFoundError: for anybody but an administrator, a privacy officer or the host.
    """
    if actor.kind is not ActorKind.SYSTEM:
        _demand(actor)
    lines = read_lines(kind, content)
    digest = crypto.blind("content", json.dumps([kind.value, lines], separators=(",", ":")))
    with db.write() as tx:
        live = _locked(tx, kind)
        same = next((row for row in reversed(live) if row.digest == digest), None)
        if same is not None:
            return Proposed(same.id, changed=False)
        for row in live:
            if row.state == State.PROPOSED:
                _settle(tx, actor, row, State.REFUSED)
        list_id = _add(tx, actor, kind, lines, digest, file)
        change = _change(active_lines(kind), lines)
        _note(actor, Action.MAIL_LIST_PROPOSED, kind, list_id, change)
        return Proposed(list_id, changed=True, added=len(change.added), removed=len(change.removed))


def confirm(actor: Actor, list_id: UUID, seen: str) -> ListKind:
    """Have a proposed list count from now on: the second of the two persons (R17). Gives which list it is.

    Raises:
        ConflictError: when something else counts, or was decided, since it was looked at (`seen`).
        InvalidError: when the actor proposed it, or whoever did no longer works here.
        NotFoundError: when there is no such list, or the actor has no part in it.
        StepUpError: when the proof is not fresh.
    """
    _demand(actor)
    demand_fresh_proof(actor)
    with db.write() as tx:
        found = _held(tx, list_id, seen)
        if found.by == actor.id:
            raise InvalidError({"": N_("Another operator must confirm: two persons are needed.")})
        if found.by is not None and not _is_at_work(found.by):
            raise InvalidError({"": N_("Whoever proposed this no longer works here: propose it anew.")})
        change = change_of(found)
        for row in _locked(tx, found.kind):
            if row.id == list_id:
                _settle(tx, actor, row, State.ACTIVE)
            elif row.state == State.ACTIVE:
                _settle(tx, actor, row, State.FORMER, keep=True)
        _note(actor, Action.MAIL_LIST_CONFIRMED, found.kind, list_id, change)
    return found.kind


def refuse(actor: Actor, list_id: UUID, seen: str) -> ListKind:
    """Drop a proposed list: nothing changes. Whoever proposed it may do so too, which is withdrawing it.

    Raises:
        ConflictError, NotFoundError: as `confirm`.
    """
    _demand(actor)
    with db.write() as tx:
        found = _held(tx, list_id, seen)
        for row in _locked(tx, found.kind):
            if row.id == list_id:
                _settle(tx, actor, row, State.REFUSED)
        _note(actor, Action.MAIL_LIST_REFUSED, found.kind, list_id, change_of(found))
    return found.kind


def lists(actor: Actor) -> list[Listed]:
    """The lists that count and those that wait, of both kinds.

    Raises:
        NotFoundError: when the actor has no part in it.
    """
    _demand(actor)
    with db.read() as tx:
        return [_opened(tx, row) for kind in ListKind for row in tx.execute(_LIVE, {"kind": kind.value}).all()]


def case(actor: Actor, list_id: UUID) -> Listed:
    """One list that counts, waits, or did.

    Raises:
        NotFoundError: when there is none, or the actor has no part in it.
    """
    _demand(actor)
    with db.read() as tx:
        return _one(tx, list_id)


def seen(list_id: UUID) -> str:
    """How a confirmation names a proposed list."""
    with db.read() as tx:
        return _one(tx, list_id).seen


def change_of(found: Listed) -> Change:
    """What a list changes in the one that counts now."""
    return _change(active_lines(found.kind), lines_of(found.id))


def _change(now: Sequence[Line], then: Sequence[Line]) -> Change:
    return Change(
        added=tuple(line for line in then if line not in set(now)),
        removed=tuple(line for line in now if line not in set(then)),
    )


def _demand(actor: Actor) -> None:
    if not actor.carries(Permission.OFFICE_MAIL):
        raise NotFoundError


def _is_at_work(operator_id: UUID) -> bool:
    try:
        found = operator_rows.operator(operator_id)
    except NotFoundError:
        return False
    has_part = Permission.OFFICE_MAIL in ROLE_PERMISSIONS[found.role]
    return found.state is OperatorState.ACTIVE and has_part


def _held(tx: Connection, list_id: UUID, seen: str) -> Listed:
    found = _one(tx, list_id)
    _locked(tx, found.kind)
    found = _one(tx, list_id)  # as it stands now that nobody else can decide
    if found.state is not State.PROPOSED or found.seen != seen:
        raise ConflictError
    return found


def _locked(tx: Connection, kind: ListKind) -> list[Any]:
    return list(tx.execute(_LIVE.with_for_update(), {"kind": kind.value}).all())


def _one(tx: Connection, list_id: UUID) -> Listed:
    row = tx.execute(_ONE, {"list": list_id}).first()
    if row is None:
        raise NotFoundError
    return _opened(tx, row)


def _opened(tx: Connection, row: Any) -> Listed:
    held = crypto.unseal(tx, DIRECTORY, _TABLE, row.id, row.payload)
    kind = ListKind(row.kind)
    return Listed(
        id=row.id,
        kind=kind,
        state=State(row.state),
        by=row.proposed_by,
        name=held["name"],
        file=held["file"],
        proposed_at=row.proposed_at,
        decided_at=row.decided_at,
        decided_name=held.get("decided", ""),
        count=len(held["lines"]),
        seen=f"{row.id}:{active_id(kind)}",
    )


def _add(tx: Connection, actor: Actor, kind: ListKind, lines: Sequence[Line], digest: bytes, file: str) -> UUID:
    list_id = new_id()
    is_host = actor.kind is ActorKind.SYSTEM
    held = {"lines": [list(line) for line in lines], "name": "" if is_host else actor.name, "file": named(file)[:200]}
    tx.execute(
        insert(TrustList).values(
            id=list_id,
            kind=kind.value,
            state=State.PROPOSED.value,
            digest=digest,
            proposed_at=clock.now(),
            proposed_by=None if is_host else actor.id,
            decided_at=None,
            decided_by=None,
            payload=crypto.seal(tx, DIRECTORY, _TABLE, list_id, held),
        )
    )
    return list_id


def _settle(tx: Connection, actor: Actor, row: Any, state: State, *, keep: bool = False) -> None:
    """Give a list its next state; with `keep`, who decided about it stays who confirmed it once."""
    held = crypto.unseal(tx, DIRECTORY, _TABLE, row.id, row.payload)
    is_host = actor.kind is ActorKind.SYSTEM
    if not keep:
        held["decided"] = "" if is_host else actor.name
    tx.execute(
        _SETTLE,
        {
            "of": row.id,
            "to": state.value,
            "when": clock.now(),
            "who": None if is_host else actor.id,
            "sealed": crypto.seal(tx, DIRECTORY, _TABLE, row.id, held),
        },
    )


def _note(actor: Actor, action: Action, kind: ListKind, list_id: UUID, change: Change) -> None:
    audit.record_office(
        actor,
        action,
        detail={
            "list": kind.value,
            "mark": mark(list_id),
            "added": str(len(change.added)),
            "removed": str(len(change.removed)),
        },
    )


def mark(list_id: UUID) -> str:
    """By what a list is told from another."""
    return list_id.hex[-8:].upper()
