"""Hiding lines from professionals, and showing them again. The insurer's words and amounts never change (CO-4)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, update

from espace import db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.models import CareLine as CareRow
from espace.errors import NotFoundError
from espace.permissions import Permission, Standing, demand_fresh_proof

from .reading import CareLine, Visit, of_visit, snapshot

_MARK = (
    update(CareRow)
    .where(CareRow.record_id == bindparam("of_record"), CareRow.id.in_(bindparam("ids", expanding=True)))
    .values(hidden=bindparam("to_hidden"))
)


def hide(standing: Standing, visit_id: UUID, line_id: UUID | None = None) -> int:
    """Hide one line of a visit, or all of them, from every professional; gives how many were not hidden yet.

    Raises:
        NotFoundError: when there is no such visit or line, for whoever may not keep this record.
    """
    return _mark(standing, visit_id, line_id, Action.CARE_HIDDEN, hidden=True)


def show(standing: Standing, visit_id: UUID, line_id: UUID | None = None) -> int:
    """Let professionals see one line of a visit, or all of them, again; gives how many were hidden. Raises as `hide`.

    Raises:
        StepUpError: without a fresh proof (widening, R9).
    """
    demand_fresh_proof(standing.actor)
    return _mark(standing, visit_id, line_id, Action.CARE_SHOWN, hidden=False)


def _mark(standing: Standing, visit_id: UUID, line_id: UUID | None, action: Action, *, hidden: bool) -> int:
    if not standing.may(Permission.DOCUMENTS_KEEP):
        raise NotFoundError
    with db.write() as tx:
        lines = _chosen(of_visit(tx, standing, visit_id), line_id)
        changed = [line for line in lines if line.hidden is not hidden]
        if changed:
            ids = [line.id for line in changed]
            tx.execute(_MARK, {"of_record": standing.record_id, "ids": ids, "to_hidden": hidden})
            objects = [snapshot(line) for line in changed]
            audit.record(standing.actor, standing.record_id, action, relation=standing.relation, objects=objects)
    return len(changed)


def _chosen(visit: Visit, line_id: UUID | None) -> Sequence[CareLine]:
    lines = visit.lines if line_id is None else [line for line in visit.lines if line.id == line_id]
    if not lines:
        raise NotFoundError
    return lines
