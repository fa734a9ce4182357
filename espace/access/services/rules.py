"""One document, one reader: what is kept from somebody who reads the record, or shown to them though it is hidden."""

from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, exists
from sqlalchemy.orm import InstrumentedAttribute

from espace.access.models import DocumentRule
from espace.db import Id

KEPT, SHOWN = "keep", "show"


def ruled(
    record_id: InstrumentedAttribute[UUID], document_id: InstrumentedAttribute[UUID], effect: str
) -> ColumnElement[bool]:
    """As SQL: that a rule of this effect about the document of these columns holds for one of `bound_by` (ids)."""
    return exists().where(
        DocumentRule.record_id == record_id,
        DocumentRule.document_id == document_id,
        DocumentRule.grantee_id.in_(bindparam("bound_by", expanding=True, type_=Id)),
        DocumentRule.effect == effect,
    )
