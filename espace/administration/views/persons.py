"""The privacy officer's pages of one person: the state of the record, what may be done, heirs, what operators did."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, abort, flash
from flask_babel import gettext

from espace import settings
from espace.access.services.watching import alerts
from espace.administration.forms.counter import SearchForm
from espace.administration.forms.parts import PlainForm
from espace.administration.forms.persons import DeathForm, DecideForm, HeirForm, ReasonForm, SuspendForm
from espace.administration.services import persons, visits
from espace.administration.services.persons import WIDENING, Dossier, Task
from espace.administration.services.visits import Purpose
from espace.permissions import Actor, Permission, demand_fresh_proof
from espace.records.services import EVIDENCE, MOTIVES, RELATIONSHIPS
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import requires, signed_in
from espace.web.rendering import render
from espace.words import N_, Message

from . import words
from .blueprints import pages

_HOME = "/admin/personnes"

_FORMS: dict[Task, type[Form]] = {
    Task.SUSPEND: SuspendForm,
    Task.LIFT: PlainForm,
    Task.CONFIRM: ReasonForm,
    Task.DECLARE_DEATH: DeathForm,
    Task.WITHDRAW_DEATH: ReasonForm,
}
_DONE: dict[Task, Message] = {
    Task.SUSPEND: N_("The record is suspended. The person is told by e-mail, if an address is on file."),
    Task.LIFT: N_("The record is given back. The person is told by e-mail, if an address is on file."),
    Task.CONFIRM: N_("The record is closed. The person is told by e-mail, if an address is on file."),
    Task.DECLARE_DEATH: N_("The death is declared. The record is read by nobody."),
    Task.WITHDRAW_DEATH: N_("The death declared by mistake is withdrawn. The record is as before."),
}
_ACTS: dict[Task, Callable[[Actor, UUID, Any], None]] = {
    Task.SUSPEND: lambda actor, one, form: persons.suspend(actor, one, form.kind.data or "", form.reason.data or ""),
    Task.LIFT: lambda actor, one, _form: persons.lift(actor, one),
    Task.CONFIRM: lambda actor, one, form: persons.confirm(actor, one, form.reason.data or ""),
    Task.DECLARE_DEATH: lambda actor, one, form: persons.declare_death(actor, one, form.day, form.evidence.data or ""),
    Task.WITHDRAW_DEATH: lambda actor, one, form: persons.withdraw_death(actor, one, form.reason.data or ""),
}


@pages.get("/admin/personnes")
@requires(Permission.OFFICE_PRIVACY)
def search_person() -> Response:
    """The search: exact number and birth date."""
    return page("administration/search.html", SearchForm(formdata=None))


@pages.post("/admin/personnes")
@requires(Permission.OFFICE_PRIVACY)
def find_person() -> Response:
    """Find exactly this person; the number never stands in an address."""
    form = SearchForm()
    if form.validate():
        with attempt(form):
            return to(f"{_HOME}/{visits.find(signed_in(), Purpose.PRIVACY, form.command())}")
    return page("administration/search.html", form)


@pages.get("/admin/personnes/<uuid:visit_id>")
@requires(Permission.OFFICE_PRIVACY)
def dossier(visit_id: UUID) -> Response:
    """The state of the record in words, the acts it allows, what operators did."""
    found = persons.dossier(signed_in(), visit_id)
    visits.note_seen(signed_in(), found.visit)
    return render(
        "administration/dossier.html",
        dossier=found,
        acts=words.act_lines(found.acts),
        state=words.state_words(found.state),
        base=f"{_HOME}/{visit_id}",
        evidence=EVIDENCE,
        relationships=RELATIONSHIPS,
        motives=MOTIVES,
        is_watched=bool(alerts.watched([found.visit.record_id])),
    )


@pages.get("/admin/personnes/<uuid:visit_id>/<task>")
@requires(Permission.OFFICE_PRIVACY)
def ask_act(visit_id: UUID, task: str) -> Response:
    """What an act will do, before it is done."""
    wanted = _task(task)
    found = _allowing(visit_id, wanted)
    if wanted in WIDENING:
        demand_fresh_proof(signed_in())
    return _asking(found, wanted, _FORMS[wanted](formdata=None))


@pages.post("/admin/personnes/<uuid:visit_id>/<task>")
@requires(Permission.OFFICE_PRIVACY)
def do_act(visit_id: UUID, task: str) -> Response:
    """Do it."""
    wanted = _task(task)
    form = _FORMS[wanted]()
    if form.validate():
        with attempt(form):
            _ACTS[wanted](signed_in(), visit_id, form)
            flash(gettext(_DONE[wanted].msgid), "ok")
            return to(f"{_HOME}/{visit_id}")
    return _asking(_allowing(visit_id, wanted), wanted, form)


@pages.get("/admin/personnes/<uuid:visit_id>/heritier")
@requires(Permission.OFFICE_PRIVACY)
def ask_heir(visit_id: UUID) -> Response:
    """The form of an heir's request."""
    return _asking_heir(visit_id, HeirForm(formdata=None))


@pages.post("/admin/personnes/<uuid:visit_id>/heritier")
@requires(Permission.OFFICE_PRIVACY)
def note_heir(visit_id: UUID) -> Response:
    """Write an heir's request down."""
    form = HeirForm()
    if form.validate():
        with attempt(form):
            given = (form.relationship.data or "", form.motive.data or "")
            persons.ask_for_heir(signed_in(), visit_id, form.command(), *given)
            flash(gettext("The request is written down. It waits for a decision."), "ok")
            return to(f"{_HOME}/{visit_id}")
    return _asking_heir(visit_id, form)


@pages.get("/admin/personnes/<uuid:visit_id>/heritiers/<uuid:heir_id>")
@requires(Permission.OFFICE_PRIVACY)
def consider_heir(visit_id: UUID, heir_id: UUID) -> Response:
    """What an heir asks, before it is decided."""
    demand_fresh_proof(signed_in())
    return _considering(visit_id, heir_id, DecideForm(formdata=None))


@pages.post("/admin/personnes/<uuid:visit_id>/heritiers/<uuid:heir_id>")
@requires(Permission.OFFICE_PRIVACY)
def decide_heir(visit_id: UUID, heir_id: UUID) -> Response:
    """Decide: the heir is told by e-mail that something was decided."""
    form = DecideForm()
    if form.validate():
        with attempt(form):
            persons.decide_heir(signed_in(), visit_id, heir_id, grant=form.grants, reason=form.reason.data or "")
            flash(gettext("Your decision is written down. The person is told by e-mail."), "ok")
            return to(f"{_HOME}/{visit_id}")
    return _considering(visit_id, heir_id, form)


@pages.post("/admin/personnes/<uuid:visit_id>/fin")
@requires(Permission.OFFICE_PRIVACY)
def end_visit(visit_id: UUID) -> Response:
    """Done with this person."""
    visits.end(signed_in(), Purpose.PRIVACY, visit_id)
    flash(gettext("The person's page is closed."), "ok")
    return to(_HOME)


def _task(word: str) -> Task:
    try:
        return Task(word)
    except ValueError:
        abort(404)


def _allowing(visit_id: UUID, task: Task) -> Dossier:
    found = persons.dossier(signed_in(), visit_id)
    if task not in found.tasks:
        abort(404)
    visits.note_seen(signed_in(), found.visit)
    return found


def _asking(found: Dossier, task: Task, form: Form) -> Response:
    house = settings.current()
    facts = {"suspension_days": house.suspension_days, "archive_years": house.archive_years}
    base = f"{_HOME}/{found.visit.id}"
    return page("administration/act.html", form, dossier=found, task=task, base=base, **facts)


def _asking_heir(visit_id: UUID, form: HeirForm) -> Response:
    found = persons.dossier(signed_in(), visit_id)
    if not found.takes_heirs:
        abort(404)
    visits.note_seen(signed_in(), found.visit)
    return page("administration/heir.html", form, dossier=found, base=f"{_HOME}/{visit_id}")


def _considering(visit_id: UUID, heir_id: UUID, form: DecideForm) -> Response:
    line = persons.heir(signed_in(), visit_id, heir_id)
    found = persons.dossier(signed_in(), visit_id)
    visits.note_seen(signed_in(), found.visit)
    return page(
        "administration/decide.html",
        form,
        dossier=found,
        line=line,
        base=f"{_HOME}/{visit_id}",
        relationship=RELATIONSHIPS[line.relationship],
        motive=MOTIVES[line.motive],
        days=settings.current().heir_days,
    )
