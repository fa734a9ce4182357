"""Headers and bodies of a message as bytes: strict CRLF, no line too long, nothing let into a header (R40)."""

import base64
import binascii
import quopri
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import format_datetime
from string import ascii_letters, digits

from .mail_headers import is_address
from .mail_letter import Address

_CRLF = b"\r\n"
_WIDTH = 76
_LONGEST = 900
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:[ .][A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+)*\.?")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")  # as odd as those that are read, or nobody could answer them
_UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_UNRESERVED = frozenset((ascii_letters + digits + "-._~").encode())
_WORD_BYTES = 42  # of text in one encoded word: 56 of base64 and 12 around it, below the 75 of RFC 2047


class Head:
    """The headers of a message or of one of its parts, in their order."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    def plain(self, name: str, value: str) -> None:
        """A header of tokens, in ASCII; folded at its spaces.

        Raises:
            ValueError: when the value holds what would end the header, or is not ASCII.
        """
        safe(value)
        self._lines.append(_folded(name, value.split(" ")))

    def words(self, name: str, value: str) -> None:
        """A header people read: ASCII as it stands, anything else in encoded words (RFC 2047)."""
        safe(value)
        self._lines.append(_folded(name, words(value)))

    def addresses(self, name: str, addresses: Iterable[Address]) -> None:
        """Some addresses with their names; none, no header."""
        shown = [mailbox(each) for each in addresses]
        if shown:
            tokens = [token for each in shown[:-1] for token in (*each[:-1], f"{each[-1]},")]
            self._lines.append(_folded(name, [*tokens, *shown[-1]]))

    def date(self, value: datetime) -> None:
        """When it was written."""
        self.plain("Date", format_datetime(value))

    def ids(self, name: str, ids: Iterable[str]) -> None:
        """Message-IDs; none, no header."""
        if kept := [checked_id(each) for each in ids]:
            self.plain(name, " ".join(kept))

    def named(self, name: str, value: str, values: Mapping[str, str]) -> None:
        """A value with those of its parameters that say something; what is not ASCII as RFC 2231 writes it."""
        tokens = [safe(value)]
        for key, each in values.items():
            if each:
                tokens[-1] += ";"
                tokens += _parameter(key, each)
        self._lines.append(_folded(name, tokens))

    def __bytes__(self) -> bytes:
        return b"".join(line + _CRLF for line in self._lines)


def safe(value: str) -> str:
    """The value, if it may stand in a header.

    Raises:
        ValueError: for line ends, NUL and other control characters (R40).
    """
    if _UNSAFE.search(value):
        raise ValueError("a control character does not go into a header")
    return value


def checked_id(value: str) -> str:
    """A Message-ID in its angle brackets.

    Raises:
        ValueError: when it is none.
    """
    if not _MESSAGE_ID.fullmatch(value):
        raise ValueError("not a Message-ID")
    return value


def checked_address(address: str) -> str:
    """An address as it may stand in a header.

    Raises:
        ValueError: when it is none.
    """
    if not is_address(address):
        raise ValueError("not an address")
    return address


def mailbox(address: Address) -> list[str]:
    """The tokens of one address with its name."""
    where = checked_address(address.address)
    name = safe(address.name).strip()
    if not name:
        return [where]
    if not name.isascii():
        return [*words(name), f"<{where}>"]
    if _ATOM.fullmatch(name) and "=?" not in name:
        return [*name.split(" "), f"<{where}>"]
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    is_short = len(quoted) < _WIDTH - 20 and "=?" not in name
    return [*(f'"{quoted}"'.split(" ") if is_short else _encoded(name)), f"<{where}>"]


def words(value: str) -> list[str]:
    """The tokens of a text of a header: its words, or encoded words for what is not plain."""
    is_plain = value.isascii() and "=?" not in value and value == value.strip() and "  " not in value
    tokens = value.split(" ")
    return tokens if is_plain and "\t" not in value and max(map(len, tokens)) < _WIDTH - 20 else _encoded(value)


def _encoded(value: str) -> list[str]:
    """Encoded words, none of which ends within a character."""
    pieces, piece = [], b""
    for sign in value:
        one = sign.encode()
        if len(piece) + len(one) > _WORD_BYTES:
            pieces.append(piece)
            piece = b""
        piece += one
    return [f"=?utf-8?b?{base64.b64encode(each).decode()}?=" for each in [*pieces, piece]]


def _parameter(key: str, value: str) -> list[str]:
    safe(value)
    if value.isascii() and len(value) <= 60:
        return ['{}="{}"'.format(key, value.replace("\\", "\\\\").replace('"', '\\"'))]
    encoded = [chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in value.encode()]
    pieces = [""]
    for sign in encoded:
        if len(pieces[-1]) + len(sign) > 50:
            pieces.append("")
        pieces[-1] += sign
    if len(pieces) == 1:
        return [f"{key}*=utf-8''{pieces[0]}"]
    first, *rest = pieces
    tokens = [f"{key}*0*=utf-8''{first}", *(f"{key}*{number}*={each}" for number, each in enumerate(rest, 1))]
    return [*(f"{token};" for token in tokens[:-1]), tokens[-1]]


def _folded(name: str, tokens: list[str]) -> bytes:
    """The header, its lines at most 76 characters where a space allows it.

    Raises:
        ValueError: when a token alone is longer than a line of mail may be, or not ASCII.
    """
    lines, line = [], f"{name}:"
    for token in tokens:
        if len(token) > _LONGEST:
            raise ValueError("too long for a header")
        if len(line) + 1 + len(token) > _WIDTH and line != f"{name}:" and token:
            lines.append(line)
            line = ""
        line += f" {token}"
    return _CRLF.join(each.encode("ascii") for each in [*lines, line])


def text_body(text: str) -> tuple[str, bytes]:
    """How a text is encoded and its bytes: as it stands when it is plain, quoted or base64 otherwise."""
    whole = "".join(sign for sign in text if sign in "\n\t" or not "\x00" <= sign < " ").replace("\x7f", "")
    content = whole.encode("utf-8", "replace")
    lines = content.split(b"\n")
    if content.isascii() and all(len(line) <= _WIDTH and not line.endswith((b" ", b"\t")) for line in lines):
        return "7bit", _CRLF.join(lines)
    quoted = quopri.encodestring(content, quotetabs=False).replace(b"\n", _CRLF)
    if len(quoted) > len(content) * 3 // 2:
        return "base64", base64_body(_CRLF.join(lines))
    return "quoted-printable", quoted


def base64_body(content: bytes | memoryview) -> bytes:
    """Base64 in lines of 76."""
    step = 57
    view = memoryview(content)
    whole = binascii.b2a_base64(view, newline=False)
    if len(view) <= step:
        return whole
    return _CRLF.join(whole[start : start + _WIDTH] for start in range(0, len(whole), _WIDTH))
