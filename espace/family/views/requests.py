"""Asking to act for somebody, following one's request, answering an invitation: under « Mes proches »."""

from uuid import UUID

from flask import Blueprint, Response, flash
from flask_babel import gettext

from espace import settings
from espace.errors import ConflictError
from espace.family.services.asking import carried_out, inviting, proofs, requests
from espace.family.services.asking.request_rows import BINDS, REASONS
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, signed_in
from espace.web.rendering import render

from .request_forms import AnswerInvitationForm, AskForm

pages = Blueprint("family_requests", __name__)
PLACE = "/compte/proches"


@pages.get(f"{PLACE}/demande")
@requires(Permission.ACCOUNT)
def asking() -> Response:
    """The form. The proof of identity is asked for here, so that nobody types for nothing."""
    demand_fresh_proof(signed_in())
    return _asking(AskForm(formdata=None).offer())


@pages.post(f"{PLACE}/demande")
@requires(Permission.ACCOUNT)
def ask() -> Response:
    """Write the request down: known here or not, the answer is the same (security.md R5)."""
    form = AskForm().offer()
    if form.validate():
        with attempt(form):
            made = requests.ask(signed_in(), form.command(), form.content())
            flash(gettext("Your request is sent. We answer you here, and tell you by e-mail."), "ok")
            return to(f"{PLACE}/demandes/{made}")
    return _asking(form)


@pages.get(f"{PLACE}/demandes/<uuid:request_id>")
@requires(Permission.ACCOUNT)
def following(request_id: UUID) -> Response:
    """Where one's request stands: waiting, accepted, refused with its reason, withdrawn."""
    found = requests.one(signed_in(), request_id)
    return render(
        "family/request.html",
        asked=found,
        binds=BINDS[found.binds],
        reason=REASONS.get(found.reason),
        stage=carried_out.stage(found),
        proof_days=settings.current().proof_days,
    )


@pages.post(f"{PLACE}/demandes/<uuid:request_id>/retirer")
@requires(Permission.ACCOUNT)
def withdraw(request_id: UUID) -> Response:
    """Take it back."""
    try:
        requests.withdraw(signed_in(), request_id)
        flash(gettext("Your request is withdrawn. Its proof is destroyed."), "ok")
    except ConflictError:
        flash(gettext("Someone decided meanwhile: nothing was changed. Here is where things stand."), "warn")
    return to(f"{PLACE}/demandes/{request_id}")


@pages.get(f"{PLACE}/invitation")
@requires(Permission.ACCOUNT)
def invited() -> Response:
    """The form of who got an invitation by e-mail."""
    demand_fresh_proof(signed_in())
    return _answering(AnswerInvitationForm(formdata=None).offer())


@pages.post(f"{PLACE}/invitation")
@requires(Permission.ACCOUNT)
def answer() -> Response:
    """Answer it: linked at once when the insurer named this parent, else the proof goes to the desk."""
    form = AnswerInvitationForm().offer()
    if form.validate():
        with attempt(form):
            made = inviting.answer(signed_in(), form.code.data or "", form.binds.data or "", form.content())
            if made is None:
                flash(gettext("Done. This child is now among the people you act for."), "ok")
                return to(PLACE)
            flash(gettext("Your request is sent. We answer you here, and tell you by e-mail."), "ok")
            return to(f"{PLACE}/demandes/{made}")
    return _answering(form)


def _asking(form: AskForm) -> Response:
    return page("family/ask.html", form, accept=proofs.ACCEPT, proof_days=settings.current().proof_days)


def _answering(form: AnswerInvitationForm) -> Response:
    return page("family/invited.html", form, accept=proofs.ACCEPT, proof_days=settings.current().proof_days)
