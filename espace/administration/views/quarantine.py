"""The quarantine desk: the list, one file, what one operator proposes and another confirms."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext

from espace.administration.forms.parts import PlainForm, SeenForm
from espace.administration.forms.quarantine import AssignForm, DiscardForm
from espace.administration.services import quarantine
from espace.administration.services.quarantine import Act, Case
from espace.documents.services import type_label
from espace.permissions import Permission
from espace.web.attempts import page
from espace.web.forms import Form
from espace.web.guards import requires, signed_in
from espace.web.rendering import render
from espace.words import N_, Message

from . import quarantine_words as words
from .blueprints import pages
from .two_operators import CONFIRM, Desk, place_of

_HOME = "/admin/quarantaine"
ASSIGN, DISCARD, WITHDRAW = "ranger", "ecarter", "retirer"
_FORMS: dict[str, type[Form]] = {ASSIGN: AssignForm, DISCARD: DiscardForm, CONFIRM: SeenForm, WITHDRAW: PlainForm}
_DONE: dict[str, Message] = {
    ASSIGN: N_("Your proposal is written down. Another operator must confirm it."),
    DISCARD: N_("Your proposal is written down. Another operator must confirm it."),
    WITHDRAW: N_("The proposal is withdrawn. Nothing was filed nor discarded."),
}


@pages.get(_HOME)
@requires(Permission.OFFICE_QUARANTINE)
def quarantine_list() -> Response:
    """What lies there, newest first: dates and reasons, no name."""
    return _list(place_of(request.args.get("avant", "")))


def _list(before: UUID | None, status: int = 200) -> Response:
    found, after = quarantine.page(signed_in(), before)
    return render(
        "administration/quarantine.html",
        lines=[words.line(one, signed_in()) for one in found],
        older=after,
        is_first=before is None,
        status=status,
    )


@pages.get(f"{_HOME}/<uuid:aside_id>")
@requires(Permission.OFFICE_QUARANTINE)
def quarantine_case(aside_id: UUID) -> Response:
    """One file: whom it names, what it is said to be, why it is here. What it says stays closed."""
    return _DESK.look(
        aside_id, lambda found: render("administration/quarantine_case.html", acts=_acts(found), **_about(found))
    )


@pages.get(f"{_HOME}/<uuid:aside_id>/<act>")
@requires(Permission.OFFICE_QUARANTINE)
def ask_quarantine_act(aside_id: UUID, act: str) -> Response:
    """The form of a proposal, or what a confirmation will do."""
    return _DESK.ask(aside_id, act)


@pages.post(f"{_HOME}/<uuid:aside_id>/<act>")
@requires(Permission.OFFICE_QUARANTINE)
def do_quarantine_act(aside_id: UUID, act: str) -> Response:
    """Do it."""
    place = _HOME if act == CONFIRM else f"{_HOME}/{aside_id}"
    return _DESK.carry_out(aside_id, act, lambda form: (gettext(_ACTS[act](aside_id, form).msgid), place))


def _assign(aside_id: UUID, form: Any) -> Message:
    quarantine.propose_assignment(signed_in(), aside_id, form.command())
    return _DONE[ASSIGN]


def _discard(aside_id: UUID, form: Any) -> Message:
    quarantine.propose_discard(signed_in(), aside_id, form.kind.data or "", form.words.data or "")
    return _DONE[DISCARD]


def _withdraw(aside_id: UUID, _form: Any) -> Message:
    quarantine.withdraw(signed_in(), aside_id)
    return _DONE[WITHDRAW]


def _confirm(aside_id: UUID, form: Any) -> Message:
    done = quarantine.confirm(signed_in(), aside_id, form.seen.data or "")
    if done is Act.ASSIGN:
        return N_("The document is filed in the record. The person is told that there is something new.")
    return N_("The document is discarded. Nothing of it is kept.")


_ACTS: dict[str, Callable[[UUID, Any], Message]] = {
    ASSIGN: _assign,
    DISCARD: _discard,
    WITHDRAW: _withdraw,
    CONFIRM: _confirm,
}


def _refused(found: Case, act: str) -> Message | None:
    """Why this cannot be done now; the page itself says to whoever proposed that another must confirm."""
    if act == CONFIRM and found.proposal:
        return None
    if act in (CONFIRM, WITHDRAW):
        return N_("Nothing awaits a confirmation here any more.")
    if found.proposal:
        return N_("Something is proposed for this document already. It is confirmed or withdrawn first.")
    return quarantine.trouble_words(found.trouble)


def _acts(found: Case) -> tuple[str, ...]:
    """What the operator may do now."""
    if found.proposal is None:
        return (DISCARD,) if found.trouble else (ASSIGN, DISCARD)
    if found.awaits(signed_in()):
        return (CONFIRM, WITHDRAW)
    return (WITHDRAW,)


def _empty(found: Case, act: str) -> Form:
    if act == ASSIGN:
        day = found.claims.day
        return AssignForm(formdata=None, type_code=found.claims.type_code, care_day=f"{day:%d/%m/%Y}" if day else "")
    if act == CONFIRM and found.proposal:
        return SeenForm(formdata=None, seen=found.proposal.seen)
    return _FORMS[act](formdata=None)


def _asking(found: Case, act: str, form: Form) -> Response:
    return page("administration/quarantine_act.html", form, act=act, **_about(found))


def _about(found: Case) -> dict[str, Any]:
    proposal = found.proposal
    return {
        "case": found,
        "mark": quarantine.mark(found.aside.id),
        "reason": words.reason(found.aside.reason),
        "trouble": gettext(quarantine.trouble_words(found.trouble).msgid) if found.trouble else "",
        "discard_reason": quarantine.DISCARD_REASONS.get(proposal.reason) if proposal else None,
        "proposed_type": type_label(proposal.type_code) if proposal and proposal.type_code else "",
        "claimed_type": type_label(found.claims.type_code) if found.claims.type_code else found.claims.declared,
        "named_people": [replace(one, ins=quarantine.grouped(one.ins)) for one in found.claims.people],
        "mine": proposal is not None and proposal.by == signed_in().id,
        "base": f"{_HOME}/{found.aside.id}",
    }


_DESK: Desk[Case] = Desk(
    home=_HOME,
    forms=_FORMS,
    case=quarantine.case,
    acts=_acts,
    empty=_empty,
    shown=_asking,
    listed=lambda status: _list(None, status),
    gone=N_("This document is on the desk no more: it was decided about."),
    meanwhile=N_("Somebody decided about this document meanwhile. Here is where it stands."),
    refused=_refused,
)
