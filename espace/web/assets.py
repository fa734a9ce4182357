"""Static files, read once, under names that carry their hash: kept for a year, compressed ahead.

`/static/<stem>.<hash>.<ext>`; templates write `{{ asset('app.css') }}`.
"""

import gzip
import mimetypes
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import zstandard
from flask import Blueprint, Flask, Response, abort, request

from .guards import public

FOLDER = Path(__file__).resolve().parent.parent / "static"
_TEXT = frozenset({".css", ".js", ".svg", ".json", ".webmanifest", ".txt"})
_YEAR = 31_536_000

pages = Blueprint("assets", __name__)


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file in memory, as it is and compressed (empty when compression does not pay)."""

    name: str
    media: str
    plain: bytes
    gzip: bytes
    zstd: bytes
    tag: str


@cache
def source(name: str) -> bytes:
    """The bytes of `static/<name>`."""
    return (FOLDER / name).read_bytes()


@cache
def _shelf() -> tuple[dict[str, Asset], dict[str, str]]:
    """Every static file by hashed name, and the hashed address of each plain name."""
    assets: dict[str, Asset] = {}
    addresses: dict[str, str] = {}
    for path in sorted(FOLDER.rglob("*")):
        if not path.is_file():
            continue
        made = _made(path)
        assets[made.name] = made
        addresses[path.relative_to(FOLDER).as_posix()] = f"/static/{made.name}"
    return assets, addresses


def _made(path: Path) -> Asset:
    plain = path.read_bytes()
    tag = sha256(plain).hexdigest()[:12]
    folder = path.parent.relative_to(FOLDER)
    name = (folder / f"{path.stem}.{tag}{path.suffix}").as_posix()
    media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if path.suffix == ".js":
        media = "text/javascript"
    if path.suffix not in _TEXT:
        return Asset(name, media, plain, b"", b"", tag)
    packed = zstandard.ZstdCompressor(level=19).compress(plain)
    return Asset(name, f"{media}; charset=utf-8", plain, gzip.compress(plain, 9, mtime=0), packed, tag)


def address(name: str) -> str:
    """The address of `static/<name>`, hash included.

    Raises:
        KeyError: when there is no such file (a page that names one is never written).
    """
    return _shelf()[1][name]


@pages.get("/static/<path:name>")
@public
def static_file(name: str) -> Response:
    """One static file, compressed as the browser accepts."""
    found = _shelf()[0].get(name)
    if found is None:
        abort(404)
    coding, body = _coded(found)
    response = Response(body, content_type=found.media)
    response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    response.headers["Vary"] = "Accept-Encoding"
    # Nothing runs or loads from a static file opened by itself.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; frame-ancestors 'none'"
    if coding:
        response.headers["Content-Encoding"] = coding
    response.set_etag(f"{found.tag}{coding and '-' + coding}")
    response.make_conditional(request)
    return response


def _coded(found: Asset) -> tuple[str, bytes]:
    accepted = request.accept_encodings
    if found.zstd and accepted["zstd"]:
        return "zstd", found.zstd
    if found.gzip and accepted["gzip"]:
        return "gzip", found.gzip
    return "", found.plain


def install(app: Flask) -> None:
    """Serve the static files, and let templates name them."""
    _shelf()
    app.register_blueprint(pages)
    app.jinja_env.globals.update(asset=address, has_asset=_shelf()[1].__contains__)
