"""What is chosen about a mailbox: its name, the time of an answer, an absence, the directory; and closing it."""

from uuid import UUID

from flask import Response, flash
from flask_babel import gettext

from espace import settings
from espace.errors import ConflictError
from espace.messaging.services.practice import choosing, mailboxes, members, tokens
from espace.permissions import Permission, demand_fresh_proof
from espace.web.attempts import attempt, to
from espace.web.guards import requires, signed_in
from espace.web.typed import keeping, typed_before

from .here import Here, base_of, mailbox_here
from .mailbox_forms import ChoicesForm, PressForm, TokenForm
from .mailbox_pages import pages, shown


@pages.get("/pro/messages/<uuid:mailbox_id>/reglages")
@requires(Permission.PRACTICE)
def choices(mailbox_id: UUID) -> Response:
    """What stands; who only works in the mailbox reads it, and may leave."""
    place = mailbox_here(mailbox_id)
    assert place.facts is not None  # noqa: S101 - a mailbox's own page
    return _choices(ChoicesForm(formdata=None).show(place.facts), place)


@pages.post("/pro/messages/<uuid:mailbox_id>/reglages")
@requires(Permission.PRACTICE)
def change(mailbox_id: UUID) -> Response:
    """Change it."""
    mailboxes.led(signed_in(), mailbox_id)
    form = ChoicesForm()
    if form.validate():
        with attempt(form):
            try:
                choosing.change(signed_in(), mailbox_id, form.command(), version=form.version.data or 0)
            except ConflictError:
                flash(
                    gettext("Someone changed this meanwhile: nothing of yours was kept. Here is what stands."), "warn"
                )
            else:
                flash(gettext("Your choices are kept."), "ok")
            return to(f"{base_of(mailbox_id)}/reglages")
    return _choices(form, mailbox_here(mailbox_id))


def _choices(form: ChoicesForm, place: Here) -> Response:
    assert place.facts is not None  # noqa: S101 - a mailbox's own page
    return shown(
        "messaging/mailboxes/settings.html",
        form,
        place,
        facts=place.facts,
        away=choosing.is_away(place.facts),
        team=members.members(place.facts),
        orphan=members.is_orphan(place.facts),
    )


@pages.get("/pro/messages/<uuid:mailbox_id>/reglages/fermer")
@requires(Permission.PRACTICE)
def closing(mailbox_id: UUID) -> Response:
    """What closing a mailbox does."""
    mailboxes.led(signed_in(), mailbox_id)
    return shown("messaging/mailboxes/close.html", PressForm(formdata=None), mailbox_here(mailbox_id))


@pages.post("/pro/messages/<uuid:mailbox_id>/reglages/fermer")
@requires(Permission.PRACTICE)
def close(mailbox_id: UUID) -> Response:
    """Close it."""
    if PressForm().validate():
        mailboxes.close(signed_in(), mailbox_id)
        flash(gettext("The mailbox is closed. It takes no message any more. You can open it again here."), "ok")
    return to("/pro/messages")


@pages.get("/pro/messages/<uuid:mailbox_id>/reglages/programmes")
@requires(Permission.PRACTICE)
def programs(mailbox_id: UUID) -> Response:
    """The programs that may send from this mailbox, and the way to stop each."""
    found = tokens.tokens(signed_in(), mailbox_id)
    return shown("messaging/mailboxes/programs.html", PressForm(formdata=None), mailbox_here(mailbox_id), tokens=found)


@pages.get("/pro/messages/<uuid:mailbox_id>/reglages/programmes/nouveau")
@requires(Permission.PRACTICE)
def new_program(mailbox_id: UUID) -> Response:
    """A program more."""
    mailboxes.led(signed_in(), mailbox_id)
    demand_fresh_proof(signed_in())
    typed = typed_before()
    return _new_program(TokenForm(formdata=typed) if typed else TokenForm(formdata=None), mailbox_id)


@pages.post("/pro/messages/<uuid:mailbox_id>/reglages/programmes/nouveau")
@requires(Permission.PRACTICE)
def make_token(mailbox_id: UUID) -> Response:
    """Make its token: it is shown on this answer, and nowhere again."""
    mailboxes.led(signed_in(), mailbox_id)
    form = TokenForm()
    if form.validate():
        with attempt(form), keeping():
            made = tokens.make(signed_in(), mailbox_id, form.name.data or "")
            return _new_program(TokenForm(formdata=None), mailbox_id, made=made)
    return _new_program(form, mailbox_id)


def _new_program(form: TokenForm, mailbox_id: UUID, made: tokens.NewToken | None = None) -> Response:
    house = settings.current()
    server = {"host": house.mail_name, "port": house.mail_port, "tls_port": house.mail_tls_port}
    return shown("messaging/mailboxes/program_new.html", form, mailbox_here(mailbox_id), made=made, server=server)


@pages.post("/pro/messages/<uuid:mailbox_id>/reglages/programmes/<uuid:token_id>/fin")
@requires(Permission.PRACTICE)
def end_token(mailbox_id: UUID, token_id: UUID) -> Response:
    """End a token, at once."""
    if PressForm().validate():
        tokens.end(signed_in(), mailbox_id, token_id)
        flash(gettext("This token is ended. The program sends nothing any more."), "ok")
    return to(f"{base_of(mailbox_id)}/reglages/programmes")
