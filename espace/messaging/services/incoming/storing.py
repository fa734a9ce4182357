"""Writing one message into one box: its conversation, its other side, its files' rows, the words it is found by.

The same door for what comes in and for the own copy of what leaves. Files are stored before (design 3.4); the caller
opens the unit of work, in which nothing is read from a disk or a network.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Connection, bindparam, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db, settings
from espace.db import Digest, Id
from espace.documents.services.finding.stems import index_words
from espace.documents.services.finding.texts import digest, word_key
from espace.errors import ConflictError, NotFoundError
from espace.identifiers import new_id
from espace.messaging.models import Attachment, Conversation, ConversationWord, Message
from espace.messaging.services.facts import (
    AttachmentFacts,
    ConversationFacts,
    MessageFacts,
    Party,
    open_conversation,
    seal_attachment,
    seal_conversation,
    seal_message,
)
from espace.records import services as records

from . import correspondents
from .correspondents import Contact, Noted, is_patient

LINE = 160
"""Characters of a message that stand in the line of its conversation."""
MAX_WORDS_OF = 200_000
"""Characters of a message that are searched."""
PLACE = "@"
"""What stands before a posted word of an address, or of the name of who is no known person: a parent from whom places
are kept does not search these (security.md R15)."""
_REFERENCES = 30
_BOX = bindparam("box", type_=Id)
_SAME = select(Message.id, Message.conversation_id).where(
    Message.box_id == _BOX, Message.content_index == bindparam("content", type_=Digest(32))
)
_NAMESAKE = (
    select(Message.id)
    .where(
        Message.box_id == _BOX,
        Message.message_index == bindparam("index", type_=Digest(32)),
        Message.outgoing.is_(False),
        # What is secret leaves no mark on an open message: parents would learn of it (R13).
        or_(Message.secret.is_(False), bindparam("secret", type_=Boolean)),
    )
    .limit(1)
)
_ANSWERED = select(Message.conversation_id, Message.message_index, Message.secret).where(
    Message.box_id == _BOX, Message.message_index.in_(bindparam("indexes", expanding=True, type_=Digest(32)))
)
_CONVERSATION = (
    select(
        Conversation.id,
        Conversation.correspondent_id,
        Conversation.secret,
        Conversation.last_at,
        Conversation.in_at,
        Conversation.out_at,
        Conversation.unread,
        Conversation.archived,
        Conversation.version,
        Conversation.payload,
    )
    .where(Conversation.box_id == _BOX, Conversation.id == bindparam("id", type_=Id))
    .with_for_update()
)
_ADD_CONVERSATION, _ADD_MESSAGE = insert(Conversation), insert(Message)
_ADD_ATTACHMENTS, _ADD_WORDS = insert(Attachment), insert(ConversationWord)
_ALONE = select(func.pg_advisory_xact_lock(bindparam("key", type_=BigInteger)))
_PREFIXES = re.compile(r"^\s*(?:(?:re|ref|tr|fw|fwd|rép)\s*:\s*|XDM/1\.0/DDM\+?\s*[:-]?\s*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """An attachment whose file is stored already: `id` is the file's, and will be the row's."""

    id: UUID
    kind: str
    facts: AttachmentFacts


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message that is ready to be written. `digest` is that of what it says, `size` in bytes.

    `conversation_id`: where its author put it; else it goes where what it answers is.
    """

    facts: MessageFacts
    digest: bytes
    size: int
    outgoing: bool
    state: str
    files: tuple[KeptFile, ...] = ()
    secret: bool = False
    author_id: UUID | None = None
    conversation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a message lies; `new` is false for one that was there already. `flagged`: see `models.Message`.

    `other` is its other side, None for a message that was there; `turn`: see `correspondents.Noted`.
    """

    conversation_id: UUID
    message_id: UUID
    new: bool
    secret: bool = False
    flagged: bool = False
    other: Party | None = None
    turn: bool | None = None


def message_index(box_id: UUID, message_id: str) -> bytes:
    """The blind index of a Message-ID within one box."""
    return crypto.blind("message", f"{box_id}:{message_id}")


def content_index(box_id: UUID, message_id: str, said: bytes) -> bytes:
    """The blind index of a message and what it says, by which it is kept once (security.md L6)."""
    return crypto.blind("message-content", f"{box_id}:{message_id}:{said.hex()}")


def known(box_id: UUID, message_id: str, said: bytes) -> Stored | None:
    """This very message, if the box has it."""
    with db.read() as tx:
        return _known(tx, box_id, content_index(box_id, message_id, said))


def hold(tx: Connection, box_id: UUID, *, is_person: bool) -> None:
    """Be the only one to write into a box until the unit of work ends.

    Raises:
        NotFoundError: when the record was closed meanwhile: nothing enters it.
    """
    if is_person:
        records.hold_open(tx, box_id)
    elif not db.current().is_sqlite:  # there, whoever writes is alone anyway
        tx.execute(_ALONE, {"key": int.from_bytes(box_id.bytes[-8:], signed=True)})


def store(tx: Connection, box_id: UUID, new: NewMessage, *, is_person: bool) -> Stored:
    """Write one message into a box that is held (`hold`); the same one again changes nothing.

    Raises:
        NotFoundError: when the box has no such conversation.
        ConflictError: when somebody else wrote the same meanwhile.
    """
    content = content_index(box_id, new.facts.message_id, new.digest)
    same = _known(tx, box_id, content)
    if same is not None:
        return same
    index = message_index(box_id, new.facts.message_id)
    now = clock.now()
    found, secret, follows = _placed(tx, box_id, new, is_person=is_person)
    namesake = {"box": box_id, "index": index, "secret": secret}
    flagged = not new.outgoing and tx.execute(_NAMESAKE, namesake).first() is not None
    other, facts = _note_parties(tx, box_id, new, now, secret=secret, is_person=is_person)
    if found is None:
        conversation_id = _begin(tx, box_id, new, now, other, secret=secret, follows=follows)
    else:
        conversation_id = found.id
        _go_on(tx, box_id, found, new, now)
    message_id = new_id()
    try:
        tx.execute(
            _ADD_MESSAGE,
            {
                "record_id": box_id,
                "id": message_id,
                "conversation_id": conversation_id,
                "at": now,
                "outgoing": new.outgoing,
                "state": new.state,
                "message_index": index,
                "content_index": content,
                "flagged": flagged,
                "secret": secret,
                "author_id": new.author_id,
                "read_at": now if new.outgoing else None,
                "size": new.size,
                "payload": seal_message(tx, box_id, message_id, facts),
            },
        )
    except IntegrityError:
        raise ConflictError from None
    _attach(tx, box_id, message_id, new.files)
    _post_words(tx, box_id, message_id, facts, new.files)
    return Stored(
        conversation_id, message_id, new=True, secret=secret, flagged=flagged, other=other.party, turn=other.turn
    )


def plain_subject(subject: str) -> str:
    """A subject as people read it: without the marks of answers, of archives, and of an exchange that ends."""
    mark = settings.current().closing_mark
    before, plain = None, " ".join(subject.split())
    while before != plain:
        before = plain
        plain = _PREFIXES.sub("", plain, count=1)
        plain = (plain[len(mark) :] if _begins(plain, mark) else plain).strip()
    return plain


def closes(subject: str) -> bool:
    """Whether a subject says that the exchange ends (rules.md MS-5)."""
    mark = settings.current().closing_mark
    said = " ".join(subject.split())
    return _begins(said, mark) or _begins(_PREFIXES.sub("", said, count=1), mark)


def _begins(said: str, mark: str) -> bool:
    """Whether a subject begins with a mark that somebody typed, in small letters or capitals."""
    return said[: len(mark)].casefold() == mark.casefold()


def _known(tx: Connection, box_id: UUID, content: bytes) -> Stored | None:
    row = tx.execute(_SAME, {"box": box_id, "content": content}).first()
    return None if row is None else Stored(row.conversation_id, row.id, new=False)


def _placed(tx: Connection, box_id: UUID, new: NewMessage, *, is_person: bool) -> tuple[Any, bool, str]:
    """The conversation a message goes on with (None: a new one), whether it is secret, and what it answers openly.

    An answer to what is secret is secret; a secret answer to an open conversation begins one of its own, so that
    parents see neither it nor that it exists (R13).
    """
    wanted = new.conversation_id or _answered(tx, box_id, new.facts)
    if wanted is None:
        return None, new.secret, ""
    row = tx.execute(_CONVERSATION, {"box": box_id, "id": wanted}).first()
    if row is None:
        raise NotFoundError
    if new.secret and not row.secret:
        return None, True, str(row.id)
    if not is_person and not new.outgoing and _is_of_another(tx, box_id, row, new.facts.sender):
        return None, row.secret, ""
    return row, row.secret, ""


def _answered(tx: Connection, box_id: UUID, facts: MessageFacts) -> UUID | None:
    """The conversation of what a message answers, the nearest first."""
    named = [one for one in (facts.in_reply_to, *reversed(facts.references)) if one][:_REFERENCES]
    indexes = [message_index(box_id, one) for one in dict.fromkeys(named)]
    if not indexes:
        return None
    rows = tx.execute(_ANSWERED, {"box": box_id, "indexes": indexes}).all()
    order = {index: place for place, index in enumerate(indexes)}
    nearest = min(rows, key=lambda row: order[row.message_index], default=None)
    return nearest.conversation_id if nearest else None


def _is_of_another(tx: Connection, box_id: UUID, row: Any, sender: Party) -> bool:
    """Whether a patient answers in the conversation with another one: patients stand apart in a mailbox."""
    said = open_conversation(tx, box_id, row.id, row.payload)
    other = said.with_address
    return is_patient(sender.address) and is_patient(other) and other.lower() != sender.address.lower()


def _note_parties(
    tx: Connection, box_id: UUID, new: NewMessage, now: datetime, *, secret: bool, is_person: bool
) -> tuple[Noted, MessageFacts]:
    """Keep with whom this message is exchanged; gives the one its conversation is with, and the message with what the
    directory says of its other side.
    """
    facts = replace(new.facts, files=len(new.files))
    if not new.outgoing:
        wrote = not facts.automatic
        ends = facts.closes if is_person and wrote else None
        other = correspondents.note(tx, box_id, Contact(facts.sender, now, secret, wrote, ends))
        # Beside what the directory says one is stands its name for them, never one they gave themselves.
        return other, replace(facts, sender=replace(other.party, address=facts.sender.address))
    found = []
    for party in facts.recipients:
        ends = facts.closes if not is_person and is_patient(party.address) and not facts.automatic else None
        found.append(correspondents.note(tx, box_id, Contact(party, now, secret, closes=ends)))
    named = [replace(party, role=one.party.role) for party, one in zip(facts.recipients, found, strict=True)]
    to, cc = named[: len(facts.to)], named[len(facts.to) :]
    return found[0], replace(facts, to=tuple(to), cc=tuple(cc))


def _begin(
    tx: Connection, box_id: UUID, new: NewMessage, now: datetime, other: Noted, *, secret: bool, follows: str
) -> UUID:
    row_id = new_id()
    said = ConversationFacts(
        subject=plain_subject(new.facts.subject),
        with_address=other.party.address,
        with_name=other.party.name,
        with_role=other.party.role,
        line=_line(new.facts.text),
        attached=bool(new.files),
        follows=follows,
    )
    tx.execute(
        _ADD_CONVERSATION,
        {
            "record_id": box_id,
            "id": row_id,
            "correspondent_id": other.id,
            "started_at": now,
            "last_at": now,
            "in_at": None if new.outgoing else now,
            "out_at": now if new.outgoing else None,
            "unread": not new.outgoing,
            "archived": False,
            "secret": secret,
            "assigned_to": None,
            "version": 1,
            "payload": seal_conversation(tx, box_id, row_id, said),
        },
    )
    return row_id


def _go_on(tx: Connection, box_id: UUID, row: Any, new: NewMessage, now: datetime) -> None:
    said = open_conversation(tx, box_id, row.id, row.payload)
    said = replace(said, line=_line(new.facts.text), attached=said.attached or bool(new.files))
    values: dict[str, Any] = {"last_at": max(row.last_at, now), "version": row.version + 1}
    if new.outgoing:
        values["out_at"] = now
    else:
        values |= {"in_at": now, "unread": True, "archived": False}
    values["payload"] = seal_conversation(tx, box_id, row.id, said)
    this = (Conversation.box_id == box_id, Conversation.id == row.id)
    tx.execute(update(Conversation).where(*this).values(**values))


def _line(text: str) -> str:
    return " ".join(text[: LINE * 4].split())[:LINE]


def _attach(tx: Connection, box_id: UUID, message_id: UUID, files: Sequence[KeptFile]) -> None:
    rows = [
        {
            "record_id": box_id,
            "id": one.id,
            "message_id": message_id,
            "place": place,
            "kind": one.kind,
            "document_id": None,
            "payload": seal_attachment(tx, box_id, one.id, one.facts),
        }
        for place, one in enumerate(files)
    ]
    if rows:
        tx.execute(_ADD_ATTACHMENTS, rows)


def _post_words(tx: Connection, box_id: UUID, message_id: UUID, facts: MessageFacts, files: Sequence[KeptFile]) -> None:
    """Post the words of a message; those that tell a place stand under a mark of their own (`PLACE`)."""
    key = word_key(tx, box_id)
    parties = (facts.sender, *facts.recipients)
    known = (one.name for one in parties if one.role or is_patient(one.address))
    names = (f"{one.facts.name} {one.facts.title}" for one in files)
    text = "\n".join((facts.subject, *known, *names, facts.text[:MAX_WORDS_OF]))
    places = "\n".join(f"{one.address} {'' if one.role else one.name}" for one in parties)
    words = index_words(text) | {PLACE + word for word in index_words(places)}
    rows = [
        {"record_id": box_id, "word": one, "message_id": message_id} for one in {digest(key, word) for word in words}
    ]
    if rows:
        tx.execute(_ADD_WORDS, rows)
