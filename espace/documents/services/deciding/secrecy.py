"""A minor keeps a document from their parents alone (rules.md MI-5); showing it then is `announcing`'s (MI-9)."""

from uuid import UUID

from espace.audit.services import Action
from espace.documents.models import Document
from espace.documents.services.entries import checks
from espace.documents.services.entries.folding import shown_through
from espace.documents.services.viewing.reading import DocumentFacts
from espace.errors import NotFoundError
from espace.permissions import Permission, Standing

from .acts import along, decide, deciding


def may_keep(standing: Standing, document: DocumentFacts) -> bool:
    """Whether this reader may keep a document from the parents now: the minor alone, in an account of their own.

    Not what a parent added, who has it, nor what was shown to them for good (MI-9).
    """
    by_parent = document.by_patient and document.for_other
    mine = checks.may_keep_secret(standing) and standing.may(Permission.DOCUMENTS_KEEP)
    return mine and not (document.representatives_invisible or by_parent or document.opened_to_parents)


def keep_secret(standing: Standing, document_id: UUID, *, choices: int) -> UUID:
    """Keep a document from the parents from now on, with its other versions; nobody is told. Narrowing: no proof (R9).

    Gives the document through which it is shown from now on.

    Raises:
        NotFoundError: when the document does not exist for this standing, or is not theirs to keep.
        ConflictError: when something else was decided since the page was opened.
    """
    with deciding(standing, document_id) as (tx, found):
        if found.representatives_invisible:
            return found.id
        if not may_keep(standing, found):
            raise NotFoundError
        decide(tx, standing, found, Action.DOCUMENT_KEPT_SECRET, choices, representatives_invisible=True)
        along(tx, standing, found, Document.representatives_invisible.is_(False), representatives_invisible=True)
        return shown_through(tx, standing.record_id, document_id)
