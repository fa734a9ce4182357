"""Passkeys at the door, and codes to be sent: what stands beside the password and the app."""

from uuid import UUID

from flask import Blueprint, Response, flash, session
from flask_babel import gettext

from espace.accounts.forms.sign_in import FactorForm, KeyForm, SendForm
from espace.accounts.services import key_entry, passkeys, sessions, sign_in
from espace.errors import NotFoundError
from espace.identifiers import new_id
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.guards import public, requires, signed_in
from espace.web.visitor import visitor

from .sign_in import proof_page, proved, second_page
from .visitor import lead_in, session_token

pages = Blueprint("key_entry", __name__)
_CEREMONY = "ceremony"


@pages.get("/connexion/cle")
@public
def passkey() -> Response:
    """Sign in with one press; where the browser cannot, the other ways are shown."""
    return _page(KeyForm(formdata=None))


@pages.post("/connexion/cle/defi")
@public
def challenge() -> Response:
    """What the browser needs to offer its passkeys."""
    _demand_possible()
    ceremony = session.setdefault(_CEREMONY, str(new_id()))
    return _options(key_entry.challenge(UUID(ceremony), visitor()))


@pages.post("/connexion/cle")
@public
def enter_with_passkey() -> Response:
    """Check the passkey; a right one opens the session."""
    _demand_possible()
    form = KeyForm()
    if form.validate():
        with attempt(form):
            # Without a challenge of this browser's own, any answer comes too late.
            ceremony = UUID(session.get(_CEREMONY) or str(new_id()))
            return lead_in(key_entry.enter_with_passkey(ceremony, form.credential.data or "", visitor()))
    return _page(form)


@pages.post("/connexion/code/cle/defi")
@public
def challenge_second() -> Response:
    """What the browser needs to show one of the account's passkeys after the password."""
    waiting = _waiting()
    return _options(key_entry.challenge_account(waiting.session_id, waiting.account_id))


@pages.post("/connexion/code/cle")
@public
def check_second_passkey() -> Response:
    """A passkey as second factor."""
    waiting = sessions.pending(session_token())
    if waiting is None:
        return to("/connexion")
    form = KeyForm()
    if form.validate():
        with attempt(form):
            return lead_in(key_entry.second_factor(waiting, form.credential.data or "", visitor()))
    return second_page(form, waiting)


@pages.post("/connexion/code/envoi")
@public
def send_code() -> Response:
    """Send a code, or another one."""
    waiting = sessions.pending(session_token())
    if waiting is None:
        return to("/connexion")
    form, send = FactorForm(formdata=None), SendForm()
    if not send.validate():
        raise NotFoundError
    with attempt(form):
        sign_in.send_code(waiting, send.command(), visitor())
        _say_sent()
        return to("/connexion/code")
    return second_page(form, waiting)


@pages.post("/connexion/preuve/cle/defi")
@requires(Permission.SECURITY)
def challenge_proof() -> Response:
    """What the browser needs to show one of the account's passkeys within a session."""
    actor = signed_in()
    return _options(key_entry.challenge_account(actor.session_id or new_id(), actor.id))


@pages.post("/connexion/preuve/cle")
@requires(Permission.SECURITY)
def check_proof_passkey() -> Response:
    """A passkey as proof."""
    form = KeyForm()
    if form.validate():
        with attempt(form):
            return proved(key_entry.prove_again(signed_in(), form.credential.data or "", visitor()))
    return proof_page(form, signed_in())


@pages.post("/connexion/preuve/envoi")
@requires(Permission.SECURITY)
def send_proof_code() -> Response:
    """Send a code to prove again who one is."""
    form, send = FactorForm(formdata=None), SendForm()
    if not send.validate():
        raise NotFoundError
    with attempt(form):
        sign_in.send_proof_code(signed_in(), send.command(), visitor())
        _say_sent()
        return to("/connexion/preuve")
    return proof_page(form, signed_in())


def _page(form: KeyForm) -> Response:
    return page("accounts/passkey.html", form, possible=passkeys.possible())


def _options(options: str) -> Response:
    return Response(options, mimetype="application/json")


def _waiting() -> sessions.Pending:
    found = sessions.pending(session_token())
    if found is None:
        raise NotFoundError
    return found


def _demand_possible() -> None:
    if not passkeys.possible():
        raise NotFoundError


def _say_sent() -> None:
    flash(gettext("A new code has been sent. The one before no longer works."), "ok")
