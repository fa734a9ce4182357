"""The page of one patient, and the request to read the record."""

from flask import Response, flash
from flask_babel import gettext, ngettext

from espace import db
from espace.access import services as access
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.services.library import overview
from espace.errors import InvalidError
from espace.permissions import Permission
from espace.professional.forms import AskForm
from espace.professional.services import drafts, secrecy
from espace.web.guards import requires, viewpoint
from espace.web.i18n import full_day
from espace.web.rendering import render
from espace.web.viewpoint import Viewpoint

from .blueprints import patient_pages, to


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
        secret_offered=secrecy.is_offered(here.standing) and not here.standing.is_secret,
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


@patient_pages.get("/consentement")
@requires(Permission.ACCESS_ASK)
def consent() -> Response:
    """Where the request stands, and the form to send it."""
    return _asking(AskForm(formdata=None))


def _asking(form: AskForm) -> Response:
    line = access.own_consent(viewpoint().standing)
    return render("professional/ask.html", form=form, line=line, state=access.shown_state(line), status=form.status)


@patient_pages.post("/consentement")
@requires(Permission.ACCESS_ASK)
def ask() -> Response:
    """Send the request; the people of the record are told by e-mail and answer on their phone."""
    here = viewpoint()
    form = AskForm()
    if not form.validate():
        return _asking(form)
    try:
        access.ask(here.standing, form.reason.data or "")
    except InvalidError as error:
        form.refuse(error.problems)
        return _asking(form)
    flash(gettext("Your request is written down. The answer appears here and on your patients page."), "ok")
    return to(f"{here.base}/")
