"""Signed papers at the counter: find both, compare, enter what the paper says; end a carer's help for who asks."""

from uuid import UUID

from flask import Response, flash, request
from flask_babel import gettext

from espace import settings
from espace.administration.forms.counter import MandateForm, SearchForm, TwoDocumentsForm
from espace.administration.forms.parts import PlainForm
from espace.administration.services import mandates, visits
from espace.administration.services.mandates import MandateDesk
from espace.administration.services.visits import Purpose
from espace.family.services.asking import proofs
from espace.family.services.carers.mandates import SignedPaper
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import requires, signed_in

from .blueprints import pages

_HOME = "/admin/mandats"


@pages.get("/admin/mandats")
@requires(Permission.OFFICE_COUNTER)
def search_for_mandate() -> Response:
    """The search for the person who is helped: exact number and birth date."""
    return _searching(SearchForm(formdata=None))


@pages.post("/admin/mandats")
@requires(Permission.OFFICE_COUNTER)
def find_for_mandate() -> Response:
    """Find exactly this person; the number never stands in an address."""
    form = SearchForm()
    if form.validate():
        with attempt(form):
            return to(f"{_HOME}/{visits.find(signed_in(), Purpose.MANDATE, form.command())}")
    return _searching(form)


@pages.get("/admin/mandats/<uuid:visit_id>")
@requires(Permission.OFFICE_COUNTER)
def mandate_desk(visit_id: UUID) -> Response:
    """Who is helped, by whom already; the carer to find; both identities to compare; what was entered."""
    found = mandates.desk(signed_in(), visit_id)
    visits.note_seen(signed_in(), found.visit)
    return _shown(found, _form_of(found, bound=False))


@pages.post("/admin/mandats/<uuid:visit_id>/aidant")
@requires(Permission.OFFICE_COUNTER)
def find_carer(visit_id: UUID) -> Response:
    """Find the carer who stands there."""
    form = SearchForm()
    if form.validate():
        with attempt(form):
            mandates.find_carer(signed_in(), visit_id, form.command())
            return to(f"{_HOME}/{visit_id}")
    return _shown_again(visit_id, form)


@pages.post("/admin/mandats/<uuid:visit_id>/identite")
@requires(Permission.OFFICE_COUNTER)
def check_both(visit_id: UUID) -> Response:
    """Note the documents shown; the paper comes next."""
    form = TwoDocumentsForm()
    if form.validate():
        with attempt(form):
            mandates.check_both(signed_in(), visit_id, form.command())
            return to(f"{_HOME}/{visit_id}/papier")
    return _shown_again(visit_id, form)


@pages.get("/admin/mandats/<uuid:visit_id>/papier")
@requires(Permission.OFFICE_COUNTER)
def signed_paper(visit_id: UUID) -> Response:
    """What the paper says. The proof is asked for here, so that nobody types for nothing."""
    demand_fresh_proof(signed_in())
    return _paper(visit_id, MandateForm(formdata=None))


@pages.post("/admin/mandats/<uuid:visit_id>/papier")
@requires(Permission.OFFICE_COUNTER)
def enter_paper(visit_id: UUID) -> Response:
    """Enter it: the carer may act from now on, and both are told."""
    form = MandateForm()
    form.offer()
    demand_fresh_proof(signed_in())
    if form.validate():
        with attempt(form):
            sent = request.files.get("proof")
            scan = proofs.judge(sent.read()) if sent is not None and sent.filename else None
            mandates.enter(signed_in(), visit_id, form.scope(), SignedPaper(form.reference.data or "", scan, {}))
            flash(gettext("The paper is entered. The carer may act from now on. Both are told."), "ok")
            return to(f"{_HOME}/{visit_id}")
    return _paper(visit_id, form)


@pages.post("/admin/mandats/<uuid:visit_id>/courrier")
@requires(Permission.OFFICE_COUNTER)
def print_notice(visit_id: UUID) -> Response:
    """The letter for the person who is helped, as PDF: made now, kept nowhere."""
    letter = mandates.letter(signed_in(), visit_id)
    headers = {"Content-Disposition": 'inline; filename="aidant.pdf"'}
    return Response(letter, mimetype="application/pdf", headers=headers)


@pages.post("/admin/mandats/<uuid:visit_id>/aidants/<uuid:carer_id>/fin")
@requires(Permission.OFFICE_COUNTER)
def end_help(visit_id: UUID, carer_id: UUID) -> Response:
    """End a carer's help, for who asks it on the spot or by telephone."""
    if PlainForm().validate():
        found = mandates.end_help(signed_in(), visit_id, carer_id)
        flash(gettext("Done. %(name)s sees nothing any more, as of now.", name=found.name), "ok")
    return to(f"{_HOME}/{visit_id}")


@pages.post("/admin/mandats/<uuid:visit_id>/fin")
@requires(Permission.OFFICE_COUNTER)
def end_mandate_visit(visit_id: UUID) -> Response:
    """Done with these people: the next ones may come."""
    visits.end(signed_in(), Purpose.MANDATE, visit_id)
    flash(gettext("The person's page is closed."), "ok")
    return to(_HOME)


def _searching(form: Form) -> Response:
    left, limit = mandates.papers_left(signed_in()), settings.current().mandates_per_day
    return page("administration/mandates/search.html", form, left=left, limit=limit)


def _form_of(found: MandateDesk, *, bound: bool) -> Form:
    made = SearchForm if found.carer is None else TwoDocumentsForm
    return made() if bound else made(formdata=None)


def _shown_again(visit_id: UUID, form: Form) -> Response:
    found = mandates.desk(signed_in(), visit_id)
    visits.note_seen(signed_in(), found.visit)
    # What was sent for another step than the one that is due says nothing here.
    return _shown(
        found, form if isinstance(form, SearchForm) is (found.carer is None) else _form_of(found, bound=False)
    )


def _shown(found: MandateDesk, form: Form) -> Response:
    return page("administration/mandates/desk.html", form, desk=found, majority_age=settings.current().majority_age)


def _paper(visit_id: UUID, form: MandateForm) -> Response:
    found = mandates.desk(signed_in(), visit_id)
    if not found.is_checked or found.entered is not None or not found.takes_papers:
        return to(f"{_HOME}/{visit_id}")
    visits.note_seen(signed_in(), found.visit)
    form.offer()
    return page(
        "administration/mandates/paper.html",
        form,
        desk=found,
        accept=proofs.ACCEPT,
        latest=mandates.latest_day(found),
        left=mandates.papers_left(signed_in()),
    )
