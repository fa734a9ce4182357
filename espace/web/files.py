"""Stored files on their way to a browser: streamed by ranges, alone in a sandbox, never run (security.md R33)."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from urllib.parse import quote

from flask import Response, request

from espace.interop import media
from espace.storage import Reader

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
    media.ZIP: "zip",
    "text/calendar": "ics",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/dicom": "dcm",
}
OFFICE = {ending: kind for kind, ending in _ENDINGS.items() if kind.startswith("application/vnd.")}
"""What office programs write as an archive, and that holds no programs of its own, by its ending."""
SHOWN = frozenset({media.PDF, media.JPEG, media.PNG, media.TEXT})
"""What browsers show by themselves; all else is only ever saved."""


@dataclass(frozen=True, slots=True)
class _File:
    reader: Reader
    kind: str
    title: str
    inline: bool


def answer(reader: Reader, kind: str, title: str, *, inline: bool) -> Response:
    """A file of media type `kind`, the whole or the range asked for, saved under `title` unless shown `inline`."""
    found = _File(reader, kind, title, inline)
    start, end = 0, reader.size
    wanted = _wanted(reader.size)
    if wanted is not None:
        start, end = wanted
        if start >= end:
            return _headed(Response(status=416), found, f"bytes */{reader.size}")
    response = Response(_begun(reader, start, end), direct_passthrough=True)
    response.content_length = end - start
    if wanted is not None:
        response.status_code = 206
        return _headed(response, found, f"bytes {start}-{end - 1}/{reader.size}")
    return _headed(response, found, "")


def _begun(reader: Reader, start: int, end: int) -> Iterator[bytes]:
    """The bytes, chunk by chunk; the first is opened now, so that a file that does not open is an error page."""
    pieces = reader.read(start, end)
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


def _headed(response: Response, found: _File, content_range: str) -> Response:
    headers = response.headers
    response.mimetype = found.kind if found.kind in _ENDINGS else "application/octet-stream"
    if content_range:
        headers["Content-Range"] = content_range
    headers["Accept-Ranges"] = "bytes"
    headers["Content-Security-Policy"] = SANDBOX
    headers["Content-Disposition"] = disposition(found.title, found.kind, inline=found.inline)
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
