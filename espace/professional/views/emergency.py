"""Opening a record in an emergency: the quick way in, the reason, what it will do, the end, and what follows."""

from uuid import UUID

from flask import Response, flash
from flask_babel import gettext

from espace import clock
from espace.access.services import EmergencyMode
from espace.access.services.emergencies import emergency, ending, rescuers, reviews
from espace.access.services.emergencies.emergency import WHY, Why
from espace.errors import InvalidError, NotFoundError
from espace.family.services.growing import stages
from espace.family.services.growing.stages import Change
from espace.permissions import Actor, Permission, demand_fresh_proof
from espace.professional.forms import CallForm, EmergencyForm, ExplainForm, SearchForm
from espace.professional.services import emergencies
from espace.professional.services.search import find_patient
from espace.web.attempts import attempt, page
from espace.web.guards import requires, signed_in, viewpoint
from espace.web.i18n import moment

from .blueprints import pages, patient_pages, to

OPEN, BACK = "ouvrir", "corriger"


@pages.get("/pro/urgence")
@requires(Permission.PRACTICE)
def quick_entry() -> Response:
    """The quick way in: exact identity, then the reason. The proof comes first, so that nobody types for nothing."""
    _rescuer(signed_in())
    demand_fresh_proof(signed_in())
    return _entering(SearchForm(formdata=None))


@pages.post("/pro/urgence")
@requires(Permission.PRACTICE)
def quick_find() -> Response:
    """Find exactly this person, then say why."""
    _rescuer(signed_in())
    demand_fresh_proof(signed_in())
    form = SearchForm()
    if form.validate():
        with attempt(form):
            return to(f"/pro/patients/{find_patient(signed_in(), form.command())}/urgence")
    return _entering(form)


def _rescuer(actor: Actor) -> None:
    """Only health professionals find these pages (rules.md AR-7)."""
    if not rescuers.may_break_glass(actor):
        raise NotFoundError


def _entering(form: SearchForm) -> Response:
    return page("professional/emergency_entry.html", form, regulates=rescuers.regulates(signed_in()))


@patient_pages.get("/urgence")
@requires(Permission.ACCESS_ASK)
def reasons() -> Response:
    """The first step: what it does, the reason. Where the record stands open already, one is led into it."""
    here = viewpoint()
    if here.in_emergency:
        return to(f"{here.base}/")
    _rescuer(here.actor)
    demand_fresh_proof(here.actor)
    return _asking(EmergencyForm(formdata=None), CallForm(formdata=None))


@patient_pages.post("/urgence")
@requires(Permission.ACCESS_ASK)
def open_glass() -> Response:
    """The second step reads the reason again; only then the record opens."""
    here = viewpoint()
    _rescuer(here.actor)
    demand_fresh_proof(here.actor)
    form = EmergencyForm().offer()
    if not form.validate() or form.step.data == BACK:
        return _asking(form, CallForm(formdata=None))
    with attempt(form):
        why, words = emergency.checked(EmergencyMode.BREAK_GLASS, form.why.data or "", form.words.data or "")
        if form.step.data != OPEN:
            return _confirming(form, why, words)
        return _opened(EmergencyMode.BREAK_GLASS, why.value, words)
    return _asking(form, CallForm(formdata=None))


@patient_pages.post("/urgence/appel")
@requires(Permission.ACCESS_ASK)
def open_call() -> Response:
    """A doctor of the centre 15 answers a call about the person: one step."""
    here = viewpoint()
    if not rescuers.regulates(here.actor):
        raise NotFoundError
    demand_fresh_proof(here.actor)
    form = CallForm()
    if form.validate():
        with attempt(form):
            return _opened(EmergencyMode.CENTRE_15, Why.CALL.value, form.reference.data or "")
    return _asking(EmergencyForm(formdata=None), form)


def _opened(mode: EmergencyMode, why: str, words: str) -> Response:
    here = viewpoint()
    until = emergency.open_record(here.standing, mode, why, words)
    flash(gettext("The record is open until %(time)s. The person is told.", time=moment(until)), "ok")
    return to(f"{here.base}/documents")


def _asking(form: EmergencyForm, call: CallForm) -> Response:
    here = viewpoint()
    return page(
        "professional/emergency.html",
        call if call.errors else form,
        reasons=form.offer(),
        call=call,
        regulates=rescuers.regulates(here.actor),
        has_access=here.may(Permission.DOCUMENTS_READ),
        until=clock.now() + emergency.longest(),
        readers=_readers(),
        most=emergency.MOST_WORDS,
    )


def _readers() -> str:
    """Who reads what is written here."""
    standing = viewpoint().standing
    least = emergency.LEAST_WORDS
    if stages.holds(standing, Change.SECRET_CONNECTION):
        return str(gettext("At least %(least)s characters. The minor reads it, the parents do not.", least=least))
    if not stages.holds(standing, Change.PARENTS_END):
        return str(gettext("At least %(least)s characters. The parents read it.", least=least))
    return str(gettext("At least %(least)s characters. The person reads it.", least=least))


def _confirming(form: EmergencyForm, why: Why, words: str) -> Response:
    return page(
        "professional/emergency_confirm.html",
        form,
        why=gettext(WHY[why].msgid),
        words=words,
        until=clock.now() + emergency.longest(),
    )


@patient_pages.post("/urgence/fin")
@requires(Permission.PATIENT_PAGE)
def end() -> Response:
    """One tap: nothing is read by the emergency any more."""
    if ending.end(viewpoint().standing):
        flash(gettext("The emergency access is ended. Nothing is read by it any more."), "ok")
    return to("/pro/urgences")


@pages.get("/pro/urgences")
@requires(Permission.PRACTICE)
def concerning() -> Response:
    """What stands open, what is to be explained, what happened to one's patients."""
    return _concerning(ExplainForm(formdata=None))


def _concerning(form: ExplainForm, wrong: UUID | None = None) -> Response:
    found = emergencies.emergencies(signed_in())
    if wrong is not None:
        form.words.id = f"words-{wrong}"  # several may be asked for on one page
    return page("professional/emergencies.html", form, found=found, why=WHY, wrong=wrong)


@pages.post("/pro/urgences/<uuid:opening_id>/explication")
@requires(Permission.PRACTICE)
def explain(opening_id: UUID) -> Response:
    """Answer the house about an opening of one's own."""
    form = ExplainForm()
    if form.validate():
        try:
            reviews.explain(signed_in(), opening_id, form.words.data or "")
        except InvalidError as error:
            form.refuse(error.problems)
        else:
            flash(gettext("Your explanation is sent to the privacy officer."), "ok")
            return to("/pro/urgences")
    return _concerning(form, opening_id)
