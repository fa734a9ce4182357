"""The words of a document: read from its file, kept sealed, and posted under a key of their record (design 3.6).

What is posted are keyed digests of the starts of words. Their key is random, one for each record, sealed under the
record's data key: when that is destroyed the postings tell nothing any more (security.md R20, R23).
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from hmac import digest as hmac_digest
from typing import Any
from uuid import UUID

import structlog
import zstandard
from sqlalchemy import Connection, bindparam, delete, exists, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from espace import crypto, db, storage
from espace.db import Digest, Id
from espace.documents.models import Document, DocumentText, DocumentWord, DocumentWordKey
from espace.documents.services.types import plain_title, type_label, types
from espace.documents.services.visibility import NOWHERE
from espace.errors import TamperedError
from espace.interop import cda_view, drawing
from espace.interop import media as medias
from espace.interop.cda import CdaError
from espace.interop.drawing import DrawingError

from .stems import MONTHS, index_words

TABLE = DocumentText.__tablename__
MAX_TEXT = 600_000
"""How many characters of a document are searched: some three hundred pages."""
MAX_PAGES = 3000
WORD_BYTES = 8
BATCH = 5
"""How many documents filed by an older version are read at a time."""
_SEPARATOR = "\f"
_log = structlog.get_logger()

_DOCUMENT = select(
    Document.state, Document.date, Document.type_code, Document.body_media, Document.body_file_id, Document.payload
).where(Document.record_id == bindparam("record", type_=Id), Document.id == bindparam("id", type_=Id))
_LOCKED = _DOCUMENT.with_for_update()
_TEXT = select(DocumentText.payload).where(
    DocumentText.record_id == bindparam("record", type_=Id), DocumentText.id == bindparam("id", type_=Id)
)
_KEY = select(DocumentWordKey.payload).where(
    DocumentWordKey.record_id == bindparam("record", type_=Id), DocumentWordKey.id == bindparam("record", type_=Id)
)
_POST = insert(DocumentWord)
_TAKE_AWAY = delete(DocumentWord).where(
    DocumentWord.record_id == bindparam("record", type_=Id),
    DocumentWord.word == bindparam("digest", type_=Digest(WORD_BYTES)),
    DocumentWord.document_id == bindparam("document", type_=Id),
)


@dataclass(frozen=True, slots=True)
class Text:
    """What is searched of a document: what is said about it, and its words page by page."""

    about: str
    pages: tuple[str, ...]

    def digests(self, key: bytes) -> set[bytes]:
        """Its postings under its record's key."""
        return {digest(key, word) for word in index_words("\n".join((self.about, *self.pages)))}


def digest(key: bytes, word: str) -> bytes:
    """Under what the start of a word is posted."""
    return hmac_digest(key, word.encode(), sha256)[:WORD_BYTES]


def index(record_id: UUID, document_id: UUID) -> None:
    """Read a document and post its words; again when something about it changed. Doing it twice is fine.

    A document that was deleted or folded is taken out; one whose file has no words is found by what is said about it.

    Raises:
        TamperedError: when its stored file does not open.
    """
    pages = _read(record_id, document_id)
    if pages is None:
        return
    try:
        keep(record_id, document_id, pages)
    except IntegrityError:  # another worker made the record's key, or kept this very text, meanwhile
        keep(record_id, document_id, pages)


def keep(record_id: UUID, document_id: UUID, pages: Sequence[str]) -> None:
    """Post the words of a document whose pages were read."""
    bounded = _bounded(pages)
    with db.write() as tx:
        row = tx.execute(_LOCKED, {"record": record_id, "id": document_id}).first()
        if row is None or row.state in NOWHERE:
            forget(tx, record_id, document_id)
            return
        facts = crypto.unseal(tx, record_id, Document.__tablename__, document_id, row.payload)
        new = Text(_about(facts, row.type_code, row.date), bounded)
        old = _kept_or_lost(tx, record_id, document_id)
        if old is None:
            forget(tx, record_id, document_id)  # nothing, or what does not open any more
        if new != old:
            _write(tx, record_id, document_id, old, new)


def index_about(tx: Connection, record_id: UUID, document_id: UUID) -> None:
    """Post anew what is said about a document (title, remark), in the open unit of work; its pages stay."""
    old = _kept(tx, record_id, document_id)
    if old is not None:
        keep(record_id, document_id, old.pages)


def forget(tx: Connection, record_id: UUID, document_id: UUID) -> None:
    """Take a document's words away, in the unit of work that deletes or folds it."""
    try:
        old = _kept(tx, record_id, document_id)
    except TamperedError:
        every = (DocumentWord.record_id == record_id, DocumentWord.document_id == document_id)
        tx.execute(delete(DocumentWord).where(*every))
        old = Text("", ())
    if old is None:
        return
    _unpost(tx, record_id, document_id, old.digests(word_key(tx, record_id)))
    tx.execute(delete(DocumentText).where(DocumentText.record_id == record_id, DocumentText.id == document_id))


def word_key(tx: Connection, record_id: UUID) -> bytes:
    """The key under which the words of a record are posted; made at its first need, in an open unit of work.

    Without a unit of work a record that has no key yet gives an empty one: nothing is posted under it.
    """
    sealed = tx.execute(_KEY, {"record": record_id}).scalar()
    if sealed is None:
        if not db.in_write():
            return b""
        key = secrets.token_bytes(32)
        payload = crypto.seal_bytes(tx, record_id, DocumentWordKey.__tablename__, "payload", record_id, key)
        tx.execute(insert(DocumentWordKey).values(record_id=record_id, id=record_id, payload=payload))
        return key
    return crypto.unseal_bytes(tx, record_id, DocumentWordKey.__tablename__, "payload", record_id, sealed)


def unpacked(tx: Connection, record_id: UUID, document_id: UUID, sealed: bytes) -> Text:
    """A kept text.

    Raises:
        TamperedError: when it was changed, or stood elsewhere.
    """
    packed = crypto.unseal_bytes(tx, record_id, TABLE, "payload", document_id, sealed)
    about, *pages = zstandard.ZstdDecompressor().decompress(packed).decode().split(_SEPARATOR)
    return Text(about, tuple(pages))


class Backfill:
    """Reads what was filed before texts were kept, a few documents at a time, once through; then it rests.

    Where it stands is not kept: after a restart it passes over what has a text already.
    """

    def __init__(self) -> None:
        self._after: tuple[UUID, UUID] | None = (UUID(int=0), UUID(int=0))

    def run(self, limit: int = BATCH) -> int:
        """The next documents without a text; gives how many were read. 0: there is none left."""
        if self._after is None:
            return 0
        with db.read() as tx:
            rows = tx.execute(_WITHOUT, {"record": self._after[0], "id": self._after[1], "limit": limit}).all()
        for row in rows:
            try:
                index(row.record_id, row.id)
            except Exception as error:  # noqa: BLE001 - one that cannot be read must not stop the others
                _log.error("text_not_read", error=type(error).__name__)
        self._after = (rows[-1].record_id, rows[-1].id) if len(rows) == limit else None
        return len(rows)


_WITHOUT = (
    select(Document.record_id, Document.id)
    .where(
        tuple_(Document.record_id, Document.id) > tuple_(bindparam("record", type_=Id), bindparam("id", type_=Id)),
        Document.state.not_in(NOWHERE),
        ~exists().where(DocumentText.record_id == Document.record_id, DocumentText.id == Document.id),
    )
    .order_by(Document.record_id, Document.id)
    .limit(bindparam("limit"))
)


def _read(record_id: UUID, document_id: UUID) -> Sequence[str] | None:
    """The words of a document's pages; None when there is no such document. Outside any unit of work: it takes time.

    A file never changes: what was read of it once is not read again.
    """
    with db.read() as tx:
        row = tx.execute(_DOCUMENT, {"record": record_id, "id": document_id}).first()
        if row is None:
            return None
        if row.state in NOWHERE:
            return []
        known = _kept_or_lost(tx, record_id, document_id)
        if known is not None and known.pages:
            return known.pages
        content = storage.current().open(tx, record_id, row.body_file_id).read_all()
    return pages_of(content, row.body_media)


def pages_of(content: bytes, media: str, most: int = MAX_PAGES) -> list[str]:
    """The words of a file's first pages; none for a picture, or for what cannot be read.

    Raises:
        BusyError: when too much is being read now.
    """
    try:
        if media == medias.TEXT:
            return [medias.decode_text(content)]
        if media == medias.XML:
            return cda_view.plain_text(content)
        if media in (medias.PDF, medias.RTF):
            return drawing.words(content, media, pages=most)
    except (CdaError, DrawingError):
        return []
    return []


def _bounded(pages: Iterable[str]) -> tuple[str, ...]:
    """Pages without what no page can hold, at most MAX_TEXT characters in all."""
    left, kept = MAX_TEXT, []
    for page in pages:
        if left <= 0:
            break
        kept.append(_clean(page[:left]))
        left -= len(page)
    return tuple(kept)


def _clean(page: str) -> str:
    """Without separators of ours, without words cut at the end of a line, and encodable."""
    for hyphen in ("\u00ad", "\ufffe", "\x02"):
        if hyphen in page:
            page = page.replace(f"{hyphen}\r\n", "").replace(f"{hyphen}\n", "").replace(hyphen, "")
    return page.replace(_SEPARATOR, "\n").replace("\0", "").encode("utf-8", "ignore").decode()


def _about(facts: dict[str, Any], type_code: str, day: date) -> str:
    """What is said about a document, and is found beside its text."""
    told = (str(facts.get(name, "")) for name in ("title", "author", "structure", "depositor", "remark"))
    return _clean("\n".join((*told, kind_words(type_code), day_words(day))))


@lru_cache(maxsize=256)
def kind_words(type_code: str) -> str:
    """The words by which people look for a kind of document: its labels, its category, its plain title."""
    kind = types().get(type_code)
    label = type_label(type_code)
    written_out = label.replace("CR ", "Compte rendu ", 1) if label.startswith("CR ") else ""
    return "\n".join((label, written_out, plain_title(type_code), kind.class_label if kind else ""))


def day_words(day: date) -> str:
    """The words of a date that people look for: `mars 2025`."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def _kept(tx: Connection, record_id: UUID, document_id: UUID) -> Text | None:
    sealed = tx.execute(_TEXT, {"record": record_id, "id": document_id}).scalar()
    return None if sealed is None else unpacked(tx, record_id, document_id, sealed)


def _kept_or_lost(tx: Connection, record_id: UUID, document_id: UUID) -> Text | None:
    try:
        return _kept(tx, record_id, document_id)
    except TamperedError:
        return None


def _write(tx: Connection, record_id: UUID, document_id: UUID, old: Text | None, new: Text) -> None:
    key = word_key(tx, record_id)
    before = old.digests(key) if old else set()
    after = new.digests(key)
    _unpost(tx, record_id, document_id, before - after)
    added = [{"record_id": record_id, "word": one, "document_id": document_id} for one in sorted(after - before)]
    if added:
        tx.execute(_POST, added)
    packed = zstandard.ZstdCompressor(level=3).compress(_SEPARATOR.join((new.about, *new.pages)).encode())
    payload = crypto.seal_bytes(tx, record_id, TABLE, "payload", document_id, packed)
    if old is None:
        tx.execute(insert(DocumentText).values(record_id=record_id, id=document_id, payload=payload))
        return
    this = (DocumentText.record_id == record_id, DocumentText.id == document_id)
    tx.execute(update(DocumentText).where(*this).values(payload=payload))


def _unpost(tx: Connection, record_id: UUID, document_id: UUID, digests: set[bytes]) -> None:
    if digests:
        tx.execute(_TAKE_AWAY, [{"record": record_id, "digest": d, "document": document_id} for d in sorted(digests)])
