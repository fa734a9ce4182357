"""Writing: to whom, what, with which files and documents; kept meanwhile, confirmed when it goes to several."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, flash, request
from flask_babel import gettext

from espace.documents.services import DocumentFacts
from espace.documents.services.entries import checks
from espace.errors import InvalidError, NotFoundError
from espace.messaging.forms import ACCEPT, ACCEPT_MORE, WriteForm
from espace.messaging.services.boxes import Box
from espace.messaging.services.outgoing import chosen
from espace.messaging.services.outgoing.sending import Sent
from espace.messaging.services.practice import templates
from espace.messaging.services.reading.threads import Thread
from espace.messaging.services.writing import draft_files, drafts, posting, recipients
from espace.messaging.services.writing.drafts import DraftFacts, Typed
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires
from espace.web.rendering import render, wants_fragment
from espace.words import N_

from .here import Here, here

SEND, KEEP, ATTACH, PICK, BOOK = "envoyer", "garder", "joindre", "documents", "annuaire"
_SHOWN = 12


@requires(Permission.MESSAGES_WRITE)
def write() -> Response:
    """A new message; what is begun is kept once something stands in it."""
    place = here()
    drafts.may_write(place.box)
    return _writing(place, WriteForm.opened(place.box), begun=drafts.newest(place.box))


@requires(Permission.MESSAGES_WRITE)
def written() -> Response:
    """Keep, attach, choose documents or send."""
    return _done(here(), WriteForm())


@requires(Permission.MESSAGES_WRITE)
def go_on(draft_id: UUID) -> Response:
    """Go on with what was begun."""
    place = here()
    found = drafts.draft(place.box, draft_id)
    if found.conversation_id:
        return to(f"{place.base}/{found.conversation_id}#reponse")
    return _writing(place, WriteForm.opened(place.box, found))


@requires(Permission.MESSAGES_WRITE)
def gone_on(draft_id: UUID) -> Response:
    """As `written`, at the address of what was begun."""
    form = WriteForm()
    form.draft.data = str(draft_id)
    return _done(here(), form)


@requires(Permission.MESSAGES_WRITE)
def confirm(draft_id: UUID) -> Response:
    """Read once more to whom a message goes, before it goes to several."""
    place = here()
    return _confirming(place, drafts.draft(place.box, draft_id), WriteForm.opened(place.box))


@requires(Permission.MESSAGES_WRITE)
def confirmed(draft_id: UUID) -> Response:
    """Send what was confirmed. A second press leads where the first one did."""
    place = here()
    form = WriteForm()
    found = drafts.find(place.box, draft_id)
    if found is None:
        return to(f"{place.base}?vue=envoyes")
    with attempt(form):
        return _sent(place, posting.post(place.box, draft_id, found.typed, found.conversation_id))
    return _confirming(place, found, form)


@requires(Permission.MESSAGES_WRITE)
def throw_away(draft_id: UUID) -> Response:
    """Remove what was begun."""
    place = here()
    drafts.drop(place.box, draft_id)
    flash(gettext("The draft is thrown away."), "ok")
    return to(f"{place.base}?vue=brouillons")


def carry_out(
    place: Here, form: WriteForm, *, answered: Thread | None = None, offered: Mapping[str, str]
) -> Response | None:
    """Do what the pressed button says; None when the page is to be shown with what is to be corrected."""
    box = place.box
    drafts.may_write(box)
    act, _, which = request.form.get("geste", SEND).partition(":")
    typed = _typed(form, answered, offered)
    conversation_id = answered.head.id if answered else None
    if wants_fragment():
        return _kept_quietly(place, form, typed, conversation_id)
    uploads = form.uploads()
    if act == BOOK and not uploads and not _says_something(typed, conversation_id):
        return to("/pro/messages/annuaire")
    with attempt(form):
        _check_there_is_something(box, form, act, typed, conversation_id=conversation_id, attached=bool(uploads))
        if uploads or act != SEND or len(typed.to) > 1:
            drafts.keep(box, form.draft_id, _without(typed, act, which), conversation_id)
        if uploads:
            form.refuse_files(draft_files.attach(box, form.draft_id, uploads))
        if act == "enlever":
            draft_files.detach(box, form.draft_id, _id(which))
    if form.errors:
        _keep_what_was_typed(box, form, typed, conversation_id)
        return None
    if act == SEND:
        return _send(place, form, typed, answered)
    return _next(place, form, act, conversation_id)


def _check_there_is_something(
    box: Box, form: WriteForm, act: str, typed: Typed, *, conversation_id: UUID | None, attached: bool
) -> None:
    """See that what the pressed button keeps or attaches is there."""
    if attached:
        return
    if act == ATTACH:
        raise InvalidError({"file": N_("Choose the files first.")})
    if act == KEEP and not _says_something(typed, conversation_id) and drafts.find(box, form.draft_id) is None:
        raise InvalidError({"text": N_("Write something first: there is nothing to keep yet.")})


def _send(place: Here, form: WriteForm, typed: Typed, answered: Thread | None) -> Response | None:
    conversation_id = answered.head.id if answered else None
    if len(typed.to) > 1:
        return to(f"{place.base}/ecrire/{form.draft_id}/envoyer")
    with attempt(form):
        return _sent(place, posting.post(place.box, form.draft_id, typed, conversation_id))
    if "files" in form.errors:
        form.file.errors = [*form.file.errors, *form.files.errors]
        form.files.errors = []
    _keep_what_was_typed(place.box, form, typed, conversation_id)
    return None


def _sent(place: Here, sent: Sent) -> Response:
    if sent.new:
        flash(gettext("Your message is on its way. Here is what becomes of it."), "ok")
    return to(f"{place.base}/{sent.conversation_id}#fin")


def _next(place: Here, form: WriteForm, act: str, conversation_id: UUID | None) -> Response:
    """Where one stands after keeping, attaching or taking out."""
    if act == PICK:
        return to(f"{place.base}/ecrire/{form.draft_id}/documents")
    if act == BOOK:
        return to(f"/pro/messages/annuaire?boite={place.box.id}&brouillon={form.draft_id}")
    if act == KEEP:
        flash(gettext("The draft is kept. You find it among the drafts."), "ok")
    where = f"{conversation_id}#reponse" if conversation_id else f"ecrire/{form.draft_id}#pieces"
    return to(f"{place.base}/{where}")


def _kept_quietly(place: Here, form: WriteForm, typed: Typed, conversation_id: UUID | None) -> Response:
    """What script keeps while one writes; nothing typed yet is nothing to keep."""
    at = None
    if _says_something(typed, conversation_id) or drafts.find(place.box, form.draft_id) is not None:
        with attempt(form):
            at = drafts.keep(place.box, form.draft_id, typed, conversation_id)
    return render("messaging/_kept.html", at=at, problem=form.faults[0][1] if form.faults else "")


def _keep_what_was_typed(box: Box, form: WriteForm, typed: Typed, conversation_id: UUID | None) -> None:
    """What could not be sent stays as a draft, as far as it fits into one."""
    if _says_something(typed, conversation_id):
        quiet = WriteForm(formdata=None)
        with attempt(quiet):
            drafts.keep(box, form.draft_id, typed, conversation_id)


def _says_something(typed: Typed, conversation_id: UUID | None) -> bool:
    """Whether there is something to keep: to whom an answer goes is known without typing."""
    return bool(typed.text.strip() or typed.documents) if conversation_id else not typed.is_empty


def _typed(form: WriteForm, answered: Thread | None, offered: Mapping[str, str]) -> Typed:
    typed = form.typed(offered)
    if answered is None:
        return typed
    subject = answered.head.about.subject
    return replace(
        typed,
        to=tuple(dict.fromkeys((answered.answered.address, *typed.to))),
        subject=f"Re: {subject}" if subject else "",
        secret=typed.secret or answered.head.secret,
    )


def _without(typed: Typed, act: str, which: str) -> Typed:
    """What was typed, without the document whose button was pressed."""
    if act != "enlever-document":
        return typed
    return replace(typed, documents=tuple(one for one in typed.documents if str(one) != which))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError from None


def _done(place: Here, form: WriteForm) -> Response:
    offered = {one.ref: one.address for one in recipients.recipients(place.box)}
    return carry_out(place, form, offered=offered) or _writing(place, form)


def _writing(place: Here, form: WriteForm, *, begun: DraftFacts | None = None) -> Response:
    """The page of a new message; `begun` is one that was left before, to go on with."""
    box = place.box
    draft = drafts.find(box, form.draft_id)
    everybody = recipients.shown(box)
    chosen_refs = set(form.to.data or [])
    offered = [one for one in everybody if one.allowed]
    first = [one for n, one in enumerate(offered) if n < _SHOWN or one.ref in chosen_refs]
    return page(
        "messaging/write.html",
        form,
        here=place,
        offered=first,
        more=[one for one in offered if one not in first],
        refused=[one for one in everybody if not one.allowed],
        begun=begun,
        called=_called(box, draft),
        notices=recipients.notices(tuple(one.address for one in everybody if one.ref in chosen_refs)),
        draft=draft,
        documents=documents_of(box, form),
        may_keep_secret=may_keep_secret(box),
        **tools(place),
    )


def _called(box: Box, draft: DraftFacts | None) -> list[str]:
    """The names of those whose addresses stand in a professional's draft: a number of a patient tells nothing."""
    if box.is_person or draft is None:
        return []
    return [one.name for one in recipients.names(box, draft.typed.to) if one.name != one.address]


def _confirming(place: Here, found: DraftFacts, form: WriteForm) -> Response:
    names = recipients.names(place.box, found.typed.to)
    back = (
        f"{place.base}/{found.conversation_id}#reponse" if found.conversation_id else f"{place.base}/ecrire/{found.id}"
    )
    return page("messaging/confirm.html", form, here=place, draft=found, names=names, back_to=back)


def documents_of(box: Box, form: WriteForm) -> list[DocumentFacts]:
    """The documents of the record that go with what is written, as far as they may."""
    return chosen.documents(box, form.typed({}).documents)


def may_keep_secret(box: Box) -> bool:
    """Whether a minor writes in their own name, who may keep it from their parents (rules.md MI-6)."""
    return box.sees_secret and box.standing is not None and checks.may_keep_secret(box.standing)


def tools(place: Here) -> dict[str, Any]:
    """What a page on which one writes needs besides."""
    standing = place.box.standing
    return {
        "accept": ACCEPT if place.box.is_person else ACCEPT_MORE,
        "may_pick": standing is not None and standing.may(Permission.DOCUMENTS_READ),
        "texts": templates.templates(place.box),
    }
