"""What is done about a message once it is there, by the worker: its files are scanned, looked at, filed or set aside.

Every step may be done twice. While the scanner is away the message comes back here until it was there.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from espace import clock, db, outbox, settings, storage
from espace.db import Id
from espace.documents.services.adding import scanning
from espace.documents.services.adding.scanning import ScanError
from espace.documents.services.entries.folding import Source
from espace.documents.services.finding.proposing import propose
from espace.errors import InvalidError, NotFoundError, TamperedError
from espace.interop import calendar_read, media
from espace.interop.media import MediaError
from espace.messaging.models import Attachment, Mailbox, Message
from espace.messaging.services.facts import (
    ARCHIVE,
    ASIDE,
    CALENDAR,
    HARMFUL,
    OTHER_PERSON,
    REFUSED,
    SCANNING,
    InvitationFacts,
    open_attachment,
    open_message,
)
from espace.messaging.services.outgoing import receipts
from espace.messaging.services.reading import attachments
from espace.messaging.services.reading.attachments import AttachmentLine
from espace.people import services as people
from espace.records import services as records

from . import archives
from .delivering import RECEIVED_TOPIC

AGAIN = timedelta(minutes=1)
"""After which a file that the scanner could not look at is shown to it again."""
_FILES = (
    select(
        Attachment.id,
        Attachment.message_id,
        Attachment.kind,
        Attachment.payload,
        Message.secret,
        Message.outgoing,
        Message.payload.label("message_payload"),
    )
    .join(Message, (Message.box_id == Attachment.box_id) & (Message.id == Attachment.message_id))
    .where(Attachment.box_id == bindparam("box", type_=Id), Attachment.message_id == bindparam("message", type_=Id))
    .order_by(Attachment.place)
)
_IS_MAILBOX = select(Mailbox.id).where(Mailbox.id == bindparam("id", type_=Id))


def on_received(_delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Look after the files of a message that came in; the handler of `delivering.RECEIVED_TOPIC`."""
    box_id, message_id = UUID(payload["box_id"]), UUID(payload["message_id"])
    with db.read() as tx:
        is_person = tx.execute(_IS_MAILBOX, {"id": box_id}).first() is None
    waits = False
    with suppress(TamperedError, NotFoundError):  # erased meanwhile, or its file is damaged: `espace check` tells
        for found, sender in _files(box_id, message_id):
            waits |= not _look_after(box_id, found, sender, is_person=is_person)
    if waits:
        outbox.post(RECEIVED_TOPIC, payload, due_at=clock.now() + AGAIN)
    elif is_person:
        receipts.not_filed(box_id, message_id, _refused(box_id, message_id))


def on_invitation(_delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Read what an invitation says, so that its message shows it; the handler of `delivering.INVITATION_TOPIC`."""
    box_id, attachment_id = UUID(payload["box_id"]), UUID(payload["attachment_id"])
    try:
        said = calendar_read.read(_content(box_id, attachment_id))
    except TamperedError:
        return
    if said is None:
        return
    invitation = InvitationFacts(
        method=said.method,
        summary=said.summary,
        starts=said.starts.isoformat() if said.starts else "",
        ends=said.ends.isoformat() if said.ends else "",
        place=said.place,
    )
    with suppress(NotFoundError), db.write() as tx:
        attachments.change(tx, box_id, attachment_id, invitation=invitation)


def _files(box_id: UUID, message_id: UUID) -> list[tuple[AttachmentLine, str]]:
    """The attachments of a message, each with the name of who sent it."""
    with db.read() as tx:
        rows = tx.execute(_FILES, {"box": box_id, "message": message_id}).all()
        return [
            (
                AttachmentLine(
                    id=row.id,
                    message_id=row.message_id,
                    kind=row.kind,
                    facts=open_attachment(tx, box_id, row.id, row.payload),
                    secret=row.secret,
                    outgoing=row.outgoing,
                ),
                open_message(tx, box_id, row.message_id, row.message_payload).sender.name,
            )
            for row in rows
        ]


def _refused(box_id: UUID, message_id: UUID) -> set[str]:
    """The codes of what kept documents of a message from being offered or filed."""
    with suppress(TamperedError):
        every = [found.facts for found, _ in _files(box_id, message_id)]
        kept_out = (ASIDE, REFUSED)
        reasons = {one.reason for facts in every for one in facts.documents if one.outcome in kept_out}
        return reasons | {fault for facts in every for fault in facts.faults}
    return set()


def _look_after(box_id: UUID, found: AttachmentLine, sender: str, *, is_person: bool) -> bool:
    """Scan one file, then see what it is; False when the scanner has to be asked again."""
    content = _content(box_id, found.id)
    withheld = found.facts.withheld
    if withheld == HARMFUL:
        return True
    if withheld:
        try:
            scanning.scan(content)
        except ScanError as error:
            if error.kind == scanning.DOWN:
                return False
            _change(box_id, found, withheld=HARMFUL)
            return True
    if withheld == SCANNING:
        _change(box_id, found, withheld="")
    if found.kind == ARCHIVE and is_person:
        archives.set_aside(content, found.facts.documents, found.facts.faults)
        if withheld != OTHER_PERSON:
            _file_archive(box_id, content, found, sender)
    elif withheld == OTHER_PERSON and is_person:
        _change(box_id, found, faults=archives.set_document_aside(content, box_id))
    elif found.kind not in (ARCHIVE, CALENDAR) and not found.facts.title:
        _propose(box_id, content, found, is_person=is_person)
    return True


def _file_archive(box_id: UUID, content: bytes, found: AttachmentLine, sender: str) -> None:
    try:
        archives.file_all(box_id, content, found, Source("mail", sender), every=settings.current().archives_filed)
    except InvalidError:
        return  # it was judged before; what it became since stands in its own words


def _propose(box_id: UUID, content: bytes, found: AttachmentLine, *, is_person: bool) -> None:
    """What a file seems to be, so that filing it takes one action."""
    changes: dict[str, Any] = {}
    if found.facts.media == media.PDF:
        try:
            changes["pages"] = media.check_pdf(content).pages
        except MediaError:
            return
    if is_person:
        born = people.person(records.record(box_id).person_id).birth_date
        said = propose(content, found.facts.media, born=born)
        changes |= {
            "title": said.title or "",
            "type_code": said.type_code or "",
            "date": said.date.isoformat() if said.date else "",
        }
    if changes:
        _change(box_id, found, **changes)


def _content(box_id: UUID, file_id: UUID) -> bytes:
    with db.read() as tx:
        return storage.current().open(tx, box_id, file_id).read_all()


def _change(box_id: UUID, found: AttachmentLine, **changes: Any) -> None:
    with db.write() as tx:
        attachments.change(tx, box_id, found.id, **changes)
