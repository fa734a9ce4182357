"""Where a document comes from: its other versions, and every way by which it came in, as its reader may know them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, select

from espace import db
from espace.access.services import visible
from espace.audit.services import Action
from espace.db import Digest, Id
from espace.documents.models import Document
from espace.documents.services.entries.folding import SourceFacts, sources
from espace.documents.services.entries.likeness import FOLDED
from espace.documents.services.visibility import COLUMNS, NOWHERE, conditions, parameters, shape
from espace.errors import NotFoundError
from espace.permissions import Standing

from .reading import DocumentFacts, leave, open_row, unwatched

MOST = 50
"""How many versions are listed at most, newest first."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """The versions of a document, newest first, itself among them, and the further ways by which it came."""

    versions: tuple[DocumentFacts, ...]
    sources: tuple[SourceFacts, ...]

    @property
    def newest(self) -> DocumentFacts:
        """The version to read."""
        return self.versions[0]


def history(standing: Standing, document: DocumentFacts) -> Lineage:
    """What stands beside a document this standing has opened; other versions shown are told in the trail (R25)."""
    with db.read() as tx:
        versions = _versions(tx, standing, document)
        came = sources(tx, standing, document.id)
    others = [one for one in versions if one.id != document.id]
    if others and not unwatched(standing):
        with db.write():
            leave(standing, Action.DOCUMENTS_LISTED, others, beside=document)
    return Lineage(tuple(versions), tuple(came))


def place(standing: Standing, document_id: UUID) -> UUID:
    """The document that stands in the place of a copy this standing would see.

    Raises:
        NotFoundError: when there is no such copy.
    """
    rule = visible(standing)
    values = {"record": standing.record_id, "id": document_id, **parameters(rule)}
    with db.read() as tx:
        found: UUID | None = tx.execute(_place_statement(shape(rule)), values).scalar()
    if found is None:
        raise NotFoundError
    return found


@lru_cache(maxsize=64)
def _place_statement(given: tuple[bool, ...]) -> Select[*tuple[Any, ...]]:
    return select(Document.folded_into).where(
        Document.record_id == bindparam("record", type_=Id),
        Document.id == bindparam("id", type_=Id),
        Document.state == FOLDED,
        *conditions(given),
    )


def _versions(tx: Connection, standing: Standing, document: DocumentFacts) -> list[DocumentFacts]:
    if document.series_index is None:
        return [document]
    rule = visible(standing)
    values: dict[str, Any] = {"record": standing.record_id, "series": document.series_index, **parameters(rule)}
    rows = tx.execute(_statement(shape(rule)), values).all()
    found = [open_row(tx, standing.record_id, row, places_kept=standing.places_kept) for row in rows]
    return found if any(one.id == document.id for one in found) else [document, *found]


@lru_cache(maxsize=64)
def _statement(given: tuple[bool, ...]) -> Select[*tuple[Any, ...]]:
    return (
        select(*COLUMNS)
        .where(
            Document.record_id == bindparam("record", type_=Id),
            Document.series_index == bindparam("series", type_=Digest(16)),
            Document.state.not_in(NOWHERE),
            *conditions(given),
        )
        .order_by(Document.version.desc(), Document.created_at.desc(), Document.id.desc())
        .limit(MOST)
    )
