"""Reading what was given away, codes and links and files left: who reads it for somebody else leaves a trace."""

from collections.abc import Iterable
from uuid import UUID

from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.services.viewing.reading import SHARED
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


def leave_looking(here: Viewpoint, shown: UUID) -> None:
    """The same for a part of a page that left its row just now: it leaves one where that page was not asked for."""
    told = here.standing.is_watched and audit.seen_lately(
        here.actor, here.record_id, Action.ACCESSES_READ, shown, SHARED
    )
    if not told:
        leave_reading(here, [shown])
