"""Files set aside, as two operators decide about them: the file, what was proposed, and its end (security.md R17, R41).

What people added themselves and waits for the scanner is not here: it lies in their record, and no operator sees it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, select, update

from espace import clock, crypto, db, storage
from espace.crypto.owners import QUARANTINE
from espace.db import Id
from espace.documents.models import Quarantined
from espace.errors import NotFoundError

TABLE = "quarantine"
PAGE_SIZE = 40
_COLUMNS = (
    Quarantined.id,
    Quarantined.received_at,
    Quarantined.reason,
    Quarantined.file_id,
    Quarantined.proposed_by,
    Quarantined.proposed_at,
    Quarantined.proposal,
    Quarantined.payload,
)
_ALL = select(*_COLUMNS).where(Quarantined.record_id.is_(None))
_ONE = _ALL.where(Quarantined.id == bindparam("id", type_=Id))
_ONE_LOCKED = _ONE.with_for_update()
_NEWEST = _ALL.order_by(Quarantined.id.desc()).limit(PAGE_SIZE + 1)
_OLDER = _NEWEST.where(Quarantined.id < bindparam("before", type_=Id))


@dataclass(frozen=True, slots=True)
class Aside:
    """One file set aside. `reason` is a code, `where` its name, `proposal` what one operator proposes."""

    id: UUID
    received_at: datetime
    reason: str
    where: str
    file_id: UUID
    proposed_by: UUID | None
    proposed_at: datetime | None
    proposal: Mapping[str, Any]


def page(before: UUID | None = None) -> tuple[list[Aside], UUID | None]:
    """Files set aside, newest first, and the id after which the next page begins."""
    with db.read() as tx:
        rows = tx.execute(_OLDER, {"before": before}).all() if before else tx.execute(_NEWEST).all()
        found = [_opened(tx, row) for row in rows[:PAGE_SIZE]]
    return found, found[-1].id if len(rows) > PAGE_SIZE else None


def one(aside_id: UUID) -> Aside:
    """One file set aside.

    Raises:
        NotFoundError: when it was decided about, or there is none of this id.
    """
    with db.read() as tx:
        return _one(tx, _ONE, aside_id)


def locked(tx: Connection, aside_id: UUID) -> Aside:
    """The same, held against a second decision until the unit of work ends."""
    return _one(tx, _ONE_LOCKED, aside_id)


def content(aside: Aside) -> bytes:
    """The file itself: for filing it, and for what it says of a person's identity; no operator is shown it.

    Raises:
        NotFoundError: when it was decided about meanwhile.
    """
    with db.read() as tx:
        try:
            return storage.current().open(tx, QUARANTINE, aside.file_id).read_all()
        except FileNotFoundError:
            raise NotFoundError from None


def propose(tx: Connection, aside_id: UUID, operator_id: UUID, proposal: Mapping[str, Any]) -> None:
    """Keep what an operator proposes, in place of what was proposed before."""
    sealed = crypto.seal_bytes(tx, QUARANTINE, TABLE, "proposal", aside_id, json.dumps(dict(proposal)).encode())
    values = {"proposed_by": operator_id, "proposed_at": clock.now(), "proposal": sealed}
    tx.execute(update(Quarantined).where(Quarantined.id == aside_id).values(**values))


def withdraw(tx: Connection, aside_id: UUID) -> None:
    """Drop what was proposed."""
    values = {"proposed_by": None, "proposed_at": None, "proposal": None}
    tx.execute(update(Quarantined).where(Quarantined.id == aside_id).values(**values))


def forget(tx: Connection, aside: Aside) -> None:
    """Forget a file that was filed or discarded: its row with the unit of work, its bytes right after."""
    tx.execute(delete(Quarantined).where(Quarantined.id == aside.id))
    db.after_commit(_deleter(aside.file_id))


def _one(tx: Connection, statement: Any, aside_id: UUID) -> Aside:
    row = tx.execute(statement, {"id": aside_id}).first()
    if row is None:
        raise NotFoundError
    return _opened(tx, row)


def _opened(tx: Connection, row: Any) -> Aside:
    proposal: Mapping[str, Any] = MappingProxyType({})
    if row.proposal is not None:
        proposal = json.loads(crypto.unseal_bytes(tx, QUARANTINE, TABLE, "proposal", row.id, row.proposal))
    return Aside(
        id=row.id,
        received_at=row.received_at,
        reason=row.reason,
        where=crypto.unseal(tx, QUARANTINE, TABLE, row.id, row.payload)["where"],
        file_id=row.file_id,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        proposal=proposal,
    )


def _deleter(file_id: UUID) -> Callable[[], None]:
    house = storage.current()
    return lambda: house.delete(QUARANTINE, file_id)
