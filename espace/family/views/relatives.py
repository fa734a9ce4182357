"""« Mes proches »: the people one acts for, and what a parent may decide for each (rules.md MI-1, MI-2, AC-7)."""

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, Response, flash
from flask_babel import gettext

from espace import settings
from espace.errors import ConflictError, NotFoundError
from espace.family.forms import DecideForm, OpenProfileForm
from espace.family.services import relatives as services
from espace.family.services.relatives import Relative
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, signed_in
from espace.web.rendering import render
from espace.words import N_, Message

pages = Blueprint("relatives", __name__)
PLACE = "/compte/proches"


@pages.get("/compte/proches")
@requires(Permission.ACCOUNT)
def relatives() -> Response:
    """Everyone one acts for, with what can be done for each now."""
    given = settings.current()
    return render(
        "family/relatives.html",
        relatives=services.relatives(signed_in()),
        majority_age=given.majority_age,
        autonomy_age=given.autonomy_age,
        contact=given.contact,
        contact_phone=given.contact_phone,
    )


@pages.get("/compte/proches/<uuid:record_id>/ouvrir")
@requires(Permission.ACCOUNT)
def opening(record_id: UUID) -> Response:
    """What opening a child's profile means."""
    actor = signed_in()
    child = _where(record_id, lambda one: one.may_be_opened)
    demand_fresh_proof(actor)
    return page("family/open.html", OpenProfileForm(formdata=None), child=child)


@pages.post("/compte/proches/<uuid:record_id>/ouvrir")
@requires(Permission.ACCOUNT)
def open_profile(record_id: UUID) -> Response:
    """Open it."""
    actor = signed_in()
    form = OpenProfileForm()
    child = services.relative(actor, record_id)
    if form.validate():
        with attempt(form):
            if not _done(lambda: services.open_profile(actor, record_id, accepted=bool(form.terms.data))):
                return to(PLACE)
            _say(N_("Done. The profile of %(name)s is open, in your name."), child)
            return to(f"/dossiers/{record_id}/")
    return page("family/open.html", form, child=child)


@pages.get("/compte/proches/<uuid:record_id>/opposition")
@requires(Permission.ACCOUNT)
def objecting(record_id: UUID) -> Response:
    """What objecting for a child means."""
    return page(
        "family/object.html", DecideForm(formdata=None), child=_where(record_id, lambda one: one.may_be_opposed)
    )


@pages.post("/compte/proches/<uuid:record_id>/opposition")
@requires(Permission.ACCOUNT)
def object_for(record_id: UUID) -> Response:
    """Object for the child, from now on."""
    actor, child = signed_in(), services.relative(signed_in(), record_id)
    if DecideForm().validate() and _done(lambda: services.object_for(actor, record_id)):
        _say(N_("Done. The space of %(name)s is not used any more, as of now."), child)
    return to(PLACE)


@pages.get("/compte/proches/<uuid:record_id>/retour")
@requires(Permission.ACCOUNT)
def returning(record_id: UUID) -> Response:
    """What taking an objection back means."""
    actor = signed_in()
    child = _where(record_id, lambda one: one.is_opposed)
    demand_fresh_proof(actor)
    return page("family/come_back.html", DecideForm(formdata=None), child=child)


@pages.post("/compte/proches/<uuid:record_id>/retour")
@requires(Permission.ACCOUNT)
def come_back(record_id: UUID) -> Response:
    """Take the objection back."""
    actor, child = signed_in(), services.relative(signed_in(), record_id)
    if DecideForm().validate() and _done(lambda: services.come_back(actor, record_id)):
        _say(N_("Done. The space of %(name)s is as it was before."), child)
    return to(PLACE)


def _where(record_id: UUID, fits: Callable[[Relative], bool]) -> Relative:
    """The relative this page is about; a page that makes no sense in their state does not exist."""
    child = services.relative(signed_in(), record_id)
    if not fits(child):
        raise NotFoundError
    return child


def _done(act: Callable[[], None]) -> bool:
    """Do it; when somebody decided otherwise meanwhile, say so and change nothing."""
    try:
        act()
    except ConflictError:
        flash(gettext("Someone decided meanwhile: nothing was changed. Here is where things stand."), "warn")
        return False
    return True


def _say(sentence: Message, child: Relative) -> None:
    flash(gettext(sentence.msgid, name=child.given_name), "ok")
