"""The headers of a message: split, decoded, and the addresses, parameters and Message-IDs in them read strictly."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from espace.words import one_line

from .mail_charset import decoded, decoded_header
from .mail_letter import Address, MailError

MAX_HEAD = 256 * 1024
MAX_HEADERS = 1000
MAX_ADDRESSES = 1000
_MAX_PARAMETERS = 4096
_NAME = re.compile(rb"[!-9;-~]{1,200}")
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_TOKEN = re.compile(r'=\?[^?\s]*\?[bBqQ]\?[^?\s]*\?=|"(?:[^"\\]|\\.)*"?|<[^<>]*>|[(),;:<=]|[^"(),;:<=]+', re.DOTALL)
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"?|[^";]+|;', re.DOTALL)
_ID = re.compile(r"<([^<>\s]{1,250})>")
_BARE_ID = re.compile(r"[!-;=?-~]{1,200}@[!-;=?-~]{1,200}")
_MEDIA = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,80}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")
_NAME_LENGTH = 120


class Headers:
    """The headers of a message or a part, under small names, in the order in which they stand."""

    def __init__(self, found: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[str, list[bytes]] = {}
        count = size = 0
        for name, value in found:
            count, size = count + 1, size + len(name) + len(value)
            if count > MAX_HEADERS or size > MAX_HEAD:
                raise MailError("headers")
            self._values.setdefault(name.decode("ascii", "replace").lower(), []).append(_unfolded(value))

    def raw(self, name: str) -> str:
        """The first value of a header as it stands, or empty."""
        values = self._values.get(name)
        return decoded(values[0]) if values else ""

    def text(self, name: str) -> str:
        """The first value of a header for people, on one line, or empty."""
        values = self._values.get(name)
        return one_line(decoded_header(values[0])) if values else ""

    def every(self, name: str) -> list[str]:
        """All values of a header as they stand."""
        return [decoded(value) for value in self._values.get(name, ())]

    def count(self, name: str) -> int:
        """How often a header stands there."""
        return len(self._values.get(name, ()))

    def names(self) -> list[str]:
        """The names, each once."""
        return list(self._values)


def split_head(head: bytes) -> Headers | None:
    """The headers of a block of lines, or None when it is not written as a mail's are."""
    if not head:
        return Headers(())
    found: list[tuple[bytes, bytes]] = []
    lines: list[bytes] = []
    for line in head.split(b"\r\n"):
        if line[:1] in b" \t" and line:
            if not lines:
                return None
            lines.append(line)
            continue
        if lines:
            found.append(_field(lines))
        lines = [line]
        name, colon, _ = line.partition(b":")
        if not colon or not _NAME.fullmatch(name):
            return None
    found.append(_field(lines))
    return None if b"\r" in head.replace(b"\r\n", b"") or b"\n" in head.replace(b"\r\n", b"") else Headers(found)


def _field(lines: list[bytes]) -> tuple[bytes, bytes]:
    name, _, value = b"".join(lines).partition(b":")
    return name, value


def _unfolded(value: bytes) -> bytes:
    return b"".join(value.splitlines()).strip(b" \t")


@dataclass(frozen=True, slots=True)
class Valued:
    """A header of a value with parameters; `value` is in small letters."""

    value: str
    parameters: dict[str, str]


def valued(raw: str) -> Valued:
    """A Content-Type or Content-Disposition: its value, and its parameters as RFC 2231 writes them."""
    pieces = [""]
    for match in _PIECE.finditer(raw[:_MAX_PARAMETERS]):
        if match[0] == ";":
            pieces.append("")
        else:
            pieces[-1] += match[0]
    plain: dict[str, str] = {}
    extended: dict[str, dict[int, tuple[str, bool]]] = {}
    for piece in pieces[1:]:
        name, is_there, value = piece.partition("=")
        name, value = name.strip().lower(), _unquoted(value.strip())
        if not is_there or not name:
            continue
        if "*" in name:
            base, _, rest = name.partition("*")
            number = rest.rstrip("*")
            if not number or (number.isdecimal() and len(number) < 3):
                extended.setdefault(base, {}).setdefault(int(number or 0), (value, name.endswith("*")))
        else:
            plain.setdefault(name, value)
    plain |= {name: _extended(found) for name, found in extended.items()}
    return Valued(pieces[0].strip().lower(), plain)


def _extended(pieces: dict[int, tuple[str, bool]]) -> str:
    """A value written in numbered and escaped pieces (RFC 2231)."""
    content, charset = bytearray(), ""
    for place, number in enumerate(sorted(pieces)):
        value, escaped = pieces[number]
        if place == 0 and escaped and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        content += unquote_to_bytes(value) if escaped else value.encode("utf-8", "replace")
    return decoded(bytes(content), charset)


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    inner = value[1:-1] if value.endswith('"') and len(value) > 1 else value[1:]
    return re.sub(r"\\(.)", r"\1", inner)


def media_of(value: str, default: str) -> str:
    """The type of a part, or the default when it names none that could be."""
    if not value:
        return default
    return value if _MEDIA.fullmatch(value) else "application/octet-stream" if "/" in value else "text/plain"


class Addresses:
    """The addresses of some headers, in order, and how many of them were none."""

    def __init__(self, values: Iterable[str]) -> None:
        self.found: list[Address] = []
        self.wrong = 0
        for value in values:
            self._read(value)

    def _read(self, value: str) -> None:
        one, depth = _One(), 0
        for match in _TOKEN.finditer(value):
            token = match[0]
            if token == "(":
                depth += 1
            elif depth:
                depth -= ")" in token and token[0] != '"'
                one.comment += token if depth and len(one.comment) < _NAME_LENGTH else ""
            elif token in ",;":
                self._keep(one)
                one = _One()
            elif token == ":":
                one = _One()  # the name of a group
            else:
                one.add(token)
        self._keep(one)

    def _keep(self, one: "_One") -> None:
        if one.is_empty:
            return
        address = one.address()
        if address is None:
            self.wrong += 1
        elif len(self.found) >= MAX_ADDRESSES:
            raise MailError("too-many-addresses")
        else:
            self.found.append(address)


class _One:
    """One address while it is read."""

    def __init__(self) -> None:
        self.comment = ""
        self._phrase: list[str] = []
        self._quoted = ""
        self._angle: str | None = None
        self._is_wrong = False

    @property
    def is_empty(self) -> bool:
        return self._angle is None and not "".join(self._phrase).strip() and not self._quoted

    def add(self, token: str) -> None:
        if token.startswith("<"):
            self._is_wrong = self._is_wrong or self._angle is not None or token == "<"
            self._angle = token[1:-1].strip()
        elif self._angle is not None:
            self._is_wrong = self._is_wrong or bool(token.strip())
        elif token.startswith('"'):
            self._quoted = self._quoted or token
            self._phrase.append(_unquoted(token))
        else:
            self._phrase.append(token)

    def address(self) -> Address | None:
        """The address, or None when it cannot be one."""
        phrase = "".join(self._phrase).strip()
        if self._angle is None:
            where, name = phrase, self.comment
            self._is_wrong = self._is_wrong or bool(self._quoted)
        else:
            where, name = self._angle, phrase
            differs = "@" in phrase and phrase.lower() != where.lower()
            self._is_wrong = self._is_wrong or (differs and not self._quoted)
        if self._is_wrong or not is_address(where):
            return None
        return Address(where, display_name(name))


def is_address(where: str) -> bool:
    """Whether mail can go there: one plain local part, one domain, nothing else."""
    local, _, domain = where.rpartition("@")
    fits = len(local) <= 64 and len(domain) <= 253 and all(len(label) <= 63 for label in domain.split("."))
    return fits and _ADDRESS.fullmatch(where) is not None


def display_name(name: str) -> str:
    """A name as it may be shown beside an address. One that looks like an address is none: it would deceive."""
    shown = one_line(decoded_header(name.encode("utf-8", "replace")))[:_NAME_LENGTH].strip().strip("'")
    return "" if "@" in shown or "＠" in shown else shown


def message_ids(value: str, limit: int = 100) -> tuple[str, ...]:
    """The Message-IDs of a header in their angle brackets, each once; beyond the limit the first one and the last."""
    found = dict.fromkeys(f"<{each}>" for each in _ID.findall(value) if each.isascii() and each.isprintable())
    if not found and _BARE_ID.fullmatch(value.strip()):
        found = {f"<{value.strip()}>": None}
    ids = tuple(found)
    return ids if len(ids) <= limit else (ids[0], *ids[1 - limit :])


def instant(value: str) -> datetime | None:
    """When a message says that it was written, in UTC, or None."""
    try:
        found = parsedate_to_datetime(value[:100])
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
