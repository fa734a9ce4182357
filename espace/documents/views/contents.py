"""The file of a document, taken away: streamed by ranges, alone in a sandbox, never run (security.md R33)."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain
from urllib.parse import quote
from uuid import UUID

from flask import Response, request

from espace.documents import services as documents
from espace.documents.services import Content, DocumentFacts
from espace.interop import media
from espace.permissions import Permission
from espace.web.guards import requires, viewpoint

SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"
_ENDINGS = {
    media.PDF: "pdf",
    media.JPEG: "jpg",
    media.PNG: "png",
    media.TIFF: "tiff",
    media.TEXT: "txt",
    media.RTF: "rtf",
    media.XML: "xml",
    media.HEIC: "heic",
    "application/dicom": "dcm",
}
_SHOWN = frozenset({media.PDF, media.JPEG, media.PNG, media.TEXT})
"""What browsers show by themselves; all else is only ever saved."""


@requires(Permission.DOCUMENTS_READ)
def content(document_id: UUID) -> Response:
    """What people read of a document; `original=1` gives the file as it came, bit by bit."""
    standing = viewpoint().standing
    whole = request.args.get("original") == "1"
    found = (documents.original if whole else documents.download)(standing, document_id)
    return _answer(found, inline=found.media in _SHOWN and found.media != media.PDF)


@requires(Permission.DOCUMENTS_READ)
def original(document_id: UUID) -> Response:
    """What people read of a document, in the browser's own viewer, alone at its address and in a sandbox (R33).

    A PDF in which anything could act is only saved: browsers run its programs in their viewer whatever we forbid.
    """
    found = documents.download(viewpoint().standing, document_id)
    return _answer(found, inline=is_inline(found.document, found.media))


def is_inline(document: DocumentFacts, kind: str) -> bool:
    """Whether the browser may show a document's file by itself."""
    return kind in _SHOWN and not document.active


def _answer(found: Content, *, inline: bool) -> Response:
    start, end = 0, found.size
    wanted = _wanted(found.size)
    if wanted is not None:
        start, end = wanted
        if start >= end:
            return _headed(Response(status=416), found, f"bytes */{found.size}", inline=inline)
    response = Response(_begun(found, start, end), direct_passthrough=True)
    response.content_length = end - start
    if wanted is not None:
        response.status_code = 206
        return _headed(response, found, f"bytes {start}-{end - 1}/{found.size}", inline=inline)
    return _headed(response, found, "", inline=inline)


def _begun(found: Content, start: int, end: int) -> Iterator[bytes]:
    """The bytes, chunk by chunk; the first is opened now, so that a file that does not open is an error page."""
    pieces = found.reader.read(start, end)
    return chain([next(pieces, b"")], pieces)


def _wanted(size: int) -> tuple[int, int] | None:
    """The one range asked for, from and up to; None for the whole file (no, several or unclear ranges)."""
    if request.if_range and (request.if_range.etag or request.if_range.date):
        return None  # we give no validator, so nothing a browser holds can be known to fit
    asked = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", request.headers.get("Range", "").strip(), re.ASCII)
    if asked is None or asked[0] == "bytes=-":
        return None
    first, last = asked.groups()
    if not first:
        return max(size - int(last), 0), size
    return int(first), min(int(last) + 1, size) if last else size


def _headed(response: Response, found: Content, content_range: str, *, inline: bool) -> Response:
    headers = response.headers
    response.mimetype = found.media if found.media in _ENDINGS else "application/octet-stream"
    if content_range:
        headers["Content-Range"] = content_range
    headers["Accept-Ranges"] = "bytes"
    headers["Content-Security-Policy"] = SANDBOX
    headers["Content-Disposition"] = disposition(found.document.title, found.media, inline=inline)
    headers["Cache-Control"] = "no-store, no-transform"
    return response


def disposition(title: str, kind: str, *, inline: bool = False) -> str:
    """How the browser takes the file, and under which name: plain letters for old ones, the title for others.

    Letters of every script, their marks and pictograms stay; what turns the direction of writing round never does, so
    that a name cannot end otherwise than it looks.
    """
    name = "".join(letter if _is_named(letter) else " " for letter in unicodedata.normalize("NFC", title))
    name = " ".join(name.split()).strip(". ")[:80].rstrip(". ") or "document"
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    bare = " ".join(re.sub(r"[^A-Za-z0-9.\-_() ]", " ", bare).split()).strip(". ") or "document"
    ending = _ENDINGS.get(kind, "bin")
    way = "inline" if inline else "attachment"
    return f"{way}; filename=\"{bare}.{ending}\"; filename*=UTF-8''{quote(f'{name}.{ending}', safe='')}"


def _is_named(letter: str) -> bool:
    """Whether a letter may stand in the name of a file: letters, figures, marks, pictograms and plain signs."""
    return letter in "_.-() " or unicodedata.category(letter) in _NAMED


_NAMED = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No", "So", "Sk", "Zs"})
