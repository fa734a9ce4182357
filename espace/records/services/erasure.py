"""Erasure by destroying the record's key (R23): on request, at the end of the archive, and again after a restore."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, delete, inspect, or_, select, update

from espace import clock, crypto, db, outbox, storage
from espace.audit import services as audit
from espace.crypto.models import DataKey
from espace.permissions import SYSTEM
from espace.records.models import Heir, Record

from . import ledger
from .facts import CLOSED, DECEASED, ERASED, SUSPENDED, TABLE, WHOLE
from .ledger import Entry
from .transitions import CHANGED_TOPIC, Act, Part, check, locked

ERASED_TOPIC = "records.erased"
"""Outbox topic: the rooms above take away their rows of a record whose key is destroyed."""
_BATCH = 200
_DUE = (
    select(Record.id)
    .where(
        Record.state.in_([CLOSED, DECEASED]),
        or_(Record.erase_at <= bindparam("now"), Record.ends_at <= bindparam("now")),
    )
    .order_by(Record.id)
    .limit(_BATCH)
)
_ALIVE = select(DataKey.owner_id).where(DataKey.owner_id.in_(bindparam("owners", expanding=True))).distinct()


def erase_due() -> int:
    """Erase the records whose day has come, each in its own transaction; gives how many."""
    with db.read() as tx:
        due = tx.execute(_DUE, {"now": clock.now()}).scalars().all()
    return sum(_erase(record_id) for record_id in due)


def replay() -> int:
    """Destroy again every key the ledger names and a restored copy brought back; gives how many.

    Nothing is added to the trail: the restored chain ends before what the ledger tells, and is not written on.

    Raises:
        TamperedError: when an entry that would destroy something was not signed by this house.
    """
    named = ledger.owners()
    if not named:
        return 0
    with db.read() as tx:
        if not inspect(tx).has_table(DataKey.__tablename__):
            return 0
        back: list[UUID] = []
        for start in range(0, len(named), 500):
            back += tx.execute(_ALIVE, {"owners": named[start : start + 500]}).scalars()
    for owner in back:
        entry = ledger.load(owner)
        with db.write() as tx:
            row = tx.execute(WHOLE.with_for_update(), {"id": owner}).first()
            if row is not None and row.state != ERASED:
                _empty(tx, row, entry.at, {})
            _destroy(tx, owner)
    return len(back)


def _erase(record_id: UUID) -> bool:
    with db.write() as tx:
        held = locked(tx, record_id)
        now = clock.now()
        if held.state.state not in (CLOSED, DECEASED) or held.state.end is None or held.state.end > now:
            return False
        rule = check(held, Act.ERASE, Part.HOUSE)
        facts = {
            "asked_at": held.state.details.get("asked_at", ""),
            "closed_at": held.state.state_since.isoformat(),
            "files": str(storage.current().count(record_id)),
        }
        audit.record(SYSTEM, record_id, rule.action)
        # First the ledger: were the machine to stop here, the next start destroys what it names.
        ledger.add(Entry(record_id, now))
        _empty(tx, held.row, now, facts)
        _destroy(tx, record_id)
        outbox.post(CHANGED_TOPIC, {"record_id": str(record_id)})
    return True


def _empty(tx: Connection, row: Row[*tuple[Any, ...]], at: datetime, facts: dict[str, str]) -> None:
    """What remains of the record's row: whose it was, that it is erased since when, and the facts of the proof.

    That its holder was dead, or that the house closed it, stays known: nobody is to act through their account.
    """
    record_id, person_id = row.id, row.person_id
    tx.execute(delete(Heir).where(Heir.record_id == record_id))
    values: dict[str, Any] = dict.fromkeys(("attending_index", "activated_at", "ends_at", "erase_at"))
    before = next((one for one in (DECEASED, SUSPENDED) if one in (row.state, row.state_before)), "")
    payload = crypto.seal(tx, person_id, TABLE, record_id, {"details": facts}) if _has_key(tx, person_id) else None
    tx.execute(
        update(Record)
        .where(Record.id == record_id)
        .values(**values, state=ERASED, state_since=at, state_before=before, payload=payload)
    )


def _has_key(tx: Connection, owner: UUID) -> bool:
    return crypto.current().has_key(tx, owner)


def _destroy(tx: Connection, owner: UUID) -> None:
    """Destroy the key and, once that is committed, the files; the rooms above take their rows away."""
    crypto.destroy(tx, owner)
    outbox.post(ERASED_TOPIC, {"record_id": str(owner)})
    store = storage.current()
    db.after_commit(lambda: store.delete_all(owner))


def remove_files(record_id: UUID) -> None:
    """Remove the files of an erased record: again, should the machine have stopped after the destruction."""
    storage.current().delete_all(record_id)


def is_destroyed(owner: UUID) -> bool:
    """Whether the ledger names this owner and no key of theirs is left."""
    with db.read() as tx:
        left: Sequence[UUID] = tx.execute(_ALIVE, {"owners": [owner]}).scalars().all()
    return ledger.holds(owner) and not left
