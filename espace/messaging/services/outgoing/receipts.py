"""What this house answers by itself, or when asked: that a message was read, or that it could not be filed.

That somebody read a message is theirs to tell: people are asked each time, in the thread; a mailbox of professionals
tells it by itself where its settings say so. A failure to file is told as MS-14 has it. Neither ever answers what a
program wrote, a report, or nobody (loop guard, security.md R42).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from espace import clock, db, outbox, settings
from espace.db import Digest, Id
from espace.errors import BusyError, EspaceError, NotFoundError
from espace.interop import mail_write
from espace.interop.mail_letter import Address
from espace.interop.mail_read import read
from espace.interop.mail_write import About
from espace.messaging.models import Message
from espace.messaging.services.boxes import Box, patient_address
from espace.messaging.services.facts import MessageFacts, seal_message
from espace.messaging.services.incoming import storing
from espace.messaging.services.incoming.delivering import RefusedLetterError, deliver
from espace.messaging.services.operators.trust import rewritten
from espace.messaging.services.places import PlaceKind, RefusedAddressError, place_of
from espace.messaging.services.practice.mailboxes import facts_of
from espace.people import services as people
from espace.records import services as records

from . import rewriting
from .relay import Fate, hand_over, is_plain
from .rewriting import Kept

TOPIC = "messaging.reply"
SENT, KEPT, FAILED = "sent", "kept", "failed"
UNKNOWN_PATIENT = "902"
"""The code of MS-14 for documents of a patient nobody knows here."""
NOT_TAKEN = "900"
"""Our code for anything else (U: MS-14 names no other that we know)."""
_CAME = (
    select(Message.id)
    .where(
        Message.box_id == bindparam("box", type_=Id),
        Message.message_index == bindparam("index", type_=Digest(32)),
        Message.outgoing.is_(False),
    )
    .order_by(Message.id)
    .limit(10)
)
_IDENTITY = frozenset({"other-recipient", "unknown-patient", "traits-mismatch", "no-identity", "several-patients"})


class _Kind(StrEnum):
    READ = "read"
    READ_BY_PROGRAM = "read-by-program"
    NOT_FILED = "not-filed"


_READ = "Votre message a été lu.\r\n\r\nYour message was read."
_NOT_FILED = "Les documents de votre message n'ont pas pu être intégrés.\r\n\r\nYour documents could not be filed."


def asked(box: Box, facts: MessageFacts) -> bool:
    """Whether the reader of a box is to be asked « confirm that it was read » for a message that came in."""
    return box.may_write and box.marks_read and _may_tell(facts)


def confirm_reading(box: Box, message_id: UUID) -> None:
    """Tell the sender of a message that it was read, as its reader wants; a second time tells nothing.

    Raises:
        NotFoundError: when this reader sees no such message, may not say so, or nobody asked.
    """
    _say(box, message_id, SENT)


def confirm_reading_of(box: Box, message_id: str) -> None:
    """As `confirm_reading`, of a message that came in under this Message-ID: a mail program knows it by no other name.

    Where several came under it, the one that was asked for is meant.

    Raises:
        NotFoundError: as `confirm_reading`.
    """
    with db.read() as tx:
        index = storing.message_index(box.id, message_id)
        found = list(tx.execute(_CAME, {"box": box.id, "index": index}).scalars())
    for one in found:
        message = rewriting.seen(box, one)
        if message is not None and message.facts.receipt_to:
            confirm_reading(box, one)
            return
    raise NotFoundError


def keep_reading(box: Box, message_id: UUID) -> None:
    """Tell nothing, and be asked no more. Raises as `confirm_reading`."""
    _say(box, message_id, KEPT)


def on_read(box: Box, message_ids: Sequence[UUID]) -> None:
    """New messages of a box are being read: a mailbox that tells so by itself does, in the open unit of work."""
    if box.is_person or not message_ids or not facts_of(box.id).receipts:
        return
    for message_id in message_ids:
        message = rewriting.kept(box.id, message_id)
        if message is not None and not message.outgoing and _may_tell(message.facts):
            _write(box.id, message_id, message, SENT)
            _post(box.id, message_id, _Kind.READ_BY_PROGRAM)


def not_filed(box_id: UUID, message_id: UUID, reasons: Collection[str]) -> None:
    """Tell the sender of a message that documents of its archive could not be filed (MS-14), and why; once.

    `reasons` are the codes of what was wrong; nothing is told where there are none, nor to a program.
    """
    message = rewriting.kept(box_id, message_id) if reasons else None
    if message is None or message.outgoing or message.facts.receipt_said or not _may_be_answered(message.facts):
        return
    code = UNKNOWN_PATIENT if any(one.removeprefix("xdm-") in _IDENTITY for one in reasons) else NOT_TAKEN
    with db.write():
        _write(box_id, message_id, message, FAILED)
        _post(box_id, message_id, _Kind.NOT_FILED, code=code)


def reply(delivery_id: UUID, payload: Mapping[str, Any]) -> None:
    """Carry one such answer; the handler of `TOPIC`.

    Raises:
        BusyError: when it is to be tried again.
    """
    box_id, message_id = UUID(payload["box_id"]), UUID(payload["message_id"])
    message = rewriting.kept(box_id, message_id)
    own = _own(box_id)
    if message is None or own is None:
        return
    to, content = _content(delivery_id, own, message.facts, payload)
    try:
        place = place_of(to)
        if place.kind is PlaceKind.OUTSIDE:
            reached = rewritten(to)
            fate = hand_over(content, "", [reached])[reached].fate
        else:
            deliver(read(content, null_sender=True), [place], sender="")
            fate = Fate.TAKEN
    except (RefusedAddressError, RefusedLetterError):
        return  # who asked is not there any more
    except (EspaceError, OSError):
        fate = Fate.LATER
    if fate is Fate.LATER:
        raise BusyError


def _say(box: Box, message_id: UUID, said: str) -> None:
    if not (box.may_write and box.marks_read):
        raise NotFoundError
    with db.write():
        message = rewriting.seen(box, message_id)
        if message is None or message.outgoing or not message.facts.receipt_to:
            raise NotFoundError
        if not _may_tell(message.facts):
            return
        _write(box.id, message_id, message, said)
        if said == SENT:
            _post(box.id, message_id, _Kind.READ)


def _may_tell(facts: MessageFacts) -> bool:
    """Whether a receipt was asked for and may be sent: to who wrote, and to nobody else in their name."""
    return bool(facts.receipt_to) and not facts.receipt_said and _may_be_answered(facts) and _is_own_wish(facts)


def _may_be_answered(facts: MessageFacts) -> bool:
    return not facts.automatic and is_plain(facts.sender.address)


def _is_own_wish(facts: MessageFacts) -> bool:
    """Who wants to know is the sender, or somebody of the same domain: anybody else may be the victim of a flood."""
    domains = {one.rpartition("@")[2].lower() for one in (facts.sender.address, facts.receipt_to)}
    return is_plain(facts.receipt_to) and len(domains) == 1


def _write(box_id: UUID, message_id: UUID, message: Kept, said: str) -> None:
    with db.write() as tx:
        payload = seal_message(tx, box_id, message_id, replace(message.facts, receipt_said=said))
        tx.execute(update(Message).where(Message.box_id == box_id, Message.id == message_id).values(payload=payload))


def _post(box_id: UUID, message_id: UUID, kind: _Kind, **more: str) -> None:
    at = clock.now().isoformat()
    outbox.post(TOPIC, {"box_id": str(box_id), "message_id": str(message_id), "kind": kind.value, "at": at, **more})


def _own(box_id: UUID) -> Address | None:
    """Under which address a box answers; None when it is gone."""
    try:
        facts = facts_of(box_id)
    except NotFoundError:
        pass
    else:
        return Address(facts.address, facts.name)
    try:
        person = people.person(records.record(box_id).person_id)
    except NotFoundError:
        return None
    return Address(patient_address(person.ins), person.display_name)


def _content(delivery_id: UUID, own: Address, facts: MessageFacts, payload: Mapping[str, Any]) -> tuple[str, bytes]:
    """To whom it goes, and what it says; every try writes the same."""
    about = About(facts.message_id, own.address, facts.subject)
    message_id = f"<{delivery_id}@{settings.current().mail_name}>"
    at = datetime.fromisoformat(payload["at"])
    wanted = facts.receipt_to if _is_own_wish(facts) else ""
    if payload["kind"] == _Kind.NOT_FILED:
        content = mail_write.failure(
            about,
            to=facts.sender.address,
            sender=own,
            message_id=message_id,
            date=at,
            text=_NOT_FILED,
            code=payload["code"],
            receipt_to=wanted,
        )
        return wanted or facts.sender.address, content
    by_hand = payload["kind"] == _Kind.READ
    content = mail_write.receipt(
        about, to=wanted, sender=own, message_id=message_id, date=at, text=_READ, by_hand=by_hand
    )
    return wanted, content
