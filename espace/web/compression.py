"""Pages compressed as they leave: zstd where accepted, else gzip; only for visits from our own pages.

Another site that makes a browser ask for a page learns nothing from its compressed length: such answers go out
plain (BREACH, performance.md).
"""

import gzip
import threading

import zstandard
from flask import Flask, Response, g, request

_WORTH_IT = 600  # octets under which headers cost more than they save
_MEDIA = frozenset({"text/html", "application/json", "text/plain", "application/manifest+json"})
_local = threading.local()


def install(app: Flask) -> None:
    """Compress the answers of `app`."""
    app.after_request(compress)


def compress(response: Response) -> Response:
    """The answer, compressed if it may and should be. Streams and files pass untouched."""
    if response.mimetype not in _MEDIA or response.direct_passthrough or response.is_streamed:
        return response
    response.vary.add("Accept-Encoding")
    if "Content-Encoding" in response.headers or g.get("plain_answer") or not _from_here():
        return response
    body = response.get_data()
    if len(body) < _WORTH_IT:
        return response
    accepted = request.accept_encodings
    if accepted["zstd"]:
        response.set_data(_zstd().compress(body))
        response.headers["Content-Encoding"] = "zstd"
    elif accepted["gzip"]:
        response.set_data(gzip.compress(body, 4))
        response.headers["Content-Encoding"] = "gzip"
    return response


def leave_plain() -> None:
    """Let the answer to this request go out as it is: it repeats what was asked beside what a record holds."""
    g.plain_answer = True


def _from_here() -> bool:
    return request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")


def _zstd() -> zstandard.ZstdCompressor:
    found: zstandard.ZstdCompressor | None = getattr(_local, "zstd", None)
    if found is None:  # one per thread: a compressor must not be shared
        found = _local.zstd = zstandard.ZstdCompressor(level=3)
    return found
