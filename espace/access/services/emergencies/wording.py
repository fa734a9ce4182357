"""Who reads what a professional wrote when they opened a record in an emergency (rules.md MI-6, AR-10)."""

from dataclasses import replace

from espace.access.policy import EmergencyMode
from espace.audit.services import Action, Entry
from espace.family.services.growing import stages
from espace.family.services.growing.stages import Change
from espace.permissions import Relation, Standing

_WAYS = frozenset(one.value for one in EmergencyMode)


def keeps_words(standing: Standing) -> bool:
    """Whether these words are kept from this reader.

    From the age at which care may be kept secret, the minor reads them and their parents do not: who writes in haste
    cannot know what a minor keeps to themself. Parents are told all the same: who, when, the reason chosen.
    """
    is_parent = standing.relation is Relation.REPRESENTATIVE
    return is_parent and stages.holds(standing, Change.SECRET_CONNECTION)


def without(entry: Entry) -> Entry:
    """An act of the trail without what was written at an opening: in its own row, and in those of what it opened."""
    if entry.action is Action.EMERGENCY_OPENED:
        return replace(entry, detail={name: said for name, said in entry.detail.items() if name != "reason"})
    return replace(entry, way_words="") if entry.way in _WAYS else entry
