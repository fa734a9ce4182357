"""« Mes enfants »: the people one acts for, and what a parent may decide for each (rules.md MI-1, MI-2, AC-7)."""

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, Response, flash
from flask_babel import gettext

from espace import settings
from espace.errors import ConflictError
from espace.family.forms import DecideForm, OpenProfileForm
from espace.family.services import relatives as services
from espace.family.services.asking import requests
from espace.family.services.asking.request_rows import BINDS
from espace.family.services.growing import own_reading
from espace.family.services.growing.majority import farewells
from espace.family.services.guardians import guardian_decides
from espace.family.services.relatives import Relative
from espace.permissions import Permission, demand_fresh_proof
from espace.records import services as records
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, signed_in
from espace.web.i18n import elide
from espace.web.rendering import render
from espace.words import N_, Message

from . import helped

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
        unavailable=services.unavailable(signed_in()),
        farewells=farewells(signed_in()),
        asked=requests.mine(signed_in()),
        binds=BINDS,
        majority_age=given.majority_age,
        autonomy_age=given.autonomy_age,
        contact=given.contact,
        contact_phone=given.contact_phone,
        own_record=_own_record(),
        **helped.shown(),
    )


def _own_record() -> str:
    """One's own record, where one decides who helps; "" for who has none, or only reads theirs."""
    person_id = signed_in().person_id
    own = records.record_of(person_id) if person_id else None
    decides = own is not None and own.is_open and not own_reading.only_reads(own.id) and not guardian_decides(own.id)
    return str(own.id) if own is not None and decides else ""


@pages.get("/compte/proches/<uuid:child>/ouvrir")
@requires(Permission.ACCOUNT)
def opening(child: UUID) -> Response:
    """What opening a child's profile means."""
    actor = signed_in()
    relative = services.relative(actor, child)
    if not relative.may_be_opened:
        return to(PLACE)
    demand_fresh_proof(actor)
    return page("family/open.html", OpenProfileForm(formdata=None), child=relative)


@pages.post("/compte/proches/<uuid:child>/ouvrir")
@requires(Permission.ACCOUNT)
def open_profile(child: UUID) -> Response:
    """Open it."""
    actor = signed_in()
    form = OpenProfileForm()
    relative = services.relative(actor, child)
    if form.validate():
        with attempt(form):
            if not _done(lambda: services.open_profile(actor, child, accepted=bool(form.terms.data))):
                return to(PLACE)
            _say(N_("Done. The profile of %(name)s is open, in your name."), relative)
            return to(f"/dossiers/{child}/")
    return page("family/open.html", form, child=relative)


@pages.get("/compte/proches/<uuid:child>/opposition")
@requires(Permission.ACCOUNT)
def objecting(child: UUID) -> Response:
    """What objecting for a child means."""
    relative = services.relative(signed_in(), child)
    if not relative.may_be_opposed:
        return to(PLACE)
    return page("family/object.html", DecideForm(formdata=None), child=relative)


@pages.post("/compte/proches/<uuid:child>/opposition")
@requires(Permission.ACCOUNT)
def object_for(child: UUID) -> Response:
    """Object for the child, from now on."""
    actor, relative = signed_in(), services.relative(signed_in(), child)
    if DecideForm().validate() and _done(lambda: services.object_for(actor, child)):
        _say(N_("Done. The space of %(name)s is not used any more, as of now."), relative)
    return to(PLACE)


@pages.get("/compte/proches/<uuid:child>/retour")
@requires(Permission.ACCOUNT)
def returning(child: UUID) -> Response:
    """What taking an objection back means."""
    actor = signed_in()
    relative = services.relative(actor, child)
    if not relative.is_opposed:
        return to(PLACE)
    demand_fresh_proof(actor)
    return page("family/come_back.html", DecideForm(formdata=None), child=relative)


@pages.post("/compte/proches/<uuid:child>/retour")
@requires(Permission.ACCOUNT)
def come_back(child: UUID) -> Response:
    """Take the objection back."""
    actor, relative = signed_in(), services.relative(signed_in(), child)
    if DecideForm().validate() and _done(lambda: services.come_back(actor, child)):
        _say(N_("Done. The space of %(name)s is as it was before."), relative)
    return to(PLACE)


def _done(act: Callable[[], None]) -> bool:
    """Do it; when somebody decided otherwise meanwhile, say so and change nothing."""
    try:
        act()
    except ConflictError:
        flash(gettext("Someone decided meanwhile: nothing was changed. Here is where things stand."), "warn")
        return False
    return True


def _say(sentence: Message, relative: Relative) -> None:
    flash(elide(gettext(sentence.msgid, name=relative.given_name), relative.given_name), "ok")
