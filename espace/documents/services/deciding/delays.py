"""Fresh results that a person wants to read later: at once, after some days, or with their doctor.

A delay hides nothing from professionals (`VisibilityRule.sees_held`), and can be lifted at any time. What waits is
unread, not unknown: its person is told that a result waits, never which.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update

from espace import clock, db
from espace.access.services import visible
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id, Instant
from espace.documents.models import Document, ResultDelay
from espace.documents.services.entries.folding import fold_visible
from espace.documents.services.types import types
from espace.documents.services.viewing.reading import snapshot
from espace.documents.services.visibility import conditions, one_statement, parameters, shape
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.permissions import Permission, Relation, Standing
from espace.records import services as records
from espace.words import N_, Message

from .acts import held, hold, keep
from .telling import tell_readable

FRESH = timedelta(days=30)
"""A result older than this is no news when it comes in: it is shown at once."""
WITH_DOCTOR = datetime(9000, 1, 1, tzinfo=UTC)
"""The end of a wait that only its person or a professional ends."""
DAYS = (1, 3, 7, 14, 30)
"""The waits offered, in days."""
FEW = 9
"""Beyond so many, what waits is not counted: « more than 9 »."""
MANY = 500


class ResultKind(StrEnum):
    """What a person may choose a wait for."""

    LABORATORY = "laboratory"
    IMAGING = "imaging"
    REPORT = "report"


KIND_WORDS: dict[ResultKind, Message] = {
    ResultKind.LABORATORY: N_("Laboratory results"),
    ResultKind.IMAGING: N_("Imaging reports"),
    ResultKind.REPORT: N_("Other reports"),
}

_LABORATORY = frozenset({"11502-2", "51969-4", "60568-3", "96173-0"})  # biology, genetics, pathology, rapid tests
_CLASS_KINDS = {"31": ResultKind.IMAGING, "10": ResultKind.REPORT}
_CHOSEN = select(ResultDelay.kind, ResultDelay.days).where(ResultDelay.record_id == bindparam("record", type_=Id))

OVER = select(Document.record_id, Document.id).where(Document.held_until <= bindparam("now", type_=Instant)).limit(MANY)


class Arriving(Protocol):
    """What decides on the wait of a document that is being filed."""

    @property
    def type_code(self) -> str:
        """Its type."""

    @property
    def origin(self) -> str:
        """Who brought it."""

    @property
    def date(self) -> date:
        """The day of the care."""


def kind_of(type_code: str) -> ResultKind | None:
    """The kind of result a document of this type is; None for one that is no result."""
    if type_code in _LABORATORY:
        return ResultKind.LABORATORY
    known = types().get(type_code)
    return _CLASS_KINDS.get(known.class_code) if known else None


def held_until(record_id: UUID, new: Arriving) -> datetime | None:
    """Until when a document being filed waits, as its person chose for its kind; None: it is shown at once.

    What a person adds themself never waits, nor does an older document.
    """
    kind = kind_of(new.type_code)
    if kind is None or new.origin == "patient" or clock.today() - new.date > FRESH:
        return None
    chosen = _chosen(record_id)
    return _end(chosen[kind], clock.now()) if kind in chosen else None


def choices(standing: Standing) -> dict[ResultKind, int | None]:
    """What was chosen for each kind: 0 days is at once, None is with the doctor.

    Raises:
        NotFoundError: for who keeps nothing here.
    """
    _keeper(standing)
    chosen = _chosen(standing.record_id)
    return {kind: chosen.get(kind, 0) for kind in ResultKind}


def choose(
    standing: Standing, wanted: Mapping[ResultKind, int | None], *, known: Mapping[ResultKind, int | None]
) -> bool:
    """Choose for each kind: 0 for at once, one of `DAYS`, or None for with the doctor; gives whether it changed.

    What waits already waits no longer than is chosen now; what would wait longer keeps its day. `known` is what the
    page showed: when something else was chosen meanwhile, nothing is.

    Raises:
        NotFoundError: for who keeps nothing here.
        InvalidError: for a wait that is not offered.
        ConflictError: when something else was chosen since the page was opened.
    """
    _keeper(standing)
    problems = {kind.value: N_("Choose one of these waits.") for kind in ResultKind if not _is_offered(wanted, kind)}
    if problems:
        raise InvalidError(problems)
    record_id = standing.record_id
    with db.write() as tx:
        records.hold_open(tx, record_id)
        now = choices(standing)
        if now == wanted:
            return False
        if now != known:
            raise ConflictError
        for kind in [kind for kind in ResultKind if wanted[kind] != now[kind]]:
            _keep(tx, record_id, kind, wanted[kind])
            _shorten(tx, standing, kind, wanted[kind])
        said = {kind.value: _said(wanted[kind]) for kind in ResultKind}
        audit.record(standing.actor, record_id, Action.RESULT_DELAYS_CHOSEN, relation=standing.relation, detail=said)
    return True


def _keeper(standing: Standing) -> None:
    if not standing.may(Permission.DOCUMENTS_KEEP):
        raise NotFoundError


def _is_offered(wanted: Mapping[ResultKind, int | None], kind: ResultKind) -> bool:
    return kind in wanted and wanted[kind] in (0, None, *DAYS)


def _said(days: int | None) -> str:
    return "with-doctor" if days is None else str(days)


def _keep(tx: Connection, record_id: UUID, kind: ResultKind, days: int | None) -> None:
    mine = (ResultDelay.record_id == record_id, ResultDelay.kind == kind.value)
    tx.execute(delete(ResultDelay).where(*mine))
    if days != 0:
        tx.execute(insert(ResultDelay).values(record_id=record_id, id=new_id(), kind=kind.value, days=days))


def _shorten(tx: Connection, standing: Standing, kind: ResultKind, days: int | None) -> None:
    """Have what waits wait no longer than was chosen; what is over by that is shown at once."""
    if days is None:
        return
    now = clock.now()
    for one in _waiting_rows(tx, standing, MANY):
        until = one.created_at + timedelta(days=days)
        if kind_of(one.type_code) is not kind or until >= one.held_until:
            continue
        if until <= now:
            _lift(tx, standing, one.id)
        else:
            row = (Document.record_id == standing.record_id, Document.id == one.id)
            tx.execute(update(Document).where(*row).values(held_until=until, arrived_at=until))


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many results wait for their person (`more`: more than `FEW`), and when the next shows itself, if any does."""

    count: int
    more: bool = False
    next_at: datetime | None = None

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return self.count > 0


@dataclass(frozen=True, slots=True)
class WaitingResult:
    """A result that waits: of which kind, since when and until when (None: until it is read with a doctor)."""

    id: UUID
    kind: ResultKind
    came_at: datetime
    until: datetime | None


def waiting(standing: Standing) -> Waiting:
    """What waits for the person of this standing; nothing for those from whom a delay hides nothing."""
    if visible(standing).sees_held or not standing.may(Permission.DOCUMENTS_KEEP):
        return Waiting(0)
    with db.read() as tx:
        rows = _waiting_rows(tx, standing, FEW + 1)
    ends = [row.held_until for row in rows if row.held_until < WITH_DOCTOR]
    return Waiting(min(len(rows), FEW), len(rows) > FEW, min(ends, default=None))


def results(standing: Standing) -> list[WaitingResult]:
    """The results that wait, the next to show itself first: their kind and days, nothing of what they are.

    Whoever is not the holder leaves a row of the trail: that somebody waits for a result says something of them.

    Raises:
        NotFoundError: for who keeps nothing here.
    """
    _keeper(standing)
    if standing.is_watched:
        audit.record(standing.actor, standing.record_id, Action.RESULT_DELAYS_READ, relation=standing.relation)
    with db.read() as tx:
        rows = _waiting_rows(tx, standing, MANY)
    return [
        WaitingResult(
            row.id,
            kind_of(row.type_code) or ResultKind.REPORT,
            row.created_at,
            row.held_until if row.held_until < WITH_DOCTOR else None,
        )
        for row in rows
    ]


def _waiting_rows(tx: Connection, standing: Standing, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    rule = replace(visible(standing), sees_held=True)
    values = {"record": standing.record_id, "since": clock.now(), "limit": limit, **parameters(rule)}
    return tx.execute(_waiting_statement(shape(rule)), values).all()


@lru_cache(maxsize=16)
def _waiting_statement(given: tuple[bool, ...]) -> Select[*tuple[Any, ...]]:
    return (
        select(Document.id, Document.type_code, Document.created_at, Document.held_until)
        .where(Document.record_id == bindparam("record", type_=Id), Document.state == "current")
        .where(Document.held_until > bindparam("since", type_=Instant), *conditions(given))
        .order_by(Document.held_until, Document.id)
        .limit(bindparam("limit"))
    )


def lift(standing: Standing, document_id: UUID) -> UUID:
    """Read a result now, without waiting any more; a professional does so when they read it with the person.

    Gives the document through which it is shown from now on.

    Raises:
        NotFoundError: when there is no such result for this standing.
    """
    if not (standing.may(Permission.DOCUMENTS_KEEP) or standing.may(Permission.DOCUMENTS_ANNOUNCE)):
        raise NotFoundError
    with db.write() as tx:
        records.hold_open(tx, standing.record_id)
        return _lift(tx, standing, document_id)


def lift_all(standing: Standing, kind: ResultKind | None = None) -> int:
    """Read every result that waits (of one kind) now; gives how many.

    Raises:
        NotFoundError: for who keeps nothing here.
    """
    _keeper(standing)
    with db.write() as tx:
        records.hold_open(tx, standing.record_id)
        rows = [one for one in _waiting_rows(tx, standing, MANY) if kind in (None, kind_of(one.type_code))]
        for one in rows:
            _lift(tx, standing, one.id)
    return len(rows)


def _lift(tx: Connection, standing: Standing, document_id: UUID) -> UUID:
    found = held(tx, standing.record_id, document_id)
    if found is None or not _is_let_through(tx, standing, document_id):
        raise NotFoundError
    if found.held_until is None or found.held_until <= clock.now():
        return document_id  # it waits no more: the worker tells of it
    changed = found._replace(held_until=None, arrived_at=clock.now(), choices=found.choices + 1)
    keep(tx, standing.record_id, changed)
    audit.record(
        standing.actor,
        standing.record_id,
        Action.RESULT_SHOWN_EARLY,
        relation=standing.relation,
        objects=[snapshot(changed)],
    )
    if standing.relation is Relation.PROFESSIONAL:
        tell_readable(standing.record_id, changed)
    return fold_visible(tx, standing.record_id, document_id)


def _is_let_through(tx: Connection, standing: Standing, document_id: UUID) -> bool:
    """Whether this standing reads a document but for its wait: the rules about this one document hold here too."""
    rule = replace(visible(standing), sees_held=True)
    values = {"record": standing.record_id, "id": document_id, **parameters(rule)}
    return tx.execute(one_statement(shape(rule)), values).first() is not None


def release_due() -> int:
    """Tell people of results whose wait is over, and forget the wait; gives how many (a task of the worker)."""
    with db.read() as tx:
        rows = tx.execute(OVER, {"now": clock.now()}).all()
    return sum(_release(row.record_id, row.id) for row in rows)


def _release(record_id: UUID, document_id: UUID) -> bool:
    with db.write() as tx:
        found = hold(tx, record_id, document_id)
        if found is None or found.held_until is None or found.held_until > clock.now():
            return False  # another worker, or another choice, came first
        row = (Document.record_id == record_id, Document.id == document_id)
        tx.execute(update(Document).where(*row).values(held_until=None))
        fold_visible(tx, record_id, document_id)
        if found.state == "current":
            tell_readable(record_id, found)
    return True


def _chosen(record_id: UUID) -> Mapping[ResultKind, int | None]:
    """What was chosen, by kind; a kind that is shown at once is not among them."""
    with db.read() as tx:
        rows = tx.execute(_CHOSEN, {"record": record_id}).all()
    return {ResultKind(row.kind): row.days for row in rows}


def _end(days: int | None, since: datetime) -> datetime:
    return WITH_DOCTOR if days is None else since + timedelta(days=days)
