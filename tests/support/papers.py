"""Small real files for tests."""

from io import BytesIO

import pikepdf
from PIL import Image


def pdf(words: str = "", pages: int = 1) -> bytes:
    """A PDF with a line of text on each page."""
    file = pikepdf.new()
    for number in range(pages):
        file.add_blank_page(page_size=(595, 842))
        line = f"BT /F1 14 Tf 60 780 Td ({words} {number + 1}) Tj ET".encode("latin-1")
        page = file.pages[number]
        page.Contents = file.make_stream(line)
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    out = BytesIO()
    file.save(out)
    return out.getvalue()


def jpeg(width: int = 120, height: int = 80) -> bytes:
    """A small photograph without any metadata."""
    out = BytesIO()
    Image.new("RGB", (width, height), (180, 200, 220)).save(out, "JPEG")
    return out.getvalue()
