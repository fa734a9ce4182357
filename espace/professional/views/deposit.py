"""Deposit in three gestures: the patient, the file, the confirmation of the prefilled form."""

from uuid import UUID

from flask import Response, flash
from flask_babel import gettext

from espace import clock
from espace.documents.services import DocumentFacts, holder_is_minor, type_label
from espace.documents.services.arriving.depositing import shown_to_replace
from espace.errors import InvalidError
from espace.permissions import Permission
from espace.professional.forms import ConfirmForm, FileForm
from espace.professional.services import drafts
from espace.web.guards import requires, viewpoint
from espace.web.rendering import render
from espace.words import N_

from .blueprints import patient_pages, to


@patient_pages.get("/deposer")
@requires(Permission.DOCUMENTS_DEPOSIT)
def choose() -> Response:
    """The second gesture: the file."""
    return _choosing(FileForm(formdata=None))


def _choosing(form: FileForm, former: DocumentFacts | None = None) -> Response:
    waiting = [] if former else drafts.drafts(viewpoint().standing)
    return render("professional/choose_file.html", form=form, drafts=waiting, former=former, status=form.status)


@patient_pages.post("/deposer")
@requires(Permission.DOCUMENTS_DEPOSIT)
def keep() -> Response:
    """Keep the file as a draft, and go on to what is said of it."""
    return _kept(None)


def _kept(former: DocumentFacts | None) -> Response:
    here = viewpoint()
    form = FileForm()
    if not form.validate():
        return _choosing(form, former)
    if not form.file.data or not form.file.data.filename:
        form.refuse({"file": N_("Choose a file first: a PDF, or a picture of the document.")})
        return _choosing(form, former)
    content, name = form.file.data.read(), form.file.data.filename
    try:
        draft_id = drafts.start(here.standing, content, name, former.id if former else None)
    except InvalidError as error:
        form.refuse(error.problems)
        return _choosing(form, former)
    return to(f"{here.base}/deposer/{draft_id}")


@patient_pages.get("/documents/<uuid:document_id>/remplacer")
@requires(Permission.DOCUMENTS_DEPOSIT)
def replace(document_id: UUID) -> Response:
    """The file of a newer version of one's own deposit; of an older version one is led to its page, which says so."""
    former = _former(document_id)
    return _choosing(FileForm(formdata=None), former) if former else _superseded(document_id)


@patient_pages.post("/documents/<uuid:document_id>/remplacer")
@requires(Permission.DOCUMENTS_DEPOSIT)
def replaced(document_id: UUID) -> Response:
    """Keep the newer version's file as a draft, and go on to what is said of it."""
    former = _former(document_id)
    return _kept(former) if former else _superseded(document_id)


def _former(document_id: UUID) -> DocumentFacts | None:
    try:
        return shown_to_replace(viewpoint().standing, document_id)
    except InvalidError:
        return None


def _superseded(document_id: UUID) -> Response:
    flash(gettext("A newer version of this document exists already. Replace that one."), "warn")
    return to(f"{viewpoint().base}/documents/{document_id}")


@patient_pages.get("/deposer/<uuid:draft_id>")
@requires(Permission.DOCUMENTS_DEPOSIT)
def review(draft_id: UUID) -> Response:
    """The third gesture: read again and deposit; what was deposited already leads to its receipt."""
    here = viewpoint()
    draft = drafts.draft(here.standing, draft_id)
    if draft.deposited is not None:
        return to(f"{here.base}/deposer/{draft_id}/recu")
    form = ConfirmForm(formdata=None).offer(here.actor.profession, draft.proposed)
    return _reviewing(draft, form.fill(draft.confirmed or _as_before(drafts.former(here.standing, draft))))


def _as_before(former: DocumentFacts | None) -> drafts.Confirmation | None:
    """What is offered for a newer version: what was said of the one before."""
    if former is None:
        return None
    return drafts.Confirmation(
        type_code=former.type_code,
        title=former.title,
        date=clock.today(),
        representatives_see=False if former.representatives_invisible else None,
        patient_invisible=former.patient_invisible,
    )


def _reviewing(draft: drafts.DraftFacts, form: ConfirmForm) -> Response:
    standing = viewpoint().standing
    minor, former = holder_is_minor(standing), drafts.former(standing, draft)
    return render("professional/confirm.html", form=form, draft=draft, minor=minor, former=former, status=form.status)


@patient_pages.post("/deposer/<uuid:draft_id>")
@requires(Permission.DOCUMENTS_DEPOSIT)
def confirm(draft_id: UUID) -> Response:
    """Deposit; a second click leads to the same receipt."""
    here = viewpoint()
    draft = drafts.draft(here.standing, draft_id)
    form = ConfirmForm().offer(here.actor.profession, draft.proposed)
    minor, secret = holder_is_minor(here.standing), here.standing.is_secret
    said = form.command(minor=minor, secret=secret) if form.validate() else None
    if said is None:
        return _reviewing(draft, form)
    try:
        drafts.confirm(here.standing, draft_id, said)
    except InvalidError as error:
        form.refuse(error.problems)
        return _reviewing(draft, form)
    return to(f"{here.base}/deposer/{draft_id}/recu")


@patient_pages.post("/deposer/<uuid:draft_id>/abandon")
@requires(Permission.DOCUMENTS_DEPOSIT)
def give_up(draft_id: UUID) -> Response:
    """Remove a draft and its file; nothing was deposited."""
    here = viewpoint()
    try:
        drafts.drop(here.standing, draft_id)
    except InvalidError:
        return to(f"{here.base}/deposer/{draft_id}")
    flash(gettext("The draft and its file are removed. Nothing was deposited."), "ok")
    return to(f"{here.base}/")


@patient_pages.get("/deposer/<uuid:draft_id>/recu")
@requires(Permission.DOCUMENTS_DEPOSIT)
def receipt(draft_id: UUID) -> Response:
    """What was deposited, when, and what follows."""
    here = viewpoint()
    draft = drafts.draft(here.standing, draft_id)
    if draft.deposited is None or draft.confirmed is None:
        return to(f"{here.base}/deposer/{draft_id}")
    return render(
        "professional/receipt.html",
        draft=draft,
        said=draft.confirmed,
        kind=type_label(draft.confirmed.type_code),
        aside=next((one for one in drafts.aside(here.standing) if one.id == draft.deposited), None),
    )
