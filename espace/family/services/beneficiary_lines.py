"""Read one line of the insurer's list: every field checked, every problem named, none of its content repeated."""

import csv
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from espace import clock, settings
from espace.identifiers import OID_NIA, OID_NIR, Ins, WrongInsError, parse_ins, parse_rpps
from espace.people.services import Traits

COLUMNS = (
    "ins",
    "birth_name",
    "first_names",
    "use_name",
    "sex",
    "birth_date",
    "birth_place",
    "email",
    "phone",
    "vitale_serial",
    "attending_doctor_rpps",
    "parent_ins",
)
ADDRESS = "postal_address"
"""A column that may be missing: the lines of the address, separated by `|`, for letters. It is kept nowhere."""

_LONGEST_NAME = 100  # characters
_ADDRESS_LINES, _ADDRESS_WIDTH = 5, 38  # what shows through the window of an envelope
_OLDEST = 130  # years
# A local number means another region in each overseas part; France first.
_REGIONS = ("FR", "GP", "GF", "MQ", "RE", "YT", "PM", "NC", "PF", "WF")
_SEX_OF_FIRST_DIGIT = {"1": "M", "3": "M", "7": "M", "2": "F", "4": "F", "8": "F"}
_Value = TypeVar("_Value")


class FieldError(ValueError):
    """What is wrong with one field; the message never repeats what the field holds."""


class LineError(ValueError):
    """A line that cannot be taken in; the message names every problem found."""


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """One person of the list. `parents` are INS numbers, each with its place in the field; `wrong_links` say which
    parents could not be read; `notes` tell what is odd without being wrong. `address` is for a letter, below the name.
    """

    line: int
    traits: Traits
    attending_rpps: str
    parents: tuple[tuple[int, str], ...]
    wrong_links: tuple[str, ...]
    notes: tuple[str, ...]
    address: tuple[str, ...] = ()


def split(text: str) -> list[str]:
    """The fields of one line of CSV; a quote that is not closed spoils this line only.

    Raises:
        LineError: when the quotes make no sense.
    """
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        raise LineError("the quotes of this line make no sense") from None


def beneficiary(line: int, header: Sequence[str], fields: Sequence[str]) -> Beneficiary:
    """Read one line.

    Raises:
        LineError: when a field is missing or wrong.
    """
    if len(fields) != len(header):
        raise LineError(f"{len(fields)} fields where the header has {len(header)}")
    values = {name: _tidy(field) for name, field in zip(header, fields, strict=True)}
    reader = _Reader(values)
    ins = reader.read("ins", _ins)
    birth_date = reader.read("birth_date", _birth_date)
    sex = reader.read("sex", _sex)
    if ins and birth_date and not _birth_agrees(ins.number, birth_date):
        reader.problems.append("birth_date: it does not agree with the INS number")
    traits = {
        "birth_name": reader.read("birth_name", _name),
        "first_names": reader.read("first_names", _first_names),
        "use_name": reader.read("use_name", _name, optional=True) or "",
        "birth_place": reader.read("birth_place", _birth_place),
        "email": reader.read("email", _email, optional=True) or "",
        "phone": reader.read("phone", _phone, optional=True) or "",
        "vitale_serial": reader.read("vitale_serial", _vitale_serial, optional=True) or "",
    }
    attending_rpps = reader.read("attending_doctor_rpps", _rpps, optional=True) or ""
    if reader.problems or ins is None or birth_date is None or sex is None:
        raise LineError("; ".join(reader.problems))
    parents, wrong_links = _parents(values["parent_ins"], ins.number)
    address, notes = _address(values.get(ADDRESS, ""))
    if _SEX_OF_FIRST_DIGIT[ins.number[0]] != sex:
        notes += ("sex: it does not agree with the INS number",)
    return Beneficiary(
        line=line,
        traits=Traits(ins=ins.number, oid=_oid(ins.number), birth_date=birth_date, sex=sex, **traits),  # type: ignore[arg-type]  # checked above, field by field
        attending_rpps=attending_rpps,
        parents=parents,
        wrong_links=wrong_links,
        notes=notes,
        address=address,
    )


class _Reader:
    """Reads fields one by one and keeps every problem, so that a line is corrected in one go."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.problems: list[str] = []

    def read(self, name: str, parse: Callable[[str], _Value], *, optional: bool = False) -> _Value | None:
        """The value of one column; None when it is empty or wrong."""
        text = self._values[name]
        if not text:
            if not optional:
                self.problems.append(f"{name}: it is missing")
            return None
        try:
            return parse(text)
        except FieldError as error:
            self.problems.append(f"{name}: {error}")
            return None


def _tidy(text: str) -> str:
    """Composed letters and single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _ins(text: str) -> Ins:
    try:
        return parse_ins(text)
    except WrongInsError as error:
        raise FieldError(_WRONG_INS[error.why].format(error.digits)) from None


_WRONG_INS = {
    "length": "{} characters where an INS has 15, with its key",
    "form": "it does not have the form of an INS",
    "key": "the key is wrong",
}


def _oid(number: str) -> str:
    """The authority of the number: pending registrations begin with 3, 4, 7 or 8 (rules.md ID-5)."""
    return OID_NIR if number[0] in "12" else OID_NIA


def _birth_agrees(number: str, birth: date) -> bool:
    """Whether a NIR tells this year and month; months above 12 stand for an unknown one, other numbers tell nothing."""
    if number[0] not in "12":
        return True
    year, month = int(number[1:3]), int(number[3:5])
    return birth.year % 100 == year and (not 1 <= month <= 12 or birth.month == month)


def _name(text: str) -> str:
    if len(text) > _LONGEST_NAME:
        raise FieldError(f"more than {_LONGEST_NAME} characters")
    if not text[0].isalpha() or any(c.isdigit() or not c.isprintable() or c in "<>\ufffd" for c in text):
        raise FieldError("it is not a name")
    return text


def _first_names(text: str) -> tuple[str, ...]:
    return tuple(_name(text).split())


def _sex(text: str) -> str:
    if text.upper() not in ("F", "M"):
        raise FieldError("F or M is expected")
    return text.upper()


def _birth_date(text: str) -> date:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        raise FieldError("a date like 1979-03-21 is expected")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise FieldError("this day does not exist") from None
    today = clock.today()
    if day > today:
        raise FieldError("it lies in the future")
    if today.year - day.year > _OLDEST:
        raise FieldError(f"it lies more than {_OLDEST} years back")
    return day


def _birth_place(text: str) -> str:
    if not re.fullmatch(r"\d{5}|2[AB]\d{3}", text.upper(), re.ASCII):
        raise FieldError("an INSEE code of five characters is expected")
    return text.upper()


def _email(text: str) -> str:
    try:
        # On a loopback address the house is a trial: addresses that end in .test are its own.
        found = validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=False,
            test_environment=settings.current().on_loopback,
        )
    except EmailNotValidError:
        raise FieldError("it is not an e-mail address") from None
    return found.normalized


def _phone(text: str) -> str:
    for region in _REGIONS:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise FieldError("it is not a telephone number")


def _vitale_serial(text: str) -> str:
    serial = text.replace(" ", "").upper()
    if not re.fullmatch(r"[0-9A-Z]{1,32}", serial, re.ASCII):
        raise FieldError("letters and digits are expected, 32 at most")
    return serial


def _rpps(text: str) -> str:
    try:
        return parse_rpps(text, checked=settings.current().rpps_checked)
    except ValueError as error:
        raise FieldError(str(error)) from None


def _parents(text: str, own: str) -> tuple[tuple[tuple[int, str], ...], tuple[str, ...]]:
    """The parents' numbers, each once, and what is wrong with the others, by their place in the field."""
    good: dict[str, int] = {}
    wrong: list[str] = []
    for place, part in enumerate(text.split("|") if text else (), start=1):
        try:
            number = _ins(part.strip()).number
        except FieldError as error:
            wrong.append(f"parent {place}: {error}")
            continue
        if number == own:
            wrong.append(f"parent {place}: nobody is their own parent")
        else:
            good.setdefault(number, place)
    return tuple((place, number) for number, place in good.items()), tuple(wrong)


def _address(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines of an address, and a note when they do not fit: the person is taken in all the same."""
    lines = tuple(line.strip() for line in text.split("|") if line.strip())
    if len(lines) > _ADDRESS_LINES or any(len(line) > _ADDRESS_WIDTH or not line.isprintable() for line in lines):
        return (), (f"{ADDRESS}: {_ADDRESS_LINES} lines of {_ADDRESS_WIDTH} characters at most; the letter has none",)
    return lines, ()
