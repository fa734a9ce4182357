"""The secret connection: what it does, going into it, leaving it (rules.md MI-7)."""

from flask import Response, flash
from flask_babel import gettext

from espace.errors import NotFoundError
from espace.permissions import Permission
from espace.professional.forms import SecretForm
from espace.professional.services import secrecy
from espace.web.attempts import page
from espace.web.guards import requires, viewpoint

from .blueprints import patient_pages, to


@patient_pages.get("/connexion-secrete")
@requires(Permission.PATIENT_PAGE)
def proposing() -> Response:
    """What the secret connection changes, and what was written before it."""
    here = viewpoint()
    if here.standing.is_secret:
        return to(f"{here.base}/")
    if not secrecy.is_offered(here.standing):
        raise NotFoundError
    return page("professional/secret.html", SecretForm(formdata=None))


@patient_pages.post("/connexion-secrete")
@requires(Permission.PATIENT_PAGE)
def begin() -> Response:
    """Go into it; narrowing asks for no proof."""
    here = viewpoint()
    if SecretForm().validate():
        secrecy.begin(here.standing)
    return to(f"{here.base}/")


@patient_pages.post("/connexion-secrete/fin")
@requires(Permission.PATIENT_PAGE)
def leave() -> Response:
    """Leave it, for a page that writes nothing in this record: the next one opened here is told as ever."""
    if SecretForm().validate():
        secrecy.leave(viewpoint().standing)
        flash(gettext("You left the secret connection. Your next visit to this record is seen by the parents."), "warn")
    return to("/pro/")
