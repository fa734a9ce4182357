"""What people choose to be told: a box for each event and channel, a rhythm, quiet hours."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, RadioField, SelectField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from espace.notifications.services import FREE, PROTECTIVE, RULES, ZONES, Channel, Event, Preferences, Quiet, Rhythm
from espace.web.forms import Form, SelectChoice

_CHANNELS = {Channel.EMAIL: lazy_gettext("By e-mail"), Channel.SMS: lazy_gettext("By SMS")}
_DAYS = (
    lazy_gettext("Monday"),
    lazy_gettext("Tuesday"),
    lazy_gettext("Wednesday"),
    lazy_gettext("Thursday"),
    lazy_gettext("Friday"),
    lazy_gettext("Saturday"),
    lazy_gettext("Sunday"),
)
_PLACES = dict(
    zip(
        ZONES,
        (
            lazy_gettext("Mainland France"),
            "Guadeloupe, Saint-Martin, Saint-Barthélemy",
            "Martinique",
            "Guyane",
            "Saint-Pierre-et-Miquelon",
            "La Réunion",
            "Mayotte",
            "Nouvelle-Calédonie",
            "Tahiti",
            "Wallis-et-Futuna",
        ),
        strict=True,
    )
)
_HOURS = range(24)
_VERSIONS = 2**31


def _choices(named: Mapping[Any, Any]) -> list[Any]:
    return [SelectChoice(str(value), label) for value, label in named.items()]


def field_name(event: Event) -> str:
    """The name of the boxes of an event."""
    return f"on_{event.value.replace('-', '_')}"


def optional_channels(event: Event) -> frozenset[Channel]:
    """The channels of an event that may be switched on and off."""
    return RULES[event].offered - RULES[event].fixed


CHOSEN = tuple(event for event in (*FREE, *PROTECTIVE) if optional_channels(event))
"""The events of which something may be chosen."""


class NotificationsForm(Form):
    """The whole page of choices; `version` is that of the choices it shows."""

    version = HiddenField()
    rhythm = RadioField(
        lazy_gettext("How often"),
        choices=_choices(
            {
                Rhythm.NOW.value: lazy_gettext("At once, one message each time"),
                Rhythm.DAILY.value: lazy_gettext("One message a day"),
                Rhythm.WEEKLY.value: lazy_gettext("One message a week"),
            }
        ),
        validate_choice=False,
    )
    hour = SelectField(lazy_gettext("At what time"), validate_choice=False)
    weekday = SelectField(
        lazy_gettext("On what day, for one message a week"),
        choices=_choices(dict(enumerate(_DAYS))),
        validate_choice=False,
    )
    quiet = RadioField(
        lazy_gettext("During these hours, keep back"),
        choices=_choices(
            {
                Quiet.SMS.value: lazy_gettext("SMS only"),
                Quiet.BOTH.value: lazy_gettext("SMS and e-mails"),
                Quiet.NONE.value: lazy_gettext("Nothing"),
            }
        ),
        validate_choice=False,
    )
    quiet_from = SelectField(lazy_gettext("They begin at"), validate_choice=False)
    quiet_to = SelectField(lazy_gettext("They end at"), validate_choice=False)
    zone = SelectField(lazy_gettext("Where you live"), choices=_choices(_PLACES), validate_choice=False)

    def __init__(self, channels: frozenset[Channel], **given: Any) -> None:
        super().__init__(**given)
        hours = _choices({number: _hour(number) for number in _HOURS})
        self.hour.choices = self.quiet_from.choices = self.quiet_to.choices = hours
        for event in CHOSEN:
            offered = [channel for channel in Channel if channel in optional_channels(event) & channels]
            self.boxes(event).choices = _choices({channel: _CHANNELS[channel] for channel in offered})

    def boxes(self, event: Event) -> Any:
        """The field of an event's boxes."""
        return self[field_name(event)]

    @classmethod
    def showing(cls, wishes: Preferences, channels: frozenset[Channel]) -> "NotificationsForm":
        """The form as it shows what was chosen."""
        told = {field_name(event): sorted(wishes.channels(event)) for event in CHOSEN}
        return cls(
            channels,
            formdata=None,
            version=str(wishes.version),
            rhythm=wishes.rhythm.value,
            hour=str(wishes.hour),
            weekday=str(wishes.weekday),
            quiet=wishes.quiet.value,
            quiet_from=str(wishes.quiet_from.hour),
            quiet_to=str(wishes.quiet_to.hour),
            zone=wishes.zone,
            **told,
        )

    def command(self) -> Preferences:
        """What was chosen.

        Raises:
            ValueError: when a browser sent what the page does not offer.
        """
        hours = [_number(field.data, 24) for field in (self.hour, self.quiet_from, self.quiet_to)]
        return Preferences(
            choices={event: frozenset(map(Channel, self.boxes(event).data or ())) for event in CHOSEN},
            rhythm=Rhythm(self.rhythm.data),
            hour=hours[0],
            weekday=_number(self.weekday.data, 7),
            quiet=Quiet(self.quiet.data),
            quiet_from=time(hours[1]),
            quiet_to=time(hours[2]),
            zone=str(self.zone.data),
            version=_number(self.version.data or "0", _VERSIONS),
        )


class TrialForm(Form):
    """The button of the trial message."""


def _number(written: str | None, below: int) -> int:
    """A number that a page of ours wrote into the form. Raises ValueError for what none did."""
    found = int(written or "")
    if not 0 <= found < below:
        raise ValueError("no page offers this number")
    return found


def _hour(number: int) -> str:
    return str(gettext("%(hour)d:00", hour=number))


for _event in CHOSEN:
    setattr(
        NotificationsForm,
        field_name(_event),
        SelectMultipleField(choices=[], option_widget=CheckboxInput(), widget=ListWidget(), validate_choice=False),
    )
