"""Hiding lines from professionals, and showing them again. The insurer's words and amounts never change (CO-4)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, update

from espace import db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.models import CareLine as CareRow
from espace.documents.services.entries import checks
from espace.errors import NotFoundError
from espace.permissions import Permission, Standing, demand_fresh_proof

from .reading import OPENED, SECRET, CareLine, Visit, of_visit, snapshot

_MARK = (
    update(CareRow)
    .where(CareRow.record_id == bindparam("of_record"), CareRow.id.in_(bindparam("ids", expanding=True)))
    .values(hidden=bindparam("to_hidden"))
)
_KEEP = (
    update(CareRow)
    .where(CareRow.record_id == bindparam("of_record"), CareRow.id.in_(bindparam("ids", expanding=True)))
    .values(secrecy=bindparam("to_secrecy"))
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


def keep_secret(standing: Standing, visit_id: UUID, line_id: UUID | None = None) -> int:
    """Keep one line of a visit, or all of them, from the minor's own parents; gives how many were not kept yet.

    Only the minor does it, in an account of their own (rules.md MI-5). Lines once shown to the parents stay shown.

    Raises:
        NotFoundError: when there is no such visit or line, or this is no minor in their own record.
    """
    return _keep(standing, visit_id, line_id, SECRET, Action.CARE_KEPT_SECRET)


def open_to_parents(standing: Standing, visit_id: UUID, line_id: UUID | None = None) -> int:
    """Show lines kept secret to the parents; nothing takes it back (MI-9). Raises as `keep_secret`.

    Raises:
        StepUpError: without a fresh proof (widening, R9).
    """
    demand_fresh_proof(standing.actor)
    return _keep(standing, visit_id, line_id, OPENED, Action.CARE_OPENED_TO_PARENTS)


def may_keep_secret(standing: Standing) -> bool:
    """Whether this is a minor in their own record who decides about it."""
    return checks.may_keep_secret(standing) and standing.may(Permission.DOCUMENTS_KEEP)


def _keep(standing: Standing, visit_id: UUID, line_id: UUID | None, secrecy: str, action: Action) -> int:
    if not may_keep_secret(standing):
        raise NotFoundError
    with db.write() as tx:
        lines = _chosen(of_visit(tx, standing, visit_id), line_id)
        if secrecy == SECRET:
            changed = [line for line in lines if not (line.is_secret or line.was_opened)]
        else:
            changed = [line for line in lines if line.is_secret]
        if changed:
            ids = [line.id for line in changed]
            tx.execute(_KEEP, {"of_record": standing.record_id, "ids": ids, "to_secrecy": secrecy})
            objects = [snapshot(line) for line in changed]
            audit.record(standing.actor, standing.record_id, action, relation=standing.relation, objects=objects)
    return len(changed)


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
