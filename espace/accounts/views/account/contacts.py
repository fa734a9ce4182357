"""Change of e-mail address and telephone: the new one, then the code it receives."""

from flask import Response, flash
from flask_babel import gettext

from espace.accounts.forms.account import ActForm, NewEmailForm, NewPhoneForm
from espace.accounts.forms.activation import DigitsForm
from espace.accounts.services import account_rows, contacts
from espace.accounts.services.contacts import NEW_EMAIL, NEW_PHONE
from espace.errors import InvalidError
from espace.identifiers import readable_phone
from espace.notifications.services import can_send, sms_in_trouble
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import requires, signed_in
from espace.web.visitor import visitor

from .blueprint import SECURITY, pages, proven

_EMAIL = f"{SECURITY}/adresse"
_EMAIL_CODE = f"{SECURITY}/adresse/code"
_PHONE = f"{SECURITY}/telephone"
_PHONE_CODE = f"{SECURITY}/telephone/code"


@pages.get(_EMAIL)
@requires(Permission.SECURITY)
def email() -> Response:
    """Another e-mail address."""
    proven()
    return _email_page(NewEmailForm(formdata=None))


@pages.post(_EMAIL)
@requires(Permission.SECURITY)
def ask_email() -> Response:
    """Send a code to it: the same answer whether the address is taken or not (R5)."""
    form = NewEmailForm()
    if form.validate():
        with attempt(form):
            contacts.ask_new_email(signed_in(), form.address)
            return to(_EMAIL_CODE)
    return _email_page(form)


@pages.get(_EMAIL_CODE)
@requires(Permission.SECURITY)
def email_code() -> Response:
    """The code the new address received."""
    proven()
    return _code_page(DigitsForm(formdata=None), NEW_EMAIL)


@pages.post(_EMAIL_CODE)
@requires(Permission.SECURITY)
def check_email_code() -> Response:
    """Take the address, or send its code again; that it is taken is said to who reads its mailbox only."""
    if ActForm().act.data == "again":
        return _send_again(NEW_EMAIL)
    form = DigitsForm()
    if form.validate():
        with attempt(form):
            try:
                contacts.check_new_email(signed_in(), form.digits, visitor())
            except InvalidError as error:
                if "email" not in error.problems:
                    raise
                again = NewEmailForm(formdata=None)
                again.refuse(error.problems)
                return _email_page(again)
            flash(gettext("Your new address is in use. Your other devices are signed out."), "ok")
            return to(SECURITY)
    return _code_page(form, NEW_EMAIL)


@pages.get(_PHONE)
@requires(Permission.SECURITY)
def phone() -> Response:
    """Another mobile number, or none."""
    proven()
    return _phone_page(NewPhoneForm(formdata=None))


@pages.post(_PHONE)
@requires(Permission.SECURITY)
def ask_phone() -> Response:
    """Send a code to the new number, or forget the present one."""
    if ActForm().act.data == "remove":
        return _remove_phone()
    form = NewPhoneForm()
    if form.validate():
        with attempt(form):
            contacts.ask_new_phone(signed_in(), form.number)
            return to(_PHONE_CODE)
    return _phone_page(form)


@pages.get(_PHONE_CODE)
@requires(Permission.SECURITY)
def phone_code() -> Response:
    """The code the new number received."""
    proven()
    return _code_page(DigitsForm(formdata=None), NEW_PHONE)


@pages.post(_PHONE_CODE)
@requires(Permission.SECURITY)
def check_phone_code() -> Response:
    """Take the number, or send its code again."""
    if ActForm().act.data == "again":
        return _send_again(NEW_PHONE)
    form = DigitsForm()
    if form.validate():
        with attempt(form):
            contacts.check_new_phone(signed_in(), form.digits, visitor())
            flash(gettext("Your new number is in use. Your other devices are signed out."), "ok")
            return to(SECURITY)
    return _code_page(form, NEW_PHONE)


def _remove_phone() -> Response:
    form = NewPhoneForm(formdata=None)
    with attempt(form):
        contacts.remove_phone(signed_in())
        flash(gettext("Your number is removed. Your other devices are signed out."), "ok")
        return to(SECURITY)
    return _phone_page(form)


def _send_again(purpose: str) -> Response:
    form = DigitsForm(formdata=None)
    with attempt(form):
        if contacts.send_again(signed_in(), purpose):
            flash(gettext("A new code has been sent. The one before no longer works."), "ok")
        return to(_EMAIL_CODE if purpose == NEW_EMAIL else _PHONE_CODE)
    return _code_page(form, purpose)


def _email_page(form: Form) -> Response:
    return page("accounts/account/email.html", form, email=account_rows.held(signed_in().id).email)


def _phone_page(form: Form) -> Response:
    account = account_rows.held(signed_in().id)
    number = readable_phone(account.phone) if account.phone else ""
    return page(
        "accounts/account/phone.html",
        form,
        phone=number,
        sms_on=bool(account.facts.get("sms")),
        possible=can_send(),
        trouble=can_send() and sms_in_trouble(),
    )


def _code_page(form: Form, purpose: str) -> Response:
    """The form for the code; when none is awaited any more, back to where the address is given."""
    place = _EMAIL if purpose == NEW_EMAIL else _PHONE
    address = contacts.address_under_way(signed_in(), purpose)
    if not address:
        for _field, sentence in form.faults[:1]:  # the code is over: there is none left to type
            flash(sentence, "warn")
        return to(place)
    by_sms = purpose == NEW_PHONE
    shown = readable_phone(address) if by_sms else address
    return page(
        "accounts/account/sent_code.html",
        form,
        address=shown,
        place=place,
        by_sms=by_sms,
        trouble=by_sms and sms_in_trouble(),
    )
