"""What somebody did in a record, as far as one reader may know: rooms above say what that is (security.md R13)."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from uuid import UUID

from espace.permissions import Relation, Standing

from .trail import Entry

ActsTold = Callable[[Standing, UUID], Iterator[Entry]]
"""The acts of an actor that this standing's history of the record tells, newest first."""
NewestTold = Callable[[Standing, Collection[UUID], Relation | None], Mapping[UUID, datetime]]
"""When each of several actors last did anything that it tells, in one relation if it is named; who never did is not
among them."""
_tellers: list[ActsTold] = []
_newest: list[NewestTold] = []


def on_acts_told(teller: ActsTold, newest: NewestTold) -> None:
    """Register who knows which acts a reader may know of, all of one's or the newest of several."""
    if teller not in _tellers:
        _tellers.append(teller)
        _newest.append(newest)


def acts_told(standing: Standing, actor_id: UUID) -> Iterator[Entry]:
    """The acts of an actor on a record that this reader may know of, newest first, read as far as taken."""
    for teller in _tellers:
        yield from teller(standing, actor_id)


def newest_told(
    standing: Standing, actor_ids: Collection[UUID], relation: Relation | None = None
) -> dict[UUID, datetime]:
    """As `last_told`, of several others than this reader at once; who never did anything is not among them."""
    found: dict[UUID, datetime] = {}
    for newest in _newest if actor_ids else ():
        found |= newest(standing, actor_ids, relation)
    return found


def last_told(standing: Standing, actor_id: UUID, relation: Relation | None = None) -> datetime | None:
    """When an actor last did anything this reader may know of, in this relation if one is named; None for never."""
    fits = (act for act in acts_told(standing, actor_id) if relation is None or act.relation == relation)
    return next((act.at for act in fits), None)
