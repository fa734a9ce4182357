"""What remains of links when their record was erased: nothing (security.md R23)."""

from uuid import UUID

from sqlalchemy import delete

from espace import db
from espace.accounts.services import account_of
from espace.family.models import (
    AwaitedParent,
    CarerInvitation,
    CarerNotice,
    Link,
    MajorityNotice,
    Mandate,
    OwnReading,
    ParentInvitation,
    Request,
    Restriction,
)
from espace.records import services as records


def forget_record(record_id: UUID) -> None:
    """Take away who could act in an erased record, who was awaited there, and what was told."""
    with db.write() as tx:
        for table in (
            Link,
            AwaitedParent,
            ParentInvitation,
            Restriction,
            MajorityNotice,
            CarerInvitation,
            CarerNotice,
            Mandate,
            OwnReading,
        ):
            tx.execute(delete(table).where(table.record_id == record_id))
        tx.execute(delete(Request).where(Request.about_id == record_id))
        account = account_of(records.record(record_id).person_id)
        if account is not None:  # what the person asked themself goes too; its files with the next sweep
            tx.execute(delete(Request).where(Request.account_id == account.id))
