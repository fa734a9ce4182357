"""What remains of documents when their record was erased: nothing (security.md R23)."""

from uuid import UUID

from sqlalchemy import delete

from espace import db
from espace.documents.models import Document


def forget_record(record_id: UUID) -> None:
    """Take away the rows of an erased record's documents: their key and their files are gone already."""
    with db.write() as tx:
        tx.execute(delete(Document).where(Document.record_id == record_id))
