"""What each subject wants to be told, by which channel and at which hours; sealed under the subject's key."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from espace import crypto, db
from espace.notifications.models import Preference

from .events import RULES, Channel, Event

TABLE = "notification_preferences"
ZONES = (
    "Europe/Paris",
    "America/Guadeloupe",
    "America/Martinique",
    "America/Cayenne",
    "America/Miquelon",
    "Indian/Reunion",
    "Indian/Mayotte",
    "Pacific/Noumea",
    "Pacific/Tahiti",
    "Pacific/Wallis",
)
"""The zones of those the house serves."""
_ZONE_OF_CODE = {
    "+590": "America/Guadeloupe",
    "+596": "America/Martinique",
    "+594": "America/Cayenne",
    "+508": "America/Miquelon",
    "+262639": "Indian/Mayotte",
    "+262269": "Indian/Mayotte",
    "+262": "Indian/Reunion",
    "+687": "Pacific/Noumea",
    "+689": "Pacific/Tahiti",
    "+681": "Pacific/Wallis",
}
_BY_SUBJECT = select(Preference.version, Preference.gathered_at, Preference.payload).where(
    Preference.subject_id == bindparam("subject_id")
)


class Rhythm(StrEnum):
    """How often news that can wait is told."""

    NOW = "now"
    DAILY = "daily"
    WEEKLY = "weekly"


class Quiet(StrEnum):
    """Which channels keep the quiet hours."""

    SMS = "sms"
    BOTH = "both"
    NONE = "none"


_QUIET: dict[Quiet, frozenset[Channel]] = {
    Quiet.SMS: frozenset({Channel.SMS}),
    Quiet.BOTH: frozenset(Channel),
    Quiet.NONE: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """A subject's wishes; hours are those on the wall in `zone`.

    `choices` holds, for each event chosen about, the channels ticked. `weekday` counts from Monday (0). `version` is
    that of the row read, 0 for the defaults.
    """

    choices: Mapping[Event, frozenset[Channel]] = field(default_factory=dict)
    rhythm: Rhythm = Rhythm.NOW
    hour: int = 18
    weekday: int = 0
    quiet: Quiet = Quiet.SMS
    quiet_from: time = time(21)
    quiet_to: time = time(8)
    zone: str = ZONES[0]
    version: int = 0

    @property
    def quiet_channels(self) -> frozenset[Channel]:
        """The channels that keep the quiet hours."""
        return _QUIET[self.quiet]

    def channels(self, event: Event) -> frozenset[Channel]:
        """How `event` is told: by the channels that cannot be switched off and those chosen."""
        rule = RULES[event]
        return rule.fixed | (self.choices.get(event, rule.default) & rule.offered)


def zone_of(phone: str) -> str:
    """The zone somebody with this number (E.164) most likely lives in."""
    codes = sorted(_ZONE_OF_CODE, key=len, reverse=True)
    return next((_ZONE_OF_CODE[code] for code in codes if phone.startswith(code)), ZONES[0])


def preferences_of(subject_id: UUID | None, phone: str = "") -> Preferences:
    """What a subject chose, or the defaults; the hours are then those of the phone number's region."""
    return read(subject_id, phone)[0]


def read(subject_id: UUID | None, phone: str = "") -> tuple[Preferences, datetime | None]:
    """A subject's wishes, and the hour of their last gathered message."""
    if subject_id is not None:
        with db.read() as tx:
            row = tx.execute(_BY_SUBJECT, {"subject_id": subject_id}).first()
            if row is not None:
                held = crypto.unseal(tx, subject_id, TABLE, subject_id, row.payload)
                return replace(_from(held), version=row.version), row.gathered_at
    return Preferences(zone=zone_of(phone)), None


def as_payload(wishes: Preferences) -> dict[str, Any]:
    """What is sealed."""
    return {
        "choices": {event.value: sorted(channels) for event, channels in wishes.choices.items()},
        "rhythm": wishes.rhythm.value,
        "hour": wishes.hour,
        "weekday": wishes.weekday,
        "quiet": wishes.quiet.value,
        "quiet_from": wishes.quiet_from.isoformat("minutes"),
        "quiet_to": wishes.quiet_to.isoformat("minutes"),
        "zone": wishes.zone,
    }


def _from(held: Mapping[str, Any]) -> Preferences:
    return Preferences(
        choices={Event(word): frozenset(map(Channel, channels)) for word, channels in held["choices"].items()},
        rhythm=Rhythm(held["rhythm"]),
        hour=held["hour"],
        weekday=held["weekday"],
        quiet=Quiet(held["quiet"]),
        quiet_from=time.fromisoformat(held["quiet_from"]),
        quiet_to=time.fromisoformat(held["quiet_to"]),
        zone=held["zone"],
    )
