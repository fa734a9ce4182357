"""The account: who one is here, where one is signed in, the language."""

from uuid import UUID

from flask import Blueprint, Response, current_app, flash
from flask_babel import gettext

from espace.accounts.forms.door import LanguageForm
from espace.accounts.services import account_of, factors, facts, sessions
from espace.errors import NotFoundError
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.guards import drop_session_cookie, requires, signed_in

pages = Blueprint("account", __name__)


@pages.get("/compte")
@requires(Permission.ACCOUNT)
def account() -> Response:
    """The account at a glance."""
    return _page(LanguageForm(formdata=None, locale=signed_in().locale))


@pages.post("/compte/langue")
@requires(Permission.ACCOUNT)
def choose_language() -> Response:
    """Speak another language from the next page on."""
    form = LanguageForm()
    if form.validate():
        with attempt(form):
            facts.choose_locale(signed_in(), form.locale.data or "")
            return to("/compte")
    return _page(form)


@pages.post("/compte/sessions/<uuid:session_id>/fin")
@requires(Permission.ACCOUNT)
def end_session(session_id: UUID) -> Response:
    """End one of one's own sessions; ending the one in use signs out."""
    actor = signed_in()
    sessions.end_session(actor, session_id)
    if session_id == actor.session_id:
        response = to("/connexion")
        drop_session_cookie(current_app, response)
        return response
    flash(gettext("This device is signed out."), "ok")
    return to("/compte")


def _page(form: LanguageForm) -> Response:
    actor = signed_in()
    held = account_of(actor.person_id) if actor.person_id else None
    if held is None:
        raise NotFoundError
    return page(
        "accounts/account.html",
        form,
        email=held.email,
        sessions=sessions.live_sessions(actor),
        codes_left=factors.recovery_codes_left(actor.id),
    )
