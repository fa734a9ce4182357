"""One document on its page: pictures of its pages drawn here, its words, and how it came."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, abort, request

from espace.documents import services as documents
from espace.documents.services import Content, DocumentFacts, type_label
from espace.errors import NotFoundError
from espace.interop import media, pdf_pages
from espace.interop.media import MediaError
from espace.interop.pdf_pages import Sheet
from espace.permissions import Permission
from espace.web.guards import requires, viewpoint
from espace.web.rendering import render
from espace.web.viewpoint import Viewpoint

from .contents import SANDBOX
from .words import marks

Part = Callable[[Viewpoint, DocumentFacts], dict[str, Any]]
PARTS: dict[str, Part] = {}
"""What stands on a document's page beside what it says: `documents/_<name>.html` with the words its function gives.

One line for each: `keep` (star and folder), `states` (who sees it, remark), `versions` (history, sources).
"""
SHEETS = 5
"""How many pages of a PDF stand on one page of ours."""
WIDTH = 1240
MAX_TEXT = 200_000


@requires(Permission.DOCUMENTS_READ)
def one(document_id: UUID) -> Response:
    """A document; `page` is the first page shown of a long PDF."""
    here = viewpoint()
    content = documents.opened(here.standing, document_id)
    document = content.document
    first = max(request.args.get("page", 1, int), 1)
    return render(
        "documents/one.html",
        document=document,
        marks=marks(document, here),
        kind=type_label(document.type_code),
        parts=PARTS,
        **{name: value for part in PARTS.values() for name, value in part(here, document).items()},
        **_shown(content, first),
    )


def _shown(content: Content, first: int) -> dict[str, Any]:
    """What stands in the middle of the page: sheets, a text, or neither."""
    document = content.document
    shown: dict[str, Any] = {"sheets": [], "text": None, "cda": None, "earlier": 0, "later": 0}
    try:
        if document.body_media == media.PDF:
            shown["sheets"] = pdf_pages.sheets(content.reader.read_all(), first, SHEETS, WIDTH)
            shown["earlier"] = max(first - SHEETS, 1) if first > 1 else 0
            shown["later"] = first + SHEETS if first + SHEETS <= document.pages else 0
        elif document.body_media in media.IMAGES:
            shown["sheets"] = [Sheet(1, 0, 0, "")]
        elif document.body_media == media.TEXT:
            shown["text"] = _text(content)
    except MediaError:
        return {**shown, "sheets": []}  # the page then offers the file itself
    return shown


def _text(content: Content) -> str:
    return media.decode_text(b"".join(content.reader.read(0, MAX_TEXT)))


@requires(Permission.DOCUMENTS_READ)
def sheet(document_id: UUID, number: int) -> Response:
    """A picture of one page: nothing of the file itself reaches the browser (security.md R33)."""
    content = documents.body(viewpoint().standing, document_id)
    if content.media != media.PDF and (content.media not in media.IMAGES or number != 1):
        raise NotFoundError
    try:
        if content.media == media.PDF:
            picture = pdf_pages.render(content.reader.read_all(), number, WIDTH)
        else:
            picture = pdf_pages.picture(content.reader.read_all(), content.media, WIDTH)
    except (IndexError, MediaError):
        abort(404)
    response = Response(picture, mimetype=pdf_pages.WEBP)
    response.headers["Content-Security-Policy"] = SANDBOX
    return response
