"""How much waits in the messages of each record that somebody may open, as far as each lets them know."""

from collections.abc import Sequence
from uuid import UUID

from espace.access import services as access
from espace.access.services import RecordCard
from espace.messaging.services.boxes import box_of
from espace.messaging.services.reading import lists
from espace.permissions import Actor, Permission

MOST = 12
"""So many records are looked at; who acts for more people finds the rest within each record."""


def unread(actor: Actor, cards: Sequence[RecordCard]) -> dict[UUID, int]:
    """Record -> how many of its conversations hold something unread that this actor may see, none where none does.

    Under a veil nothing is told.
    """
    if actor.is_veiled:
        return {}
    found: dict[UUID, int] = {}
    for card in cards[:MOST]:
        standing = access.standing(actor, card.record_id)
        if standing is not None and standing.may(Permission.MESSAGES_READ):
            count = lists.unread_then(box_of(standing))
            if count:
                found[card.record_id] = count
    return found
