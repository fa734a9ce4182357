"""Where the pages of professionals about their mailboxes hang, and what several of them need."""

from flask import Response

from espace.messaging.services.boxes import Box, mailbox_of
from espace.messaging.services.practice.mailboxes import leads
from espace.permissions import Actor
from espace.web.attempts import page
from espace.web.forms import Form
from espace.web.rooms import Pages

from .here import Here

pages = Pages("mailboxes", __name__)
patient_pages = Pages("mail_patient", __name__)


def shown(template: str, form: Form, place: Here, **data: object) -> Response:
    """A page of a mailbox."""
    return page(template, form, here=place, leads=_leads(place.box), **data)


def _leads(box: Box) -> bool:
    actor: Actor = box.actor
    return leads(actor, mailbox_of(actor, box.id))
