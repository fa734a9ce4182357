"""Writing one document: its files first, durable; then its row, the trail and the letters, all or nothing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db, outbox, storage
from espace.access.services import bound_grantees, copy_rules
from espace.db import Digest, Id
from espace.documents.models import Document, DocumentAuthor
from espace.documents.services.deciding.delays import held_until
from espace.documents.services.types import types
from espace.documents.services.viewing.reading import SEALED, DocumentFacts, open_row, seal_row
from espace.documents.services.visibility import COLUMNS
from espace.errors import ConflictError
from espace.identifiers import new_id
from espace.interop import media as medias
from espace.records import services as records

from .folding import FILED, fold_visible
from .likeness import DELETED, FOLDED, PATIENT, Entry, entry, marks, of_series, related

_KNOWN = select(
    Document.id,
    Document.content_index,
    Document.state,
    Document.folded_into,
    Document.body_file_id,
    Document.version,
    Document.series_index,
    Document.unique_index,
).where(Document.record_id == bindparam("record", type_=Id))
_BY_UNIQUE_ID = _KNOWN.where(Document.unique_index == bindparam("unique", type_=Digest(32)))
_BY_GIVEN_OUT = _KNOWN.where(
    Document.unique_index.between(bindparam("first", type_=Digest(32)), bindparam("last", type_=Digest(32)))
)
_BY_ID = select(*COLUMNS).where(
    Document.record_id == bindparam("record", type_=Id), Document.id == bindparam("id", type_=Id)
)
_SERIES_GIVEN_OUT = (
    select(Document.series_index)
    .where(
        Document.record_id == bindparam("record", type_=Id),
        Document.series_index == bindparam("series", type_=Digest(16)),
    )
    .limit(1)
)
_ADD = insert(Document)
_OID = re.compile(r"[0-2](\.(0|[1-9]\d{0,38})){1,40}(\^[\x21-\x7e]{1,64})?", re.ASCII)
_UUID_ARC = "2.25."
_AUTHOR = select(DocumentAuthor.id).where(
    DocumentAuthor.record_id == bindparam("record", type_=Id),
    DocumentAuthor.name_index == bindparam("name", type_=Digest(32)),
)


@dataclass(frozen=True, slots=True)
class Body:
    """What people will read: bytes of one media type, judged by its decoder. `pages` is 0 when it has none."""

    content: bytes
    media: str
    pages: int = 0
    active: bool = False


class Known(NamedTuple):
    """A document that is here already. `id` is the one it is shown by, all else its own."""

    id: UUID
    content_index: bytes
    deleted: bool
    body_file_id: UUID
    version: int
    series_index: bytes | None
    unique_index: bytes


@dataclass(frozen=True, slots=True)
class NewDocument:
    """What is known of a document before it is filed. `content` is the whole file when the body came inside one.

    `set_id` and `version` say which versions belong together, `replaces` is the unique id of the one before; without
    them it is a series of its own.
    `content_index` is given when what makes it the same document is not the digest of its body. `adder` is the account
    of who adds it on the person's side, `for_other` says that they act for the person; `names_other` says that it names
    somebody else than the record's person, `guest` that somebody without access left it by a link.
    """

    title: str
    date: date
    type_code: str
    origin: str
    unique_id: str
    body: Body
    content: bytes | None = None
    author: str = ""
    structure: str = ""
    depositor: str = ""
    professional_id: UUID | None = None
    hidden: bool = False
    patient_invisible: bool = False
    representatives_invisible: bool = False
    content_index: bytes = b""
    set_id: str = ""
    version: int = 1
    replaces: str = ""
    adder: str = ""
    for_other: bool = False
    names_other: bool = False
    guest: bool = False


def judge(content: bytes) -> Body:
    """Have the right decoder look at a file.

    Raises:
        MediaError: when it is none of the types that can be filed, broken, locked, or a bomb.
    """
    media = medias.check(content)
    if media == medias.PDF:
        facts = medias.check_pdf(content)
        return Body(content, media, facts.pages, facts.active)
    return Body(content, media, 1 if media in medias.IMAGES else 0)


def content_digest(content: bytes) -> bytes:
    """The keyed digest under which a content is recognised."""
    return crypto.blind("content", sha256(content).hexdigest())


def unique_digest(unique_id: str) -> bytes:
    """The keyed digest under which a document's unique id is found."""
    return crypto.blind("unique-id", unique_id)


def series_digest(set_id: str) -> bytes:
    """The keyed digest that the versions of one document share (CDA setId, else its own unique id): half of one."""
    return crypto.blind("series", set_id)[:16]


def _place_in_series(tx: Connection, record_id: UUID, new: NewDocument) -> tuple[bytes, int]:
    """The series of a document that comes in, and its place there.

    A document that names the one it replaces comes after it, even where it says nothing of a series; where that one
    has not come yet, it waits for it under its id.
    """
    series = series_of(record_id, new.set_id or new.replaces or new.unique_id)
    if not new.replaces:
        return series, new.version
    before = known(record_id, new.replaces)
    if before is None:
        return series, max(new.version, 2)
    if before.series_index is None:  # filed before there were series
        where = (Document.record_id == record_id, Document.unique_index == before.unique_index)
        tx.execute(update(Document).where(*where).values(series_index=series))
    return before.series_index or series, max(new.version, before.version + 1)


def author_id(tx: Connection, record_id: UUID, name: str) -> UUID | None:
    """The author of this name in this record, made when it is new; None for no name."""
    folded = " ".join(name.casefold().split())
    if not folded:
        return None
    index = crypto.blind("author", f"{record_id}:{folded}")
    found: UUID | None = tx.execute(_AUTHOR, {"record": record_id, "name": index}).scalar()
    if found is not None:
        return found
    row_id = new_id()
    payload = crypto.seal(tx, record_id, DocumentAuthor.__tablename__, row_id, {"name": name})
    tx.execute(insert(DocumentAuthor).values(record_id=record_id, id=row_id, name_index=index, payload=payload))
    return row_id


def sent_id(unique_id: str) -> str:
    """The unique id under which a document leaves: its own where that is one, else one of the ITU's UUID arc."""
    return unique_id if _OID.fullmatch(unique_id) else _arc(unique_digest(unique_id))


def sent_series(series_index: bytes) -> str:
    """The set id under which the versions of a series leave, where it has none of its own."""
    return _arc(series_index)


def series_of(record_id: UUID, set_id: str) -> bytes:
    """The digest of a series in this record, by its set id or by the one it left under."""
    if given_out := _given_out(set_id):
        with db.read() as tx:
            if tx.execute(_SERIES_GIVEN_OUT, {"record": record_id, "series": given_out}).first():
                return given_out
    return series_digest(set_id)


def _arc(digest: bytes) -> str:
    return f"{_UUID_ARC}{int.from_bytes(digest[:16])}"


def known(record_id: UUID, unique_id: str) -> Known | None:
    """The document of this unique id in this record, deleted ones among them; that it left under counts too."""
    with db.read() as tx:
        row = tx.execute(_BY_UNIQUE_ID, {"record": record_id, "unique": unique_digest(unique_id)}).first()
        if row is None and (beginning := _given_out(unique_id)):
            bounds = {"first": beginning + bytes(16), "last": beginning + b"\xff" * 16}
            row = tx.execute(_BY_GIVEN_OUT, {"record": record_id, **bounds}).first()
    if row is None:
        return None
    facts = (row.content_index, row.state == DELETED, row.body_file_id, row.version, row.series_index, row.unique_index)
    return Known(row.folded_into or row.id, *facts)


def _given_out(unique_id: str) -> bytes | None:
    """The beginning of the digest that `sent_id` made an id of, if it may be such a one."""
    number = unique_id.removeprefix(_UUID_ARC)
    if number == unique_id or not number.isascii() or not number.isdigit() or len(number) > 39:
        return None
    return int(number).to_bytes(17)[1:] if int(number) < 1 << 128 else None


@contextmanager
def stored(owner: UUID, *contents: bytes) -> Iterator[list[UUID]]:
    """Files made durable before the row that names them, taken away again when that row is not written."""
    made: list[UUID] = []
    try:
        with db.read() as tx:
            for content in contents:
                made.append(new_id())
                storage.current().put(tx, owner, made[-1], content)
        yield made
    except BaseException:
        for file_id in made:
            storage.current().delete(owner, file_id)
        raise


def write_row(tx: Connection, record_id: UUID, new: NewDocument, files: list[UUID]) -> DocumentFacts:
    """Write the row of a document whose files are stored (the body last); gives the document as it is shown.

    That is another one when this is a copy of what is here (`unique_id` then tells): nobody needs to be told of it.

    Raises:
        ConflictError: when a document of this unique id was filed meanwhile.
        NotFoundError: when the record was closed meanwhile, or is in another state that takes nothing.
    """
    records.hold_open(tx, record_id)
    filed = _as_decided(tx, record_id, new, _facts(tx, record_id, new, files))
    _insert(tx, record_id, filed, new)
    _rule_as_decided(tx, record_id, new, filed)
    outbox.post(FILED, {"record_id": str(record_id), "document_id": str(filed.id)})
    shown = fold_visible(tx, record_id, filed.id)
    return open_row(tx, record_id, tx.execute(_BY_ID, {"record": record_id, "id": shown}).one())


def _as_decided(tx: Connection, record_id: UUID, new: NewDocument, filed: DocumentFacts) -> DocumentFacts:
    """What was decided about a document holds for its newer versions: one never opens what was closed."""
    before = _before(tx, record_id, new, filed)
    if not before:
        return filed
    newest = max(before, key=lambda one: (one.version, one.created_at))
    return filed._replace(
        hidden=filed.hidden or (newest.hidden and not filed.patient_invisible),  # not both (rules.md AR-16)
        representatives_invisible=filed.representatives_invisible or newest.representatives_invisible,
    )


def _rule_as_decided(tx: Connection, record_id: UUID, new: NewDocument, filed: DocumentFacts) -> None:
    """What was decided about a document for single readers holds for its newer versions, and for copies of it.

    A copy is one of which the same people know: another's rule would tell of what one may not see (R13).
    """
    if not bound_grantees(tx, record_id):
        return
    before = [one for one in _before(tx, record_id, new, filed) if one.id != filed.id]
    if before:
        copy_rules(tx, record_id, max(before, key=lambda one: (one.version, one.created_at)).id, filed.id)
        return
    mine = entry(tx, record_id, filed.id)
    if mine is None:
        return
    twins = [one for one in related(tx, record_id, mine) if one.id != mine.id and one.state not in (FOLDED, DELETED)]
    for one in twins:
        alike = replace(one, rules=frozenset(), professional_id=mine.professional_id)
        if one.rules and one.content_index == mine.content_index and marks(alike) == marks(mine):
            copy_rules(tx, record_id, one.id, filed.id)
            return


def _before(tx: Connection, record_id: UUID, new: NewDocument, filed: DocumentFacts) -> list[Entry]:
    """The versions that decide on who sees a new one.

    What a person replaces is what they see: a version of it that is kept from them decides nothing on theirs, else
    theirs would vanish before their eyes (R13).
    """
    if new.origin == PATIENT and new.replaces:
        replaced = known(record_id, new.replaces)
        found = entry(tx, record_id, replaced.id) if replaced else None
        return [found] if found else []
    series = {filed.series_index} if filed.series_index else set()
    return [one for one in of_series(tx, record_id, series) if one.version <= filed.version]


def _facts(tx: Connection, record_id: UUID, new: NewDocument, files: list[UUID]) -> DocumentFacts:
    whole, now = new.body.content if new.content is None else new.content, clock.now()
    series_index, version = _place_in_series(tx, record_id, new)
    return DocumentFacts(
        id=new_id(),
        date=new.date,
        type_code=new.type_code,
        class_code=types()[new.type_code].class_code,
        title=new.title,
        author=new.author,
        structure=new.structure,
        depositor=new.depositor,
        hidden=new.hidden,
        patient_invisible=new.patient_invisible,
        representatives_invisible=new.representatives_invisible,
        origin=new.origin,
        professional_id=new.professional_id,
        created_at=now,
        arrived_at=now,
        media=new.body.media if new.content is None else medias.XML,
        size=len(whole),
        file_id=files[0],
        body_media=new.body.media,
        body_size=len(new.body.content),
        body_file_id=files[-1],
        pages=new.body.pages,
        active=new.body.active,
        state="current",
        version=version,
        series_index=series_index,
        author_id=author_id(tx, record_id, new.author or new.structure),
        held_until=held_until(record_id, new),
        choices=0,
        remark="",
        unique_id=new.unique_id,
        adder=new.adder,
        for_other=new.for_other,
        names_other=new.names_other,
        guest=new.guest,
        opened_to_parents=False,
    )


def _insert(tx: Connection, record_id: UUID, filed: DocumentFacts, new: NewDocument) -> None:
    values = {name: value for name, value in filed._asdict().items() if name not in SEALED}
    values |= {
        "record_id": record_id,
        "arrived_at": max(filed.created_at, filed.held_until or filed.created_at),
        "unique_index": unique_digest(new.unique_id),
        "content_index": new.content_index or content_digest(new.body.content),
        "payload": seal_row(tx, record_id, filed),
    }
    try:
        tx.execute(_ADD, values)
    except IntegrityError:
        raise ConflictError from None
