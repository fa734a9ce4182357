"""The only source of time. UTC inside; the person's zone is applied when a page is written (design 3.10)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

HOME_ZONE = ZoneInfo("Europe/Paris")


def system_clock() -> datetime:
    """The machine's time, aware and in UTC."""
    return datetime.now(UTC)


_clock: ContextVar[Clock] = ContextVar("clock", default=system_clock)


def now() -> datetime:
    """The present instant, aware and in UTC."""
    return _clock.get()()


def today() -> date:
    """The present civil day where the people of the house live."""
    return now().astimezone(HOME_ZONE).date()


def bind(clock: Clock) -> None:
    """Use `clock` for everything that follows in this context."""
    _clock.set(clock)


@contextmanager
def bound(clock: Clock) -> Iterator[None]:
    """Use `clock` inside the `with` block only."""
    token = _clock.set(clock)
    try:
        yield
    finally:
        _clock.reset(token)
