"""The recipients of a message that leaves, each with what became of it for them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from espace import crypto, db
from espace.db import Id
from espace.identifiers import new_id
from espace.messaging.models import Conversation, Message, Sending
from espace.messaging.services import telling
from espace.messaging.services.facts import FAILED, SENT, WAITING, Party
from espace.words import Message as Words

from .failures import WORDS, Failure, may_try_again


class State(StrEnum):
    """What became of a message for one recipient; `RECEIVED`: their receipt says that they read it."""

    WAITING = "waiting"
    SENT = "sent"
    RECEIVED = "received"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SendingFacts:
    """One recipient of a message, as the thread shows it. `settled_at`: when it left, was read, or failed.

    `failure` says why it failed; while it waits, why it did not leave yet. `since` is when the tries began.
    """

    id: UUID
    message_id: UUID
    address: str
    name: str
    state: State
    tries: int
    next_at: datetime | None
    settled_at: datetime | None
    failure: Failure | None
    since: datetime

    @property
    def words(self) -> Words | None:
        """Why it did not arrive, for people; None while all is well."""
        return WORDS[self.failure] if self.failure and self.state is State.FAILED else None

    @property
    def can_retry(self) -> bool:
        """Whether « try again » makes sense."""
        return self.state is State.FAILED and self.failure is not None and may_try_again(self.failure)


_COLUMNS = (
    Sending.id,
    Sending.message_id,
    Sending.state,
    Sending.tries,
    Sending.next_at,
    Sending.settled_at,
    Sending.payload,
)
_BOX = bindparam("box", type_=Id)
_OF = (
    select(*_COLUMNS)
    .where(Sending.box_id == _BOX, Sending.message_id.in_(bindparam("messages", expanding=True, type_=Id)))
    .order_by(Sending.message_id, Sending.id)
)
_OF_LOCKED = _OF.with_for_update()
_PLACED = select(Message.conversation_id, Message.secret).where(
    Message.box_id == _BOX, Message.id == bindparam("id", type_=Id)
)


def begin(tx: Connection, box_id: UUID, message_id: UUID, parties: Iterable[Party], now: datetime) -> None:
    """Note everybody a message is to reach."""
    rows = []
    for party in parties:
        row_id = new_id()
        held = {"address": party.address, "name": party.name, "failure": "", "since": now.isoformat()}
        rows.append(
            {
                "record_id": box_id,
                "id": row_id,
                "message_id": message_id,
                "state": State.WAITING.value,
                "tries": 0,
                "next_at": now,
                "settled_at": None,
                "payload": crypto.seal(tx, box_id, Sending.__tablename__, row_id, held),
            }
        )
    tx.execute(insert(Sending), rows)


def of_messages(box_id: UUID, message_ids: Sequence[UUID]) -> dict[UUID, list[SendingFacts]]:
    """The recipients of several messages at once, in the order they were written to."""
    found: dict[UUID, list[SendingFacts]] = defaultdict(list)
    if message_ids:
        with db.read() as tx:
            for one in _read(tx, _OF, box_id, message_ids):
                found[one.message_id].append(one)
    return dict(found)


def held(tx: Connection, box_id: UUID, message_id: UUID) -> list[SendingFacts]:
    """The recipients of one message, which nobody else changes until the unit of work ends."""
    return _read(tx, _OF_LOCKED, box_id, [message_id])


@dataclass(frozen=True, slots=True)
class News:
    """What became of a message for one recipient. `at` is None while it waits, `next_at` when it is tried again."""

    state: State
    failure: Failure | None = None
    at: datetime | None = None
    next_at: datetime | None = None


def settle(tx: Connection, box_id: UUID, one: SendingFacts, news: News, *, tries: int, since: datetime) -> None:
    """Write down what became of a message for one recipient; `judge` says then what became of the whole message."""
    kept = {
        "address": one.address,
        "name": one.name,
        "failure": news.failure.value if news.failure else "",
        "since": since.isoformat(),
    }
    tx.execute(
        update(Sending)
        .where(Sending.box_id == box_id, Sending.id == one.id)
        .values(
            state=news.state.value,
            tries=tries,
            next_at=news.next_at,
            settled_at=news.at,
            payload=crypto.seal(tx, box_id, Sending.__tablename__, one.id, kept),
        )
    )
    if news.state is State.FAILED and one.state is not State.FAILED and news.at is not None:
        _bring_back(tx, box_id, one.message_id, news.at)


def _bring_back(tx: Connection, box_id: UUID, message_id: UUID, at: datetime) -> None:
    """Let a conversation stand among those received, unread: who wrote learns there that it did not arrive."""
    message = tx.execute(_PLACED, {"box": box_id, "id": message_id}).one()
    tx.execute(
        update(Conversation)
        .where(Conversation.box_id == box_id, Conversation.id == message.conversation_id)
        .values(in_at=at, last_at=at, unread=True, archived=False)
    )
    telling.tell_failed(box_id, secret=message.secret)


def judge(tx: Connection, box_id: UUID, message_id: UUID) -> list[SendingFacts]:
    """Say of a message what its recipients say: waiting for one of them, failed for one of them, or sent."""
    every = held(tx, box_id, message_id)
    states = {one.state for one in every}
    state = WAITING if State.WAITING in states else FAILED if State.FAILED in states else SENT
    this = (Message.box_id == box_id, Message.id == message_id, Message.outgoing.is_(True))
    tx.execute(update(Message).where(*this).values(state=state))
    return every


def _read(tx: Connection, statement: Any, box_id: UUID, message_ids: Sequence[UUID]) -> list[SendingFacts]:
    return [_opened(tx, box_id, row) for row in tx.execute(statement, {"box": box_id, "messages": list(message_ids)})]


def _opened(tx: Connection, box_id: UUID, row: Any) -> SendingFacts:
    kept = crypto.unseal(tx, box_id, Sending.__tablename__, row.id, row.payload)
    return SendingFacts(
        id=row.id,
        message_id=row.message_id,
        address=kept["address"],
        name=kept["name"],
        state=State(row.state),
        tries=row.tries,
        next_at=row.next_at,
        settled_at=row.settled_at,
        failure=Failure(kept["failure"]) if kept["failure"] else None,
        since=datetime.fromisoformat(kept["since"]),
    )
