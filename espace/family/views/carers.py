"""The carers of a record, for its people: ask somebody, see what each may do, narrow, prolong, end in one tap."""

from uuid import UUID

from flask import Response, flash
from flask_babel import gettext

from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, NotFoundError
from espace.family.forms import AddCarerForm, CarerForm, DecideForm
from espace.family.services import last_act
from espace.family.services.carers import invitations, links, mandates
from espace.family.services.carers import scope as scopes
from espace.family.services.carers.links import Carer
from espace.family.services.carers.scope import Scope
from espace.family.services.carers.subjects import MEANT
from espace.permissions import Permission, Task, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, viewpoint
from espace.web.i18n import elide
from espace.web.rendering import render
from espace.web.typed import keeping, typed_before
from espace.web.viewpoint import Viewpoint
from espace.words import N_

from .blueprints import record_pages
from .carer_words import summary_of

_CHANGED = N_("Someone decided meanwhile: nothing was changed. Here is where things stand.")


@record_pages.get("/acces/aidants")
@requires(Permission.ACCESS_MANAGE)
def carers() -> Response:
    """Who helps, who was asked, who helped before."""
    here = viewpoint()
    found = links.carers(here.standing)
    _leave(here, found)
    return render(
        "family/carers/list.html",
        present=[one for one in found if not one.is_over],
        past=[one for one in found if one.is_over],
        waiting=[one for one in invitations.invitations(here.standing) if one.waits],
        say=summary_of,
    )


@record_pages.get("/acces/aidants/ajouter")
@requires(Permission.ACCESS_MANAGE)
def adding() -> Response:
    """The form. The proof is asked for here, so that nobody types for nothing."""
    here = viewpoint()
    demand_fresh_proof(here.actor)
    if (typed := typed_before()) is not None:
        form = AddCarerForm(formdata=typed)
        form.offer()
        return _adding(here, form)
    form = AddCarerForm(formdata=None).offer()
    form.show(Scope(frozenset({Task.READ_DOCUMENTS}), frozenset(), scopes.usual(here.record_id)))
    return _adding(here, form)


@record_pages.post("/acces/aidants/ajouter")
@requires(Permission.ACCESS_MANAGE)
def add() -> Response:
    """First the summary of what was chosen; then, once it was seen, the invitation."""
    here, form = viewpoint(), AddCarerForm()
    form.offer()
    with keeping():
        demand_fresh_proof(here.actor)
    if form.validate():
        with attempt(form):
            invitee, scope = form.invitee(), form.scope()
            if not form.seen.data:
                invitations.check_invitation(here.standing, invitee, scope)
                return render(
                    "family/carers/check.html", form=form, invitee=invitee, said=summary_of(invitee.name, scope)
                )
            invitations.invite(here.standing, invitee, scope)
            flash(gettext("Done. If this person can be reached, an invitation is on its way."), "ok")
            return to(f"{here.base}/acces/aidants")
    return _adding(here, form)


@record_pages.post("/acces/aidants/invitations/<uuid:invitation_id>/annuler")
@requires(Permission.ACCESS_MANAGE)
def cancel(invitation_id: UUID) -> Response:
    """Take an invitation back."""
    here = viewpoint()
    if DecideForm().validate():
        found = invitations.cancel(here.standing, invitation_id)
        flash(
            elide(gettext("Done. The invitation of %(name)s opens nothing any more.", name=found.name), found.name),
            "ok",
        )
    return to(f"{here.base}/acces/aidants")


@record_pages.get("/acces/aidants/<uuid:carer_id>")
@requires(Permission.ACCESS_MANAGE)
def one(carer_id: UUID) -> Response:
    """What one carer may do, since when, until when, and what can be decided."""
    here = viewpoint()
    found = links.carer(here.standing, carer_id)
    _leave(here, [found])
    return render(
        "family/carers/one.html",
        carer=found,
        said=summary_of(found.name, found.scope),
        last_act=last_act(here.standing, found.person_id, as_carer=True),
        paper=mandates.paper_of(here.standing, carer_id),
        form=DecideForm(formdata=None),
    )


@record_pages.get("/acces/aidants/<uuid:carer_id>/papier/<int:number>")
@requires(Permission.ACCESS_MANAGE)
def paper(carer_id: UUID, number: int) -> Response:
    """One page of the signed paper, as a picture that no browser keeps."""
    here = viewpoint()
    found = links.carer(here.standing, carer_id)
    _leave(here, [found])
    response = Response(mandates.picture(here.standing, carer_id, number), mimetype="image/webp")
    response.headers["Content-Disposition"] = "inline"
    return response


@record_pages.get("/acces/aidants/<uuid:carer_id>/reduire")
@requires(Permission.ACCESS_MANAGE)
def narrowing(carer_id: UUID) -> Response:
    """The form that only narrows: it asks for no proof."""
    here = viewpoint()
    found = links.carer(here.standing, carer_id)
    if found.is_over:
        return _over(here, found)
    form = CarerForm(formdata=None).offer(found.scope.tasks).show(found.scope, found.version)
    return _changing(here, found, form, narrow=True)


@record_pages.post("/acces/aidants/<uuid:carer_id>/reduire")
@requires(Permission.ACCESS_MANAGE)
def narrow(carer_id: UUID) -> Response:
    """Narrow what a carer may do, as of now."""
    return _change(carer_id, narrow=True)


@record_pages.get("/acces/aidants/<uuid:carer_id>/elargir")
@requires(Permission.ACCESS_MANAGE)
def widening(carer_id: UUID) -> Response:
    """The form that prolongs and opens further."""
    here = viewpoint()
    demand_fresh_proof(here.actor)
    found = links.carer(here.standing, carer_id)
    if found.is_over:
        return _over(here, found)
    if (typed := typed_before()) is not None:
        return _changing(here, found, CarerForm(formdata=typed).offer(), narrow=False)
    longer = max(found.scope.last_day, scopes.usual(here.record_id))
    offered = Scope(found.scope.tasks, found.scope.subjects, longer)
    form = CarerForm(formdata=None).offer().show(offered, found.version)
    return _changing(here, found, form, narrow=False)


@record_pages.post("/acces/aidants/<uuid:carer_id>/elargir")
@requires(Permission.ACCESS_MANAGE)
def widen(carer_id: UUID) -> Response:
    """Prolong, or open further."""
    return _change(carer_id, narrow=False)


@record_pages.post("/acces/aidants/<uuid:carer_id>/fin")
@requires(Permission.ACCESS_MANAGE)
def end(carer_id: UUID) -> Response:
    """End a carer's help, now, without a reason."""
    here = viewpoint()
    if DecideForm().validate():
        found = links.end(here.standing, carer_id)
        flash(gettext("Done. %(name)s sees nothing any more, as of now.", name=found.name), "ok")
    return to(f"{here.base}/acces/aidants")


def _adding(here: Viewpoint, form: AddCarerForm) -> Response:
    return page(
        "family/carers/add.html",
        form,
        meant=_meant(),
        latest=scopes.latest(here.record_id),
    )


def _changing(here: Viewpoint, found: Carer, form: CarerForm, *, narrow: bool) -> Response:
    return page(
        "family/carers/change.html",
        form,
        carer=found,
        narrow=narrow,
        said=summary_of(found.name, found.scope),
        meant=_meant(),
        latest=found.scope.last_day if narrow else scopes.latest(here.record_id),
    )


def _change(carer_id: UUID, *, narrow: bool) -> Response:
    here, form = viewpoint(), CarerForm()
    found = links.carer(here.standing, carer_id)
    if found.is_over:
        return _over(here, found)
    form.offer(found.scope.tasks) if narrow else form.offer()
    if form.validate():
        with attempt(form):
            try:
                with keeping():
                    links.change(here.standing, carer_id, form.scope(), version=form.version.data or 0)
            except (ConflictError, NotFoundError):  # changed, or ended, in another browser
                return _over(here, found)
            after = links.carer(here.standing, carer_id)
            flash(gettext("Done. As of now: %(what)s", what=summary_of(after.name, after.scope)), "ok")
            return to(f"{here.base}/acces/aidants/{carer_id}")
    return _changing(here, found, form, narrow=narrow)


def _over(here: Viewpoint, found: Carer) -> Response:
    """There is nothing to change once the help has ended: its page says so."""
    flash(gettext(_CHANGED.msgid), "warn")
    return to(f"{here.base}/acces/aidants/{found.id}")


def _meant() -> dict[str, str]:
    return {subject: gettext(words.msgid) for subject, words in MEANT.items()}


def _leave(here: Viewpoint, shown: list[Carer]) -> None:
    """Who reads this for somebody else, or beside a helper, leaves a trace before the answer (security.md R25)."""
    if here.standing.is_watched:
        audit.record(
            here.actor,
            here.record_id,
            Action.ACCESSES_READ,
            relation=here.standing.relation,
            objects=[{"id": str(one.id), "name": one.name} for one in shown],
        )
