"""One file of a document being added: looked at as it comes, by itself, so that one refused file refuses no other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from espace.documents.services.entries import checks
from espace.documents.services.entries.filing import Body, content_digest
from espace.errors import InvalidError
from espace.interop import media, photos
from espace.interop.media import PDF, RTF, TEXT, MediaError
from espace.permissions import Standing
from espace.words import N_

from . import scanning, waiting
from .scanning import ScanError

WORDS = frozenset({TEXT, RTF})
_NEVER_LIGHTER = WORDS | {None}  # reading millions of words takes long, for nothing
INFECTED = N_("The antivirus found something harmful in this file: it was not added. Choose another one.")
TOGETHER = N_("Together these pages are too heavy. Remove one, or add them as two documents.")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent, under the name it had."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """What is known of one file of a draft. `size` in bytes; `cleared`: the scanner saw it; `taken`: a photo's day.

    `width` and `height` are those of its small picture.
    """

    id: UUID
    place: int
    name: str
    media: str
    size: int
    pages: int
    digest: str
    cleared: bool
    taken: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A file that may be kept, and what is kept of it."""

    piece: Piece
    content: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that cannot be kept, under the name it had, and why."""

    name: str
    why: str


def judge(
    standing: Standing, uploads: Sequence[Upload], beside: Sequence[Piece] = ()
) -> tuple[list[Judged], list[Refused]]:
    """Look at each file: those that may stand together with the pieces `beside` them, and those that may not."""
    taken: list[Judged] = []
    refused: list[Refused] = []
    for upload in uploads:
        name = checks.clean_title(upload.name)[-checks.MAX_TITLE :]
        try:
            judged = _judged(standing, upload, name)
            _check_company(judged.piece, [*beside, *(one.piece for one in taken)])
        except InvalidError as error:
            refused.append(Refused(name, error.problems["file"]))
        else:
            taken.append(judged)
    return taken, refused


def kept(content: bytes) -> photos.Prepared:
    """What is stored of one file: a picture written anew, a PDF or a text without anything that could act.

    Raises:
        InvalidError: with the reason beside `file`.
    """
    if len(content) > checks.MAX_STORED and media.sniff(content) in _NEVER_LIGHTER:
        raise InvalidError({"file": checks.too_heavy(len(content), checks.MAX_STORED)})
    try:
        made = photos.prepare(content, checks.MAX_STORED)
    except MediaError as error:
        raise InvalidError({"file": checks.why_refused(error)}) from None
    if len(made.content) > checks.MAX_STORED:
        raise InvalidError({"file": checks.too_heavy(len(made.content), checks.MAX_STORED)})
    return made


def cleared(standing: Standing, content: bytes, name: str) -> bool:
    """Whether the scanner says that a file is clean; False when it cannot say now. What is harmful is set aside.

    Raises:
        InvalidError: when the file is larger than may be sent, or harmful (beside `file`).
    """
    if len(content) > checks.MAX_UPLOAD:
        raise InvalidError({"file": checks.too_heavy(len(content), checks.MAX_UPLOAD)})
    try:
        scanning.scan(content)
    except ScanError as error:
        if error.kind == scanning.VIRUS:
            waiting.set_aside_harmful(standing, name, content)
            raise InvalidError({"file": INFECTED}) from None
        return False
    return True


def joined(pieces: Sequence[Piece], contents: Sequence[bytes]) -> Body:
    """One document of all files of a draft: alone as it is, several as one PDF.

    Raises:
        InvalidError: when they are too heavy together (beside `file`).
    """
    if len(pieces) == 1:
        return Body(contents[0], pieces[0].media, pieces[0].pages)
    parts = [(piece.media, content) for piece, content in zip(pieces, contents, strict=True)]
    try:
        whole = photos.as_one_pdf(parts, checks.MAX_STORED)
    except MediaError as error:
        raise InvalidError({"file": TOGETHER if error.kind == "too-heavy" else checks.why_refused(error)}) from None
    return Body(whole, PDF, sum(piece.pages for piece in pieces))


def received(pieces: Sequence[Piece]) -> bytes:
    """The digest by which what was received is recognised: one file's own, else that of all in their order."""
    if len(pieces) == 1:
        return bytes.fromhex(pieces[0].digest)
    return content_digest("|".join(piece.digest for piece in pieces).encode())


def _judged(standing: Standing, upload: Upload, name: str) -> Judged:
    clean = cleared(standing, upload.content, name)
    made = kept(upload.content)
    piece = Piece(
        id=UUID(int=0),
        place=0,
        name=name,
        media=made.media,
        size=len(made.content),
        pages=made.pages,
        digest=content_digest(upload.content).hex(),
        cleared=clean,
        taken=made.taken_on.isoformat() if isinstance(made.taken_on, date) else "",
        width=made.width,
        height=made.height,
    )
    return Judged(piece, made.content)


def _check_company(piece: Piece, others: Sequence[Piece]) -> None:
    """See that a file may stand beside others: a text stands alone, and PDFs must fit together."""
    if not others:
        return
    if piece.media in WORDS or any(other.media in WORDS for other in others):
        raise InvalidError({"file": N_("A text is added by itself: finish with one, then add the other.")})
    fixed = sum(one.size for one in (piece, *others) if one.media == PDF)
    if piece.media == PDF and fixed > checks.MAX_STORED:
        raise InvalidError({"file": TOGETHER})
