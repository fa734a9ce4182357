"""Reading the care history, visit by visit. What a reader may not see counts nowhere: lists, totals, kinds, search.

A window of months is small enough to be opened whole (`MOST` lines), which totals and search need. Whoever is not the
holder leaves a row of the trail before anything is shown (R25).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, Select, bindparam, or_, select

from espace import crypto, db
from espace.access.services import DocumentFacts, note_visit, visible
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id
from espace.documents.models import CareLine as CareRow
from espace.documents.services.finding import stems
from espace.errors import NotFoundError
from espace.permissions import Permission, Relation, Standing

from .importing import TABLE
from .kinds import KINDS
from .window import window_start

TYPE = "REMB"
"""The kind of document the matrix knows these lines as (rules.md CO-4)."""
MOST = 3000
"""Lines opened for one page; nobody has as many in two years, and a page that has says so."""
PAGE_LINES = 60
"""A page holds whole visits, until they have so many lines."""
FOUND_LINES = 200
"""The same, for what a search found: there is no second page, as its words are in no address."""
SECRET, OPENED = "secret", "opened"
UNSECRET = (or_(CareRow.secrecy.is_(None), CareRow.secrecy != SECRET),)
"""Lines that a minor's parents may know of."""
_Wanted = Callable[["CareLine"], bool]
_THERE = select(CareRow.id).where(
    CareRow.record_id == bindparam("record", type_=Id),
    CareRow.id.in_(bindparam("ids", expanding=True, type_=Id)),
    *UNSECRET,
)


class Cursor(NamedTuple):
    """The place of the last visit shown."""

    date: date
    id: UUID


@dataclass(frozen=True, slots=True)
class CareLine:
    """One line. Amounts are whole cents of a euro; None when the insurer did not tell them.

    `is_secret`: a minor keeps it from their parents; `was_opened`: it was, and was shown to them for good (MI-9).
    """

    id: UUID
    date: date
    kind: str
    hidden: bool
    visit_id: UUID
    is_secret: bool
    was_opened: bool
    label: str
    quantity: int
    professional: str
    place: str
    amount: int | None
    base: int | None
    reimbursed: int | None
    reference: str


@dataclass(frozen=True, slots=True)
class Visit:
    """Lines that belong together, in the order of their days."""

    id: UUID
    lines: tuple[CareLine, ...]

    @property
    def last(self) -> date:
        """Its last day."""
        return self.lines[-1].date

    @property
    def first(self) -> date:
        """Its first day."""
        return self.lines[0].date

    @property
    def amount(self) -> int | None:
        """What its lines cost together, in cents; None when none tells."""
        return _sum(line.amount for line in self.lines)

    @property
    def reimbursed(self) -> int | None:
        """What the insurer paid of it, in cents; None when no line tells."""
        return _sum(line.reimbursed for line in self.lines)

    @property
    def all_hidden(self) -> bool:
        """Whether no professional sees anything of it."""
        return all(line.hidden for line in self.lines)

    @property
    def all_secret(self) -> bool:
        """Whether a minor's parents see nothing of it."""
        return all(line.is_secret for line in self.lines)

    @property
    def some_hidden(self) -> bool:
        """Whether professionals do not see all of it."""
        return any(line.hidden for line in self.lines)


@dataclass(frozen=True, slots=True)
class KindTotal:
    """How many lines of one kind, and their sums in cents (None: not told)."""

    kind: str
    count: int
    amount: int | None
    reimbursed: int | None


@dataclass(frozen=True, slots=True)
class History:
    """A page of visits, newest first, what all the lines of the filter amount to, and where the next page begins.

    `kinds` are those a filter may offer. `is_whole` is False when there were more than `MOST` lines.
    """

    visits: tuple[Visit, ...]
    next: Cursor | None
    totals: tuple[KindTotal, ...]
    kinds: tuple[str, ...]
    since: date
    is_whole: bool


def may_read(standing: Standing) -> bool:
    """Whether this reader gets a care history at all: by the matrix's row of REMB, for professionals."""
    return visible(standing).decide(DocumentFacts(TYPE)).allowed


def sees_hidden(standing: Standing) -> bool:
    """Whether hidden lines are shown: never to professionals, whatever they see of documents."""
    return (
        standing.relation is not Relation.PROFESSIONAL
        and visible(standing).decide(DocumentFacts(TYPE, hidden=True)).allowed
    )


def sees_secret(standing: Standing) -> bool:
    """Whether lines that a minor keeps from their parents are shown: to the minor and to professionals."""
    return visible(standing).decide(DocumentFacts(TYPE, representatives_invisible=True)).allowed


def history(
    standing: Standing, *, kind: str | None = None, months: int | None = None, before: Cursor | None = None
) -> History:
    """A page of visits: of one `kind` or all, of the last `months` or the whole window.

    Raises:
        NotFoundError: when this reader gets none.
    """

    def wanted(line: CareLine) -> bool:
        return kind is None or line.kind == kind

    with db.read() as tx:
        since = window_start(months)
        found = _page(_lines(tx, standing, since), wanted, since, PAGE_LINES, before)
    return _told(standing, Action.CARE_READ, found)


def search(standing: Standing, words: str, kind_words: Mapping[str, str]) -> History:
    """The visits whose lines hold every one of these words, as a search in documents finds them (see `stems`).

    `kind_words` are the kinds as this reader calls them: they are found too.

    Raises:
        NotFoundError: when this reader gets none.
    """
    terms = stems.terms(stems.words(words))

    def wanted(line: CareLine) -> bool:
        told = stems.fold(f"{line.label} {line.professional} {line.place} {kind_words.get(line.kind, '')}")
        return bool(terms) and all(term.is_in(told) for term in terms)

    with db.read() as tx:
        since = window_start()
        found = _page(_lines(tx, standing, since), wanted, since, FOUND_LINES)
    return _told(standing, Action.CARE_SEARCHED, found)


def visit(standing: Standing, visit_id: UUID) -> Visit:
    """One visit with every line of it that this reader sees.

    Raises:
        NotFoundError: when none is.
    """
    with db.read() as tx:
        found = of_visit(tx, standing, visit_id)
    _leave(standing, Action.CARE_READ, found.lines)
    return found


def of_visit(tx: Connection, standing: Standing, visit_id: UUID) -> Visit:
    """As `visit`, within a unit of work and without a row."""
    lines = _lines(tx, standing, window_start(), visit_id)
    if not lines:
        raise NotFoundError
    return Visit(visit_id, tuple(reversed(lines)))


def unseen(standing: Standing) -> tuple[CareLine, ...]:
    """The newest lines that the looker sees and whoever they look as does not: those that are hidden.

    Raises:
        NotFoundError: for a standing through which nobody looks, or where either gets no care history.
    """
    if standing.through is None:
        raise NotFoundError
    with db.read() as tx:
        every = _lines(tx, standing.through, window_start())
        theirs = {line.id for line in _lines(tx, standing, window_start())}
    found = tuple(line for line in every if line.id not in theirs)[:PAGE_LINES]
    _leave(standing, Action.CARE_READ, found)
    return found


def snapshot(line: CareLine) -> dict[str, str]:
    """What the trail keeps of a line that was shown or hidden."""
    return {"id": str(line.id), "title": line.label, "type": TYPE}


def left_out(standing: Standing, ids: Collection[UUID]) -> frozenset[UUID]:
    """Which of these lines left the history: the insurer took them back, as secret care or not, or they grew too old;
    or the minor keeps them from their parents.

    Of those the trail tells a minor's parents nothing any more (rules.md MI-5, MI-10); others know of them already.
    """
    if standing.relation is not Relation.REPRESENTATIVE or not ids:
        return frozenset()
    with db.read() as tx:
        there = set(tx.execute(_THERE, {"record": standing.record_id, "ids": list(ids)}).scalars())
    return frozenset(ids) - there


def _told(standing: Standing, action: Action, found: History) -> History:
    _leave(standing, action, [line for visit in found.visits for line in visit.lines])
    return found


def _leave(standing: Standing, action: Action, shown: Sequence[CareLine]) -> None:
    """The row of whoever is watched, durable before anything is shown; the holder's own page views leave none."""
    if not standing.is_watched:
        return
    audit.record(
        standing.witness.actor,
        standing.record_id,
        action,
        relation=standing.witness.relation,
        objects=[snapshot(line) for line in shown],
    )
    if standing.visit_due and standing.may(Permission.DOCUMENTS_READ):
        note_visit(standing)  # by whatever page they came in (rules.md AR-25)


def _page(lines: list[CareLine], wanted: _Wanted, since: date, room: int, before: Cursor | None = None) -> History:
    is_whole = len(lines) <= MOST
    lines = lines[:MOST]
    chosen = [line for line in lines if wanted(line)]
    shown: list[Visit] = []
    last: Cursor | None = None
    held = 0
    for each in _visits(chosen):
        if before is not None and (each.last, each.id) >= before:
            continue
        if held >= room:
            last = Cursor(shown[-1].last, shown[-1].id)
            break
        shown.append(each)
        held += len(each.lines)
    present = {line.kind for line in lines}
    kinds = tuple(kind for kind in KINDS if kind in present)
    return History(tuple(shown), last, _totals(chosen), kinds, since, is_whole)


def _visits(lines: Iterable[CareLine]) -> list[Visit]:
    """Lines by visit, the newest visit first; lines come newest first."""
    by_visit: dict[UUID, list[CareLine]] = {}
    for line in lines:
        by_visit.setdefault(line.visit_id, []).append(line)
    found = [Visit(visit_id, tuple(reversed(those))) for visit_id, those in by_visit.items()]
    return sorted(found, key=lambda visit: (visit.last, visit.id), reverse=True)


def _totals(lines: list[CareLine]) -> tuple[KindTotal, ...]:
    by_kind: dict[str, list[CareLine]] = {}
    for line in lines:
        by_kind.setdefault(line.kind, []).append(line)
    return tuple(
        KindTotal(
            kind,
            len(by_kind[kind]),
            _sum(line.amount for line in by_kind[kind]),
            _sum(line.reimbursed for line in by_kind[kind]),
        )
        for kind in KINDS
        if kind in by_kind
    )


def _sum(amounts: Iterable[int | None]) -> int | None:
    told = [each for each in amounts if each is not None]
    return sum(told) if told else None


@lru_cache(maxsize=8)
def _statement(*, hidden: bool, secret: bool, one: bool) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = select(
        CareRow.id, CareRow.date, CareRow.kind, CareRow.hidden, CareRow.visit_id, CareRow.secrecy, CareRow.payload
    ).where(CareRow.record_id == bindparam("record", type_=Id), CareRow.date >= bindparam("since"))
    if not hidden:
        statement = statement.where(CareRow.hidden.is_(False))
    if not secret:
        statement = statement.where(*UNSECRET)
    if one:
        statement = statement.where(CareRow.visit_id == bindparam("visit", type_=Id))
    return statement.order_by(CareRow.date.desc(), CareRow.id.desc()).limit(bindparam("limit"))


def _lines(tx: Connection, standing: Standing, since: date, visit_id: UUID | None = None) -> list[CareLine]:
    """The lines this reader sees, newest first."""
    if not may_read(standing):
        raise NotFoundError
    values: dict[str, Any] = {"record": standing.record_id, "since": since, "limit": MOST + 1}
    if visit_id is not None:
        values["visit"] = visit_id
    statement = _statement(hidden=sees_hidden(standing), secret=sees_secret(standing), one=visit_id is not None)
    found = [_open(tx, standing.record_id, row) for row in tx.execute(statement, values).all()]
    return [replace(line, place="") for line in found] if standing.places_kept else found


def _open(tx: Connection, record_id: UUID, row: Row[*tuple[Any, ...]]) -> CareLine:
    facts = crypto.unseal(tx, record_id, TABLE, row.id, row.payload)
    is_secret, was_opened = row.secrecy == SECRET, row.secrecy == OPENED
    return CareLine(row.id, row.date, row.kind, row.hidden, row.visit_id, is_secret, was_opened, **facts)
