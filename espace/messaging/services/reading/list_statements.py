"""The statements of lists of conversations: a page costs the same whatever lies below it.

The columns of a conversation say when it last came and left: their indexes lead. To who reads only up to a limit those
columns would tell of messages they do not see: each conversation's instants are then looked for among the messages that
they do see, by one step of an index each.
"""

from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased

from espace.db import Id, Instant
from espace.messaging.models import Conversation, Message, Sending
from espace.messaging.services.facts import FAILED
from espace.messaging.services.sight import BOX, Shape, conditions

_Rows = Select[*tuple[Any, ...]]
AT, PLACE = bindparam("at", type_=Instant), bindparam("place", type_=Id)
LIMIT: BindParameter[int] = bindparam("limit")
_ASKED = Conversation.id.in_(bindparam("conversations", type_=Id, expanding=True))


MANY = 100
"""Unread conversations are counted up to here."""


class Folder(StrEnum):
    """Which conversations of a box are listed."""

    INBOX = "recus"
    UNREAD = "non-lus"
    SENT = "envoyes"
    ARCHIVED = "archives"


class Assigned(StrEnum):
    """Whose of a team's conversations are listed."""

    ANYBODY = ""
    MINE = "moi"
    NOBODY = "personne"


@lru_cache(maxsize=256)
def page_statement(shape: Shape, folder: Folder, assigned: Assigned, *, after: bool) -> _Rows:
    """Conversations of a folder, the newest first: their columns, when each last stood in it, whether it is unread."""
    at = _stood_at(shape, folder)
    query = select(
        Conversation.id,
        Conversation.correspondent_id,
        Conversation.archived,
        Conversation.secret,
        Conversation.assigned_to,
        _unread(shape).label("unread"),
        at.label("stood_at"),
        Conversation.payload,
    ).where(Conversation.box_id == BOX, *_in_folder(shape, folder, at), *_of(assigned))
    if not shape.sees_secret:
        query = query.where(Conversation.secret.is_(False))
    if after:
        query = query.where(tuple_(at, Conversation.id) < tuple_(AT, PLACE))
    return query.order_by(at.desc(), Conversation.id.desc()).limit(LIMIT)


@lru_cache(maxsize=8)
def unread_statement(shape: Shape) -> _Rows:
    """The conversations with something unread."""
    query = select(Conversation.id).where(
        Conversation.box_id == BOX, Conversation.archived.is_(False), _is_unread(shape)
    )
    if not shape.sees_secret:
        query = query.where(Conversation.secret.is_(False))
    return query.limit(LIMIT)


def unread_counts() -> tuple[ScalarSelect[int], ScalarSelect[int]]:
    """How many conversations of the box of the parameter "record" hold something unread, up to `MANY`: for who sees
    everything, and for whom a minor keeps secret ones from. Who sees up to a limit asks by `unread_statement`.
    """
    every = (
        select(literal(1))
        .where(
            Conversation.box_id == bindparam("record", type_=Id),
            Conversation.archived.is_(False),
            Conversation.unread.is_(True),
        )
        .limit(MANY)
    )
    found = [
        select(func.count()).select_from(query.subquery()).scalar_subquery()
        for query in (every, every.where(Conversation.secret.is_(False)))
    ]
    return found[0], found[1]


@lru_cache(maxsize=8)
def last_messages(shape: Shape) -> _Rows:
    """The last message that is seen of each of some conversations: looked up for each, whatever else the box holds."""
    last = aliased(Message)
    newest = (
        select(last.id)
        .where(*conditions(shape, last), last.conversation_id == Conversation.id)
        .order_by(last.at.desc(), last.id.desc())
        .limit(1)
        .correlate(Conversation)
        .scalar_subquery()
    )
    return (
        select(
            Message.id,
            Message.conversation_id,
            Message.at,
            Message.outgoing,
            Message.state,
            Message.author_id,
            Message.payload,
        )
        .select_from(Conversation)
        .join(Message, and_(Message.box_id == Conversation.box_id, Message.id == newest))
        .where(Conversation.box_id == BOX, _ASKED)
    )


@lru_cache(maxsize=8)
def failed_statement(shape: Shape) -> _Rows:
    """Which of some conversations hold a message that did not arrive; looked up for each."""
    lost = (
        select(Sending.id)
        .where(Sending.box_id == BOX, Sending.message_id == Message.id, Sending.state == FAILED)
        .correlate(Message)
    )
    # Not joined: a box may hold many sendings, and the database would go through them for each conversation.
    failed = (
        select(Message.id)
        .where(*conditions(shape), Message.conversation_id == Conversation.id, lost.exists())
        .correlate(Conversation)
    )
    return select(Conversation.id.label("conversation_id")).where(Conversation.box_id == BOX, _ASKED, failed.exists())


def _stood_at(shape: Shape, folder: Folder) -> ColumnElement[Any]:
    """When a conversation last stood in a folder."""
    column = {Folder.SENT: Conversation.out_at, Folder.ARCHIVED: Conversation.last_at}.get(folder, Conversation.in_at)
    if not shape.is_limited:
        return column.expression
    seen = aliased(Message)
    found = select(seen.at).where(*conditions(shape, seen), seen.conversation_id == Conversation.id)
    if folder is not Folder.ARCHIVED:
        found = found.where(seen.outgoing.is_(folder is Folder.SENT))
    return found.order_by(seen.at.desc()).limit(1).correlate(Conversation).scalar_subquery()


def _unread(shape: Shape) -> ColumnElement[bool]:
    if not shape.is_limited:
        return Conversation.unread.expression
    seen = aliased(Message)
    return exists().where(
        *conditions(shape, seen),
        seen.conversation_id == Conversation.id,
        seen.outgoing.is_(False),
        seen.read_at.is_(None),
    )


def _is_unread(shape: Shape) -> ColumnElement[bool]:
    return _unread(shape) if shape.is_limited else Conversation.unread.is_(True)


def _in_folder(shape: Shape, folder: Folder, at: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [at.is_not(None)]
    if folder is not Folder.SENT:
        found.append(Conversation.archived.is_(folder is Folder.ARCHIVED))
    if folder is Folder.UNREAD:
        found.append(_is_unread(shape))
    return found


def _of(assigned: Assigned) -> list[ColumnElement[bool]]:
    if assigned is Assigned.MINE:
        return [Conversation.assigned_to == bindparam("me", type_=Id)]
    return [Conversation.assigned_to.is_(None)] if assigned is Assigned.NOBODY else []
