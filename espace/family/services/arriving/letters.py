"""Activation letters on paper: accessible PDF (PDF/UA-1), one page a person, for a window envelope.

A letter tells what AC-2 asks for: what the space is, its link with the shared medical record, the right to object and
how, how to close, when it opens. It carries the provisional code but no INS and no birth date: whoever finds it alone
cannot use it (rules.md SE-7). The code in its square picture is an address of ours, never a secret.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from io import BytesIO
from typing import Any
from uuid import UUID

from babel.dates import format_date

from espace import clock, settings
from espace.accounts import services as accounts
from espace.accounts.services import letters as codes
from espace.interop.typeset import typeset
from espace.people import services as people
from espace.people.services import Traits
from espace.records import services as records

_TEMPLATE = "family/letter"
_GROUP = 4  # characters of a code between two spaces


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What the letter of one person says; the code is secret and stands nowhere else.

    `line` is the person's place in the list, 0 for none; `address` the lines below the name, if known. `opens_on` is
    the first day without objection; `made_on` the day the code was made. Who `has_account` activated long ago: their
    letter leads to the page for a lost access instead.
    """

    person_id: UUID
    line: int = 0
    name: str
    given_name: str
    code: str
    for_child: bool
    has_card: bool
    opens_on: date
    made_on: date
    address: tuple[str, ...] = ()
    has_account: bool = False

    @property
    def is_good(self) -> bool:
        """Whether the code still opens something: one whose person could not be written never did."""
        found = codes.find(self.person_id, self.code)
        return found is not None and not found.is_used

    @property
    def code_until(self) -> date:
        """The last whole day on which the code works."""
        return self.made_on + timedelta(days=settings.current().activation_code_life - 1)


def letter_of(
    person_id: UUID, traits: Traits, code: str, opens_at: datetime, *, line: int = 0, address: tuple[str, ...] = ()
) -> Letter:
    """The letter of a person for whom a code was just made."""
    today = clock.today()
    return Letter(
        person_id=person_id,
        line=line,
        name=traits.display_name,
        given_name=traits.display_name.split()[0],
        code=code,
        for_child=traits.age_on(today) < settings.current().autonomy_age,
        has_card=bool(traits.vitale_serial),
        opens_on=opens_at.astimezone(clock.HOME_ZONE).date(),
        made_on=today,
        address=address,
    )


def letter_pdf(person_id: UUID, code: str) -> bytes:
    """The letter of one person, for a code just made: what a counter prints for who stands there.

    Raises:
        NotFoundError: when there is no such person.
    """
    person, record = people.person(person_id), records.record_of(person_id)
    letter = letter_of(person_id, person, code, record.opens_at if record else clock.now())
    return letters_pdf([replace(letter, has_account=accounts.account_of(person_id) is not None)])


def letters_pdf(letters: Sequence[Letter]) -> bytes:
    """One document with a page for each letter, in their order."""
    given = settings.current()
    title = f"Lettre d'activation – {letters[0].name}" if len(letters) == 1 else "Lettres d'activation"
    activation = f"{given.base_url.rstrip('/')}/activation"
    lost_access = f"{given.base_url.rstrip('/')}/acces-perdu/courrier"
    data = {
        "title": title,
        "site": _readable(given.base_url),
        "activation": _readable(activation),
        "qr": _square(activation),
        "lost_access": _readable(lost_access),
        "lost_access_qr": _square(lost_access),
        "wait": given.recovery_delay,
        "help": _help(),
        "letters": [_page(letter) for letter in letters],
    }
    return typeset(_TEMPLATE, data)


def grouped(code: str) -> str:
    """A code as it is printed: in fours."""
    return " ".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def in_words(day: date) -> str:
    """« 1er janvier 2027 »: letters are in French, nobody chose a language before the activation."""
    words = format_date(day, "d MMMM y", locale="fr")
    return "1er" + words[1:] if words.startswith("1 ") else words


def _page(letter: Letter) -> dict[str, Any]:
    is_ahead = letter.opens_on > letter.made_on
    whose = f"L’espace de santé de {letter.given_name}" if letter.for_child else "Votre espace de santé"
    heading = f"{whose} ouvre le {in_words(letter.opens_on)}" if is_ahead else f"{whose} est ouvert"
    return asdict(letter) | {
        "person_id": "",
        "recipient": [*(["Aux parents de"] if letter.for_child else []), letter.name, *letter.address],
        "heading": "Retrouver l’accès à votre espace de santé" if letter.has_account else heading,
        "code": grouped(letter.code),
        "code_until": in_words(letter.code_until),
        "object_until": in_words(letter.opens_on - timedelta(days=1)) if is_ahead else "",
        "day": in_words(letter.made_on),
        "opens_on": letter.opens_on.isoformat(),
        "made_on": letter.made_on.isoformat(),
    }


def _help() -> list[str]:
    given = settings.current()
    found = [f"Téléphone : {given.contact_phone}"] if given.contact_phone else []
    return [*found, f"E-mail : {given.contact}"] if given.contact else found


def _readable(address: str) -> str:
    """An address as people type it: https goes without saying."""
    return address.removeprefix("https://").rstrip("/")


@cache
def _square(address: str) -> str:
    import segno

    drawn = BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", border=2, scale=4, dark="#231a28", xmldecl=False)
    return drawn.getvalue().decode()
