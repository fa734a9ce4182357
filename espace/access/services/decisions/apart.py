"""Doctors who read and deposit only by the person's own express agreement (rules.md AR-12): of work, of fire services.

An agreement for a team does not reach them, and no colleague writes one down for them. The person names them, or shows
them a code. Where nobody can agree any more, they open in an emergency as every health professional (AR-7).
"""

from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from espace import settings
from espace.errors import NotFoundError
from espace.people.services import Professional, Structure, directory
from espace.permissions import Actor, ActorKind

DOCTOR, OF_WORK = "G15_10", "G15_10/SM25"
"""A doctor, and one whose specialty is the health of people at work (JDV_J01)."""


class Apart(StrEnum):
    """What sets a doctor apart."""

    OCCUPATIONAL = "occupational"
    FIRE = "fire"


def apart_at(profession: str, number: str) -> Apart | None:
    """What sets somebody of this profession or specialty apart at the place of this national number.

    Doctors of work are told by their specialty, or as those of a fire service by the place: the register has no word
    for these, so the house's settings name the places.
    """
    house = settings.current()
    if profession.partition("/")[0] != DOCTOR:
        return None
    if profession == OF_WORK or number in house.occupational_list:
        return Apart.OCCUPATIONAL
    return Apart.FIRE if number in house.fire_list else None


def apart(actor: Actor) -> Apart | None:
    """What sets a professional apart where they practise today."""
    if actor.kind is not ActorKind.PROFESSIONAL:
        return None
    house = settings.current()
    named = actor.structure_id is not None and bool(house.occupational_list or house.fire_list)
    number = _number(actor.structure_id) if named and actor.structure_id and _is_doctor(actor) else ""
    return apart_at(actor.profession, number)


def apart_somewhere(professional: Professional) -> Apart | None:
    """What sets a professional apart at some place of theirs, for who is about to name them."""
    profession = professional.specialty_code or professional.profession_code
    numbers = [one.number for one in professional.structures] or [""]
    return next((found for one in numbers if (found := apart_at(profession, one)) is not None), None)


def teams_of(professional: Professional) -> tuple[Structure, ...]:
    """The places of a professional whose team an agreement may name through them."""
    profession = professional.specialty_code or professional.profession_code
    return tuple(one for one in professional.structures if has_team(one) and apart_at(profession, one.number) is None)


def has_team(place: Structure) -> bool:
    """Whether a place has a team that may be named: one that watches over people for their employer has none."""
    return apart_at(DOCTOR, place.number) is None


def _is_doctor(actor: Actor) -> bool:
    return actor.profession.partition("/")[0] == DOCTOR


@lru_cache(maxsize=4096)
def _number(structure_id: UUID) -> str:
    """The national number of a place, which never changes."""
    found = directory.structure(structure_id)
    if found is None:
        raise NotFoundError
    return found.number
