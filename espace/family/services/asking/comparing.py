"""The traits that a request names, beside those of the person who bears its number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from espace.people.services import Person

from . import linking
from .request_rows import Stored


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait as the asker typed it and as the person has it; `agrees` is None where nobody is known."""

    name: str
    said: str | date
    known: str | date
    agrees: bool | None


def compared_with(request: Stored, person: Person | None) -> tuple[Trait, ...]:
    """Each trait that a request names beside that of the person found under its number, if any."""
    typed = request.traits
    if person is None:
        said: Mapping[str, str | date] = {
            "ins": typed.ins, "birth_name": typed.birth_name,
            "first_names": typed.first_name, "birth_date": typed.birth_date,
        }  # fmt: skip
        return tuple(Trait(name, value, "", None) for name, value in said.items())
    first = linking.folded(person.first_names[0])
    return (
        Trait("ins", typed.ins, person.ins, typed.ins == person.ins),
        Trait(
            "birth_name",
            typed.birth_name,
            person.birth_name,
            linking.folded(typed.birth_name) == linking.folded(person.birth_name),
        ),
        Trait(
            "first_names",
            typed.first_name,
            " ".join(person.first_names),
            linking.folded(typed.first_name).split()[:1] == first.split()[:1],
        ),
        Trait("birth_date", typed.birth_date, person.birth_date, typed.birth_date == person.birth_date),
    )
