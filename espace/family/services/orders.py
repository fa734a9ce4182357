"""A court's order about a representative, as an operator enters it (security.md R15)."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from espace import clock
from espace.errors import InvalidError
from espace.words import N_, one_line

from .asking.requests import checked_words

MAX_REFERENCE = 80


@dataclass(frozen=True, slots=True)
class Order:
    """What a court decided, as an operator enters it. `sees_before`: what came until the end of that day stays read.

    `tells`: the order says that the other representatives may know that there is a limit. `urgent`: it counts at once.
    """

    reference: str
    made_on: date
    words: str
    sees_before: date | None = None
    tells: bool = False
    urgent: bool = False

    @property
    def until(self) -> datetime | None:
        """The end of that day on the wall; None where nothing stays read."""
        if self.sees_before is None:
            return None
        return datetime.combine(self.sees_before + timedelta(days=1), time(0), clock.HOME_ZONE).astimezone(UTC)


def checked(order: Order) -> Order:
    """The order as it may be kept.

    Raises:
        InvalidError: with a sentence beside each field at fault.
    """
    problems: dict[str, str] = {}
    reference = one_line(order.reference)
    if not reference or len(reference) > MAX_REFERENCE:
        problems["reference"] = N_("Write the reference of the order, as it stands on it.")
    if order.made_on > clock.today():
        problems["made_on"] = N_("This day is still to come.")
    if order.sees_before is not None and order.sees_before > clock.today():
        problems["sees_before"] = N_("Choose a day that has come: what arrives later is not shown.")
    if problems:
        raise InvalidError(problems)
    return replace(order, reference=reference, words=checked_words(order.words, None))
