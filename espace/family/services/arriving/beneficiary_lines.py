"""Read one line of the insurer's list: every field checked, every problem named, none of its content repeated."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from espace import clock, settings
from espace.identifiers import OID_NIA, OID_NIR, parse_rpps
from espace.import_table import FieldError, FieldReader, LineError, named_values, read_day, read_ins
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


def beneficiary(line: int, header: Sequence[str], fields: Sequence[str]) -> Beneficiary:
    """Read one line.

    Raises:
        LineError: when a field is missing or wrong.
    """
    values = named_values(header, fields)
    reader = FieldReader(values)
    ins = reader.read("ins", read_ins)
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
    day = read_day(text)
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
            number = read_ins(part.strip()).number
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
