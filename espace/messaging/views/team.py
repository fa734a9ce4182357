"""Who works in the mailbox of a place, who answers for it, and who of them answers one conversation."""

from uuid import UUID

from flask import Response, flash
from flask_babel import gettext

from espace.errors import ConflictError
from espace.messaging.services import boxes
from espace.messaging.services.boxes import box_of_mailbox
from espace.messaging.services.practice import assigning, mailboxes, members
from espace.people import services as people
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, to
from espace.web.guards import requires, signed_in
from espace.web.typed import keeping

from .here import base_of, mailbox_here
from .mailbox_forms import AnsweringForm, MemberForm, PressForm
from .mailbox_pages import pages, shown

_AT = "/pro/messages/<uuid:mailbox_id>/reglages/equipe"


@pages.get(_AT)
@requires(Permission.PRACTICE)
def team(mailbox_id: UUID) -> Response:
    """Who works in the mailbox; who answers for it brings colleagues in and takes them out."""
    return _team(MemberForm(formdata=None), mailbox_id)


def _team(form: MemberForm, mailbox_id: UUID) -> Response:
    actor = signed_in()
    facts = boxes.mailbox_of(actor, mailbox_id)
    offered = members.candidates(facts) if mailboxes.leads(actor, facts) else []
    return shown(
        "messaging/mailboxes/team.html",
        form.offer(offered),
        mailbox_here(mailbox_id),
        team=members.members(facts),
        offered=bool(offered),
        orphan=members.is_orphan(facts),
        me=actor.id,
    )


@pages.get(f"{_AT}/ajouter")
@requires(Permission.PRACTICE)
def adding(mailbox_id: UUID) -> Response:
    """Which colleague to bring in."""
    mailboxes.led(signed_in(), mailbox_id)
    demand_fresh_proof(signed_in())
    return _add(MemberForm(formdata=None), mailbox_id)


@pages.post(f"{_AT}/ajouter")
@requires(Permission.PRACTICE)
def add(mailbox_id: UUID) -> Response:
    """Bring a colleague in."""
    mailboxes.led(signed_in(), mailbox_id)
    form = MemberForm()
    if form.validate():
        with attempt(form), keeping():
            members.add(signed_in(), mailbox_id, form.chosen)
            flash(gettext("Your colleague reads and answers here from now on."), "ok")
            return to(f"{base_of(mailbox_id)}/reglages/equipe")
    return _add(form, mailbox_id)


def _add(form: MemberForm, mailbox_id: UUID) -> Response:
    facts = mailboxes.led(signed_in(), mailbox_id)
    offered = members.candidates(facts)
    return shown(
        "messaging/mailboxes/team_add.html", form.offer(offered), mailbox_here(mailbox_id), offered=bool(offered)
    )


@pages.post(f"{_AT}/<uuid:professional_id>/retirer")
@requires(Permission.PRACTICE)
def remove(mailbox_id: UUID, professional_id: UUID) -> Response:
    """Have a colleague read nothing here any more."""
    if PressForm().validate():
        members.remove(signed_in(), mailbox_id, professional_id)
        flash(gettext("Done. This person reads nothing here any more."), "ok")
    return to(f"{base_of(mailbox_id)}/reglages/equipe")


@pages.post(f"{_AT}/quitter")
@requires(Permission.PRACTICE)
def leave(mailbox_id: UUID) -> Response:
    """Leave the mailbox."""
    if PressForm().validate():
        members.leave(signed_in(), mailbox_id)
        flash(gettext("You left this mailbox."), "ok")
    return to("/pro/messages")


@pages.get(f"{_AT}/<uuid:professional_id>/responsable")
@requires(Permission.PRACTICE)
def handing_over(mailbox_id: UUID, professional_id: UUID) -> Response:
    """What it means that another answers for the mailbox."""
    mailboxes.led(signed_in(), mailbox_id)
    demand_fresh_proof(signed_in())
    return _hand_over(PressForm(formdata=None), mailbox_id, professional_id)


@pages.post(f"{_AT}/<uuid:professional_id>/responsable")
@requires(Permission.PRACTICE)
def hand_over(mailbox_id: UUID, professional_id: UUID) -> Response:
    """Let a colleague answer for the mailbox."""
    form = PressForm()
    if form.validate():
        with attempt(form):
            try:
                members.hand_over(signed_in(), mailbox_id, professional_id)
            except ConflictError:
                flash(_meanwhile(), "warn")
            else:
                flash(gettext("Your colleague answers for this mailbox from now on."), "ok")
            return to(f"{base_of(mailbox_id)}/reglages/equipe")
    return _hand_over(form, mailbox_id, professional_id)


def _hand_over(form: PressForm, mailbox_id: UUID, professional_id: UUID) -> Response:
    who = people.professional(professional_id)
    return shown("messaging/mailboxes/hand_over.html", form, mailbox_here(mailbox_id), who=who)


@pages.get(f"{_AT}/reprendre")
@requires(Permission.PRACTICE)
def taking_over(mailbox_id: UUID) -> Response:
    """What it means to answer for a mailbox that nobody answers for any more."""
    demand_fresh_proof(signed_in())
    return shown("messaging/mailboxes/take_over.html", PressForm(formdata=None), mailbox_here(mailbox_id))


@pages.post(f"{_AT}/reprendre")
@requires(Permission.PRACTICE)
def take_over(mailbox_id: UUID) -> Response:
    """Answer for it oneself."""
    if PressForm().validate():
        try:
            members.take_over(signed_in(), mailbox_id)
        except ConflictError:
            flash(_meanwhile(), "warn")
        else:
            flash(gettext("You answer for this mailbox from now on."), "ok")
    return to(f"{base_of(mailbox_id)}/reglages/equipe")


@pages.post("/pro/messages/<uuid:mailbox_id>/<uuid:conversation_id>/repondant")
@requires(Permission.PRACTICE)
def answer_it(mailbox_id: UUID, conversation_id: UUID) -> Response:
    """Take a conversation, give it to a colleague, or let it go."""
    box = box_of_mailbox(signed_in(), mailbox_id)
    form = AnsweringForm()
    if form.validate():
        try:
            if form.chosen is None:
                assigning.release(box, conversation_id, seen=form.before)
            elif form.chosen == box.actor.id and form.before is None:
                assigning.take(box, conversation_id)
            else:
                assigning.give(box, conversation_id, form.chosen, seen=form.before)
        except ConflictError:
            flash(_meanwhile(), "warn")
    return to(f"{base_of(mailbox_id)}/{conversation_id}")


def _meanwhile() -> str:
    return str(gettext("Someone decided meanwhile: nothing was changed. Here is where things stand."))
