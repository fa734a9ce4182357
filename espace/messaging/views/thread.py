"""One conversation as letters, the answer to it, and what one does with it."""

from typing import Any
from uuid import UUID

from flask import Response, flash, request
from flask_babel import gettext

from espace.documents.services.viewing.showing import kind_word
from espace.errors import NotFoundError
from espace.messaging.forms import WriteForm
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import Party
from espace.messaging.services.outgoing import leaving, receipts, sendings
from espace.messaging.services.practice import assigning, choosing
from espace.messaging.services.reading import attachments, filing, threads
from espace.messaging.services.reading.threads import Place, Thread
from espace.messaging.services.writing import closing, drafts, recipients
from espace.permissions import Permission
from espace.web import paging
from espace.web.attempts import page, to
from espace.web.forms import translated
from espace.web.guards import requires

from . import files, letters, listing, writing
from .here import Here, here


@requires(Permission.MESSAGES_READ)
def thread(conversation_id: UUID) -> Response:
    """The letters of a conversation, the last ones first to be read; `avant` leads to earlier ones."""
    place = here()
    before = paging.instant_from(request.args.get("avant"))
    found = threads.thread(place.box, conversation_id, before=Place(*before) if before else None)
    kept = drafts.answer_to(place.box, conversation_id) if place.box.may_write else None
    return shown(place, found, WriteForm.opened(place.box, kept), kept, first=before is None)


@requires(Permission.MESSAGES_WRITE)
def answer(conversation_id: UUID) -> Response:
    """Keep the answer, attach to it, or send it: once, however often this is pressed."""
    place = here()
    found = threads.thread(place.box, conversation_id)
    form = WriteForm()
    done = writing.carry_out(
        place,
        form,
        answered=found,
        offered={recipients.ref(place.box, one.address): one.address for one in others(place.box, found)},
    )
    return done or shown(place, found, form, drafts.find(place.box, form.draft_id))


def shown(
    place: Here, found: Thread, form: WriteForm, draft: drafts.DraftFacts | None, *, first: bool = True
) -> Response:
    """The page of a conversation, with the answer that was begun."""
    box, head = place.box, found.head
    if box.is_person and box.marks_read and any(one.new for one in found.letters):
        listing.count_again(box)
    ids = [one.id for one in found.letters]
    refusal = recipients.may_answer(box, found.answered.address)
    return page(
        "messaging/thread.html",
        form,
        here=place,
        head=head,
        days=letters.days(box, found.letters, sendings.of_messages(box.id, ids), attachments.of_messages(box, ids)),
        earlier=f"{place.base}/{head.id}?avant={paging.to_text(*found.earlier)}" if found.earlier else "",
        first=first,
        outward=choosing.outward(head.about.with_address) if box.is_person else None,
        refusal=translated(refusal) if refusal else "",
        answered=found.answered,
        others=[(recipients.ref(box, one.address), one) for one in others(box, found)] if not refusal else [],
        draft=draft,
        documents=writing.documents_of(box, form),
        may_keep_secret=writing.may_keep_secret(box) and not head.secret,
        conversation_id=head.id,
        adds=files.adds(place),
        fileable=lambda one: filing.may_file(box, one) and filing.why_not(one) is None,
        withheld=files.withheld,
        wrongs=files.wrongs,
        to_confirm={one.id for one in found.letters if not one.outgoing and receipts.asked(box, one.facts)},
        kind_word=kind_word,
        when=files.when,
        **writing.tools(place),
        **_team(place, found),
    )


def _team(place: Here, found: Thread) -> dict[str, Any]:
    """Who of a team answers, and whether the exchange may be ended: of a mailbox only."""
    if place.facts is None:
        return {}
    return {
        "answering": assigning.answering(place.box, found.head.id),
        "ending": closing.state(place.box, found.head.about.with_address, secret=found.head.secret),
    }


def others(box: Box, found: Thread) -> list[Party]:
    """Who else stood on the last message that came."""
    last = found.last_received
    if last is None or box.places_kept:
        return []
    sides = (*last.facts.recipients, Party(found.head.about.with_address, found.head.about.with_name))
    return recipients.others_of(box, sides, found.answered.address)


@requires(Permission.MESSAGES_WRITE)
def archive(conversation_id: UUID) -> Response:
    """Put a conversation away."""
    place = here()
    threads.archive(place.box, conversation_id)
    flash(gettext("The conversation is archived. A new message brings it back."), "ok")
    return to(place.base)


@requires(Permission.MESSAGES_WRITE)
def unarchive(conversation_id: UUID) -> Response:
    """Bring a conversation back among the others."""
    place = here()
    threads.archive(place.box, conversation_id, archived=False)
    flash(gettext("The conversation is back among the received messages."), "ok")
    return to(f"{place.base}/{conversation_id}")


@requires(Permission.MESSAGES_READ)
def mark_unread(conversation_id: UUID) -> Response:
    """Let a conversation stand among the unread ones again."""
    place = here()
    threads.mark_unread(place.box, conversation_id)
    flash(gettext("The conversation is unread again."), "ok")
    return to(place.base)


@requires(Permission.MESSAGES_WRITE)
def send_again(conversation_id: UUID) -> Response:
    """Try again to deliver a message that did not arrive."""
    place = here()
    message_id = _message_of(place, conversation_id)
    leaving.try_again(place.box, message_id)
    flash(gettext("The message is on its way again."), "ok")
    return to(f"{place.base}/{conversation_id}#m-{message_id}")


@requires(Permission.MESSAGES_WRITE)
def confirm_reading(conversation_id: UUID) -> Response:
    """Tell the sender of a message that it was read, or tell nothing and be asked no more."""
    place = here()
    message_id = _message_of(place, conversation_id)
    if request.form.get("geste") == "taire":
        receipts.keep_reading(place.box, message_id)
    else:
        receipts.confirm_reading(place.box, message_id)
        flash(gettext("Its sender will be told that you read it."), "ok")
    return to(f"{place.base}/{conversation_id}#m-{message_id}")


def _message_of(place: Here, conversation_id: UUID) -> UUID:
    """The message that a button names, in this conversation."""
    try:
        message_id = UUID(request.form.get("message", ""))
    except ValueError:
        raise NotFoundError from None
    if threads.conversation_of(place.box, message_id) != conversation_id:
        raise NotFoundError
    return message_id
