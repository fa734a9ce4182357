"""What the sealed payloads of messages hold, each with its way in and out: nobody reads or writes them otherwise."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from espace import crypto
from espace.messaging.models import Attachment, Conversation, Correspondent, Message

FILE, ARCHIVE, CALENDAR = "file", "xdm", "calendar"
"""What an attachment is: `mail_attachments.kind`."""
SCANNING, HARMFUL = "scanning", "harmful"
NOT_FOR_READER, OTHER_PERSON = "not-for-reader", "other-person"
"""Why an attachment is withheld: the scanner has not seen it, or knows it; it is hidden from professionals (MS-16);
an archive says that it is about somebody else (R41)."""
RECEIVED, WAITING, SENT, FAILED = "received", "waiting", "sent", "failed"
"""The states of a message: `mail_messages.state`."""
OFFERED, FILED, ASIDE, REFUSED = "offered", "filed", "aside", "refused"
"""What became of a document of an archive: `PackedFacts.outcome`."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who writes or is written to. `role`: what they are in everyday words, where the directory knows it."""

    address: str
    name: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """What a message says. `written_at` is the sender's own time (ISO), "" for none.

    `automatic`: a program wrote it. `closes`: it ends the exchange (rules.md MS-5). `receipt_to` is where its sender
    wants to hear that it was read, `receipt_said` what was answered to that: sent, kept, failed. `signed`: who of
    a team wrote it here, or who wrote it for the person: a parent, a carer. `files`: how many attachments it has.
    `faults` are the codes of what was wrong; `mss` are its X-MSS headers, which prove nothing (R41).
    """

    message_id: str
    sender: Party
    to: tuple[Party, ...]
    subject: str
    text: str
    cc: tuple[Party, ...] = ()
    reply_to: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    written_at: str = ""
    automatic: bool = False
    closes: bool = False
    receipt_to: str = ""
    receipt_said: str = ""
    signed: str = ""
    files: int = 0
    faults: tuple[str, ...] = ()
    mss: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def wants_receipt(self) -> bool:
        """Whether its sender asked to be told that it was read."""
        return bool(self.receipt_to)

    @property
    def recipients(self) -> tuple[Party, ...]:
        """Everybody it was written to."""
        return (*self.to, *self.cc)


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """What the line of a conversation shows. `line` are the first words of its last message.

    `attached`: some message of it has a file. `follows` is the open conversation that a secret one answers.
    """

    subject: str
    with_address: str
    with_name: str
    with_role: str = ""
    line: str = ""
    attached: bool = False
    follows: str = ""


@dataclass(frozen=True, slots=True)
class PackedFacts:
    """One document of an archive, as it was found when it came.

    `outcome`: offered, filed, aside, refused; `reason` is a code, and `faults` what was found wrong in detail.
    `destined`: its sender says that it is for the record (rules.md MS-15).
    """

    name: str
    title: str
    type_code: str = ""
    date: str = ""
    outcome: str = ""
    reason: str = ""
    faults: tuple[str, ...] = ()
    document_id: str = ""
    destined: bool = False


@dataclass(frozen=True, slots=True)
class InvitationFacts:
    """What a calendar file says: its method, what it is about, when (ISO)."""

    method: str = ""
    summary: str = ""
    starts: str = ""
    ends: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class AttachmentFacts:
    """One attachment. `media` is what its content really is; `size` in bytes; `pages` 0 for not known.

    `withheld` is why nobody reads it now, "" for nothing. `faults` are codes of what was wrong with an archive.
    `title`, `type_code` (of the patient's types) and `date` (ISO) are proposed for filing it.
    """

    name: str
    media: str
    size: int
    pages: int = 0
    withheld: str = ""
    faults: tuple[str, ...] = ()
    title: str = ""
    type_code: str = ""
    date: str = ""
    documents: tuple[PackedFacts, ...] = ()
    invitation: InvitationFacts | None = None


def seal_message(tx: Connection, box_id: UUID, message_id: UUID, facts: MessageFacts) -> bytes:
    """The payload of a message."""
    return crypto.seal(tx, box_id, Message.__tablename__, message_id, _said(facts))


def open_message(tx: Connection, box_id: UUID, message_id: UUID, payload: bytes) -> MessageFacts:
    """A message's payload, opened."""
    said = crypto.unseal(tx, box_id, Message.__tablename__, message_id, payload)
    said["sender"] = Party(**said["sender"])
    for name in ("to", "cc"):
        said[name] = tuple(Party(**one) for one in said.get(name, ()))
    for name in ("references", "faults"):
        said[name] = tuple(said.get(name, ()))
    said["mss"] = {name: tuple(values) for name, values in said.get("mss", {}).items()}
    return MessageFacts(**said)


def seal_conversation(tx: Connection, box_id: UUID, conversation_id: UUID, facts: ConversationFacts) -> bytes:
    """The payload of a conversation."""
    return crypto.seal(tx, box_id, Conversation.__tablename__, conversation_id, _said(facts))


def open_conversation(tx: Connection, box_id: UUID, conversation_id: UUID, payload: bytes) -> ConversationFacts:
    """A conversation's payload, opened."""
    return ConversationFacts(**crypto.unseal(tx, box_id, Conversation.__tablename__, conversation_id, payload))


def seal_attachment(tx: Connection, box_id: UUID, attachment_id: UUID, facts: AttachmentFacts) -> bytes:
    """The payload of an attachment."""
    return crypto.seal(tx, box_id, Attachment.__tablename__, attachment_id, _said(facts))


def open_attachment(tx: Connection, box_id: UUID, attachment_id: UUID, payload: bytes) -> AttachmentFacts:
    """An attachment's payload, opened."""
    said = crypto.unseal(tx, box_id, Attachment.__tablename__, attachment_id, payload)
    said["faults"] = tuple(said.get("faults", ()))
    said["documents"] = tuple(_packed(one) for one in said.get("documents", ()))
    said["invitation"] = InvitationFacts(**said["invitation"]) if said.get("invitation") else None
    return AttachmentFacts(**said)


def seal_party(tx: Connection, box_id: UUID, correspondent_id: UUID, party: Party) -> bytes:
    """The payload of a correspondent."""
    return crypto.seal(tx, box_id, Correspondent.__tablename__, correspondent_id, asdict(party))


def open_party(tx: Connection, box_id: UUID, correspondent_id: UUID, payload: bytes) -> Party:
    """A correspondent's payload, opened."""
    return Party(**crypto.unseal(tx, box_id, Correspondent.__tablename__, correspondent_id, payload))


def _packed(said: Mapping[str, Any]) -> PackedFacts:
    return PackedFacts(**{**said, "faults": tuple(said.get("faults", ()))})


def _said(facts: Any) -> dict[str, Any]:
    """What a payload keeps: what goes without saying takes no room in it."""
    told = asdict(facts)
    unsaid = {one.name for one in fields(facts) if not told[one.name] and one.name not in _ALWAYS}
    return {name: value for name, value in told.items() if name not in unsaid}


_ALWAYS = frozenset(
    {"message_id", "sender", "to", "subject", "text", "with_address", "with_name", "name", "media", "size"}
)
