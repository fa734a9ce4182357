"""What can be decided about one document, and its consequence in words before it is done (rules.md AR-13 to AR-19)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, flash
from flask_babel import gettext, ngettext

from espace import clock, settings
from espace.documents import services as documents
from espace.documents.services import DocumentFacts
from espace.documents.services.deciding import announcing, deleting, secrecy, states
from espace.documents.services.deciding.delays import WITH_DOCTOR
from espace.documents.services.deciding.states import Sharing
from espace.errors import ConflictError
from espace.permissions import Permission, Relation, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, viewpoint
from espace.web.i18n import bound
from espace.web.viewpoint import Viewpoint

from .state_forms import ChoiceForm, RemarkForm, SureForm

NAMED = 4
"""So many professionals are told by name; the others are counted."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a document's page says of its states, in words: `readers` see it now, `others` no more when it is hidden.

    From `kept` it is kept, to `shown` it is shown, whatever is decided for all. `held_until`: their person reads
    it later, and until when (None with `is_held`: with their doctor). `released_on`: when the house shows what nobody
    announced. `was_secret`: it was kept from the parents of who is of age since.
    """

    sharing: Sharing | None
    readers: str
    others: str
    kept: str
    shown: str
    form: RemarkForm
    may_delete: bool
    is_held: bool
    held_until: datetime | None
    released_on: datetime | None
    opens_to_parents: bool
    may_keep_secret: bool
    was_secret: bool


def shown(here: Viewpoint, document: DocumentFacts) -> dict[str, Any]:
    """What stands beside a document: who sees it, what can be decided about it, and the remark."""
    standing = here.standing
    sharing = states.sharing(standing, document) if here.may(Permission.ACCESS_MANAGE) else None
    is_held = document.held_until is not None and document.held_until > clock.now()
    known = document.held_until if is_held and document.held_until != WITH_DOCTOR else None
    said = Shown(
        sharing=sharing,
        readers=names(sharing.readers) if sharing else "",
        others=names(sharing.others) if sharing else "",
        kept=names(sharing.kept) if sharing else "",
        shown=names(sharing.shown) if sharing else "",
        form=RemarkForm(formdata=None, data={"words": document.remark, "choices": document.choices}),
        may_delete=deleting.may_delete(standing, document),
        is_held=is_held,
        held_until=known,
        released_on=_released_on(document),
        opens_to_parents=may_open_to_parents(here, document),
        may_keep_secret=secrecy.may_keep(standing, document),
        was_secret=document.representatives_invisible and not documents.holder_is_minor(standing),
    )
    return {"states": said}


def names(professionals: Sequence[str]) -> str:
    """« A, B, C, D et 3 autres professionnels »; "" for nobody."""
    told = list(professionals[:NAMED])
    left = len(professionals) - len(told)
    if left:
        told.append(ngettext("%(num)d other professional", "%(num)d other professionals", left))
    if len(told) < 2:
        return bound("".join(told))
    return bound(gettext("%(first)s and %(last)s", first=", ".join(told[:-1]), last=told[-1]))


def may_open_to_parents(here: Viewpoint, document: DocumentFacts) -> bool:
    """Whether the reader may show a minor's secret document to the parents: the minor, or a professional (MI-9)."""
    decides = here.standing.relation is Relation.HOLDER or here.may(Permission.DOCUMENTS_ANNOUNCE)
    return document.representatives_invisible and decides and documents.holder_is_minor(here.standing)


def _released_on(document: DocumentFacts) -> datetime | None:
    days = settings.current().announcement_days
    return document.created_at + timedelta(days=days) if days and document.patient_invisible else None


@dataclass(frozen=True, slots=True)
class _Act:
    """One decision: its page and form, whether it makes sense for a document, and whether its page asks for a proof."""

    template: str
    do: Callable[..., Any]
    fits: Callable[[Viewpoint, DocumentFacts], bool]
    kind: type[ChoiceForm] = ChoiceForm
    is_wide: bool = False


_HIDE = _Act("documents/hide.html", states.hide, lambda _here, one: not one.hidden)
_SHOW = _Act("documents/show.html", states.show, lambda _here, one: one.hidden, is_wide=True)
_DELETE = _Act(
    "documents/delete.html",
    deleting.delete,
    lambda here, one: deleting.may_delete(here.standing, one),
    SureForm,
    is_wide=True,
)
_ANNOUNCE = _Act("documents/announce.html", announcing.announce, lambda _here, one: one.patient_invisible, SureForm)
_OPEN = _Act("documents/open_to_parents.html", announcing.open_to_parents, may_open_to_parents, SureForm, is_wide=True)

_KEEP_SECRET = _Act(
    "documents/keep_secret.html", secrecy.keep_secret, lambda here, one: secrecy.may_keep(here.standing, one)
)


def _confirm(act: _Act, document_id: UUID, form: ChoiceForm | None = None, *, meanwhile: bool = False) -> Response:
    """The page that says what a decision changes; `meanwhile` when something else was decided since it was opened."""
    here = viewpoint()
    document = documents.document(here.standing, document_id)
    if not act.fits(here, document):
        return to(f"{here.base}/documents/{document_id}")
    if act.is_wide:
        demand_fresh_proof(here.actor)
    if form is None or meanwhile:
        form = act.kind(formdata=None, data={"choices": document.choices})
    is_minor = documents.holder_is_minor(here.standing)
    parts = shown(here, document)
    response = page(act.template, form, document=document, is_minor=is_minor, meanwhile=meanwhile, **parts)
    if meanwhile:
        response.status_code = 409
    return response


def _done(act: _Act, document_id: UUID, said: str) -> Response:
    """Do it and lead to the document, or say on the page why it was not done."""
    here = viewpoint()
    form = act.kind()
    if not form.validate():
        return _confirm(act, document_id, form)
    try:
        place = act.do(here.standing, document_id, choices=form.known)
    except ConflictError:
        return _confirm(act, document_id, meanwhile=True)
    flash(said, "ok")
    return to(f"{here.base}/documents/{place}" if place else f"{here.base}/documents")


@requires(Permission.DOCUMENTS_KEEP)
def hiding(document_id: UUID) -> Response:
    """Who stops seeing the document when it is hidden, and who still does."""
    return _confirm(_HIDE, document_id)


@requires(Permission.DOCUMENTS_KEEP)
def hide(document_id: UUID) -> Response:
    """Hide it from professionals."""
    return _done(_HIDE, document_id, gettext("Done. This document is hidden from professionals, as of now."))


@requires(Permission.DOCUMENTS_KEEP)
def showing(document_id: UUID) -> Response:
    """Who sees the document again when it is shown."""
    return _confirm(_SHOW, document_id)


@requires(Permission.DOCUMENTS_KEEP)
def show(document_id: UUID) -> Response:
    """Show it to professionals again."""
    return _done(_SHOW, document_id, gettext("Done. Professionals may see this document again."))


@requires(Permission.DOCUMENTS_READ)
def deletion(document_id: UUID) -> Response:
    """What deleting one's own document does."""
    return _confirm(_DELETE, document_id)


@requires(Permission.DOCUMENTS_READ)
def delete(document_id: UUID) -> Response:
    """Delete it."""
    return _done(_DELETE, document_id, gettext("The document is deleted. It is in nobody's list any more."))


@requires(Permission.DOCUMENTS_ANNOUNCE)
def announcement(document_id: UUID) -> Response:
    """What announcing a document to the patient does."""
    return _confirm(_ANNOUNCE, document_id)


@requires(Permission.DOCUMENTS_ANNOUNCE)
def announce(document_id: UUID) -> Response:
    """Say that it was announced."""
    return _done(_ANNOUNCE, document_id, gettext("Done. The patient can read this document as of now."))


@requires(Permission.DOCUMENTS_READ)
def opening(document_id: UUID) -> Response:
    """What showing a secret document to the parents does."""
    return _confirm(_OPEN, document_id)


@requires(Permission.DOCUMENTS_READ)
def open_to_parents(document_id: UUID) -> Response:
    """Show it to the parents, for good."""
    return _done(_OPEN, document_id, gettext("Done. This document is no longer kept from the parents."))


@requires(Permission.DOCUMENTS_KEEP)
def keeping_secret(document_id: UUID) -> Response:
    """What keeping a document from one's parents does."""
    return _confirm(_KEEP_SECRET, document_id)


@requires(Permission.DOCUMENTS_KEEP)
def keep_secret(document_id: UUID) -> Response:
    """Keep it from them, from now on."""
    return _done(_KEEP_SECRET, document_id, gettext("Done. Your parents do not see this document any more."))


@requires(Permission.DOCUMENTS_KEEP)
def remarking(document_id: UUID) -> Response:
    """The remark, on a page of its own."""
    here = viewpoint()
    return _remark(RemarkForm(formdata=None), documents.document(here.standing, document_id))


@requires(Permission.DOCUMENTS_KEEP)
def remark(document_id: UUID) -> Response:
    """Keep the remark; when something else was decided meanwhile, the words stay on the page."""
    here = viewpoint()
    form = RemarkForm()
    if not form.validate():
        return _remark(form, documents.document(here.standing, document_id))
    try:
        with attempt(form):
            states.remark(here.standing, document_id, form.words.data or "", choices=form.known)
            flash(gettext("Your remark is kept.") if form.words.data else gettext("There is no remark any more."), "ok")
            return to(f"{here.base}/documents/{document_id}")
    except ConflictError:
        return _remark(form, documents.document(here.standing, document_id), meanwhile=True)
    return _remark(form, documents.document(here.standing, document_id))


def _remark(form: RemarkForm, document: DocumentFacts, *, meanwhile: bool = False) -> Response:
    if not form.is_submitted():
        form.words.data = document.remark
    form.choices.data = document.choices
    form.choices.raw_data = None  # the page now knows of every choice
    response = page("documents/remark.html", form, document=document, meanwhile=meanwhile)
    if meanwhile:
        response.status_code = 409
    return response


@requires(Permission.DOCUMENTS_KEEP)
def archive(document_id: UUID) -> Response:
    """Put a document away."""
    return _moved(document_id, states.archive, gettext("The document is archived. You can bring it back from here."))


@requires(Permission.DOCUMENTS_KEEP)
def unarchive(document_id: UUID) -> Response:
    """Bring a document back."""
    return _moved(document_id, states.unarchive, gettext("The document is back in the list."))


def _moved(document_id: UUID, act: Callable[..., UUID], said: str) -> Response:
    here = viewpoint()
    form = ChoiceForm()
    if not form.validate():
        raise ConflictError  # nothing our pages send
    try:
        act(here.standing, document_id, choices=form.known)
        flash(said, "ok")
    except ConflictError:
        flash(meanwhile_said(), "warn")
    return to(f"{here.base}/documents/{document_id}")


def meanwhile_said() -> str:
    """That an old page did nothing."""
    return str(gettext("Something else was decided about this document meanwhile. Nothing was changed: look again."))
