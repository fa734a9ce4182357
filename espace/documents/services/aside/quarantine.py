"""Documents that came in and could not be filed: kept sealed, once per content, until someone decides (R41)."""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db, storage
from espace.crypto.owners import QUARANTINE
from espace.db import Digest
from espace.documents.models import Quarantined
from espace.documents.services.entries.filing import content_digest, stored
from espace.identifiers import new_id

TABLE = "quarantine"
_BY_CONTENT = select(Quarantined.id, Quarantined.reason, Quarantined.file_id).where(
    Quarantined.content_index == bindparam("content", type_=Digest(32))
)
_COUNT = select(func.count()).select_from(Quarantined).where(Quarantined.record_id.is_(None))


def put_aside(content: bytes, reason: str, where: str, faults: Sequence[str] = ()) -> None:
    """Keep a document with the code of its reason and the name it came under; a known content is not kept twice.

    `faults` are codes of all that was found wrong with it, where it was looked at further.
    """
    index = content_digest(content)
    with db.read() as tx:
        row = tx.execute(_BY_CONTENT, {"content": index}).first()
    if row is not None:
        if row.reason != reason:
            with db.write() as tx:
                tx.execute(update(Quarantined).where(Quarantined.id == row.id).values(reason=reason))
        return
    row_id = new_id()
    try:
        with stored(QUARANTINE, content) as (file_id,), db.write() as tx:
            tx.execute(
                insert(Quarantined).values(
                    id=row_id,
                    received_at=clock.now(),
                    reason=reason,
                    content_index=index,
                    file_id=file_id,
                    payload=crypto.seal(tx, QUARANTINE, TABLE, row_id, {"where": where, "faults": list(faults)}),
                )
            )
    except IntegrityError:
        return  # another import kept the same content meanwhile


def quarantined() -> int:
    """How many files wait for operators; what people added and waits for the scanner is not theirs."""
    with db.read() as tx:
        return tx.execute(_COUNT).scalar_one()


def release(content: bytes) -> None:
    """Forget a content that could be filed at last, within the unit of work that files it."""
    with db.write() as tx:
        row = tx.execute(_BY_CONTENT, {"content": content_digest(content)}).first()
        if row is None:
            return
        tx.execute(delete(Quarantined).where(Quarantined.id == row.id))
        db.after_commit(_deleter(row.file_id))


def _deleter(file_id: UUID) -> Callable[[], None]:
    house = storage.current()
    return lambda: house.delete(QUARANTINE, file_id)
