"""What the home room does: tell who did what, keep a trace of who reads it, and say whether the house is well."""

from .activity import Activity, account_activity
from .health import Health, health
from .history import Page, Shown, history, last_visits
from .own import own_state
from .trace import traced

__all__ = [
    "Activity",
    "Health",
    "Page",
    "Shown",
    "account_activity",
    "health",
    "history",
    "last_visits",
    "own_state",
    "traced",
]
