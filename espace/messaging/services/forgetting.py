"""What remains of messages: nothing of an erased record, no draft that nobody touched for long, no file without a row.

What a professional received stays in their own mailbox, as a letter does: it was sealed there under another key.
"""

from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, select

from espace import clock, db, storage
from espace.db import Id, Instant
from espace.messaging.models import (
    Attachment,
    Conversation,
    ConversationWord,
    Correspondent,
    Draft,
    DraftFile,
    MailboxTemplate,
    Message,
    Sending,
)

DRAFT_LIFE = timedelta(days=90)
"""How long a draft is kept that nobody goes on writing."""
_BATCH = 200
TABLES = (
    ConversationWord,
    Sending,
    Attachment,
    Message,
    Conversation,
    Correspondent,
    DraftFile,
    Draft,
    MailboxTemplate,
)
"""Every table that has rows of a box."""
_OWNER = bindparam("owner", type_=Id)
# In the order in which a file passes from one to the next: what moves while we look is met on its way.
_NAMED = (
    select(DraftFile.id).where(DraftFile.box_id == _OWNER),
    select(Attachment.id).where(Attachment.box_id == _OWNER),
)
_OLD = (
    select(Draft.box_id, Draft.id)
    .where(Draft.touched_at <= bindparam("before", type_=Instant))
    .order_by(Draft.touched_at)
    .limit(_BATCH)
)


def forget_record(record_id: UUID) -> None:
    """Take away the rows of an erased record's messages: their key and their files are gone already (R23)."""
    with db.write() as tx:
        for table in TABLES:
            tx.execute(delete(table).where(table.box_id == record_id))


def named_files(tx: Connection, owner: UUID) -> set[UUID]:
    """The stored files of a box that messages and drafts name: no orphans (see `documents.services.sweeping`)."""
    return {one for statement in _NAMED for one in tx.execute(statement, {"owner": owner}).scalars()}


def sweep() -> int:
    """Remove the drafts that nobody touched for `DRAFT_LIFE`, with their files; gives how many."""
    before, gone = clock.now() - DRAFT_LIFE, 0
    while True:
        with db.write() as tx:
            rows = tx.execute(_OLD, {"before": before}).all()
            for box_id, draft_id in rows:
                _remove(tx, box_id, draft_id)
        gone += len(rows)
        if len(rows) < _BATCH:
            return gone


def _remove(tx: Connection, box_id: UUID, draft_id: UUID) -> None:
    """Take a draft away; its files go once that is sure."""
    files = (DraftFile.box_id == box_id, DraftFile.draft_id == draft_id)
    for file_id in tx.execute(select(DraftFile.id).where(*files)).scalars().all():
        db.after_commit(partial(storage.current().delete, box_id, file_id))
    tx.execute(delete(DraftFile).where(*files))
    tx.execute(delete(Draft).where(Draft.box_id == box_id, Draft.id == draft_id))
