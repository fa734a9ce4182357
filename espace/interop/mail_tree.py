"""The parts of a message. A message written as the rules say is cut by looking for its boundaries alone.

Whatever is written otherwise goes to the standard library's reader, which knows how to guess; both lead to the same.
"""

import binascii
import re
from dataclasses import dataclass, field
from email.errors import CloseBoundaryNotFoundDefect, MessageDefect
from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import compat32
from typing import Any

from .mail_charset import base64_bytes
from .mail_headers import MAX_HEAD, Headers, Valued, media_of, split_head, valued
from .mail_letter import MailError

MAX_BYTES = 25 * 1024 * 1024
MAX_PARTS = 100
MAX_DEPTH = 10
_MAX_WORK = 2_000_000
"""Lines times the boundaries to look for in each, for the standard reader: some two seconds."""
_MAX_DASHES = 5000
_BOUNDARY = re.compile(
    rb'(?:^|;)[ \t]*boundary[ \t]*=[ \t]*(?:"([^"\\]{1,200})"|([^\s";\\]{1,200}))[ \t]*(?:;|$)', re.IGNORECASE
)
_BLANK = b"\r\n\r\n"


class _OddError(Exception):
    """The message is not written as the rules say."""


@dataclass(slots=True)
class Node:
    """A part: its headers, and its bytes as they travel, or the parts that it holds."""

    headers: Headers
    type: Valued
    media: str
    travelling: bytes | memoryview = b""
    children: list["Node"] = field(default_factory=list)

    def content(self) -> tuple[bytes, bool]:
        """The bytes, decoded, and whether they could be."""
        encoding = self.headers.raw("content-transfer-encoding").strip().lower()
        if encoding == "base64":
            return base64_bytes(self.travelling)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(self.travelling), True
        return bytes(self.travelling), encoding in ("", "7bit", "8bit", "binary")


@dataclass(slots=True)
class Tree:
    """A message: its outermost part, and codes of what was wrong with how it is built."""

    root: Node
    faults: list[str] = field(default_factory=list)


def grown(content: bytes) -> Tree:
    """The parts of a message.

    Raises:
        MailError: beyond the limits (security.md R42).
    """
    if len(content) > MAX_BYTES:
        raise MailError("too-large")
    try:
        return quickly(content)
    except _OddError:
        return patiently(content)


def quickly(content: bytes) -> Tree:
    """The parts of a message that is written as the rules say; `_OddError` when it is not."""
    return Tree(_Quick(content).part(0, len(content), "text/plain", 0))


class _Quick:
    """Cuts a message at its boundaries."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._view = memoryview(content)
        self._parts = 0

    def part(self, start: int, end: int, default: str, depth: int) -> Node:
        """The part that lies between two places."""
        content = self._content
        if content.startswith(b"\r\n", start, end + 2):  # the line end of a boundary may be the blank line too
            head, body = b"", start + 2
        else:
            stop = content.find(_BLANK, start, min(end + 2, start + MAX_HEAD + 4))
            if stop < 0:
                raise _OddError
            head, body = content[start:stop], stop + 4
        headers = split_head(head)
        if headers is None:
            raise _OddError
        kind = valued(headers.raw("content-type"))
        node = Node(headers, kind, media_of(kind.value, default))
        if not kind.value.startswith("multipart"):
            node.travelling = self._view[min(body, end) : end]
            return node
        if not node.media.startswith("multipart/"):
            raise _OddError
        if depth >= MAX_DEPTH:
            raise MailError("too-deep")
        inner = "message/rfc822" if node.media == "multipart/digest" else "text/plain"
        for first, last in self._cuts(_boundary(headers), body - 2, end):
            self._parts += 1
            if self._parts > MAX_PARTS:
                raise MailError("too-many-parts")
            node.children.append(self.part(first, last, inner, depth + 1))
        return node

    def _cuts(self, boundary: bytes, start: int, end: int) -> list[tuple[int, int]]:
        """From where to where the parts go that a boundary divides."""
        content, mark = self._content, b"\r\n--" + boundary
        if content.count(mark, start, end) != content.count(mark[2:], start, end):
            raise _OddError
        cuts: list[tuple[int, int]] = []
        place, first, looks = start, -1, 0
        while (place := content.find(mark, place, end)) >= 0:
            looks += 1
            if looks > 2 * MAX_PARTS:
                raise MailError("too-many-parts")
            after = place + len(mark)
            is_last = content.startswith(b"--", after, end)
            after = _past_blanks(content, after + 2 * is_last, end)
            if after < end and not content.startswith(b"\r\n", after, end):
                raise _OddError
            if first >= 0:
                cuts.append((first, place))
            if is_last and cuts:
                return cuts
            if is_last:
                break
            first = place = after
            first += 2
        raise _OddError  # it has no end, or no beginning


def _past_blanks(content: bytes, place: int, end: int) -> int:
    line = content[place : min(end, place + 100)]
    return place + len(line) - len(line.lstrip(b" \t"))


def _boundary(headers: Headers) -> bytes:
    raw = headers.raw("content-type").encode("utf-8", "replace")
    found = _BOUNDARY.findall(raw.partition(b";")[2]) if raw.lower().count(b"boundary") == 1 else []
    boundary = (found[0][0] or found[0][1]) if len(found) == 1 else b""
    if not boundary or not boundary.isascii() or boundary != boundary.strip() or not boundary.decode().isprintable():
        raise _OddError
    return boundary


class _Flat(Message):
    """A message whose parts that are messages themselves stay bytes."""

    def get_content_type(self) -> str:
        found = super().get_content_type()
        return "application/octet-stream" if found.startswith("message/") else found

    def bare(self) -> Any:
        """What it holds, untouched: asked otherwise, it guesses at characters."""
        return vars(self)["_payload"]


def patiently(content: bytes) -> Tree:
    """The parts of any message, as the standard library reads it.

    Raises:
        MailError: beyond the limits, or when reading it would take too long.
    """
    small = content.lower()
    nested = small.count(b"multipart/")
    lines = content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")
    dashes = content.count(b"\n--") + content.count(b"\r--")
    if nested > MAX_PARTS or dashes > _MAX_DASHES:
        raise MailError("too-many-parts")
    if lines * (nested + 1) > _MAX_WORK:
        raise MailError("broken")
    del small
    parser = BytesFeedParser(_Flat, policy=compat32)
    parser.feed(content)
    found, faults = parser.close(), list[str]()
    if not isinstance(found, _Flat):
        raise MailError("broken")
    return Tree(_node(found, "text/plain", 0, faults, [0]), faults)


def _node(found: _Flat, default: str, depth: int, faults: list[str], count: list[int]) -> Node:
    faults += (code for each in found.defects if (code := _fault(each)) not in faults)
    headers = Headers((_bytes(name), _bytes(str(value))) for name, value in found.raw_items())
    kind = valued(headers.raw("content-type"))
    node = Node(headers, kind, media_of(kind.value, default))
    payload = found.bare()
    if not isinstance(payload, list):
        if node.media.startswith("multipart/"):
            node.media = "text/plain"  # nothing divides it
        node.travelling = _bytes(str(payload or ""))
        return node
    if depth >= MAX_DEPTH:
        raise MailError("too-deep")
    inner = "message/rfc822" if node.media == "multipart/digest" else "text/plain"
    for each in payload:
        count[0] += 1
        if count[0] > MAX_PARTS:
            raise MailError("too-many-parts")
        if isinstance(each, _Flat):
            node.children.append(_node(each, inner, depth + 1, faults, count))
    return node


def _bytes(text: str) -> bytes:
    return text.encode("ascii", "surrogateescape")


def _fault(defect: MessageDefect) -> str:
    return "cut-short" if isinstance(defect, CloseBoundaryNotFoundDefect) else "structure"
