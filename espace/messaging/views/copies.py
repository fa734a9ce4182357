"""A document of a patient sent on: to the patient, to colleagues of the directory, to an address that was typed."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from flask import Response, flash, render_template
from flask_babel import gettext

from espace.documents.services.arriving import handing_on, sending_out
from espace.documents.services.arriving.handing_on import ToSend, to_send
from espace.errors import InvalidError
from espace.interop.xdm_write import file_names
from espace.messaging.services.outgoing import letters
from espace.messaging.services.practice import directory
from espace.people.services.directory import words
from espace.permissions import Permission
from espace.web.attempts import page, to
from espace.web.forms import SelectChoice, translated
from espace.web.guards import requires, viewpoint
from espace.words import N_

from .copy_form import CopyForm
from .directory import chosen_box, has_box
from .here import base_of
from .mailbox_pages import patient_pages

_FIELDS = {"to": "addresses", "text": "words"}
"""What services call a field -> what it is called here."""


@patient_pages.get("/documents/<uuid:document_id>/copie")
@requires(Permission.PATIENT_PAGE)
def copy(document_id: UUID) -> Response:
    """To whom the document goes, and with which words."""
    found = to_send(viewpoint().standing, document_id)
    form = CopyForm(formdata=None).begin()
    form.offer(_attending())
    form.words.data = gettext("Hello,\n\nPlease find enclosed: %(title)s.", title=found.document.title)
    return _asking(form, found)


@patient_pages.post("/documents/<uuid:document_id>/copie")
@requires(Permission.PATIENT_PAGE)
def copied(document_id: UUID) -> Response:
    """Send it, or first look for a colleague by name; what was chosen stays chosen."""
    here, form = viewpoint(), CopyForm()
    form.offer(_offered(form))
    if form.is_looking or not form.validate():
        found = to_send(here.standing, document_id)
        if form.is_looking and not words(form.name.data or ""):
            form.refuse({"name": N_("Write a name, or the 11 digits of an RPPS number.")})
        elif form.is_looking:
            form.offer(_with_found(form))
        return _asking(form, found)
    box = chosen_box(form)
    if box is None:
        form.refuse({"mailbox": N_("Choose the mailbox it leaves from.")})
        return _asking(form, to_send(here.standing, document_id))
    try:
        parcel = handing_on.parcel(here.standing, document_id)
        copies = form.command([one.address for one in _lines(form.chosen_refs)])
        sent = letters.send_copies(box, here.standing, parcel, _packed(parcel), copies)
    except InvalidError as error:
        form.refuse({_FIELDS.get(name, name): problem for name, problem in error.problems.items()})
        return _asking(form, to_send(here.standing, document_id))
    if len(sent) > 1:
        flash(gettext("The patient gets the copy too, in a message of their own."), "ok")
    return to(f"{base_of(box.id)}/{sent[0].conversation_id}")


def _packed(parcel: sending_out.Parcel) -> bytes:
    """The archive, with the pages that people read in it."""
    about = {"document": parcel.document, "outgoing": parcel.outgoing, "name": file_names([parcel.outgoing])[0]}
    index = render_template("documents/xdm_index.html", **about)
    return parcel.packed(index, "\n".join(map(translated, sending_out.README)))


def _lines(refs: list[str]) -> list[directory.Line]:
    """The lines of the address book that were chosen and may still be written to."""
    return [line for ref in refs if (line := directory.line(ref)) is not None and line.address]


def _attending() -> list[directory.Line]:
    """The patient's attending doctor, who is offered first; to who reads the record only, for it says who they are."""
    doctor = handing_on.attending(viewpoint().standing)
    line = directory.line(f"p-{doctor.id}") if doctor is not None else None
    if line is None or not line.address:
        return []
    where = ", ".join(filter(None, (gettext("the patient's attending doctor"), line.place)))
    return [replace(line, place=where)]


def _offered(form: CopyForm, found: Sequence[directory.Line] = ()) -> list[directory.Line]:
    """The attending doctor, those ticked, then those found, each once."""
    lines = {line.ref: line for line in (*_attending(), *_lines(form.chosen_refs), *found) if line.address}
    return list(lines.values())


def _with_found(form: CopyForm) -> list[directory.Line]:
    found = directory.search((form.name.data or "").strip(), (form.where.data or "").strip())
    form.without = sum(not line.address for line in found.lines)
    form.nobody = not found.lines
    return _offered(form, found.lines)


def _asking(form: CopyForm, found: ToSend) -> Response:
    chosen_box(form)
    if not form.mailbox.data and form.mailbox.choices:
        first = next(iter(form.mailbox.choices))
        form.mailbox.data = first.value if isinstance(first, SelectChoice) else None
    return page(
        "messaging/copy.html",
        form,
        document=found.document,
        is_read=found.is_read,
        may_write=has_box(),
        not_patient=letters.why_not_patient(found.document),
        not_professionals=letters.why_not_professionals(found.document),
    )
