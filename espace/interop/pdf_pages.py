"""Pages of a PDF as pictures and text, drawn here so that no PDF ever runs in a browser (security.md R33)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import pypdfium2
from PIL import Image, ImageOps

from .media import IMAGES, MediaError, check_image

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
        if not (across > 0 and down > 0):
            raise MediaError("broken")
        scale = min(width / across, MAX_SIDE / down, (MAX_DRAWN_PIXELS / (across * down)) ** 0.5)
        bitmap = sheet.render(scale=scale, may_draw_forms=False)
        picture = bitmap.to_pil().convert("RGB")
        bitmap.close()
        sheet.close()
    return _webp(picture)


def text(content: bytes, page: int) -> str:
    """The words of page `page` (from 1), empty when it is only a picture.

    Raises:
        IndexError: when there is no such page.
        MediaError: when the file cannot be read.
    """
    with _opened(content) as document:
        sheet = document[_index(document, page)]
        words = sheet.get_textpage()
        found: str = words.get_text_range(0, min(words.count_chars(), _MAX_TEXT)) if words.count_chars() else ""
        words.close()
        sheet.close()
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
        upright = ImageOps.exif_transpose(image)
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
