"""Stored files that no row names: what a crash between the file and its row leaves behind (security.md L3).

A file is durable before the row that names it, so a machine that stops in between loses nothing but leaves an orphan.
So does one that stops between the end of a row and the removal of its file. They go once they are a day old; nothing
that is filed takes so long.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection, bindparam, select

from espace import clock, db, storage
from espace.crypto.owners import QUARANTINE
from espace.db import Id
from espace.documents.models import AddingPiece, Document, GuestFile, Quarantined, SharedFile

ORPHAN_AGE = timedelta(hours=24)
"""How long a file may lie without a row that names it."""
Namer = Callable[[Connection, UUID], set[UUID]]
"""Owner -> the files that a room's rows name."""
_log = structlog.get_logger()


_OWNER = bindparam("owner", type_=Id)
# In the order in which a file may pass from one to the next: what moves while we look is met on its way.
_NAMED = (
    select(AddingPiece.id).where(AddingPiece.record_id == _OWNER),
    select(Quarantined.file_id).where(Quarantined.record_id == _OWNER),
    select(Document.file_id).where(Document.record_id == _OWNER),
    select(Document.body_file_id).where(Document.record_id == _OWNER),
    select(SharedFile.id).where(SharedFile.record_id == _OWNER),
    select(GuestFile.id).where(GuestFile.record_id == _OWNER),
)
_ASIDE = select(Quarantined.file_id).where(Quarantined.record_id.is_(None))


def sweep(others: Sequence[Namer] = ()) -> int:
    """Remove the files older than `ORPHAN_AGE` that nothing names; gives how many.

    `others` tell the files that rows of higher rooms name: a file whose room is not asked would be lost.
    """
    gone = 0
    for owner, found in storage.current().old_files(clock.now() - ORPHAN_AGE):
        named = _named(owner, others)
        for kept in found:
            if kept.is_part or kept.file_id not in named:
                kept.path.unlink(missing_ok=True)
                gone += 1
    if gone:
        _log.info("orphan_files_removed", count=gone)
    return gone


def _named(owner: UUID, others: Sequence[Namer]) -> set[UUID]:
    found: set[UUID] = set()
    with db.read() as tx:
        for namer in others:
            found |= namer(tx, owner)
        if owner == QUARANTINE:
            found.update(tx.execute(_ASIDE).scalars())
        else:
            for statement in _NAMED:
                found.update(tx.execute(statement, {"owner": owner}).scalars())
    return found
