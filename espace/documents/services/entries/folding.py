"""One document, one entry: copies that came by several ways are shown through one of them (rules.md AR-22).

Copies are recognised by their unique id, or by their content. A copy keeps its row and its file; what its readers made
of it (favourite, folder, remark) goes along to the one that is shown, and the way it came is one of its sources.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from espace import clock, crypto, outbox
from espace.access.services import copy_rules, visible
from espace.db import Digest, Id
from espace.documents.models import Document, DocumentMark, DocumentSource
from espace.documents.services.viewing.reading import TABLE
from espace.identifiers import new_id
from espace.interop import media as medias
from espace.permissions import Standing

from . import versions
from .likeness import CURRENT, DELETED, FOLDED, PATIENT, Entry, all_read, entry, marks, related

FILED = "documents.filed"
"""The event that a document came in, or is shown otherwise than before: its words and pages are made anew."""
_SOURCES = "document_sources"
_OF_DOCUMENT = select(DocumentSource.id, DocumentSource.kind, DocumentSource.received_at, DocumentSource.payload).where(
    DocumentSource.record_id == bindparam("record", type_=Id),
    DocumentSource.document_id == bindparam("document", type_=Id),
)
_KNOWN_SOURCE = select(DocumentSource.id).where(
    DocumentSource.record_id == bindparam("record", type_=Id),
    DocumentSource.document_id == bindparam("document", type_=Id),
    DocumentSource.source_index == bindparam("source", type_=Digest(32)),
)
_SHOWN = select(Document.folded_into).where(
    Document.record_id == bindparam("record", type_=Id), Document.id == bindparam("id", type_=Id)
)
_PAYLOAD = select(Document.payload).where(
    Document.record_id == bindparam("record", type_=Id), Document.id == bindparam("id", type_=Id)
)


@dataclass(frozen=True, slots=True)
class Source:
    """A way by which a document came: `kind` as a document's origin, or `mail`; who or what brought it, if anybody."""

    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """A further way by which a document came in. `title` is what it was called there, if otherwise."""

    kind: str
    name: str
    title: str
    received_at: datetime


def fold_visible(tx: Connection, record_id: UUID, document_id: UUID) -> UUID:
    """Look anew at what shares content or versions with a document that came in, or whose state or marks changed.

    Gives the document by which it is shown now: itself, or the one it was folded into. To be called within every unit
    of work that announces, releases, hides, shows, restores or deletes a document.
    """
    one = entry(tx, record_id, document_id)
    if one is None:
        return document_id
    like = related(tx, record_id, one)
    if one.state == DELETED:
        like += [replace(one, folded_into=None)]
    elif len(like) == 1 and one.folded_into is None:
        versions.settle(tx, record_id, like)
        return document_id
    twins = _carried(tx, record_id, [each for each in like if each.content_index == one.content_index])
    places = _places(twins)
    for each in twins:
        _move(tx, record_id, each, places.get(each.id))
    others = [each for each in like if each.content_index != one.content_index]
    now = [replace(each, folded_into=places.get(each.id), state=_state(each, places)) for each in twins]
    versions.settle(tx, record_id, now + others)
    return places.get(document_id) or document_id


def _state(one: Entry, places: dict[UUID, UUID]) -> str:
    if one.id in places:
        return FOLDED
    return CURRENT if one.state == FOLDED else one.state


def _carried(tx: Connection, record_id: UUID, twins: list[Entry]) -> list[Entry]:
    """Copies carry the marks of what they are shown through, and what a person deleted takes its own copies along."""
    shown = {one.id: one for one in twins if one.state != FOLDED}
    found = []
    for one in twins:
        root = shown.get(one.folded_into) if one.state == FOLDED and one.folded_into else None
        if root is None:
            found.append(one)
            continue
        names = ("hidden", "patient_invisible", "representatives_invisible", "held_until")
        values: dict[str, Any] = {name: getattr(root, name) for name in names}
        if root.state == DELETED and one.origin == PATIENT == root.origin:
            values |= {"state": DELETED, "folded_into": None}
        if any(getattr(one, name) != value for name, value in values.items()):
            _update(tx, record_id, one.id, values)
        if one.rules != root.rules:
            copy_rules(tx, record_id, root.id, one.id)
        found.append(replace(one, **values, rules=root.rules))
    return [one for one in found if one.state != DELETED]


def _places(twins: list[Entry]) -> dict[UUID, UUID]:
    """Copy -> what it is shown through. A professional's stands before a person's own, the earlier before the later."""
    found: dict[UUID, UUID] = {}
    shown: list[Entry] = []
    for one in sorted(twins, key=lambda each: (each.origin == PATIENT, each.created_at, each.id)):
        root = next((each for each in shown if _stands_for(each, one)), None)
        if root is None:
            shown.append(one)
        else:
            found[one.id] = root.id
    return found


def _stands_for(root: Entry, one: Entry) -> bool:
    if root.body_media == medias.TEXT and root.date != one.date:
        return False  # a few plain words may be said again of another day
    return marks(root) == marks(one) and all_read(root.type_code, one.type_code)


def _move(tx: Connection, record_id: UUID, one: Entry, root_id: UUID | None) -> None:
    """Bring one copy to its place, if it is elsewhere."""
    if one.folded_into == root_id:
        return
    if one.folded_into is not None:
        _forget_source(tx, record_id, one.folded_into, _source_index(record_id, one))
    if root_id is None:
        _update(tx, record_id, one.id, {"state": CURRENT, "folded_into": None})
    else:
        _update(tx, record_id, one.id, {"state": FOLDED, "folded_into": root_id})
        _give_marks(tx, record_id, one.id, root_id)
        _give_words(tx, record_id, one, root_id)
    outbox.post(FILED, {"record_id": str(record_id), "document_id": str(one.id)})


def stand_alone(tx: Connection, record_id: UUID, copies: Collection[Entry]) -> None:
    """Have copies stand for themselves again: what they are shown through is about to go without them."""
    for one in copies:
        _move(tx, record_id, one, None)


def _update(tx: Connection, record_id: UUID, document_id: UUID, values: dict[str, Any]) -> None:
    tx.execute(update(Document).where(Document.record_id == record_id, Document.id == document_id).values(**values))


def _give_words(tx: Connection, record_id: UUID, one: Entry, root_id: UUID) -> None:
    """The remark goes along; who brought the copy becomes a source, and the copy's own sources too."""
    mine, theirs = (_facts(tx, record_id, each) for each in (one.id, root_id))
    remarks = [each for each in (theirs.get("remark", ""), mine.get("remark", "")) if each]
    if mine.get("remark") and mine["remark"] != theirs.get("remark"):
        theirs["remark"] = "\n".join(remarks)
        _update(tx, record_id, root_id, {"payload": crypto.seal(tx, record_id, TABLE, root_id, theirs)})
    tx.execute(
        update(DocumentSource)
        .where(DocumentSource.record_id == record_id, DocumentSource.document_id == one.id)
        .values(document_id=root_id)
    )
    said = {"name": mine.get("depositor", ""), "unique_id": mine.get("unique_id", ""), "type": one.type_code}
    if mine.get("title") != theirs.get("title"):
        said["title"] = mine.get("title", "")
    _add_source(tx, record_id, root_id, one.origin, one.created_at, _source_index(record_id, one), said)


def _facts(tx: Connection, record_id: UUID, document_id: UUID) -> dict[str, Any]:
    payload = tx.execute(_PAYLOAD, {"record": record_id, "id": document_id}).scalar_one()
    return dict(crypto.unseal(tx, record_id, TABLE, document_id, payload))


def _give_marks(tx: Connection, record_id: UUID, from_id: UUID, to_id: UUID) -> None:
    """What each reader made of the copy: a favourite stays one, a folder is kept, read stays read."""
    columns = (DocumentMark.id, DocumentMark.reader_id, DocumentMark.read_at, DocumentMark.favourite)
    query = select(*columns, DocumentMark.folder_id, DocumentMark.document_id).where(
        DocumentMark.record_id == record_id, DocumentMark.document_id.in_([from_id, to_id])
    )
    rows = tx.execute(query).all()
    there = {row.reader_id: row for row in rows if row.document_id == to_id}
    for row in rows:
        if row.document_id == to_id:
            continue
        other = there.get(row.reader_id)
        where = (DocumentMark.record_id == record_id, DocumentMark.id == (other or row).id)
        if other is None:
            day = select(Document.date).where(Document.record_id == record_id, Document.id == to_id).scalar_subquery()
            tx.execute(update(DocumentMark).where(*where).values(document_id=to_id, date=day))
            continue
        merged = {
            "read_at": other.read_at or row.read_at,
            "favourite": other.favourite or row.favourite,
            "folder_id": other.folder_id or row.folder_id,
        }
        tx.execute(update(DocumentMark).where(*where).values(**merged))
        tx.execute(delete(DocumentMark).where(DocumentMark.record_id == record_id, DocumentMark.id == row.id))


def note_source(tx: Connection, record_id: UUID, document_id: UUID, source: Source) -> bool:
    """Remember that a document, known already, came by another way too; gives whether that is new."""
    one = entry(tx, record_id, document_id)
    if one is None or one.state == DELETED or (one.origin == source.kind and source.kind != "mail"):
        return False
    shown = one.folded_into or one.id
    index = crypto.blind("source", f"{record_id}:{source.kind}:{source.name}")
    if tx.execute(_KNOWN_SOURCE, {"record": record_id, "document": shown, "source": index}).first():
        return False
    _add_source(tx, record_id, shown, source.kind, clock.now(), index, {"name": source.name, "type": one.type_code})
    return True


def _add_source(
    tx: Connection, record_id: UUID, document_id: UUID, kind: str, at: datetime, index: bytes, said: dict[str, str]
) -> None:
    row_id = new_id()
    tx.execute(
        insert(DocumentSource).values(
            record_id=record_id,
            id=row_id,
            document_id=document_id,
            kind=kind,
            received_at=at,
            source_index=index,
            payload=crypto.seal(tx, record_id, _SOURCES, row_id, said),
        )
    )


def _source_index(record_id: UUID, one: Entry) -> bytes:
    return crypto.blind("source", f"{record_id}:copy:{one.id}")


def _forget_source(tx: Connection, record_id: UUID, document_id: UUID, index: bytes) -> None:
    tx.execute(
        delete(DocumentSource).where(
            DocumentSource.record_id == record_id,
            DocumentSource.document_id == document_id,
            DocumentSource.source_index == index,
        )
    )


def sources(tx: Connection, standing: Standing, document_id: UUID) -> list[SourceFacts]:
    """The further ways by which a document came, oldest first: those of copies this standing would see.

    Whoever calls this has seen to it that the standing sees the document itself.
    """
    rule = visible(standing)
    rows = tx.execute(_OF_DOCUMENT, {"record": standing.record_id, "document": document_id}).all()
    found = []
    for row in rows:
        said = crypto.unseal(tx, standing.record_id, _SOURCES, row.id, row.payload)
        if rule.readable_types is None or said.get("type") in rule.readable_types:
            found.append(SourceFacts(row.kind, said.get("name", ""), said.get("title", ""), row.received_at))
    return sorted(found, key=lambda each: each.received_at)


def shown_through(tx: Connection, record_id: UUID, document_id: UUID) -> UUID:
    """The document that stands in the place of a folded copy; itself otherwise."""
    found: UUID | None = tx.execute(_SHOWN, {"record": record_id, "id": document_id}).scalar()
    return found or document_id
