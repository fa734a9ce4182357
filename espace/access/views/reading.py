"""Reading the lines of a record's accesses: whoever reads them for somebody else leaves a trace."""

from collections.abc import Mapping, Sequence

from espace import db
from espace.access import services as access
from espace.access.services import ConsentLine
from espace.audit import services as audit
from espace.audit.services import Action
from espace.web.viewpoint import Viewpoint


def read_lines(here: Viewpoint) -> list[ConsentLine]:
    """The lines; who reads them for somebody else, or beside a helper, leaves a trace, committed before the answer."""
    if not here.standing.is_watched:
        return access.consents(here.standing)
    with db.write():
        lines = access.consents(here.standing)
        leave(here, [{"id": str(line.id), "name": line.name} for line in lines])
    return lines


def leave(here: Viewpoint, objects: Sequence[Mapping[str, str]]) -> None:
    """Write what is about to be shown to the trail, where somebody else reads, or beside a helper (security.md R25)."""
    if here.standing.is_watched:
        audit.record(here.actor, here.record_id, Action.ACCESSES_READ, relation=here.standing.relation, objects=objects)
