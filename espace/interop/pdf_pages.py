"""Pages of a PDF as pictures and text, drawn here so that no PDF ever runs in a browser (security.md R33)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import pypdfium2
from PIL import Image

from .media import IMAGES, MediaError, check_image, upright_image

WEBP = "image/webp"
MAX_SIDE = 6000
MAX_DRAWN_PIXELS = 8_000_000
_MAX_TEXT = 20_000

# PDFium keeps state of its own: one page at a time in each process.
_pdfium = threading.Lock()


def render(content: bytes, page: int, width: int) -> bytes:
    """Draw page `page` (from 1) of a PDF, `width` pixels wide or less; gives WebP.

    Raises:
        IndexError: when there is no such page.
        MediaError: when the file cannot be drawn.
    """
    with _opened(content) as document:
        sheet = document[_index(document, page)]
        across, down = sheet.get_size()
        bitmap = sheet.render(scale=_scale(across, down, width), may_draw_forms=False)
        picture = bitmap.to_pil().convert("RGB")
        bitmap.close()
        sheet.close()
    return _webp(picture)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page: its number (from 1), its size as `render` draws it, in pixels, and its words."""

    number: int
    width: int
    height: int
    text: str


def sheets(content: bytes, first: int, count: int, width: int) -> list[Sheet]:
    """What is known of up to `count` pages from page `first` on, without drawing them.

    Raises:
        MediaError: when the file cannot be read.
    """
    found = []
    with _opened(content) as document:
        for number in range(max(first, 1), min(first + count, len(document) + 1)):
            sheet = document[number - 1]
            across, down = sheet.get_size()
            scale = _scale(across, down, width)
            found.append(Sheet(number, round(across * scale), round(down * scale), _words(sheet)))
            sheet.close()
    return found


def text(content: bytes, page: int) -> str:
    """The words of page `page` (from 1), empty when it is only a picture.

    Raises:
        IndexError: when there is no such page.
        MediaError: when the file cannot be read.
    """
    found = sheets(content, page, 1, 1000) if page > 0 else []
    if not found:
        raise IndexError(page)
    return found[0].text


def _scale(across: float, down: float, width: int) -> float:
    """How much larger a page of this size (in points) is drawn, its pixels bounded."""
    if not (across > 0 and down > 0):
        raise MediaError("broken")
    return float(min(width / across, MAX_SIDE / down, (MAX_DRAWN_PIXELS / (across * down)) ** 0.5))


def _words(sheet: pypdfium2.PdfPage) -> str:
    page = sheet.get_textpage()
    count = min(page.count_chars(), _MAX_TEXT)
    found = page.get_text_range(0, count) if count else ""
    page.close()
    lines = (line.strip() for line in found.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join(line for line in lines if line)


def picture(content: bytes, media: str, width: int) -> bytes:
    """Draw an image anew, upright, `width` pixels wide or less; gives WebP without hidden data.

    Raises:
        MediaError: when it is no image, broken, or a bomb.
    """
    if media not in IMAGES:
        raise MediaError("unknown-type")
    check_image(content, media)
    with Image.open(BytesIO(content)) as image:
        image.thumbnail((width, MAX_SIDE))
        upright = upright_image(image)
        return _webp(upright.convert("RGB"))


@contextmanager
def _opened(content: bytes) -> Iterator[pypdfium2.PdfDocument]:
    with _pdfium:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError:
            raise MediaError("broken") from None
        try:
            yield document
        except pypdfium2.PdfiumError:
            raise MediaError("broken") from None
        finally:
            document.close()


def _index(document: pypdfium2.PdfDocument, page: int) -> int:
    if not 1 <= page <= len(document):
        raise IndexError(page)
    return page - 1


def _webp(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "WEBP", quality=80, method=2)
    return out.getvalue()
