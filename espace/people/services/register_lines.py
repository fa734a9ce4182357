"""Read the lines of the public extraction: columns by name, in any order; one line is one practice situation."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from espace import settings
from espace.identifiers import parse_rpps
from espace.import_report import UnreadableError

from . import rpps_columns as columns
from .labels import known, profession_code, profession_label

_RPPS_TYPE = "8"
_TITLES = {"DR": "Dr", "PR": "Pr", "M": "M.", "MME": "Mme"}
_LONGEST = 200  # characters of one value


class LineError(ValueError):
    """A line that cannot be kept; the message says why, without its content."""


@dataclass(frozen=True, slots=True)
class Place:
    """A structure as a line tells it."""

    number: str
    name: str
    city: str
    sector_code: str


@dataclass(frozen=True, slots=True)
class Situation:
    """One professional in one place, as a line tells it."""

    rpps: str
    family_name: str
    given_name: str
    title: str
    profession_code: str
    profession_label: str
    specialty_code: str
    specialty_label: str
    mssante: str
    place: Place | None


class Layout:
    """Where each column stands in one file."""

    def __init__(self, header: Sequence[str]) -> None:
        self._at = {name: position for position, name in enumerate(header) if name}
        self._width = 1 + max(self._at.values(), default=0)  # the extraction ends its lines with a separator

    @classmethod
    def of(cls, header: str) -> Self:
        """Read the header line.

        Raises:
            UnreadableError: when it is not the extraction's.
        """
        made = cls([_tidy(name).replace("\u2019", "'") for name in header.split(columns.SEPARATOR)])
        missing = sorted(columns.REQUIRED - made._at.keys())
        if not made._at.keys() & {columns.ID, columns.NATIONAL_ID}:
            missing.insert(0, columns.ID)
        if missing:
            raise UnreadableError(f"not the extraction of the register: no column {', '.join(map(repr, missing))}")
        return made

    def situation(self, line: str, *, checked: bool) -> Situation:
        """Read one line; `checked` asks for the key of the RPPS number too (rules.md PR-5).

        Raises:
            LineError: when it cannot be kept.
        """
        values = self._values(line)
        family_name = values(columns.FAMILY_NAME)
        given_name = values(columns.GIVEN_NAME)
        register_code = values(columns.PROFESSION)
        if not (family_name and given_name):
            raise LineError("the name is missing")
        if not re.fullmatch(r"\d{1,3}", register_code, re.ASCII):
            raise LineError("the profession code is missing or wrong")
        profession = profession_code(register_code)
        specialty, specialty_label = _specialty(values, profession)
        return Situation(
            rpps=_rpps(values, checked=checked),
            family_name=family_name,
            given_name=given_name,
            title=_TITLES.get(values(columns.PRACTICE_TITLE) or values(columns.CIVILITY), ""),
            profession_code=profession,
            profession_label=profession_label(profession, values(columns.PROFESSION_LABEL)),
            specialty_code=specialty,
            specialty_label=specialty_label,
            mssante=_secure_mail(values(columns.EMAIL)),
            place=_place(values),
        )

    def _values(self, line: str) -> "_Values":
        fields = line.split(columns.SEPARATOR)
        if len(fields) < self._width:
            raise LineError(f"{len(fields)} fields where the header has {self._width}")
        if any(field.strip() for field in fields[self._width :]):
            raise LineError("more fields than the header: a value holds a separator")
        return _Values(self._at, fields)


class _Values:
    """The values of one line by column name; a column the file does not have is empty."""

    def __init__(self, at: dict[str, int], fields: Sequence[str]) -> None:
        self._at = at
        self._fields = fields

    def __call__(self, name: str) -> str:
        position = self._at.get(name)
        value = "" if position is None else _tidy(self._fields[position])
        if len(value) > _LONGEST:
            raise LineError(f"the value of {name!r} is too long")
        return value


def _tidy(text: str) -> str:
    """Composed letters, single spaces, no control characters."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()  # nearly every value: the national file has a hundred million of them
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(c if c.isprintable() else " " for c in composed).split())


def _rpps(values: _Values, *, checked: bool) -> str:
    if values(columns.ID_TYPE) not in ("", _RPPS_TYPE):
        raise LineError("the identifier is not an RPPS number")
    texts = [text for text in (values(columns.ID), values(columns.NATIONAL_ID)) if text]
    if not texts:
        raise LineError("the RPPS number is missing")
    try:
        numbers = {parse_rpps(text, checked=checked) for text in texts}
    except ValueError as error:
        raise LineError(str(error)) from None
    if len(numbers) > 1:
        raise LineError("the two identifiers name different numbers")
    return numbers.pop()


def _specialty(values: _Values, profession: str) -> tuple[str, str]:
    """The ordinal specialty, when the matrix can name it; other skills (capacities, diplomas) are left out."""
    code = f"{profession}/{values(columns.SKILL)}"
    return (code, profession_label(code)) if known(code) else ("", "")


def _secure_mail(address: str) -> str:
    """The address only when it is one of the secure mail, or kept by this house: the column holds ordinary ones too."""
    plain = address.lower()
    if not re.fullmatch(r"[^@\s]+@[a-z0-9.-]+", plain):
        return ""
    domain = plain.rpartition("@")[2]
    is_secure = domain == "mssante.fr" or domain.endswith(".mssante.fr")
    return plain if is_secure or domain in settings.current().mailbox_domain_list else ""


def _place(values: _Values) -> Place | None:
    finess, siret = values(columns.FINESS), values(columns.SIRET)
    if re.fullmatch(r"\d[\dAB]\d{7}", finess, re.ASCII):
        number = f"1{finess}"
    elif re.fullmatch(r"\d{14}", siret, re.ASCII):
        number = f"3{siret}"
    else:
        number = values(columns.TECHNICAL_ID)
    if not number:
        return None
    name = values(columns.SIGN) or values(columns.COMPANY)
    city = values(columns.CITY) or re.sub(r"^\d{5} ", "", values(columns.CEDEX))
    return Place(number, name, city, values(columns.SECTOR))
