"""A conversation on paper, as a PDF, and as the messages it is made of."""

from uuid import UUID

from flask import Response
from flask_babel import gettext
from werkzeug.datastructures import Headers

from espace import clock
from espace.audit.services import Action
from espace.errors import NotFoundError
from espace.interop.media import PDF, ZIP
from espace.interop.typeset import typeset
from espace.messaging.services.boxes import Box, own_name
from espace.messaging.services.outgoing import sendings
from espace.messaging.services.reading import attachments, papers, threads
from espace.messaging.services.reading.threads import Letter, Thread
from espace.permissions import Permission
from espace.web.files import disposition
from espace.web.guards import requires
from espace.web.i18n import full_day, language, local, moment
from espace.web.rendering import render

from . import letters
from .here import here


@requires(Permission.MESSAGES_READ)
def to_print(conversation_id: UUID) -> Response:
    """The letters and nothing beside them."""
    place = here()
    found = threads.whole(place.box, conversation_id, Action.MESSAGE_PRINTED)
    ids = [one.id for one in found.letters]
    files = attachments.of_messages(place.box, ids)
    return render(
        "messaging/print.html",
        here=place,
        head=found.head,
        days=letters.days(place.box, found.letters, sendings.of_messages(place.box.id, ids), files),
    )


@requires(Permission.MESSAGES_READ)
def as_pdf(conversation_id: UUID) -> Response:
    """The letters as a PDF that reads aloud well."""
    box = here().box
    found = threads.whole(box, conversation_id, Action.MESSAGE_EXPORTED)
    response = Response(typeset("messaging/thread", _paper(box, found)), mimetype=PDF)
    return _saved(response, found, PDF)


@requires(Permission.MESSAGES_READ)
def as_mail(conversation_id: UUID) -> Response:
    """The messages with their files, as mail programs open them; not for who is kept from places: they tell them."""
    box = here().box
    if box.places_kept:
        raise NotFoundError
    found = threads.whole(box, conversation_id, Action.MESSAGE_EXPORTED)
    response = Response(papers.zipped(box, found), mimetype=ZIP)
    return _saved(response, found, ZIP)


def _saved(response: Response, found: Thread, kind: str) -> Response:
    title = found.head.about.subject or gettext("Messages")
    headers: Headers = response.headers
    headers["Content-Disposition"] = disposition(title, kind)
    headers["Cache-Control"] = "no-store, no-transform"
    return response


def _paper(box: Box, found: Thread) -> dict[str, object]:
    head = found.head
    files = attachments.of_messages(box, [one.id for one in found.letters])
    names = {message: [one.facts.title or one.facts.name for one in lines] for message, lines in files.items()}
    return {
        "lang": language(),
        "title": head.about.subject or gettext("Without subject"),
        "sides": gettext(
            "Messages of %(own)s with %(name)s", own=own_name(box), name=head.other.name or head.other.address
        ),
        "foot": gettext("Made on %(day)s at %(time)s", day=full_day(clock.today()), time=moment(clock.now())),
        "attached": gettext("Attached:"),
        "letters": [_line(box, one, names.get(one.id, [])) for one in found.letters],
    }


def _line(box: Box, letter: Letter, names: list[str]) -> dict[str, object]:
    name = letter.facts.signed or own_name(box) if letter.outgoing else letters.who(box, letter)
    return {
        "who": name,
        "when": f"{full_day(local(letter.at).date())}, {moment(letter.at)}",
        "text": letter.facts.text.replace("\r\n", "\n"),
        "files": names,
        "mine": letter.outgoing,
    }
