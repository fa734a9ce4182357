"""The page on which a person adds a document."""

from flask import Response, flash, redirect
from flask_babel import gettext

from espace.documents import services as documents
from espace.documents.forms import AddForm
from espace.errors import InvalidError
from espace.permissions import Permission
from espace.web.guards import requires, viewpoint
from espace.web.rendering import render


@requires(Permission.DOCUMENTS_ADD)
def add() -> Response:
    """Choose a file, say what it is, add it."""
    return render("documents/add.html", form=AddForm())


@requires(Permission.DOCUMENTS_ADD)
def added() -> Response:
    """Take the file in, or say beside each field what is to be corrected."""
    here = viewpoint()
    form = AddForm()
    if form.validate():
        try:
            done = documents.add(here.standing, form.command())
        except InvalidError as error:
            form.refuse(error.problems)
        else:
            if done.new:
                flash(gettext("The document is in the record."), "ok")
            else:
                flash(gettext("This document was already in the record: it was not added twice."), "tip")
            response = redirect(f"{here.base}/documents/{done.id}", 303)
            assert isinstance(response, Response)  # noqa: S101 - narrows Werkzeug's type
            return response
    return render("documents/add.html", status=form.status, form=form)
