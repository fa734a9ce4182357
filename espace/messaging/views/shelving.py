"""Putting an attachment into the record: in one press, with what it seems to be proposed and open to correction."""

from uuid import UUID

from flask import Response, flash
from flask_babel import gettext

from espace.documents.services.entries import checks
from espace.messaging.forms import ShelveForm
from espace.messaging.services.incoming import archives
from espace.messaging.services.reading import attachments, filing
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import requires

from .here import Here, here


@requires(Permission.MESSAGES_READ)
def describe(attachment_id: UUID) -> Response:
    """What it seems to be, ready to be put into the record; what stands there already leads to it."""
    place = here()
    line = attachments.line(place.box, attachment_id)
    if line.filed is not None or not filing.may_file(place.box, line) or filing.why_not(line) is not None:
        return to(f"{place.base}/pieces/{attachment_id}")
    return _describing(place, attachment_id, ShelveForm(filing.proposed(place.box, line)))


@requires(Permission.MESSAGES_READ)
def shelve(attachment_id: UUID) -> Response:
    """Put it into the record; a second press leads to the same document."""
    place, form = here(), ShelveForm()
    said = form.described()
    if said is not None:
        with attempt(form):
            added = filing.file_attachment(place.box, attachment_id, said)
            if added.waits:
                flash(gettext("The document will stand in the record once the antivirus has seen it."), "tip")
                return to(f"{place.base}/pieces/{attachment_id}")
            flash(gettext("The document is in the record."), "ok")
            assert place.viewpoint is not None  # noqa: S101 - a page of a record
            return to(f"{place.viewpoint.base}/documents/{added.id}")
    return _describing(place, attachment_id, form)


def _describing(place: Here, attachment_id: UUID, form: ShelveForm) -> Response:
    line = attachments.line(place.box, attachment_id)
    standing = place.box.standing
    secret = standing is not None and checks.may_keep_secret(standing)
    return page("messaging/shelve.html", form, here=place, line=line, may_keep_secret=secret)


@requires(Permission.MESSAGES_READ)
def shelve_one(attachment_id: UUID, number: int) -> Response:
    """Put one document of an archive into the record."""
    place, form = here(), Form(formdata=None)
    with attempt(form):
        archives.file_document(place.box, attachment_id, number)
        flash(gettext("The document is in the record."), "ok")
    for _, sentence in form.faults:
        flash(sentence, "warn")
    return to(f"{place.base}/pieces/{attachment_id}")
