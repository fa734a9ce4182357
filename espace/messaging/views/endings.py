"""Ending the exchange with a patient, and opening it again."""

from uuid import UUID

from flask import Response, flash
from flask_babel import gettext

from espace.errors import NotFoundError
from espace.messaging.services.writing import closing
from espace.permissions import Permission
from espace.web.attempts import attempt, to
from espace.web.guards import requires

from .here import base_of, mailbox_here
from .mailbox_forms import EndForm
from .mailbox_pages import pages, shown

_ON = "/pro/messages/<uuid:mailbox_id>/<uuid:conversation_id>"


@pages.get(f"{_ON}/fin")
@requires(Permission.PRACTICE)
def ending(mailbox_id: UUID, conversation_id: UUID) -> Response:
    """What ending the exchange with a patient does, and what the patient reads."""
    return _ending(EndForm(formdata=None), mailbox_id, conversation_id, ends=True)


@pages.post(f"{_ON}/fin")
@requires(Permission.PRACTICE)
def end(mailbox_id: UUID, conversation_id: UUID) -> Response:
    """End it; a second press leads where the first one did."""
    form = EndForm()
    if closing.about(mailbox_here(mailbox_id).box, conversation_id).state.may_reopen:
        return to(f"{base_of(mailbox_id)}/{conversation_id}")
    if form.validate():
        with attempt(form):
            closing.end(mailbox_here(mailbox_id).box, conversation_id, form.text.data or "", key=form.key)
            flash(gettext("The exchange is ended. The patient reads your message and can no longer answer."), "ok")
            return to(f"{base_of(mailbox_id)}/{conversation_id}")
    return _ending(form, mailbox_id, conversation_id, ends=True)


@pages.get(f"{_ON}/reouvrir")
@requires(Permission.PRACTICE)
def opening_again(mailbox_id: UUID, conversation_id: UUID) -> Response:
    """What opening the exchange again does, and what the patient reads."""
    return _ending(EndForm(formdata=None), mailbox_id, conversation_id, ends=False)


@pages.post(f"{_ON}/reouvrir")
@requires(Permission.PRACTICE)
def open_again(mailbox_id: UUID, conversation_id: UUID) -> Response:
    """Open it again; a second press leads where the first one did."""
    form = EndForm()
    if closing.about(mailbox_here(mailbox_id).box, conversation_id).state.may_end:
        return to(f"{base_of(mailbox_id)}/{conversation_id}")
    if form.validate():
        with attempt(form):
            closing.reopen(mailbox_here(mailbox_id).box, conversation_id, form.text.data or "", key=form.key)
            flash(gettext("The exchange is open again. The patient can answer."), "ok")
            return to(f"{base_of(mailbox_id)}/{conversation_id}")
    return _ending(form, mailbox_id, conversation_id, ends=False)


def _ending(form: EndForm, mailbox_id: UUID, conversation_id: UUID, *, ends: bool) -> Response:
    place = mailbox_here(mailbox_id)
    about = closing.about(place.box, conversation_id)
    if not (about.state.may_end if ends else about.state.may_reopen):
        raise NotFoundError
    return shown("messaging/mailboxes/end.html", form, place, about=about, ends=ends, conversation_id=conversation_id)
