"""Letters as the gateway hands them over, and where they go: for tests of what happens then."""

from collections.abc import Sequence
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from espace import clock, crypto, db
from espace.identifiers import new_id
from espace.interop.mail_letter import Address, Letter, Part
from espace.messaging.models import Attachment, Conversation, Mailbox, Message
from espace.messaging.services import boxes, facts
from espace.messaging.services.boxes import Box, BoxKind
from espace.messaging.services.facts import AttachmentFacts, ConversationFacts, MessageFacts
from espace.messaging.services.incoming.delivering import Delivered, deliver
from espace.messaging.services.places import Place, place_of
from tests.support import build
from tests.support.build import Citizen

HOSPITAL = Address("cardiologie@hopital.operateur.example", "Service de cardiologie")
DOCTOR = Address("paul.le-goff@hopital.operateur.example", "Dr Paul Le Goff")
_numbers = count(1)


def address_of(person: Citizen) -> Address:
    """The address of a person."""
    return Address(boxes.patient_address(person.ins), person.name)


def letter(
    *to: Address,
    sender: Address = DOCTOR,
    subject: str = "Votre consultation",
    text: str = "Bonjour,\nvos résultats sont bons.",
    parts: Sequence[Part] = (),
    calendars: Sequence[Part] = (),
    answers: str = "",
    references: Sequence[str] = (),
    message_id: str = "",
    automatic: bool = False,
    text_of_digest: str = "",
) -> Letter:
    """A letter, as `mail_read.read` gives it; another Message-ID each time unless one is given."""
    message_id = message_id or f"<{next(_numbers)}.lettre@hopital.operateur.example>"
    said = f"{message_id}{subject}{text}{text_of_digest}{[sha256(part.content).hexdigest() for part in parts]}"
    return Letter(
        message_id=message_id,
        in_reply_to=answers,
        references=tuple(references),
        sender=sender,
        reply_to=None,
        to=to,
        cc=(),
        subject=subject,
        date=clock.now(),
        text=text,
        parts=tuple(parts),
        calendars=tuple(calendars),
        automatic=automatic,
        wants_receipt="",
        report=None,
        mss={},
        faults=(),
        digest=sha256(said.encode()).digest(),
        hops=1,
        size=len(text) + sum(len(part.content) for part in parts),
    )


def arrive(given: Letter, *, secret: bool = False) -> list[Delivered]:
    """Deliver a letter to everybody it is written to."""
    places = [place_of(one.address) for one in (*given.to, *given.cc)]
    return deliver(given, places, sender=given.sender.address, secret=secret)


def practice_box(address: str = "helene.morvan@cabinets.espace.example", name: str = "Dr Hélène Morvan") -> Box:
    """A mailbox of this house, as a professional uses it."""
    place = mailbox(address, name)
    assert place.box_id is not None
    actor = build.caregiver().actor
    return Box(place.box_id, BoxKind.PER, actor, may_write=True, address=address, name=name, sees_secret=True)


def own_box(person: Citizen) -> Box:
    """The box of a person, as they use it themself."""
    return Box(
        id=person.record_id,
        kind=BoxKind.PERSON,
        actor=person.actor,
        may_write=True,
        standing=person.standing(),
        sees_secret=True,
    )


def place(person: Citizen) -> Place:
    """The box of a person."""
    return place_of(address_of(person).address)


def messages(box_id: UUID) -> list[tuple[MessageFacts, Any]]:
    """Every message of a box, opened, in their order; the row beside it."""
    with db.read() as tx:
        rows = tx.execute(
            select(Message.__table__).where(Message.box_id == box_id).order_by(Message.at, Message.id)
        ).all()
        return [(facts.open_message(tx, box_id, row.id, row.payload), row) for row in rows]


def conversations(box_id: UUID) -> list[tuple[ConversationFacts, Any]]:
    """Every conversation of a box, opened, the oldest first; the row beside it."""
    with db.read() as tx:
        found = select(Conversation.__table__).where(Conversation.box_id == box_id)
        rows = tx.execute(found.order_by(Conversation.started_at, Conversation.id)).all()
        return [(facts.open_conversation(tx, box_id, row.id, row.payload), row) for row in rows]


def attachments(box_id: UUID) -> list[tuple[UUID, AttachmentFacts]]:
    """Every attachment of a box, opened, in their order."""
    with db.read() as tx:
        found = select(Attachment.id, Attachment.payload).where(Attachment.box_id == box_id)
        rows = tx.execute(found.order_by(Attachment.message_id, Attachment.place)).all()
        return [(row.id, facts.open_attachment(tx, box_id, row.id, row.payload)) for row in rows]


def mailbox(
    address: str = "secretariat@cabinets.espace.example",
    name: str = "Cabinet des Tilleuls",
    *,
    structure_id: UUID | None = None,
) -> Place:
    """A team's mailbox of this house, of nobody yet."""
    mailbox_id = new_id()
    with db.write() as tx:
        crypto.new_owner_key(tx, mailbox_id)
        tx.execute(
            insert(Mailbox).values(
                id=mailbox_id,
                address_index=boxes.address_index(address),
                kind="ORG",
                structure_id=structure_id,
                listed=True,
                made_at=clock.now(),
                version=1,
                payload=crypto.seal(tx, mailbox_id, "mailboxes", mailbox_id, {"address": address, "name": name}),
            )
        )
    return place_of(address)
