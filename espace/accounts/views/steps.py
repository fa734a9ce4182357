"""Activation, second half: address, password, authenticator app, recovery codes. Each step has its own address."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import segno
from flask import Blueprint, Response, flash
from flask_babel import gettext
from werkzeug.datastructures import Headers

from espace import settings
from espace.accounts.forms.door import DigitsForm, EmailForm, KeepCodesForm, NewPasswordForm
from espace.accounts.services import activation, drafts, factors
from espace.accounts.services.activation import AlreadyActiveError
from espace.accounts.services.drafts import Draft, Step
from espace.errors import InvalidError, NotFoundError
from espace.web.attempts import attempt, page, to
from espace.web.guards import public
from espace.web.i18n import language
from espace.web.visitor import visitor

from .visitor import activation_token, drop_activation, enter

pages = Blueprint("activation_steps", __name__)
HOME = "/"  # which leads to one's own record

_PLACES = {
    Step.EMAIL: "/activation/adresse",
    Step.EMAIL_CODE: "/activation/adresse/code",
    Step.PASSWORD: "/activation/mot-de-passe",
    Step.APP: "/activation/application",
    Step.CODES: "/activation/codes",
}

View = Callable[[Draft], Response]


def place_of(step: Step) -> str:
    """The address of a step."""
    return _PLACES[step]


def _at(step: Step) -> Callable[[View], Callable[[], Response]]:
    """Give a view the activation of this browser, if it has come as far as `step`; else lead where it stands."""

    def fit(view: View) -> Callable[[], Response]:
        @wraps(view)
        def shown() -> Response:
            draft = drafts.current(activation_token())
            if draft is None:
                return _gone()
            if not draft.reached(step):
                return to(place_of(draft.step))
            try:
                return view(draft)
            except NotFoundError:  # finished or taken up elsewhere meanwhile
                return _gone()

        return public(shown)

    return fit


def _gone() -> Response:
    flash(gettext("To go on, give the three facts of your letter again. What you did is kept."), "tip")
    response = to("/activation")
    drop_activation(response)
    return response


@pages.get("/activation/adresse")
@_at(Step.EMAIL)
def email(draft: Draft) -> Response:
    """The e-mail address, as typed before."""
    return page("accounts/activation/email.html", EmailForm(formdata=None, email=draft.email))


@pages.post("/activation/adresse")
@_at(Step.EMAIL)
def give_email(_draft: Draft) -> Response:
    """Send a code to the address."""
    form = EmailForm()
    if form.validate():
        with attempt(form):
            return to(place_of(activation.give_email(activation_token(), form.address, language()).step))
    return page("accounts/activation/email.html", form)


@pages.get("/activation/adresse/code")
@_at(Step.EMAIL_CODE)
def email_code(draft: Draft) -> Response:
    """The code sent to the address."""
    if draft.is_verified:
        return to(place_of(draft.step))
    return page("accounts/activation/email_code.html", DigitsForm(formdata=None), draft=draft)


@pages.post("/activation/adresse/code")
@_at(Step.EMAIL_CODE)
def check_email_code(draft: Draft) -> Response:
    """Check the code; an address that opens another space leads back to where it was typed."""
    form = DigitsForm()
    if form.validate():
        with attempt(form):
            try:
                return to(place_of(activation.check_email_code(activation_token(), form.digits, visitor()).step))
            except InvalidError as error:
                if "email" not in error.problems:
                    raise
                again = EmailForm(formdata=None, email=draft.email)
                again.refuse(error.problems)
                return page("accounts/activation/email.html", again)
    return page("accounts/activation/email_code.html", form, draft=draft)


@pages.post("/activation/adresse/renvoi")
@_at(Step.EMAIL_CODE)
def send_email_code_again(draft: Draft) -> Response:
    """Send another code to the same address."""
    form = DigitsForm(formdata=None)
    with attempt(form):
        draft = activation.give_email(activation_token(), draft.email, language())
        flash(gettext("A new code has been sent. The one before no longer works."), "ok")
        return to(place_of(draft.step))
    return page("accounts/activation/email_code.html", form, draft=draft)


@pages.get("/activation/mot-de-passe")
@_at(Step.PASSWORD)
def password(draft: Draft) -> Response:
    """The password. It is never sent back; one chosen before may stay."""
    return page("accounts/activation/password.html", NewPasswordForm(formdata=None), draft=draft)


@pages.post("/activation/mot-de-passe")
@_at(Step.PASSWORD)
def choose_password(draft: Draft) -> Response:
    """Take the password; an empty field keeps the one chosen before."""
    form = NewPasswordForm()
    typed = form.password.data or ""
    if form.validate():
        if not typed and draft.password_hash:
            return to(place_of(draft.step))
        with attempt(form):
            return to(place_of(activation.choose_password(activation_token(), typed).step))
    return page("accounts/activation/password.html", form, draft=draft)


@pages.get("/activation/application")
@_at(Step.APP)
def app(draft: Draft) -> Response:
    """The authenticator app: a QR code, a link for the same phone, a key to type."""
    return page("accounts/activation/app.html", DigitsForm(formdata=None), **_app_facts(draft))


@pages.post("/activation/application")
@_at(Step.APP)
def check_app(draft: Draft) -> Response:
    """Check that the app counts like us."""
    form = DigitsForm()
    if form.validate():
        with attempt(form):
            return to(place_of(activation.check_app_code(activation_token(), form.digits, visitor()).step))
    return page("accounts/activation/app.html", form, **_app_facts(draft))


@pages.get("/activation/codes")
@_at(Step.CODES)
def codes(draft: Draft) -> Response:
    """The ten recovery codes and the terms of use."""
    return _codes_page(KeepCodesForm(formdata=None), draft)


@pages.get("/activation/codes/texte")
@_at(Step.CODES)
def codes_as_text(draft: Draft) -> Response:
    """The recovery codes as a file to keep."""
    lines = [gettext("Your recovery codes for espace"), "", *draft.recovery_codes, ""]
    lines += [gettext("Each code works once. Keep them away from your phone."), ""]
    headers = Headers({"Content-Disposition": 'attachment; filename="codes-de-secours-espace.txt"'})
    return Response("\r\n".join(lines), mimetype="text/plain", headers=headers)


@pages.post("/activation/codes")
@_at(Step.CODES)
def finish(draft: Draft) -> Response:
    """Open the account and enter it."""
    form = KeepCodesForm()
    if form.validate():
        try:
            entered = activation.finish(activation_token(), language(), visitor())
        except AlreadyActiveError:
            flash(gettext("Your space is already active. Sign in."), "tip")
            response = to("/connexion")
            drop_activation(response)
            return response
        except InvalidError as error:
            again = EmailForm(formdata=None, email=draft.email)
            again.refuse(error.problems)
            return page("accounts/activation/email.html", again)
        response = to(HOME)
        enter(response, entered)
        drop_activation(response)
        return response
    return _codes_page(form, draft)


def _codes_page(form: KeepCodesForm, draft: Draft) -> Response:
    contact = settings.current().contact
    return page("accounts/activation/codes.html", form, codes=draft.recovery_codes, contact=contact)


def _app_facts(draft: Draft) -> dict[str, Any]:
    address = factors.app_address(draft.totp_secret, draft.email)
    secret = draft.totp_secret
    return {
        "link": address,
        "qr": segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="#fff", dark="#000"),
        "contact": settings.current().contact,
        "key": [secret[start : start + 4] for start in range(0, len(secret), 4)],
    }
