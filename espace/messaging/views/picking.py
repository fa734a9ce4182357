"""Choosing documents of the record that go with a message: those one may read, and that nobody is kept from."""

from dataclasses import replace
from uuid import UUID

from flask import Response, request

from espace.documents.services.finding import asking
from espace.documents.services.passing import choosing
from espace.errors import NotFoundError
from espace.messaging.forms import PickForm
from espace.messaging.services.writing import drafts
from espace.messaging.services.writing.drafts import DraftFacts
from espace.permissions import Permission, Standing
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires

from .here import Here, here


@requires(Permission.MESSAGES_WRITE)
def pick(draft_id: UUID) -> Response:
    """The newest documents, those chosen ticked."""
    place = here()
    draft = drafts.draft(place.box, draft_id)
    return _picking(place, draft, PickForm(formdata=None), list(draft.typed.documents))


@requires(Permission.MESSAGES_WRITE)
def picked(draft_id: UUID) -> Response:
    """Search, offer more, or let what is ticked go with the message."""
    place, form = here(), PickForm()
    draft = drafts.draft(place.box, draft_id)
    if request.form.get("geste") in ("chercher", "plus"):
        return _picking(place, draft, form, form.ids)
    with attempt(form):
        typed = replace(draft.typed, documents=tuple(dict.fromkeys(form.ids)))
        drafts.keep(place.box, draft_id, typed, draft.conversation_id)
        where = f"{draft.conversation_id}#reponse" if draft.conversation_id else f"ecrire/{draft_id}#pieces"
        return to(f"{place.base}/{where}")
    return _picking(place, draft, form, form.ids)


def _picking(place: Here, draft: DraftFacts, form: PickForm, chosen: list[UUID]) -> Response:
    standing = _reader(place)
    question = None
    if (form.q.data or "").strip():
        with attempt(form):
            question = asking.ask(form.q.data or "")
    more = request.form.get("geste") == "plus"
    count = (form.shown.data or choosing.STEP) + (choosing.STEP if more else 0)
    form.shown.data, form.shown.raw_data = count, None
    found = choosing.choices(standing, count, chosen, question=question)
    return page("messaging/pick.html", form, here=place, draft=draft, found=found, chosen=set(chosen))


def _reader(place: Here) -> Standing:
    standing = place.box.standing
    if standing is None or not standing.may(Permission.DOCUMENTS_READ):
        raise NotFoundError
    return standing
