"""Pictures from outside, looked at and written anew by a child process: no point of them is decoded here (R33, R37).

What comes back is bounded and is a JPEG or a PNG by its first bytes, whatever the child says; nothing else of it is
believed.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from espace.errors import BusyError

from . import drawing
from .drawing import DrawingError
from .pictures import JPEG, KINDS, MAX_FRAMES, PNG, MediaError

SECONDS = 30
"""For the slowest of 50 million points, on a slow machine; a photo takes one."""
AT_ONCE = 2
"""Of one process; seats of their own: who sends heavy pictures keeps nobody from looking at documents."""
PATIENCE = 20
"""Seconds that an upload waits for a seat: who sent it waits for its progress anyway."""
MEMORY = 1536 * 1024 * 1024
"""Of addresses, of which half is ever used: a picture of 50 million points, upright and on white."""
_room = threading.BoundedSemaphore(AT_ONCE)
_SIGNATURES = {JPEG: b"\xff\xd8\xff", PNG: b"\x89PNG\r\n\x1a\n"}


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The pages of a picture (media type, content), and the day it was taken, if it tells."""

    pages: tuple[tuple[str, bytes], ...]
    taken_on: date | None


def check(content: bytes, media: str) -> None:
    """Have a picture decoded wholly.

    Raises:
        MediaError: `broken`, `truncated`, `too-many-pixels`, `too-heavy`; `busy` when nobody can look at it now.
    """
    with _named():
        for _head, _picture in _answers(content, {"task": "check", "media": media}):
            pass


def rewrite(content: bytes, media: str, max_bytes: int) -> Rewritten:
    """Have a picture written anew, each page of at most `max_bytes` (see `pictures.anew`).

    Raises:
        MediaError: as `check`; `too-many-frames`.
    """
    pages: list[tuple[str, bytes]] = []
    taken = None
    with _named():
        for head, picture in _answers(content, {"task": "anew", "media": media, "most": max_bytes}):
            if "taken" in head:
                taken = _day(head["taken"])
            else:
                pages.append((_kind(head.get("anew"), picture, max_bytes), picture))
            if len(pages) > MAX_FRAMES:
                raise MediaError("too-many-frames")
    if not pages:
        raise MediaError("broken")
    return Rewritten(tuple(pages), taken)


def _answers(content: bytes, job: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """What the child says, up to where it stops."""
    bounds = {"memory": MEMORY, "seconds": SECONDS}
    for head, picture in drawing.answers(job | bounds, content, SECONDS, _room, PATIENCE):
        if "failed" in head:
            raise MediaError(head["failed"] if head["failed"] in KINDS else "broken")
        yield head, picture


@contextmanager
def _named() -> Iterator[None]:
    """Faults of the child, in the words of files that are not accepted."""
    try:
        yield
    except DrawingError as error:  # late, or it died of what it opened
        raise MediaError("too-heavy" if error.kind == "too-slow" else "broken") from None
    except BusyError:
        raise MediaError("busy") from None


def _kind(said: object, picture: bytes, max_bytes: int) -> str:
    for media, signature in _SIGNATURES.items():
        if said == media and picture.startswith(signature) and len(picture) <= max_bytes:
            return media
    raise MediaError("broken")


def _day(said: object) -> date | None:
    try:
        return date.fromisoformat(str(said)[:10])
    except ValueError:
        return None
