"""One document on its page: pictures of its pages drawn here, its words, and how it came."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, abort, request

from espace.documents import services as documents
from espace.documents.services import DocumentFacts
from espace.documents.services.viewing import drawing, lineage
from espace.documents.services.viewing.showing import is_cut, kind_word, shown
from espace.errors import NotFoundError
from espace.interop.drawing import WEBP, DrawingError
from espace.permissions import Permission
from espace.web.attempts import to
from espace.web.files import SANDBOX
from espace.web.guards import requires, viewpoint
from espace.web.rendering import render
from espace.web.viewpoint import Viewpoint

from . import folders, sending, states
from .contents import is_inline
from .words import kind_of, marks

Part = Callable[[Viewpoint, DocumentFacts], dict[str, Any]]
PARTS: dict[str, Part] = {"keep": folders.kept, "states": states.shown, "versions": sending.told}
"""What stands on a document's page beside what it says: `documents/_<name>.html` with the words its function gives.

One line for each: `keep` (star and folder), `states` (who sees it, remark), `versions` (history, sources).
"""
ZOOMS = (1, 2, 3)
PRINTED = 20
"""How many pages of a long document are made ready to print at once."""


@requires(Permission.DOCUMENTS_READ)
def one(document_id: UUID) -> Response:
    """A document; `page` is the first page shown of a long one, `zoom` how many times larger its pages are.

    A copy that is kept as one entry with another leads there: what named it before still does.
    """
    here = viewpoint()
    try:
        content = documents.opened(here.standing, document_id)
    except NotFoundError:
        return to(f"{here.base}/documents/{lineage.place(here.standing, document_id)}")
    document = content.document
    zoom = request.args.get("zoom", 1, int)
    return render(
        "documents/one.html",
        document=document,
        marks=marks(document, here),
        kind=kind_of(document.type_code, here),
        shown=shown(content, _first(), drawing.GROUP),
        zoom=zoom if zoom in ZOOMS else 1,
        file_kind=kind_word(document.body_media),
        is_cut=is_cut,
        opens=is_inline(document, document.body_media),
        parts=PARTS,
        **{name: value for part in PARTS.values() for name, value in part(here, document).items()},
    )


@requires(Permission.DOCUMENTS_READ)
def to_print(document_id: UUID) -> Response:
    """The pages of a document and nothing beside them, twenty at a time from `page` on."""
    content = documents.opened(viewpoint().standing, document_id)
    return render(
        "documents/print.html",
        document=content.document,
        shown=shown(content, _first(), PRINTED, words=False),
    )


def _first() -> int:
    return max(request.args.get("page", 1, int), 1)


@requires(Permission.DOCUMENTS_READ)
def sheet(document_id: UUID, number: int) -> Response:
    """A picture of one page, `zoom` for one to look at closely: nothing of the file reaches the browser (R33)."""
    content = documents.body(viewpoint().standing, document_id)
    try:
        picture = drawing.picture(content, number, wide=request.args.get("zoom", 1, int) > 1)
    except DrawingError:
        abort(404)
    response = Response(picture, mimetype=WEBP)
    response.headers["Content-Security-Policy"] = SANDBOX
    return response
