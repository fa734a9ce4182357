"""The desk of requests: the list, one request with its proof, what one operator proposes and another confirms."""

from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext

from espace import settings
from espace.administration.forms.family import ProposeForm, RefuseForm
from espace.administration.forms.parts import SeenForm
from espace.family.services.asking import request_desk
from espace.family.services.asking.request_desk import Case
from espace.family.services.asking.request_rows import BINDS, OF_ADULTS, Kind, State
from espace.permissions import Permission
from espace.web.attempts import page
from espace.web.forms import Form
from espace.web.guards import requires, signed_in
from espace.web.rendering import render
from espace.words import N_

from .blueprints import pages
from .pictures import page_picture
from .two_operators import CONFIRM, Desk, place_of

_HOME = "/admin/demandes"
PROPOSE, REFUSE, REOPEN = "proposer", "refuser", "retirer"
_FORMS: dict[str, type[Form]] = {PROPOSE: ProposeForm, CONFIRM: SeenForm, REFUSE: RefuseForm, REOPEN: SeenForm}


@pages.get(_HOME)
@requires(Permission.OFFICE_FAMILY)
def family_requests() -> Response:
    """What waits, oldest first: no name stands in the list."""
    return _list(place_of(request.args.get("apres", "")))


def _list(after: UUID | None, status: int = 200) -> Response:
    lines, more = request_desk.page(signed_in(), after)
    return render("administration/requests.html", lines=lines, more=more, is_first=after is None, status=status)


@pages.get(f"{_HOME}/<uuid:request_id>")
@requires(Permission.OFFICE_FAMILY)
def family_request(request_id: UUID) -> Response:
    """One request: who asks, the traits compared, the proof."""
    return _DESK.look(
        request_id, lambda found: render("administration/request.html", acts=_acts(found), **_about(found))
    )


@pages.get(f"{_HOME}/<uuid:request_id>/preuve/<int:number>")
@requires(Permission.OFFICE_FAMILY)
def request_proof(request_id: UUID, number: int) -> Response:
    """One page of the proof, as a picture."""
    return page_picture(request_desk.picture(signed_in(), request_id, number))


@pages.get(f"{_HOME}/<uuid:request_id>/<act>")
@requires(Permission.OFFICE_FAMILY)
def ask_request_act(request_id: UUID, act: str) -> Response:
    """The form of an act, or what a confirmation will do."""
    return _DESK.ask(request_id, act)


@pages.post(f"{_HOME}/<uuid:request_id>/<act>")
@requires(Permission.OFFICE_FAMILY)
def do_request_act(request_id: UUID, act: str) -> Response:
    """Do it."""
    place = f"{_HOME}/{request_id}" if act in (PROPOSE, REOPEN) else _HOME
    return _DESK.carry_out(request_id, act, lambda form: (_do(request_id, act, form), place))


def _do(request_id: UUID, act: str, form: Any) -> str:
    actor = signed_in()
    if act == PROPOSE:
        request_desk.propose(actor, request_id, form.words.data or "", form.until.data)
        return str(gettext("Your proposal is written down. Another operator must confirm it."))
    if act == REFUSE:
        request_desk.refuse(actor, request_id, form.reason.data or "", form.words.data or "")
        return str(gettext("The request is refused. The person is told by e-mail that there is an answer."))
    if act == REOPEN:
        request_desk.reopen(actor, request_id)
        return str(gettext("The proposal is withdrawn. The request goes on waiting."))
    done = request_desk.confirm(actor, request_id, form.version)
    if done is State.ANNOUNCED:
        days = settings.current().link_contest_days
        return str(gettext("Confirmed. The link is made in %(days)s days, unless somebody contests it.", days=days))
    if done is State.ACCEPTED:
        return str(gettext("Confirmed. The link is made, and the person is told."))
    return str(gettext("The link could not be made any more: the request is refused."))


def _acts(found: Case) -> tuple[str, ...]:
    """What the operator may do now."""
    if found.request.kind is Kind.RESTRICTION:
        return (REFUSE,)
    if found.request.state is State.PROPOSED:
        return (CONFIRM, REOPEN, REFUSE) if found.awaits(signed_in()) and found.trouble is None else (REOPEN, REFUSE)
    return (PROPOSE, REFUSE) if found.takes_proposal else (REFUSE,)


def _asking(found: Case, act: str, form: Form) -> Response:
    return page("administration/request_act.html", form, act=act, **_about(found))


def _empty(found: Case, act: str) -> Form:
    if act == CONFIRM:
        return SeenForm(formdata=None, seen=str(found.request.version))
    return _FORMS[act](formdata=None)


def _about(found: Case) -> dict[str, Any]:
    return {
        "case": found,
        "binds": BINDS.get(found.request.binds),
        "is_measure": found.request.binds in OF_ADULTS,
        "mine": found.request.proposed_by == signed_in().id,
        "trouble": gettext(found.trouble.msgid) if found.trouble else "",
        "contest_days": settings.current().link_contest_days,
        "base": f"{_HOME}/{found.request.id}",
    }


_DESK: Desk[Case] = Desk(
    home=_HOME,
    forms=_FORMS,
    case=request_desk.case,
    acts=_acts,
    empty=_empty,
    shown=_asking,
    listed=lambda status: _list(None, status),
    gone=N_("This request is on the desk no more: it was decided about."),
    meanwhile=N_("Somebody decided about this request meanwhile. Here is where it stands."),
)
