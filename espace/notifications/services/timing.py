"""When news may be told: quiet hours and gathered messages, on the clock of the person's wall (security.md L7)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .events import RULES, Channel, Event, Urgency
from .preferences import Preferences, Rhythm

_DAY = timedelta(days=1)


def due(event: Event, channel: Channel, wishes: Preferences, now: datetime, gathered_at: datetime | None) -> datetime:
    """When `event` may be told by `channel`: now, after the quiet hours, or with the next gathered message."""
    if event.is_mandatory:
        return now
    at = now
    if RULES[event].urgency is Urgency.GATHERED and wishes.rhythm is not Rhythm.NOW:
        at = next_gathering(wishes, now, gathered_at)
    elif RULES[event].urgency is Urgency.WEEKLY:
        at = next_gathering(replace(wishes, rhythm=Rhythm.WEEKLY), now, gathered_at)
    return after_quiet(channel, wishes, at)


def after_quiet(channel: Channel, wishes: Preferences, at: datetime) -> datetime:
    """`at`, or the end of the quiet hours `at` lies in."""
    while is_quiet(channel, wishes, at):  # twice when a spring night leaves out the only hour that is not quiet
        at = _next(wishes.quiet_to, wishes.zone, at)
    return at


def is_quiet(channel: Channel, wishes: Preferences, at: datetime) -> bool:
    """Whether the person's wall clock shows a quiet hour for `channel`."""
    if channel not in wishes.quiet_channels or wishes.quiet_from == wishes.quiet_to:
        return False
    shown = at.astimezone(ZoneInfo(wishes.zone)).time()
    if wishes.quiet_from < wishes.quiet_to:
        return wishes.quiet_from <= shown < wishes.quiet_to
    return shown >= wishes.quiet_from or shown < wishes.quiet_to


def next_quiet(channel: Channel, wishes: Preferences, at: datetime) -> tuple[datetime, datetime] | None:
    """Beginning and end of the next quiet hours after `at`, or None when the person keeps none."""
    if channel not in wishes.quiet_channels or wishes.quiet_from == wishes.quiet_to:
        return None
    begins = _next(wishes.quiet_from, wishes.zone, at)
    return begins, _next(wishes.quiet_to, wishes.zone, begins)


def next_gathering(wishes: Preferences, now: datetime, gathered_at: datetime | None) -> datetime:
    """The next hour of the gathered message: once a civil day or week, also when a clock is set back over it."""
    day = now.astimezone(ZoneInfo(wishes.zone)).date()
    while True:
        at = _instant(day, time(wishes.hour), wishes.zone)
        is_day = wishes.rhythm is not Rhythm.WEEKLY or day.weekday() == wishes.weekday
        if is_day and at > now and at != gathered_at:
            return at
        day += _DAY


def last_gathering(wishes: Preferences, now: datetime) -> datetime:
    """The person's hour of the week that was last, whatever else they chose to have gathered."""
    weekly = replace(wishes, rhythm=Rhythm.WEEKLY)
    return next_gathering(weekly, now - timedelta(days=7), None)


def _next(wall: time, zone: str, at: datetime) -> datetime:
    """The next instant after `at` when the wall clock shows `wall`, which it may do twice in an autumn night."""
    first = at.astimezone(ZoneInfo(zone)).date() - _DAY
    shown = (_instant(first + _DAY * ahead, wall, zone, fold) for ahead in range(4) for fold in (0, 1))
    return min(moment for moment in shown if moment > at)


def _instant(day: date, wall: time, zone: str, fold: int = 0) -> datetime:
    """The instant of a wall time; one that a spring night leaves out counts as the hour after."""
    moment = datetime.combine(day, wall, ZoneInfo(zone)).replace(fold=fold).astimezone(UTC)
    back = moment.astimezone(ZoneInfo(zone))
    if back.time() == wall:
        return moment
    # In the gap fold 0 gives the instant shown as an hour later, fold 1 one that is shown before the gap.
    return datetime.combine(day, wall, ZoneInfo(zone)).replace(fold=0).astimezone(UTC)
