"""Ten thousand broken messages: read, or refused with a reason; never an error, never long, never much memory (L8)."""

import tracemalloc
from collections import Counter
from collections.abc import Callable
from random import Random
from resource import RUSAGE_SELF, getrusage
from time import process_time

import pytest

from espace.interop.mail_read import MailError, read
from tests.interop.mail_corpus import HEAD, MESSAGES, generated, lines, mutated, nested, wide

SEED = 20261123
_MEMORY = 32
"""How many times its own size a message may take while it is read, where each of its lines is one letter.

The standard reader keeps every line as an object; how many it is given is bounded.
"""
_ALWAYS = 4_000_000
_KINDS = {"too-large", "headers", "too-many-parts", "too-deep", "too-many-addresses", "sender", "broken"}


def _heavy(size: int) -> dict[str, Callable[[], bytes]]:
    """Messages of about one size, each of which costs a careless reader its time or its memory."""
    head = lines(*HEAD)
    multipart = head + lines("Content-Type: multipart/mixed; boundary=w", "")

    def fill(piece: bytes) -> bytes:
        return piece * (size // len(piece))

    return {
        "nested": lambda: nested(1000),
        "wide": lambda: wide(20_000),
        "bare line feeds": lambda: (head + lines("", "") + fill(b"a line of text\r\n")).replace(b"\r\n", b"\n"),
        "short lines": lambda: (head + lines("", "") + fill(b"a\n")).replace(b"\r\n", b"\n"),
        "bare returns": lambda: head + fill(b"\r"),
        "many headers": lambda: head + fill(b"X: y\r\n"),
        "a long header": lambda: head + b"X: " + fill(b"y") + b"\r\n\r\n",
        "a folded header": lambda: head + b"X: " + fill(b"y\r\n ") + b"\r\n\r\n",
        "no header": lambda: fill(b"z"),
        "spaces": lambda: fill(b" "),
        "boundaries": lambda: multipart + fill(b"--w\r\n"),
        "boundaries that are none": lambda: multipart + fill(b"--w--w\r\n"),
        "boundaries with blanks": lambda: multipart + b"--w" + fill(b" ") + b"\r\n\r\n--w--",
        "no end": lambda: multipart + b"--w\r\n\r\n" + fill(b"some text of a line that is as long as most\r\n"),
        "broken lines": lambda: head + lines("Content-Type: text/plain; format=flowed", "") + fill(b"a \r\n"),
        "HTML": lambda: head + lines("Content-Type: text/html", "") + fill(b"<b>x</b><br>"),
        "deep HTML": lambda: head + lines("Content-Type: text/html", "") + fill(b"<div><p><i>"),
        "broken base64": lambda: head + lines("Content-Transfer-Encoding: base64", "") + fill(b"a!\r\n") + b"b",
        "encoded words": lambda: head + b"X: y\r\n" + fill(b"=?utf-8?q?=41?= ")[:200_000] + b"\r\n\r\n",
        "a report": lambda: MESSAGES["a delivery report"].replace(
            b"Status: 4.2.2\r\n", fill(b"Final-Recipient: a\r\n\r\n")
        ),
        "invitations": lambda: (
            multipart
            + b"".join(
                lines("--w", "Content-Type: text/calendar", "", f"{n} " + "a " * (size // 200)) for n in range(90)
            )
            + lines("--w--")
        ),
    }


def _survives(count: int) -> None:
    base = [*MESSAGES.values(), *(generated(Random(seed)) for seed in range(40)), nested(9), wide(80)]
    ends, longest = Counter[str](), 0.0
    for number in range(count):
        draw = Random(SEED + number)
        content = mutated(draw, draw.choice(base))
        begun = process_time()
        try:
            letter = read(content)
        except MailError as error:
            ends[error.kind] += 1
        else:
            ends["read"] += 1
            assert all(part.name and "/" not in part.name for part in letter.parts)
            assert letter.text.isascii() or "\u202e" not in letter.text
        longest = max(longest, process_time() - begun)
    print(f"{count} broken messages: {dict(ends)}; the longest took {longest * 1000:.0f} ms of CPU")
    assert set(ends) <= {"read", *_KINDS}
    assert ends["read"] > count // 3


def test_broken_messages_are_read_or_refused() -> None:
    _survives(200)


@pytest.mark.drill
def test_ten_thousand_broken_messages() -> None:
    _survives(10_000)


@pytest.mark.parametrize("name", list(_heavy(100)))
def test_memory_stays_in_proportion(name: str) -> None:
    content = _heavy(300_000)[name]()
    tracemalloc.start()
    try:
        _read_or_refuse(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < _ALWAYS + _MEMORY * len(content)


@pytest.mark.drill
def test_heavy_messages_take_seconds_and_no_more() -> None:
    for name, make in _heavy(25_000_000).items():
        content = make()
        begun = process_time()
        end = _read_or_refuse(content)
        took = process_time() - begun
        print(f"{name:<26} {len(content) / 1e6:>6.1f} MB {took:>6.2f} s {end}")
        assert took < 10
    assert getrusage(RUSAGE_SELF).ru_maxrss < 1024 * 1024  # kilobytes


def _read_or_refuse(content: bytes) -> str:
    try:
        read(content)
    except MailError as error:
        end = error.kind
    else:
        end = "read"
    assert end in {"read", *_KINDS}
    return end
