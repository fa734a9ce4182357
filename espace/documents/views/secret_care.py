"""Lines of care that a minor keeps from their parents, and shows them for good (rules.md MI-5, MI-9)."""

from uuid import UUID

from flask import Response, flash, request
from flask_babel import gettext, ngettext

from espace.documents.services import care_history
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import page, to
from espace.web.guards import requires, viewpoint

from .care import days, line_of
from .state_forms import SureOnlyForm


@requires(Permission.DOCUMENTS_KEEP)
def keep(care_id: UUID) -> Response:
    """Keep a line (`ligne`) or the whole visit from the parents; the page says before what that does."""
    here = viewpoint()
    count = care_history.keep_secret(here.standing, care_id, line_of(request.form.get("ligne")))
    if count:
        flash(
            ngettext(
                "Your parents do not see this line any more.",
                "Your parents do not see these %(num)d lines any more.",
                count,
            ),
            "ok",
        )
    return to(f"{here.base}/soins/{care_id}")


@requires(Permission.DOCUMENTS_KEEP)
def opening(care_id: UUID) -> Response:
    """Before the care kept secret of a visit is shown to the parents: nothing takes it back."""
    return _asked(care_id, SureOnlyForm(formdata=None))


@requires(Permission.DOCUMENTS_KEEP)
def open_to_parents(care_id: UUID) -> Response:
    """Show it to them, for good."""
    here = viewpoint()
    form = SureOnlyForm()
    if not form.validate():
        return _asked(care_id, form)
    if care_history.open_to_parents(here.standing, care_id):
        flash(gettext("Done. Your parents can see this care."), "ok")
    return to(f"{here.base}/soins/{care_id}")


def _asked(care_id: UUID, form: SureOnlyForm) -> Response:
    here = viewpoint()
    visit = care_history.visit(here.standing, care_id)
    lines = [line for line in visit.lines if line.is_secret]
    if not lines or not care_history.may_keep_secret(here.standing):
        return to(f"{here.base}/soins/{care_id}")
    demand_fresh_proof(here.actor)
    return page("documents/care_open.html", form, visit=visit, lines=lines, heading=days(visit))
