"""The secret connection (rules.md MI-7), and one's own secret deposit shown to the parents (MI-6, MI-9)."""

from uuid import UUID

from flask import Response, flash
from flask_babel import gettext

from espace.documents.services.deciding import secrecy as documents_secrecy
from espace.permissions import Permission, demand_fresh_proof
from espace.professional.forms import OpenForm, SecretForm
from espace.professional.services import drafts, secrecy
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
        return to(f"{here.base}/")
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


@patient_pages.get("/deposer/<uuid:draft_id>/parents")
@requires(Permission.DOCUMENTS_DEPOSIT)
def opening(draft_id: UUID) -> Response:
    """Before one's own secret deposit is shown to the parents: nothing takes it back (MI-9)."""
    return _asked(draft_id, OpenForm(formdata=None))


@patient_pages.post("/deposer/<uuid:draft_id>/parents")
@requires(Permission.DOCUMENTS_DEPOSIT)
def open_to_parents(draft_id: UUID) -> Response:
    """Show it to them, as the patient asked."""
    here = viewpoint()
    form = OpenForm()
    draft = drafts.draft(here.standing, draft_id)
    if not form.validate() or draft.deposited is None:
        return _asked(draft_id, form)
    if documents_secrecy.open_own(here.standing, draft.deposited):
        flash(gettext("Done. This document is no longer kept from the parents."), "ok")
    return to(f"{here.base}/")


def _asked(draft_id: UUID, form: OpenForm) -> Response:
    here = viewpoint()
    draft = drafts.draft(here.standing, draft_id)
    found = documents_secrecy.opens_own(here.standing, draft.deposited) if draft.deposited else None
    if found is None:
        return to(f"{here.base}/deposer/{draft_id}/recu")
    demand_fresh_proof(here.actor)
    return page("professional/open_to_parents.html", form, document=found, draft=draft)
