"""What the people of a record decide beforehand about emergencies, and the openings of the last weeks."""

from uuid import UUID

from flask import Response, abort, flash, session
from flask_babel import gettext, ngettext

from espace import db, settings
from espace.access.services import EmergencyMode
from espace.access.services.emergencies import emergency, ending, oppositions
from espace.access.services.emergencies.emergency import WHY, Opening
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import StepUpError
from espace.permissions import Permission, Standing
from espace.web.attempts import to
from espace.web.guards import requires, viewpoint
from espace.web.rendering import render
from espace.words import N_

from .blueprints import record_pages

MODES = {"soignant": EmergencyMode.BREAK_GLASS, "centre-15": EmergencyMode.CENTRE_15}
_CLOSED = {
    EmergencyMode.BREAK_GLASS: N_("Done. No carer on the spot opens this record in an emergency any more, as of now."),
    EmergencyMode.CENTRE_15: N_("Done. The doctor of the centre 15 reads nothing any more, as of now."),
}
_ALLOWED = {
    EmergencyMode.BREAK_GLASS: N_("Done. A carer on the spot can open this record in an emergency."),
    EmergencyMode.CENTRE_15: N_("Done. The doctor of the centre 15 can read this record during a call."),
}


@record_pages.get("/acces/urgence")
@requires(Permission.ACCESS_MANAGE)
def emergencies() -> Response:
    """The two switches, each by itself (rules.md AR-9), and who opened the record lately."""
    standing = viewpoint().standing
    return render(
        "access/emergency.html",
        switches=oppositions.switches(standing),
        modes=MODES,
        openings=_read(standing),
        why=WHY,
        hours=settings.current().emergency_hours,
    )


def _read(standing: Standing) -> list[Opening]:
    """The openings; who reads them for somebody else, or beside a helper, leaves a trace, committed first."""
    if not standing.is_watched:
        return emergency.recent(standing)
    with db.write():
        found = emergency.recent(standing)
        audit.record(
            standing.actor,
            standing.record_id,
            Action.ACCESSES_READ,
            relation=standing.relation,
            objects=[{"id": str(one.id), "name": one.name} for one in found],
        )
    return found


@record_pages.post("/acces/urgence/<mode>/refus")
@requires(Permission.ACCESS_MANAGE)
def oppose(mode: str) -> Response:
    """Keep a way closed: one press, no proof."""
    chosen = _mode(mode)
    oppositions.oppose(viewpoint().standing, chosen)
    flash(gettext(_CLOSED[chosen].msgid), "ok")
    return _back()


@record_pages.post("/acces/urgence/<mode>/accord")
@requires(Permission.ACCESS_MANAGE)
def allow(mode: str) -> Response:
    """Leave a way open again: it opens further, so the proof is shown first, then the press is made again."""
    chosen = _mode(mode)
    try:
        oppositions.allow(viewpoint().standing, chosen)
    except StepUpError:
        session["next"] = f"{viewpoint().base}/acces/urgence"
        return to("/connexion/preuve")
    flash(gettext(_ALLOWED[chosen].msgid), "ok")
    return _back()


@record_pages.post("/acces/urgence/<uuid:opening_id>/fin")
@requires(Permission.ACCESS_MANAGE)
def close(opening_id: UUID) -> Response:
    """Close an opening that still stands: one press."""
    if ending.stop(viewpoint().standing, opening_id):
        hours = settings.current().emergency_hours
        said = ngettext(
            "Done. They see nothing any more, and cannot open it again this way for %(num)d hour.",
            "Done. They see nothing any more, and cannot open it again this way for %(num)d hours.",
            hours,
        )
        flash(said, "ok")
    return _back()


def _mode(word: str) -> EmergencyMode:
    if word not in MODES:
        abort(404)
    return MODES[word]


def _back() -> Response:
    return to(f"{viewpoint().base}/acces/urgence")
