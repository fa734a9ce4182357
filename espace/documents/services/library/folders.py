"""A reader's own folders in one record: a name, and the documents they put there. Nobody else sees them.

A folder's name is sealed under the record's key. Taking a folder away leaves its documents where they were.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, cast, delete, false, insert, null, select, union_all, update
from sqlalchemy.sql.selectable import CompoundSelect

from espace import crypto, db
from espace.db import Id, Instant, Sealed
from espace.documents.models import DocumentFolder, DocumentMark
from espace.documents.services.entries.checks import clean_title
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.permissions import Standing
from espace.words import N_

from . import readers
from .readers import Mark

MAX_NAME = 60
MAX_FOLDERS = 50
"""So many folders a reader may have in one record: more would be harder to look through than the list itself."""
TABLE = "document_folders"

_OWN = (
    DocumentFolder.record_id == bindparam("record", type_=Id),
    DocumentFolder.reader_id == bindparam("reader", type_=Id),
)
_ALL = select(DocumentFolder.id, DocumentFolder.payload).where(*_OWN).order_by(DocumentFolder.id)
_KEPT: CompoundSelect[Any] = union_all(
    select(
        DocumentFolder.id, DocumentFolder.payload, cast(null(), Instant).label("read_at"), false().label("favourite")
    ).where(*_OWN),
    readers.MARK.with_only_columns(
        DocumentMark.folder_id, cast(null(), Sealed).label("payload"), DocumentMark.read_at, DocumentMark.favourite
    ),
)
_ONE = select(DocumentFolder.id, DocumentFolder.payload).where(
    *_OWN, DocumentFolder.id == bindparam("folder", type_=Id)
)


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of a reader."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What a reader made of one document, and the folders they may put it into, by name."""

    mark: Mark
    folders: tuple[Folder, ...]


def folders(standing: Standing) -> tuple[Folder, ...]:
    """This reader's folders, by name."""
    with db.read() as tx:
        return opened(tx, standing.record_id, tx.execute(_ALL, _who(standing)).all())


def opened(tx: Connection, record_id: UUID, rows: Sequence[Any]) -> tuple[Folder, ...]:
    """Folders from their rows (`id`, `payload`), by name."""
    found = [Folder(row.id, crypto.unseal(tx, record_id, TABLE, row.id, row.payload)["name"]) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id)))


def folder(standing: Standing, folder_id: UUID) -> Folder:
    """One folder of this reader.

    Raises:
        NotFoundError: when it is nobody's, or somebody else's.
    """
    with db.read() as tx:
        found = opened(tx, standing.record_id, tx.execute(_ONE, {**_who(standing), "folder": folder_id}).all())
    if not found:
        raise NotFoundError
    return found[0]


def kept(standing: Standing, document_id: UUID) -> Kept:
    """What this reader made of a document, and where they may put it."""
    with db.read() as tx:
        rows = tx.execute(_KEPT, {**_who(standing), "document": document_id}).all()
        there = opened(tx, standing.record_id, [row for row in rows if row.payload is not None])
    marks = [Mark(row.read_at, bool(row.favourite), row.id) for row in rows if row.payload is None]
    return Kept(marks[0] if marks else Mark(), there)


def new_folder(standing: Standing, name: str) -> Folder:
    """Make a folder for this reader; one of the same name is taken as it is.

    Raises:
        InvalidError: naming the field `name`.
    """
    name = _checked(name)
    row_id = new_id()
    with db.write() as tx:
        there = opened(tx, standing.record_id, tx.execute(_ALL, _who(standing)).all())
        for one in there:
            if one.name.casefold() == name.casefold():
                return one
        if len(there) >= MAX_FOLDERS:
            raise InvalidError({"name": N_("You have %(count)d folders already. Delete one first.", count=MAX_FOLDERS)})
        tx.execute(
            insert(DocumentFolder).values(
                record_id=standing.record_id,
                id=row_id,
                reader_id=standing.actor.id,
                payload=crypto.seal(tx, standing.record_id, TABLE, row_id, {"name": name}),
            )
        )
    return Folder(row_id, name)


def rename(standing: Standing, folder_id: UUID, name: str) -> None:
    """Give a folder another name.

    Raises:
        InvalidError: naming the field `name`.
        NotFoundError: when the folder is not this reader's.
    """
    name = _checked(name)
    with db.write() as tx:
        there = opened(tx, standing.record_id, tx.execute(_ALL, _who(standing)).all())
        if folder_id not in {one.id for one in there}:
            raise NotFoundError
        if any(one.id != folder_id and one.name.casefold() == name.casefold() for one in there):
            raise InvalidError({"name": N_("You have a folder of this name already. Choose another name.")})
        payload = crypto.seal(tx, standing.record_id, TABLE, folder_id, {"name": name})
        tx.execute(
            update(DocumentFolder)
            .where(DocumentFolder.record_id == standing.record_id, DocumentFolder.id == folder_id)
            .values(payload=payload)
        )


def delete_folder(standing: Standing, folder_id: UUID) -> None:
    """Take a folder away; its documents stay in the record, in no folder.

    Raises:
        NotFoundError: when the folder is not this reader's.
    """
    with db.write() as tx:
        gone = tx.execute(
            delete(DocumentFolder).where(
                DocumentFolder.record_id == standing.record_id,
                DocumentFolder.reader_id == standing.actor.id,
                DocumentFolder.id == folder_id,
            )
        )
        if not gone.rowcount:
            raise NotFoundError
        tx.execute(
            update(DocumentMark)
            .where(
                DocumentMark.record_id == standing.record_id,
                DocumentMark.reader_id == standing.actor.id,
                DocumentMark.folder_id == folder_id,
            )
            .values(folder_id=None)
        )


def put(standing: Standing, document_id: UUID, folder_id: UUID | None, new_name: str = "") -> Folder | None:
    """Put a document into one folder, a new one if a name is given, or into none; gives the folder.

    Raises:
        InvalidError: naming the field `name`.
        NotFoundError: when the document or the folder does not exist for this standing.
    """
    with db.write():
        wanted = new_folder(standing, new_name) if new_name.strip() else None
        if wanted is None and folder_id is not None:
            wanted = folder(standing, folder_id)
        readers.put_in_folder(standing, document_id, wanted.id if wanted else None)
    return wanted


def _checked(name: str) -> str:
    cleaned = clean_title(name)
    if not cleaned:
        raise InvalidError({"name": N_("Write a name for the folder, for example “Heart”.")})
    if len(cleaned) > MAX_NAME:
        raise InvalidError(
            {
                "name": N_(
                    "This name has %(count)d characters, at most %(limit)d fit.", count=len(cleaned), limit=MAX_NAME
                )
            }
        )
    return cleaned


def _who(standing: Standing) -> dict[str, Any]:
    return {"record": standing.record_id, "reader": standing.marks_of}
