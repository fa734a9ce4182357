"""Files that do harm when they are opened, small enough to be written here."""

from io import BytesIO
from typing import Any

import pikepdf
from PIL import Image

from espace.interop import media
from tests.documents.house import pdf, picture

from .test_media import bomb, locked, packed_bomb

SHEET = (595, 842)


def written(document: Any) -> bytes:
    """The bytes of a PDF, packed."""
    out = BytesIO()
    document.save(out, compress_streams=True)
    return out.getvalue()


def long_pdf(pages: int) -> bytes:
    """As many pages as asked for, each with its number."""
    document = pikepdf.new()
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    for number in range(1, pages + 1):
        document.add_blank_page(page_size=SHEET)
        page = document.pages[-1]
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        page.Contents = document.make_stream(b"BT /F1 18 Tf 72 770 Td (page %d) Tj ET" % number)
    return written(document)


def endless(after: int = 0) -> bytes:
    """A page of a million and a half strokes, packed to a few kilobytes, after pages that do no harm."""
    document = pikepdf.open(BytesIO(pdf(*(f"page {n}" for n in range(1, after + 1))))) if after else pikepdf.new()
    document.add_blank_page(page_size=SHEET)
    strokes = b"10 w 0 0 m 600 800 l 0 800 l 600 0 l S 0 0 595 842 re f " * 1_500_000
    document.pages[-1].Contents = document.make_stream(strokes)
    return written(document)


def nested() -> bytes:
    """Forms that draw forms that draw forms: twelve to the eighth."""
    document = pikepdf.new()
    document.add_blank_page(page_size=SHEET)
    facts: dict[str, Any] = {"Type": pikepdf.Name.XObject, "Subtype": pikepdf.Name.Form, "BBox": [0, 0, *SHEET]}
    inner = document.make_stream(b"0 0 595 842 re f", **facts)
    for _ in range(8):
        resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=inner))
        inner = document.make_stream(b"/F Do " * 12, **facts, Resources=resources)
    page = document.pages[0]
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=inner))
    page.Contents = document.make_stream(b"/F Do")
    return written(document)


def absurd(across: float, down: float) -> bytes:
    """One page of this size, in points."""
    document = pikepdf.new()
    document.add_blank_page(page_size=(across, down))
    return written(document)


def scanned(pages: int = 3, size: tuple[int, int] = (600, 800)) -> bytes:
    """A fax: one picture a page."""
    sheets = [Image.new("L", size, 250 - 20 * number) for number in range(pages)]
    out = BytesIO()
    sheets[0].save(out, "TIFF", save_all=True, append_images=sheets[1:], compression="tiff_deflate")
    return out.getvalue()


HARMFUL: dict[str, tuple[bytes, str]] = {
    "locked": (locked(), media.PDF),
    "nothing": (b"", media.PDF),
    "a beginning": (b"%PDF-1.7\n", media.PDF),
    "cut short": (pdf("a", "b")[:300], media.PDF),
    "packed bomb": (packed_bomb(), media.PDF),
    "endless": (endless(), media.PDF),
    "nested": (nested(), media.PDF),
    "a picture bomb": (bomb(), media.PNG),
    "half a picture": (picture((400, 400))[:900], media.JPEG),
    "a PDF called picture": (pdf("a"), media.PNG),
    "a picture called PDF": (picture(), media.PDF),
    "of no known kind": (b"\x00" * 128 + b"DICM", "application/dicom"),
}
"""Each cannot be shown; by which name it came, and as what."""
