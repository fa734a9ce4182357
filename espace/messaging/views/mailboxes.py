"""A professional's mailboxes: those they work in, where their personal one is, a new one for a place."""

from uuid import UUID

from flask import Response, flash
from flask_babel import gettext

from espace import settings
from espace.messaging.services.practice import mailboxes, overview, preferring
from espace.messaging.services.practice.mailboxes import Own
from espace.people import services as people
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, page, to
from espace.web.guards import requires, signed_in
from espace.web.rendering import render
from espace.web.typed import keeping, typed_before

from .here import base_of
from .mailbox_forms import KIND_HINTS, NewMailboxForm, PressForm
from .mailbox_pages import pages


@pages.get("/pro/messages")
@requires(Permission.PRACTICE)
def mine() -> Response:
    """The mailboxes of who is signed in; one alone, or the preferred one, opens at once; who has none reads why."""
    actor = signed_in()
    found, own = overview.lines(actor), mailboxes.own(people.professional(actor.id))
    if own is not Own.TO_OPEN and (first := preferring.preferred(actor)) is not None:
        return to(base_of(first))
    if len(found) == 1 and own is not Own.TO_OPEN and not mailboxes.closed(actor):
        return to(base_of(found[0].facts.id))
    return _mine()


@pages.get("/pro/messages/boites")
@requires(Permission.PRACTICE)
def all_of_mine() -> Response:
    """The same for who has one alone: the way to a new one."""
    return _mine()


def _mine() -> Response:
    actor = signed_in()
    who = people.professional(actor.id)
    return render(
        "messaging/mailboxes/mine.html",
        lines=overview.lines(actor),
        preferred=preferring.preferred(actor),
        closed=mailboxes.closed(actor),
        own=mailboxes.own(who),
        who=who,
        may_make=bool(who.structures and settings.current().mailbox_domain_list),
        many=overview.MANY,
    )


@pages.post("/pro/messages/<uuid:mailbox_id>/preferer")
@requires(Permission.PRACTICE)
def prefer(mailbox_id: UUID) -> Response:
    """Have one of one's mailboxes open first."""
    if PressForm().validate():
        preferring.prefer(signed_in(), mailbox_id)
        flash(gettext("This mailbox opens first from now on."), "ok")
    return to("/pro/messages/boites")


@pages.post("/pro/messages/sans-preference")
@requires(Permission.PRACTICE)
def prefer_none() -> Response:
    """Have the list open first again."""
    if PressForm().validate():
        preferring.prefer_none(signed_in())
        flash(gettext("The list of your mailboxes opens first from now on."), "ok")
    return to("/pro/messages/boites")


@pages.post("/pro/messages/ouvrir")
@requires(Permission.PRACTICE)
def open_own() -> Response:
    """Open one's own mailbox, at the address that the directory names."""
    if PressForm().validate() and (made := mailboxes.open_own(people.professional(signed_in().id))) is not None:
        return to(base_of(made))
    return to("/pro/messages")


@pages.get("/pro/messages/nouvelle-boite")
@requires(Permission.PRACTICE)
def proposing() -> Response:
    """A mailbox for a team, a practice or a software."""
    demand_fresh_proof(signed_in())
    typed = typed_before()
    return _new(NewMailboxForm(formdata=typed) if typed else NewMailboxForm(formdata=None))


@pages.post("/pro/messages/nouvelle-boite")
@requires(Permission.PRACTICE)
def make() -> Response:
    """Make it."""
    form = NewMailboxForm()
    if form.validate():
        with attempt(form), keeping():
            made = mailboxes.make(signed_in(), form.command())
            flash(gettext("The mailbox is open. You answer for it: choose who works in it."), "ok")
            return to(f"{base_of(made)}/reglages/equipe")
    return _new(form)


def _new(form: NewMailboxForm) -> Response:
    form.offer(people.professional(signed_in().id), settings.current().mailbox_domain_list)
    return page(
        "messaging/mailboxes/new.html", form, hints={kind: gettext(words) for kind, words in KIND_HINTS.items()}
    )


@pages.get("/pro/messages/fermees/<uuid:mailbox_id>")
@requires(Permission.PRACTICE)
def reopening(mailbox_id: UUID) -> Response:
    """What opening a closed mailbox again brings back."""
    demand_fresh_proof(signed_in())
    return _reopen(PressForm(formdata=None), mailbox_id)


@pages.post("/pro/messages/fermees/<uuid:mailbox_id>")
@requires(Permission.PRACTICE)
def reopen(mailbox_id: UUID) -> Response:
    """Open it again."""
    form = PressForm()
    if not form.validate():
        return _reopen(form, mailbox_id)
    mailboxes.reopen(signed_in(), mailbox_id)
    flash(gettext("The mailbox is open again, with what it held. Programs need new tokens."), "ok")
    return to(base_of(mailbox_id))


def _reopen(form: PressForm, mailbox_id: UUID) -> Response:
    return page("messaging/mailboxes/reopen.html", form, facts=mailboxes.one_closed(signed_in(), mailbox_id))
