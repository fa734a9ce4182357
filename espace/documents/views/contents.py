"""The file of a document, taken away: streamed by ranges, alone in a sandbox, never run (security.md R33)."""

from uuid import UUID

from flask import Response, request

from espace.documents import services as documents
from espace.documents.services import Content, DocumentFacts
from espace.interop import media
from espace.permissions import Permission
from espace.web.files import SHOWN, answer
from espace.web.guards import requires, viewpoint


@requires(Permission.DOCUMENTS_READ)
def content(document_id: UUID) -> Response:
    """What people read of a document; `original=1` gives the file as it came, bit by bit."""
    standing = viewpoint().standing
    whole = request.args.get("original") == "1"
    found = (documents.original if whole else documents.download)(standing, document_id)
    return _answer(found, inline=found.media in SHOWN and found.media != media.PDF)


@requires(Permission.DOCUMENTS_READ)
def original(document_id: UUID) -> Response:
    """What people read of a document, in the browser's own viewer, alone at its address and in a sandbox (R33).

    A PDF in which anything could act is only saved: browsers run its programs in their viewer whatever we forbid.
    """
    found = documents.download(viewpoint().standing, document_id)
    return _answer(found, inline=is_inline(found.document, found.media))


def is_inline(document: DocumentFacts, kind: str) -> bool:
    """Whether the browser may show a document's file by itself."""
    return kind in SHOWN and not document.active


def _answer(found: Content, *, inline: bool) -> Response:
    return answer(found.reader, found.media, found.document.title, inline=inline)
