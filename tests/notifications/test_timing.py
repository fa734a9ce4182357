"""Quiet hours and gathered messages on the wall clock, over both nights that change it (security.md L7)."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from espace.notifications.services import Channel, Event, Preferences, Quiet, Rhythm, preferences, timing

PARIS = ZoneInfo("Europe/Paris")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def nights() -> list[datetime]:
    """Every quarter of an hour of the days around both nights, as instants."""
    starts = [datetime.combine(day, time(), PARIS).astimezone(UTC) - DAY for day in (SPRING, AUTUMN)]
    return [start + timedelta(minutes=15 * number) for start in starts for number in range(4 * 24 * 3)]


WINDOWS = [(21, 8), (0, 6), (2, 3), (2, 7), (22, 2), (3, 2), (8, 21)]


@pytest.mark.parametrize(("begins", "ends"), WINDOWS)
@pytest.mark.parametrize("zone", ["Europe/Paris", "Indian/Reunion", "Pacific/Noumea", "America/Miquelon"])
def test_what_is_held_back_goes_out_at_the_first_loud_moment(begins: int, ends: int, zone: str) -> None:
    wishes = Preferences(quiet=Quiet.BOTH, quiet_from=time(begins), quiet_to=time(ends), zone=zone)
    for at in nights():
        open_at = timing.after_quiet(Channel.SMS, wishes, at)
        assert open_at >= at
        assert not timing.is_quiet(Channel.SMS, wishes, open_at), (at, open_at)
        assert open_at - at <= 2 * DAY
        between = at
        while between < open_at:
            quiet = timing.is_quiet(Channel.SMS, wishes, between)
            # In the spring night the last quiet hour may be one that no clock shows.
            assert quiet or open_at - between <= HOUR, (at, between, open_at)
            between += timedelta(minutes=15)


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("rhythm", [Rhythm.DAILY, Rhythm.WEEKLY])
def test_one_gathering_a_day_or_a_week_whatever_the_night_does(hour: int, rhythm: Rhythm) -> None:
    wishes = Preferences(rhythm=rhythm, hour=hour, weekday=6, zone="Europe/Paris")
    at, found = datetime(2026, 1, 1, tzinfo=UTC), []
    for _ in range(300 if rhythm is Rhythm.DAILY else 45):
        at = timing.next_gathering(wishes, at, None)
        found.append(at)
    days = [one.astimezone(PARIS).date() for one in found]
    step = DAY if rhythm is Rhythm.DAILY else 7 * DAY
    assert all(after - before == step for before, after in itertools.pairwise(days))
    shown = {one.astimezone(PARIS).hour for one in found}
    assert shown <= {hour, hour + 1} if hour == 2 else shown == {hour}


def test_a_clock_set_back_over_a_gathering_does_not_gather_twice() -> None:
    wishes = Preferences(rhythm=Rhythm.DAILY, hour=18)
    at = timing.next_gathering(wishes, datetime(2026, 11, 23, 12, tzinfo=UTC), None)
    assert timing.next_gathering(wishes, at - HOUR, at) == at + DAY
    # A clock that was a day ahead and is put right loses no day.
    assert timing.next_gathering(wishes, at - DAY - HOUR, at) == at - DAY


@pytest.mark.parametrize("event", list(Event))
@pytest.mark.parametrize("channel", list(Channel))
def test_what_protects_waits_for_nothing(event: Event, channel: Channel) -> None:
    wishes = Preferences(quiet=Quiet.BOTH, quiet_from=time(0), quiet_to=time(23), rhythm=Rhythm.WEEKLY)
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    due = timing.due(event, channel, wishes, now, None)
    assert (due == now) is event.is_mandatory
    if event in (Event.ACCESS_ASKED, Event.FIRST_ACCESS):
        assert due - now < DAY, "somebody waits for the answer"


def test_equal_hours_are_no_quiet_hours() -> None:
    wishes = Preferences(quiet=Quiet.BOTH, quiet_from=time(8), quiet_to=time(8))
    now = datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert timing.after_quiet(Channel.SMS, wishes, now) == now
    assert timing.next_quiet(Channel.SMS, wishes, now) is None


@pytest.mark.parametrize("wall", range(24))
def test_the_next_quiet_hours_lie_ahead_and_in_order(wall: int) -> None:
    wishes = Preferences(quiet=Quiet.SMS, quiet_from=time(wall), quiet_to=time((wall + 3) % 24))
    for at in nights():
        ahead = timing.next_quiet(Channel.SMS, wishes, at)
        assert ahead is not None
        begins, ends = ahead
        assert at < begins < ends
        assert timing.is_quiet(Channel.SMS, wishes, begins) or wall == 2


@pytest.mark.parametrize(
    ("phone", "zone"),
    [
        ("+33612345678", "Europe/Paris"),
        ("+590690123456", "America/Guadeloupe"),
        ("+596696123456", "America/Martinique"),
        ("+594694123456", "America/Cayenne"),
        ("+262692123456", "Indian/Reunion"),
        ("+262639123456", "Indian/Mayotte"),
        ("+508551234", "America/Miquelon"),
        ("+687751234", "Pacific/Noumea"),
        ("+68987123456", "Pacific/Tahiti"),
        ("", "Europe/Paris"),
    ],
)
def test_the_hours_are_those_of_where_the_number_is(phone: str, zone: str) -> None:
    assert preferences.zone_of(phone) == zone
    assert preferences.preferences_of(None, phone).zone == zone
