"""The first page of operators: what waits for each role."""

from uuid import UUID

from flask import Response

from espace import settings
from espace.administration.forms.counter import SearchForm
from espace.administration.services import counter, waiting
from espace.permissions import Permission
from espace.web.attempts import page, to
from espace.web.guards import requires, signed_in
from espace.web.rendering import render

from .blueprints import pages


@pages.get("/admin/")
@requires(Permission.OFFICE)
def home() -> Response:
    """What waits: each role sees its own."""
    actor = signed_in()
    if actor.carries(Permission.OFFICE_COUNTER):
        limit = settings.current().counter_codes_per_day
        left = counter.codes_left(actor)
        return page("administration/counter.html", SearchForm(formdata=None), left=left, limit=limit)
    if actor.carries(Permission.OFFICE_PRIVACY):
        return render("administration/waiting.html", waiting=waiting.for_privacy(), many=waiting.counts())
    return render("administration/health.html", health=waiting.health())


@pages.post("/admin/a-suivre/<uuid:waiting_id>")
@requires(Permission.OFFICE_PRIVACY)
def open_waiting(waiting_id: UUID) -> Response:
    """Open a record that waits: only then is it said whose it is, and the trail says who opened it."""
    return to(f"/admin/personnes/{waiting.open_waiting(signed_in(), waiting_id)}")
