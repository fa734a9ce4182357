"""Passkeys: several, each with a name. Making one needs script; the page says so, and what to choose instead."""

from uuid import UUID

from flask import Response, flash
from flask_babel import gettext

from espace.accounts.forms.account import ActForm, NameForm, NewPasskeyForm
from espace.accounts.services import passkeys, second_steps
from espace.accounts.services.signed_in import device_name
from espace.errors import NotFoundError
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import requires, signed_in
from espace.web.visitor import visitor

from .blueprint import SECURITY, pages, proven

_PLACE = f"{SECURITY}/cles"
_ONE = f"{SECURITY}/cles/<uuid:passkey_id>"


@pages.get(_PLACE)
@requires(Permission.SECURITY)
def list_passkeys() -> Response:
    """The passkeys one has, and the way to another."""
    proven()
    return _page(NewPasskeyForm(formdata=None))


@pages.post(f"{_PLACE}/defi")
@requires(Permission.SECURITY)
def passkey_options() -> Response:
    """What the browser needs to make a passkey."""
    return Response(second_steps.passkey_options(signed_in()), mimetype="application/json")


@pages.post(_PLACE)
@requires(Permission.SECURITY)
def add_passkey() -> Response:
    """Keep the passkey the browser made; without a name, it gets that of the device."""
    form = NewPasskeyForm()
    if form.validate():
        with attempt(form):
            here = visitor()
            name = (form.name.data or "").strip() or device_name(here.browser, here.system)
            second_steps.add_passkey(signed_in(), form.credential.data or "", name)
            flash(gettext("Your passkey is ready. Your other devices are signed out."), "ok")
            return to(SECURITY)
    return _page(form)


@pages.get(_ONE)
@requires(Permission.SECURITY)
def one_passkey(passkey_id: UUID) -> Response:
    """One passkey: its name, since when, last use."""
    proven()
    return _one_page(NameForm(formdata=None, name=_line(passkey_id).name), passkey_id)


@pages.post(_ONE)
@requires(Permission.SECURITY)
def change_passkey(passkey_id: UUID) -> Response:
    """Give it another name, or take it away."""
    if ActForm().act.data == "remove":
        form = NameForm(formdata=None, name=_line(passkey_id).name)
        with attempt(form):
            second_steps.remove_passkey(signed_in(), passkey_id)
            flash(gettext("This passkey is removed. Your other devices are signed out."), "ok")
            return to(SECURITY)
        return _one_page(form, passkey_id)
    form = NameForm()
    if form.validate():
        with attempt(form):
            second_steps.rename_passkey(signed_in(), passkey_id, form.name.data or "")
            flash(gettext("This passkey has its new name."), "ok")
            return to(_PLACE)
    return _one_page(form, passkey_id)


def _line(passkey_id: UUID) -> passkeys.PasskeyLine:
    found = next((line for line in passkeys.of(signed_in().id) if line.id == passkey_id), None)
    if found is None:
        raise NotFoundError
    return found


def _page(form: Form) -> Response:
    return page(
        "accounts/account/passkeys.html", form, passkeys=passkeys.of(signed_in().id), possible=passkeys.possible()
    )


def _one_page(form: Form, passkey_id: UUID) -> Response:
    return page("accounts/account/passkey.html", form, passkey=_line(passkey_id))
