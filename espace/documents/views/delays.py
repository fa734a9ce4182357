"""When fresh results are shown to the person, what waits now, and hiding or showing all documents at once."""

from uuid import UUID

from flask import Response, flash, request
from flask_babel import gettext, ngettext

from espace.documents.services.deciding import delays, states
from espace.documents.services.deciding.delays import ResultKind
from espace.errors import ConflictError
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, viewpoint

from .state_forms import DelaysForm, PlainForm
from .states import names

PLACE = "/documents/delais"


@requires(Permission.DOCUMENTS_KEEP)
def choosing() -> Response:
    """When each kind of fresh result is shown, and what waits now."""
    return _page(DelaysForm(formdata=None))


@requires(Permission.DOCUMENTS_KEEP)
def choose() -> Response:
    """Choose; what waits already waits no longer than that."""
    here = viewpoint()
    form = DelaysForm()
    if not form.validate():
        return _page(form)
    try:
        with attempt(form):
            delays.choose(here.standing, form.wanted(), known=form.shown())
            flash(gettext("Your choice is kept."), "ok")
            return to(here.base + PLACE)
    except ConflictError:
        return _page(form, meanwhile=True)
    return _page(form)


def _page(form: DelaysForm, *, meanwhile: bool = False) -> Response:
    standing = viewpoint().standing
    chosen = delays.choices(standing)
    form.offer(chosen)
    if meanwhile:
        form.show(chosen)
    response = page(
        "documents/delays.html",
        form,
        waiting=delays.results(standing),
        kinds=delays.KIND_WORDS,
        meanwhile=meanwhile,
    )
    if meanwhile:
        response.status_code = 409
    return response


@requires(Permission.DOCUMENTS_KEEP)
def read_all() -> Response:
    """Read everything that waits now, or one kind of it (`sorte`)."""
    here = viewpoint()
    wanted = request.form.get("sorte", "")
    kind = next((one for one in ResultKind if one.value == wanted), None)
    if wanted and kind is None:
        return to(here.base + PLACE)
    count = delays.lift_all(here.standing, kind)
    if count:
        flash(ngettext("A result waits no more.", "%(num)d results wait no more.", count), "ok")
    return to(f"{here.base}/documents" if count else here.base + PLACE)


@requires(Permission.DOCUMENTS_READ)
def read_now(document_id: UUID) -> Response:
    """Read one result now; a professional does so when they read it with the person."""
    here = viewpoint()
    place = delays.lift(here.standing, document_id)
    if here.is_professional:
        flash(gettext("Done. The patient can read this result as of now."), "ok")
    return to(f"{here.base}/documents/{place}")


@requires(Permission.DOCUMENTS_KEEP)
def hiding_all() -> Response:
    """Who sees nothing any more when everything is hidden."""
    return _all("documents/hide_all.html", hidden=False)


@requires(Permission.DOCUMENTS_KEEP)
def hide_all() -> Response:
    """Hide every document from professionals."""
    here = viewpoint()
    if not PlainForm().validate():
        return _all("documents/hide_all.html", hidden=False)
    states.hide_all(here.standing)
    flash(gettext("Done. Professionals only see the documents they deposited themselves."), "ok")
    return to(f"{here.base}/documents")


@requires(Permission.DOCUMENTS_KEEP)
def showing_all() -> Response:
    """Who sees what again when everything hidden is shown."""
    demand_fresh_proof(viewpoint().actor)
    return _all("documents/show_all.html", hidden=True)


@requires(Permission.DOCUMENTS_KEEP)
def show_all() -> Response:
    """Show every hidden document to professionals again."""
    here = viewpoint()
    if not PlainForm().validate():
        return _all("documents/show_all.html", hidden=True)
    states.show_all(here.standing)
    flash(gettext("Done. Professionals may see these documents again."), "ok")
    return to(f"{here.base}/documents")


def _all(template: str, *, hidden: bool) -> Response:
    standing = viewpoint().standing
    readers = states.reading(standing)
    return page(
        template,
        PlainForm(formdata=None),
        count=states.count(standing, hidden=hidden),
        many=states.MANY,
        readers=names(readers),
        reader_count=len(readers),
    )
