"""Attachments of messages: what each is when it comes, and reading it as documents are read."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, select, update

from espace import db, settings, storage
from espace.access.services import visible
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id
from espace.documents.services import visibility
from espace.documents.services.viewing.reading import SHARED
from espace.errors import NotFoundError
from espace.interop import media, xdm
from espace.interop.mail_letter import Part
from espace.interop.media import ZIP
from espace.messaging.models import Attachment, Message
from espace.messaging.services import sight
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import (
    ARCHIVE,
    CALENDAR,
    FILE,
    HARMFUL,
    NOT_FOR_READER,
    OFFERED,
    OTHER_PERSON,
    SCANNING,
    AttachmentFacts,
    open_attachment,
    seal_attachment,
)
from espace.messaging.services.sight import Shape
from espace.words import N_
from espace.words import Message as Words

UNKNOWN = "application/octet-stream"
WITHHELD: dict[str, Words] = {
    SCANNING: N_("The antivirus has not looked at this file yet. It can be opened in a moment."),
    HARMFUL: N_("The antivirus found something harmful in this file. Nobody can open it."),
    NOT_FOR_READER: N_("This document is hidden from professionals. It cannot be opened here."),
    OTHER_PERSON: N_("This file seems to be about somebody else. It was set aside and will be checked."),
}
"""Why an attachment is withheld, in words."""
_Rows = Select[*tuple[Any, ...]]
_COLUMNS = (
    Attachment.id,
    Attachment.message_id,
    Attachment.kind,
    Attachment.document_id,
    Attachment.payload,
    Message.secret,
    Message.outgoing,
)
_MINE = Attachment.box_id == sight.BOX
_ONE = select(Attachment.payload).where(_MINE, Attachment.id == bindparam("id", type_=Id)).with_for_update()


@dataclass(frozen=True, slots=True)
class Looked:
    """An attachment that was looked at: its kind, what is known of it, its bytes."""

    kind: str
    facts: AttachmentFacts
    content: bytes


@dataclass(frozen=True, slots=True)
class AttachmentLine:
    """One attachment as its reader sees it. `filed`: the document of the record it is, if they may see that one."""

    id: UUID
    message_id: UUID
    kind: str
    facts: AttachmentFacts
    secret: bool
    outgoing: bool
    filed: UUID | None = None

    @property
    def is_withheld(self) -> bool:
        """Whether nobody reads it now."""
        return bool(self.facts.withheld)


@dataclass(frozen=True, slots=True)
class Content:
    """An opened attachment, to be looked at and streamed as documents are (`viewing.showing`, `viewing.drawing`)."""

    line: AttachmentLine
    reader: storage.Reader
    places_kept: bool = False

    @property
    def media(self) -> str:
        """What its content is, whatever its name says."""
        return self.line.facts.media

    @property
    def name(self) -> str:
        """The name it came under."""
        return self.line.facts.name

    @property
    def pages(self) -> int:
        """How many there are; 0 when that is not known."""
        return self.line.facts.pages

    @property
    def size(self) -> int:
        """In bytes."""
        return self.reader.size


def look(part: Part, *, calendar: bool = False, coming: bool = False) -> Looked:
    """What an attachment really is: its content decides, not its name nor what it is said to be (R34).

    `coming`: it is withheld until the scanner saw it, where there is one (R38).
    """
    found = media.sniff(part.content) or UNKNOWN
    kind = CALENDAR if calendar else ARCHIVE if found == ZIP and xdm.is_xdm(part.content) else FILE
    withheld = SCANNING if coming and settings.current().scanner_url else ""
    return Looked(kind, AttachmentFacts(part.name, found, len(part.content), withheld=withheld), part.content)


def of_messages(box: Box, message_ids: Collection[UUID]) -> dict[UUID, list[AttachmentLine]]:
    """The attachments of messages this reader sees, in their order, by message."""
    if not message_ids:
        return {}
    values = sight.parameters(box) | {"messages": list(message_ids)}
    found: dict[UUID, list[AttachmentLine]] = {}
    with db.read() as tx:
        rows = tx.execute(_of_messages(sight.shape(box)), values).all()
        for line in _lines(tx, box, rows):
            found.setdefault(line.message_id, []).append(line)
    return found


def line(box: Box, attachment_id: UUID) -> AttachmentLine:
    """One attachment of a message this reader sees.

    Raises:
        NotFoundError: when there is none.
    """
    with db.read() as tx:
        return line_in(tx, box, attachment_id)


def line_in(tx: Connection, box: Box, attachment_id: UUID) -> AttachmentLine:
    """As `line`, in an open unit of work."""
    row = tx.execute(_one(sight.shape(box)), sight.parameters(box) | {"id": attachment_id}).first()
    if row is None:
        raise NotFoundError
    return _lines(tx, box, [row])[0]


def content(box: Box, attachment_id: UUID, *, taken: bool = False, page: bool = False) -> Content:
    """An attachment, opened; who is not the person alone leaves a row before (R25), one for ten minutes.

    `taken`: to be taken away, which leaves a row of its own. `page`: its page is opened, one row for each view.

    Raises:
        NotFoundError: when there is none for this reader, or it is withheld; an invitation names its place, and is not
            taken away by a parent from whom places are kept (R15).
        TamperedError: when the stored file does not open.
    """
    with db.read() as tx:
        found = line_in(tx, box, attachment_id)
        if found.is_withheld or (taken and not may_take(box, found)):
            raise NotFoundError
        reader = storage.current().open(tx, box.id, attachment_id)
    _leave(box, found, Action.DOWNLOADED if taken else Action.ATTACHMENT_OPENED, shares=not page)
    return Content(found, reader, box.places_kept)


def may_take(box: Box, found: AttachmentLine) -> bool:
    """Whether this reader may take the file itself away, beside reading what the page says of it."""
    return not (box.places_kept and found.facts.invitation)


def change(tx: Connection, box_id: UUID, attachment_id: UUID, **changes: Any) -> AttachmentFacts:
    """Write what is now known of an attachment, in the open unit of work.

    Raises:
        NotFoundError: when it is gone.
    """
    facts = replace(known(tx, box_id, attachment_id), **changes)
    tx.execute(
        update(Attachment)
        .where(Attachment.box_id == box_id, Attachment.id == attachment_id)
        .values(payload=seal_attachment(tx, box_id, attachment_id, facts))
    )
    return facts


def known(tx: Connection, box_id: UUID, attachment_id: UUID) -> AttachmentFacts:
    """What is known of an attachment, for acts of the house, held until the unit of work ends.

    Raises:
        NotFoundError: when it is gone.
    """
    payload = tx.execute(_ONE, {"box": box_id, "id": attachment_id}).scalar()
    if payload is None:
        raise NotFoundError
    return open_attachment(tx, box_id, attachment_id, payload)


def snapshot(found: AttachmentLine) -> dict[str, str]:
    """What the trail keeps of an attachment; of a secret one parents learn nothing."""
    marks = {"representatives_invisible": "yes"} if found.secret else {}
    return {"id": str(found.id), "title": found.facts.name, **marks}


def _leave(box: Box, found: AttachmentLine, action: Action, *, shares: bool) -> None:
    standing = box.standing
    if standing is None or not standing.is_watched:
        return
    if shares and audit.seen_lately(box.actor, box.id, action, found.id, SHARED):
        return
    with db.write() as tx:
        line_in(tx, box, found.id)  # still theirs to see
        audit.record(box.actor, box.id, action, relation=standing.relation, objects=[snapshot(found)])


def _lines(tx: Connection, box: Box, rows: Collection[Any]) -> list[AttachmentLine]:
    opened = [(row, open_attachment(tx, box.id, row.id, row.payload)) for row in rows]
    named = {row.document_id for row in rows if row.document_id}
    named |= {UUID(one.document_id) for _, facts in opened for one in facts.documents if one.document_id}
    seen = _visible(tx, box, named)
    return [
        AttachmentLine(
            id=row.id,
            message_id=row.message_id,
            kind=row.kind,
            facts=_as_seen(facts, seen),
            secret=row.secret,
            outgoing=row.outgoing,
            filed=row.document_id if row.document_id in seen else None,
        )
        for row, facts in opened
    ]


def _as_seen(facts: AttachmentFacts, seen: frozenset[UUID]) -> AttachmentFacts:
    """A document of an archive that is filed where this reader does not see it stands as if it were not (R13)."""
    packed = tuple(
        replace(one, outcome=OFFERED, document_id="") if one.document_id and UUID(one.document_id) not in seen else one
        for one in facts.documents
    )
    return replace(facts, documents=packed)


def _visible(tx: Connection, box: Box, ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of these documents that stand in the record for this reader."""
    if not ids or box.standing is None:
        return frozenset()
    rule = visible(box.standing)
    values = {"record": box.id, "ids": list(ids), **visibility.parameters(rule)}
    return frozenset(tx.execute(visibility.among_statement(visibility.shape(rule)), values).scalars())


def _of_message() -> Any:
    return (Message.box_id == Attachment.box_id) & (Message.id == Attachment.message_id)


@lru_cache(maxsize=8)
def _of_messages(shape: Shape) -> _Rows:
    return (
        select(*_COLUMNS)
        .join(Message, _of_message())
        .where(
            _MINE,
            Attachment.message_id.in_(bindparam("messages", expanding=True, type_=Id)),
            *sight.conditions(shape),
        )
        .order_by(Attachment.message_id, Attachment.place)
    )


@lru_cache(maxsize=8)
def _one(shape: Shape) -> _Rows:
    return (
        select(*_COLUMNS)
        .join(Message, _of_message())
        .where(_MINE, Attachment.id == bindparam("id", type_=Id), *sight.conditions(shape))
    )
