"""Taking back a document of one's own: it leaves every page, what was said about it stays in the trail (AR-19, AR-20).

What a professional deposited is not the person's to delete: they can hide it, put it away, or ask who deposited it.
"""

from uuid import UUID

from sqlalchemy import ColumnElement

from espace.audit.services import Action
from espace.documents.models import Document
from espace.documents.services.entries.likeness import DELETED
from espace.documents.services.finding import texts
from espace.documents.services.viewing.reading import DocumentFacts
from espace.errors import NotFoundError
from espace.permissions import Permission, Relation, Standing, demand_fresh_proof

from .acts import along, decide, deciding


def may_delete(standing: Standing, document: DocumentFacts) -> bool:
    """Whether a document this standing sees is their own: added by the person's side, or deposited by them."""
    if standing.relation is Relation.PROFESSIONAL:
        return standing.may(Permission.DOCUMENTS_ANNOUNCE) and document.professional_id == standing.actor.id
    return standing.may(Permission.DOCUMENTS_KEEP) and document.by_patient


def delete(standing: Standing, document_id: UUID, *, choices: int) -> None:
    """Delete a document of one's own, with its earlier versions. What somebody else brought alike stays.

    Raises:
        NotFoundError: when it does not exist for this standing, or is not theirs to delete.
        StepUpError: without a fresh proof (R9).
        ConflictError: when something else was decided since the page was opened.
    """
    demand_fresh_proof(standing.actor)
    by_professional = standing.relation is Relation.PROFESSIONAL
    permission = Permission.DOCUMENTS_ANNOUNCE if by_professional else Permission.DOCUMENTS_KEEP
    with deciding(standing, document_id, permission) as (tx, found):
        if not may_delete(standing, found):
            raise NotFoundError
        decide(tx, standing, found, Action.DOCUMENT_DELETED, choices, state=DELETED)
        for one in along(tx, standing, found, _own(standing), state=DELETED):
            texts.forget(tx, standing.record_id, one)


def _own(standing: Standing) -> ColumnElement[bool]:
    if standing.relation is Relation.PROFESSIONAL:
        return Document.professional_id == standing.actor.id
    return Document.origin == "patient"
