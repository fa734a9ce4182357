"""An attachment, looked at as documents are, and taken away."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, abort, request

from espace.documents.services.viewing import drawing
from espace.documents.services.viewing.showing import is_cut, kind_word, shown
from espace.interop import media
from espace.interop.drawing import WEBP, DrawingError
from espace.messaging.services import attachments, threads
from espace.messaging.services.attachments import AttachmentLine
from espace.messaging.services.facts import HARMFUL, NOT_FOR_READER, OTHER_PERSON, SCANNING
from espace.permissions import Permission
from espace.web.files import SANDBOX, SHOWN, answer
from espace.web.forms import translated
from espace.web.guards import requires
from espace.web.i18n import instant
from espace.web.rendering import render
from espace.words import N_

from .here import Here, here

ZOOMS = (1, 2, 3)
WITHHELD = {
    SCANNING: N_("The antivirus has not looked at this file yet. Come back in a few minutes."),
    HARMFUL: N_("The antivirus found something harmful in this file: it stays closed."),
    NOT_FOR_READER: N_("This file is not meant for you. Ask who sent it."),
    OTHER_PERSON: N_("This file says that it is about somebody else: it was set aside."),
}
"""Why an attachment is not opened, in words."""


@requires(Permission.MESSAGES_READ)
def one(attachment_id: UUID) -> Response:
    """An attachment on its page: its own pages as pictures and words, or why they cannot be shown."""
    place = here()
    line = attachments.line(place.box, attachment_id)
    if line.is_withheld:
        return render("messaging/file.html", here=place, line=line, shown=None, **_words(place, line))
    content = attachments.content(place.box, attachment_id)
    zoom = request.args.get("zoom", 1, int)
    return render(
        "messaging/file.html",
        here=place,
        line=line,
        shown=shown(content, max(request.args.get("page", 1, int), 1), drawing.GROUP),
        zoom=zoom if zoom in ZOOMS else 1,
        is_cut=is_cut,
        **_words(place, line),
    )


def _words(place: Here, line: AttachmentLine) -> dict[str, Any]:
    return {
        "back_to": f"{place.base}/{threads.conversation_of(place.box, line.message_id)}#m-{line.message_id}",
        "file_kind": kind_word(line.facts.media),
        "withheld": translated(WITHHELD.get(line.facts.withheld, WITHHELD[SCANNING])) if line.facts.withheld else "",
        "may_file": may_file(place) and not line.outgoing,
        "when": when,
    }


def may_file(place: Here) -> bool:
    """Whether the reader may put an attachment into the record."""
    standing = place.box.standing
    return standing is not None and standing.may(Permission.DOCUMENTS_ADD)


def when(text: str) -> str:
    """The beginning of an appointment (ISO), in words; as it stands where it is none."""
    try:
        return instant(datetime.fromisoformat(text).astimezone())
    except ValueError:
        return text


@requires(Permission.MESSAGES_READ)
def sheet(attachment_id: UUID, number: int) -> Response:
    """A picture of one page: nothing of the file reaches the browser (R33)."""
    content = attachments.content(here().box, attachment_id)
    try:
        picture = drawing.picture(content, number, wide=request.args.get("zoom", 1, int) > 1)
    except DrawingError:
        abort(404)
    response = Response(picture, mimetype=WEBP)
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


@requires(Permission.MESSAGES_READ)
def download(attachment_id: UUID) -> Response:
    """The file as it came, to be kept."""
    found = attachments.content(here().box, attachment_id, taken=True)
    stem = found.name.rpartition(".")[0] or found.name
    return answer(found.reader, found.media, stem, inline=found.media in SHOWN and found.media != media.PDF)
