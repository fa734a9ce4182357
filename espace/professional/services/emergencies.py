"""A professional's own page of emergencies: what stands open, what is asked of them, what befell their patients."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from espace.access.services.emergencies import emergency, reviews
from espace.access.services.emergencies.emergency import Opening
from espace.access.services.emergencies.reviews import Reviewed
from espace.people import services as people
from espace.permissions import Actor
from espace.records import services as records

from . import search


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """One opening, and whose record it opened; `reachable`: this professional may go to the patient's page now."""

    opening: Opening
    patient: str
    reachable: bool


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One opening to be explained, and whose record it opened."""

    asked: Reviewed
    patient: str


@dataclass(frozen=True, slots=True)
class Emergencies:
    """Everything of the page."""

    running: tuple[OpeningLine, ...]
    asked: tuple[AskedLine, ...]
    on_patients: tuple[OpeningLine, ...]


def emergencies(actor: Actor) -> Emergencies:
    """What concerns this professional; statements do not grow with the lines."""
    running, asked, others = emergency.open_to(actor), reviews.asked_of(actor), emergency.on_my_patients(actor)
    names = _names({*(one.record_id for one in (*running, *others)), *(one.record_id for one in asked)})
    reachable = {line.record_id for line in search.my_patients(actor) if line.reachable} if others else set()
    return Emergencies(
        running=tuple(OpeningLine(one, names.get(one.record_id, ""), reachable=True) for one in running),
        asked=tuple(AskedLine(one, names.get(one.record_id, "")) for one in asked),
        on_patients=tuple(
            OpeningLine(one, names.get(one.record_id, ""), reachable=one.record_id in reachable) for one in others
        ),
    )


def _names(record_ids: Collection[UUID]) -> dict[UUID, str]:
    facts = records.records(list(record_ids)) if record_ids else {}
    persons = people.persons([one.person_id for one in facts.values()])
    return {one.id: persons[one.person_id].display_name for one in facts.values() if one.person_id in persons}
