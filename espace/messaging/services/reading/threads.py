"""One conversation, opened: its messages as letters, what came with them, what became of those that left."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Select, and_, bindparam, exists, select, tuple_, update

from espace import clock, db
from espace.audit.services import Action
from espace.db import Id, Instant
from espace.errors import NotFoundError
from espace.messaging.models import Conversation, Correspondent, Message
from espace.messaging.services import apart, sight
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import ConversationFacts, MessageFacts, Party, open_conversation, open_message
from espace.messaging.services.outgoing import receipts
from espace.messaging.services.sight import Shape

from .lists import ended, is_watched, leave_row, snapshot

PAGE_SIZE = 30
"""How many messages of a conversation stand on one page; the way to earlier ones leads on."""
_Rows = Select[*tuple[Any, ...]]
_ID = bindparam("which", type_=Id)


class Place(NamedTuple):
    """The place of the first message shown."""

    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Letter:
    """One message. `new`: nobody had read it before. `mine`: the reader wrote it themselves."""

    id: UUID
    at: datetime
    outgoing: bool
    state: str
    flagged: bool
    author_id: UUID | None
    mine: bool
    new: bool
    facts: MessageFacts


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a conversation as a whole. `closed_at`: since when the exchange with them is ended.

    `other` is the other side as its reader may know it; `about` keeps the address that an answer goes to.
    """

    id: UUID
    about: ConversationFacts
    other: Party
    archived: bool
    unread: bool
    secret: bool
    assigned_to: UUID | None
    version: int
    professional_id: UUID | None
    patient_record_id: UUID | None
    closed_at: datetime | None

    @property
    def is_closed(self) -> bool:
        """Whether the exchange with the other side is ended."""
        return self.closed_at is not None


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation and some of its messages, the oldest first. `earlier`: the place before which there are more."""

    head: Head
    letters: tuple[Letter, ...] = field(default=())
    earlier: Place | None = None

    @property
    def answered(self) -> Party:
        """To whom an answer goes: who wrote last, else the other side; its address may be one that is not shown."""
        last = self.last_received
        if last is None or last.facts.automatic or not last.facts.sender.address:
            return replace(self.head.other, address=self.head.about.with_address)
        return last.facts.sender

    @property
    def last_received(self) -> Letter | None:
        """The last message that came in, among those shown."""
        return next((one for one in reversed(self.letters) if not one.outgoing), None)


def thread(box: Box, conversation_id: UUID, *, before: Place | None = None, limit: int = PAGE_SIZE) -> Thread:
    """Open a conversation: it is read now, for who reads as the person or their parent; others leave a row (R25).

    Raises:
        NotFoundError: when the box has none such for its reader.
    """
    with db.read() as tx:
        found = _read(tx, box, conversation_id, before, limit)
    is_new = found.head.unread or any(one.new for one in found.letters)
    if is_watched(box) or (box.marks_read and is_new):
        with db.write() as tx:
            found = _read(tx, box, conversation_id, before, limit)  # the row tells what is shown
            if is_watched(box):
                _leave(box, Action.MESSAGE_READ, found.head)
            if box.marks_read:
                _mark_read(tx, box, conversation_id)
                receipts.on_read(box, [one.id for one in found.letters if one.new])
    return found


def whole(box: Box, conversation_id: UUID, action: Action) -> Thread:
    """Every message of a conversation, to be taken away: the person's own exports are rows of the trail too (3.5).

    Raises:
        NotFoundError: when the box has none such for its reader.
    """
    with db.write() as tx:
        found = _read(tx, box, conversation_id, None, MOST_TAKEN)
        if box.is_person:
            _leave(box, action, found.head)
    return found


MOST_TAKEN = 1000
"""Messages of one conversation that are printed or exported."""


def head(box: Box, conversation_id: UUID) -> Head:
    """A conversation without its messages; reads nothing of them.

    Raises:
        NotFoundError: when the box has none such for its reader.
    """
    with db.read() as tx:
        return _head(tx, box, conversation_id)


def conversation_of(box: Box, message_id: UUID) -> UUID:
    """The conversation in which a message stands.

    Raises:
        NotFoundError: when the reader sees no such message.
    """
    with db.read() as tx:
        found = tx.execute(_standing_of(sight.shape(box)), sight.parameters(box) | {"which": message_id}).scalar()
    if found is None:
        raise NotFoundError
    return UUID(bytes=found.bytes)


def archive(box: Box, conversation_id: UUID, *, archived: bool = True) -> None:
    """Put a conversation away, or back; doing it twice is fine.

    Raises:
        NotFoundError: when the box has none such for its reader, or they only read.
    """
    _may_change(box)
    with db.write() as tx:
        found = _head(tx, box, conversation_id)
        if found.archived == archived:
            return
        _change(tx, box, conversation_id, archived=archived)
        _leave(box, Action.MESSAGE_ARCHIVED if archived else Action.MESSAGE_UNARCHIVED, found)


def mark_unread(box: Box, conversation_id: UUID) -> None:
    """Let the last message that came in be unread again; nothing changes where none came.

    Raises:
        NotFoundError: when the box has none such for its reader, or their reading marks nothing.
    """
    if not box.marks_read:
        raise NotFoundError
    with db.write() as tx:
        _head(tx, box, conversation_id)
        last = tx.execute(_last_received(sight.shape(box)), sight.parameters(box) | {"which": conversation_id}).scalar()
        if last is None:
            return
        tx.execute(update(Message).where(Message.box_id == box.id, Message.id == last).values(read_at=None))
        _change(tx, box, conversation_id, unread=True)


def _mark_read(tx: Connection, box: Box, conversation_id: UUID) -> None:
    """What this reader sees of a conversation is read; it stays unread while there is something they do not see."""
    shape, values = sight.shape(box), sight.parameters(box) | {"which": conversation_id}
    tx.execute(_read_statement(shape), values | {"now": clock.now()})
    tx.execute(_SETTLE, {"box": box.id, "which": conversation_id})


def _change(tx: Connection, box: Box, conversation_id: UUID, **values: bool) -> None:
    this = (Conversation.box_id == box.id, Conversation.id == conversation_id)
    tx.execute(update(Conversation).where(*this).values(**values))


def _may_change(box: Box) -> None:
    if not box.may_write:
        raise NotFoundError


def _leave(box: Box, action: Action, found: Head) -> None:
    leave_row(box, action, [snapshot(found.id, found.about.subject, secret=found.secret)])


def _read(tx: Connection, box: Box, conversation_id: UUID, before: Place | None, limit: int) -> Thread:
    about = _head(tx, box, conversation_id)
    values = sight.parameters(box) | {"which": conversation_id, "limit": limit + 1}
    if before is not None:
        values |= {"at": before.at, "place": before.id}
    rows = tx.execute(_messages(sight.shape(box), after=before is not None), values).all()
    letters = [_letter(tx, box, row) for row in reversed(rows[:limit])]
    earlier = Place(letters[0].at, letters[0].id) if len(rows) > limit else None
    return Thread(about, tuple(letters), earlier)


def _head(tx: Connection, box: Box, conversation_id: UUID) -> Head:
    row = tx.execute(_head_statement(sight.shape(box)), sight.parameters(box) | {"which": conversation_id}).first()
    if row is None:
        raise NotFoundError
    about = open_conversation(tx, box.id, row.id, row.payload)
    return Head(
        id=row.id,
        about=about,
        other=apart.seen(box, Party(about.with_address, about.with_name, about.with_role)),
        archived=row.archived,
        unread=row.unread,
        secret=row.secret,
        assigned_to=row.assigned_to,
        version=row.version,
        professional_id=row.professional_id,
        patient_record_id=row.patient_record_id,
        closed_at=row.closed_at if ended(box, row.closed_at) else None,
    )


def _letter(tx: Connection, box: Box, row: Any) -> Letter:
    return Letter(
        id=row.id,
        at=row.at,
        outgoing=row.outgoing,
        state=row.state,
        flagged=row.flagged,
        author_id=row.author_id,
        mine=row.author_id == box.actor.id,
        new=not row.outgoing and row.read_at is None,
        facts=_as_seen(box, open_message(tx, box.id, row.id, row.payload)),
    )


def _as_seen(box: Box, facts: MessageFacts) -> MessageFacts:
    """What a message says, its sides named as this reader may know them."""
    if not box.places_kept:
        return facts
    to, cc = (tuple(apart.seen(box, one) for one in sides) for sides in (facts.to, facts.cc))
    return replace(facts, sender=apart.seen(box, facts.sender), to=to, cc=cc, reply_to="", receipt_to="")


_LETTER = (
    Message.id,
    Message.at,
    Message.outgoing,
    Message.state,
    Message.flagged,
    Message.author_id,
    Message.read_at,
    Message.payload,
)


@lru_cache(maxsize=8)
def _head_statement(shape: Shape) -> _Rows:
    """A conversation in which the reader sees a message."""
    query = (
        select(
            Conversation.id,
            Conversation.archived,
            Conversation.unread,
            Conversation.secret,
            Conversation.assigned_to,
            Conversation.version,
            Conversation.payload,
            Correspondent.professional_id,
            Correspondent.patient_record_id,
            Correspondent.closed_at,
        )
        .outerjoin(
            Correspondent,
            and_(Correspondent.box_id == Conversation.box_id, Correspondent.id == Conversation.correspondent_id),
        )
        .where(Conversation.box_id == sight.BOX, Conversation.id == _ID)
    )
    if not shape.sees_secret:
        query = query.where(Conversation.secret.is_(False))
    if shape.is_limited:
        query = query.where(exists().where(*sight.conditions(shape), Message.conversation_id == Conversation.id))
    return query


@lru_cache(maxsize=8)
def _messages(shape: Shape, *, after: bool) -> _Rows:
    query = select(*_LETTER).where(*sight.conditions(shape), Message.conversation_id == _ID)
    if after:
        place = tuple_(bindparam("at", type_=Instant), bindparam("place", type_=Id))
        query = query.where(tuple_(Message.at, Message.id) < place)
    return query.order_by(Message.at.desc(), Message.id.desc()).limit(bindparam("limit"))


@lru_cache(maxsize=8)
def _standing_of(shape: Shape) -> _Rows:
    return select(Message.conversation_id).where(*sight.conditions(shape), Message.id == _ID)


@lru_cache(maxsize=8)
def _last_received(shape: Shape) -> _Rows:
    return (
        select(Message.id)
        .where(*sight.conditions(shape), Message.conversation_id == _ID, Message.outgoing.is_(False))
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(1)
    )


@lru_cache(maxsize=8)
def _read_statement(shape: Shape) -> Any:
    return (
        update(Message)
        .where(
            *sight.conditions(shape),
            Message.conversation_id == _ID,
            Message.outgoing.is_(False),
            Message.read_at.is_(None),
        )
        .values(read_at=bindparam("now", type_=Instant))
    )


_SETTLE = (
    update(Conversation)
    .where(Conversation.box_id == sight.BOX, Conversation.id == _ID)
    .values(
        unread=exists().where(
            Message.box_id == sight.BOX,
            Message.conversation_id == _ID,
            Message.outgoing.is_(False),
            Message.read_at.is_(None),
        )
    )
)
