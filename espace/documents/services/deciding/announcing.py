"""What opens for good: a document announced to its person (AR-15), and secret care shown to the parents (MI-9)."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, text

from espace import clock, db, settings
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Instant
from espace.documents.models import Document
from espace.documents.services.arriving.depositing import holder_is_minor
from espace.documents.services.entries.folding import fold_visible, shown_through
from espace.documents.services.entries.likeness import of_series
from espace.documents.services.viewing.reading import DocumentFacts, snapshot
from espace.errors import NotFoundError, TamperedError
from espace.permissions import SYSTEM, Permission, Relation, Standing, demand_fresh_proof

from .acts import along, decide, deciding, held, keep
from .telling import is_readable, tell_readable, tell_representatives

BATCH = 200
AWAITING = (
    select(Document.record_id, Document.id)
    # As the index of those says it, on both engines: few documents wait among many.
    .where(text("documents.patient_invisible"), Document.created_at <= bindparam("before", type_=Instant))
    .where(Document.state != "deleted")
    .order_by(Document.created_at, Document.record_id, Document.id)
    .limit(BATCH)
)


def announce(standing: Standing, document_id: UUID, *, choices: int) -> UUID | None:
    """Say that a document was announced to its person: they read it as of now, and nothing takes it back (AR-15).

    Gives the document through which it is shown from now on; None when this professional sees it no more, as its
    person hides its other versions. What they had asked to read later was just read with them: it waits no more. No
    fresh proof is asked: it gives the person what is theirs, in front of them, and widens nobody else's sight but that
    of a child's parents.

    Raises:
        NotFoundError: when the document does not exist for this professional.
        ConflictError: when something else was decided since the page was opened.
    """
    with deciding(standing, document_id, Permission.DOCUMENTS_ANNOUNCE) as (tx, found):
        if not found.patient_invisible:
            return found.id
        now = clock.now()
        hidden = _is_hidden(tx, standing.record_id, found)
        opened = {"patient_invisible": False, "held_until": None, "arrived_at": now, "hidden": hidden}
        changed = decide(tx, standing, found, Action.DOCUMENT_ANNOUNCED, choices, **opened)
        tell_readable(standing.record_id, changed)
        along(tx, standing, found, Document.patient_invisible.is_(True), **opened)
        keeps = not hidden or standing.sees_hidden or found.professional_id == standing.actor.id
        return shown_through(tx, standing.record_id, document_id) if keeps else None


def _is_hidden(tx: Connection, record_id: UUID, found: DocumentFacts) -> bool:
    """Whether its person hides the version they know of from professionals: what was decided holds for this one too.

    Until it is announced it could not be hidden as well (AR-16), and they could not decide about it.
    """
    series = {found.series_index} if found.series_index else set()
    others = [one for one in of_series(tx, record_id, series) if one.id != found.id and not one.patient_invisible]
    newest = max(others, key=lambda one: (one.version, one.created_at), default=None)
    return newest is not None and newest.hidden


def open_to_parents(standing: Standing, document_id: UUID, *, choices: int) -> UUID:
    """Let the legal representatives read a minor's secret document; nothing takes it back (MI-9). Raises as `announce`.

    It is for the minor to decide, in an account of their own, or for a professional who reads the document.

    Raises:
        StepUpError: without a fresh proof: this widens (R9).
    """
    demand_fresh_proof(standing.actor)
    by_holder = standing.relation is Relation.HOLDER
    if not holder_is_minor(standing):
        raise NotFoundError  # nobody represents a person of age
    permission = Permission.DOCUMENTS_KEEP if by_holder else Permission.DOCUMENTS_ANNOUNCE
    with deciding(standing, document_id, permission) as (tx, found):
        if not found.representatives_invisible:
            return found.id
        opened = {"representatives_invisible": False, "arrived_at": clock.now()}
        said = {"opened_to_parents": True}  # nothing takes it back
        changed = decide(tx, standing, found, Action.DOCUMENT_OPENED_TO_PARENTS, choices, **opened, **said)
        if is_readable(changed):
            tell_representatives(standing.record_id)
        along(tx, standing, found, Document.representatives_invisible.is_(True), **opened)
        return shown_through(tx, standing.record_id, document_id)


def release_due() -> int:
    """Show what was not announced in so many days, where this house has it so (U, AR-15); gives how many (a task)."""
    days = settings.current().announcement_days
    if not days:
        return 0
    before = clock.now() - timedelta(days=days)
    with db.read() as tx:
        rows = tx.execute(AWAITING, {"before": before}).all()
    done = 0
    for row in rows:
        with suppress(TamperedError):  # a record whose key was destroyed a moment ago
            done += _release(row.record_id, row.id)
    return done


def _release(record_id: UUID, document_id: UUID) -> bool:
    with db.write() as tx:
        found = held(tx, record_id, document_id)
        if found is None or not found.patient_invisible:
            return False
        now = clock.now()
        seen_from = max(now, found.held_until or now)  # what its person wants to read later still waits
        seen: dict[str, Any] = {"hidden": _is_hidden(tx, record_id, found), "arrived_at": seen_from}
        changed = found._replace(patient_invisible=False, **seen, choices=found.choices + 1)
        keep(tx, record_id, changed)
        fold_visible(tx, record_id, document_id)
        audit.record(SYSTEM, record_id, Action.DOCUMENT_RELEASED, relation=Relation.SYSTEM, objects=[snapshot(changed)])
        tell_readable(record_id, changed)
        return True
