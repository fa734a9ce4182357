"""What operators did, for the privacy officer."""

from flask import Response, request

from espace import crypto
from espace.audit import services as audit
from espace.audit.services import Action
from espace.permissions import Permission
from espace.web.guards import requires, signed_in
from espace.web.rendering import render

from . import words
from .blueprints import pages

_PLACE, _SCOPE, _PAGE = "office-place", "office", 40


@pages.get("/admin/activite")
@requires(Permission.OFFICE_PRIVACY)
def activity() -> Response:
    """Every act of every operator, newest first. Reading it is an act too."""
    before = crypto.unveil(_PLACE, _SCOPE, request.args.get("avant", ""))
    found = audit.office_acts(before=before, limit=_PAGE + 1)
    audit.record_office(signed_in(), Action.ACTIVITY_READ)
    shown = found[:_PAGE]
    older = crypto.veil(_PLACE, _SCOPE, shown[-1].sequence) if len(found) > _PAGE else ""
    return render(
        "administration/activity.html",
        days=words.by_day(words.act_lines(shown)),
        older=older,
        is_first=before is None,
    )
