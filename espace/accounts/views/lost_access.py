"""Lost access: what is missing, and the way back with a forgotten password (security.md R4, R5)."""

from collections.abc import Callable
from functools import wraps

from flask import Blueprint, Response, flash
from flask_babel import gettext

from espace import settings
from espace.accounts.forms.lost_access import CodeForm, ForgottenForm, NewPasswordForm
from espace.accounts.services import password_reset
from espace.accounts.services.password_reset import Step, Ticket
from espace.errors import NotFoundError
from espace.web.attempts import attempt, page, to
from espace.web.guards import next_place, public
from espace.web.i18n import language
from espace.web.rendering import render
from espace.web.visitor import visitor

from .visitor import drop_own, enter, hold_own, own

pages = Blueprint("lost_access", __name__)
PLACE = "/acces-perdu"
FORGOTTEN = f"{PLACE}/mot-de-passe"
COOKIE = "nouveau-mot-de-passe"
_PLACES: dict[Step, str] = {
    "code": f"{FORGOTTEN}/code",
    "proof": f"{FORGOTTEN}/preuve",
    "password": f"{FORGOTTEN}/nouveau",
}

View = Callable[[Ticket], Response]


@pages.get(PLACE)
@public
def what_is_missing() -> Response:
    """What one has lost, in one's own words; each leads to its shortest way back."""
    return render("accounts/lost_access/missing.html")


@pages.get(f"{PLACE}/telephone")
@public
def no_phone() -> Response:
    """Without phone or app: a recovery code or another device first, the letter else."""
    return render("accounts/lost_access/phone.html", hours=settings.current().recovery_delay)


@pages.get(f"{PLACE}/adresse")
@public
def other_address() -> Response:
    """The e-mail address changed: it still signs in, even when nobody reads it any more."""
    return render("accounts/lost_access/address.html", hours=settings.current().recovery_delay)


def _at(step: Step) -> Callable[[View], Callable[[], Response]]:
    """Give a view what this browser has under way, if it stands at `step`; else lead where it stands."""

    def fit(view: View) -> Callable[[], Response]:
        @wraps(view)
        def shown() -> Response:
            ticket = password_reset.current(own(COOKIE))
            if ticket is None:
                return _gone()
            if ticket.step != step:
                return to(_PLACES[ticket.step])
            try:
                return view(ticket)
            except NotFoundError:  # taken further, or finished, in another tab meanwhile
                return to(FORGOTTEN)

        return public(shown)

    return fit


def _gone() -> Response:
    flash(gettext("This took more than 30 minutes, or it is done already. Nothing was changed. Begin again."), "tip")
    return to(FORGOTTEN)


@pages.get(FORGOTTEN)
@public
def forgotten() -> Response:
    """To which address a code is to be sent."""
    return page("accounts/lost_access/forgotten.html", ForgottenForm(formdata=None))


@pages.post(FORGOTTEN)
@public
def send_code() -> Response:
    """The same answer whoever asks: what follows is seen in the mailbox only (R5)."""
    form = ForgottenForm()
    if form.validate():
        with attempt(form):
            token = password_reset.ask(form.email.data or "", language(), visitor())
            response = to(_PLACES["code"])
            hold_own(response, COOKIE, token)
            return response
    return page("accounts/lost_access/forgotten.html", form)


@pages.get(_PLACES["code"])
@_at("code")
def code(ticket: Ticket) -> Response:
    """The code sent by e-mail."""
    return page("accounts/lost_access/code.html", CodeForm(formdata=None), email=ticket.email)


@pages.post(_PLACES["code"])
@_at("code")
def check_code(ticket: Ticket) -> Response:
    """Check the code; a right one leads to the second factor and to nothing else."""
    form = CodeForm()
    if form.validate():
        with attempt(form):
            password_reset.check_code(own(COOKIE), form.code.data or "", visitor())
            return to(_PLACES["proof"])
    return page("accounts/lost_access/code.html", form, email=ticket.email)


@pages.get(_PLACES["proof"])
@_at("proof")
def proof(_ticket: Ticket) -> Response:
    """The second factor, by each way the account has."""
    return _proof_page(CodeForm(formdata=None))


@pages.post(_PLACES["proof"])
@_at("proof")
def check_proof(_ticket: Ticket) -> Response:
    """Check the second factor; a right one leads to the new password."""
    form = CodeForm()
    if form.validate():
        with attempt(form):
            password_reset.check_factor(own(COOKIE), form.code.data or "", visitor())
            return to(_PLACES["password"])
    return _proof_page(form)


@pages.post(f"{_PLACES['proof']}/sms")
@_at("proof")
def send_sms(_ticket: Ticket) -> Response:
    """Send the second factor by SMS."""
    form = CodeForm(formdata=None)
    with attempt(form):
        password_reset.send_sms(own(COOKIE), visitor())
        flash(gettext("The SMS is on its way. It comes within a minute."), "ok")
        return to(_PLACES["proof"])
    return _proof_page(form)


@pages.get(_PLACES["password"])
@_at("password")
def password(ticket: Ticket) -> Response:
    """The new password."""
    return page("accounts/lost_access/password.html", NewPasswordForm(formdata=None), email=ticket.email)


@pages.post(_PLACES["password"])
@_at("password")
def choose_password(ticket: Ticket) -> Response:
    """Take it, and enter: both proofs were just shown."""
    form = NewPasswordForm()
    if form.validate():
        with attempt(form):
            entered = password_reset.choose_password(own(COOKIE), form.password.data or "", visitor())
            response = to(next_place("/"))
            enter(response, entered)
            drop_own(response, COOKIE)
            flash(gettext("Your new password is kept. Your other devices are signed out."), "ok")
            return response
    return page("accounts/lost_access/password.html", form, email=ticket.email)


def _proof_page(form: CodeForm) -> Response:
    ways = password_reset.ways(own(COOKIE))
    return page("accounts/lost_access/proof.html", form, ways=ways)
