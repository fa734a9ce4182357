"""Writing to a patient from their page: the only place, beside a conversation, where their address is reached."""

from flask import Response, flash
from flask_babel import gettext

from espace import settings
from espace.messaging.services.boxes import Box, patient_address
from espace.messaging.services.places import RefusedAddressError, place_of
from espace.messaging.services.writing import drafts
from espace.messaging.services.writing.drafts import Typed
from espace.people import services as people
from espace.permissions import Permission
from espace.records import services as records
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, viewpoint

from .directory import chosen_box, has_box
from .here import base_of
from .mailbox_forms import SenderForm
from .mailbox_pages import patient_pages


@patient_pages.get("/ecrire")
@requires(Permission.PATIENT_PAGE)
def writing() -> Response:
    """From which mailbox; who has none reads where messages are written from."""
    form = SenderForm(formdata=None)
    chosen_box(form)
    return _choose(form)


@patient_pages.post("/ecrire")
@requires(Permission.PATIENT_PAGE)
def write() -> Response:
    """Begin the message; in secret connection it is secret (rules.md MI-7)."""
    here, form = viewpoint(), SenderForm()
    box = chosen_box(form) if form.validate() else None
    if box is None:  # who has no mailbox is led to where it is said
        return to(f"{here.base}/ecrire") if not has_box() else _choose(form)
    address = patient_address(people.person(records.record(here.record_id).person_id).ins)
    try:
        place_of(address)
    except RefusedAddressError:
        flash(gettext("This space takes no message. Write to the patient by another way."), "warn")
        return to(f"{here.base}/")
    with attempt(form):
        return to(f"{base_of(box.id)}/ecrire/{_begun(box, address)}")
    return _choose(form)


def _begun(box: Box, address: str) -> object:
    return drafts.begin(box, Typed(to=(address,), secret=viewpoint().standing.is_secret))


def _choose(form: SenderForm) -> Response:
    domain = settings.current().patient_domain
    return page("messaging/mailboxes/to_patient.html", form, may_write=has_box(), patient_domain=domain)
