"""What a reader made of a record's documents: read, favourite, when they last came. Each reader has their own.

A reader is an account or a professional (`standing.marks_of`). What they mark says nothing to anybody else, and marks
a document they may not see any more changes nothing: every list is filtered by what may be seen now.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from espace import clock, db
from espace.access.services import visible
from espace.db import Id
from espace.documents.models import DocumentMark, DocumentReader
from espace.documents.services.visibility import one_statement, parameters, shape
from espace.errors import NotFoundError
from espace.identifiers import new_id
from espace.permissions import Standing

VISIT = timedelta(minutes=30)
"""After so long without a look at the list that was written down, the next one is another visit."""
NOTED = timedelta(minutes=10)
"""A visit is written down so often at most: looking costs a commit rarely, and going on looking ends no visit."""
FIRST = timedelta(days=30)
"""What came in so long before a reader's first visit is new to them; older documents count as read."""

MARK = select(DocumentMark.read_at, DocumentMark.favourite, DocumentMark.folder_id).where(
    DocumentMark.record_id == bindparam("record", type_=Id),
    DocumentMark.reader_id == bindparam("reader", type_=Id),
    DocumentMark.document_id == bindparam("document", type_=Id),
)
_READER = select(DocumentReader.visited_at, DocumentReader.previous_visit_at, DocumentReader.read_up_to).where(
    DocumentReader.record_id == bindparam("record", type_=Id), DocumentReader.reader_id == bindparam("reader", type_=Id)
)
_MARKED = (DocumentMark.record_id, DocumentMark.reader_id, DocumentMark.document_id)
_READS = (DocumentReader.record_id, DocumentReader.reader_id)


@dataclass(frozen=True, slots=True)
class Mark:
    """What one reader made of one document."""

    read_at: datetime | None = None
    favourite: bool = False
    folder_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Where a reader stands: what came in after `since` is new; what came in up to `read_up_to` counts as read.

    `last_visit_at` is None at the first visit; `noted_at` is when this visit was written down last.
    """

    since: datetime
    read_up_to: datetime
    last_visit_at: datetime | None = None
    noted_at: datetime | None = None


def reader(row: Any = None) -> Reader:
    """Where a reader stands now. `row` holds what the database says of them, None when it says nothing."""
    now = clock.now()
    if row is None:
        return Reader(now - FIRST, now - FIRST)
    is_back = now - row.visited_at > VISIT
    last = row.visited_at if is_back else row.previous_visit_at
    return Reader(last or row.read_up_to, row.read_up_to, last, None if is_back else row.visited_at)


def visit(standing: Standing) -> Reader:
    """Note that this reader looks at the list, and say what is new to them since they came before.

    Looks less than half an hour apart are one visit.
    """
    with db.read() as tx:
        row = tx.execute(_READER, _ids(standing)).first()
    found = reader(row)
    note_visit(standing, found)
    return found


def note_visit(standing: Standing, found: Reader) -> None:
    """Write a visit down, once in `NOTED` at most; not at all while somebody else holds the database.

    Looking neither fails nor waits for a marker: one that is missing shows something as new a little longer.
    """
    now = clock.now()
    if standing.through is not None:
        return  # nobody came: somebody looks as them
    if found.noted_at is not None and now - found.noted_at < NOTED:
        return
    values = {
        **_owner(standing),
        "id": new_id(),
        "visited_at": now,
        "previous_visit_at": found.last_visit_at,
        "read_up_to": found.read_up_to,
    }
    with suppress(OperationalError), db.write_if_free() as tx:
        _put(tx, DocumentReader, _READS, values, {"visited_at": now, "previous_visit_at": found.last_visit_at})


def mark(standing: Standing, document_id: UUID) -> Mark:
    """What this reader made of a document."""
    with db.read() as tx:
        row = tx.execute(MARK, {**_ids(standing), "document": document_id}).first()
    return Mark(*row) if row else Mark()


def note_read(standing: Standing, document_id: UUID, known: Mark | None = None) -> Mark:
    """Note that this reader opened a document they may see; gives what they made of it (`known`, if it is).

    The document's page calls it after having shown it: a document that one may not see is not marked. As a visit, it
    is not written while somebody else holds the database.

    Raises:
        NotFoundError: when it does not exist for this standing.
    """
    found = known or mark(standing, document_id)
    if found.read_at is not None or standing.through is not None:
        return found
    now = clock.now()
    with suppress(OperationalError), db.write_if_free() as tx:
        _mark(tx, standing, document_id, {"read_at": now})
    return Mark(now, found.favourite, found.folder_id)


def set_favourite(standing: Standing, document_id: UUID, *, favourite: bool) -> None:
    """Make a document a favourite of this reader, or no longer.

    Raises:
        NotFoundError: when it does not exist for this standing.
    """
    with db.write() as tx:
        _mark(tx, standing, document_id, {"favourite": favourite})


def put_in_folder(standing: Standing, document_id: UUID, folder_id: UUID | None) -> None:
    """Put a document into a folder of this reader (the caller has seen that it is theirs), or into none.

    Raises:
        NotFoundError: when it does not exist for this standing.
    """
    with db.write() as tx:
        _mark(tx, standing, document_id, {"folder_id": folder_id})


def read_everything(standing: Standing) -> None:
    """Count everything that is there as read, for this reader."""
    now = clock.now()
    visit(standing)
    with db.write() as tx:
        tx.execute(
            update(DocumentReader)
            .where(
                DocumentReader.record_id == standing.record_id,
                DocumentReader.reader_id == standing.actor.id,
                DocumentReader.read_up_to < now,
            )
            .values(read_up_to=now)
        )


def _mark(tx: Connection, standing: Standing, document_id: UUID, values: dict[str, Any]) -> None:
    rule = visible(standing)
    row = tx.execute(
        one_statement(shape(rule)), {"record": standing.record_id, "id": document_id, **parameters(rule)}
    ).first()
    if row is None:
        raise NotFoundError
    none = {"read_at": None, "favourite": False, "folder_id": None}
    given = {**_owner(standing), "document_id": document_id, "id": new_id(), "date": row.date}
    _put(tx, DocumentMark, _MARKED, {**given, **none, **values}, values)


def _put(tx: Connection, table: Any, key: tuple[Any, ...], values: dict[str, Any], changed: dict[str, Any]) -> None:
    """Write a row, or change the one of this key: two at once end as one."""
    insert = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
    made = insert(table).values(**values)
    tx.execute(made.on_conflict_do_update(index_elements=[column.name for column in key], set_=changed))


def _ids(standing: Standing) -> dict[str, Any]:
    return {"record": standing.record_id, "reader": standing.marks_of}


def _owner(standing: Standing) -> dict[str, Any]:
    return {"record_id": standing.record_id, "reader_id": standing.actor.id}
