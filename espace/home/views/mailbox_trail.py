"""What was done in a mailbox of professionals, one by one, newest first: for who answers for it."""

from itertools import groupby
from uuid import UUID

from flask import Blueprint, Response, request

from espace import crypto
from espace.audit import services as audit
from espace.messaging.services.practice import mailboxes
from espace.permissions import Permission
from espace.web.guards import requires, signed_in
from espace.web.i18n import at_moment, near_day
from espace.web.rendering import render

from . import sentences

pages = Blueprint("mailbox_trail", __name__)
PAGE = 30
_PLACE = "mailbox-trail-place"


@pages.get("/pro/messages/<uuid:mailbox_id>/reglages/historique")
@requires(Permission.PRACTICE)
def trail(mailbox_id: UUID) -> Response:
    """A page of the mailbox's own trail; `avant` leads to older acts."""
    actor = signed_in()
    facts = mailboxes.led(actor, mailbox_id)
    before = crypto.unveil(_PLACE, str(mailbox_id), request.args.get("avant", ""))
    found = audit.entries(mailbox_id, mine=False, holder_actor_ids=[], before=before, limit=PAGE + 1)
    shown = found[:PAGE]
    lines = [
        (near_day(one.at), at_moment(one.at), sentences.sentence(one, mine=one.actor_id == actor.id)) for one in shown
    ]
    return render(
        "home/mailbox_trail.html",
        facts=facts,
        days=[(day, list(group)) for day, group in groupby(lines, key=lambda line: line[0])],
        older=crypto.veil(_PLACE, str(mailbox_id), shown[-1].sequence) if len(found) > PAGE else "",
        is_first="avant" not in request.args,
    )
