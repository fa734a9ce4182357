"""What stands around a list: categories that hold something, how much is new, since when, one's own folders.

One statement, whatever the record holds: categories are probed, counts stop at a bound, and nothing that its reader
may not see counts for anything (security.md R13).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.selectable import CompoundSelect

from espace import clock, db
from espace.access.services import visible
from espace.audit.services import Action
from espace.db import Id, Instant, Sealed
from espace.documents.models import Document, DocumentFolder, DocumentMark, DocumentReader
from espace.documents.services.types import CLASSES, types
from espace.documents.services.viewing.reading import DocumentFacts, leave, unwatched
from espace.documents.services.visibility import conditions, parameters, shape
from espace.permissions import Relation, Standing

from . import folders, readers
from .browsing import CURRENT, Seen, open_all, seen_by
from .folders import Folder
from .page_statements import Asked, Rows, arrived_after, holds, page_statement
from .readers import Reader

MANY = 99
"""Counts stop here: more is said as « more than 99 »."""

_RECORD = bindparam("record", type_=Id)
_READER = bindparam("reader", type_=Id)
_OF_READER = (DocumentReader.record_id == _RECORD, DocumentReader.reader_id == _READER)
_VISITED, _PREVIOUS = DocumentReader.visited_at, DocumentReader.previous_visit_at
_FRESH = bindparam("fresh", type_=Instant)
# As `readers.reader` judges it: a visit that is over is the last one, else the one before it is.
_LAST_VISIT = case((bindparam("idle", type_=Instant) > _VISITED, _VISITED), else_=_PREVIOUS)
_SINCE = func.coalesce(
    select(func.coalesce(_LAST_VISIT, DocumentReader.read_up_to)).where(*_OF_READER).scalar_subquery(), _FRESH
)
_READ_UP_TO = func.coalesce(select(DocumentReader.read_up_to).where(*_OF_READER).scalar_subquery(), _FRESH)
_CURRENT = (Document.record_id == _RECORD, Document.state == literal("current"))


@dataclass(frozen=True, slots=True)
class Overview:
    """What stands around a list. `new` and `unread` stop at `MANY` + 1; `oldest` is None when nothing is there.

    `waits`: a fresh result may wait for its person.
    """

    reader: Reader
    classes: frozenset[str]
    new: int
    unread: int
    oldest: date | None
    folders: tuple[Folder, ...]
    waits: bool


def overview(standing: Standing) -> Overview:
    """What this reader finds around the list of a record."""
    rule = visible(standing)
    now = clock.now()
    values: dict[str, Any] = {
        "record": standing.record_id,
        "reader": standing.marks_of,
        "depositor": standing.actor.id,
        "today": now,
        "idle": now - readers.VISIT,
        "fresh": now - readers.FIRST,
        **parameters(rule),
    }
    if rule.readable_types is not None:
        values |= {f"types_{code}": sorted(of_class & rule.readable_types) for code, of_class in _types_by_class()}
    statement = _overview(shape(rule), by_type=rule.readable_types is not None, relation=standing.relation)
    with db.read() as tx:
        rows = tx.execute(statement, values).all()
        own = folders.opened(tx, standing.record_id, [row for row in rows if row.kind == "folder"])
    return _read(rows, own)


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest documents, what their reader knows of each, and how many are new (stops at `MANY` + 1)."""

    rows: tuple[DocumentFacts, ...]
    seen: Mapping[UUID, Seen]
    reader: Reader
    new: int


def latest(standing: Standing, limit: int) -> Latest | None:
    """The newest documents for a summary of the record: one statement; None while there is none."""
    rule = visible(standing)
    now = clock.now()
    values = {
        "record": standing.record_id,
        "reader": standing.marks_of,
        "depositor": standing.actor.id,
        "state": CURRENT,
        "limit": limit,
        "idle": now - readers.VISIT,
        "fresh": now - readers.FIRST,
        **parameters(rule),
    }
    statement = _latest(shape(rule), relation=standing.relation)
    if unwatched(standing):
        with db.read() as tx:
            found = tx.execute(statement, values).all()
            rows = open_all(tx, standing, found)
    else:
        with db.write() as tx:
            found = tx.execute(statement, values).all()
            rows = open_all(tx, standing, found)
            leave(standing, Action.DOCUMENTS_LISTED, [row.document for row in rows])
    if not rows:
        return None
    reader = readers.reader(found[0] if found[0].visited_at else None)
    seen = {row.document.id: seen_by(row, reader, standing) for row in rows}
    return Latest(tuple(row.document for row in rows), seen, reader, found[0].new)


@lru_cache(maxsize=64)
def _latest(given: tuple[bool, ...], *, relation: Relation) -> Rows:
    new = _count([*arrived_after(_SINCE, relation), *conditions(given)])
    place = DocumentReader.visited_at, DocumentReader.previous_visit_at, DocumentReader.read_up_to
    statement: Rows = page_statement(given, Asked(relation=relation)).add_columns(*place, new.label("new"))
    return statement.join(DocumentReader, and_(*_OF_READER), isouter=True)


@lru_cache(maxsize=1)
def _types_by_class() -> tuple[tuple[str, frozenset[str]], ...]:
    """The types of each category."""
    known = types().values()
    return tuple((code, frozenset(one.code for one in known if one.class_code == code)) for code in CLASSES)


def _read(rows: Sequence[Any], own: tuple[Folder, ...]) -> Overview:
    by_kind = {row.kind: row for row in rows}
    place = by_kind.get("reader")
    return Overview(
        reader=readers.reader(place),
        classes=frozenset(row.code for row in rows if row.kind == "class"),
        new=by_kind["new"].count,
        unread=by_kind["unread"].count,
        oldest=by_kind["oldest"].day,
        folders=own,
        waits="waits" in by_kind,
    )


@lru_cache(maxsize=64)
def _overview(given: tuple[bool, ...], *, by_type: bool, relation: Relation) -> CompoundSelect[Any]:
    seen = conditions(given)
    unread = ~exists().where(
        DocumentMark.record_id == _RECORD,
        DocumentMark.reader_id == _READER,
        DocumentMark.document_id == Document.id,
        DocumentMark.read_at.is_not(None),
    )
    oldest = (
        select(Document.date).where(*_CURRENT, *seen).order_by(Document.date, Document.id).limit(1).scalar_subquery()
    )
    parts = [
        _line("new", count=_count([*arrived_after(_SINCE, relation), *seen])),
        _line("unread", count=_count([*arrived_after(_READ_UP_TO, relation), unread, *seen])),
        _line("oldest", day=oldest),
        _line("waits").where(exists(select(literal(1)).where(*_waiting(relation)))),
        *(_class(code, given, by_type=by_type) for code in CLASSES),
        _line("reader", visited_at=_VISITED, previous_visit_at=_PREVIOUS, read_up_to=DocumentReader.read_up_to).where(
            *_OF_READER
        ),
        _line("folder", id=DocumentFolder.id, payload=DocumentFolder.payload).where(
            DocumentFolder.record_id == _RECORD, DocumentFolder.reader_id == _READER
        ),
    ]
    return union_all(*parts)


def _class(code: str, given: tuple[bool, ...], *, by_type: bool) -> Select[Any]:
    """A line if this category holds something to see: by its types where they are limited, so that none is passed."""
    of_class: list[ColumnElement[bool]] = [] if by_type else [Document.class_code == literal(code)]
    wanted = (*_CURRENT, *of_class, *conditions(given, f"types_{code}"))
    first = [Document.type_code.expression] if by_type else []
    return _line("class", code=literal(code)).where(holds(wanted, first))


def _waiting(relation: Relation) -> list[ColumnElement[bool]]:
    """Whether a fresh result waits as its person chose: which, and whether they may know of it, is for `delays`."""
    if relation not in (Relation.HOLDER, Relation.REPRESENTATIVE):
        return [false()]
    return [Document.record_id == _RECORD, Document.held_until > bindparam("today", type_=Instant)]


def _count(wanted: list[ColumnElement[bool]]) -> ColumnElement[int]:
    found = select(literal(1).label("one")).where(*_CURRENT, *wanted).limit(MANY + 1).subquery()
    return select(func.count(found.c.one)).scalar_subquery()


_COLUMNS: dict[str, Any] = {
    "code": String,
    "count": Integer,
    "visited_at": Instant,
    "previous_visit_at": Instant,
    "read_up_to": Instant,
    "day": Date,
    "id": Id,
    "payload": Sealed,
}


def _line(kind: str, **given: ColumnElement[Any] | InstrumentedAttribute[Any]) -> Select[Any]:
    """One part of the answer: all have the same columns, so that one statement gives them all."""
    none = {name: cast(null(), of) for name, of in _COLUMNS.items() if name not in given}
    columns = {**none, **given}
    return select(literal(kind, String).label("kind"), *(columns[name].label(name) for name in _COLUMNS))
