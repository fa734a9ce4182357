"""Reading what was given away, codes and links and files left: who reads it for somebody else leaves a trace."""

from collections.abc import Iterable
from uuid import UUID

from espace.audit import services as audit
from espace.audit.services import Action
from espace.web.viewpoint import Viewpoint


def leave_reading(here: Viewpoint, shown: Iterable[UUID]) -> None:
    """Who reads these for somebody else, or beside a helper, leaves a row before the answer (security.md R25)."""
    if here.standing.is_watched:
        audit.record(
            here.actor,
            here.record_id,
            Action.ACCESSES_READ,
            relation=here.standing.relation,
            objects=[{"id": str(one)} for one in shown],
        )
