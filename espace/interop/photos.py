"""What a person sends from their phone, made ready to be kept: pictures, scans, texts, and several of them as one PDF.

Everything is written anew without place, camera or author's machine; what can act is taken out (security.md R37).
"""

import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

import pikepdf
from PIL import Image

from . import drawing, pictures, rewriting
from . import media as medias
from .jpeg import without_hidden_data
from .media import HEIC, JPEG, PDF, PNG, RTF, TEXT, TIFF, MediaError
from .pictures import PAGE_BYTES, PAGE_POINTS
from .rewriting import Rewritten
from .rtf import clean_rtf, rtf_text

PREVIEW = 900
"""Points across the small picture of a page."""
_SHEET = (PREVIEW, 1273)  # until it is drawn, a page is taken for an A4 sheet
_LEAST = 40_000
_LONGER_SIDE, _LEAST_SIDE = 842, 3  # of A4, and of any page, in points of PDF


@dataclass(frozen=True, slots=True)
class Prepared:
    """One file as it may be kept. `pages` is 0 for a text; `taken_on` is the day a photo says it was taken.

    `width` and `height` are those of the small picture of its first page (see `preview`), as far as they are known.
    """

    content: bytes
    media: str
    pages: int
    taken_on: date | None = None
    width: int = 0
    height: int = 0


def prepare(content: bytes, max_bytes: int) -> Prepared:
    """Have the decoder look at a file, and write it as it may be kept: a picture fits in `max_bytes`.

    Raises:
        MediaError: when it is none of the types people add, broken, locked or a bomb.
    """
    if not content:
        raise MediaError("empty")
    media = medias.sniff(content)
    if media in (JPEG, PNG, HEIC, TIFF):
        return _picture(rewriting.rewrite(content, media, max_bytes), max_bytes)
    if media == PDF:
        written = _clean_pdf(content)
        return Prepared(written, PDF, medias.check_pdf(written).pages, None, *_SHEET)
    if media == RTF:
        return Prepared(clean_rtf(content), RTF, 0)
    return Prepared(_text(content, media), TEXT, 0)


def _picture(made: Rewritten, max_bytes: int) -> Prepared:
    if len(made.pages) > 1:
        return Prepared(as_one_pdf(made.pages, max_bytes), PDF, len(made.pages), made.taken_on, *_SHEET)
    media, written = made.pages[0]
    return Prepared(written, media, 1, made.taken_on, *_small(written, media))


def as_one_pdf(parts: Sequence[tuple[str, bytes]], max_bytes: int) -> bytes:
    """Pictures and PDFs (media type, prepared content), one after the other, as one PDF of at most `max_bytes`.

    Pictures are made coarser, all alike, until the whole fits; PDFs stay as they are.

    Raises:
        MediaError: `too-heavy` when it cannot be, `too-many-pages`.
    """
    fixed = sum(len(content) for media, content in parts if media == PDF)
    photos = [content for media, content in parts if media != PDF]
    room = max_bytes * 97 // 100 - fixed - 2_000 * len(parts)
    share = _share([min(len(content), PAGE_BYTES) for content in photos], room)
    out = BytesIO()
    with pikepdf.new() as whole:
        for media, content in parts:
            if media == PDF:
                with pikepdf.open(BytesIO(content), suppress_warnings=True) as part:
                    whole.pages.extend(part.pages)
            else:
                _add_picture(whole, media, content, share)
        if len(whole.pages) > medias.MAX_PAGES:
            raise MediaError("too-many-pages")
        whole.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    written = out.getvalue()
    if len(written) > max_bytes:
        raise MediaError("too-heavy")
    return written


def preview(media: str, content: bytes) -> tuple[bytes, str]:
    """A picture of the first page of a prepared file, light enough for a telephone; gives it and its type.

    Raises:
        MediaError: when there is nothing to show, or it cannot be drawn now.
    """
    if media in (JPEG, PNG):
        with pictures.open_image(content, media) as image:
            if media == JPEG:
                image.draft(image.mode, (PREVIEW, PREVIEW))
            pictures.load(image)
            small = pictures.flat(image)
        small.thumbnail((PREVIEW, 2 * PREVIEW), Image.Resampling.LANCZOS)
        out = BytesIO()
        small.save(out, "WEBP", quality=72, method=2)
        return out.getvalue(), drawing.WEBP
    if media != PDF:
        raise MediaError("unknown-type")
    drawn = drawing.draw(content, media, pictures=(1,), width=PREVIEW)
    if 1 not in drawn.pictures:
        raise MediaError("broken")
    return drawn.pictures[1], drawing.WEBP


def words_of(media: str, content: bytes) -> str:
    """The words of a prepared text, for its person to check."""
    return rtf_text(content) if media == RTF else medias.decode_text(content)


def _share(sizes: list[int], room: int) -> int:
    """What each picture may weigh so that all fit in `room`: those that weigh less leave theirs to the others.

    Raises:
        MediaError: `too-heavy` when a legible picture would not fit.
    """
    left, share = room, PAGE_BYTES
    for done, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - done)
        if size > share:
            break
        left -= size
        share = PAGE_BYTES
    if sizes and share < _LEAST:
        raise MediaError("too-heavy")
    return min(share, PAGE_BYTES)


def _add_picture(whole: pikepdf.Pdf, media: str, content: bytes, share: int) -> None:
    with pictures.open_image(content, media) as image:
        if media == JPEG:
            image.draft(image.mode, (PAGE_POINTS, PAGE_POINTS))  # decoded at half the size where that is enough
        pictures.load(image)
        if image.mode == "1" and len(packed := zlib.compress(image.tobytes(), 9)) <= share:
            _add_page(whole, image.size, packed, Filter="/FlateDecode", ColorSpace="/DeviceGray", BitsPerComponent=1)
            return
        if media == JPEG and len(content) <= share and image.size == _size_of(content) and image.mode in ("L", "RGB"):
            written, mode = content, image.mode
        else:
            flat = pictures.flat(image)
            flat.thumbnail((PAGE_POINTS, PAGE_POINTS), Image.Resampling.LANCZOS)
            written, mode = pictures.fitted(flat, share, qualities=(80, 70, 60, 50)), "RGB"
    size = _size_of(written)
    space = "/DeviceGray" if mode == "L" else "/DeviceRGB"
    _add_page(whole, size, written, Filter="/DCTDecode", ColorSpace=space, BitsPerComponent=8)


def _size_of(content: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(content), formats=["JPEG"]) as image:
        return image.size


def _add_page(whole: pikepdf.Pdf, size: tuple[int, int], data: bytes, **facts: str | int) -> None:
    """A page as large as its picture, the longer side that of an A4 sheet."""
    across, down = size
    scale = _LONGER_SIDE / max(across, down)
    width, height = max(across * scale, _LEAST_SIDE), max(down * scale, _LEAST_SIDE)
    stream = whole.make_stream(data)
    stream.update({"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Image, "/Width": across, "/Height": down})
    for name, value in facts.items():
        stream[f"/{name}"] = pikepdf.Name(value) if isinstance(value, str) else value
    whole.add_blank_page(page_size=(round(width, 2), round(height, 2)))
    page = whole.pages[-1]
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=stream))
    page.Contents = whole.make_stream(f"q {width:.2f} 0 0 {height:.2f} 0 0 cm /P Do Q".encode())


def _small(content: bytes, media: str) -> tuple[int, int]:
    with pictures.open_image(content, media) as image:
        across, down = image.size
    scale = min(PREVIEW / across, 2 * PREVIEW / down, 1.0)
    return max(1, round(across * scale)), max(1, round(down * scale))


# -- texts --------------------------------------------------------------------------------------------------------


def _text(content: bytes, media: str | None) -> bytes:
    """A text as UTF-8, whichever way an older machine wrote it.

    Raises:
        MediaError: `unknown-type` when it is none.
    """
    if media == TEXT:
        return content.decode("utf-8-sig").encode()
    if media is None:
        for coding in ("utf-16", "cp1252"):
            if coding == "utf-16" and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
                continue
            with suppress(UnicodeDecodeError):
                written = content.decode(coding)
                if _reads_as_words(written):
                    return written.encode()
    raise MediaError("unknown-type")


def _reads_as_words(written: str) -> bool:
    """Whether nearly all of it are letters, digits and the signs between them, and none of it a tag or a control."""
    if written.lstrip().startswith("<") or any(not (c.isprintable() or c in "\t\r\n\f") for c in written):
        return False
    plain = sum(1 for c in written if c.isascii() or c.isalpha() or c in "«»€°’“”–—…\u00a0²³µ×")
    usual = sum(1 for c in written if c.isascii())
    return bool(written.strip()) and plain >= len(written) * 0.99 and usual >= len(written) * 0.7


# -- PDF ----------------------------------------------------------------------------------------------------------


def _clean_pdf(content: bytes) -> bytes:
    """A PDF without anything that could act, and without what cameras hid in its pictures."""
    cleaned = medias.clean_pdf(content)
    if b"Exif\x00" not in cleaned and b"/ObjStm" not in cleaned and b"/DCTDecode" not in cleaned:
        return cleaned
    changed = False
    out = BytesIO()
    try:
        with pikepdf.open(BytesIO(cleaned), suppress_warnings=True) as pdf:
            for each in list(pdf.objects):
                if isinstance(each, pikepdf.Stream) and (photo := _jpeg_of(pdf, each)):
                    bare = without_hidden_data(photo)
                    if bare != photo:
                        each.write(bare, filter=pikepdf.Name.DCTDecode, decode_parms=None)
                        changed = True
            if changed:
                pdf.save(out, deterministic_id=True)
    except (pikepdf.PdfError, ValueError, RuntimeError):
        raise MediaError("broken") from None
    return out.getvalue() if changed else cleaned


def _jpeg_of(pdf: pikepdf.Pdf, stream: pikepdf.Stream) -> bytes | None:
    """The photograph that a stream is, also where it was packed once more; None when it is another thing."""
    around = _listed(stream.get("/Filter"))
    if not around or around.pop() != pikepdf.Name.DCTDecode:
        return None
    if not around:
        return stream.read_raw_bytes()
    packed = pdf.make_stream(stream.read_raw_bytes())
    packed.stream_dict["/Filter"] = pikepdf.Array(around)
    if told := _listed(stream.get("/DecodeParms"))[: len(around)]:
        packed.stream_dict["/DecodeParms"] = pikepdf.Array(told)
    with suppress(pikepdf.PdfError):
        return packed.read_bytes(pikepdf.StreamDecodeLevel.generalized)
    return None


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, pikepdf.Array) else [value]
