"""The two lists as files: operators that are trusted, and addresses written otherwise (docs/messagerie.md).

Both are CSV in UTF-8. A line that begins with `#` is a comment, and a first line that names the columns is passed over.
A wrong line refuses the whole file: half a list would trust, or write to, somebody nobody chose.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from espace import settings
from espace.errors import InvalidError
from espace.words import N_, Message

MOST_LINES = 20_000
MOST_BYTES = 2 * 1024 * 1024
LONGEST_NAME = 80
_HOST = re.compile(r"(?=.{3,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}\Z")
Line = tuple[str, ...]


class ListKind(StrEnum):
    """Which of the two lists."""

    OPERATORS = "operators"
    REWRITES = "rewrites"


COLUMNS: Mapping[ListKind, Line] = MappingProxyType(
    {
        ListKind.OPERATORS: ("operator", "domain", "certificate"),
        ListKind.REWRITES: ("from", "to"),
    }
)
"""The columns of each file, in their order."""


def read_lines(kind: ListKind, content: bytes) -> tuple[Line, ...]:
    """The lines of a file, checked and in their own order, each once.

    Raises:
        InvalidError: naming the first line that is wrong.
    """
    if len(content) > MOST_BYTES:
        raise _wrong(N_("The file is too large: a list has 2 MB at most."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _wrong(N_("The file cannot be read: it must be CSV in UTF-8.")) from None
    found = dict.fromkeys(_lines(kind, text))
    if not found:
        raise _wrong(N_("The file holds no line."))
    if len(found) > MOST_LINES:
        raise _wrong(N_("The file holds more than %(limit)d lines.", limit=MOST_LINES))
    return tuple(sorted(found))


def _lines(kind: ListKind, text: str) -> Iterable[Line]:
    check = _OTHERS[kind]()
    for number, written in enumerate(text.splitlines(), start=1):
        if not written.strip() or written.lstrip().startswith("#"):
            continue
        fields = _fields(written)
        if tuple(field.lower() for field in fields) == COLUMNS[kind]:
            continue
        if len(fields) != len(COLUMNS[kind]):
            raise _wrong(
                N_(
                    "Line %(line)d must have %(count)d columns: %(columns)s.",
                    line=number,
                    count=len(COLUMNS[kind]),
                    columns=", ".join(COLUMNS[kind]),
                )
            )
        yield check(number, fields)


def _fields(written: str) -> Line:
    try:
        row = next(csv.reader(io.StringIO(written), strict=True), [])
    except csv.Error:
        return ()
    return tuple(field.strip() for field in row)


def _operators() -> Callable[[int, Line], Line]:
    owners: dict[str, str] = {}

    def check(number: int, fields: Line) -> Line:
        name, domain, certificate = fields[0], fields[1].lower(), fields[2].lower()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise _wrong(N_("Line %(line)d names no operator.", line=number))
        if not _HOST.match(domain):
            raise _wrong(N_("Line %(line)d names no domain, like hopital.mssante.fr.", line=number))
        if not _HOST.match(certificate):
            raise _wrong(N_("Line %(line)d names no certificate, like smtp.operateur.fr.", line=number))
        if is_ours(domain):
            raise _wrong(N_("Line %(line)d names a domain of this house.", line=number))
        if owners.setdefault(domain, name) != name:
            raise _wrong(N_("Line %(line)d gives a domain to a second operator.", line=number))
        return (name, domain, certificate)

    return check


def _rewrites() -> Callable[[int, Line], Line]:
    known: dict[str, str] = {}

    def check(number: int, fields: Line) -> Line:
        written, other = fields[0].lower(), fields[1].lower()
        if not _is_source(written):
            raise _wrong(N_("Line %(line)d must begin with a domain or an address.", line=number))
        if not _HOST.match(other) and not _is_address(other):
            raise _wrong(N_("Line %(line)d must end with a domain or an address.", line=number))
        if "@" in other and "@" not in written:
            raise _wrong(N_("Line %(line)d would send a whole domain to one address.", line=number))
        if is_ours(domain_of(written)) or is_ours(domain_of(other)):
            raise _wrong(N_("Line %(line)d names a domain of this house.", line=number))
        if known.setdefault(written, other) != other:
            raise _wrong(N_("Line %(line)d writes one address in two ways.", line=number))
        return (written, other)

    return check


def is_ours(domain: str) -> bool:
    """Whether a domain is one of this house: of its people or of its mailboxes."""
    ours = {settings.current().patient_domain.lower(), *settings.current().mailbox_domain_list}
    return domain in ours


def domain_of(address: str) -> str:
    """The domain of an address, or of a rule that names a domain and all below it; in small letters."""
    return address.strip().rpartition("@")[2].lstrip(".").lower()


def _is_source(written: str) -> bool:
    return bool(_HOST.match(written.removeprefix("."))) or _is_address(written)


def _is_address(written: str) -> bool:
    local, sign, domain = written.rpartition("@")
    return bool(sign and _LOCAL.match(local) and _HOST.match(domain))


def _wrong(sentence: Message) -> InvalidError:
    return InvalidError({"file": sentence})


_OTHERS: Mapping[ListKind, Callable[[], Callable[[int, Line], Line]]] = MappingProxyType(
    {ListKind.OPERATORS: _operators, ListKind.REWRITES: _rewrites}
)
