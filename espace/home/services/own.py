"""Where one's own record stands, when it cannot be opened."""

from collections.abc import Collection
from uuid import UUID

from espace.people import services as people
from espace.permissions import Actor
from espace.records import services as records

_SAID = (records.OPPOSED, records.CLOSED, records.SUSPENDED, records.DECEASED, records.ERASED)


def holder_names(record_ids: Collection[UUID]) -> dict[UUID, str]:
    """Whose record each is, for who is asked about their own visit to it."""
    found = records.records(list(record_ids))
    persons = people.persons([one.person_id for one in found.values()])
    return {one.id: persons[one.person_id].display_name for one in found.values() if one.person_id in persons}


def own_state(actor: Actor) -> str:
    """The state of the actor's own record when it is one that somebody decided: its page tells more; else ""."""
    found = records.record_of(actor.person_id) if actor.person_id else None
    return found.state if found is not None and found.state in _SAID else ""
