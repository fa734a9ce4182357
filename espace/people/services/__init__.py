"""What other rooms may ask of the directories."""

from .directory import at_address
from .labels import plain_label, profession_label
from .persons import Person, Traits, age_on, beside, find_person, opened, person, persons, save_person
from .professionals import (
    Professional,
    Structure,
    actor_of,
    colleagues,
    find_professional,
    professional,
    professional_under,
    professionals,
    rpps_index,
)
from .register import import_professionals

__all__ = [
    "Person",
    "Professional",
    "Structure",
    "Traits",
    "actor_of",
    "age_on",
    "at_address",
    "beside",
    "colleagues",
    "find_person",
    "find_professional",
    "import_professionals",
    "opened",
    "person",
    "persons",
    "plain_label",
    "profession_label",
    "professional",
    "professional_under",
    "professionals",
    "rpps_index",
    "save_person",
]
