"""An attachment, looked at as documents are, and taken away."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, abort, request

from espace.documents.services.viewing import drawing
from espace.documents.services.viewing.cda_reading import taken_out
from espace.documents.services.viewing.showing import is_cut, kind_word, shown
from espace.interop import media
from espace.interop.drawing import WEBP, DrawingError
from espace.messaging.services.facts import CALENDAR, FILE, SCANNING
from espace.messaging.services.incoming import archives
from espace.messaging.services.reading import attachments, filing, threads
from espace.messaging.services.reading.attachments import AttachmentLine
from espace.permissions import Permission
from espace.web.files import OFFICE, SANDBOX, SHOWN, answer, disposition
from espace.web.forms import translated
from espace.web.guards import requires
from espace.web.i18n import instant
from espace.web.rendering import render

from .here import Here, here

ZOOMS = (1, 2, 3)


@requires(Permission.MESSAGES_READ)
def one(attachment_id: UUID) -> Response:
    """An attachment on its page: its own pages as pictures and words, or why they cannot be shown."""
    place = here()
    line = attachments.line(place.box, attachment_id)
    if line.is_withheld:
        return render("messaging/file.html", here=place, line=line, shown=None, **_words(place, line))
    content = attachments.content(place.box, attachment_id, page=True)
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
    why = filing.why_not(line)
    return {
        "back_to": f"{place.base}/{threads.conversation_of(place.box, line.message_id)}#m-{line.message_id}",
        "file_kind": kind_word(line.facts.media),
        "withheld": withheld(line.facts.withheld),
        "may_take": attachments.may_take(place.box, line),
        "may_file": not line.outgoing and adds(place),
        "fileable": not line.outgoing and filing.may_file(place.box, line),
        "why_not": translated(why) if why and place.box.is_person and not line.outgoing and line.kind == FILE else "",
        "wrongs": wrongs,
        "when": when,
    }


def adds(place: Here) -> bool:
    """Whether the reader may put anything into the record."""
    standing = place.box.standing
    return standing is not None and standing.may(Permission.DOCUMENTS_ADD)


def withheld(code: str) -> str:
    """Why an attachment is not opened, in words; "" where it is."""
    return translated(attachments.WITHHELD.get(code, attachments.WITHHELD[SCANNING])) if code else ""


def wrongs(codes: Sequence[str]) -> list[str]:
    """What was wrong with an archive or a document of one, in words."""
    return [translated(one) for one in archives.wrongs(codes)]


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
    stem, _, ending = found.name.rpartition(".")
    kind = found.media
    # Under an ending that the reader's own programs open: all of these are only ever saved.
    if found.line.kind == CALENDAR:
        kind = "text/calendar"
    elif kind == media.ZIP:
        kind = OFFICE.get(ending.lower(), kind)
    return answer(found.reader, kind, stem or found.name, inline=kind in SHOWN and kind != media.PDF)


@requires(Permission.MESSAGES_READ)
def inner(attachment_id: UUID, number: int) -> Response:
    """A file inside a clinical document: nothing of it runs, and a picture holds nothing but its points."""
    box = here().box
    found = attachments.content(box, attachment_id)
    taken = taken_out(found, found.name, number)
    response = Response(taken.content, mimetype=taken.media)
    response.headers["Content-Security-Policy"] = SANDBOX
    if not taken.is_picture:
        attachments.content(box, attachment_id, taken=True)  # its row is written before the first byte (R25)
        response.headers["Content-Disposition"] = disposition(f"{taken.title} {number}", taken.media)
        response.headers["Cache-Control"] = "no-store, no-transform"
    return response
