"""Being recognised by one's letter: what activation, opposition and lost access ask first (rules.md AC-5, AC-6)."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from espace import crypto, db
from espace.errors import EspaceError
from espace.identifiers import new_id
from espace.people import services as people
from espace.permissions import Visitor

from . import letters, throttle
from .letters import Found

Act = Literal["activation", "opposition", "lost-access"]


@dataclass(frozen=True, slots=True)
class Letter:
    """The facts of a letter and of the card: INS (15 characters), provisional code, birth date, serial of the card.

    The serial counts only for who has a card on file: children have none (rules.md ID-6).
    """

    ins: str
    code: str
    birth_date: date
    vitale_serial: str = ""


class LetterError(EspaceError):
    """Why a letter opens nothing: `unknown` (whatever was wrong), `used`, `expired` (on `day`), `minor`.

    All but `unknown` are said only to who gave all the facts right.
    """

    def __init__(self, why: Literal["unknown", "used", "expired", "minor"], day: datetime | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.day = day


def recognise(letter: Letter, visitor: Visitor, act: Act) -> tuple[people.Person, Found]:
    """The person of a letter, with their code, used and expired ones included: what these mean is the caller's.

    Raises:
        LetterError: `unknown`; the same question is asked and the same error raised for an unknown person (R5).
        ThrottledError: when the next try is not due yet.
    """
    names = throttle.names_for(act, letter.ins, visitor.address)
    throttle.admit(names)
    person = people.find_person(letter.ins)
    found = letters.find(person.id if person else new_id(), letter.code)
    if found is None or person is None or person.birth_date != letter.birth_date or not _fits(person, letter):
        raise LetterError("unknown")
    with db.write():
        throttle.clear(names)
    return person, found


def _fits(person: people.Person, letter: Letter) -> bool:
    """Whether the serial is that of the person's card; who has no card on file needs none."""
    if not person.vitale_serial:
        return True
    return crypto.same(_digits(person.vitale_serial).encode(), _digits(letter.vitale_serial).encode())


def _digits(serial: str) -> str:
    return re.sub(r"[\s\-.\u00a0\u202f]", "", serial).upper()
