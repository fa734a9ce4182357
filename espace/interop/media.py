"""What a file really is: signatures propose, the real decoder decides; names and declared types are never asked (R34).

A patient's images are written anew without their hidden data, a patient's PDF loses what could act; a
professional's original is only judged, never changed (security.md R37).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf.sanitize import Sanitizer
from pikepdf.settings import set_qpdf_limits

from . import rewriting
from .pictures import HEIC, JPEG, KINDS, MAX_PIXELS, PNG, TIFF, MediaError

__all__ = ["HEIC", "JPEG", "KINDS", "MAX_PIXELS", "PNG", "TIFF", "MediaError"]  # known here with the other types

PDF, TEXT, RTF, XML, ZIP = (
    "application/pdf",
    "text/plain",
    "application/rtf",
    "text/xml",
    "application/zip",
)
IMAGES = frozenset({JPEG, PNG, TIFF})

MAX_PAGES = 3000
MAX_OBJECTS = 500_000
"""Of a PDF: three thousand pages have a tenth of it; each is looked at, and takes its memory."""
_UNPACKED = 128 * 1024 * 1024
# Process-wide, as the library has it: no stream of a PDF unpacks to more, whoever opens it (security.md R35).
set_qpdf_limits(
    flate_max_memory=_UNPACKED,
    run_length_max_memory=_UNPACKED,
    png_max_memory=_UNPACKED,
    tiff_max_memory=_UNPACKED,
    dct_max_memory=_UNPACKED,
    dct_max_progressive_scans=100,
    parser_max_container_size=1_000_000,
)

_SIGNATURES = (
    (b"%PDF-", PDF),
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"{\\rtf", RTF),
    (b"PK\x03\x04", ZIP),
)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis"})
"""Brands of ISO 23008-12 for one HEVC picture; `mif1` names any codec and needs one of them beside it."""
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_TAIL = 2048


@dataclass(frozen=True, slots=True)
class PdfFacts:
    """Number of pages, and whether the file holds anything that could act: script, launch, embedded file, media."""

    pages: int
    active: bool


def sniff(content: bytes) -> str | None:
    """The media type that the first bytes announce, or None for anything that is not on the list."""
    for signature, media in _SIGNATURES:
        if content.startswith(signature):
            return media
    if _is_heic(content):
        return HEIC
    head = content[:512]
    for mark in _MARKS:
        head = head.removeprefix(mark)
    start = head.replace(b"\x00", b"").lstrip().lower()
    if start.startswith(b"<"):
        return XML if start.startswith((b"<?xml", b"<clinicaldocument", b"<!doctype clinicaldocument")) else None
    return TEXT if _is_text(content) else None


def check(content: bytes) -> str:
    """The media type of a file whose decoder accepts it.

    Raises:
        MediaError: when it is none of the types on the list, broken, or a bomb.
    """
    if not content:
        raise MediaError("empty")
    media = sniff(content)
    if media == PDF:
        check_pdf(content)
    elif media in IMAGES:
        rewriting.check(content, media)
    elif media not in (TEXT, RTF):
        raise MediaError("unknown-type")
    return media


def decode_text(content: bytes) -> str:
    """A text body as people read it: UTF-8, else Latin-1."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _is_heic(content: bytes) -> bool:
    """Whether the first box names HEVC pictures, as iPhones write them."""
    if content[4:8] != b"ftyp":
        return False
    brands = content[8 : min(int.from_bytes(content[:4]), 128)]
    major, others = brands[:4], {brands[at : at + 4] for at in range(8, len(brands), 4)}
    return major in _HEIC_BRANDS or (major == b"mif1" and bool(others & _HEIC_BRANDS))


def _is_text(content: bytes) -> bool:
    """UTF-8 without control characters other than tab, line and page ends."""
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return bool(content) and not any(byte in content for byte in _CONTROLS)


_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13}


# -- PDF -------------------------------------------------------------------------------------------------------------


def check_pdf(content: bytes) -> PdfFacts:
    """Open a PDF, count its pages, look for anything that could act.

    Raises:
        MediaError: when it is no PDF, cut short, locked by a password, or larger than `MAX_PAGES`.
    """
    with _opened_pdf(content) as pdf:
        return PdfFacts(_pages(pdf), _is_active(pdf))


def clean_pdf(content: bytes) -> bytes:
    """A PDF without anything that could act; a harmless one comes back as it was.

    Raises:
        MediaError: as `check_pdf`; `active` when something stays.
    """
    with _opened_pdf(content) as pdf:
        _pages(pdf)
        if not _is_active(pdf):
            return content
        out = BytesIO()
        try:
            _disarm(pdf)
            pdf.save(out, deterministic_id=True)
        except (pikepdf.PdfError, ValueError, RuntimeError):
            raise MediaError("broken") from None
    written = out.getvalue()
    if check_pdf(written).active:
        raise MediaError("active")
    return written


def _opened_pdf(content: bytes) -> pikepdf.Pdf:
    if not content.startswith(b"%PDF-"):
        raise MediaError("unknown-type")
    tail = content[-_TAIL:]
    _, ended, after = tail.rpartition(b"%%EOF")
    if not ended:
        raise MediaError("truncated")
    if after.strip(b" \t\r\n\x00\x1a"):
        raise MediaError("two-in-one")  # something else hangs behind the document
    try:
        pdf = pikepdf.open(BytesIO(content), suppress_warnings=True)
        crowded = _announced(pdf) > MAX_OBJECTS or len(pdf.objects) > MAX_OBJECTS
    except pikepdf.PasswordError:
        raise MediaError("encrypted") from None
    except (pikepdf.PdfError, ValueError, RuntimeError, TypeError):
        raise MediaError("broken") from None
    if crowded:
        pdf.close()
        raise MediaError("crowded")
    return pdf


def _announced(pdf: pikepdf.Pdf) -> int:
    """How many objects a PDF says it has: asked before they are read. What it says wrongly is counted afterwards."""
    index = pdf.trailer.get("/Index")
    told = [int(each) for each in index] if isinstance(index, pikepdf.Array) else []
    return max(int(pdf.trailer.get("/Size", 0)), sum(told[1::2]))


def _pages(pdf: pikepdf.Pdf) -> int:
    try:
        pages = len(pdf.pages)
    except (pikepdf.PdfError, ValueError, RuntimeError):
        raise MediaError("broken") from None
    if not pages:
        raise MediaError("no-page")
    if pages > MAX_PAGES:
        raise MediaError("too-many-pages")
    return pages


_ACTS = frozenset(
    {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition", "/Movie", "/Sound"}
    | {"/RichMediaExecute", "/GoTo3DView"}
)
_ARMED_KEYS = frozenset({"/JS", "/JavaScript", "/AA", "/EmbeddedFiles", "/EF", "/XFA", "/RichMediaContent", "/3DD"})
_MAX_NESTING = 40


def _is_active(pdf: pikepdf.Pdf) -> bool:
    """Whether any object of the file carries an action other than moving within it or following a web link."""
    try:
        return any(_armed(found) for each in pdf.objects for found in _dictionaries(each, 0))
    except (pikepdf.PdfError, ValueError, RuntimeError):
        raise MediaError("broken") from None


def _dictionaries(value: Any, nesting: int) -> Iterator[Any]:
    """The dictionaries inside one object, without following references (each has its own turn)."""
    if nesting > _MAX_NESTING:
        raise MediaError("broken")
    if isinstance(value, pikepdf.Array):
        for item in value:
            if isinstance(item, pikepdf.Array | pikepdf.Dictionary) and not item.is_indirect:
                yield from _dictionaries(item, nesting + 1)
    elif isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
        yield value
        for item in value.values():
            if isinstance(item, pikepdf.Array | pikepdf.Dictionary) and not item.is_indirect:
                yield from _dictionaries(item, nesting + 1)


def _armed(found: Any) -> bool:
    keys = set(found.keys())
    if keys & _ARMED_KEYS:
        return True
    return "/S" in keys and str(found["/S"]) in _ACTS


def _disarm(pdf: pikepdf.Pdf) -> None:
    """Take every action out, then what the library leaves: forms with a life of their own, additional actions."""
    Sanitizer().remove_javascript().remove_external_access().remove_multimedia().remove_attachments().apply(pdf)
    for each in pdf.objects:
        for found in list(_dictionaries(each, 0)):
            for key in _ARMED_KEYS & set(found.keys()):
                del found[key]
            if _armed(found):
                del found["/S"]
