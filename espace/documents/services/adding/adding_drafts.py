"""A document being added: its files and what was typed of it are kept as they come, sealed in the record.

A lost connection, a refused field or a session that ended loses nothing: the draft waits for its author, on any device,
for `LIFE` after it was last touched. Nobody else sees it, whoever they are to the record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from espace import clock, crypto, db, storage
from espace.documents.models import AddingDraft, AddingPiece
from espace.documents.services.entries.filing import stored
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.permissions import Permission, Standing
from espace.words import N_

from .own import Added
from .pieces import Judged, Piece

TABLE, PIECES = "adding_drafts", "adding_pieces"
LIFE = timedelta(days=7)
MAX_DRAFTS = 10
MAX_PIECES = 30
_BATCH = 200
_MAX_TYPED = 300


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed so far, as it was typed: nothing of it is checked before the end."""

    title: str = ""
    date: str = ""
    type_code: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft, as its author sees it. `proposed` is what the content says; `done` is what it became."""

    id: UUID
    started_at: datetime
    touched_at: datetime
    typed: Typed
    proposed: Typed
    replaces: UUID | None
    done: Added | None
    pieces: tuple[Piece, ...] = field(default=())

    @property
    def until(self) -> datetime:
        """When it is forgotten, unless it is touched again."""
        return self.touched_at + LIFE

    @property
    def pages(self) -> int:
        """Of all its files; 0 for a text."""
        return sum(piece.pages for piece in self.pieces)


_COLUMNS = (AddingDraft.id, AddingDraft.started_at, AddingDraft.touched_at, AddingDraft.payload)


def start(standing: Standing, files: Sequence[Judged], typed: Typed, proposed: Typed, replaces: UUID | None) -> UUID:
    """Keep files as a draft; the same ones sent again, after a cut, lead to the draft they made. Gives its id.

    Raises:
        InvalidError: when too many drafts wait already (beside `file`).
        NotFoundError: when this standing may not add.
    """
    open_ones = drafts(standing)
    wanted = {one.piece.digest for one in files}
    for draft in open_ones:
        if wanted <= {piece.digest for piece in draft.pieces} and draft.replaces == replaces:
            return draft.id
    if len(open_ones) >= MAX_DRAFTS:
        raise InvalidError(
            {"file": N_("You have %(count)d documents begun. Finish or delete one, then try again.", count=MAX_DRAFTS)}
        )
    draft = Draft(new_id(), clock.now(), clock.now(), typed, proposed, replaces, None)
    with stored(standing.record_id, *(one.content for one in files)) as file_ids, db.write() as tx:
        tx.execute(
            insert(AddingDraft).values(
                record_id=standing.record_id,
                id=draft.id,
                account_id=standing.actor.id,
                started_at=draft.started_at,
                touched_at=draft.touched_at,
                payload=_sealed(tx, standing.record_id, draft),
            )
        )
        for place, (file_id, one) in enumerate(zip(file_ids, files, strict=True)):
            _insert_piece(tx, standing.record_id, draft.id, replace(one.piece, id=file_id, place=place))
    return draft.id


def drafts(standing: Standing) -> list[Draft]:
    """The actor's unfinished drafts in this record, newest first."""
    _may(standing)
    mine = AddingDraft.account_id == standing.actor.id
    query = select(*_COLUMNS).where(AddingDraft.record_id == standing.record_id, mine, _lives())
    with db.read() as tx:
        rows = tx.execute(query.order_by(AddingDraft.touched_at.desc(), AddingDraft.id).limit(50)).all()
        found = [_opened(tx, standing.record_id, row) for row in rows]
        return [_with_pieces(tx, standing.record_id, one) for one in found if one.done is None]


def draft(standing: Standing, draft_id: UUID) -> Draft:
    """One of the actor's own drafts in this record.

    Raises:
        NotFoundError: when there is none, it is another's, or it is over.
    """
    _may(standing)
    with db.read() as tx:
        return _one(tx, standing, draft_id)


def content(standing: Standing, draft_id: UUID, piece_id: UUID) -> tuple[Piece, bytes]:
    """One file of a draft. Raises as `draft`, also when the draft has no such file."""
    piece = _piece(draft(standing, draft_id), piece_id)
    with db.read() as tx:
        return piece, storage.current().open(tx, standing.record_id, piece.id).read_all()


def contents(standing: Standing, kept: Draft) -> list[bytes]:
    """All files of a draft, in their order."""
    house = storage.current()
    with db.read() as tx:
        return [house.open(tx, standing.record_id, piece.id).read_all() for piece in kept.pieces]


def keep(standing: Standing, draft_id: UUID, typed: Typed) -> None:
    """Keep what was typed so far. Raises as `draft`."""
    with db.write() as tx:
        found = _held(tx, standing, draft_id)
        _save(tx, standing.record_id, replace(found, typed=_bounded(typed)))


def stand_alone(standing: Standing, draft_id: UUID) -> None:
    """Have a draft take no document's place any more. Raises as `draft`."""
    with db.write() as tx:
        found = _held(tx, standing, draft_id)
        _save(tx, standing.record_id, replace(found, replaces=None))


def offer(standing: Standing, draft_id: UUID, told: Typed) -> None:
    """Fill what is empty with what the content says; nothing that was typed is changed. Raises as `draft`."""
    with db.write() as tx:
        found = _held(tx, standing, draft_id)
        _save(
            tx,
            standing.record_id,
            replace(found, typed=_filled(found.typed, told), proposed=_filled(found.proposed, told)),
        )


def _filled(typed: Typed, told: Typed) -> Typed:
    return Typed(typed.title or told.title, typed.date or told.date, typed.type_code or told.type_code, typed.secret)


def append(standing: Standing, draft_id: UUID, files: Sequence[Judged], instead_of: UUID | None = None) -> None:
    """Add files behind those of a draft, or one in the place of another; one that is there already is not added twice.

    Raises:
        InvalidError: when there are too many (beside `file`).
        NotFoundError: see `draft`.
    """
    with stored(standing.record_id, *(one.content for one in files)) as file_ids, db.write() as tx:
        found = _held(tx, standing, draft_id)
        there = {piece.digest for piece in found.pieces}
        place = found.pieces[-1].place + 1 if found.pieces else 0
        if instead_of is not None:
            place = _piece(found, instead_of).place
            _remove_piece(tx, standing.record_id, instead_of)
            there.discard(_piece(found, instead_of).digest)
        elif len(found.pieces) + len(files) > MAX_PIECES:
            raise InvalidError(
                {"file": N_("A document has at most %(limit)d files here. Add the others apart.", limit=MAX_PIECES)}
            )
        for file_id, one in zip(file_ids, files, strict=True):
            if one.piece.digest in there:
                _delete_later(standing.record_id, file_id)
                continue
            there.add(one.piece.digest)
            _insert_piece(tx, standing.record_id, draft_id, replace(one.piece, id=file_id, place=place))
            place += 1
        _save(tx, standing.record_id, found)


def move(standing: Standing, draft_id: UUID, piece_id: UUID, step: int) -> None:
    """Change a page with the one before it (-1) or behind it (1); at an end nothing happens. Raises as `content`."""
    with db.write() as tx:
        found = _held(tx, standing, draft_id)
        ids = [piece.id for piece in found.pieces]
        at = ids.index(_piece(found, piece_id).id)
        if 0 <= at + step < len(ids):
            one, other = found.pieces[at], found.pieces[at + step]
            for piece, place in ((one, other.place), (other, one.place)):
                tx.execute(
                    update(AddingPiece)
                    .where(AddingPiece.record_id == standing.record_id, AddingPiece.id == piece.id)
                    .values(place=place)
                )
        _save(tx, standing.record_id, found)


def take_out(standing: Standing, draft_id: UUID, piece_id: UUID) -> None:
    """Remove one file of a draft. Raises as `content`."""
    with db.write() as tx:
        found = _held(tx, standing, draft_id)
        _remove_piece(tx, standing.record_id, _piece(found, piece_id).id)
        _save(tx, standing.record_id, found)


def drop(standing: Standing, draft_id: UUID) -> None:
    """Give a draft up: its files are removed, nothing was added. Raises as `draft`."""
    with db.write() as tx:
        found = _held(tx, standing, draft_id)
        _remove(tx, standing.record_id, found.id)


def finish(tx: Connection, standing: Standing, draft_id: UUID, added: Added) -> None:
    """Within the unit of work that files it: what a draft became is remembered, its files go."""
    found = _held(tx, standing, draft_id)
    _remove_pieces(tx, standing.record_id, draft_id)
    _save(tx, standing.record_id, replace(found, done=added, typed=Typed(), proposed=Typed()))


def sweep() -> int:
    """Forget the drafts that nobody touched for `LIFE`, and their files; gives how many."""
    gone = 0
    query = select(AddingDraft.record_id, AddingDraft.id).where(AddingDraft.touched_at <= clock.now() - LIFE)
    while True:
        with db.write() as tx:
            rows = tx.execute(query.order_by(AddingDraft.touched_at).limit(_BATCH)).all()
            for row in rows:
                _remove(tx, row.record_id, row.id)
        gone += len(rows)
        if len(rows) < _BATCH:
            return gone


def _may(standing: Standing) -> None:
    if not standing.may(Permission.DOCUMENTS_ADD):
        raise NotFoundError


def _lives() -> Any:
    return AddingDraft.touched_at > clock.now() - LIFE


def _held(tx: Connection, standing: Standing, draft_id: UUID) -> Draft:
    """A draft that is being changed: nobody else changes it meanwhile, and it is not finished yet."""
    _may(standing)
    found = _one(tx, standing, draft_id, lock=True)
    if found.done is not None:
        raise NotFoundError
    return found


def _one(tx: Connection, standing: Standing, draft_id: UUID, *, lock: bool = False) -> Draft:
    query = select(*_COLUMNS).where(
        AddingDraft.record_id == standing.record_id,
        AddingDraft.id == draft_id,
        AddingDraft.account_id == standing.actor.id,
        _lives(),
    )
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFoundError
    return _with_pieces(tx, standing.record_id, _opened(tx, standing.record_id, row))


def _opened(tx: Connection, record_id: UUID, row: Any) -> Draft:
    said: Mapping[str, Any] = crypto.unseal(tx, record_id, TABLE, row.id, row.payload)
    done = said["done"]
    return Draft(
        id=row.id,
        started_at=row.started_at,
        touched_at=row.touched_at,
        typed=Typed(**said["typed"]),
        proposed=Typed(**said["proposed"]),
        replaces=UUID(said["replaces"]) if said["replaces"] else None,
        done=Added(UUID(done["id"]), done["new"], done["waits"]) if done else None,
    )


def _with_pieces(tx: Connection, record_id: UUID, kept: Draft) -> Draft:
    query = (
        select(AddingPiece.id, AddingPiece.place, AddingPiece.payload)
        .where(AddingPiece.record_id == record_id, AddingPiece.draft_id == kept.id)
        .order_by(AddingPiece.place, AddingPiece.id)
    )
    rows = tx.execute(query).all()
    opened = ((row, crypto.unseal(tx, record_id, PIECES, row.id, row.payload)) for row in rows)
    return replace(kept, pieces=tuple(Piece(id=row.id, place=row.place, **said) for row, said in opened))


def _piece(kept: Draft, piece_id: UUID) -> Piece:
    for piece in kept.pieces:
        if piece.id == piece_id:
            return piece
    raise NotFoundError


def _bounded(typed: Typed) -> Typed:
    return Typed(typed.title[:_MAX_TYPED], typed.date[:20], typed.type_code[:40], typed.secret)


def _sealed(tx: Connection, record_id: UUID, kept: Draft) -> bytes:
    done = kept.done
    payload = {
        "typed": asdict(kept.typed),
        "proposed": asdict(kept.proposed),
        "replaces": str(kept.replaces) if kept.replaces else None,
        "done": {"id": str(done.id), "new": done.new, "waits": done.waits} if done else None,
    }
    return crypto.seal(tx, record_id, TABLE, kept.id, payload)


def _save(tx: Connection, record_id: UUID, kept: Draft) -> None:
    tx.execute(
        update(AddingDraft)
        .where(AddingDraft.record_id == record_id, AddingDraft.id == kept.id)
        .values(payload=_sealed(tx, record_id, kept), touched_at=clock.now())
    )


def _insert_piece(tx: Connection, record_id: UUID, draft_id: UUID, piece: Piece) -> None:
    payload = {name: value for name, value in asdict(piece).items() if name not in ("id", "place")}
    tx.execute(
        insert(AddingPiece).values(
            record_id=record_id,
            id=piece.id,
            draft_id=draft_id,
            place=piece.place,
            payload=crypto.seal(tx, record_id, PIECES, piece.id, payload),
        )
    )


def _remove_piece(tx: Connection, record_id: UUID, piece_id: UUID) -> None:
    tx.execute(delete(AddingPiece).where(AddingPiece.record_id == record_id, AddingPiece.id == piece_id))
    _delete_later(record_id, piece_id)


def _remove_pieces(tx: Connection, record_id: UUID, draft_id: UUID) -> None:
    theirs = (AddingPiece.record_id == record_id, AddingPiece.draft_id == draft_id)
    for piece_id in tx.execute(select(AddingPiece.id).where(*theirs)).scalars().all():
        _delete_later(record_id, piece_id)
    tx.execute(delete(AddingPiece).where(*theirs))


def _remove(tx: Connection, record_id: UUID, draft_id: UUID) -> None:
    _remove_pieces(tx, record_id, draft_id)
    tx.execute(delete(AddingDraft).where(AddingDraft.record_id == record_id, AddingDraft.id == draft_id))


def _delete_later(record_id: UUID, file_id: UUID) -> None:
    house = storage.current()
    db.after_commit(lambda: house.delete(record_id, file_id))
