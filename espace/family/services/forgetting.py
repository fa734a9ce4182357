"""What remains of links when their record was erased: nothing (security.md R23)."""

from uuid import UUID

from sqlalchemy import delete

from espace import db
from espace.family.models import Link


def forget_record(record_id: UUID) -> None:
    """Take away who could act in an erased record."""
    with db.write() as tx:
        tx.execute(delete(Link).where(Link.record_id == record_id))
