"""Who of a team answers a conversation: taken, given to a colleague, let go (rules.md MS-8)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from espace import db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, NotFoundError
from espace.messaging.models import Conversation
from espace.messaging.services.boxes import Box, BoxKind
from espace.messaging.services.facts import open_conversation
from espace.people import services as people
from espace.people.services import Professional
from espace.permissions import ActorKind

from . import members
from .mailboxes import facts_of

TEAMS = frozenset({BoxKind.ORG, BoxKind.CAB, BoxKind.APP})
"""The kinds of mailboxes several may work in."""


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers a conversation, None for nobody yet, and who of the team may be asked to."""

    who: Professional | None
    is_mine: bool
    team: tuple[Professional, ...]


_ONE = select(Conversation.assigned_to, Conversation.payload).where(
    Conversation.box_id == bindparam("box"), Conversation.id == bindparam("conversation")
)


def answering(box: Box, conversation_id: UUID) -> Answering | None:
    """Who answers a conversation of a team; None in a box of one person alone.

    Raises:
        NotFoundError: when the mailbox has no such conversation.
    """
    if box.kind not in TEAMS:
        return None
    row = _conversation(box, conversation_id)
    team = tuple(one.professional for one in members.members(facts_of(box.id)))
    who = next((one for one in team if one.id == row.assigned_to), None)
    if row.assigned_to is not None and who is None:  # they left meanwhile: their name still says who began
        who = people.professionals([row.assigned_to]).get(row.assigned_to)
    return Answering(who, row.assigned_to == box.actor.id, tuple(one for one in team if one.id != row.assigned_to))


def signed(box: Box, text: str) -> str:
    """The words of a message from a team, with who of it wrote them: the other side sees the team and the person."""
    actor = box.actor
    if box.kind not in TEAMS or actor.kind is not ActorKind.PROFESSIONAL or not text.strip():
        return text
    last = text.strip().splitlines()[-3:]
    if any(actor.name in line for line in last):
        return text
    return f"{text.rstrip()}\n\n{actor.name}\n{box.name}"


def take(box: Box, conversation_id: UUID) -> None:
    """Answer a conversation oneself, if nobody does; again for one's own changes nothing.

    Raises:
        ConflictError: when a colleague answers it already.
        NotFoundError: when the mailbox has no such conversation, or is nobody's but one's own.
    """
    row = _conversation(box, conversation_id)
    if row.assigned_to == box.actor.id:
        return
    _move(box, conversation_id, before=None, after=box.actor.id)


def give(box: Box, conversation_id: UUID, professional_id: UUID, *, seen: UUID | None) -> None:
    """Let a colleague of the team answer. `seen` is who answered when the page was shown, None for nobody.

    Raises:
        ConflictError: when that changed meanwhile.
        NotFoundError: for who does not work in the mailbox; see `take`.
    """
    _conversation(box, conversation_id)
    members.works_in(box.id, professional_id)
    _move(box, conversation_id, before=seen, after=professional_id)


def release(box: Box, conversation_id: UUID, *, seen: UUID | None) -> None:
    """Have nobody in particular answer any more.

    Raises:
        ConflictError: when somebody else answers meanwhile.
        NotFoundError: see `take`.
    """
    _conversation(box, conversation_id)
    _move(box, conversation_id, before=seen, after=None)


def _conversation(box: Box, conversation_id: UUID) -> Any:
    if box.kind not in TEAMS:
        raise NotFoundError
    with db.read() as tx:
        row = tx.execute(_ONE, {"box": box.id, "conversation": conversation_id}).first()
    if row is None:
        raise NotFoundError
    return row


def _move(box: Box, conversation_id: UUID, *, before: UUID | None, after: UUID | None) -> None:
    """Of two who do this at once, the second is told."""
    if before == after:
        return
    stands = Conversation.assigned_to.is_(None) if before is None else Conversation.assigned_to == before
    with db.write() as tx:
        done = tx.execute(
            update(Conversation)
            .where(Conversation.box_id == box.id, Conversation.id == conversation_id, stands)
            .values(assigned_to=after, version=Conversation.version + 1)
        )
        if done.rowcount != 1:
            raise ConflictError
        row = tx.execute(_ONE, {"box": box.id, "conversation": conversation_id}).one()
        subject = open_conversation(tx, box.id, conversation_id, row.payload).subject
        audit.record(
            box.actor,
            box.id,
            Action.MAILBOX_ASSIGNED,
            objects=[{"id": str(conversation_id), "title": subject}],
            detail={"to": str(after or "")},
        )
