"""What the home room does: tell who did what, keep a trace of who reads it, and say whether the house is well."""

from .activity import Activity, account_activity
from .answering import Decision, Reply, Wish, answer_visit, may, own_answer
from .exporting import Export, begin_export
from .health import Health, health
from .history import (
    Filter,
    Known,
    Page,
    What,
    Who,
    history,
    known,
    last_visits,
    own_side,
    sides,
    signs_in,
    visit_at,
)
from .own import holder_names, own_state
from .trace import traced
from .unread import unread
from .visits import Visit, counted

__all__ = [
    "Activity",
    "Decision",
    "Export",
    "Filter",
    "Health",
    "Known",
    "Page",
    "Reply",
    "Visit",
    "What",
    "Who",
    "Wish",
    "account_activity",
    "answer_visit",
    "begin_export",
    "counted",
    "health",
    "history",
    "holder_names",
    "known",
    "last_visits",
    "may",
    "own_answer",
    "own_side",
    "own_state",
    "sides",
    "signs_in",
    "traced",
    "unread",
    "visit_at",
]
