"""Where one's own record stands, when it cannot be opened."""

from espace.permissions import Actor
from espace.records import services as records

_SAID = (records.OPPOSED, records.CLOSED, records.SUSPENDED, records.DECEASED, records.ERASED)


def own_state(actor: Actor) -> str:
    """The state of the actor's own record when it is one that somebody decided: its page tells more; else ""."""
    found = records.record_of(actor.person_id) if actor.person_id else None
    return found.state if found is not None and found.state in _SAID else ""
