"""What remains of links when their record was erased: nothing (security.md R23)."""

from uuid import UUID

from sqlalchemy import delete

from espace import db
from espace.family.models import AwaitedParent, Link, MajorityNotice


def forget_record(record_id: UUID) -> None:
    """Take away who could act in an erased record, who was awaited there, and what was told."""
    with db.write() as tx:
        for table in (Link, AwaitedParent, MajorityNotice):
            tx.execute(delete(table).where(table.record_id == record_id))
