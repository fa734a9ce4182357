"""The trail of one's own account, page by page."""

from dataclasses import dataclass

from espace.audit import services as audit
from espace.audit.services import Entry
from espace.permissions import Actor

PAGE = 30


@dataclass(frozen=True, slots=True)
class Activity:
    """Some acts, newest first, and the sequence after which older ones follow (None: these are the oldest)."""

    entries: tuple[Entry, ...]
    before: int | None


def account_activity(actor: Actor, *, before: int | None = None) -> Activity:
    """The acts on the actor's account, whoever did them, before sequence `before`."""
    # One's own reading is no act; nothing on an account's chain is kept from its owner.
    found = audit.entries(actor.id, mine=False, holder_actor_ids=(), before=before, limit=PAGE + 1)
    shown = tuple(found[:PAGE])
    return Activity(shown, shown[-1].sequence if len(found) > PAGE else None)
