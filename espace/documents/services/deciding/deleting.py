"""Taking back a document of one's own: it leaves every page, what was said about it stays in the trail (AR-19, AR-20).

What a professional deposited is not the person's to delete: they can hide it, put it away, or ask who deposited it. Who
acts for somebody deletes what they added themself, and what nobody added through an account: not what the person added,
nor the other parent.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, Connection

from espace.audit.services import Action
from espace.documents.models import Document
from espace.documents.services.entries.folding import stand_alone
from espace.documents.services.entries.likeness import DELETED, PATIENT, copies, of_series
from espace.documents.services.finding import texts
from espace.documents.services.viewing.reading import DocumentFacts
from espace.errors import NotFoundError
from espace.permissions import Permission, Relation, Standing, demand_fresh_proof

from .acts import along, decide, deciding, held

OWN_ID = "patient:"
"""How the unique id of what is added through an account begins (`adding.own`)."""


def may_delete(standing: Standing, document: DocumentFacts) -> bool:
    """Whether a document this standing sees is their own to delete, see above; of a professional: their deposit."""
    if standing.relation is Relation.PROFESSIONAL:
        return standing.may(Permission.DOCUMENTS_ANNOUNCE) and document.professional_id == standing.actor.id
    if not standing.may(Permission.DOCUMENTS_KEEP) or not document.by_patient:
        return False
    return not standing.acts_for_other or _added_for(standing, document)


def _added_for(standing: Standing, document: DocumentFacts) -> bool:
    if document.adder:
        return document.adder == str(standing.actor.id)
    # Before the account was kept, the name was; what came by a file nobody added here.
    return not came_through_account(document) or document.depositor == standing.actor.name


def came_through_account(document: DocumentFacts) -> bool:
    """Whether what the person's side added was added here; what came by a file, their software wrote in their name."""
    return not document.unique_id or document.unique_id.startswith(OWN_ID)


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
        others = _others(tx, standing, found)
        decide(tx, standing, found, Action.DOCUMENT_DELETED, choices, state=DELETED)
        for one in along(tx, standing, found, *_own(standing, others), state=DELETED):
            texts.forget(tx, standing.record_id, one)


def _own(standing: Standing, others: set[UUID]) -> tuple[ColumnElement[bool], ...]:
    if standing.relation is Relation.PROFESSIONAL:
        return (Document.professional_id == standing.actor.id,)
    return Document.origin == PATIENT, Document.id.not_in(others)


def _others(tx: Connection, standing: Standing, found: DocumentFacts) -> set[UUID]:
    """The versions that somebody else added for the same person: they stay, their copies standing for themselves."""
    if not standing.acts_for_other:
        return set()
    series = of_series(tx, standing.record_id, {found.series_index} if found.series_index else set())
    alike = copies(tx, standing.record_id, {found.id, *(one.id for one in series)})
    apart = {}
    for one in (*series, *alike):
        said = held(tx, standing.record_id, one.id)
        if one.origin == PATIENT and said is not None and not may_delete(standing, said):
            apart[one.id] = one
    stand_alone(tx, standing.record_id, [one for one in alike if one.id in apart])
    return set(apart)
