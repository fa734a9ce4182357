"""Reading is an event: who reads for somebody else leaves a row with what was shown (design 3.5)."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from espace import db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.permissions import Standing

Shown = TypeVar("Shown")


def traced(
    standing: Standing,
    action: Action,
    show: Callable[[], Shown],
    objects: Callable[[Shown], Sequence[Mapping[str, str]]] = lambda _shown: (),
) -> Shown:
    """What `show` gives; for anyone but the holder alone, in one unit of work with the row that tells what it gave."""
    if not standing.is_watched:
        return show()
    with db.write():
        shown = show()
        audit.record(standing.actor, standing.record_id, action, relation=standing.relation, objects=objects(shown))
    return shown
