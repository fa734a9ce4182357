"""Share links: choose documents, give the link away once, see who opened what, close it."""

from uuid import UUID

import segno
from flask import Response, flash, request
from flask_babel import gettext

from espace.access.services.passing import links as given
from espace.access.services.passing.links import LinkKind, LinkState
from espace.documents.services.finding.asking import Question
from espace.documents.services.passing import choosing, sharing
from espace.documents.services.types import CLASSES
from espace.errors import ConflictError
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, viewpoint
from espace.web.rendering import render
from espace.web.typed import keeping, typed_before

from . import picking
from .passing_forms import ShareForm, ids, made_already, times
from .passing_trace import leave_reading
from .words import kind_of


@requires(Permission.ACCESS_MANAGE)
def listing() -> Response:
    """The links that open, then those that are over."""
    here = viewpoint()
    lines = given.links(here.standing, LinkKind.SHARE)
    leave_reading(here, [one.id for one in lines])
    return render(
        "documents/links.html",
        open=[one for one in lines if one.state is LinkState.OPEN],
        over=[one for one in lines if one.state is not LinkState.OPEN],
        times=times,
    )


@requires(Permission.ACCESS_MANAGE)
def choose() -> Response:
    """Choose what a link shows; `document` names one that is ticked already."""
    demand_fresh_proof(viewpoint().actor)
    if (typed := typed_before()) is not None:
        return _choosing(ShareForm(formdata=typed), ids(typed.getlist("document")), typed.getlist("categorie"))
    return _choosing(ShareForm(formdata=None), _named(request.args.getlist("document")), ())


@requires(Permission.ACCESS_MANAGE)
def make() -> Response:
    """Make a link and show it, once; or show more documents, with every answer kept."""
    here = viewpoint()
    form = ShareForm()
    if request.form.get("geste") == "plus":
        form.shown.data = (form.shown.data or choosing.STEP) + choosing.STEP
        form.shown.raw_data = None
        return _choosing(form, form.chosen(), form.classes())
    if picking.seeks(form):
        return _choosing(form, form.chosen(), form.classes(), picking.question(here.standing, form))
    with keeping(), attempt(form):
        try:
            made = sharing.share(here.standing, form.command(), gettext("Health documents"))
        except ConflictError:
            return made_already(f"{here.base}/acces/liens")
        drawn = segno.make(made.address, error="l").svg_data_uri(scale=3, border=4, light="#fff", dark="#000")
        line = given.link(here.standing, LinkKind.SHARE, made.id)
        return render("documents/link_made.html", made=made, qr=drawn, line=line, passcode=form.command().passcode)
    return _choosing(form, form.chosen(), form.classes())


def _choosing(form: ShareForm, ticked: list[UUID], classes: object, question: Question | None = None) -> Response:
    here = viewpoint()
    parmi = form.parmi.data if form.parmi.data in CLASSES else ""
    offered = choosing.choices(
        here.standing, form.shown.data or choosing.STEP, ticked, class_code=parmi, question=question
    )
    form.offer(offered.classes)
    if question is None:
        form.sought.data = ""
    return page(
        "documents/link_new.html",
        form,
        offered=offered,
        question=question,
        **picking.ways_on(here.standing, question, offered.results),
        ticked=frozenset(ticked),
        classes=classes,
        class_words=CLASSES,
        kind=lambda code: kind_of(code, here),
    )


@requires(Permission.ACCESS_MANAGE)
def one(link_id: UUID) -> Response:
    """One link: what it shows, who opened what."""
    here = viewpoint()
    line = given.link(here.standing, LinkKind.SHARE, link_id)
    shown = sharing.shared(here.standing, line)
    leave_reading(here, [line.id, *(one.id for one in shown)])
    return render(
        "documents/link.html",
        line=line,
        shown=shown,
        titles={one.id: one.title for one in shown},
        visits=given.visits(here.standing, line),
        times=times,
    )


@requires(Permission.ACCESS_MANAGE)
def close(link_id: UUID) -> Response:
    """Close a link at once: no proof is asked."""
    here = viewpoint()
    sharing.close(here.standing, link_id)
    flash(gettext("Done. This link shows nothing any more, as of now."), "ok")
    return to(f"{here.base}/acces/liens/{link_id}")


def _named(written: list[str]) -> list[UUID]:
    found = []
    for text in written[:5]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
