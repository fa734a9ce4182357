"""What somebody is writing and has not sent: theirs alone, kept until it is sent or thrown away."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db, storage
from espace.db import Id
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.messaging.models import Draft, DraftFile
from espace.messaging.services.boxes import Box
from espace.words import N_

MOST_DRAFTS = 50
MAX_TEXT, MAX_SUBJECT, MOST_RECIPIENTS, MOST_DOCUMENTS = 50_000, 200, 20, 20
_TABLE, _FILES = Draft.__tablename__, DraftFile.__tablename__
_COLUMNS = (Draft.id, Draft.conversation_id, Draft.touched_at, Draft.payload)
_BOX = bindparam("box", type_=Id)
_MINE = (Draft.box_id == _BOX, Draft.author_id == bindparam("me", type_=Id))
_ALL = select(*_COLUMNS).where(*_MINE).order_by(Draft.touched_at.desc(), Draft.id.desc()).limit(MOST_DRAFTS)
_ONE = select(*_COLUMNS).where(*_MINE, Draft.id == bindparam("id", type_=Id))
_ANSWER = (
    select(*_COLUMNS)
    .where(*_MINE, Draft.conversation_id == bindparam("conversation", type_=Id))
    .order_by(Draft.touched_at.desc(), Draft.id.desc())
    .limit(1)
)
_NEW = _ALL.where(Draft.conversation_id.is_(None)).limit(1)
_COUNT = select(func.count()).select_from(select(Draft.id).where(*_MINE).limit(MOST_DRAFTS).subquery())
_FILES_OF = (
    select(DraftFile.id, DraftFile.draft_id, DraftFile.place, DraftFile.payload)
    .where(DraftFile.box_id == _BOX, DraftFile.draft_id.in_(bindparam("drafts", type_=Id, expanding=True)))
    .order_by(DraftFile.draft_id, DraftFile.place)
)


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed of a message. `to` are addresses; `documents` those of the record that go with it.

    `secret`: a minor keeps it from their parents.
    """

    to: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    documents: tuple[UUID, ...] = ()
    secret: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed or chosen."""
        return not (self.to or self.subject.strip() or self.text.strip() or self.documents)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file that goes with a draft. `size` in bytes; `cleared`: the scanner saw it."""

    id: UUID
    place: int
    name: str
    media: str
    size: int
    pages: int
    cleared: bool


@dataclass(frozen=True, slots=True)
class DraftFacts:
    """One draft, as its author left it."""

    id: UUID
    conversation_id: UUID | None
    touched_at: datetime
    typed: Typed
    files: tuple[FileFacts, ...] = ()


def drafts(box: Box) -> list[DraftFacts]:
    """What this actor has begun in this box, the newest first."""
    with db.read() as tx:
        return _opened(tx, box, tx.execute(_ALL, _values(box)).all())


def count(box: Box) -> int:
    """How many drafts this actor has here."""
    with db.read() as tx:
        return int(tx.execute(_COUNT, _values(box)).scalar_one())


def draft(box: Box, draft_id: UUID) -> DraftFacts:
    """One draft.

    Raises:
        NotFoundError: when this actor has no such draft here.
    """
    with db.read() as tx:
        return _one(tx, box, draft_id)


def find(box: Box, draft_id: UUID) -> DraftFacts | None:
    """One draft, or None."""
    with db.read() as tx:
        return next(iter(_opened(tx, box, tx.execute(_ONE, _values(box) | {"id": draft_id}).all())), None)


def newest(box: Box) -> DraftFacts | None:
    """The new message that this actor left last."""
    with db.read() as tx:
        return next(iter(_opened(tx, box, tx.execute(_NEW, _values(box)).all())), None)


def answer_to(box: Box, conversation_id: UUID) -> DraftFacts | None:
    """The answer that this actor began to a conversation."""
    with db.read() as tx:
        rows = tx.execute(_ANSWER, _values(box) | {"conversation": conversation_id}).all()
        return next(iter(_opened(tx, box, rows)), None)


def keep(box: Box, draft_id: UUID, typed: Typed, conversation_id: UUID | None = None) -> datetime:
    """Keep what was typed, over what this draft held before; gives when. `draft_id` may be new: the form made it.

    Raises:
        InvalidError: when there are too many drafts, or more was typed than fits.
        NotFoundError: when this actor may not write here, or the id is another's.
    """
    may_write(box)
    check_sizes(typed)
    now = clock.now()
    payload = _said(typed)
    try:
        with db.write() as tx:
            sealed = crypto.seal(tx, box.id, _TABLE, draft_id, payload)
            kept = tx.execute(
                update(Draft)
                .where(Draft.box_id == box.id, Draft.id == draft_id, Draft.author_id == box.actor.id)
                .values(touched_at=now, payload=sealed)
            )
            if kept.rowcount == 0:
                _check_room(tx, box)
                tx.execute(
                    insert(Draft).values(
                        box_id=box.id,
                        id=draft_id,
                        author_id=box.actor.id,
                        conversation_id=conversation_id,
                        touched_at=now,
                        payload=sealed,
                    )
                )
    except IntegrityError:  # a second window was quicker, or the id is another's
        with db.read() as tx:
            _one(tx, box, draft_id)
    return now


def begin(box: Box, typed: Typed, conversation_id: UUID | None = None) -> UUID:
    """A new draft, for a page that leads to the writing page with something filled in. Raises as `keep`."""
    made = new_id()
    keep(box, made, typed, conversation_id)
    return made


def drop(box: Box, draft_id: UUID) -> None:
    """Throw a draft away, and its files; one that is gone already is fine."""
    with db.write() as tx:
        files = forget(tx, box, draft_id)
    remove_files(box, files)


def forget(tx: Connection, box: Box, draft_id: UUID) -> list[UUID]:
    """Take a draft's rows away in the open unit of work; gives its files, to be removed after it."""
    mine = (Draft.box_id == box.id, Draft.id == draft_id, Draft.author_id == box.actor.id)
    if tx.execute(delete(Draft).where(*mine)).rowcount == 0:
        return []
    of_it = (DraftFile.box_id == box.id, DraftFile.draft_id == draft_id)
    files = list(tx.execute(select(DraftFile.id).where(*of_it)).scalars())
    tx.execute(delete(DraftFile).where(*of_it))
    return files


def remove_files(box: Box, files: Sequence[UUID]) -> None:
    """Remove files of which no row tells any more."""
    for file_id in files:
        storage.current().delete(box.id, file_id)


def may_write(box: Box) -> None:
    """See that the actor may write for this box.

    Raises:
        NotFoundError: when they may not.
    """
    if not box.may_write:
        raise NotFoundError


def check_sizes(typed: Typed) -> None:
    """See that what was typed fits into a message.

    Raises:
        InvalidError: beside the field that holds too much.
    """
    problems = {}
    if len(typed.subject) > MAX_SUBJECT:
        problems["subject"] = N_("This subject is too long: at most %(limit)d characters fit.", limit=MAX_SUBJECT)
    if len(typed.text) > MAX_TEXT:
        problems["text"] = N_("This message is too long: at most %(limit)d characters fit.", limit=MAX_TEXT)
    if len(typed.to) > MOST_RECIPIENTS:
        problems["to"] = N_("Write to %(limit)d people at most.", limit=MOST_RECIPIENTS)
    if len(typed.documents) > MOST_DOCUMENTS:
        problems["documents"] = N_("Attach %(limit)d documents at most.", limit=MOST_DOCUMENTS)
    if problems:
        raise InvalidError(problems)


def _check_room(tx: Connection, box: Box) -> None:
    if tx.execute(_COUNT, _values(box)).scalar_one() >= MOST_DRAFTS:
        raise InvalidError({"": N_("You have many drafts already. Send one, or throw one away.")})


def _values(box: Box) -> dict[str, Any]:
    return {"box": box.id, "me": box.actor.id}


def _one(tx: Connection, box: Box, draft_id: UUID) -> DraftFacts:
    found = _opened(tx, box, tx.execute(_ONE, _values(box) | {"id": draft_id}).all())
    if not found:
        raise NotFoundError
    return found[0]


def _opened(tx: Connection, box: Box, rows: Sequence[Any]) -> list[DraftFacts]:
    if not rows:
        return []
    files: dict[UUID, list[FileFacts]] = {row.id: [] for row in rows}
    for row in tx.execute(_FILES_OF, {"box": box.id, "drafts": list(files)}):
        said = crypto.unseal(tx, box.id, _FILES, row.id, row.payload)
        files[row.draft_id].append(FileFacts(id=row.id, place=row.place, **said))
    return [
        DraftFacts(
            row.id,
            row.conversation_id,
            row.touched_at,
            _typed(crypto.unseal(tx, box.id, _TABLE, row.id, row.payload)),
            tuple(files[row.id]),
        )
        for row in rows
    ]


def _said(typed: Typed) -> dict[str, Any]:
    return asdict(typed) | {"to": list(typed.to), "documents": [str(one) for one in typed.documents]}


def _typed(said: dict[str, Any]) -> Typed:
    return Typed(**said | {"to": tuple(said["to"]), "documents": tuple(UUID(one) for one in said["documents"])})
