"""`record.json` of a record opened before 2022: every field checked, every problem named without its content.

`docs/former-records.md` is the format's page.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from espace import clock
from espace.identifiers import WrongInsError, parse_ins, parse_rpps
from espace.interop.cda import CdaPatient

FORMAT = "espace-former-record/1"
MAX_JSON = 20 * 1024 * 1024
ACTS = frozenset(
    {
        "read",
        "added",
        "hidden",
        "shown",
        "deleted",
        "access-given",
        "access-ended",
        "access-blocked",
        "opened",
        "other",
    }
)
_ROOT_OID = re.compile(r"[0-9A-Za-z.:^_\-]{1,128}")


class FormerFormatError(Exception):
    """Why `record.json` is not read: where and what, without a word of its content."""


@dataclass(frozen=True, slots=True)
class FormerDocument:
    """A file beside `record.json` that does not say itself what it is: a PDF, a picture, a text."""

    file: str
    unique_id: str
    title: str
    day: date
    type_code: str
    author: str
    structure: str
    confidentiality: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccessLine:
    """A professional of the access list, with the day of the decision."""

    rpps: str
    is_blocked: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class FormerAct:
    """One line of the trail: `act` is a word of `ACTS`; `unique_id` names the document it was about, "" for none."""

    at: datetime
    who: str
    profession: str
    structure: str
    act: str
    unique_id: str


@dataclass(frozen=True, slots=True)
class FormerRecordFile:
    """All that `record.json` says."""

    holder: CdaPatient
    opened_on: date
    accesses: tuple[AccessLine, ...]
    documents: Mapping[str, FormerDocument]
    hidden: frozenset[str]
    trail: tuple[FormerAct, ...]


def parse(content: bytes) -> FormerRecordFile:
    """Read `record.json`.

    Raises:
        FormerFormatError: when it is none, or a field is missing or wrong.
    """
    if len(content) > MAX_JSON:
        raise FormerFormatError("record.json: too large")
    try:
        whole = _Fields(orjson.loads(content), "record.json")
    except orjson.JSONDecodeError:
        raise FormerFormatError("record.json: not JSON in UTF-8") from None
    if whole.text("format") != FORMAT:
        raise FormerFormatError(f"record.json: its format is not {FORMAT}")
    documents = [_document(each) for each in whole.objects("documents")]
    return FormerRecordFile(
        holder=_holder(whole.object("holder")),
        opened_on=whole.day("opened_on"),
        accesses=tuple(_access(each) for each in whole.objects("accesses")),
        documents={each.file: each for each in documents},
        hidden=frozenset(whole.texts("hidden")),
        trail=tuple(sorted((_act(each) for each in whole.objects("trail")), key=lambda act: act.at)),
    )


def _holder(fields: "_Fields") -> CdaPatient:
    try:
        ins = parse_ins(fields.text("ins")).number
    except WrongInsError:
        raise fields.wrong("ins", "no INS with its key") from None
    return CdaPatient(
        ins=ins,
        ins_oid="",
        birth_name=fields.text("birth_name"),
        birth_date=fields.day("birth_date"),
        sex=fields.text("sex"),
    )


def _document(fields: "_Fields") -> FormerDocument:
    unique_id = fields.text("unique_id")
    if not _ROOT_OID.fullmatch(unique_id):
        raise fields.wrong("unique_id", "no unique id")
    return FormerDocument(
        file=fields.text("file"),
        unique_id=unique_id,
        title=fields.text("title"),
        day=fields.day("date"),
        type_code=fields.text("type_code"),
        author=fields.text("author", optional=True),
        structure=fields.text("structure", optional=True),
        confidentiality=fields.texts("confidentiality"),
    )


def _access(fields: "_Fields") -> AccessLine:
    state = fields.text("state")
    if state not in ("authorised", "blocked"):
        raise fields.wrong("state", "authorised or blocked is expected")
    try:
        rpps = parse_rpps(fields.text("rpps"))
    except ValueError:
        raise fields.wrong("rpps", "no RPPS number") from None
    return AccessLine(rpps, state == "blocked", fields.moment("since"))


def _act(fields: "_Fields") -> FormerAct:
    act = fields.text("act")
    if act not in ACTS:
        raise fields.wrong("act", "not a word of the list")
    return FormerAct(
        at=fields.moment("at"),
        who=fields.text("who"),
        profession=fields.text("profession", optional=True),
        structure=fields.text("structure", optional=True),
        act=act,
        unique_id=fields.text("unique_id", optional=True),
    )


class _Fields:
    """The fields of one JSON object, each read as what it must be."""

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, dict):
            raise FormerFormatError(f"{where}: an object is expected")
        self._values: dict[str, Any] = values
        self._where = where

    def wrong(self, name: str, why: str) -> FormerFormatError:
        """The error of one field."""
        return FormerFormatError(f"{self._where}, {name}: {why}")

    def text(self, name: str, *, optional: bool = False) -> str:
        """Words on one line, 200 characters at most."""
        value = self._values.get(name, "")
        if not isinstance(value, str):
            raise self.wrong(name, "text is expected")
        words = " ".join(value.split())
        if not words and not optional:
            raise self.wrong(name, "it is missing")
        if len(words) > 200 or not words.isprintable():
            raise self.wrong(name, "200 printable characters at most")
        return words

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of words; none when it is missing."""
        values = self._values.get(name, [])
        if not isinstance(values, list) or not all(isinstance(one, str) and len(one) <= 200 for one in values):
            raise self.wrong(name, "a list of texts is expected")
        return tuple(values)

    def day(self, name: str) -> date:
        """A day that has come, like 2014-05-02."""
        try:
            found = date.fromisoformat(self.text(name))
        except ValueError:
            raise self.wrong(name, "a date like 2014-05-02 is expected") from None
        if found > clock.today():
            raise self.wrong(name, "it lies in the future")
        return found

    def moment(self, name: str) -> datetime:
        """An instant that has come, with its offset: 2019-04-01T10:02:00+02:00."""
        try:
            found = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise self.wrong(name, "an instant like 2019-04-01T10:02:00+02:00 is expected") from None
        if found.tzinfo is None:
            raise self.wrong(name, "its offset is missing")
        if found > clock.now():
            raise self.wrong(name, "it lies in the future")
        return found

    def object(self, name: str) -> "_Fields":
        """An object."""
        return _Fields(self._values.get(name), f"{self._where}, {name}")

    def objects(self, name: str) -> list["_Fields"]:
        """A list of objects; none when it is missing."""
        values = self._values.get(name, [])
        if not isinstance(values, list):
            raise self.wrong(name, "a list is expected")
        return [_Fields(value, f"{self._where}, {name} {place}") for place, value in enumerate(values, start=1)]
