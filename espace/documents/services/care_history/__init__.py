"""The care history: the insurer's lines of the last months (rules.md CO-4). They are shown or hidden, never edited."""

from .hiding import hide, keep_secret, may_keep_secret, open_to_parents, show
from .importing import import_care_history
from .kinds import KINDS
from .lines import COLUMNS
from .reading import (
    TYPE,
    CareLine,
    Cursor,
    History,
    KindTotal,
    Visit,
    history,
    left_out,
    may_read,
    search,
    unseen,
    visit,
)
from .window import sweep, window_start

__all__ = [
    "COLUMNS",
    "KINDS",
    "TYPE",
    "CareLine",
    "Cursor",
    "History",
    "KindTotal",
    "Visit",
    "hide",
    "history",
    "import_care_history",
    "keep_secret",
    "left_out",
    "may_keep_secret",
    "may_read",
    "open_to_parents",
    "search",
    "show",
    "sweep",
    "unseen",
    "visit",
    "window_start",
]
