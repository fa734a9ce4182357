"""« Partage du profil »: who acts for the holder, the second parent, two homes, contests, decisions (MI-2, R15)."""

from collections.abc import Callable
from uuid import UUID

from flask import Response, abort, flash, request
from flask_babel import gettext

from espace import settings
from espace.errors import ConflictError, NotFoundError
from espace.family.services import parents
from espace.family.services.asking import inviting, proofs, requests
from espace.family.services.asking.request_rows import BINDS
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, viewpoint
from espace.web.rendering import render

from .blueprints import record_pages
from .request_forms import ContestForm, DecisionForm, InviteParentForm


@record_pages.get("/acces/parents")
@requires(Permission.ACCESS_MANAGE)
def sharing() -> Response:
    """Who acts for the holder, since when, and what is about to change."""
    here = viewpoint().standing
    found = parents.read(here)
    may_invite = _may_invite()
    return render(
        "family/sharing.html",
        people=found,
        me=next((one for one in found if one.is_me), None),
        binds=BINDS,
        announced=requests.announced(here.record_id),
        invitations=inviting.invitations(here) if may_invite else [],
        may_invite=may_invite,
        asked=parents.asked(here),
        two_homes=parents.has_two_homes(here),
    )


@record_pages.get("/acces/parents/inviter")
@requires(Permission.ACCESS_MANAGE)
def asking_parent() -> Response:
    """The form of an invitation. The proof of identity is asked for here, so that nobody types for nothing."""
    here = viewpoint().standing
    inviting.may_invite(here)
    demand_fresh_proof(here.actor)
    return _inviting(InviteParentForm(formdata=None))


@record_pages.post("/acces/parents/inviter")
@requires(Permission.ACCESS_MANAGE)
def invite() -> Response:
    """Send it: whether the address is known here is not told (security.md R5)."""
    form = InviteParentForm()
    here = viewpoint()
    inviting.may_invite(here.standing)
    if form.validate():
        with attempt(form):
            inviting.invite(here.standing, form.email.data or "")
            flash(gettext("The invitation is sent. It opens nothing before we have seen a proof."), "ok")
            return to(_place())
    return _inviting(form)


@record_pages.post("/acces/parents/invitations/<uuid:invitation_id>/annuler")
@requires(Permission.ACCESS_MANAGE)
def cancel(invitation_id: UUID) -> Response:
    """Cancel an invitation that was not answered."""
    inviting.cancel(viewpoint().standing, invitation_id)
    flash(gettext("The invitation is cancelled. Its code opens nothing any more."), "ok")
    return to(_place())


@record_pages.post("/acces/parents/foyers")
@requires(Permission.ACCESS_MANAGE)
def two_homes() -> Response:
    """Keep the names of places from the others who act for this child, or not any more."""
    on = request.form.get("on") == "1"
    parents.choose_two_homes(viewpoint().standing, on=on)
    flash(
        gettext("Done. The others do not see the names of places here any more. They are not told.")
        if on
        else gettext("Done. The names of places are shown again to everyone who acts for this child."),
        "ok",
    )
    return to(_place())


@record_pages.get("/acces/parents/liens/<uuid:request_id>/contester")
@requires(Permission.ACCESS_MANAGE)
def contesting(request_id: UUID) -> Response:
    """What contesting a link means."""
    return _contesting(request_id, ContestForm(formdata=None))


@record_pages.post("/acces/parents/liens/<uuid:request_id>/contester")
@requires(Permission.ACCESS_MANAGE)
def contest(request_id: UUID) -> Response:
    """Contest it: it goes back to the desk."""
    form = ContestForm()
    here = viewpoint()
    if form.validate():
        with attempt(form):
            _unless_decided(
                lambda: requests.contest(here.actor, here.record_id, request_id, form.words.data or ""),
                gettext("Noted. This link is not made: someone of the house looks at it again."),
            )
            return to(_place())
    return _contesting(request_id, form)


@record_pages.get("/acces/parents/<uuid:link_id>/decision")
@requires(Permission.ACCESS_MANAGE)
def telling_decision(link_id: UUID) -> Response:
    """What sending a court's decision means."""
    return _telling(link_id, DecisionForm(formdata=None))


@record_pages.post("/acces/parents/<uuid:link_id>/decision")
@requires(Permission.ACCESS_MANAGE)
def tell_decision(link_id: UUID) -> Response:
    """Send it to the desk: whom it limits is not told."""
    form = DecisionForm()
    if form.validate():
        with attempt(form):
            made = parents.ask_restriction(viewpoint().standing, link_id, form.words.data or "", form.content())
            flash(gettext("The decision is sent. We answer you here, and tell you by e-mail."), "ok")
            return to(f"/compte/proches/demandes/{made}")
    return _telling(link_id, form)


def _place() -> str:
    return f"{viewpoint().base}/acces/parents"


def _may_invite() -> bool:
    try:
        inviting.may_invite(viewpoint().standing)
    except NotFoundError:
        return False
    return True


def _inviting(form: InviteParentForm) -> Response:
    alone = len(parents.representatives_on(viewpoint().standing)) == 1
    return page("family/invite_parent.html", form, alone=alone, days=settings.current().parent_invitation_days)


def _contesting(request_id: UUID, form: ContestForm) -> Response:
    found = requests.announced(viewpoint().record_id)
    line = next((one for one in found if one.id == request_id), None)
    if line is None:
        abort(404)
    return page("family/contest.html", form, line=line, binds=BINDS[line.binds])


def _telling(link_id: UUID, form: DecisionForm) -> Response:
    found = parents.representative(viewpoint().standing, link_id)
    if found.is_me:
        abort(404)
    return page(
        "family/decision.html",
        form,
        other=found,
        accept=proofs.ACCEPT,
        proof_days=settings.current().proof_days,
    )


def _unless_decided(act: Callable[[], None], done: str) -> None:
    try:
        act()
        flash(done, "ok")
    except ConflictError:
        flash(gettext("Someone decided meanwhile: nothing was changed. Here is where things stand."), "warn")
