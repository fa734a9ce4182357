"""What was sent while the scanner was away, or what it knows as harmful: set aside, sealed in the record (R38).

The worker shows what waits to the scanner again and files it once it is clean; nobody has to come back for it, neither
the people of the record nor a professional who deposits. What is harmful is never filed. Both are forgotten after
`LIFE`, the record's erasure takes them with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from espace import clock, crypto, db, storage
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Digest, Id
from espace.documents.models import Quarantined
from espace.documents.services.deciding.telling import tell_readable
from espace.documents.services.entries import checks
from espace.documents.services.entries.filing import Body, NewDocument, content_digest, stored, write_row
from espace.documents.services.viewing.reading import snapshot
from espace.errors import ConflictError, NotFoundError, TamperedError
from espace.family import services as family
from espace.identifiers import new_id
from espace.interop import cda
from espace.permissions import SYSTEM, Relation, Standing

from . import scanning
from .scanning import DOWN, VIRUS, ScanError

TABLE = "quarantine"
LIFE = timedelta(days=30)
BATCH = 50
_COLUMNS = (Quarantined.id, Quarantined.record_id, Quarantined.received_at, Quarantined.reason, Quarantined.file_id)
_OF_RECORD = (
    select(*_COLUMNS, Quarantined.payload)
    .where(Quarantined.record_id == bindparam("record", type_=Id))
    .order_by(Quarantined.received_at.desc())
    .limit(200)
)
_SAME = select(Quarantined.id).where(Quarantined.content_index == bindparam("content", type_=Digest(32)))
_NEXT = (
    select(*_COLUMNS, Quarantined.payload)
    .where(
        Quarantined.record_id.is_not(None), Quarantined.reason == DOWN, Quarantined.id > bindparam("after", type_=Id)
    )
    .order_by(Quarantined.id)
    .limit(1)
)
_OVER = (
    select(*_COLUMNS)
    .where(Quarantined.record_id.is_not(None), Quarantined.received_at <= bindparam("until"))
    .order_by(Quarantined.received_at)
    .limit(BATCH)
)
_PROFESSIONAL = "professional"
_PLAIN = (
    "title",
    "type_code",
    "origin",
    "unique_id",
    "author",
    "structure",
    "depositor",
    "adder",
    "for_other",
    "guest",
    "hidden",
    "patient_invisible",
    "representatives_invisible",
    "set_id",
    "version",
    "replaces",
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something of one's own that is set aside. `harmful`: the scanner knows it, it will never be filed."""

    id: UUID
    title: str
    received_at: datetime
    harmful: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """What is kept of a file: `key` recognises it, `packed` is the document it would be, if it may become one.

    `told`: the trail may say its title at once.
    """

    reason: str
    key: str
    title: str
    content: bytes
    packed: dict[str, Any] | None
    marks: tuple[str, ...] = ()
    told: bool = True


def _nothing_else(_tx: Connection, _row_id: UUID) -> None: ...


def set_aside(
    standing: Standing, new: NewDocument, reason: str, also: Callable[[Connection, UUID], None] = _nothing_else
) -> UUID:
    """Keep a document that cannot be filed now, `DOWN` or `VIRUS`; the same one is kept once. Gives its id."""
    marks = tuple(name for name in ("patient_invisible", "representatives_invisible") if getattr(new, name))
    content = new.body.content if new.content is None else new.content
    # Whether its person reads it at once, or later as they chose, is known once it is filed: until then, no title.
    told = new.origin != _PROFESSIONAL
    return _keep(standing, _Row(reason, new.unique_id, new.title, content, _packed(new), marks, told), also)


def set_aside_harmful(standing: Standing, name: str, content: bytes) -> None:
    """Keep a file that the scanner knows as harmful, as it was sent, under the name it had."""
    digest = content_digest(content).hex()
    # Nobody has said yet whether a minor's parents would have seen it: they are not told (rules.md MI-10).
    secret = checks.is_minor(standing) and standing.relation is not Relation.REPRESENTATIVE
    marks = ("representatives_invisible",) if secret else ()
    _keep(standing, _Row(VIRUS, digest, name, content, None, marks), _nothing_else)


def _keep(standing: Standing, what: _Row, also: Callable[[Connection, UUID], None]) -> UUID:
    index = crypto.blind("waiting", f"{standing.record_id}:{standing.actor.id}:{what.key}")
    with db.read() as tx:
        same: UUID | None = tx.execute(_SAME, {"content": index}).scalar()
    if same is not None:
        with db.write() as tx:
            also(tx, same)
        return same
    row_id = new_id()
    payload = {
        "account": str(standing.actor.id),
        "by": standing.actor.name,
        "title": what.title,
        "new": what.packed,
    }
    with stored(standing.record_id, what.content) as (file_id,), db.write() as tx:
        tx.execute(
            insert(Quarantined).values(
                id=row_id,
                received_at=clock.now(),
                reason=what.reason,
                content_index=index,
                file_id=file_id,
                record_id=standing.record_id,
                payload=crypto.seal(tx, standing.record_id, TABLE, row_id, payload),
            )
        )
        audit.record(
            standing.actor,
            standing.record_id,
            Action.DOCUMENT_REFUSED if what.reason == VIRUS else Action.DOCUMENT_SET_ASIDE,
            relation=standing.relation,
            objects=[_snapshot(row_id, what)],
        )
        also(tx, row_id)
    return row_id


def waiting(standing: Standing) -> list[Waiting]:
    """What this reader sent to this record and is set aside, newest first; nobody sees another's."""
    found = []
    with db.read() as tx:
        for row in tx.execute(_OF_RECORD, {"record": standing.record_id}).all():
            said = crypto.unseal(tx, standing.record_id, TABLE, row.id, row.payload)
            if said["account"] == str(standing.actor.id) and row.received_at > clock.now() - LIFE:
                found.append(Waiting(row.id, said["title"], row.received_at, row.reason == VIRUS))
    return found


def retry() -> int:
    """Show what waits to the scanner again, for the worker; gives how many were filed. It stops while it is away."""
    filed, after = 0, UUID(int=0)
    while (row := _next(after)) is not None:
        after = row.id
        try:
            new = _opened(row)
            scanning.scan(new.body.content)
        except ScanError as error:
            if error.kind == DOWN:
                return filed
            _mark_harmful(row)
        except TamperedError:
            continue  # the record was erased meanwhile, or its file is: `espace check` tells
        else:
            filed += _file(row, new)
    return filed


def sweep() -> int:
    """Forget what was set aside long ago; gives how many."""
    forgotten = 0
    with db.write() as tx:
        for row in tx.execute(_OVER, {"until": clock.now() - LIFE}).all():
            _remove(tx, row)
            forgotten += 1
    return forgotten


def _next(after: UUID) -> Any:
    with db.read() as tx:
        return tx.execute(_NEXT, {"after": after}).first()


def _opened(row: Any) -> NewDocument:
    with db.read() as tx:
        said = crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload)["new"]
        content = storage.current().open(tx, row.record_id, row.file_id).read_all()
    body = cda.parse(content).body if said["wrapped"] else content
    return NewDocument(
        **{name: said[name] for name in _PLAIN if name in said},
        date=date.fromisoformat(said["date"]),
        body=Body(body, said["media"], said["pages"], said["active"]),
        content=content if said["wrapped"] else None,
        professional_id=UUID(said["professional_id"]) if said["professional_id"] else None,
        content_index=bytes.fromhex(said["content_index"]),
    )


def _packed(new: NewDocument) -> dict[str, Any]:
    return {
        **{name: getattr(new, name) for name in _PLAIN},
        "date": new.date.isoformat(),
        "media": new.body.media,
        "pages": new.body.pages,
        "active": new.body.active,
        "wrapped": new.content is not None,
        "professional_id": str(new.professional_id) if new.professional_id else None,
        "content_index": new.content_index.hex(),
    }


def _file(row: Any, new: NewDocument) -> bool:
    """File what is clean now. What the record has already goes; a record that takes nothing now may take it later."""
    contents = (new.body.content,) if new.content is None else (new.content, new.body.content)
    deposited = new.origin == _PROFESSIONAL
    try:
        with stored(row.record_id, *contents) as files, db.write() as tx:
            _take(tx, row)
            filed = write_row(tx, row.record_id, new, files)
            audit.record(
                SYSTEM,
                row.record_id,
                Action.DOCUMENT_DEPOSITED if deposited else Action.DOCUMENT_ADDED,
                relation=Relation.SYSTEM,
                objects=[snapshot(filed)],
                detail={"by": new.depositor},
            )
            if deposited and filed.unique_id == new.unique_id:  # a copy of what is here is no news
                tell_readable(row.record_id, filed)
            if new.for_other and new.adder:
                family.note_filed(row.record_id, UUID(new.adder))
    except NotFoundError:
        return False
    except ConflictError:
        with db.write() as tx:
            _remove(tx, row)
        return False
    return True


def _take(tx: Connection, row: Any) -> None:
    """Take a row for filing; another worker may have been quicker."""
    if not _remove(tx, row):
        raise ConflictError


def _mark_harmful(row: Any) -> None:
    with db.write() as tx:
        tx.execute(update(Quarantined).where(Quarantined.id == row.id).values(reason=VIRUS))


def _remove(tx: Connection, row: Any) -> bool:
    gone = tx.execute(delete(Quarantined).where(Quarantined.id == row.id)).rowcount
    house, record_id, file_id = storage.current(), row.record_id, row.file_id
    db.after_commit(lambda: house.delete(record_id, file_id))
    return bool(gone)


def _snapshot(row_id: UUID, what: _Row) -> dict[str, str]:
    return {"id": str(row_id), "title": what.title if what.told else "", **dict.fromkeys(what.marks, "yes")}
