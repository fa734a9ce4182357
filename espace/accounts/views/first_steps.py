"""First steps, on the home of a record whose holder has just come in."""

from espace.accounts.services import facts
from espace.permissions import Relation
from espace.web.viewpoint import Viewpoint


def card(here: Viewpoint) -> dict[str, object] | None:
    """What one may do first; only the holder sees it, for a week."""
    if here.standing.relation is not Relation.HOLDER or not facts.joined_lately(here.actor):
        return None
    return {}
