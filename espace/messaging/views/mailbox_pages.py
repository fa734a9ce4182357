"""Where the pages of professionals about their mailboxes hang, and what several of them need."""

from uuid import UUID

from flask import Response

from espace.messaging.services.boxes import Box, as_box, mailbox_of
from espace.messaging.services.practice.mailboxes import leads
from espace.permissions import Actor
from espace.web.attempts import page
from espace.web.forms import Form
from espace.web.guards import signed_in
from espace.web.rooms import Pages

from .here import Here

pages = Pages("mailboxes", __name__)
patient_pages = Pages("mail_patient", __name__)


def mailbox_here(mailbox_id: UUID) -> Here:
    """A mailbox before one of those who work in it.

    Raises:
        NotFoundError: for anybody else.
    """
    actor = signed_in()
    facts = mailbox_of(actor, mailbox_id)
    return Here(as_box(actor, facts), base_of(mailbox_id), facts=facts)


def base_of(mailbox_id: UUID) -> str:
    """The address of a mailbox's list, under which its other pages stand."""
    return f"/pro/messages/{mailbox_id}"


def shown(template: str, form: Form, place: Here, **data: object) -> Response:
    """A page of a mailbox."""
    return page(template, form, here=place, leads=_leads(place.box), **data)


def _leads(box: Box) -> bool:
    actor: Actor = box.actor
    return leads(actor, mailbox_of(actor, box.id))
