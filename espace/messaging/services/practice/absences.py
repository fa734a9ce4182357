"""The notice of an absence, sent by itself to who writes to a mailbox meanwhile: once per sender in seven days.

Nothing answers a machine: no notice follows an automatic message, a report, a null sender, a message that came a second
time, nor one from this very mailbox; and the notice itself says that it is automatic (RFC 3834).
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, or_, select, update

from espace import clock, db, outbox
from espace.db import Instant
from espace.errors import InvalidError
from espace.interop.mail_letter import Letter
from espace.messaging.models import Conversation, Correspondent, Message
from espace.messaging.services.boxes import MailboxFacts, as_box
from espace.messaging.services.facts import MessageFacts, open_conversation, open_message
from espace.messaging.services.incoming.storing import Stored
from espace.messaging.services.outgoing import sending
from espace.messaging.services.places import Place, PlaceKind
from espace.permissions import SYSTEM

from .choosing import is_away
from .mailboxes import facts_of

TOPIC = "messaging.absence"
AGAIN_AFTER = timedelta(days=7)

_CAME = (
    select(Message.conversation_id, Message.secret, Message.payload, Conversation.correspondent_id)
    .join(
        Conversation,
        (Conversation.box_id == Message.box_id) & (Conversation.id == Message.conversation_id),
    )
    .where(
        Message.box_id == bindparam("mailbox"),
        Message.id == bindparam("message"),
        Message.outgoing.is_(False),
        Message.flagged.is_(False),
    )
)
_TELL = (
    update(Correspondent)
    .where(
        Correspondent.box_id == bindparam("of"),
        Correspondent.id == bindparam("whom"),
        or_(
            Correspondent.absence_told_at.is_(None), Correspondent.absence_told_at <= bindparam("before", type_=Instant)
        ),
    )
    .values(absence_told_at=bindparam("now", type_=Instant))
)


def on_new(_tx: Connection, place: Place, letter: Letter, stored: Stored) -> None:
    """A message came in: in the unit of work that writes it, ask for the notice if it is somebody's who is away."""
    if place.kind is not PlaceKind.MAILBOX or place.box_id is None or stored.flagged:
        return
    if not letter.may_be_answered or not is_away(facts_of(place.box_id)):
        return
    outbox.post(TOPIC, {"mailbox_id": str(place.box_id), "message_id": str(stored.message_id)})


def on_arrived(delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Send the notice, unless the sender was told within seven days or the absence is over; twice sends once."""
    mailbox_id, message_id = UUID(payload["mailbox_id"]), UUID(payload["message_id"])
    facts = facts_of(mailbox_id)
    if facts.closed_at is not None or not is_away(facts):
        return
    with db.read() as tx:
        row = tx.execute(_CAME, {"mailbox": mailbox_id, "message": message_id}).first()
        said = open_message(tx, mailbox_id, message_id, row.payload) if row else None
        subject = _subject(tx, mailbox_id, row.conversation_id) if row else ""
    if row is None or said is None or not _may_be_told(facts, said):
        return
    now = clock.now()
    with db.write() as tx:
        told = tx.execute(
            _TELL, {"of": mailbox_id, "whom": row.correspondent_id, "before": now - AGAIN_AFTER, "now": now}
        )
        if told.rowcount != 1:
            return
        with suppress(InvalidError):  # an address that nothing can be sent to
            sending.send(
                as_box(SYSTEM, facts),
                sending.Outgoing(
                    to=(said.sender.address,),
                    subject=subject,
                    text=facts.absence,
                    conversation_id=row.conversation_id,
                    secret=row.secret,
                    automatic=True,
                    key=delivery_id,
                ),
            )


def _may_be_told(facts: MailboxFacts, said: MessageFacts) -> bool:
    sender = said.sender.address.lower()
    return not said.automatic and "@" in sender and sender != facts.address.lower()


def _subject(tx: Connection, mailbox_id: UUID, conversation_id: UUID) -> str:
    row = tx.execute(
        select(Conversation.payload).where(Conversation.box_id == mailbox_id, Conversation.id == conversation_id)
    ).one()
    return open_conversation(tx, mailbox_id, conversation_id, row.payload).subject
