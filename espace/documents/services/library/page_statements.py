"""The statements of lists of documents: each walks one index in its own order, so a page costs the same at any size.

What may be seen is filtered by the policy's conditions; what is wanted picks the index. Never an offset, never a sort.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    type_coerce,
    union_all,
)
from sqlalchemy.sql.selectable import CompoundSelect

from espace.db import Id, Instant
from espace.documents.models import Document, DocumentMark, DocumentSource
from espace.documents.services.visibility import COLUMNS, conditions
from espace.permissions import Relation

Rows = Select[*tuple[Any, ...]]
AnyRows = Rows | CompoundSelect[*tuple[Any, ...]]

_RECORD = bindparam("record", type_=Id)
_READER = bindparam("reader", type_=Id)
_DEPOSITOR = bindparam("depositor", type_=Id)
_DAY = Document.date.type
BY_PATIENT = "patient"
"""The origin of what a person, or someone acting for them, added."""
MARK = and_(
    DocumentMark.record_id == _RECORD,
    DocumentMark.reader_id == _READER,
    DocumentMark.document_id == Document.id,
)
"""What the one who reads made of a document, beside it."""


class Asked(NamedTuple):
    """What of a filter changes the statement; the rest are its parameters."""

    of_class: bool = False
    of_type: bool = False
    of_author: bool = False
    in_folder: bool = False
    favourite: bool = False
    unread: bool = False
    new: bool = False
    from_day: bool = False
    to_day: bool = False
    relation: Relation = Relation.HOLDER
    after: bool = False

    @property
    def by_mark(self) -> bool:
        """Whether the reader's own marks lead: favourites and folders are read in their order."""
        return self.in_folder or self.favourite

    @property
    def by_arrival(self) -> bool:
        """Whether what came last stands first, whatever its date."""
        return (self.unread or self.new) and not self.by_mark


def arrived_after(since: ColumnElement[Any], relation: Relation, *, leads: bool = True) -> list[ColumnElement[bool]]:
    """What came in since an instant, for a reader: not what they brought themselves.

    People count from when they could read it; professionals from its filing, for them no result waits. Where a list is
    in another order, arrival does not lead (`leads`): its index is kept out of the databases' choice.
    """
    arrived = Document.arrived_at.expression if leads else func.coalesce(Document.arrived_at, Document.arrived_at)
    found: list[ColumnElement[bool]] = [arrived > since]
    if relation is Relation.HOLDER:
        found.append(Document.origin != literal(BY_PATIENT))
    elif relation is Relation.PROFESSIONAL:
        found += [Document.created_at > since, Document.professional_id.is_distinct_from(_DEPOSITOR)]
    return found


def holds(wanted: Sequence[ColumnElement[bool]], first: Sequence[ColumnElement[Any]] = ()) -> ColumnElement[bool]:
    """Whether any document is so.

    One is looked for in the order of an index: for an EXISTS, SQLite would rather read the whole record. `first` is
    what stands in that index before the day and takes several values.
    """
    order = (*first, Document.date, Document.id)
    return select(Document.id).where(*wanted).order_by(*order).limit(1).scalar_subquery().is_not(None)


@lru_cache(maxsize=512)
def page_statement(given: tuple[bool, ...], asked: Asked, part: int = 0) -> Rows:
    """A page of the list, or of one `part` of it, newest first, from the start or after a cursor."""
    return _page(given, asked, part=part, types="types")


@lru_cache(maxsize=64)
def relevant_statement(given: tuple[bool, ...], asked: Asked) -> AnyRows:
    """A page of what a profession usually deposits (`types`), then of the rest (`others`) from its start.

    Both are read in their own order, each up to the limit: the rows come in the order in which they are shown.
    """
    first = _page(given, asked, part=0, types="types").subquery()
    rest = _page(given, asked._replace(after=False), part=1, types="others").subquery()
    return union_all(select(first), select(rest))


def _page(given: tuple[bool, ...], asked: Asked, *, part: int, types: str) -> Rows:
    day, row_id = (DocumentMark.date, DocumentMark.document_id) if asked.by_mark else (Document.date, Document.id)
    place: tuple[ColumnElement[Any], ColumnElement[Any]] = (
        (Document.arrived_at.expression, row_id.expression) if asked.by_arrival else (day.expression, row_id.expression)
    )
    statement: Rows = select(
        *COLUMNS, DocumentMark.read_at, DocumentMark.favourite, literal(part).label("part"), _further(given)
    ).select_from(Document)
    statement = statement.join(DocumentMark, MARK, isouter=not asked.by_mark).where(
        Document.record_id == _RECORD,
        Document.state == bindparam("state"),
        *conditions(given, types),
        *wanted_of(asked),
    )
    if asked.after:
        at = bindparam("at", type_=Instant) if asked.by_arrival else type_coerce(bindparam("at"), _DAY)
        statement = statement.where(tuple_(*place) < tuple_(at, bindparam("id", type_=Id)))
    return statement.order_by(place[0].desc(), place[1].desc()).limit(bindparam("limit"))


def _further(given: tuple[bool, ...]) -> ColumnElement[int]:
    """By how many further ways a document came; for who reads every type, as a copy may be of another (R13)."""
    if given[1]:
        return literal(0).label("further")
    ways = select(func.count(DocumentSource.id)).where(
        DocumentSource.record_id == _RECORD, DocumentSource.document_id == Document.id
    )
    return ways.correlate(Document).scalar_subquery().label("further")


def wanted_of(asked: Asked) -> list[ColumnElement[bool]]:
    """What is wanted, condition by condition."""
    day = DocumentMark.date.expression if asked.by_mark else Document.date.expression
    since, read_up_to = bindparam("since", type_=Instant), bindparam("read_up_to", type_=Instant)
    found: list[tuple[bool, list[ColumnElement[bool]]]] = [
        (asked.of_class, [Document.class_code == bindparam("class_code")]),
        (asked.of_type, [Document.type_code == bindparam("type_code")]),
        (asked.of_author, [Document.author_id == bindparam("author", type_=Id)]),
        (asked.in_folder, [DocumentMark.folder_id == bindparam("folder", type_=Id)]),
        (asked.favourite, [literal_column("document_marks.favourite")]),  # as the index of them says it
        (asked.new, arrived_after(since, asked.relation, leads=asked.by_arrival)),
        (
            asked.unread,
            [*arrived_after(read_up_to, asked.relation, leads=asked.by_arrival), DocumentMark.read_at.is_(None)],
        ),
        (asked.from_day, [day >= type_coerce(bindparam("from_day"), _DAY)]),
        (asked.to_day, [day <= type_coerce(bindparam("to_day"), _DAY)]),
    ]
    return [condition for wanted, some in found if wanted for condition in some]
