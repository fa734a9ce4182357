"""An identity proved elsewhere (FranceConnect and the like): leaving for it, coming back, linking it to the account."""

from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, abort, current_app, flash, request, session
from flask_babel import gettext

from espace import settings
from espace.accounts.services import activation, outside_identity, sessions
from espace.accounts.services.outside import Back, Begun, TripRefusedError
from espace.interop.openid import ProviderDownError
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import current_actor, public, requires, set_session_cookie, signed_in
from espace.web.headers import allow_form_to
from espace.web.identity_fields import NumberForm
from espace.web.rendering import render
from espace.web.visitor import visitor

from .steps import place_of
from .visitor import hold_activation, session_token

pages = Blueprint("outside_identity", __name__)
_BROWSER = "outside_identity"
_STATUS = {"down": 503, "taken": 409, **dict.fromkeys(("not-linked", "not-matching", "minor", "active"), 403)}
_log = structlog.get_logger()


@pages.get("/connexion/identite")
@public
def entrance() -> Response:
    """Sign in with an identity proved elsewhere, then with one's second factor."""
    return _entrance("accounts/outside_identity/sign_in.html", Form(formdata=None))


@pages.post("/connexion/identite")
@public
def leave() -> Response:
    """Leave for the provider."""
    _only_where_offered()
    return _leave(outside_identity.leave_to_sign_in)


@pages.get("/activation/identite")
@public
def activation_entrance() -> Response:
    """Activate without the letter's code: one's number, then the identity proved elsewhere."""
    return _entrance("accounts/outside_identity/activate.html", NumberForm(formdata=None))


@pages.post("/activation/identite")
@public
def leave_to_activate() -> Response:
    """Leave for the provider, for the person of this number."""
    _only_where_offered()
    form = NumberForm()
    if form.validate():
        with attempt(form):
            return _leave(lambda: outside_identity.leave_to_activate(form.number, visitor()))
    return _entrance("accounts/outside_identity/activate.html", form)


@pages.get("/compte/securite/identite")
@requires(Permission.ACCOUNT)
def linking() -> Response:
    """Link an identity proved elsewhere, or end that."""
    demand_fresh_proof(signed_in())
    linked = outside_identity.is_linked(signed_in().id) if outside_identity.configured() else False
    return _entrance("accounts/outside_identity/link.html", Form(formdata=None), linked=linked)


@pages.post("/compte/securite/identite")
@requires(Permission.ACCOUNT)
def leave_to_link() -> Response:
    """Leave for the provider, to link what it proves."""
    _only_where_offered()
    return _leave(lambda: outside_identity.leave_to_link(signed_in()))


@pages.post("/compte/securite/identite/fin")
@requires(Permission.ACCOUNT)
def unlink() -> Response:
    """End the link."""
    outside_identity.unlink(signed_in())
    flash(gettext("Done. %(name)s no longer opens your space.", name=_name()), "ok")
    return to("/compte/securite")


@pages.get("/connexion/identite/retour")
@public
def come_back() -> Response:
    """The return from the provider: who came is known now, or nobody is."""
    _only_where_offered()
    browser = session.pop(_BROWSER, "")
    if "error" in request.args:
        return _told("refused")
    try:
        back = outside_identity.come_back(
            state=request.args.get("state", ""), code=request.args.get("code", ""), browser=browser
        )
        return _arrive(back)
    except TripRefusedError as error:
        return _told(error.reason)
    except ProviderDownError as error:
        return _down(error)


def _arrive(back: Back) -> Response:
    """Go on with what the person left for."""
    if back.facts["act"] == "sign-in":
        next_place = session.get("next", "")
        response = to("/connexion/code")
        token = outside_identity.sign_in(back, visitor())
        sessions.drop(session_token())  # whoever was signed in here before (R7)
        set_session_cookie(current_app, response, token)
        if next_place:
            session["next"] = next_place
        return response
    if back.facts["act"] == "activation":
        person = outside_identity.person_of(back)
        token, draft = activation.begin_proven(person, outside_identity.index_of(back.claims))
        response = to(place_of(draft.step))
        hold_activation(response, token)
        return response
    actor = current_actor()
    if actor is None:
        raise TripRefusedError("expired")
    outside_identity.link(actor, back)
    flash(gettext("Done. %(name)s opens your space from now on, with your second proof.", name=_name()), "ok")
    return to("/compte/securite")


def _leave(begin: Callable[[], Begun]) -> Response:
    try:
        begun = begin()
    except ProviderDownError as error:
        return _down(error)
    session[_BROWSER] = begun.browser
    return to(begun.address)


def _entrance(template: str, form: Form, **data: object) -> Response:
    """A page whose form is sent on to the provider."""
    _only_where_offered()
    try:
        origin = outside_identity.entrance()
    except ProviderDownError as error:
        return _down(error)
    response = page(template, form, name=_name(), host=urlsplit(origin).hostname, **data)
    allow_form_to(response, origin)
    return response


def _only_where_offered() -> None:
    if not outside_identity.configured():
        abort(404)


def _down(error: ProviderDownError) -> Response:
    _log.warning("identity_provider_down", reason=str(error))
    return _told("down")


def _told(why: str) -> Response:
    """Why nobody was let in, and the other ways."""
    return render("accounts/outside_identity/told.html", why=why, name=_name(), status=_STATUS.get(why, 400))


def _name() -> str:
    return settings.current().identity_name
