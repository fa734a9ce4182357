"""The files inside a clinical document, taken out one by one (security.md R33, R36)."""

from dataclasses import dataclass
from uuid import UUID

from espace.errors import NotFoundError
from espace.interop import cda_view, drawing, media
from espace.interop.cda import CdaError
from espace.permissions import Standing

from .drawing import Readable
from .reading import body, download


@dataclass(frozen=True, slots=True)
class Inner:
    """A file inside a clinical document, ready to be sent: a picture drawn anew, or a file to be saved."""

    title: str
    media: str
    content: bytes
    is_picture: bool


def inner(standing: Standing, document_id: UUID, number: int) -> Inner:
    """The file of this number inside a document: a picture shares the page's row of the trail, a file has its own.

    Raises:
        BusyError: when too much is being drawn now.
        NotFoundError: when there is none for this standing, or a picture that cannot be drawn.
        TamperedError: when the stored file does not open.
    """
    found = body(standing, document_id)
    taken = taken_out(found, found.document.title, number)
    if not taken.is_picture:
        download(standing, document_id)  # taken away: its row is written before the first byte (R25)
    return taken


def taken_out(found: Readable, title: str, number: int) -> Inner:
    """The file of this number inside an opened clinical document, wherever it lies; leaves no row.

    Raises:
        BusyError: when too much is being drawn now.
        NotFoundError: when there is none, or a picture that cannot be drawn.
        TamperedError: when the stored file does not open.
    """
    if found.media != media.XML:
        raise NotFoundError
    try:
        kind, content = cda_view.attachment(found.reader.read_all(), number)
    except (CdaError, LookupError):
        raise NotFoundError from None
    if kind not in media.IMAGES:
        return Inner(title, kind, content, is_picture=False)
    drawn = drawing.draw(content, kind, pictures=[1]).pictures.get(1)
    if drawn is None:
        raise NotFoundError
    return Inner(title, drawing.WEBP, drawn, is_picture=True)
