"""A message of a box written again as mail, from what lies there: the same bytes each time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from espace import db, storage
from espace.db import Id
from espace.interop.mail_letter import XDM_NAME, Address, NewLetter, Part
from espace.interop.mail_write import write
from espace.messaging.models import Attachment, Message
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import ARCHIVE, CALENDAR, MessageFacts, Party, open_attachment, open_message
from espace.messaging.services.sight import conditions, parameters, shape

_ONE = select(Message.outgoing, Message.at, Message.secret, Message.conversation_id, Message.payload).where(
    Message.box_id == bindparam("box", type_=Id), Message.id == bindparam("message", type_=Id)
)
_FILES = (
    select(Attachment.id, Attachment.kind, Attachment.payload)
    .where(Attachment.box_id == bindparam("box", type_=Id), Attachment.message_id == bindparam("message", type_=Id))
    .order_by(Attachment.place)
)
_RETAINED = b"Ce fichier est retenu par espace. Voyez ce message dans ses pages.\r\n"
_OURS = frozenset({"X-MSS-CODECDA", "X-MSS-INS", "X-MSS-NIL"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as it lies in a box."""

    facts: MessageFacts
    outgoing: bool
    at: datetime
    secret: bool
    conversation_id: UUID


def kept(box_id: UUID, message_id: UUID) -> Kept | None:
    """One message; None when it is not there any more."""
    with db.read() as tx:
        row = tx.execute(_ONE, {"box": box_id, "message": message_id}).first()
        if row is None:
            return None
        facts = open_message(tx, box_id, message_id, row.payload)
        return Kept(facts, row.outgoing, row.at, row.secret, row.conversation_id)


def seen(box: Box, message_id: UUID) -> Kept | None:
    """One message, if this reader of the box sees it."""
    statement = select(Message.id).where(*conditions(shape(box)), Message.id == bindparam("message", type_=Id))
    with db.read() as tx:
        found = tx.execute(statement, {**parameters(box), "message": message_id}).first()
    return kept(box.id, message_id) if found else None


def withheld(box_id: UUID, message_id: UUID) -> frozenset[str]:
    """Why files of a message are read by nobody now: codes of `attachments.WITHHELD`."""
    with db.read() as tx:
        rows = tx.execute(_FILES, {"box": box_id, "message": message_id}).all()
        every = {open_attachment(tx, box_id, row.id, row.payload).withheld for row in rows}
    return frozenset(every - {""})


def letter_of(box_id: UUID, message_id: UUID, message: Kept) -> NewLetter:
    """What is to be written, with its files; in the place of one that nobody may read stands a word that says so.

    Raises:
        TamperedError: when a stored file does not open.
        OSError: when one is missing.
    """
    facts = message.facts
    parts, calendars = _files(box_id, message_id)
    return NewLetter(
        message_id=facts.message_id,
        sender=_address(facts.sender),
        to=tuple(map(_address, facts.to)),
        cc=tuple(map(_address, facts.cc)),
        subject=facts.subject,
        text=facts.text,
        date=datetime.fromisoformat(facts.written_at) if facts.written_at else message.at,
        in_reply_to=facts.in_reply_to,
        references=facts.references,
        parts=(*parts, *calendars[1:]),
        wants_receipt=bool(facts.receipt_to),
        automatic=facts.automatic,
        mss=mss_of(facts.mss, parts),
        calendar=calendars[0] if calendars else None,
    )


def mss_of(given: Mapping[str, Sequence[str]], parts: Sequence[Part]) -> dict[str, tuple[str, ...]]:
    """The X-MSS headers that may be written: those we know, the code of a document with an archive only (MS-13)."""
    found = {name.upper(): tuple(values) for name, values in given.items() if name.upper() in _OURS}
    if not any(part.name.upper() == XDM_NAME for part in parts):
        found.pop("X-MSS-CODECDA", None)
    return found


def same(box: Box, message_id: UUID, subject: str, text: str, parts: Sequence[Part]) -> bool:
    """Whether a message that left a box says this: whoever gives its Message-ID again means the same one."""
    message = kept(box.id, message_id)
    if message is None or (message.facts.subject, message.facts.text) != (subject, text):
        return False
    before, calendars = _files(box.id, message_id)
    return sorted(one.content for one in (*before, *calendars)) == sorted(one.content for one in parts)


def written(letter: NewLetter, otherwise: Callable[[str], str] = str) -> bytes:
    """The bytes of a letter, its recipients under the addresses that `otherwise` gives."""
    to, cc = (tuple(replace(one, address=otherwise(one.address)) for one in given) for given in (letter.to, letter.cc))
    return write(replace(letter, to=to, cc=cc))


def _files(box_id: UUID, message_id: UUID) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    parts: list[Part] = []
    calendars: list[Part] = []
    with db.read() as tx:
        for row in tx.execute(_FILES, {"box": box_id, "message": message_id}).all():
            part = _part(tx, box_id, row)
            (calendars if row.kind == CALENDAR else parts).append(part)
    return tuple(parts), tuple(calendars)


def _part(tx: Connection, box_id: UUID, row: Any) -> Part:
    facts = open_attachment(tx, box_id, row.id, row.payload)
    if facts.withheld:
        return Part(f"{facts.name}.txt", "text/plain", _RETAINED)
    content = storage.current().open(tx, box_id, row.id).read_all()
    name = XDM_NAME if row.kind == ARCHIVE and facts.name.upper() == XDM_NAME else facts.name
    return Part(name, facts.media, content)


def _address(party: Party) -> Address:
    return Address(party.address, party.name)
