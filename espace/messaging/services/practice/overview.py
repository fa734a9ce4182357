"""The mailboxes of a professional, with how much is unread in each."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select

from espace import db
from espace.messaging.models import Conversation
from espace.messaging.services.boxes import BoxKind, MailboxFacts, mailboxes_of
from espace.people import services as people
from espace.permissions import Actor

from .mailboxes import leads

MANY = 99
"""So many unread conversations are counted; beyond, it is said that there are more."""
_UNREAD = (
    select(Conversation.box_id)
    .where(
        Conversation.box_id.in_(bindparam("boxes", expanding=True)),
        Conversation.unread,
        Conversation.archived.is_(False),
    )
    .limit(1000)
)


@dataclass(frozen=True, slots=True)
class Line:
    """One of a professional's mailboxes as their page shows it. `unread` counts conversations, up to `MANY`."""

    facts: MailboxFacts
    unread: int
    place: str
    is_led: bool


def lines(actor: Actor) -> list[Line]:
    """The mailboxes of a professional: their own first, then those of places by name. Four statements at most."""
    found = mailboxes_of(actor)
    counts = _unread([one.id for one in found])
    mine = people.professionals([actor.id]) if found else {}
    places = {place.id: place.display_name for one in mine.values() for place in one.structures}
    shown = [
        Line(
            facts=one,
            unread=min(counts[one.id], MANY),
            place=places.get(one.structure_id, "") if one.structure_id else "",
            is_led=leads(actor, one),
        )
        for one in found
    ]
    return sorted(shown, key=lambda line: (line.facts.kind is not BoxKind.PER, line.facts.name.casefold()))


def _unread(boxes: Collection[UUID]) -> Counter[UUID]:
    if not boxes:
        return Counter()
    with db.read() as tx:
        return Counter(tx.execute(_UNREAD, {"boxes": list(boxes)}).scalars())
