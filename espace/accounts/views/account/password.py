"""Change of password: the present one, the new one, and a fresh second factor besides."""

from flask import Response, flash
from flask_babel import gettext

from espace.accounts.forms.account import PasswordChangeForm
from espace.accounts.services import account_rows, contacts
from espace.errors import ConflictError
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, signed_in
from espace.web.visitor import visitor

from .blueprint import SECURITY, pages, proven

_PLACE = f"{SECURITY}/mot-de-passe"


@pages.get(_PLACE)
@requires(Permission.SECURITY)
def password() -> Response:
    """The form."""
    proven()
    return _page(PasswordChangeForm(formdata=None))


@pages.post(_PLACE)
@requires(Permission.SECURITY)
def change_password() -> Response:
    """Take the new password; the other devices are signed out."""
    form = PasswordChangeForm()
    if form.validate():
        with attempt(form):
            try:
                contacts.change_password(signed_in(), form.current.data or "", form.password.data or "", visitor())
            except ConflictError:
                form.refuse({"current": gettext("Your password was changed on another device meanwhile.")})
                return _page(form)
            flash(gettext("Your new password is in use. Your other devices are signed out."), "ok")
            return to(SECURITY)
    return _page(form)


def _page(form: PasswordChangeForm) -> Response:
    return page("accounts/account/password.html", form, email=account_rows.held(signed_in().id).email)
