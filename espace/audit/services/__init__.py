"""What other rooms may ask of the trail."""

from .actions import Action
from .checkpoints import checkpoint
from .reports import Reached, reached
from .trail import Entry, Event, entries, record, record_many, seen_lately

__all__ = [
    "Action",
    "Entry",
    "Event",
    "Reached",
    "checkpoint",
    "entries",
    "reached",
    "record",
    "record_many",
    "seen_lately",
]
