"""The assisted session: begin it, show the pages for a moment, end it."""

from flask import Blueprint, Response, current_app, flash, session
from flask_babel import gettext

from espace import settings
from espace.accounts.forms.assistance import HelperForm, ShowForm
from espace.accounts.services import assistance
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.guards import drop_session_cookie, local_place, requires, signed_in
from espace.web.visitor import visitor

pages = Blueprint("assistance", __name__)
PLACE = "/compte/accompagnement"


@pages.get(PLACE)
@requires(Permission.ACCOUNT)
def begin() -> Response:
    """What an assisted session is and who helps; while there is one, its state and the way to end it."""
    return _page(HelperForm(formdata=None))


@pages.post(PLACE)
@requires(Permission.ACCOUNT)
def begun() -> Response:
    """Begin it: from the next page on, the session is short, veiled and traced with both names."""
    form = HelperForm()
    if form.validate():
        with attempt(form):
            assistance.start(signed_in(), *form.command())
            return to("/dossiers/")
    return _page(form)


@pages.get(f"{PLACE}/voir")
@requires(Permission.ACCOUNT)
def ask_code() -> Response:
    """The code, before an act that asks for it; leads back to where the act is."""
    if not signed_in().is_veiled:
        return to(PLACE)
    place = local_place(session.get("next", ""), "/dossiers/")
    return page("accounts/assistance/show.html", ShowForm(formdata=None, place=place))


@pages.post(f"{PLACE}/voir")
@requires(Permission.ACCOUNT)
def show() -> Response:
    """Lift the veil for two minutes and lead back to the page."""
    form = ShowForm()
    place = local_place(form.place.data or "", "/dossiers/")
    if form.validate():
        with attempt(form):
            assistance.show(signed_in(), form.code.data or "", visitor())
            return to(place)
    return page("accounts/assistance/show.html", form)


@pages.post(f"{PLACE}/fin")
@requires(Permission.ACCOUNT)
def end() -> Response:
    """End the session; nothing is asked."""
    actor = signed_in()
    if not actor.helper:
        return to(PLACE)
    assistance.end(actor)
    response = to("/connexion")
    drop_session_cookie(current_app, response)
    flash(gettext("The assisted session is over. You are signed out."), "ok")
    return response


def _page(form: HelperForm) -> Response:
    return page("accounts/assistance/begin.html", form, minutes=settings.current().assistance_minutes)
