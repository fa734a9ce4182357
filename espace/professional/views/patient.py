"""The page of one patient, and the request to read the record."""

from flask import Response
from flask_babel import gettext, ngettext

from espace import db
from espace.access import services as access
from espace.access.services.emergencies import rescuers
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.services.library import overview
from espace.permissions import Permission
from espace.professional.services import drafts, secrecy
from espace.web.guards import requires, viewpoint
from espace.web.i18n import full_day
from espace.web.rendering import render
from espace.web.viewpoint import Viewpoint

from .blueprints import patient_pages


@patient_pages.get("/")
@requires(Permission.PATIENT_PAGE)
def patient() -> Response:
    """With access: the ways into the record. Without: deposit and request, nothing of what the record holds."""
    here = viewpoint()
    reads = here.may(Permission.DOCUMENTS_READ)
    with db.write():
        line = access.own_consent(here.standing)
        if reads:
            access.note_visit(here.standing)
        audit.record(here.actor, here.record_id, Action.PATIENT_PAGE_OPENED, relation=here.standing.relation)
    return render(
        "professional/patient.html",
        reads=reads,
        may_rescue=here.may(Permission.ACCESS_ASK) and rescuers.may_break_glass(here.actor),
        secret_offered=secrecy.is_offered(here.standing) and not here.standing.is_secret,
        apart=access.apart(here.actor),
        state=access.shown_state(line),
        line=line,
        drafts=drafts.drafts(here.standing) if here.may(Permission.DOCUMENTS_DEPOSIT) else [],
        aside=drafts.aside(here.standing) if here.may(Permission.DOCUMENTS_DEPOSIT) else [],
        news=_news(here) if reads else "",
    )


def _news(here: Viewpoint) -> str:
    """How much came in since this professional last looked at the documents; "" when they never did, or nothing."""
    around = overview.overview(here.standing)
    last = around.reader.last_visit_at
    if last is None or not around.new:
        return ""
    day = full_day(last)
    if around.new > overview.MANY:
        return str(
            gettext("More than %(count)s new documents since your visit of %(when)s.", count=overview.MANY, when=day)
        )
    return str(
        ngettext(
            "%(num)d new document since your visit of %(when)s.",
            "%(num)d new documents since your visit of %(when)s.",
            around.new,
            when=day,
        )
    )
