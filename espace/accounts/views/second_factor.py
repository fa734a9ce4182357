"""Activation, the second factor: a passkey, an SMS, an authenticator app, or an e-mail where the house allows it."""

from typing import Any

import segno
from flask import Blueprint, Response, flash
from flask_babel import gettext

from espace.accounts.forms.activation import DigitsForm, PasskeyForm, PhoneForm
from espace.accounts.services import enrolling, factors
from espace.accounts.services.drafts import Draft, Step
from espace.identifiers import readable_phone
from espace.web.attempts import attempt, page, to
from espace.web.i18n import language
from espace.web.visitor import visitor

from .steps import at, helpers, place_of
from .visitor import activation_token

pages = Blueprint("activation_second_factor", __name__)


@pages.get("/activation/securite")
@at(Step.SECURITY)
def choose(draft: Draft) -> Response:
    """The ways there are, in words that help to choose."""
    phone = readable_phone(draft.phone).replace("\u00a0", " ") if draft.phone else ""
    return _choice_page(PhoneForm(formdata=None, phone=phone), draft)


@pages.post("/activation/securite/cle/defi")
@at(Step.SECURITY)
def passkey_options(_draft: Draft) -> Response:
    """What the browser needs to make a passkey."""
    return Response(enrolling.passkey_options(activation_token()), mimetype="application/json")


@pages.post("/activation/securite/cle")
@at(Step.SECURITY)
def add_passkey(draft: Draft) -> Response:
    """Take the passkey the browser made."""
    form, here = PasskeyForm(), visitor()
    if form.validate():
        with attempt(form):
            name = here.system or here.browser
            return to(place_of(enrolling.add_passkey(activation_token(), form.credential.data or "", name).step))
    again = PhoneForm(formdata=None)
    again.form_errors.extend(sentence for _field, sentence in form.faults)
    return _choice_page(again, draft)


@pages.post("/activation/securite/application")
@at(Step.SECURITY)
def choose_app(_draft: Draft) -> Response:
    """Go to the page of the app."""
    enrolling.choose_app(activation_token())
    return to(place_of(Step.APP))


@pages.post("/activation/securite/sms")
@at(Step.SECURITY)
def choose_sms(draft: Draft) -> Response:
    """Send a code to the number."""
    form = PhoneForm()
    if form.validate():
        with attempt(form):
            draft = enrolling.choose_sms(activation_token(), form.phone.data or "", language())
            return to(place_of(draft.step if draft.is_phone_verified else Step.SMS))
    return _choice_page(form, draft)


@pages.post("/activation/securite/e-mail")
@at(Step.SECURITY)
def choose_email_code(_draft: Draft) -> Response:
    """Take codes by e-mail, where the house allows it."""
    return to(place_of(enrolling.choose_email_code(activation_token()).step))


@pages.get("/activation/application")
@at(Step.APP)
def app(draft: Draft) -> Response:
    """The authenticator app: a link for the same phone, a key to type, a QR code."""
    return _app_page(DigitsForm(formdata=None), draft)


@pages.post("/activation/application")
@at(Step.APP)
def check_app(draft: Draft) -> Response:
    """Check that the app counts like us."""
    form = DigitsForm()
    if form.validate():
        with attempt(form):
            return to(place_of(enrolling.check_app_code(activation_token(), form.digits, visitor()).step))
    return _app_page(form, draft)


@pages.get("/activation/sms")
@at(Step.SMS)
def sms(draft: Draft) -> Response:
    """The code sent by SMS."""
    if draft.is_phone_verified:
        return to(place_of(draft.step))
    return _sms_page(DigitsForm(formdata=None), draft)


@pages.post("/activation/sms")
@at(Step.SMS)
def check_sms(draft: Draft) -> Response:
    """Check the code sent by SMS."""
    form = DigitsForm()
    if form.validate():
        with attempt(form):
            return to(place_of(enrolling.check_sms_code(activation_token(), form.digits, visitor()).step))
    return _sms_page(form, draft)


@pages.post("/activation/sms/renvoi")
@at(Step.SMS)
def send_sms_again(draft: Draft) -> Response:
    """Send another code to the same number."""
    form = DigitsForm(formdata=None)
    with attempt(form):
        enrolling.choose_sms(activation_token(), draft.phone, language(), again=True)
        flash(gettext("A new code has been sent. The one before no longer works."), "ok")
        return to(place_of(Step.SMS))
    return _sms_page(form, draft)


def _choice_page(form: PhoneForm, draft: Draft) -> Response:
    facts = {"ways": enrolling.ways(), "sms_trouble": enrolling.sms_trouble()}
    return page("accounts/activation/security.html", form, draft=draft, **facts, **helpers())


def _app_page(form: DigitsForm, draft: Draft) -> Response:
    return page("accounts/activation/app.html", form, **_app_facts(draft), **helpers())


def _app_facts(draft: Draft) -> dict[str, Any]:
    address, secret = factors.app_address(draft.totp_secret, draft.email), draft.totp_secret
    return {
        "link": address,
        "qr": segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="#fff", dark="#000"),
        "key": [secret[start : start + 4] for start in range(0, len(secret), 4)],
    }


def _sms_page(form: DigitsForm, draft: Draft) -> Response:
    trouble, phone = enrolling.sms_trouble(), readable_phone(draft.phone)
    return page("accounts/activation/sms.html", form, phone=phone, sms_trouble=trouble, **helpers())
