"""Which professionals left documents in a record, for those who see these documents."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select

from espace import db
from espace.access.services import visible
from espace.db import Id
from espace.documents.models import Document
from espace.documents.services.visibility import NOWHERE, conditions, parameters, shape
from espace.permissions import Standing


def depositors(standing: Standing) -> frozenset[UUID]:
    """The professionals with a document that this reader sees; what they may not see adds nobody (security.md R13)."""
    rule = visible(standing)
    values = {"record": standing.record_id, "nowhere": NOWHERE, **parameters(rule)}
    with db.read() as tx:
        return frozenset(tx.execute(_authors(shape(rule)), values).scalars())


@lru_cache(maxsize=64)
def _authors(given: tuple[bool, ...]) -> Select[*tuple[Any, ...]]:
    return (
        select(Document.professional_id)
        .distinct()
        .where(
            Document.record_id == bindparam("record", type_=Id),
            Document.professional_id.is_not(None),
            Document.state.not_in(bindparam("nowhere", expanding=True)),
            *conditions(given),
        )
    )
