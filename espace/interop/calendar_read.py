"""What a calendar file that came by mail says of its first appointment (RFC 5545); nothing of it is carried out."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from icalendar import Calendar

from espace.clock import HOME_ZONE

MAX_BYTES = 1024 * 1024
_MAX_TEXT = 300


@dataclass(frozen=True, slots=True)
class CalendarSaid:
    """The first appointment of a calendar. `starts` and `ends` are instants; None where it says none."""

    method: str
    summary: str
    place: str
    starts: datetime | None
    ends: datetime | None


def read(content: bytes) -> CalendarSaid | None:
    """What a calendar says; None for what is none, has no appointment, or is too large to be an invitation."""
    if len(content) > MAX_BYTES:
        return None
    try:
        calendar = Calendar.from_ical(content)
        event = next(iter(calendar.walk("VEVENT")), None)
        if event is None:
            return None
        return CalendarSaid(
            method=_text(calendar.get("METHOD", ""))[:20].upper(),
            summary=_text(event.get("SUMMARY", "")),
            place=_text(event.get("LOCATION", "")),
            starts=_instant(event, "DTSTART"),
            ends=_instant(event, "DTEND"),
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError):
        return None  # what the library raises for broken calendars has no one name


def _text(value: Any) -> str:
    return " ".join(str(value).split())[:_MAX_TEXT]


def _instant(event: Any, name: str) -> datetime | None:
    found = event.get(name)
    value = getattr(found, "dt", None)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=HOME_ZONE)).astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), HOME_ZONE).astimezone(UTC)
    return None
