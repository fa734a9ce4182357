"""The conversations of a box, page by page, and how many are unread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from espace import db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id
from espace.family import services as family
from espace.messaging.models import Correspondent
from espace.messaging.services import apart, sight
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import ConversationFacts, MessageFacts, open_conversation, open_message
from espace.permissions import Relation, Task

from .list_statements import (
    MANY,
    Assigned,
    Folder,
    failed_statement,
    last_messages,
    page_statement,
    unread_statement,
)

__all__ = [
    "MANY",
    "PAGE_SIZE",
    "Assigned",
    "Folder",
    "Line",
    "Newest",
    "Page",
    "Place",
    "newest_unread",
    "page",
    "unread",
    "unread_then",
]

PAGE_SIZE = 40
EXCERPT = 160
_CLOSED = select(Correspondent.id, Correspondent.closed_at).where(
    Correspondent.box_id == sight.BOX,
    Correspondent.id.in_(bindparam("correspondents", type_=Id, expanding=True)),
)


class Place(NamedTuple):
    """The place of the last conversation shown."""

    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Line:
    """One conversation as a list shows it. `name` and `role` are those of the other side, `at` is when it last stood
    in this list; what follows is of its last message: `said_at` is when it was said, and `by` who said it, "" for the
    reader themselves.

    `closed`: the exchange with them is ended. `failed`: something that was written did not arrive.
    """

    id: UUID
    subject: str
    name: str
    role: str
    at: datetime
    unread: bool
    archived: bool
    secret: bool
    assigned_to: UUID | None
    closed: bool
    failed: bool
    excerpt: str
    said_at: datetime
    by: str
    outgoing: bool
    automatic: bool
    asks: bool
    files: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some conversations, newest first, and the place after which there are more (None: no more)."""

    lines: tuple[Line, ...]
    next: Place | None


def page(
    box: Box,
    folder: Folder = Folder.INBOX,
    *,
    before: Place | None = None,
    assigned: Assigned = Assigned.ANYBODY,
    limit: int = PAGE_SIZE,
) -> Page:
    """A page of a folder; who reads for somebody else leaves a row of the trail with what was listed (R25)."""
    shape = sight.shape(box)
    values = sight.parameters(box) | {"limit": limit + 1, "me": box.actor.id}
    if before is not None:
        values |= {"at": before.at, "place": before.id}
    statement = page_statement(shape, folder, assigned, after=before is not None)
    values = {name: value for name, value in values.items() if name != "me" or assigned is Assigned.MINE}
    if not is_watched(box):
        with db.read() as tx:
            rows = tx.execute(statement, values).all()
            lines = _lines(tx, box, rows[:limit])
    else:
        with db.write() as tx:
            rows = tx.execute(statement, values).all()
            lines = _lines(tx, box, rows[:limit])
            leave(box, Action.MESSAGES_LISTED, lines)
    more = len(rows) > limit
    return Page(tuple(lines), Place(lines[-1].at, lines[-1].id) if more else None)


def unread(box: Box) -> int:
    """How many conversations hold something unread, up to `MANY`."""
    with db.read() as tx:
        found = tx.execute(unread_statement(sight.shape(box)), sight.parameters(box) | {"limit": MANY})
        return len(found.all())


def unread_then(box: Box) -> int:
    """As `unread`, as it was when the box's standing was judged, which counted it besides (`access.count_beside`)."""
    counted = box.standing.counted if box.standing and box.arrived_before is None else None
    return counted[0 if box.sees_secret else 1] if counted else unread(box)


@dataclass(frozen=True, slots=True)
class Newest:
    """The conversation in which something unread came last: the name of its other side, and when that came."""

    id: UUID
    name: str
    at: datetime


def newest_unread(box: Box) -> Newest | None:
    """Where something unread came last; who reads for somebody else leaves a row of the trail, as for a list."""
    statement = page_statement(sight.shape(box), Folder.UNREAD, Assigned.ANYBODY, after=False)
    with db.write() if is_watched(box) else db.read() as tx:
        row = tx.execute(statement, sight.parameters(box) | {"limit": 1}).first()
        if row is None:
            return None
        about = open_conversation(tx, box.id, row.id, row.payload)
        if is_watched(box):
            leave_row(box, Action.MESSAGES_LISTED, [snapshot(row.id, about.subject, secret=row.secret)])
    return Newest(row.id, apart.name_seen(box, about.with_name or about.with_address, about.with_role), row.stood_at)


def leave(box: Box, action: Action, shown: Sequence[Line]) -> None:
    """Write to the record's trail which conversations were shown, in the open unit of work."""
    leave_row(box, action, [snapshot(one.id, one.subject, secret=one.secret) for one in shown])


def leave_row(box: Box, action: Action, objects: Sequence[Mapping[str, str]]) -> None:
    """Write an act to the trail of a person's record; a carer's first one is told to the person."""
    standing = box.standing
    audit.record(
        box.actor,
        box.id,
        action,
        relation=standing.relation if standing else None,
        objects=[dict(one) for one in objects],
    )
    if standing is not None and standing.relation is Relation.CARER:
        family.note_act(standing, Task.READ_MESSAGES)


def snapshot(conversation_id: UUID, subject: str, *, secret: bool) -> dict[str, str]:
    """What the trail keeps of a conversation that was shown, with the mark that says who may be told of it."""
    marks = {"representatives_invisible": "yes"} if secret else {}
    return {"id": str(conversation_id), "title": subject, **marks}


def is_watched(box: Box) -> bool:
    """Whether reading in this box leaves a row: for anybody but the person whose it is (R25)."""
    return box.standing is not None and box.standing.is_watched


def _lines(tx: Connection, box: Box, rows: Sequence[Any]) -> list[Line]:
    if not rows:
        return []
    shape, given = sight.shape(box), sight.parameters(box)
    ids = [row.id for row in rows]
    last = {row.conversation_id: row for row in tx.execute(last_messages(shape), given | {"conversations": ids})}
    failed = set(tx.execute(failed_statement(shape), given | {"conversations": ids}).scalars())
    closed = {
        one.id: ended(box, one.closed_at)
        for one in tx.execute(_CLOSED, {"box": box.id, "correspondents": [row.correspondent_id for row in rows]})
    }
    return [
        _line(tx, box, row, last[row.id], is_closed=closed.get(row.correspondent_id, False), is_failed=row.id in failed)
        for row in rows
        if row.id in last
    ]


def ended(box: Box, closed_at: datetime | None) -> bool:
    """Whether an exchange is ended, as far as its reader may know."""
    return closed_at is not None and (box.arrived_before is None or closed_at < box.arrived_before)


def _line(tx: Connection, box: Box, row: Any, last: Any, *, is_closed: bool, is_failed: bool) -> Line:
    about = open_conversation(tx, box.id, row.id, row.payload)
    said = open_message(tx, box.id, last.id, last.payload)
    return Line(
        id=row.id,
        subject=about.subject,
        name=apart.name_seen(box, about.with_name or about.with_address, about.with_role),
        role=about.with_role,
        at=row.stood_at,
        unread=bool(row.unread),
        archived=row.archived,
        secret=row.secret,
        assigned_to=row.assigned_to,
        closed=is_closed,
        failed=is_failed,
        excerpt=excerpt(said.text),
        said_at=last.at,
        by="" if last.author_id == box.actor.id else writer(box, about, said, outgoing=last.outgoing),
        outgoing=last.outgoing,
        automatic=said.automatic,
        asks=not last.outgoing and not said.automatic and not is_closed and "?" in said.text,
        files=said.files,
    )


def writer(box: Box, about: ConversationFacts, said: MessageFacts, *, outgoing: bool) -> str:
    """Who wrote a message, as the reader may know them: for a box the one who held the pen, for the other side of the
    conversation the name it has there, whatever its program calls it.
    """
    if outgoing:
        return said.signed or said.sender.name or box.name
    if said.sender.address.lower() == about.with_address.lower():
        return apart.name_seen(box, about.with_name or about.with_address, about.with_role)
    return apart.name_seen(box, said.sender.name or said.sender.address, said.sender.role)


def excerpt(text: str, most: int = EXCERPT) -> str:
    """The beginning of a text on one line, without what it quotes of former messages."""
    own = " ".join(" ".join(line.split()) for line in text.splitlines() if not line.lstrip().startswith(">"))
    own = " ".join(own.split())
    return own if len(own) <= most else own[: most - 1].rsplit(" ", 1)[0] + "…"
