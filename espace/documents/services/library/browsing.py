"""Finding one's way among a record's documents: pages of the list, each filter, what is new, what stands around it.

Whoever is not the holder leaves a row of the trail with what a page listed before it is shown (security.md R25).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from espace import db
from espace.access.services import VisibilityRule, visible
from espace.audit.services import Action
from espace.documents.services.viewing.reading import DocumentFacts, leave, open_row, unwatched
from espace.documents.services.visibility import COLUMNS, parameters, shape
from espace.permissions import Relation, Standing

from . import readers
from .page_statements import Asked, page_statement, relevant_statement
from .readers import Reader

PAGE_SIZE = 60
CURRENT, ARCHIVED, SUPERSEDED = "current", "archived", "superseded"
STATES = (CURRENT, ARCHIVED, SUPERSEDED)
"""States a list may ask for, one at a time; folded and deleted documents stand in none."""


class Cursor(NamedTuple):
    """The place of the last document shown: its day, or its arrival in a list in that order.

    `part` is 1 once a list of what is relevant to a profession has reached the rest.
    """

    at: date | datetime
    id: UUID
    part: int = 0


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the library is wanted; nothing set means every current document. All of it holds at once.

    `new`: what came in since the reader's last visit. `first_day` and `last_day` bound the day of the care.
    `relevant_first`: what the reader's profession usually deposits stands before the rest.
    """

    state: str = CURRENT
    class_code: str = ""
    type_code: str = ""
    author_id: UUID | None = None
    folder_id: UUID | None = None
    first_day: date | None = None
    last_day: date | None = None
    favourite: bool = False
    unread: bool = False
    new: bool = False
    relevant_first: bool = False

    @property
    def by_arrival(self) -> bool:
        """Whether what came last stands first, whatever its date."""
        return (self.unread or self.new) and not self.favourite and self.folder_id is None


EVERYTHING = Filter()


@dataclass(frozen=True, slots=True)
class Seen:
    """One listed document as its reader knows it. `relevant`: of the types their profession usually deposits.

    `further`: by how many ways it came besides the first (folded copies, rules.md AR-22).
    """

    unread: bool = False
    new: bool = False
    favourite: bool = False
    relevant: bool = False
    further: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Some documents, newest first, and the place after which there are more (None: no more)."""

    rows: tuple[DocumentFacts, ...]
    next: Cursor | None
    seen: Mapping[UUID, Seen] = field(default_factory=dict)


def page(
    standing: Standing,
    wanted: Filter = EVERYTHING,
    *,
    before: Cursor | None = None,
    limit: int = PAGE_SIZE,
    reader: Reader | None = None,
    whole_days: bool = False,
) -> Page:
    """A page of the documents this standing lets through, one row of the trail with what was listed.

    `reader` says what is new and unread to them; without it nothing is known of their visits. With `whole_days` no day
    is cut by a page's end, unless it fills one.
    """
    reader = reader or readers.reader()
    rule = visible(standing)
    statement, values = _asked(standing, rule, wanted, before, reader)
    values["limit"] = limit + 1
    if unwatched(standing):
        with db.read() as tx:
            rows = open_all(tx, standing, tx.execute(statement, values).all()[: limit + 1])
    else:
        with db.write() as tx:
            rows = open_all(tx, standing, tx.execute(statement, values).all()[: limit + 1])
            leave(standing, Action.DOCUMENTS_LISTED, [row.document for row in _shown(rows, limit, whole_days)])
    shown = _shown(rows, limit, whole_days)
    seen = {row.document.id: seen_by(row, reader, standing) for row in shown}
    last = shown[-1] if len(rows) > limit else None
    return Page(tuple(row.document for row in shown), _after(last, wanted) if last else None, seen)


def latest(standing: Standing, limit: int = 3) -> tuple[DocumentFacts, ...]:
    """The newest documents, for a summary of the record."""
    return page(standing, limit=limit).rows


class Row(NamedTuple):
    """A document, and what stands beside it in a list."""

    document: DocumentFacts
    read_at: datetime | None
    favourite: bool
    part: int
    further: int


def _shown(rows: list[Row], limit: int, whole_days: bool) -> list[Row]:  # noqa: FBT001 - as `page` was asked
    if not whole_days or len(rows) <= limit:
        return rows[:limit]
    cut = rows[limit].document.date
    return [row for row in rows[:limit] if row.document.date != cut] or rows[:limit]


def open_all(tx: Connection, standing: Standing, rows: Sequence[Sequence[Any]]) -> list[Row]:
    """The rows of a page's statement, opened."""
    width = len(COLUMNS)

    def opened(row: Sequence[Any]) -> DocumentFacts:
        return open_row(tx, standing.record_id, row[:width], places_kept=standing.places_kept)

    return [Row(opened(row), row[width], bool(row[width + 1]), row[width + 2], row[width + 3]) for row in rows]


def seen_by(row: Row, reader: Reader, standing: Standing) -> Seen:
    """As `page_statements.arrived_after` judges it."""
    document = row.document
    arrived, own = document.arrived_at, False
    if standing.relation is Relation.HOLDER:
        own = document.by_patient
    elif standing.relation is Relation.PROFESSIONAL:
        arrived, own = document.created_at, document.professional_id == standing.actor.id
    return Seen(
        unread=row.read_at is None and arrived > reader.read_up_to and not own,
        new=arrived > reader.since and not own,
        favourite=row.favourite,
        relevant=document.type_code in standing.usual_types,
        further=row.further,
    )


def _after(last: Row, wanted: Filter) -> Cursor:
    document = last.document
    return Cursor(document.arrived_at if wanted.by_arrival else document.date, document.id, last.part)


def _asked(
    standing: Standing, rule: VisibilityRule, wanted: Filter, before: Cursor | None, reader: Reader
) -> tuple[Any, dict[str, Any]]:
    """The statement of a page and its parameters."""
    asked = Asked(
        of_class=bool(wanted.class_code),
        of_type=bool(wanted.type_code),
        of_author=wanted.author_id is not None,
        in_folder=wanted.folder_id is not None,
        favourite=wanted.favourite,
        unread=wanted.unread,
        new=wanted.new,
        from_day=wanted.first_day is not None,
        to_day=wanted.last_day is not None,
        relation=standing.relation,
        after=before is not None,
    )
    values = {
        "record": standing.record_id,
        "reader": standing.marks_of,
        "depositor": standing.actor.id,
        "since": reader.since,
        "read_up_to": reader.read_up_to,
        "state": wanted.state,
        "class_code": wanted.class_code,
        "type_code": wanted.type_code,
        "author": wanted.author_id,
        "folder": wanted.folder_id,
        "from_day": wanted.first_day,
        "to_day": wanted.last_day,
        **parameters(rule),
    }
    if before is not None:
        values |= {"at": before.at, "id": before.id}
    if not wanted.relevant_first or "types" not in values:
        return page_statement(shape(rule), asked), values
    usual = standing.usual_types
    relevant = [code for code in values["types"] if code in usual]
    rest = [code for code in values["types"] if code not in usual]
    if before is not None and before.part:
        return page_statement(shape(rule), asked, before.part), {**values, "types": rest}
    return relevant_statement(shape(rule), asked), {**values, "types": relevant, "others": rest}
