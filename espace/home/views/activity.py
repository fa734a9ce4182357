"""What happened on one's account: sign-ins and changes, one by one, newest first (design 3.5)."""

from itertools import groupby
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from espace import crypto
from espace.audit.services import Entry
from espace.home import services
from espace.permissions import Permission
from espace.web.guards import requires, signed_in
from espace.web.i18n import at_moment, near_day
from espace.web.rendering import render

from . import sentences, tones

pages = Blueprint("activity", __name__)

_PLACE = "activity-place"


@pages.get("/compte/activite")
@requires(Permission.SECURITY)
def activity() -> Response:
    """A page of the account's own trail."""
    actor = signed_in()
    before = crypto.unveil(_PLACE, str(actor.id), request.args.get("avant", ""))
    page = services.account_activity(actor, before=before)
    lines = [_line(entry, actor.id) for entry in page.entries]
    return render(
        "home/activity.html",
        fragments={"activity": "home/_activity_days.html"},
        days=[(day, list(group)) for day, group in groupby(lines, key=lambda line: line["day"])],
        before=crypto.veil(_PLACE, str(actor.id), page.before) if page.before else "",
        is_first="avant" not in request.args,
    )


def _line(entry: Entry, account_id: UUID) -> dict[str, Any]:
    mine = entry.actor_id == account_id
    where = ", ".join(filter(None, (entry.detail.get("browser", ""), entry.detail.get("system", ""))))
    return {
        "day": near_day(entry.at),
        "when": at_moment(entry.at),
        "sentence": sentences.sentence(entry, mine=mine),
        "where": where,
        "helped": sentences.helped(entry),
        "is_new_device": entry.detail.get("device") == "new",
        "tone": tones.tone(entry).value,
        "mine": mine,
    }
