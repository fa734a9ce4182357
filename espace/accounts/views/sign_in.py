"""Sign-in with two factors, the proof asked again, and sign-out."""

from flask import Blueprint, Response, current_app, flash, session
from flask_babel import gettext

from espace.accounts.forms.door import FactorForm, PasswordForm
from espace.accounts.services import sessions, sign_in
from espace.permissions import ActorKind, Permission
from espace.web.attempts import attempt, page, to
from espace.web.guards import (
    current_actor,
    drop_session_cookie,
    next_place,
    public,
    requires,
    set_session_cookie,
    signed_in,
)
from espace.web.rendering import render
from espace.web.visitor import visitor

from .visitor import enter, session_token

pages = Blueprint("sign_in", __name__)
HOME = "/dossiers/"


@pages.get("/connexion")
@public
def password() -> Response:
    """The first factor."""
    return page("accounts/sign_in.html", PasswordForm(formdata=None))


@pages.post("/connexion")
@public
def check_password() -> Response:
    """Check the first factor; a right one leads to the second and to nothing else."""
    form = PasswordForm()
    if form.validate():
        with attempt(form):
            token = sign_in.check_password(form.email.data or "", form.password.data or "", visitor())
            place = next_place(HOME)
            response = to("/connexion/code")
            set_session_cookie(current_app, response, token)
            session["next"] = place
            return response
    return page("accounts/sign_in.html", form)


@pages.get("/connexion/code")
@public
def second_factor() -> Response:
    """The second factor."""
    if sessions.pending(session_token()) is None:
        return to("/connexion")
    return page("accounts/second_factor.html", FactorForm(formdata=None), action="/connexion/code")


@pages.post("/connexion/code")
@public
def check_second_factor() -> Response:
    """Check the second factor; a right one opens the session."""
    waiting = sessions.pending(session_token())
    if waiting is None:
        return to("/connexion")
    form = FactorForm()
    if form.validate():
        with attempt(form):
            entered = sign_in.check_second_factor(waiting, form.code.data or "", visitor())
            response = to(next_place(HOME))
            enter(response, entered)
            return response
    return page("accounts/second_factor.html", form, action="/connexion/code")


@pages.get("/connexion/preuve")
@requires(Permission.ACCOUNT)
def proof() -> Response:
    """The second factor once more, before something that opens a record further (security.md R9)."""
    return page("accounts/proof.html", FactorForm(formdata=None), action="/connexion/preuve")


@pages.post("/connexion/preuve")
@requires(Permission.ACCOUNT)
def check_proof() -> Response:
    """Check the proof; the session gets a new token (R7)."""
    form = FactorForm()
    if form.validate():
        with attempt(form):
            token = sign_in.prove_again(signed_in(), form.code.data or "", visitor())
            response = to(next_place(HOME))
            set_session_cookie(current_app, response, token)
            return response
    return page("accounts/proof.html", form, action="/connexion/preuve")


@pages.get("/deconnexion")
@public
def ask_sign_out() -> Response:
    """Ask before signing out: a link alone changes nothing."""
    return render("accounts/sign_out.html")


@pages.post("/deconnexion")
@public
def sign_out() -> Response:
    """End the session, full or waiting, and have the browser forget the pages it keeps (R31)."""
    actor = current_actor()
    waiting = sessions.pending(session_token())
    if actor is not None:
        sign_in.sign_out(actor)
    elif waiting is not None:
        sessions.close_pending(waiting.session_id)
    is_professional = actor is not None and actor.kind is ActorKind.PROFESSIONAL
    response = to("/pro/connexion" if is_professional else "/connexion")
    drop_session_cookie(current_app, response)
    flash(gettext("You are signed out of this browser."), "ok")
    return response
