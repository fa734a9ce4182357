"""The drop-box on the person's side: links to receive files, what waits, accepting or throwing away."""

from uuid import UUID

import segno
from flask import Response, flash
from flask_babel import gettext

from espace.access.services.passing import links as given
from espace.access.services.passing.links import LinkKind, LinkState
from espace.documents.forms import DescribeForm
from espace.documents.services.adding.adding_drafts import Typed
from espace.documents.services.adding.pieces import WORDS
from espace.documents.services.entries import checks
from espace.documents.services.passing import guests
from espace.errors import ConflictError, NotFoundError
from espace.interop import media, photos
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.files import SANDBOX
from espace.web.guards import requires, viewpoint
from espace.web.i18n import local
from espace.web.rendering import render

from .passing_forms import DropForm, made_already
from .passing_trace import leave_looking, leave_reading

WORDS_SHOWN = 3000


@requires(Permission.ACCESS_MANAGE)
def listing() -> Response:
    """What waits to be accepted, and the links by which files may come."""
    here = viewpoint()
    standing = here.standing
    lines, waiting = given.links(standing, LinkKind.DROP), guests.waiting(standing)
    leave_reading(here, [*(one.id for one in lines), *(one.id for one in waiting)])
    return render(
        "documents/drops.html",
        waiting=waiting,
        open=[one for one in lines if one.state is LinkState.OPEN],
        over=[one for one in lines if one.state is not LinkState.OPEN],
        adds=standing.may(Permission.DOCUMENTS_ADD),
    )


@requires(Permission.ACCESS_MANAGE)
def choose() -> Response:
    """Name who will leave a file."""
    demand_fresh_proof(viewpoint().actor)
    return page("documents/drop_new.html", DropForm(formdata=None))


@requires(Permission.ACCESS_MANAGE)
def make() -> Response:
    """Make a link and show it, once."""
    here = viewpoint()
    form = DropForm()
    with attempt(form):
        try:
            made = guests.make(here.standing, form.label.data or "", form.hours.data or 0, form.makes())
        except ConflictError:
            return made_already(f"{here.base}/acces/depots")
        drawn = segno.make(made.address, error="m").svg_data_uri(scale=5, border=4, light="#fff", dark="#000")
        line = given.link(here.standing, LinkKind.DROP, made.id)
        return render("documents/drop_made.html", made=made, qr=drawn, line=line)
    return page("documents/drop_new.html", form)


@requires(Permission.ACCESS_MANAGE)
def close(link_id: UUID) -> Response:
    """Close a link at once: no proof is asked. What was left by it stays."""
    here = viewpoint()
    given.close(here.standing, LinkKind.DROP, link_id)
    flash(gettext("Done. Nobody can leave a file by this link any more."), "ok")
    return to(f"{here.base}/acces/depots")


@requires(Permission.ACCESS_MANAGE)
def look(file_id: UUID) -> Response:
    """Look at a file before it is accepted, and say what it is."""
    here = viewpoint()
    found = guests.one_left(here.standing, file_id)
    leave_reading(here, [found.id])
    day = found.piece.taken or local(found.received_at).date().isoformat()
    return _looking(found, DescribeForm(Typed(date=day)))


@requires(Permission.ACCESS_MANAGE)
def accept(file_id: UUID) -> Response:
    """Add the file to the record, as it was described."""
    here = viewpoint()
    found = guests.one_left(here.standing, file_id)
    form = DescribeForm()
    said = form.described()
    if said is not None:
        with attempt(form):
            added = guests.accept(here.standing, file_id, said)
            if added.waits:
                flash(gettext("The antivirus does not answer now. The document is added once it was checked."), "tip")
                return to(f"{here.base}/documents/ajouter")
            flash(
                gettext("The document is in the record, marked as left by a guest.")
                if added.new
                else gettext("This document was already in the record: it was not added twice."),
                "ok",
            )
            return to(f"{here.base}/documents/{added.id}")
    return _looking(found, form)


def _looking(found: guests.Left, form: DescribeForm) -> Response:
    standing = viewpoint().standing
    return page(
        "documents/drop_file.html",
        form,
        left=found,
        words=_words(found) if found.piece.media in WORDS else None,
        secret=checks.may_keep_secret(standing),
    )


def _words(found: guests.Left) -> str:
    _, content = guests.content(viewpoint().standing, found.id)
    written = photos.words_of(found.piece.media, content)
    return written[:WORDS_SHOWN] + ("…" if len(written) > WORDS_SHOWN else "")


@requires(Permission.ACCESS_MANAGE)
def picture(file_id: UUID) -> Response:
    """What a file that waits looks like: a small picture drawn here, of its first page."""
    here = viewpoint()
    found, content = guests.content(here.standing, file_id)
    leave_looking(here, file_id)
    try:
        drawn, kind = photos.preview(found.piece.media, content)
    except media.MediaError:
        raise NotFoundError from None
    response = Response(drawn, mimetype=kind)
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


@requires(Permission.ACCESS_MANAGE)
def throw_away(file_id: UUID) -> Response:
    """Throw a file away for good."""
    here = viewpoint()
    guests.throw_away(here.standing, file_id)
    flash(gettext("Thrown away. Nothing was added to the record."), "ok")
    return to(f"{here.base}/acces/depots")
