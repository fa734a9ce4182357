"""The proof of a request: a photo or a PDF, scanned, written anew, sealed, drawn by itself, gone after the decision.

It lies under the key of whoever sent it (a request's) or of the record (an order's): nothing of it is ever readable on
the disk, and no operator takes the file away: they look at its pages as pictures (security.md R33, R34, R38).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy import Connection, bindparam, select

from espace import db, settings, storage
from espace.db import Id
from espace.errors import BusyError, InvalidError, NotFoundError
from espace.family.models import Mandate, Request, Restriction
from espace.identifiers import new_id
from espace.interop import drawing, media, photos, scanner
from espace.interop.media import MediaError
from espace.interop.scanner import InfectedError, ScannerDownError
from espace.words import N_, Message

MAX_UPLOAD = 25 * 1024 * 1024
MAX_STORED = 5 * 1024 * 1024
MAX_PAGES = 20
"""A family record book, a judgment: more pages than that are another document."""
TAKEN = (media.PDF, media.JPEG, media.PNG, media.HEIC, media.TIFF)
ACCEPT = "image/jpeg,image/png,image/heic,image/tiff,application/pdf"
FIELD = "proof"

_NONE = N_("Choose the proof: a photo or a PDF.")
_INFECTED = N_("The antivirus found something harmful in this file: it was not sent. Choose another one.")
_UNSEEN = N_("The antivirus does not answer at the moment: nothing was sent. Try again later.")
_TOO_HEAVY = N_("This file is too heavy, even reduced. Take a photo of each page, or choose a lighter PDF.")
_TOO_LONG = N_("This file has more than %(limit)d pages. Send only those that prove it.", limit=MAX_PAGES)
_WRONG = N_("This file cannot be read here. Choose a photo or a PDF that opens without a password.")
_BUSY = N_("Too many files are being looked at now. Wait a minute, then send this one again.")
_KINDS: dict[str, Message] = {"busy": _BUSY, "too-heavy": _TOO_HEAVY, "too-many-pages": _TOO_LONG}

_OWNER = bindparam("owner", type_=Id)
_NAMED = (
    select(Request.proof_id).where(Request.account_id == _OWNER, Request.proof_id.is_not(None)),
    select(Restriction.file_id).where(Restriction.record_id == _OWNER),
    select(Mandate.file_id).where(Mandate.record_id == _OWNER, Mandate.file_id.is_not(None)),
)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Proof:
    """A file that may be kept: its content as it was written anew, its type, how many pages it has."""

    content: bytes = field(repr=False)
    media: str
    pages: int

    @property
    def facts(self) -> dict[str, str | int]:
        """What the row that names the file keeps of it."""
        return {"media": self.media, "pages": self.pages}


def judge(content: bytes) -> Proof:
    """Look at a file that was sent: the scanner first, then its own decoder, which writes it anew.

    Raises:
        InvalidError: beside `proof`, when it cannot be taken.
    """
    if not content:
        raise InvalidError({FIELD: _NONE})
    if len(content) > MAX_UPLOAD:
        raise InvalidError({FIELD: _TOO_HEAVY})
    if media.sniff(content) not in TAKEN:
        raise InvalidError({FIELD: _WRONG})
    _scan(content)
    try:
        made = photos.prepare(content, MAX_STORED)
    except MediaError as error:
        raise InvalidError({FIELD: _KINDS.get(error.kind, _WRONG)}) from None
    if len(made.content) > MAX_STORED:
        raise InvalidError({FIELD: _TOO_HEAVY})
    if made.pages > MAX_PAGES:
        raise InvalidError({FIELD: _TOO_LONG})
    return Proof(made.content, made.media, made.pages)


@contextmanager
def stored(owner: UUID, proof: Proof) -> Iterator[UUID]:
    """Store a proof durably before the row that names it; what fails in between leaves no file behind."""
    file_id, house = new_id(), storage.current()
    with db.read() as tx:
        house.put(tx, owner, file_id, proof.content)
    try:
        yield file_id
    except BaseException:
        house.delete(owner, file_id)
        raise


def content(owner: UUID, file_id: UUID) -> bytes:
    """A stored proof. Raises TamperedError when it does not open."""
    with db.read() as tx:
        return storage.current().open(tx, owner, file_id).read_all()


def picture(owner: UUID, file_id: UUID, kind: str, number: int) -> bytes:
    """One page of a proof as a picture (WebP), drawn by a process of its own.

    Raises:
        NotFoundError: when there is no such page, or it cannot be drawn.
        BusyError: when too much is being drawn now.
    """
    if not 1 <= number <= MAX_PAGES:
        raise NotFoundError
    drawn = drawing.draw(content(owner, file_id), kind, first=number, count=1, pictures=[number])
    if number not in drawn.pictures:
        raise BusyError if drawn.failed == "too-slow" else NotFoundError
    return drawn.pictures[number]


def delete_later(owner: UUID, file_id: UUID) -> None:
    """Remove a file once the open unit of work is committed."""
    house = storage.current()
    db.after_commit(lambda: house.delete(owner, file_id))


def named_files(tx: Connection, owner: UUID) -> set[UUID]:
    """The files of an owner that rows of this room name (see `documents.services.sweeping`)."""
    return {one for statement in _NAMED for one in tx.execute(statement, {"owner": owner}).scalars() if one}


def _scan(content: bytes) -> None:
    url = settings.current().scanner_url
    if not url:
        return
    try:
        scanner.scan(url, content)
    except InfectedError as error:
        _log.warning("scanner_hit", signature=error.name[:80])
        raise InvalidError({FIELD: _INFECTED}) from None
    except ScannerDownError:
        _log.error("scanner_down")
        raise InvalidError({FIELD: _UNSEEN}) from None
