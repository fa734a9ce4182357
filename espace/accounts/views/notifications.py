"""What one is told, by which channel and when; and what was told lately, to know our messages from false ones."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash
from flask_babel import get_locale, gettext

from espace.accounts.forms.notifications import CHOSEN, NotificationsForm, TrialForm, optional_channels
from espace.accounts.services import reach_of, throttle
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import readable_phone
from espace.notifications import services as notifications
from espace.notifications.services import FREE, PROTECTIVE, RULES, Channel, Event, Reach
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.forms import Form
from espace.web.guards import requires, signed_in
from espace.words import N_

pages = Blueprint("notifications", __name__)

_PLACE = "/compte/notifications"


@dataclass(frozen=True, slots=True)
class _Row:
    """One event of the page: its name, why it is told, the channels always used, and the boxes of the others."""

    name: str
    why: str
    fixed: tuple[Channel, ...]
    boxes: Any


@pages.get(_PLACE)
@requires(Permission.ACCOUNT)
def notifications_page() -> Response:
    """The choices, and the last messages."""
    reach = _reach()
    return _page(_shown(reach), reach)


@pages.post(_PLACE)
@requires(Permission.ACCOUNT)
def choose() -> Response:
    """Keep the choices."""
    reach = _reach()
    form = NotificationsForm(_channels(reach))
    if form.validate():
        with attempt(form):
            notifications.choose(signed_in(), reach, _command(form))
            flash(gettext("Your choices are kept."), "ok")
            return to(_PLACE)
    return _page(form, reach)


@pages.post(f"{_PLACE}/essai")
@requires(Permission.ACCOUNT)
def send_trial() -> Response:
    """Send a trial message to the person themselves."""
    reach = _reach()
    form = TrialForm()
    if form.validate():
        with attempt(form):
            throttle.admit((f"account:trial:{reach.subject_id}",))
            notifications.send_trial(reach)
            flash(gettext("The trial message is on its way. It takes a minute at most."), "ok")
            return to(f"{_PLACE}#essai")
    return _page(_shown(reach), reach, trial=form)


def _shown(reach: Reach) -> NotificationsForm:
    return NotificationsForm.showing(notifications.preferences_of(reach.subject_id, reach.phone), _channels(reach))


def _reach() -> Reach:
    reach = reach_of(signed_in().id)
    if reach is None:
        raise NotFoundError
    return reach


def _channels(reach: Reach) -> frozenset[Channel]:
    """The channels there are for somebody: SMS with a number on file and a gateway."""
    has_sms = bool(reach.phone) and notifications.can_send()
    return frozenset(Channel) if has_sms else frozenset({Channel.EMAIL})


def _command(form: NotificationsForm) -> notifications.Preferences:
    try:
        return form.command()
    except (TypeError, ValueError):
        raise InvalidError({"": N_("Choose among what is offered.")}) from None


def _page(form: NotificationsForm, reach: Reach, trial: Form | None = None) -> Response:
    channels = _channels(reach)
    language = str(get_locale())
    return page(
        "accounts/notifications.html",
        trial or form,
        choices=form,
        free=[_row(form, event, channels, language) for event in FREE],
        kept=[_row(form, event, channels, language) for event in PROTECTIVE],
        told=[(one, notifications.words(one.event, language).name) for one in notifications.latest(signed_in().id)],
        channels=channels,
        address=reach.email,
        phone=readable_phone(reach.phone) if reach.phone else "",
        gateway=notifications.can_send(),
    )


def _row(form: NotificationsForm, event: Event, channels: frozenset[Channel], language: str) -> _Row:
    said = notifications.words(event, language)
    fixed = tuple(channel for channel in Channel if channel in RULES[event].fixed & channels)
    boxes = form.boxes(event) if event in CHOSEN and optional_channels(event) & channels else ()
    return _Row(said.name, said.why, fixed, boxes)
