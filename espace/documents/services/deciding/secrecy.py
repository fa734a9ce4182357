"""A minor keeps a document from their parents alone (rules.md MI-5); showing it then is `announcing`'s (MI-9)."""

from uuid import UUID

from espace import clock, db
from espace.access.services.watching import visits
from espace.audit.services import Action
from espace.documents.models import Document
from espace.documents.services.arriving.depositing import holder_is_minor, replaceable
from espace.documents.services.entries import checks
from espace.documents.services.entries.folding import fold_visible, shown_through
from espace.documents.services.viewing.reading import DocumentFacts
from espace.errors import InvalidError, NotFoundError
from espace.permissions import Permission, Standing, demand_fresh_proof
from espace.records import services as records

from .acts import along, decide, deciding, hold
from .telling import is_readable, tell_representatives


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
        visits.retell(standing.record_id)  # when it was read tells of it too (R13)
        return shown_through(tx, standing.record_id, document_id)


def opens_own(standing: Standing, document_id: UUID) -> DocumentFacts | None:
    """A minor's secret document that this professional deposited and may show to the parents, reading it or not.

    The minor may ask for it later (rules.md MI-6). None when it is not secret any more, or an older version; in secret
    connection, of which the parents learn nothing.

    Raises:
        NotFoundError: when it is not theirs, or is gone.
    """
    if standing.is_secret or not holder_is_minor(standing):
        return None
    try:
        found = replaceable(standing, document_id)
    except InvalidError:
        return None
    return found if found.representatives_invisible else None


def open_own(standing: Standing, document_id: UUID) -> bool:
    """Show one's own secret deposit to the parents, for good (MI-9); gives whether anything changed. Raises as above.

    Raises:
        StepUpError: without a fresh proof: this widens (R9).
    """
    demand_fresh_proof(standing.actor)
    with db.write() as tx:
        records.hold_open(tx, standing.record_id)
        hold(tx, standing.record_id, document_id)
        found = opens_own(standing, document_id)
        if found is None:
            return False
        opened = {"representatives_invisible": False, "opened_to_parents": True, "arrived_at": clock.now()}
        changed = decide(tx, standing, found, Action.DOCUMENT_OPENED_TO_PARENTS, found.choices, **opened)
        if is_readable(changed):
            tell_representatives(standing.record_id)
        fold_visible(tx, standing.record_id, document_id)
        return True
