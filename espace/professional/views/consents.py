"""The person's consent, from the professional's side: asked for, or written down beside the person (AR-2)."""

from uuid import UUID

from flask import Response, abort, flash
from flask_babel import gettext

from espace import settings
from espace.access import services as access
from espace.errors import ConflictError, InvalidError
from espace.people import services as people
from espace.people.services import Professional, directory
from espace.permissions import Permission, demand_fresh_proof
from espace.professional.forms import AskForm, ColleagueForm, CollectForm
from espace.web.attempts import attempt, page
from espace.web.guards import requires, viewpoint
from espace.web.rendering import render
from espace.web.viewpoint import Viewpoint
from espace.words import N_

from .blueprints import patient_pages, to

MOST_PLACES = 6


@patient_pages.get("/consentement")
@requires(Permission.ACCESS_ASK)
def consent() -> Response:
    """Where the request stands, the form to send it, and the way to write down a consent given here and now."""
    return _asking(AskForm(formdata=None))


def _asking(form: AskForm) -> Response:
    here = viewpoint()
    line, apart = access.own_consent(here.standing), access.apart(here.actor)
    return render(
        "professional/ask.html",
        form=form.offer(here.actor.structure) if here.actor.structure_id and not apart else form,
        apart=apart,
        line=line,
        state=access.shown_state(line),
        collects=access.may_collect(here.standing),
        identify=settings.current().consent_collected and not here.standing.is_secret,
        status=form.status,
    )


@patient_pages.post("/consentement")
@requires(Permission.ACCESS_ASK)
def ask() -> Response:
    """Send the request; the people of the record are told by e-mail and answer on their phone."""
    here = viewpoint()
    form = AskForm()
    if not form.validate():
        return _asking(form)
    try:
        access.ask(here.standing, form.reason.data or "", scope=form.asked_for)
    except InvalidError as error:
        form.refuse(error.problems)
        return _asking(form)
    flash(gettext("Your request is written down. The answer appears here and on your patients page."), "ok")
    return to(f"{here.base}/")


@patient_pages.get("/consentement/recueillir")
@requires(Permission.ACCESS_ASK)
def choosing() -> Response:
    """For whom the person just agreed: oneself, or a colleague to be found."""
    here = _collecting()
    return page("professional/collect_for.html", ColleagueForm(formdata=None), hits=None, own=here.actor)


@patient_pages.post("/consentement/recueillir")
@requires(Permission.ACCESS_ASK)
def find() -> Response:
    """The colleagues of the directory who fit; one alone is led to at once."""
    here = _collecting()
    form = ColleagueForm()
    name, where = (form.name.data or "").strip(), (form.where.data or "").strip()
    if not form.validate() or not directory.words(name):
        form.refuse({"name": N_("Write the name of the professional, or their RPPS number.")})
        return page("professional/collect_for.html", form, hits=None, own=here.actor)
    known = people.find_professional(name)
    found = (known,) if known else directory.search(name, where).professionals
    if len(found) == 1:
        return to(f"{here.base}/consentement/recueillir/{found[0].id}")
    return page("professional/collect_for.html", form, hits=found, own=here.actor)


@patient_pages.get("/consentement/recueillir/<uuid:professional_id>")
@requires(Permission.ACCESS_ASK)
def collecting(professional_id: UUID) -> Response:
    """What is to be said to the person, and what they answered."""
    here = _collecting()
    demand_fresh_proof(here.actor)
    return _form(_colleague(professional_id), CollectForm(formdata=None))


@patient_pages.post("/consentement/recueillir/<uuid:professional_id>")
@requires(Permission.ACCESS_ASK)
def collect(professional_id: UUID) -> Response:
    """Write it down: it counts from now on, and the person is told at once."""
    here = _collecting()
    found = _colleague(professional_id)
    form = CollectForm()
    if form.validate():
        with attempt(form):
            try:
                access.collect(here.standing, form.command(professional_id))
            except ConflictError:
                flash(gettext("Someone decided meanwhile: nothing was changed. Here is where things stand."), "warn")
                return to(f"{here.base}/consentement")
            flash(gettext("Written down. The person is told now, and can undo it at any time."), "ok")
            return to(f"{here.base}/")
    return _form(found, form)


def _collecting() -> Viewpoint:
    """This viewpoint, where consent can be written down now; else the page that says what can be done."""
    here = viewpoint()
    if not settings.current().consent_collected:
        abort(404)
    if not access.may_collect(here.standing):
        abort(to(f"{here.base}/consentement"))
    return here


def _colleague(professional_id: UUID) -> Professional:
    found = people.professional(professional_id)
    if not found.active:
        abort(404)
    return found


def _form(professional: Professional, form: CollectForm) -> Response:
    here = viewpoint()
    is_self, apart = professional.id == here.actor.id, access.apart_somewhere(professional)
    return page(
        "professional/collect.html",
        form.offer(professional.display_name, access.teams_of(professional)[:MOST_PLACES]),
        professional=professional,
        is_self=is_self,
        apart=apart,
        theirs_alone=apart is not None and not is_self,
    )
