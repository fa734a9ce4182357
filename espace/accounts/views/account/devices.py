"""Where one is signed in, and the devices the account knows: each may be ended or forgotten from afar (R8)."""

from uuid import UUID

from flask import Response, current_app, flash
from flask_babel import gettext

from espace.accounts.services import devices, sessions
from espace.accounts.services import signed_in as signing
from espace.permissions import Permission
from espace.web.attempts import to
from espace.web.guards import drop_session_cookie, requires, signed_in
from espace.web.rendering import render

from .blueprint import pages

_PLACE = "/compte/appareils"


@pages.get(_PLACE)
@requires(Permission.SECURITY)
def where() -> Response:
    """Open sessions, the one in use first; then every device that signed in before."""
    actor = signed_in()
    live = sessions.live_sessions(actor)
    return render(
        "accounts/account/devices.html",
        sessions=sorted(live, key=lambda line: not line.is_current),
        devices=devices.of(actor.id, actor.session_id),
    )


@pages.post(f"{_PLACE}/sessions/<uuid:session_id>/fin")
@requires(Permission.SECURITY)
def end_session(session_id: UUID) -> Response:
    """End one of one's own sessions; ending the one in use signs out."""
    actor = signed_in()
    signing.end_session(actor, session_id)
    if session_id == actor.session_id:
        return _out()
    flash(gettext("This device is signed out."), "ok")
    return to(_PLACE)


@pages.post(f"{_PLACE}/autres/fin")
@requires(Permission.SECURITY)
def end_others() -> Response:
    """End every session but this one."""
    signing.end_others(signed_in())
    flash(gettext("All your other devices are signed out."), "ok")
    return to(_PLACE)


@pages.post(f"{_PLACE}/<uuid:device_id>/oubli")
@requires(Permission.SECURITY)
def forget_device(device_id: UUID) -> Response:
    """Forget a device: it is signed out, and its next sign-in is told as one from a new device."""
    if signing.forget_device(signed_in(), device_id):
        return _out()
    flash(gettext("This device is forgotten. If it signs in again, you will be told."), "ok")
    return to(_PLACE)


def _out() -> Response:
    response = to("/connexion")
    drop_session_cookie(current_app, response)
    return response
