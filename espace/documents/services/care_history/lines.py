"""Read one line of the insurer's file: every field checked, every problem named, none of its content repeated."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from espace import clock
from espace.import_table import FieldError, FieldReader, LineError, read_day, read_ins, values_of

from .kinds import KINDS
from .window import window_start

COLUMNS = (
    "ins",
    "birth_date",
    "reference",
    "visit",
    "date",
    "kind",
    "label",
    "quantity",
    "professional",
    "place",
    "amount",
    "base",
    "reimbursed",
    "secret",
)
CANCELLED = "cancelled"
"""A column that may be missing: `yes` takes the line of this reference back."""
_LONGEST_TEXT = 200  # characters
_LONGEST_REFERENCE = 64


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the file: whose it is, which one, and what it says. `facts` is the payload as it is kept.

    Amounts in it are whole cents, None when the file does not tell them.
    """

    number: int
    ins: str
    birth_date: date
    reference: str
    visit: str
    is_secret: bool
    is_cancelled: bool
    date: date
    kind: str
    facts: dict[str, Any]


def told(number: int, header: Sequence[str], text: str) -> Told:
    """Read line `number`. Of a line marked secret or cancelled, only whose and which it is.

    Raises:
        LineError: when a field is missing or wrong, or the care lies outside the window.
    """
    reader = FieldReader(values_of(header, text))
    ins = reader.read("ins", read_ins)
    birth_date = reader.read("birth_date", read_day)
    reference = reader.read("reference", _reference)
    is_secret = reader.read("secret", _yes, optional=True) or False
    is_cancelled = reader.read(CANCELLED, _yes, optional=True) or False
    gone = is_secret or is_cancelled
    day = reader.read("date", _past, optional=gone)
    kind = reader.read("kind", _kind, optional=gone)
    facts = {} if gone else _facts(reader)
    visit = reader.read("visit", _reference, optional=True)
    if reader.problems or ins is None or birth_date is None or reference is None:
        raise LineError("; ".join(reader.problems))
    if not gone and day is not None and day < window_start():
        raise LineError("date: it is older than the months that are kept")
    return Told(
        number=number,
        ins=ins.number,
        birth_date=birth_date,
        reference=reference,
        visit=visit or _same_visit(day, facts),
        is_secret=is_secret,
        is_cancelled=is_cancelled,
        date=day or date.min,
        kind=kind or "",
        facts={} if gone else {**facts, "reference": reference},
    )


def _facts(reader: FieldReader) -> dict[str, Any]:
    return {
        "label": reader.read("label", _text),
        "quantity": reader.read("quantity", _quantity, optional=True) or 1,
        "professional": reader.read("professional", _text, optional=True) or "",
        "place": reader.read("place", _text, optional=True) or "",
        "amount": reader.read("amount", _cents, optional=True),
        "base": reader.read("base", _cents, optional=True),
        "reimbursed": reader.read("reimbursed", _cents, optional=True),
    }


def _same_visit(day: date | None, facts: dict[str, Any]) -> str:
    """What stands for a visit the insurer does not name: one day, with one professional, in one place."""
    return f"{day} {facts.get('professional', '')} {facts.get('place', '')}"


def _reference(text: str) -> str:
    if len(text) > _LONGEST_REFERENCE or not text.isprintable():
        raise FieldError(f"up to {_LONGEST_REFERENCE} printable characters are expected")
    return text


def _text(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise FieldError(f"more than {_LONGEST_TEXT} characters")
    if not text.isprintable() or "\ufffd" in text:
        raise FieldError("it holds characters that cannot be shown")
    return text


def _past(text: str) -> date:
    day = read_day(text)
    if day > clock.today():
        raise FieldError("it lies in the future")
    return day


def _kind(text: str) -> str:
    if text not in KINDS:
        raise FieldError(f"one of {', '.join(KINDS)} is expected")
    return text


def _quantity(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,3}", text, re.ASCII):
        raise FieldError("a whole number from 1 to 9999 is expected")
    return int(text)


def _cents(text: str) -> int:
    if not re.fullmatch(r"\d{1,7}(\.\d{1,2})?", text, re.ASCII):
        raise FieldError("euros like 26.50 are expected")
    euros, _, cents = text.partition(".")
    return int(euros) * 100 + int(cents.ljust(2, "0"))


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise FieldError("yes, no or nothing is expected")
    return text == "yes"
