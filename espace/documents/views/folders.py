"""A reader's own order: favourites, folders, what counts as read. Part of it stands on a document's page."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, flash, request
from flask_babel import gettext

from espace.documents import services as documents
from espace.documents.services import DocumentFacts
from espace.documents.services.library import folders, readers
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, viewpoint
from espace.web.rendering import render
from espace.web.viewpoint import Viewpoint

from .folder_forms import FolderForm, KeepForm


def kept(here: Viewpoint, document: DocumentFacts) -> dict[str, Any]:
    """What `documents/_keep.html` shows on a document's page; opening it there counts as reading it."""
    found = folders.kept(here.standing, document.id)
    mark = readers.note_read(here.standing, document.id, found.mark)
    return {"keep": replace(found, mark=mark)}


@requires(Permission.DOCUMENTS_READ)
def favourite(document_id: UUID) -> Response:
    """Make a document a favourite (`favori=1`), or no longer."""
    here = viewpoint()
    wanted = request.form.get("favori") == "1"
    readers.set_favourite(here.standing, document_id, favourite=wanted)
    flash(gettext("The document is among your favourites.") if wanted else gettext("No longer a favourite."), "ok")
    return to(f"{here.base}/documents/{document_id}")


@requires(Permission.DOCUMENTS_READ)
def put(document_id: UUID) -> Response:
    """Put a document into a folder, one that is there or a new one; or take it out."""
    here = viewpoint()
    form = KeepForm()
    if form.validate():
        with attempt(form):
            folder = folders.put(here.standing, document_id, form.folder_id, form.name.data or "")
            if folder:
                flash(gettext("The document is in the folder %(name)s.", name=folder.name), "ok")
            else:
                flash(gettext("The document is in no folder any more."), "ok")
            return to(f"{here.base}/documents/{document_id}")
    document = documents.document(here.standing, document_id)
    kept_so = folders.kept(here.standing, document_id)
    return page("documents/put.html", form, document=document, keep=kept_so)


@requires(Permission.DOCUMENTS_READ)
def own() -> Response:
    """One's folders, and the form for another."""
    return render("documents/folders.html", form=FolderForm(formdata=None), folders=_all())


@requires(Permission.DOCUMENTS_READ)
def make() -> Response:
    """Make a folder."""
    here = viewpoint()
    form = FolderForm()
    if form.validate():
        with attempt(form):
            folder = folders.new_folder(here.standing, form.name.data or "")
            flash(gettext("The folder %(name)s is ready.", name=folder.name), "ok")
            return to(f"{here.base}/documents/dossiers")
    return page("documents/folders.html", form, folders=_all())


@requires(Permission.DOCUMENTS_READ)
def folder(folder_id: UUID) -> Response:
    """One folder: another name, or its end."""
    found = folders.folder(viewpoint().standing, folder_id)
    return render("documents/folder.html", form=FolderForm(formdata=None, name=found.name), folder=found)


@requires(Permission.DOCUMENTS_READ)
def rename(folder_id: UUID) -> Response:
    """Give a folder another name."""
    here = viewpoint()
    found = folders.folder(here.standing, folder_id)
    form = FolderForm()
    if form.validate():
        with attempt(form):
            folders.rename(here.standing, folder_id, form.name.data or "")
            flash(gettext("The folder has its new name."), "ok")
            return to(f"{here.base}/documents/dossiers")
    return page("documents/folder.html", form, folder=found)


@requires(Permission.DOCUMENTS_READ)
def remove(folder_id: UUID) -> Response:
    """Take a folder away; its documents stay."""
    here = viewpoint()
    folders.delete_folder(here.standing, folder_id)
    flash(gettext("The folder is deleted. Its documents are still in the record."), "ok")
    return to(f"{here.base}/documents/dossiers")


@requires(Permission.DOCUMENTS_READ)
def read_everything() -> Response:
    """Count everything that is there as read."""
    here = viewpoint()
    readers.read_everything(here.standing)
    flash(gettext("All the documents count as read."), "ok")
    return to(f"{here.base}/documents")


def _all() -> tuple[folders.Folder, ...]:
    return folders.folders(viewpoint().standing)
