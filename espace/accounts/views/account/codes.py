"""Recovery codes: how many are left, ten new ones in their place."""

from flask import Response, flash
from flask_babel import gettext
from werkzeug.datastructures import Headers

from espace.accounts.forms.account import ActForm, KeptForm
from espace.accounts.services import factors, second_steps
from espace.errors import NotFoundError
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import requires, signed_in

from .blueprint import SECURITY, pages, proven

_PLACE = f"{SECURITY}/codes"
_NEW = f"{SECURITY}/codes/nouveaux"


@pages.get(_PLACE)
@requires(Permission.SECURITY)
def codes() -> Response:
    """How many are left, and the way to new ones."""
    actor = proven()
    left = factors.recovery_codes_left(actor.id)
    return page("accounts/account/codes.html", ActForm(formdata=None), left=left)


@pages.post(_PLACE)
@requires(Permission.SECURITY)
def draw_codes() -> Response:
    """Draw ten new ones; those before stay good until the new ones are kept."""
    second_steps.draw_codes(signed_in())
    return to(_NEW)


@pages.get(_NEW)
@requires(Permission.SECURITY)
def new_codes() -> Response:
    """The new codes, until they are kept."""
    return _new_page(KeptForm(formdata=None))


@pages.get(f"{_NEW}/texte")
@requires(Permission.SECURITY)
def new_codes_as_text() -> Response:
    """The new codes as a file to keep."""
    drawn = second_steps.codes_under_way(signed_in())
    if not drawn:
        raise NotFoundError
    lines = [gettext("Your recovery codes for espace"), "", *drawn, ""]
    lines += [gettext("Each code works once. Keep them away from your phone."), ""]
    headers = Headers({"Content-Disposition": 'attachment; filename="codes-de-secours-espace.txt"'})
    return Response("\r\n".join(lines), mimetype="text/plain", headers=headers)


@pages.post(_NEW)
@requires(Permission.SECURITY)
def keep_codes() -> Response:
    """Put the new codes in the place of those before."""
    form = KeptForm()
    if form.validate():
        with attempt(form):
            try:
                second_steps.keep_codes(signed_in())
            except NotFoundError:  # kept by another window, or half an hour over
                flash(gettext("These codes are no longer waiting to be kept. Look at how many you have left."), "tip")
                return to(_PLACE)
            flash(gettext("Your 10 new codes work from now on. Your other devices are signed out."), "ok")
            return to(SECURITY)
    return _new_page(form)


def _new_page(form: Form) -> Response:
    drawn = second_steps.codes_under_way(signed_in())
    return page("accounts/account/codes_new.html", form, codes=drawn) if drawn else to(_PLACE)
