"""The address book: looking for a colleague, a team or a place, and beginning a message to them."""

from dataclasses import replace
from uuid import UUID

from flask import Response, flash, request
from flask_babel import gettext

from espace.messaging.services.boxes import Box, BoxKind, boxes_of
from espace.messaging.services.practice import directory, preferring
from espace.messaging.services.writing import drafts
from espace.messaging.services.writing.drafts import Typed
from espace.people.services.directory import words
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.forms import SelectChoice
from espace.web.guards import asks, requires, signed_in
from espace.words import N_

from .here import base_of
from .mailbox_forms import KINDS, BookForm, SenderForm
from .mailbox_pages import pages


@pages.get("/pro/messages/annuaire")
@requires(Permission.PRACTICE)
def book() -> Response:
    """The address book, before anybody is looked for."""
    written = request.args.get("boite", ""), request.args.get("brouillon", "")
    return _book(BookForm(formdata=None).writing(*written), None)


@pages.post("/pro/messages/annuaire")
@requires(Permission.PRACTICE)
@asks
def look() -> Response:
    """Who fits; what was sought stands in no address."""
    form = BookForm()
    name = (form.name.data or "").strip()
    if not form.validate() or not words(name):
        form.refuse({"name": N_("Write a name, or the 11 digits of an RPPS number.")})
        return _book(form, None)
    return _book(form, directory.search(name, (form.where.data or "").strip(), form.beyond))


def _book(form: BookForm, found: directory.Book | None) -> Response:
    labels = {kind.value: gettext(said) for kind, said in KINDS.items()}
    may_write = has_box()
    return page("messaging/mailboxes/book.html", form, found=found, labels=labels, may_write=may_write)


@pages.post("/pro/messages/annuaire/ecrire")
@requires(Permission.PRACTICE)
def write() -> Response:
    """Begin a message to a line of the address book; who has several mailboxes says from which."""
    form = SenderForm()
    line = directory.line(form.ref.data or "")
    if not form.validate() or line is None or not line.address:
        flash(gettext("This address is not in the directory any more."), "warn")
        return to("/pro/messages/annuaire")
    box = chosen_box(form)
    if box is None:
        return page("messaging/mailboxes/from.html", form, name=line.name, place="/pro/messages/annuaire/ecrire")
    with attempt(form):
        return to(f"{base_of(box.id)}/ecrire/{_addressed(box, form, line.address)}")
    return page("messaging/mailboxes/from.html", form, name=line.name, place="/pro/messages/annuaire/ecrire")


def _addressed(box: Box, form: SenderForm, address: str) -> UUID:
    """The message to this address: the one being written, with them beside those it goes to already, or a new one."""
    found = drafts.find(box, form.begun) if form.begun else None
    if found is None or found.conversation_id is not None:
        return drafts.begin(box, Typed(to=(address,)))
    everybody = tuple(dict.fromkeys((*found.typed.to, address)))
    drafts.keep(box, found.id, replace(found.typed, to=everybody))
    return found.id


def chosen_box(form: SenderForm) -> Box | None:
    """From which mailbox is written: the only one, or the one chosen; None when it is to be chosen first.

    The one they prefer is proposed, else their own (rules.md MS-8).

    Mailboxes of software are nobody's to write from by hand.
    """
    actor = signed_in()
    preferred = preferring.preferred(actor)
    own = sorted(
        (one for one in boxes_of(actor) if one.kind is not BoxKind.APP),
        key=lambda one: (one.id != preferred, one.kind is not BoxKind.PER),
    )
    form.mailbox.choices = [SelectChoice(str(one.id), f"{one.name}, {one.address}") for one in own]
    if len(own) == 1:
        return own[0]
    if form.mailbox.data is None and own:
        form.mailbox.data = str(own[0].id)  # proposed, not chosen
        return None
    return next((one for one in own if one.id == form.chosen), None)


def has_box() -> bool:
    """Whether who is signed in has a mailbox to write from."""
    return any(one.kind is not BoxKind.APP for one in boxes_of(signed_in()))
