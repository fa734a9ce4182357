"""The pages on which a person adds a document: photograph or choose, check, describe, add."""

from contextlib import suppress
from uuid import UUID

from flask import Response, flash, request
from flask_babel import gettext

from espace.documents import services as documents
from espace.documents.forms import ACCEPT, RETAKEN, DescribeForm, FilesForm
from espace.documents.services.adding import adding_drafts, composing, replacing, waiting
from espace.documents.services.adding.adding_drafts import Draft
from espace.documents.services.adding.own import Added
from espace.documents.services.adding.pieces import WORDS, Refused
from espace.documents.services.entries import checks
from espace.errors import InvalidError, NotFoundError
from espace.interop import media, photos
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.files import SANDBOX
from espace.web.forms import translated
from espace.web.guards import requires, viewpoint
from espace.words import N_

WORDS_SHOWN = 3000
_NO_FILE = N_("Choose a file first: a PDF, a picture or a text.")


@requires(Permission.DOCUMENTS_ADD)
def add() -> Response:
    """Photograph or choose; what was begun before can be gone on with."""
    return _choosing(FilesForm(formdata=None))


@requires(Permission.DOCUMENTS_ADD)
def added() -> Response:
    """Keep what was sent as a draft, and lead to its page; say beside the files which could not be kept."""
    return _begin(FilesForm(), None)


@requires(Permission.DOCUMENTS_ADD)
def replace(document_id: UUID) -> Response:
    """Choose what comes in the place of a document that the person added."""
    here = viewpoint()
    replacing.replaced(here.standing, document_id)
    return _choosing(FilesForm(formdata=None), documents.document(here.standing, document_id))


@requires(Permission.DOCUMENTS_ADD)
def replaced(document_id: UUID) -> Response:
    """Keep what was sent as a draft of a new version."""
    return _begin(FilesForm(), document_id)


def _begin(form: FilesForm, replaces: UUID | None) -> Response:
    here = viewpoint()
    uploads = form.uploads()
    begun = composing.Begun(None, [])
    if not uploads:
        form.refuse({"file": _NO_FILE})
    else:
        with attempt(form):
            begun = composing.begin(here.standing, uploads, replaces)
            form.refuse_files(begun.refused)
    if begun.draft_id and not begun.refused:
        return to(f"{here.base}/documents/ajouter/{begun.draft_id}")
    if begun.draft_id:
        return _checking(adding_drafts.draft(here.standing, begun.draft_id), None, begun.refused)
    return _choosing(form, documents.document(here.standing, replaces) if replaces else None)


def _choosing(form: FilesForm, former: documents.DocumentFacts | None = None) -> Response:
    here = viewpoint()
    return page(
        "documents/add.html",
        form,
        former=former,
        accept=ACCEPT,
        drafts=[] if former else adding_drafts.drafts(here.standing),
        waiting=[] if former else waiting.waiting(here.standing),
    )


@requires(Permission.DOCUMENTS_ADD)
def check(draft_id: UUID) -> Response:
    """See again what was sent, in its order, and say what it is; what is added already leads to its document."""
    draft = adding_drafts.draft(viewpoint().standing, draft_id)
    return _became(draft.done) if draft.done else _checking(draft, None, [])


@requires(Permission.DOCUMENTS_ADD)
def checked(draft_id: UUID) -> Response:
    """Keep what was typed and sent, then do what the button says: move a page, take one out, keep, or add.

    Once the draft is a document, from another window or by a second press, this leads to that document.
    """
    try:
        return _carry_out(draft_id)
    except NotFoundError:
        done = adding_drafts.draft(viewpoint().standing, draft_id).done
        if done is None:
            raise
        return _became(done)


def _carry_out(draft_id: UUID) -> Response:
    here = viewpoint()
    draft = adding_drafts.draft(here.standing, draft_id)
    if draft.done:
        return _became(draft.done)
    form = DescribeForm()
    adding_drafts.keep(here.standing, draft_id, form.typed())
    refused: list[Refused] = []
    with attempt(form):
        if uploads := form.uploads():
            refused += composing.more(here.standing, draft_id, uploads)
        for piece_id, upload in form.retaken().items():
            refused += composing.more(here.standing, draft_id, [upload], instead_of=piece_id)
    act, _, which = request.form.get("geste", "ajouter").partition(":")
    if refused or form.errors:
        form.refuse_files(refused)
    elif act != "ajouter":
        _change(draft_id, act, which)
        return to(f"{here.base}/documents/ajouter/{draft_id}#pages")
    else:
        said = form.described()
        if said is not None:
            with attempt(form):
                return _became(composing.complete(here.standing, draft_id, said), new=True)
    left = adding_drafts.draft(here.standing, draft_id)
    if draft.replaces and not left.replaces:
        form.secret.data = True  # what it would have replaced may have been: whoever may keep it secret says so or not
    return _checking(left, form, [])


def _change(draft_id: UUID, act: str, which: str) -> None:
    """What the buttons beside a page do; one that is gone meanwhile is gone."""
    standing = viewpoint().standing
    if act not in ("monter", "descendre", "enlever"):
        return
    with suppress(ValueError, NotFoundError):
        if act == "enlever":
            adding_drafts.take_out(standing, draft_id, UUID(which))
        else:
            adding_drafts.move(standing, draft_id, UUID(which), -1 if act == "monter" else 1)


def _became(done: Added, *, new: bool = False) -> Response:
    here = viewpoint()
    if done.waits:
        return to(f"{here.base}/documents/ajouter")
    if new:
        if done.new:
            flash(gettext("The document is in the record."), "ok")
        else:
            flash(gettext("This document was already in the record: it was not added twice."), "tip")
    return to(f"{here.base}/documents/{done.id}")


def _checking(draft: Draft, form: DescribeForm | None, refused: list[Refused]) -> Response:
    here = viewpoint()
    if form is None:
        form = DescribeForm(draft.typed)
        form.refuse_files(refused)
    alone = len(draft.pieces) == 1 and draft.pieces[0].media in WORDS
    former = None
    if draft.replaces:
        with suppress(NotFoundError):
            former = replacing.replaced(here.standing, draft.replaces)
    return page(
        "documents/add_check.html",
        form,
        draft=draft,
        former=former,
        words=_words(draft) if alone else None,
        pictures=media.IMAGES | {media.PDF},
        proposed=_still_proposed(draft, form),
        secret=checks.may_keep_secret(here.standing),
        retaken=RETAKEN,
        accept=ACCEPT,
    )


def _still_proposed(draft: Draft, form: DescribeForm) -> dict[str, str]:
    """Field -> what is said of it while it still holds what its content proposed."""
    typed, told = form.typed(), draft.proposed
    by_photo = told.date in {piece.taken for piece in draft.pieces if piece.taken}
    day = N_("The day the photo was taken. Correct it if the paper says another.") if by_photo else _READ
    words = {"title": _READ, "date": day, "type_code": _READ}
    return {
        name: translated(sentence)
        for name, sentence in words.items()
        if getattr(told, name) and getattr(typed, name) == getattr(told, name)
    }


_READ = N_("Read from the document. Check it, correct it if it is wrong.")


def _words(draft: Draft) -> str:
    """The beginning of a text, as people will read it."""
    piece, content = adding_drafts.content(viewpoint().standing, draft.id, draft.pieces[0].id)
    written = photos.words_of(piece.media, content)
    return written[:WORDS_SHOWN] + ("…" if len(written) > WORDS_SHOWN else "")


@requires(Permission.DOCUMENTS_ADD)
def picture(draft_id: UUID, piece_id: UUID) -> Response:
    """What a page of a draft looks like: a small picture drawn here, of its first page."""
    piece, content = adding_drafts.content(viewpoint().standing, draft_id, piece_id)
    try:
        drawn, kind = photos.preview(piece.media, content)
    except media.MediaError:
        raise NotFoundError from None
    response = Response(drawn, mimetype=kind)
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


@requires(Permission.DOCUMENTS_ADD)
def give_up(draft_id: UUID) -> Response:
    """Remove a draft and its files; nothing was added."""
    here = viewpoint()
    with suppress(InvalidError):
        adding_drafts.drop(here.standing, draft_id)
    flash(gettext("What you had begun is deleted. Nothing was added."), "ok")
    return to(f"{here.base}/documents/ajouter")
