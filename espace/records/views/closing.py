"""The life of one's own record, in the account: close, open again, erase, object to a suspension (AC-9, AC-10)."""

from collections.abc import Callable

from flask import Blueprint, Response, flash
from flask_babel import gettext

from espace import settings
from espace.errors import ConflictError
from espace.permissions import Permission, demand_fresh_proof
from espace.records import services as records
from espace.records.forms import CloseForm, EraseForm, ObjectForm, PlainForm
from espace.records.services import Part, StateFacts, papers
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import requires, signed_in

from .opposition import pdf

pages = Blueprint("closing", __name__)

PLACE = "/compte/cloture"


@pages.get("/compte/cloture")
@requires(Permission.ACCOUNT)
def state() -> Response:
    """Where one's space stands: since when, until when, and what can be done."""
    return _state(ObjectForm(formdata=None))


@pages.get("/compte/cloture/fermer")
@requires(Permission.ACCOUNT)
def closing() -> Response:
    """What closing changes, and what it does not."""
    return _form("records/close.html", CloseForm(formdata=None), {records.OPEN, records.ACTIVE})


@pages.post("/compte/cloture/fermer")
@requires(Permission.ACCOUNT)
def close() -> Response:
    """Close one's space."""
    form = CloseForm()
    if not form.validate():
        return _form("records/close.html", form, {records.OPEN, records.ACTIVE})
    if _done(lambda own: records.close(signed_in(), own.record_id)):
        flash(gettext("Your space is closed."), "ok")
    return to(PLACE)


@pages.get("/compte/cloture/rouvrir")
@requires(Permission.ACCOUNT)
def reopening() -> Response:
    """What comes back."""
    return _form("records/reopen.html", PlainForm(formdata=None), {records.CLOSED, records.OPPOSED})


@pages.post("/compte/cloture/rouvrir")
@requires(Permission.ACCOUNT)
def reopen() -> Response:
    """Open one's space again; after an objection it is the way back."""
    actor = signed_in()

    def act(own: StateFacts) -> StateFacts:
        if own.state == records.OPPOSED:
            return records.withdraw_opposition(actor, own.record_id, Part.HOLDER)
        return records.reopen(actor, own.record_id)

    if not _done(act):
        return to(PLACE)
    flash(gettext("Your space is open again. Everything is back."), "ok")
    return to("/")


@pages.get("/compte/cloture/effacement")
@requires(Permission.ACCOUNT)
def erasing() -> Response:
    """What erasure destroys."""
    return _form("records/erase.html", EraseForm(formdata=None), {records.CLOSED})


@pages.post("/compte/cloture/effacement")
@requires(Permission.ACCOUNT)
def ask_erasure() -> Response:
    """Ask for the erasure."""
    form = EraseForm()
    if not form.validate():
        return _form("records/erase.html", form, {records.CLOSED})
    if _done(lambda own: records.ask_erasure(signed_in(), own.record_id)):
        flash(gettext("Your request is recorded."), "ok")
    return to(PLACE)


@pages.post("/compte/cloture/effacement/annulation")
@requires(Permission.ACCOUNT)
def cancel_erasure() -> Response:
    """Keep the archive after all."""
    if _done(lambda own: records.cancel_erasure(signed_in(), own.record_id)):
        flash(gettext("The erasure is cancelled. Your archive is kept."), "ok")
    return to(PLACE)


@pages.get("/compte/cloture/nouveau")
@requires(Permission.ACCOUNT)
def beginning() -> Response:
    """What a new space is, after an erasure."""
    return _form("records/anew.html", PlainForm(formdata=None), {records.ERASED})


@pages.post("/compte/cloture/nouveau")
@requires(Permission.ACCOUNT)
def begin_anew() -> Response:
    """Open a new, empty space."""
    try:
        records.begin_anew(signed_in())
    except ConflictError:
        return to(PLACE)
    flash(gettext("Your new space is open. It is empty."), "ok")
    return to("/")


@pages.post("/compte/cloture/contestation")
@requires(Permission.ACCOUNT)
def object_to_suspension() -> Response:
    """Object to a suspension."""
    form = ObjectForm()
    words = form.words.data or ""
    if form.validate():
        with attempt(form):
            if _done(lambda own: records.object_to_suspension(signed_in(), own.record_id, words)):
                flash(gettext("Your objection is recorded."), "ok")
            return to(PLACE)
    return _state(form)


@pages.get("/compte/cloture/attestation")
@requires(Permission.ACCOUNT)
def certificate() -> Response:
    """The certificate of closure or objection, as PDF."""
    return pdf(papers.certificate(records.own_state(signed_in())), "attestation.pdf")


@pages.get("/compte/cloture/preuve")
@requires(Permission.ACCOUNT)
def proof() -> Response:
    """The signed proof of erasure, as PDF."""
    return pdf(papers.proof(records.own_state(signed_in())), "preuve-effacement.pdf")


def _done(act: Callable[[StateFacts], StateFacts]) -> bool:
    """Whether the act was done; sent twice, or overtaken, the page tells what stands."""
    try:
        act(records.own_state(signed_in()))
    except ConflictError:
        flash(gettext("Nothing was changed: here is where your space stands."), "tip")
        return False
    return True


def _state(form: ObjectForm) -> Response:
    house = settings.current()
    own = records.own_state(signed_in())
    return page("records/state.html", form, state=own, contact=house.contact, contact_phone=house.contact_phone)


def _form(template: str, form: Form, states: set[str]) -> Response:
    """A form that asks for a fresh proof before anything is typed; one that makes no sense now leads to the state."""
    own = records.own_state(signed_in())
    if own.state not in states or (own.by_house and template == "records/reopen.html"):
        return to(PLACE)
    demand_fresh_proof(signed_in())
    house = settings.current()
    return page(template, form, state=own, years=house.archive_years, days=house.erasure_days)
