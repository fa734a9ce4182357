"""Whose messages one reads: the box of a person, opened by a standing, or a mailbox, opened by belonging to it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, or_, select

from espace import crypto, db, settings
from espace.db import Id
from espace.errors import NotFoundError
from espace.messaging.models import Mailbox, MailboxMember
from espace.people import services as people
from espace.people.services import directory
from espace.permissions import Actor, Permission, Relation, Standing
from espace.records import services as records


class BoxKind(StrEnum):
    """What sort of box: a person's, or one of the four kinds of professional mailboxes (rules.md MS-8)."""

    PERSON = "person"
    PER = "PER"
    ORG = "ORG"
    APP = "APP"
    CAB = "CAB"


@dataclass(frozen=True, slots=True)
class Box:
    """One box, as one actor may use it: the ticket every service on messages takes first.

    `id` is the record's or the mailbox's, and owns the key that seals what lies in it. `address` and `name` are a
    mailbox's; those of a person are read when they are needed (`own_address`). `sees_secret`: conversations that a
    minor keeps from their parents are let through. `arrived_before`: only messages that came until then are (R15).
    `places_kept`: another parent has the names of places kept from this reader; `apart` says how a side is then called.
    """

    id: UUID
    kind: BoxKind
    actor: Actor
    may_write: bool
    standing: Standing | None = None
    address: str = ""
    name: str = ""
    sees_secret: bool = False
    arrived_before: datetime | None = None
    places_kept: bool = False

    @property
    def is_person(self) -> bool:
        """Whether it is a person's, not a mailbox of professionals."""
        return self.kind is BoxKind.PERSON

    @property
    def marks_read(self) -> bool:
        """Whether reading here makes a message read: not for a carer, nor for whom a decision limits.

        Their reading is not the person's own, and what one may only read one does not change.
        """
        if self.standing is None:
            return True
        return self.standing.relation in (Relation.HOLDER, Relation.REPRESENTATIVE) and self.arrived_before is None


@dataclass(frozen=True, slots=True)
class MailboxFacts:
    """A mailbox of professionals, opened. `reply_days` is how long an answer usually takes, 0 for not said.

    `absent_from` and `absent_until` (days, both included) bound the absence of which `absence` tells, if any.
    `receipts`: who asks for a receipt gets one by itself when a message was read.
    """

    id: UUID
    kind: BoxKind
    address: str
    name: str
    professional_id: UUID | None
    structure_id: UUID | None
    responsible_id: UUID | None
    listed: bool
    closed_at: datetime | None
    version: int
    reply_days: int = 0
    absence: str = ""
    absent_from: str = ""
    absent_until: str = ""
    receipts: bool = False


MAILBOX_COLUMNS = (
    Mailbox.id,
    Mailbox.kind,
    Mailbox.professional_id,
    Mailbox.structure_id,
    Mailbox.responsible_id,
    Mailbox.listed,
    Mailbox.closed_at,
    Mailbox.version,
    Mailbox.payload,
)
_MINE = (
    select(*MAILBOX_COLUMNS)
    .outerjoin(
        MailboxMember,
        (MailboxMember.mailbox_id == Mailbox.id) & (MailboxMember.professional_id == bindparam("mine", type_=Id)),
    )
    .where(
        Mailbox.closed_at.is_(None),
        or_(
            Mailbox.professional_id == bindparam("mine", type_=Id),
            Mailbox.responsible_id == bindparam("mine", type_=Id),
            MailboxMember.professional_id.is_not(None),
        ),
    )
    .order_by(Mailbox.id)
)
_ONE_OF_MINE = _MINE.where(Mailbox.id == bindparam("mailbox", type_=Id))
_BY_ADDRESS = select(*MAILBOX_COLUMNS).where(Mailbox.address_index == bindparam("address"))


def box_of(standing: Standing) -> Box:
    """The box of the person whose record this is, as this standing may use it.

    Raises:
        NotFoundError: when it may not read messages; nobody reads them through another's eyes ("voir comme").
    """
    if not standing.may(Permission.MESSAGES_READ) or standing.through is not None:
        raise NotFoundError
    return Box(
        id=standing.record_id,
        kind=BoxKind.PERSON,
        actor=standing.actor,
        may_write=standing.may(Permission.MESSAGES_WRITE),
        standing=standing,
        # As for documents (rules.md MI-6, MI-10): of who only reads, a parent may have opened the account.
        sees_secret=standing.relation is Relation.HOLDER and standing.may(Permission.DOCUMENTS_KEEP),
        arrived_before=standing.arrived_before,
        places_kept=standing.places_kept,
    )


def box_of_mailbox(actor: Actor, mailbox_id: UUID) -> Box:
    """A mailbox, for a professional who belongs to it.

    Raises:
        NotFoundError: for anybody else, and for a closed one.
    """
    return as_box(actor, mailbox_of(actor, mailbox_id))


def boxes_of(actor: Actor) -> list[Box]:
    """Every mailbox a professional belongs to, the oldest first."""
    return [as_box(actor, facts) for facts in mailboxes_of(actor)]


def mailbox_of(actor: Actor, mailbox_id: UUID) -> MailboxFacts:
    """As `box_of_mailbox`, with all that is known of it."""
    with db.read() as tx:
        row = tx.execute(_ONE_OF_MINE, {"mine": actor.id, "mailbox": mailbox_id}).first()
        found = [] if row is None else _still_there(actor, [opened_mailbox(tx, row)])
    if not found:
        raise NotFoundError
    return found[0]


def mailboxes_of(actor: Actor) -> list[MailboxFacts]:
    """As `boxes_of`, with all that is known of each."""
    with db.read() as tx:
        return _still_there(actor, [opened_mailbox(tx, row) for row in tx.execute(_MINE, {"mine": actor.id})])


def mailbox_at(address: str) -> MailboxFacts | None:
    """The mailbox of this house at an address, closed ones too; None for none."""
    with db.read() as tx:
        row = tx.execute(_BY_ADDRESS, {"address": address_index(address)}).first()
        return None if row is None else opened_mailbox(tx, row)


def opened_mailbox(tx: Connection, row: Any) -> MailboxFacts:
    """A row of `MAILBOX_COLUMNS`, opened."""
    facts = crypto.unseal(tx, row.id, Mailbox.__tablename__, row.id, row.payload)
    return MailboxFacts(
        id=row.id,
        kind=BoxKind(row.kind),
        professional_id=row.professional_id,
        structure_id=row.structure_id,
        responsible_id=row.responsible_id,
        listed=row.listed,
        closed_at=row.closed_at,
        version=row.version,
        **facts,
    )


def own_address(box: Box) -> str:
    """The address of a box: that of a mailbox, or a person's INS at the patients' domain (rules.md MS-1)."""
    return box.address or patient_address(people.person(records.record(box.id).person_id).ins)


def own_name(box: Box) -> str:
    """Whose box it is, as it stands in the From of what leaves it."""
    return box.standing.holder_name if box.standing else box.name


def patient_address(ins: str) -> str:
    """The address of a person: their INS with its key at the patients' domain (rules.md MS-1)."""
    return f"{ins}@{settings.current().patient_domain}"


def address_index(address: str) -> bytes:
    """The blind index of an address, whatever its capitals."""
    return crypto.blind("email", address.strip().lower())


def _still_there(actor: Actor, found: list[MailboxFacts]) -> list[MailboxFacts]:
    """Those of a place only while the actor practises there: who left it reads none of its mail, whatever was given."""
    places = {one.structure_id for one in found if one.structure_id is not None}
    held = directory.practising(places, [actor.id])
    return [one for one in found if one.structure_id is None or (one.structure_id, actor.id) in held]


def as_box(actor: Actor, facts: MailboxFacts) -> Box:
    """The box of a mailbox that `mailbox_of` has opened for this actor."""
    return Box(
        id=facts.id,
        kind=facts.kind,
        actor=actor,
        may_write=True,
        address=facts.address,
        name=facts.name,
        sees_secret=True,
    )
