"""The counter: find, compare, print. Three pages, so that each asks one thing."""

from uuid import UUID

from flask import Response, flash
from flask_babel import gettext

from espace import settings
from espace.administration.forms.counter import CheckForm, ChildCheckForm, SearchForm
from espace.administration.forms.parts import PlainForm
from espace.administration.services import counter, visits
from espace.administration.services.counter import Desk
from espace.administration.services.visits import Purpose
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import requires, signed_in

from .blueprints import pages

_HOME = "/admin/guichet"


@pages.get("/admin/guichet")
@requires(Permission.OFFICE_COUNTER)
def search() -> Response:
    """The search: exact number and birth date."""
    return _searching(SearchForm(formdata=None))


@pages.post("/admin/guichet")
@requires(Permission.OFFICE_COUNTER)
def find() -> Response:
    """Find exactly this person; the number never stands in an address."""
    form = SearchForm()
    if form.validate():
        with attempt(form):
            return to(f"{_HOME}/{visits.find(signed_in(), Purpose.COUNTER, form.command())}")
    return _searching(form)


@pages.get("/admin/guichet/<uuid:visit_id>")
@requires(Permission.OFFICE_COUNTER)
def person(visit_id: UUID) -> Response:
    """The traits to compare with the document shown; for a child, first the parent who stands there."""
    found = counter.desk(signed_in(), visit_id)
    visits.note_seen(signed_in(), found.visit)
    if found.is_child and found.parent is None:
        return _shown(found, SearchForm(formdata=None))
    return _shown(found, _check_form(found, bound=False))


@pages.post("/admin/guichet/<uuid:visit_id>/parent")
@requires(Permission.OFFICE_COUNTER)
def find_parent(visit_id: UUID) -> Response:
    """Find the parent who stands there."""
    form = SearchForm()
    if form.validate():
        with attempt(form):
            counter.find_parent(signed_in(), visit_id, form.command())
            return to(f"{_HOME}/{visit_id}")
    return _shown_again(visit_id, form)


@pages.post("/admin/guichet/<uuid:visit_id>/identite")
@requires(Permission.OFFICE_COUNTER)
def check(visit_id: UUID) -> Response:
    """Note the document shown; the letter comes next."""
    form = _check_form(counter.desk(signed_in(), visit_id), bound=True)
    if form.validate():
        with attempt(form):
            counter.check_identity(signed_in(), visit_id, form.command())
            return to(f"{_HOME}/{visit_id}/code")
    return _shown_again(visit_id, form)


@pages.get("/admin/guichet/<uuid:visit_id>/code")
@requires(Permission.OFFICE_COUNTER)
def ready(visit_id: UUID) -> Response:
    """The letter is ready to be printed. The proof is asked for here, so that printing does not wait for it."""
    demand_fresh_proof(signed_in())
    return _ready(visit_id, PlainForm(formdata=None))


@pages.post("/admin/guichet/<uuid:visit_id>/code")
@requires(Permission.OFFICE_COUNTER)
def print_code(visit_id: UUID) -> Response:
    """The letter, as PDF: made now, kept nowhere."""
    form = PlainForm()
    with attempt(form):
        letter = counter.print_code(signed_in(), visit_id)
        headers = {"Content-Disposition": 'inline; filename="courrier.pdf"'}
        return Response(letter, mimetype="application/pdf", headers=headers)
    return _ready(visit_id, form)


@pages.post("/admin/guichet/<uuid:visit_id>/fin")
@requires(Permission.OFFICE_COUNTER)
def end(visit_id: UUID) -> Response:
    """Done with this person: the next one may come."""
    visits.end(signed_in(), Purpose.COUNTER, visit_id)
    flash(gettext("The person's page is closed."), "ok")
    return to(_HOME)


def _searching(form: SearchForm) -> Response:
    left, limit = counter.codes_left(signed_in()), settings.current().counter_codes_per_day
    return page("administration/counter.html", form, left=left, limit=limit)


def _check_form(found: Desk, *, bound: bool) -> CheckForm:
    made = ChildCheckForm if found.is_child else CheckForm
    return made() if bound else made(formdata=None)


def _shown_again(visit_id: UUID, form: Form) -> Response:
    found = counter.desk(signed_in(), visit_id)
    visits.note_seen(signed_in(), found.visit)
    return _shown(found, form)


def _shown(found: Desk, form: Form) -> Response:
    return page(
        "administration/desk.html",
        form,
        desk=found,
        searching=isinstance(form, SearchForm),
        autonomy_age=settings.current().autonomy_age,
    )


def _ready(visit_id: UUID, form: Form) -> Response:
    found = counter.desk(signed_in(), visit_id)
    if found.checked is None:
        return to(f"{_HOME}/{visit_id}")
    visits.note_seen(signed_in(), found.visit)
    return page("administration/print.html", form, desk=found, left=counter.codes_left(signed_in()))
