"""Who may open a record in an emergency, by what they are: health professionals, and doctors who answer the 15."""

from espace import settings
from espace.people import services as people
from espace.permissions import Actor, ActorKind

_DOCTOR = "G15_10"
_HEALTH = frozenset(
    f"G15_{code}" for code in (10, 21, 26, 28, 31, 35, 36, 40, 50, 60, 70, 80, 86, 91, 92, 94, 95, 96, 98)
)
"""The health professions of habilitations.md 5: neither the titles nor the functions that stand beside them there."""


def may_break_glass(actor: Actor) -> bool:
    """Whether this is a health professional (rules.md AR-7: any of them)."""
    return actor.kind is ActorKind.PROFESSIONAL and actor.profession.partition("/")[0] in _HEALTH


def regulates(actor: Actor) -> bool:
    """Whether this is a doctor at work in a place that answers calls to the centre 15 (rules.md AR-8).

    The register says who is a doctor and where they practise; which places regulate, the house's settings say.
    """
    regulating = settings.current().regulation_list
    if not regulating or actor.kind is not ActorKind.PROFESSIONAL:
        return False
    found = people.professional(actor.id)
    here = next((one for one in found.structures if one.id == actor.structure_id), None)
    return found.profession_code == _DOCTOR and here is not None and here.number in regulating
