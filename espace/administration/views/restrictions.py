"""Decisions of courts about a representative: entered by one operator, confirmed by another, lifted alike (R15)."""

from typing import Any
from uuid import UUID

from flask import Response, abort, flash, request
from flask_babel import gettext

from espace import settings
from espace.administration.forms.family import EnterForm, OrderForm, WordsForm
from espace.administration.forms.parts import SeenForm
from espace.administration.services import restrictions
from espace.errors import ConflictError
from espace.family.services import freezing
from espace.family.services.asking import proofs, request_desk
from espace.family.services.freezing import CONFIRMED, ENTERED, LIFTING, Limit
from espace.people import services as people
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import requires, signed_in
from espace.web.rendering import render

from .blueprints import pages
from .pictures import page_picture
from .two_operators import place_of

_HOME = "/admin/restrictions"
CONFIRM, LIFT, DROP = "confirmer", "lever", "retirer"
_FORMS: dict[str, type[Form]] = {CONFIRM: SeenForm, LIFT: WordsForm, DROP: SeenForm}


@pages.get(_HOME)
@requires(Permission.OFFICE_FAMILY)
def restriction_list() -> Response:
    """What awaits a second person, then what stands: references and days, no name."""
    before = place_of(request.args.get("avant", ""))
    waiting, standing, older = freezing.page(signed_in(), before)
    return render(
        "administration/restrictions.html", waiting=waiting, standing=standing, older=older, is_first=before is None
    )


@pages.get(f"{_HOME}/saisir")
@requires(Permission.OFFICE_FAMILY)
def entering_restriction() -> Response:
    """The form; `demande` names the request whose decision it is, with its own proof."""
    asked_id = place_of(request.args.get("demande", ""))
    form = OrderForm(formdata=None) if asked_id else EnterForm(formdata=None)
    return _entering(form, asked_id)


@pages.post(f"{_HOME}/saisir")
@requires(Permission.OFFICE_FAMILY)
def enter_restriction() -> Response:
    """Enter it: at once in effect when it is urgent, else once another operator confirms."""
    asked_id = place_of(request.args.get("demande", ""))
    form: Any = OrderForm() if asked_id else EnterForm()
    if form.validate():
        with attempt(form):
            try:
                about, made = _entered(form, asked_id)
            except ConflictError:
                flash(gettext("Somebody decided about this request meanwhile. Here is where it stands."), "warn")
                return to("/admin/demandes")
            flash(_said_of(form), "ok")
            return to(f"{_HOME}/{about}/{made}")
    return _entering(form, asked_id)


@pages.get(f"{_HOME}/<uuid:about_id>/<uuid:limit_id>")
@requires(Permission.OFFICE_FAMILY)
def restriction(about_id: UUID, limit_id: UUID) -> Response:
    """One decision: whom it limits for whom, its scan, who did what."""
    found = freezing.limit(signed_in(), about_id, limit_id)
    return render("administration/restriction.html", acts=_acts(found), **_about(found))


@pages.get(f"{_HOME}/<uuid:about_id>/<uuid:limit_id>/preuve/<int:number>")
@requires(Permission.OFFICE_FAMILY)
def restriction_proof(about_id: UUID, limit_id: UUID, number: int) -> Response:
    """One page of the decision, as a picture."""
    return page_picture(freezing.picture(signed_in(), about_id, limit_id, number))


@pages.get(f"{_HOME}/<uuid:about_id>/<uuid:limit_id>/<act>")
@requires(Permission.OFFICE_FAMILY)
def ask_restriction_act(about_id: UUID, limit_id: UUID, act: str) -> Response:
    """What an act will do."""
    if act not in _FORMS:
        abort(404)
    found = freezing.limit(signed_in(), about_id, limit_id)
    if act not in _acts(found):
        return to(f"{_HOME}/{about_id}/{limit_id}")
    if act == CONFIRM and found.state == LIFTING:
        demand_fresh_proof(signed_in())
    form = SeenForm(formdata=None, seen=str(found.version)) if act == CONFIRM else _FORMS[act](formdata=None)
    return _asking(found, act, form)


@pages.post(f"{_HOME}/<uuid:about_id>/<uuid:limit_id>/<act>")
@requires(Permission.OFFICE_FAMILY)
def do_restriction_act(about_id: UUID, limit_id: UUID, act: str) -> Response:
    """Do it."""
    if act not in _FORMS:
        abort(404)
    form: Any = _FORMS[act]()
    place = f"{_HOME}/{about_id}/{limit_id}"
    try:
        if form.validate():
            with attempt(form):
                flash(_done(about_id, limit_id, act, form), "ok")
                return to(place)
    except ConflictError:
        flash(gettext("Somebody decided about it meanwhile. Here is where it stands."), "warn")
        return to(place)
    found = freezing.limit(signed_in(), about_id, limit_id)
    return _asking(found, act, form) if act in _acts(found) else to(place)


def _done(about_id: UUID, limit_id: UUID, act: str, form: Any) -> str:
    actor = signed_in()
    if act == LIFT:
        freezing.ask_lift(actor, about_id, limit_id, form.words.data or "")
        return str(gettext("Your proposal is written down. Another operator must confirm it."))
    if act == DROP:
        freezing.drop(actor, about_id, limit_id)
        return str(gettext("Withdrawn. What stood before stands again."))
    state = freezing.confirm(actor, about_id, limit_id, form.version)
    if state == CONFIRMED:
        return str(gettext("Confirmed. The decision holds from the very next page."))
    return str(gettext("Confirmed. The decision is lifted from the very next page."))


def _entered(form: Any, asked_id: UUID | None) -> tuple[UUID, UUID]:
    order = restrictions.checked(form.order(), narrows=form.narrows)
    if asked_id:
        return restrictions.enter_asked(signed_in(), asked_id, order)
    return restrictions.enter(signed_in(), form.about(), form.limited(), order, form.content())


def _said_of(form: OrderForm) -> str:
    if form.urgent.data:
        days = settings.current().urgent_freeze_days
        return str(
            gettext(
                "Entered, and in effect now. Another operator must confirm it within %(days)s days, or it ends.",
                days=days,
            )
        )
    return str(gettext("Entered. It has no effect before another operator confirms it."))


def _entering(form: Form, asked_id: UUID | None) -> Response:
    asked = restrictions.asked(signed_in(), asked_id) if asked_id else None
    case = request_desk.case(signed_in(), asked_id) if asked_id else None
    return page(
        "administration/restriction_enter.html",
        form,
        asked=asked,
        case=case,
        limited=people.person(restrictions.target(asked)).display_name if asked else "",
        accept=proofs.ACCEPT,
        urgent_days=settings.current().urgent_freeze_days,
    )


def _acts(found: Limit) -> tuple[str, ...]:
    if found.state in (ENTERED, LIFTING):
        return (CONFIRM, DROP) if found.awaits(signed_in()) else (DROP,)
    return (LIFT,) if found.state == CONFIRMED else ()


def _asking(found: Limit, act: str, form: Form) -> Response:
    return page("administration/restriction_act.html", form, act=act, **_about(found))


def _about(found: Limit) -> dict[str, Any]:
    holder, limited = freezing.holder_of(found)
    return {
        "limit": found,
        "holder": holder,
        "limited": limited,
        "pages": int(found.said.get("pages", 1)),
        "mine": found.entered_by == signed_in().id,
        "base": f"{_HOME}/{found.record_id}/{found.id}",
    }
