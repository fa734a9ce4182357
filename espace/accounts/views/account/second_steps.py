"""The second locks: authenticator app, code by SMS, code by e-mail."""

from typing import Any

import segno
from flask import Response, flash
from flask_babel import gettext

from espace import settings
from espace.accounts.forms.account import ActForm
from espace.accounts.forms.activation import DigitsForm
from espace.accounts.services import account_rows, second_steps
from espace.accounts.services.second_steps import AppOffer
from espace.errors import NotFoundError
from espace.identifiers import readable_phone
from espace.notifications.services import can_send, sms_in_trouble
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import requires, signed_in
from espace.web.visitor import visitor

from .blueprint import SECURITY, pages, proven

_APP = f"{SECURITY}/application"
_APP_CODE = f"{SECURITY}/application/code"
_SMS = f"{SECURITY}/sms"
_EMAIL = f"{SECURITY}/code-par-e-mail"


@pages.get(_APP)
@requires(Permission.SECURITY)
def app() -> Response:
    """The authenticator app: add one, change it, take it away."""
    proven()
    return _app_page(ActForm(formdata=None))


@pages.post(_APP)
@requires(Permission.SECURITY)
def change_app() -> Response:
    """Begin to link an app, or unlink the present one."""
    form = ActForm()
    with attempt(form):
        if form.act.data == "remove":
            second_steps.remove_app(signed_in())
            flash(gettext("Your authenticator app is removed. Your other devices are signed out."), "ok")
            return to(SECURITY)
        second_steps.offer_app(signed_in())
        return to(_APP_CODE)
    return _app_page(form)


@pages.get(_APP_CODE)
@requires(Permission.SECURITY)
def app_code() -> Response:
    """The key of the app under way: square, link, letters to type; and the code it shows."""
    return _app_code_page(DigitsForm(formdata=None))


@pages.post(_APP_CODE)
@requires(Permission.SECURITY)
def link_app() -> Response:
    """Link the app once it counts like us."""
    form = DigitsForm()
    if form.validate():
        with attempt(form):
            second_steps.link_app(signed_in(), form.digits, visitor())
            flash(gettext("Your authenticator app is linked. Your other devices are signed out."), "ok")
            return to(SECURITY)
    return _app_code_page(form)


@pages.get(_SMS)
@requires(Permission.SECURITY)
def sms() -> Response:
    """Whether codes come by SMS."""
    proven()
    return _sms_page(ActForm(formdata=None))


@pages.post(_SMS)
@requires(Permission.SECURITY)
def switch_sms() -> Response:
    """Have codes come by SMS, or no longer."""
    form = ActForm()
    with attempt(form):
        on = form.act.data == "on"
        second_steps.switch_sms(signed_in(), on=on)
        flash(gettext("Codes by SMS are on.") if on else gettext("Codes by SMS are off."), "ok")
        return to(SECURITY)
    return _sms_page(form)


@pages.get(_EMAIL)
@requires(Permission.SECURITY)
def email_code_switch() -> Response:
    """Whether codes come by e-mail; only where the operator of the house allows it, or one still has it."""
    proven()
    return _email_page(ActForm(formdata=None))


@pages.post(_EMAIL)
@requires(Permission.SECURITY)
def switch_email_code() -> Response:
    """Have codes come by e-mail, or no longer."""
    form = ActForm()
    with attempt(form):
        on = form.act.data == "on"
        second_steps.switch_email_code(signed_in(), on=on)
        flash(gettext("Codes by e-mail are on.") if on else gettext("Codes by e-mail are off."), "ok")
        return to(SECURITY)
    return _email_page(form)


def _app_page(form: Form) -> Response:
    linked = bool(account_rows.held(signed_in().id).facts.get("totp_secret"))
    return page("accounts/account/app.html", form, linked=linked)


def _app_code_page(form: Form) -> Response:
    offer = second_steps.app_under_way(signed_in())
    if offer:
        return page("accounts/account/app_code.html", form, **_app_facts(offer))
    for _field, sentence in form.faults[:1]:  # the key is over: there is no field left to say it beside
        flash(sentence, "warn")
    return to(_APP)


def _app_facts(offer: AppOffer) -> dict[str, Any]:
    return {
        "link": offer.address,
        "qr": segno.make(offer.address, error="m").svg_data_uri(scale=5, border=4, light="#fff", dark="#000"),
        "key": [offer.secret[start : start + 4] for start in range(0, len(offer.secret), 4)],
    }


def _sms_page(form: Form) -> Response:
    account = account_rows.held(signed_in().id)
    return page(
        "accounts/account/sms.html",
        form,
        phone=readable_phone(account.phone) if account.phone else "",
        on=bool(account.facts.get("sms")),
        possible=can_send(),
        trouble=can_send() and sms_in_trouble(),
    )


def _email_page(form: Form) -> Response:
    account = account_rows.held(signed_in().id)
    on = bool(account.facts.get("email_code"))
    if not on and not settings.current().email_code_allowed:
        raise NotFoundError
    return page("accounts/account/email_switch.html", form, email=account.email, on=on)
