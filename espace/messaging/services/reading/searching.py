"""Searching the messages of a box: by words posted under its own key, as far as their reader sees them (R13)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, Select, and_, bindparam, select

from espace import clock, crypto, db
from espace.audit.services import Action
from espace.db import Digest, Id
from espace.documents.services.finding.snippets import Pieces, marked, snippets
from espace.documents.services.finding.stems import Term, fold, terms, words
from espace.documents.services.finding.texts import WORD_BYTES, digest, word_key
from espace.errors import InvalidError, TamperedError
from espace.messaging.models import Conversation, ConversationWord, Message
from espace.messaging.services import apart, sight
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import MessageFacts, Party, open_conversation, open_message
from espace.messaging.services.incoming.storing import PLACE
from espace.messaging.services.sight import Shape
from espace.words import N_

from . import attachments
from .lists import is_watched, leave_row, snapshot, writer

PAGE_SIZE = 20
LOOKED_AT = 200
"""Messages that one request opens at most; the way to older ones leads on."""
MAX_LENGTH = 200
KEPT = timedelta(hours=12)
"""How long the address of an answer may be opened again, by who asked."""
_PURPOSE = ("mail_searches", "question")
_PADDED = 64
_MOST_TERMS = 6


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, and before which message the answer goes on."""

    text: str
    before: UUID | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One message that answers, with what answers marked. `by` is who wrote it, "" for the reader themselves."""

    conversation_id: UUID
    message_id: UUID
    at: datetime
    outgoing: bool
    by: str
    name: str
    role: str
    subject: Pieces
    snippet: Pieces
    files: tuple[Pieces, ...]
    secret: bool


@dataclass(frozen=True, slots=True)
class Results:
    """Messages that hold every word, the newest first, and the last one looked at if there are older ones."""

    hits: tuple[Hit, ...] = ()
    next: UUID | None = None


def ask(text: str) -> Question:
    """A question as it was typed.

    Raises:
        InvalidError: when there is nothing to look for, or too much.
    """
    text = " ".join(text.split())
    if len(text) > MAX_LENGTH:
        raise InvalidError({"q": N_("Write a few words: at most %(limit)d characters.", limit=MAX_LENGTH)})
    if not words(text):
        raise InvalidError({"q": N_("Write at least one word, for example a name.")})
    return Question(text)


def sealed(box: Box, question: Question) -> str:
    """A question as it may stand in an address: for this reader and box only, for some hours, unreadable (R20)."""
    plain = orjson.dumps([question.text, str(question.before or ""), clock.now().isoformat()])
    with db.read() as tx:
        made = crypto.seal_bytes(tx, box.id, *_PURPOSE, box.actor.id, plain + b" " * (-len(plain) % _PADDED))
    return urlsafe_b64encode(made).decode().rstrip("=")


def opened(box: Box, text: str) -> Question | None:
    """The question in an address; None for one that is not this reader's, or is over."""
    try:
        made = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        with db.read() as tx:
            plain = crypto.unseal_bytes(tx, box.id, *_PURPOSE, box.actor.id, made)
    except (NotBase64Error, ValueError, TamperedError):
        return None
    asked, before, at = orjson.loads(plain)
    asked_at = datetime.fromisoformat(at)
    if not asked_at <= clock.now() < asked_at + KEPT:
        return None
    return Question(asked, UUID(before) if before else None)


def search(box: Box, question: Question) -> Results:
    """The messages that hold every word of a question; who reads for somebody else leaves a row with what is shown."""
    asked = terms(words(question.text))[:_MOST_TERMS]
    with db.read() as tx:
        found = _found(tx, box, question, asked)
    if is_watched(box):
        with db.write():
            shown = {hit.conversation_id: hit for hit in found.hits}
            objects = [snapshot(one.conversation_id, _plain(one.subject), secret=one.secret) for one in shown.values()]
            leave_row(box, Action.MESSAGES_SEARCHED, objects)
    return found


def _found(tx: Connection, box: Box, question: Question, asked: Sequence[Term]) -> Results:
    key = word_key(tx, box.id)
    sought = [one for one in asked if one.buckets]
    if not sought or not key:
        return Results()
    values: dict[str, Any] = sight.parameters(box) | {"limit": LOOKED_AT + 1}
    for place, one in enumerate(sought):
        values[f"word{place}"] = _digests(box, key, one)
    if question.before is not None:
        values["before"] = question.before
    statement = _candidates(sight.shape(box), len(sought), after=question.before is not None)
    rows = tx.execute(statement, values).all()
    files = attachments.of_messages(box, [row.id for row in rows[:LOOKED_AT]])
    hits: list[Hit] = []
    for row in rows[:LOOKED_AT]:
        names = [one.facts.name for one in files.get(row.id, [])]
        hit = _hit(tx, box, row, names, asked)
        if hit is not None:
            hits.append(hit)
        if len(hits) == PAGE_SIZE:
            break
    last = hits[-1].message_id if len(hits) == PAGE_SIZE else rows[LOOKED_AT - 1].id if len(rows) > LOOKED_AT else None
    more = last is not None and last != rows[-1].id
    return Results(tuple(hits), last if more else None)


def _digests(box: Box, key: bytes, one: Term) -> list[bytes]:
    """Under what a word is posted; that of a place of care only where its name is not kept from the reader (R15)."""
    found = [digest(key, start) for start in sorted(one.buckets)]
    if not box.places_kept:
        found += [digest(key, PLACE + start) for start in sorted(one.buckets)]
    return found


def _hit(tx: Connection, box: Box, row: Any, names: Sequence[str], asked: Sequence[Term]) -> Hit | None:
    facts = open_message(tx, box.id, row.id, row.payload)
    about = open_conversation(tx, box.id, row.conversation_id, row.conversation)
    sides = _sides(box, facts)
    everything = fold("\n".join((facts.subject, about.subject, *sides, *names, facts.text)))
    if not all(one.is_in(everything) for one in asked):
        return None
    other = apart.seen(box, Party(about.with_address, about.with_name, about.with_role))
    cut = snippets([facts.text], asked)
    return Hit(
        conversation_id=row.conversation_id,
        message_id=row.id,
        at=row.at,
        outgoing=row.outgoing,
        by="" if row.author_id == box.actor.id else writer(box, about, facts, outgoing=row.outgoing),
        name=other.name or other.address,
        role=other.role,
        subject=marked(about.subject, asked),
        snippet=cut[0].pieces if cut else (),
        files=tuple(marked(name, asked) for name in names if any(one.is_in(fold(name)) for one in asked)),
        secret=row.secret,
    )


def _sides(box: Box, facts: MessageFacts) -> list[str]:
    """Who wrote and who was written to, as far as the reader may know."""
    seen = [apart.seen(box, one) for one in (facts.sender, *facts.recipients)]
    return [f"{one.name} {one.address}" for one in seen]


def _plain(pieces: Pieces) -> str:
    return "".join(words for words, _ in pieces)


@lru_cache(maxsize=64)
def _candidates(shape: Shape, count: int, *, after: bool) -> Select[*tuple[Any, ...]]:
    """Messages in which every word may stand, the newest first: their ids are in the order of time."""
    query = (
        select(
            Message.id,
            Message.conversation_id,
            Message.at,
            Message.outgoing,
            Message.author_id,
            Message.secret,
            Message.payload,
            Conversation.payload.label("conversation"),
        )
        .join(
            Conversation,
            and_(Conversation.box_id == Message.box_id, Conversation.id == Message.conversation_id),
        )
        .where(*sight.conditions(shape))
    )
    for place in range(count):
        word = bindparam(f"word{place}", expanding=True, type_=Digest(WORD_BYTES))
        posted = select(ConversationWord.message_id).where(
            ConversationWord.box_id == sight.BOX, ConversationWord.word.in_(word)
        )
        query = query.where(Message.id.in_(posted))
    if after:
        query = query.where(Message.id < bindparam("before", type_=Id))
    return query.order_by(Message.id.desc()).limit(bindparam("limit"))


def following(question: Question, results: Results) -> Question | None:
    """The same question for older messages; None where there are none."""
    return replace(question, before=results.next) if results.next else None
