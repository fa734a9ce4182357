"""The receipt of a carer: what was done in somebody's name, week by week."""

from uuid import UUID

from flask import Response, request

from espace import crypto
from espace.home.services import receipts
from espace.permissions import Permission
from espace.web.guards import requires, viewpoint
from espace.web.i18n import instant
from espace.web.rendering import render

from . import sentences
from .records import record_pages

_PLACE = "carer-receipt"


@record_pages.get("/acces/aidants/<uuid:carer_id>/releve")
@requires(Permission.ACCESS_MANAGE)
def receipt(carer_id: UUID) -> Response:
    """Each week with what was done in it; weeks without an act are left out."""
    here = viewpoint()
    # The number of an act would tell how many there are, those one must not know of included.
    before = crypto.unveil(_PLACE, str(here.record_id), request.args.get("avant", ""))
    found = receipts.receipt(here.standing, carer_id, before=before)
    return render(
        "home/receipt.html",
        carer=found.carer,
        weeks=[
            (
                week,
                [
                    {
                        "when": instant(act.at),
                        "sentence": sentences.sentence(act, mine=False),
                        "for_whom": sentences.for_whom(act, here.standing.holder_name),
                        "titles": [name for thing in act.objects if (name := sentences.named(thing))],
                    }
                    for act in week.acts
                ],
            )
            for week in found.weeks
        ],
        before=crypto.veil(_PLACE, str(here.record_id), found.before) if found.before else "",
        is_first="avant" not in request.args,
    )
