"""A person puts a new version in the place of a document they added; the former one stays in its history (AR-19)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from espace import crypto, db
from espace.access.services import visible
from espace.db import Id
from espace.documents.models import Document
from espace.documents.services.viewing.reading import TABLE
from espace.documents.services.visibility import one_statement, parameters, shape
from espace.errors import NotFoundError
from espace.permissions import Permission, Standing

_CONTENT = select(Document.content_index).where(
    Document.record_id == bindparam("record", type_=Id), Document.id == bindparam("id", type_=Id)
)


@dataclass(frozen=True, slots=True)
class Replaced:
    """The document in whose place a new one comes: what is said of it, who does not see it, and its unique id."""

    id: UUID
    title: str
    date: date
    type_code: str
    hidden: bool
    secret: bool
    unique_id: str


def replaced(standing: Standing, document_id: UUID) -> Replaced:
    """A document of the person's own, as it stands now: what a professional wrote is not theirs to replace (AR-19).

    Raises:
        NotFoundError: when it does not exist for this standing, is a professional's, or has a newer version.
    """
    if not standing.may(Permission.DOCUMENTS_ADD):
        raise NotFoundError
    rule = visible(standing)
    values = {"record": standing.record_id, "id": document_id, **parameters(rule)}
    with db.read() as tx:
        row = tx.execute(one_statement(shape(rule)), values).first()
        if row is None or row.origin != "patient" or row.state not in ("current", "archived"):
            raise NotFoundError
        said = crypto.unseal(tx, standing.record_id, TABLE, row.id, row.payload)
        unique_id = str(said.get("unique_id", "")) or _former_unique_id(tx, standing.record_id, row.id)
    return Replaced(
        id=row.id,
        title=str(said["title"]),
        date=row.date,
        type_code=row.type_code,
        hidden=row.hidden,
        secret=row.representatives_invisible,
        unique_id=unique_id,
    )


def _former_unique_id(tx: Connection, record_id: UUID, document_id: UUID) -> str:
    """The id under which people's documents were filed before it was kept with them: that of their content."""
    return f"patient:{tx.execute(_CONTENT, {'record': record_id, 'id': document_id}).scalar_one().hex()}"
