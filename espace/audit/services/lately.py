"""What somebody did in a record, as far as one reader may know: rooms above say what that is (security.md R13)."""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

from espace.permissions import Relation, Standing

from .trail import Entry

ActsTold = Callable[[Standing, UUID], Iterator[Entry]]
"""The acts of an actor that this standing's history of the record tells, newest first."""
_tellers: list[ActsTold] = []


def on_acts_told(teller: ActsTold) -> None:
    """Register who knows which acts a reader may know of."""
    if teller not in _tellers:
        _tellers.append(teller)


def acts_told(standing: Standing, actor_id: UUID) -> Iterator[Entry]:
    """The acts of an actor on a record that this reader may know of, newest first, read as far as taken."""
    for teller in _tellers:
        yield from teller(standing, actor_id)


def last_told(standing: Standing, actor_id: UUID, relation: Relation | None = None) -> datetime | None:
    """When an actor last did anything this reader may know of, in this relation if one is named; None for never."""
    fits = (act for act in acts_told(standing, actor_id) if relation is None or act.relation == relation)
    return next((act.at for act in fits), None)
