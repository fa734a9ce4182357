"""An operator's first sign-in: the invitation, a password, an app, recovery codes. Nobody is signed in yet."""

from typing import Any

import segno
from flask import Response, flash, session
from flask_babel import gettext
from werkzeug.datastructures import Headers

from espace.accounts.services import factors, invitations
from espace.accounts.services.invitations import Enrolling
from espace.administration.forms.operators import AppForm, InvitationForm, KeepForm, PasswordForm
from espace.errors import NotFoundError
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import public
from espace.web.visitor import visitor

from .blueprints import pages

_HELD = "invitation"
_START, _PASSWORD, _APP, _CODES = (
    "/invitation",
    "/invitation/mot-de-passe",
    "/invitation/application",
    "/invitation/codes",
)


@pages.get("/invitation")
@public
def invitation() -> Response:
    """The address and the code of the invitation."""
    return page("administration/invitation/start.html", InvitationForm(formdata=None))


@pages.post("/invitation")
@public
def begin_invitation() -> Response:
    """Recognise who was invited; unknown ones read the same sentence."""
    form = InvitationForm()
    if form.validate():
        with attempt(form):
            session[_HELD] = invitations.begin(form.email.data or "", form.code.data or "", visitor())
            return to(_PASSWORD)
    return page("administration/invitation/start.html", form)


@pages.get("/invitation/mot-de-passe")
@public
def invitation_password() -> Response:
    """The password."""
    found = _current()
    return _password(found, PasswordForm(formdata=None)) if found else _over()


@pages.post("/invitation/mot-de-passe")
@public
def choose_invitation_password() -> Response:
    """Take the password."""
    found, form = _current(), PasswordForm()
    if found is None:
        return _over()
    if form.validate():
        with attempt(form):
            invitations.choose_password(session[_HELD], form.password.data or "")
            return to(_APP)
    return _password(found, form)


@pages.get("/invitation/application")
@public
def invitation_app() -> Response:
    """The authenticator app."""
    found = _current()
    if found is None:
        return _over()
    return _app(found, AppForm(formdata=None)) if found.has_password else to(_PASSWORD)


@pages.post("/invitation/application")
@public
def check_invitation_app() -> Response:
    """Check that the app counts like us."""
    found, form = _current(), AppForm()
    if found is None:
        return _over()
    if not found.has_password:
        return to(_PASSWORD)
    if form.validate():
        with attempt(form):
            invitations.check_app_code(session[_HELD], form.digits, visitor())
            return to(_CODES)
    return _app(found, form)


@pages.get("/invitation/codes")
@public
def invitation_codes() -> Response:
    """The recovery codes."""
    found = _current()
    if found is None:
        return _over()
    return _codes(found, KeepForm(formdata=None)) if found.codes else to(_APP)


@pages.get("/invitation/codes/texte")
@public
def invitation_codes_text() -> Response:
    """The recovery codes as a file to keep."""
    found = _current()
    if found is None or not found.codes:
        return _over()
    lines = [gettext("Your recovery codes for espace"), "", *found.codes, ""]
    lines += [gettext("Each code works once. Keep them away from your phone."), ""]
    headers = Headers({"Content-Disposition": 'attachment; filename="codes-de-secours-espace.txt"'})
    return Response("\r\n".join(lines), mimetype="text/plain", headers=headers)


@pages.post("/invitation/codes")
@public
def finish_invitation() -> Response:
    """Open the account; the operator signs in like anybody."""
    found, form = _current(), KeepForm()
    if found is None:
        return _over()
    if form.validate():
        try:
            invitations.finish(session[_HELD])
        except NotFoundError:  # another browser was quicker
            return _over()
        session.pop(_HELD, None)
        flash(gettext("Your account is ready. Sign in."), "ok")
        return to("/connexion")
    return _codes(found, form)


def _current() -> Enrolling | None:
    return invitations.current(session.get(_HELD, ""))


def _over() -> Response:
    session.pop(_HELD, None)
    flash(gettext("To go on, give your address and the code of your invitation again."), "tip")
    return to(_START)


def _password(found: Enrolling, form: Form) -> Response:
    return page("administration/invitation/password.html", form, one=found.operator)


def _app(found: Enrolling, form: Form) -> Response:
    address, secret = factors.app_address(found.totp_secret, found.operator.email), found.totp_secret
    facts: dict[str, Any] = {
        "link": address,
        "qr": segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="#fff", dark="#000"),
        "key": [secret[start : start + 4] for start in range(0, len(secret), 4)],
    }
    return page("administration/invitation/app.html", form, **facts)


def _codes(found: Enrolling, form: Form) -> Response:
    return page("administration/invitation/codes.html", form, codes=found.codes)
