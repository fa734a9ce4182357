"""Sign-in with a password and a second factor, and sign-out. Passkeys and codes to send stand in `key_entry`."""

from typing import Any

from flask import Blueprint, Response, current_app, flash, session
from flask_babel import gettext

from espace.accounts.forms.sign_in import FactorForm, PasswordForm
from espace.accounts.services import factors, passkeys, sessions, sign_in
from espace.notifications.services import sms_in_trouble
from espace.permissions import Actor, ActorKind, Permission
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
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

from .visitor import home_of, lead_in, session_token

pages = Blueprint("sign_in", __name__)


@pages.get("/connexion")
@public
def password() -> Response:
    """The first factor, or a passkey instead of both."""
    return first_page(PasswordForm(formdata=None))


@pages.post("/connexion")
@public
def check_password() -> Response:
    """Check the first factor; a right one leads to the second and to nothing else."""
    form = PasswordForm()
    if form.validate():
        with attempt(form):
            token = sign_in.check_password(form.email.data or "", form.password.data or "", visitor())
            place = next_place("")
            response = to("/connexion/code")
            sessions.drop(session_token())
            set_session_cookie(current_app, response, token)
            session["next"] = place
            return response
    return first_page(form)


@pages.get("/connexion/code")
@public
def second_factor() -> Response:
    """The second factor: the account's ways, the best first."""
    waiting = sessions.pending(session_token())
    if waiting is None:
        return to("/connexion")
    return second_page(FactorForm(formdata=None), waiting)


@pages.post("/connexion/code")
@public
def check_second_factor() -> Response:
    """Check a code; a right one opens the session."""
    waiting = sessions.pending(session_token())
    if waiting is None:
        return to("/connexion")
    form = FactorForm()
    if form.validate():
        with attempt(form):
            return lead_in(sign_in.check_second_factor(waiting, form.code.data or "", visitor()))
    return second_page(form, waiting)


@pages.get("/connexion/preuve")
@requires(Permission.SECURITY)
def proof() -> Response:
    """The second factor once more, before something that opens a record further (security.md R9)."""
    return proof_page(FactorForm(formdata=None), signed_in())


@pages.post("/connexion/preuve")
@requires(Permission.SECURITY)
def check_proof() -> Response:
    """Check the proof; the session gets a new token (R7)."""
    form = FactorForm()
    if form.validate():
        with attempt(form):
            return proved(sign_in.prove_again(signed_in(), form.code.data or "", visitor()))
    return proof_page(form, signed_in())


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
    if actor is not None:
        sign_in.sign_out(actor)
    else:
        sessions.drop(session_token())
    is_professional = actor is not None and actor.kind is ActorKind.PROFESSIONAL
    response = to("/pro/connexion" if is_professional else "/connexion")
    drop_session_cookie(current_app, response)
    flash(gettext("You are signed out of this browser."), "ok")
    return response


def first_page(form: PasswordForm) -> Response:
    """The door."""
    return page("accounts/sign_in.html", form, passkeys=passkeys.possible())


def second_page(form: Form, waiting: sessions.Pending) -> Response:
    """The second factor of a sign-in."""
    facts = _ways(waiting.account_id, waiting.session_id)
    return page("accounts/second_factor.html", _with_code(form), base="/connexion/code", **facts)


def proof_page(form: Form, actor: Actor) -> Response:
    """The second factor of a step-up."""
    facts = _ways(actor.id, actor.session_id)
    return page("accounts/proof.html", _with_code(form), base="/connexion/preuve", home=home_of(actor.kind), **facts)


def proved(token: str) -> Response:
    """Lead on under the session's new token, to where the proof was asked for."""
    actor = signed_in()
    response = to(next_place(home_of(actor.kind)))
    set_session_cookie(current_app, response, token)
    return response


def _ways(account_id: Any, session_id: Any) -> dict[str, Any]:
    ways = factors.ways(account_id)
    return {"ways": ways, "sent": sign_in.code_sent(session_id), "trouble": bool(ways.sms) and sms_in_trouble()}


def _with_code(form: Form) -> Form:
    """The page's own form, carrying what another of its forms has to say."""
    if isinstance(form, FactorForm):
        return form
    own = FactorForm(formdata=None)
    own.form_errors, own.wait = [sentence for _fault, sentence in form.faults], form.wait
    return own
