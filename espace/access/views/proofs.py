"""The proof of a decision about who reads a record: what it holds, and the file to take away."""

from uuid import UUID

from flask import Response, flash
from flask_babel import gettext

from espace.access import services as access
from espace.access.forms import ProofForm
from espace.errors import ConflictError
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import page, to
from espace.web.guards import requires, viewpoint

from .blueprints import record_pages


@record_pages.get("/acces/<uuid:consent_id>/preuve")
@requires(Permission.ACCESS_MANAGE)
def proving(consent_id: UUID) -> Response:
    """What the proof says and how it is checked."""
    here = viewpoint()
    line = access.consent(here.standing, consent_id)
    demand_fresh_proof(here.actor)
    return page("access/proof.html", ProofForm(formdata=None), line=line)


@record_pages.post("/acces/<uuid:consent_id>/preuve")
@requires(Permission.ACCESS_MANAGE)
def take(consent_id: UUID) -> Response:
    """The paper and its signature, in one archive; taking it leaves a row."""
    here = viewpoint()
    form = ProofForm()
    if not form.validate() or form.version.data is None:
        return page("access/proof.html", form, line=access.consent(here.standing, consent_id))
    try:
        made = access.proof(here.standing, consent_id, version=form.version.data)
    except ConflictError:
        flash(gettext("Someone decided meanwhile: nothing was changed. Here is where things stand."), "warn")
        return to(f"{here.base}/acces")
    response = Response(made.archive(), mimetype="application/zip")
    response.headers["Content-Disposition"] = 'attachment; filename="preuve-acces.zip"'
    return response
