"""Reading what the other side sends: lines that end with CR LF, and messages in blocks up to exactly CRLF.CRLF.

Line ends are strict (security.md R40): a lone CR or LF ends neither a command nor a message, so that nobody can hide
a second message in a first one. What came after a message stays for the next command.
"""

from asyncio import StreamReader
from collections.abc import Callable

END = b"\r\n.\r\n"
LONGEST_LINE = 2048
"""Bytes of a command at most."""
BLOCK = 128 * 1024


class LeftError(Exception):
    """The other side is gone."""


class BareLineError(Exception):
    """A line ends with a lone CR or LF."""


class LongLineError(Exception):
    """A line is longer than any command."""


class TooLargeError(Exception):
    """A message is larger than what is taken; it was read to its end and thrown away."""


class Intake:
    """What comes in over one connection."""

    def __init__(self, source: StreamReader) -> None:
        self._source = source
        self._held = bytearray()

    def clear(self) -> None:
        """Forget what came before the connection was encrypted: it may be somebody else's."""
        self._held.clear()

    async def line(self) -> bytes:
        """The next line, without its end.

        Raises:
            BareLineError, LongLineError: the line was passed over.
            LeftError: when there is none any more.
        """
        is_long = False
        while (end := self._held.find(b"\n")) < 0:
            if len(self._held) > LONGEST_LINE:
                is_long = True
                self._held.clear()
            await self._more()
        line = bytes(self._held[: end + 1])
        del self._held[: end + 1]
        if is_long or len(line) > LONGEST_LINE:
            raise LongLineError
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            raise BareLineError
        return line[:-2]

    async def message(self, most: int, coming: Callable[[int], None]) -> bytes:
        """A message as it was before its dots were doubled, up to CRLF.CRLF; its last line ends with CRLF.

        `coming` is told of each block's bytes, and may raise to give up.

        Raises:
            LeftError: when it does not end.
            TooLargeError: when it is larger than `most` bytes; beyond twice that, nothing more is read.
        """
        data = bytearray(b"\r\n")  # what came before the first line: a message may be nothing but its end
        data += self._held
        self._held.clear()
        dropped, start = 0, 0
        while (end := data.find(END, start)) < 0:
            start = max(0, len(data) - len(END) + 1)
            if len(data) + dropped > most + 2:
                dropped += start
                del data[:start]
                start = 0
            if dropped > 2 * most:
                raise LeftError
            data += await self._block(coming)
        self._held += data[end + len(END) :]
        if dropped or end > most:
            raise TooLargeError
        del data[end + 2 :]
        # Every line that begins with a dot was given a second one: the first goes (RFC 5321, 4.5.2).
        whole = data.replace(b"\r\n.", b"\r\n") if b"\r\n." in data else data  # mostly none: a copy less
        with memoryview(whole) as view:
            return bytes(view[2:])

    async def _block(self, coming: Callable[[int], None]) -> bytes:
        block = await self._source.read(BLOCK)
        if not block:
            raise LeftError
        coming(len(block))
        return block

    async def _more(self) -> None:
        block = await self._source.read(BLOCK)
        if not block:
            raise LeftError
        self._held += block


def is_strict(content: bytes) -> bool:
    """Whether every line of a message ends with CR LF, no CR nor LF stands alone, and no byte is NUL."""
    ends = content.count(b"\r\n")
    return ends == content.count(b"\r") == content.count(b"\n") and b"\0" not in content
