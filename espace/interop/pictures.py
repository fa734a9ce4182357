"""Pictures opened, turned upright and written anew: Pillow, and nothing of the house.

What comes from outside is opened by the child of `drawing` alone, which loads this module by itself (security.md R33);
the house uses it only on pictures that were written anew before.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

JPEG, PNG, TIFF, HEIC = "image/jpeg", "image/png", "image/tiff", "image/heic"
MAX_PIXELS = 50_000_000
MAX_FRAMES = 100
"""Pages of one TIFF."""
MAX_POINTS = 400_000_000
"""Points of all its pages together."""
PAGE_POINTS = 2339
"""The longer side of a page among others: an A4 sheet at 200 points an inch."""
PAGE_BYTES = 700_000
"""What a page among others weighs, while there is room."""
KINDS = frozenset(
    {
        "empty",
        "unknown-type",
        "broken",
        "truncated",
        "two-in-one",
        "encrypted",
        "no-page",
        "too-many-pages",
        "too-many-frames",
        "too-many-pixels",
        "too-heavy",
        "crowded",
        "active",
        "busy",
    }
)
_FORMATS = {JPEG: "JPEG", PNG: "PNG", TIFF: "TIFF", HEIC: "HEIF"}
_EXIF_IFD, _TAKEN = 0x8769, 0x9003


class MediaError(Exception):
    """Why a file is not accepted; `kind` is one of `KINDS`, `busy` when it could not be looked at now."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


# -- opening ---------------------------------------------------------------------------------------------------------


def open_image(content: bytes, media: str) -> Image.Image:
    """Open a picture of this type: its size is known and bounded, no point of it is decoded.

    Raises:
        MediaError: `broken` or `too-many-pixels`.
    """
    if media == HEIC:
        _learn_heic()
    try:
        image = Image.open(BytesIO(content), formats=[_FORMATS[media]])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise MediaError("too-many-pixels") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, RuntimeError, EOFError, UserWarning):
        raise MediaError("broken") from None
    if image.width * image.height > MAX_PIXELS:  # asked before a pixel is decoded
        image.close()
        raise MediaError("too-many-pixels")
    return image


@cache
def _learn_heic() -> None:
    """Give Pillow the decoder of HEIC when the first one comes: it is heavy, and most days none does."""
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False)


def load(image: Image.Image) -> None:
    """Decode the points of an opened picture.

    Raises:
        MediaError: `broken` or `truncated`.
    """
    try:
        image.load()
    except OSError as error:
        raise MediaError("truncated" if "truncated" in str(error) else "broken") from None
    except (ValueError, SyntaxError, IndexError, MemoryError, Image.DecompressionBombError, struct.error):
        raise MediaError("broken") from None
    except (RuntimeError, EOFError, AttributeError, UserWarning):  # decoders beside Pillow's own
        raise MediaError("broken") from None


def check(content: bytes, media: str) -> None:
    """Decode a picture wholly.

    Raises:
        MediaError: `broken`, `truncated` or `too-many-pixels`.
    """
    with open_image(content, media) as image:
        load(image)


def taken_on(content: bytes, media: str) -> date | None:
    """The day the camera wrote into the picture, if it can be read."""
    with suppress(Exception):  # whatever a camera wrote there, the picture is what counts
        with open_image(content, media) as image:
            said = str(image.getexif().get_ifd(_EXIF_IFD)[_TAKEN])
        return date.fromisoformat(said[:10].replace(":", "-"))
    return None


# -- writing anew ----------------------------------------------------------------------------------------------------


def anew(content: bytes, media: str, max_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Each page of a picture as a type and bytes of at most `max_bytes`: upright, without place, device or other data.

    A JPEG, PNG or HEIC is one page; a HEIC becomes a JPEG, as does a PNG that stays too heavy; pages of a scan are
    PNGs in two colours, else JPEGs, and no larger than paper where they are several.

    Raises:
        MediaError: as `check`; `too-many-frames`, `too-heavy`.
    """
    with open_image(content, media) as image:
        if media == TIFF:
            yield from _frames(image, max_bytes)
        else:
            load(image)
            yield written_anew(_plain(upright_image(image)), max_bytes, lossless=media == PNG)


def written_anew(image: Image.Image, max_bytes: int, *, lossless: bool) -> tuple[str, bytes]:
    """The points of a decoded picture and nothing else: as a PNG when `lossless` and it fits, else as a JPEG.

    Raises:
        MediaError: `too-heavy`.
    """
    if lossless:
        with suppress(_FullError):
            return PNG, _write(_without_profile(image), "PNG", max_bytes, optimize=False)
    return JPEG, fitted(flat(image), max_bytes)


def upright_image(image: Image.Image) -> Image.Image:
    """The picture as its camera was held; as it stands when what the camera wrote cannot be read."""
    try:
        if image.format == "TIFF":
            return ImageOps.exif_transpose(image)
        ImageOps.exif_transpose(image, in_place=True)  # a copy of 50 million points is a lot of memory
    except (SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, OSError, struct.error, UserWarning):
        pass
    return image


def flat(image: Image.Image) -> Image.Image:
    """The picture in RGB, on white: a JPEG has no transparency."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image if image.mode == "RGBA" else image.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    return _without_profile(image if image.mode == "RGB" else image.convert("RGB"))


def fitted(image: Image.Image, max_bytes: int, qualities: tuple[int, ...] = (88, 80, 70)) -> bytes:
    """A JPEG of at most `max_bytes`: coarser, then smaller, until it fits.

    Raises:
        MediaError: `too-heavy`.
    """
    for quality in qualities:
        with suppress(_FullError):
            return _write(image, "JPEG", max_bytes, quality=quality)
    while min(image.size) > 64:
        image = image.resize((max(1, image.width * 3 // 4), max(1, image.height * 3 // 4)), Image.Resampling.LANCZOS)
        with suppress(_FullError):
            return _write(image, "JPEG", max_bytes, quality=qualities[-1])
    raise MediaError("too-heavy")


def _without_profile(image: Image.Image) -> Image.Image:
    """The same pixels in a new image: nothing that hung on the old one follows."""
    mode = image.mode if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA") else "RGB"
    source = image if image.mode == mode else image.convert(mode)
    bare = Image.new(source.mode, source.size)
    if source.mode == "P":
        source = source.convert("RGBA" if "transparency" in source.info else "RGB")
        bare = Image.new(source.mode, source.size)
    bare.paste(source)
    return bare


class _FullError(Exception):
    """More is written than fits."""


class _Room(BytesIO):
    """What is written, up to where it does not fit any more: the rest is not even made."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, piece: Any) -> int:
        if self.tell() + len(piece) > self._most:
            raise _FullError
        return super().write(piece)


def _write(image: Image.Image, kind: str, most: int, **options: Any) -> bytes:
    out = _Room(most)
    image.save(out, kind, **options)
    return out.getvalue()


# -- scans of several pages ------------------------------------------------------------------------------------------


def _frames(image: Image.Image, max_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Each page of a TIFF, written anew."""
    points = 0
    try:
        several = getattr(image, "n_frames", 1) > 1
        for number, frame in enumerate(ImageSequence.Iterator(image), 1):
            points += frame.width * frame.height
            if number > MAX_FRAMES:
                raise MediaError("too-many-frames")
            if frame.width * frame.height > MAX_PIXELS or points > MAX_POINTS:
                raise MediaError("too-many-pixels")
            load(frame)
            yield _page(_plain(upright_image(frame)), max_bytes, several=several)
    except (OSError, ValueError, SyntaxError, RuntimeError, EOFError, LookupError, TypeError, UserWarning):
        raise MediaError("broken") from None


def _page(page: Image.Image, max_bytes: int, *, several: bool) -> tuple[str, bytes]:
    if page.mode == "1" or not several:
        return written_anew(page, min(max_bytes, PAGE_BYTES) if several else max_bytes, lossless=page.mode == "1")
    paper = flat(page)
    paper.thumbnail((PAGE_POINTS, PAGE_POINTS), Image.Resampling.LANCZOS)
    return JPEG, fitted(paper, min(max_bytes, PAGE_BYTES))


def _plain(image: Image.Image) -> Image.Image:
    """Eight bits a point: a scan of sixteen is spread over them."""
    if image.mode.startswith(("I", "F")):
        low, high = image.getextrema()
        span = (float(high) - float(low)) or 1.0  # type: ignore[arg-type]
        return image.convert("F").point(lambda value: value * (255.0 / span) - float(low) * 255.0 / span).convert("L")  # type: ignore[arg-type]
    return image
