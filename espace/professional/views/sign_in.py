"""Sign-in through the identity provider, the choice of a practice, and sign-out."""

import structlog
from flask import Response, current_app, flash, request, session
from flask_babel import gettext

from espace.errors import InvalidError
from espace.interop.openid import ProviderDownError
from espace.people.services import Professional
from espace.permissions import Permission
from espace.professional.forms import PracticeForm
from espace.professional.services import provider, sign_in
from espace.professional.services.sign_in import SignInRefusedError
from espace.web import headers
from espace.web.forms import SelectChoice
from espace.web.guards import drop_session_cookie, next_place, public, requires, set_session_cookie, signed_in
from espace.web.rendering import render

from .blueprints import pages, to

HOME = "/pro/"
_log = structlog.get_logger()
_BROWSER, _CHOICE = "pro_sign_in", "pro_choice"
_STATUS = {"unknown": 403, "inactive": 403, "stopped": 403, "down": 503}


@pages.get("/pro/connexion")
@public
def entrance() -> Response:
    """The way in: one button, which leads to the identity provider."""
    if not provider.configured():
        return _told("closed", 200)
    try:
        origin = provider.entrance()
    except ProviderDownError as error:
        return _down(error)
    response = render("professional/sign_in.html", why="")
    headers.allow_form_to(response, origin)
    return response


@pages.post("/pro/connexion")
@public
def leave() -> Response:
    """Begin a sign-in and go to the provider."""
    if not provider.configured():
        return _told("closed", 200)
    try:
        begun = sign_in.begin()
    except ProviderDownError as error:
        return _down(error)
    session[_BROWSER] = begun.browser
    return to(begun.address)


@pages.get("/pro/connexion/retour")
@public
def come_back() -> Response:
    """The return from the provider: who came is known now, or nobody is."""
    browser = session.pop(_BROWSER, "")
    if "error" in request.args:
        return _told("refused")
    try:
        professional = sign_in.finish(
            state=request.args.get("state", ""), code=request.args.get("code", ""), browser=browser
        )
    except SignInRefusedError as error:
        return _told(error.reason)
    except ProviderDownError as error:
        return _down(error)
    if len(professional.structures) > 1:
        session[_CHOICE] = sign_in.keep_choice(professional)
        return to("/pro/connexion/lieu")
    return _enter(sign_in.open_session(professional, next(iter(professional.structures), None)))


@pages.get("/pro/connexion/lieu")
@public
def practices() -> Response:
    """Where one practises today, for who practises in several places (rules.md PR-6)."""
    try:
        return _practices(sign_in.waiting_choice(session.get(_CHOICE, "")), PracticeForm(formdata=None))
    except SignInRefusedError as error:
        return _told(error.reason)


def _practices(professional: Professional, form: PracticeForm) -> Response:
    places = professional.structures
    form.structure.choices = [SelectChoice(str(one.id), one.display_name) for one in places]
    cities = {str(one.id): one.city for one in places if one.city}
    return render("professional/practices.html", form=form, who=professional, cities=cities, status=form.status)


@pages.post("/pro/connexion/lieu")
@public
def practise() -> Response:
    """Open the session in the chosen place."""
    form = PracticeForm()
    token = session.get(_CHOICE, "")
    try:
        professional = sign_in.waiting_choice(token)
        return _enter(sign_in.choose(token, form.structure.data or ""))
    except InvalidError as error:
        form.refuse(error.problems)
        return _practices(professional, form)
    except SignInRefusedError as error:
        return _told(error.reason)


def _enter(token: str) -> Response:
    place = next_place(HOME)
    response = to(place if place.startswith(HOME) else HOME)
    set_session_cookie(current_app, response, token)
    return response


def _down(error: ProviderDownError) -> Response:
    _log.warning("identity_provider_down", reason=str(error))
    return _told("down")


def _told(why: str, status: int | None = None) -> Response:
    """The entrance, with the reason why nobody is signed in."""
    return render("professional/sign_in.html", why=why, status=status or _STATUS.get(why, 400))


@pages.post("/pro/deconnexion")
@requires(Permission.PRACTICE)
def sign_out() -> Response:
    """End the session, here and now."""
    sign_in.close_session(signed_in())
    response = to("/pro/connexion")
    drop_session_cookie(current_app, response)
    flash(gettext("You are signed out of this browser."), "ok")
    return response
