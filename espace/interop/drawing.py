"""Files drawn by a child process: whatever a file does when it is opened, it does there (security.md R33, R35).

Each call starts one child, gives it one file by a pipe, and takes pages back as they come. The child's memory, time and
answer are bounded; it is killed when it is late, and pages that came before are kept. Nothing touches the disk.
"""

import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from espace.errors import BusyError

PDF, RTF, TEXT = "application/pdf", "application/rtf", "text/plain"
PICTURES = frozenset({"image/jpeg", "image/png", "image/tiff", "image/heic", "image/heif"})
DRAWN = PICTURES | {PDF}
"""Types whose pages are pictures."""
READ = frozenset({RTF, TEXT})
"""Types whose pages are words."""
WEBP = "image/webp"
WIDTH = 1240
"""Pixels across a page: a sheet of paper at 150 points an inch."""
WIDE = 2480
"""Pixels across a page that is looked at closely."""
MAX_PAGES = 3000
"""Pages of one file that are looked at."""
MOST_WORDS = 20_000
"""Characters kept of the words of one page."""
SECONDS = 6
MEMORY = 768 * 1024 * 1024
AT_ONCE = 2
"""Children of one process at a time; who comes then waits for `PATIENCE` seconds."""
PATIENCE = 3

_CHILD = Path(__file__).with_name("drawing_child.py")
_FRAME = struct.Struct(">II")
_MOST = 100_000
"""No page has a higher number, nor a longer side."""
_MAX_HEAD = 512 * 1024
_MAX_PICTURE = 32 * 1024 * 1024
_KINDS = frozenset({"broken", "encrypted", "too-heavy", "too-slow", "unknown-type"})
_room = threading.BoundedSemaphore(AT_ONCE)


class DrawingError(Exception):
    """Why a file cannot be drawn; `kind` is broken, encrypted, too-heavy, too-slow or unknown-type."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind if kind in _KINDS else "broken"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page: its number (from 1), its size as it is drawn, in pixels (0: it is words only), its words."""

    number: int
    width: int
    height: int
    text: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """Pages of a file: how many there are, those that were asked for, and as pictures (WebP) those to be drawn.

    `failed` says why not all of it came: a kind of `DrawingError`, or nothing.
    """

    pages: int
    sheets: tuple[Sheet, ...]
    pictures: Mapping[int, bytes]
    failed: str = ""


def draw(
    content: bytes,
    media: str,
    *,
    first: int = 1,
    count: int = 1,
    pictures: Sequence[int] = (),
    width: int = WIDTH,
    seconds: int = SECONDS,
) -> Drawn:
    """Pages `first` and after of a file, those of `pictures` drawn; what came before a fault is kept.

    Raises:
        BusyError: when too much is being drawn now.
    """
    job = {
        "media": media,
        "first": first,
        "count": count,
        "width": width,
        "pictures": list(pictures),
        "memory": MEMORY,
        "seconds": seconds,
    }
    pages, failed = 0, ""
    sheets: list[Sheet] = []
    drawn: dict[int, bytes] = {}
    try:
        for head, picture in answers(job, content, seconds):
            if "failed" in head:
                failed = DrawingError(str(head["failed"])).kind
            elif "pages" in head:
                pages = _number(head["pages"])
            elif "picture" in head:
                drawn[_number(head["picture"])] = picture
            else:
                sheets.append(_sheet(head))
            if len(sheets) > count or len(drawn) > len(pictures):
                failed = "broken"  # more than was asked for: no answer of our program
                break
    except DrawingError as error:
        failed = error.kind
    return Drawn(pages, tuple(sheets), drawn, failed)


def words(content: bytes, media: str, *, pages: int = MAX_PAGES, seconds: int = 30) -> list[str]:
    """The words of a file's first pages, one text for each; fewer when a page stops it.

    Raises:
        DrawingError: when not even one page can be read.
        BusyError: when too much is being drawn now.
    """
    found = draw(content, media, count=pages, seconds=seconds)
    if found.failed and not found.sheets:
        raise DrawingError(found.failed)
    return [sheet.text for sheet in found.sheets]


def _sheet(head: dict[str, Any]) -> Sheet:
    page, width, height = (_number(head.get(name)) for name in ("page", "width", "height"))
    return Sheet(page, width, height, str(head.get("text", "")))


def _number(given: object) -> int:
    if not isinstance(given, int) or not 0 <= given <= _MOST:
        raise DrawingError("broken")
    return given


def answers(
    job: Mapping[str, Any],
    content: bytes,
    seconds: int,
    room: threading.BoundedSemaphore | None = None,
    patience: float | None = None,
) -> Iterator[tuple[dict[str, Any], bytes]]:
    """What a child of its own answers to one job: heads and what hangs on them, none of it to be believed.

    Raises:
        DrawingError: when it is late, dies, or speaks another language.
        BusyError: when `room` has no seat for `patience` seconds; that of drawings, unless another is given.
    """
    with _seat(room or _room, PATIENCE if patience is None else patience), _started(seconds) as (child, late):
        assert child.stdin is not None  # noqa: S101 - both are pipes
        assert child.stdout is not None  # noqa: S101
        with suppress(BrokenPipeError):
            child.stdin.write(json.dumps(job).encode() + b"\n")
            child.stdin.write(content)
            child.stdin.close()
        while (frame := _frame(child.stdout)) is not None:
            yield frame
        if child.wait() != 0 or late.is_set():
            raise DrawingError("too-slow" if late.is_set() or child.returncode == -_TOO_LONG else "too-heavy")


_TOO_LONG = 24
"""The signal of a process that used up its time (SIGXCPU)."""


@contextmanager
def _seat(room: threading.BoundedSemaphore, patience: float) -> Iterator[None]:
    if not room.acquire(timeout=patience):
        raise BusyError
    try:
        yield
    finally:
        room.release()


@contextmanager
def _started(seconds: int) -> Iterator[tuple[subprocess.Popen[bytes], threading.Event]]:
    """The child, without anything of this process: no environment, no open file, no folder; dead when the block is."""
    late = threading.Event()
    child = subprocess.Popen(  # noqa: S603 - our own program, nothing of a file or a person in its arguments
        [sys.executable, "-I", "-B", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
        start_new_session=True,
    )

    def stop() -> None:
        late.set()
        _end(child)

    timer = threading.Timer(seconds, stop)
    timer.start()
    try:
        with child:
            try:
                yield child, late
            finally:
                _end(child)
    except BrokenPipeError:
        raise DrawingError("too-heavy") from None
    finally:
        timer.cancel()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and what it started: a child of its own would hold the pipe that is read here."""
    with suppress(ProcessLookupError):
        if child.returncode is None:  # not waited for yet: the number is still its own
            os.killpg(child.pid, signal.SIGKILL)


def _frame(out: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """The next frame, or None at the end. A child may have been taken over: nothing it says is believed."""
    start = out.read(_FRAME.size)
    if len(start) < _FRAME.size:
        return None
    head_size, picture_size = _FRAME.unpack(start)
    if head_size > _MAX_HEAD or picture_size > _MAX_PICTURE:
        raise DrawingError("broken")
    head, picture = out.read(head_size), out.read(picture_size)
    if len(head) < head_size or len(picture) < picture_size:
        return None
    try:
        found = json.loads(head)
    except (ValueError, RecursionError):
        raise DrawingError("broken") from None
    if not isinstance(found, dict):
        raise DrawingError("broken")
    return found, picture
