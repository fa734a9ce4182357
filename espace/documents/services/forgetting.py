"""What remains of documents when their record was erased: nothing (security.md R23)."""

from uuid import UUID

from sqlalchemy import delete

from espace import db
from espace.documents.models import (
    AddingDraft,
    AddingPiece,
    CareLine,
    Document,
    DocumentAuthor,
    DocumentFolder,
    DocumentMark,
    DocumentReader,
    DocumentSource,
    DocumentText,
    DocumentWord,
    DocumentWordKey,
    FormerRecord,
    GuestFile,
    Quarantined,
    ResultDelay,
    SharedFile,
)

_TABLES = (
    Document,
    DocumentAuthor,
    DocumentSource,
    DocumentMark,
    DocumentFolder,
    DocumentReader,
    DocumentText,
    DocumentWord,
    DocumentWordKey,
    ResultDelay,
    AddingDraft,
    AddingPiece,
    CareLine,
    FormerRecord,
    Quarantined,
    SharedFile,
    GuestFile,
)


def forget_record(record_id: UUID) -> None:
    """Take away the rows of an erased record's documents: their key and their files are gone already."""
    with db.write() as tx:
        for table in _TABLES:
            tx.execute(delete(table).where(table.record_id == record_id))
