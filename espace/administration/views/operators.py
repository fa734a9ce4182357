"""Operators, for administrators: the list, an invitation, one of them and what may be done."""

from collections.abc import Callable
from uuid import UUID

from flask import Response, abort, flash
from flask_babel import gettext

from espace import clock
from espace.accounts.services import operator_rows, operators
from espace.accounts.services.operator_rows import Operator, OperatorState
from espace.administration.forms.operators import InviteForm, RoleForm
from espace.administration.forms.parts import PlainForm
from espace.audit import services as audit
from espace.permissions import Actor, Permission, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import requires, signed_in
from espace.web.rendering import render
from espace.words import N_, Message

from . import words
from .blueprints import pages

_HOME = "/admin/operateurs"
_ROLE = "role"

_ACTS: dict[str, Callable[[Actor, UUID], None]] = {
    "invitation": operators.invite_again,
    "confirmation": operators.confirm,
    "retrait": operators.withdraw,
    "desactivation": operators.disable,
    "reactivation": operators.enable,
}
_WIDENING = frozenset({"invitation", "confirmation", "reactivation", _ROLE})
_WAITS = N_("Written down. What follows is said below.")
_DONE: dict[str, Message] = {
    "invitation": N_("A new invitation is sent. The code of the one before no longer works."),
    "confirmation": N_("Confirmed."),
    "retrait": N_("Withdrawn."),
    "desactivation": N_("The operator is signed out everywhere and can no longer sign in."),
    "reactivation": N_("The operator can sign in again."),
    _ROLE: N_("The role is changed, or waits for another administrator."),
}


@pages.get("/admin/operateurs")
@requires(Permission.OFFICE_ADMINISTRATION)
def list_operators() -> Response:
    """Who they are, what for, and in which state."""
    found = operator_rows.operators()
    operators.note_list_read(signed_in(), found)
    return render("administration/operators.html", operators=found)


@pages.get("/admin/operateurs/inviter")
@requires(Permission.OFFICE_ADMINISTRATION)
def ask_invitation() -> Response:
    """The form of an invitation."""
    demand_fresh_proof(signed_in())
    return page("administration/invite.html", InviteForm(formdata=None))


@pages.post("/admin/operateurs/inviter")
@requires(Permission.OFFICE_ADMINISTRATION)
def invite() -> Response:
    """Invite somebody; an administrator waits for a second one where there is one."""
    form = InviteForm()
    if form.validate():
        with attempt(form):
            made = operators.invite(signed_in(), form.command())
            flash(gettext(_WAITS.msgid), "ok")
            return to(f"{_HOME}/{made}")
    return page("administration/invite.html", form)


@pages.get("/admin/operateurs/<uuid:operator_id>")
@requires(Permission.OFFICE_ADMINISTRATION)
def one_operator(operator_id: UUID) -> Response:
    """One operator, what may be done, and what was done to this account."""
    found = operator_rows.operator(operator_id)
    operators.note_list_read(signed_in(), [found])
    known = [each.id for each in operator_rows.operators()]
    acts = audit.entries(operator_id, mine=True, holder_actor_ids=[*known, UUID(int=0)], before=None)
    shown = words.act_lines([act for act in acts if act.action in words.ON_ACCOUNTS])
    is_live = found.invited_until is not None and found.invited_until > clock.now()
    tasks = _tasks(signed_in(), found)
    return render("administration/operator.html", one=found, acts=shown, tasks=tasks, base=_HOME, is_live=is_live)


@pages.get("/admin/operateurs/<uuid:operator_id>/<act>")
@requires(Permission.OFFICE_ADMINISTRATION)
def ask_operator_act(operator_id: UUID, act: str) -> Response:
    """What an act will do, before it is done."""
    found = _allowing(operator_id, act)
    if act in _WIDENING:
        demand_fresh_proof(signed_in())
    form = RoleForm(formdata=None, role=found.role.value) if act == _ROLE else PlainForm(formdata=None)
    return _asking(found, act, form)


@pages.post("/admin/operateurs/<uuid:operator_id>/<act>")
@requires(Permission.OFFICE_ADMINISTRATION)
def do_operator_act(operator_id: UUID, act: str) -> Response:
    """Do it."""
    found = _allowing(operator_id, act)
    form = RoleForm() if act == _ROLE else PlainForm()
    if form.validate():
        with attempt(form):
            if isinstance(form, RoleForm):
                operators.change_role(signed_in(), operator_id, form.chosen())
            else:
                _ACTS[act](signed_in(), operator_id)
            is_waiting = act == "reactivation" and operator_rows.operator(operator_id).state is OperatorState.DISABLED
            flash(gettext(_WAITS.msgid if is_waiting else _DONE[act].msgid), "ok")
            is_gone = act == "retrait" and found.state in (OperatorState.INVITED, OperatorState.PROPOSED)
            return to(_HOME if is_gone else f"{_HOME}/{operator_id}")
    return _asking(found, act, form)


def _tasks(actor: Actor, found: Operator) -> list[str]:
    """The acts this operator's page offers to this administrator."""
    offered = {
        OperatorState.PROPOSED: ["retrait"],
        OperatorState.INVITED: ["invitation", "retrait"],
        OperatorState.ACTIVE: [] if found.id == actor.id else [_ROLE, "desactivation"],
        OperatorState.DISABLED: ["reactivation"] if found.proposed is None else [],
    }[found.state]
    if found.proposed is not None:
        offered = [*(["confirmation"] if found.awaits(actor) else []), *offered]
        if found.state in (OperatorState.ACTIVE, OperatorState.DISABLED):
            offered.append("retrait")
    return offered


def _allowing(operator_id: UUID, act: str) -> Operator:
    found = operator_rows.operator(operator_id)
    if act not in _tasks(signed_in(), found):
        abort(404)
    return found


def _asking(found: Operator, act: str, form: Form) -> Response:
    return page("administration/operator_act.html", form, one=found, act=act, base=f"{_HOME}/{found.id}")
