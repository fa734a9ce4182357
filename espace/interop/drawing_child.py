"""The child that opens a file and draws it, alone: what a file does to it, it does to this process and to no other.

Started by `drawing` as a program of its own, never imported by the house. It knows nothing of the house: neither its
keys, nor its database, nor the person. It reads one job and one file from its input, writes pages to its output, and
has a bounded memory, a bounded time, no file to write and no other program to start (security.md R33, R35).

Job, one line of JSON: media, first, count, width, pictures (numbers of pages to draw), memory (bytes), seconds.
Answer: frames of two lengths (4 bytes each), a JSON head, and a picture. Heads: {"pages"}, then for each page {"page",
"width", "height", "text"}, then for each picture {"picture"}, or {"failed"} where it stops.

Two other tasks are those of `rewriting`: "check" answers nothing when a picture can be decoded wholly; "anew" answers
{"taken"}, then for each page {"anew": media} with the page as it may be kept, of at most "most" bytes.
"""

import ctypes
import importlib.util
import json
import os
import resource
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

MAX_SIDE = 6000
MAX_DRAWN_PIXELS = 8_000_000
MAX_PIXELS = 50_000_000
MAX_PAGES = 3000
MAX_WORDS = 20_000
"""Characters of one page."""
LEAF = 12_000
"""Characters of one page of a text that has no pages of its own."""
WEBP = "image/webp"
PDF, RTF, TEXT = "application/pdf", "application/rtf", "text/plain"
FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/tiff": "TIFF",
    "image/heic": "HEIF",
    "image/heif": "HEIF",
}
_FRAME = struct.Struct(">II")
_HEAVY = (ValueError, SyntaxError, TypeError, LookupError, ArithmeticError, OSError, EOFError, struct.error)
"""What decoders raise when a file is not what it says."""


class FailedError(Exception):
    """Why a file cannot be drawn: `broken`, `encrypted`, `too-heavy`, `unknown-type`."""


class Sheet(NamedTuple):
    """One page: its number (from 1), its size in pixels as it is drawn, and its words."""

    number: int
    width: int
    height: int
    text: str


class Picture(NamedTuple):
    """One page drawn, as WebP."""

    number: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Job:
    """Which pages of a file of which type, how wide, and which of them as pictures."""

    media: str
    first: int
    count: int
    width: int
    pictures: tuple[int, ...]

    def numbers(self, pages: int) -> range:
        """The pages asked for that there are."""
        return range(max(self.first, 1), min(self.first + self.count, pages + 1))

    def drawn(self, pages: int) -> list[int]:
        """The pictures asked for that there are."""
        return [number for number in self.pictures if 1 <= number <= pages]


Answer = Iterator[int | Sheet | Picture]
"""The number of pages first, then each page; what takes long comes last: the pictures."""


def draw(job: Job, content: bytes) -> Answer:
    """Open a file and give its pages.

    Raises:
        FailedError: when it cannot be drawn.
    """
    if job.media == PDF:
        return _of_pdf(job, content)
    if job.media in FORMATS:
        return _of_image(job, content)
    if job.media in _TEXTS:
        return _of_text(job, _TEXTS[job.media](content))
    raise FailedError("unknown-type")


def scale(across: float, down: float, width: int) -> float:
    """How much larger a page of this size is drawn, its pixels bounded."""
    if not (across > 0 and down > 0):
        raise FailedError("broken")
    return float(min(width / across, MAX_SIDE / down, (MAX_DRAWN_PIXELS / (across * down)) ** 0.5))


# -- PDF -------------------------------------------------------------------------------------------------------------


def _of_pdf(job: Job, content: bytes) -> Answer:
    import pypdfium2
    from pypdfium2 import raw

    try:
        document = pypdfium2.PdfDocument(content)
        pages = len(document)
        yield pages
        for number in job.numbers(pages):
            yield _pdf_sheet(document, number, job)
        for number in job.drawn(pages):
            yield _pdf_picture(document, number, job)
    except pypdfium2.PdfiumError:
        locked = raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD
        raise FailedError("encrypted" if locked else "broken") from None


def _pdf_sheet(document: Any, number: int, job: Job) -> Sheet:
    page = document[number - 1]
    across, down = page.get_size()
    factor = scale(across, down, job.width)
    words = _pdf_words(page)
    page.close()
    return Sheet(number, round(across * factor), round(down * factor), words)


def _pdf_picture(document: Any, number: int, job: Job) -> Picture:
    page = document[number - 1]
    across, down = page.get_size()
    bitmap = page.render(scale=scale(across, down, job.width), may_draw_forms=False)
    content = _webp(bitmap.to_pil().convert("RGB"))
    bitmap.close()
    page.close()
    return Picture(number, content)


def _pdf_words(page: Any) -> str:
    layer = page.get_textpage()
    count = min(layer.count_chars(), MAX_WORDS)
    found = layer.get_text_range(0, count) if count else ""
    layer.close()
    lines = (line.strip() for line in found.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join(line for line in lines if line)


# -- images ----------------------------------------------------------------------------------------------------------


def _of_image(job: Job, content: bytes) -> Answer:
    from PIL import Image

    if FORMATS[job.media] == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    try:
        with Image.open(BytesIO(content), formats=[FORMATS[job.media]]) as image:
            pages = min(getattr(image, "n_frames", 1), MAX_PAGES) if FORMATS[job.media] == "TIFF" else 1
            yield pages
            for number in job.numbers(pages):
                _turn(image, number)
                yield _image_sheet(image, number, job)
            for number in job.drawn(pages):
                _turn(image, number)
                yield Picture(number, _picture(image, job.width))
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise FailedError("too-heavy") from None
    except _HEAVY:
        raise FailedError("broken") from None


def _turn(image: Any, number: int) -> None:
    if getattr(image, "n_frames", 1) > 1:
        image.seek(number - 1)
    across, down = image.size
    if across * down > MAX_PIXELS:  # asked before a pixel is decoded
        raise FailedError("too-heavy")


def _image_sheet(image: Any, number: int, job: Job) -> Sheet:
    """A picture is only drawn smaller: pages of a scanner and photographs alike, upright, on white."""
    across, down = image.size
    if _lies(image):
        across, down = down, across
    factor = min(scale(across, down, job.width), 1)
    return Sheet(number, max(round(across * factor), 1), max(round(down * factor), 1), "")


def _lies(image: Any) -> bool:
    """Whether the camera lay on its side; a TIFF is turned as it is opened."""
    if image.format == "TIFF":
        return False
    try:
        return image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    except _HEAVY:
        return False


def _picture(image: Any, width: int) -> bytes:
    from PIL import ImageOps

    if image.format == "JPEG":
        image.draft("RGB", (width * 2, MAX_SIDE))
    try:
        upright = ImageOps.exif_transpose(image)
    except _HEAVY:
        upright = image.copy()
    if upright.mode.startswith(("I", "F")):
        upright = _eight_bits(upright)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        upright = _on_white(upright.convert("RGBA"))
    flat = upright.convert("RGB")
    factor = min(scale(*flat.size, width), 1)
    if factor < 1:
        flat = flat.resize((max(round(flat.width * factor), 1), max(round(flat.height * factor), 1)))
    return _webp(flat)


def _eight_bits(image: Any) -> Any:
    """A radiograph of twelve or sixteen bits a point, from its darkest to its lightest: else it is black, or white."""
    low, high = image.getextrema()
    factor = 255.0 / ((high - low) or 1)
    return image.convert("F").point(lambda value: value * factor - low * factor).convert("L")


def _on_white(layer: Any) -> Any:
    from PIL import Image

    ground = Image.new("RGB", layer.size, "white")
    ground.paste(layer, mask=layer.getchannel("A"))
    return ground


def _webp(picture: Any) -> bytes:
    out = BytesIO()
    picture.save(out, "WEBP", quality=80, method=2)  # nothing that hung on the file follows
    return out.getvalue()


# -- texts -----------------------------------------------------------------------------------------------------------


def decode(content: bytes) -> str:
    """A text as people read it: by its mark, else UTF-8, else the letters of Western Europe."""
    for mark, code in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(code, "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _of_rtf(content: bytes) -> str:
    from striprtf.striprtf import rtf_to_text

    try:
        return str(
            rtf_to_text(  # type: ignore[no-untyped-call]
                content.decode("cp1252", "replace"), errors="replace"
            )
        )
    except (*_HEAVY, RecursionError):
        raise FailedError("broken") from None


_TEXTS: dict[str, Callable[[bytes], str]] = {RTF: _of_rtf, TEXT: decode}


def leaves(text: str, size: int = LEAF) -> list[str]:
    """A long text in pages: where it says so itself (form feed), else at the end of a line, of a word, or anywhere."""
    found = []
    for part in text.replace("\r\n", "\n").replace("\r", "\n").split("\f"):
        rest = part.strip("\n")
        while len(rest) > size:
            end = max(rest.rfind("\n", size // 2, size), 0) or max(rest.rfind(" ", size // 2, size), 0) or size
            found.append(rest[:end])
            rest = rest[end:].lstrip("\n")
        if rest.strip():
            found.append(rest)
    return found[:MAX_PAGES] or [""]


def _of_text(job: Job, text: str) -> Answer:
    found = leaves("".join(letter for letter in text if letter >= " " or letter in "\n\r\t\f"))
    yield len(found)
    for number in job.numbers(len(found)):
        yield Sheet(number, 0, 0, found[number - 1])


# -- the program -----------------------------------------------------------------------------------------------------


def _send(out: BinaryIO, head: dict[str, Any], picture: bytes = b"") -> None:
    words = json.dumps(head).encode()
    out.write(_FRAME.pack(len(words), len(picture)) + words + picture)
    out.flush()


def _confine(memory: int, seconds: int) -> None:
    """Bound what this process may take, for good: there is no way back from a hard limit."""
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_CORE: 0,  # a crash leaves no picture of the file on the disk (security.md R20)
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 64,
    }
    for kind, limit in limits.items():
        with suppress(ValueError, OSError):  # a lower limit stands already
            resource.setrlimit(kind, (limit, limit))


def _shut_in() -> bool:
    """Shut the file system and the network, for good; programs and fonts stay readable.

    The house's keys and data lie elsewhere: a file that takes this process over finds none. This is the kernel's
    Landlock (Linux 5.13); where there is none, the bounds above are all there is. Gives whether it is done.
    """
    call = ctypes.CDLL(None, use_errno=True).syscall
    version = call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return False
    files = (1 << (13 + (version >= 2) + (version >= 3) + (version >= 5))) - 1  # every right this kernel knows
    size = 8 if version < 4 else 16 if version < 6 else 24
    wanted = struct.pack("=QQQ", files, 0b11, 0b11)[:size]  # files; TCP; signals and sockets of other processes
    rules = call(_CREATE_RULESET, wanted, ctypes.c_size_t(size), ctypes.c_uint32(0))
    if rules < 0:
        return False
    for path in _READABLE:
        with suppress(OSError):
            folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
            call(_ADD_RULE, rules, 1, struct.pack("=Qi", _READ, folder), ctypes.c_uint32(0))
            os.close(folder)
    ctypes.CDLL(None).prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0)
    done = call(_RESTRICT_SELF, rules, ctypes.c_uint32(0)) == 0
    os.close(rules)
    return bool(done)


_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # system calls, the same on every machine
_NO_NEW_RIGHTS = 38
_READ = 0b1100  # files and folders
_READABLE = (sys.prefix, sys.base_prefix, "/usr", "/lib", "/lib64", "/etc/fonts", "/etc/ld.so.cache", "/dev/null")


def _pictures() -> Any:
    """The module beside this program that knows pictures: the house's package is not on this program's path."""
    spec = importlib.util.spec_from_file_location("pictures", Path(__file__).with_name("pictures.py"))
    if spec is None or spec.loader is None:
        raise ImportError
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _rewrite(given: dict[str, Any], pictures: Any, content: bytes, out: BinaryIO) -> None:
    try:
        if given["task"] == "check":
            pictures.check(content, given["media"])
            return
        if taken := pictures.taken_on(content, given["media"]):
            _send(out, {"taken": taken.isoformat()})
        for media, page in pictures.anew(content, given["media"], given["most"]):
            _send(out, {"anew": media}, page)
    except pictures.MediaError as error:
        _send(out, {"failed": error.kind})


def _draw(given: dict[str, Any], content: bytes, out: BinaryIO) -> None:
    job = Job(given["media"], given["first"], given["count"], given["width"], tuple(given["pictures"]))
    try:
        for found in draw(job, content):
            if isinstance(found, int):
                _send(out, {"pages": found})
            elif isinstance(found, Picture):
                _send(out, {"picture": found.number}, found.content)
            else:
                _send(out, {"page": found.number, "width": found.width, "height": found.height, "text": found.text})
    except FailedError as error:
        _send(out, {"failed": str(error)})


def main() -> int:
    """Do the one job of this process."""
    given = json.loads(sys.stdin.buffer.readline())
    pictures = _pictures() if "task" in given else None
    _shut_in()
    _confine(given["memory"], given["seconds"])
    content = sys.stdin.buffer.read()
    out = sys.stdout.buffer
    try:
        if pictures is None:
            _draw(given, content, out)
        else:
            _rewrite(given, pictures, content, out)
    except MemoryError:
        _send(out, {"failed": "too-heavy"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
