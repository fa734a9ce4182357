"""Ending the exchange with a patient, and opening it again: both are messages the patient receives (rules.md MS-5)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select

from espace import db, settings
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.messaging.models import Conversation
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import ConversationFacts, open_conversation
from espace.messaging.services.incoming import correspondents
from espace.messaging.services.outgoing import sending
from espace.messaging.services.practice.assigning import signed
from espace.words import N_, some_lines

LONGEST = 2000


@dataclass(frozen=True, slots=True)
class ClosingState:
    """Whether the exchange of a conversation may be ended or opened again here, and since when it is ended."""

    may_end: bool
    may_reopen: bool
    ended_at: datetime | None


_ONE = select(Conversation.payload, Conversation.secret).where(
    Conversation.box_id == bindparam("box"), Conversation.id == bindparam("conversation")
)
_NEITHER = ClosingState(may_end=False, may_reopen=False, ended_at=None)


def state(box: Box, address: str, *, secret: bool = False) -> ClosingState:
    """What a mailbox may do about its exchange with who has this address: nothing but with a patient.

    `secret`: the exchange that parents know nothing of, which ends by itself.
    """
    if box.is_person or not box.may_write or not correspondents.is_patient(address):
        return _NEITHER
    known = correspondents.at_address(box, address)
    ended = next((one.closed_at for one in known if one.secret == secret), None)
    return ClosingState(may_end=ended is None, may_reopen=ended is not None, ended_at=ended)


@dataclass(frozen=True, slots=True)
class About:
    """The conversation whose exchange is to be ended or opened again: with whom, about what."""

    name: str
    subject: str
    state: ClosingState


def about(box: Box, conversation_id: UUID) -> About:
    """What the page asks that ends an exchange, or opens it again.

    Raises:
        NotFoundError: for a conversation that is not with a patient.
    """
    facts, is_secret = _with_patient(box, conversation_id)
    return About(facts.with_name, facts.subject, state(box, facts.with_address, secret=is_secret))


def end(box: Box, conversation_id: UUID, words: str, *, key: UUID | None = None) -> None:
    """End the exchange with a patient: they read `words`, and answer no more until we write again (MS-5).

    `key`: the same twice ends it once.

    Raises:
        InvalidError: without words for the patient, or for too many.
        NotFoundError: for a conversation that is not with a patient, or whose exchange is ended.
    """
    _write(box, conversation_id, words, key, ends=True)


def reopen(box: Box, conversation_id: UUID, words: str, *, key: UUID | None = None) -> None:
    """Open the exchange again by a message: the patient may answer from then on.

    Raises:
        InvalidError: without words for the patient, or for too many.
        NotFoundError: for a conversation that is not with a patient, or whose exchange is not ended.
    """
    _write(box, conversation_id, words, key, ends=False)


def _write(box: Box, conversation_id: UUID, words: str, key: UUID | None, *, ends: bool) -> None:
    facts, is_secret = _with_patient(box, conversation_id)
    now = state(box, facts.with_address, secret=is_secret)
    if not (now.may_end if ends else now.may_reopen):
        raise NotFoundError
    text = some_lines(words)
    if not 1 <= len(text) <= LONGEST:
        raise InvalidError({"text": N_("Write what the patient will read, in %(most)d letters at most.", most=LONGEST)})
    subject = f"{settings.current().closing_mark} {facts.subject}" if ends else facts.subject
    outgoing = sending.Outgoing(
        to=(facts.with_address,),
        subject=subject.strip(),
        text=signed(box, text),
        conversation_id=conversation_id,
        secret=is_secret,
        key=key or new_id(),
    )
    with db.write():
        sending.send(box, outgoing)
        audit.record(
            box.actor,
            box.id,
            Action.EXCHANGE_CLOSED if ends else Action.EXCHANGE_REOPENED,
            objects=[{"id": str(conversation_id), "title": facts.subject}],
            detail={"whom": box.actor.name},
        )


def _with_patient(box: Box, conversation_id: UUID) -> tuple[ConversationFacts, bool]:
    if box.is_person or not box.may_write:
        raise NotFoundError
    with db.read() as tx:
        row = tx.execute(_ONE, {"box": box.id, "conversation": conversation_id}).first()
        facts = open_conversation(tx, box.id, conversation_id, row.payload) if row else None
    if row is None or facts is None or not correspondents.is_patient(facts.with_address):
        raise NotFoundError
    return facts, row.secret
