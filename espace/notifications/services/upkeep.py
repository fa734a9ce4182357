"""What the worker keeps in order."""

from . import ledger, numbers
from .ledger import wake_late

__all__ = ["sweep", "wake_late"]


def sweep() -> int:
    """Delete old notices and the counts of days that are over; gives how many rows."""
    return ledger.sweep() + numbers.sweep()
