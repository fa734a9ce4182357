"""What other rooms may ask of the trail."""

from .actions import Action
from .checkpoints import checkpoint
from .checkpoints import due as checkpoint_due
from .lately import acts_told, last_told, newest_told
from .looking import Look, chains_moved, looked, newest
from .office import note_office, office_acts, opened_lately, record_office
from .reports import Reached, reached
from .trail import Entry, Event, entries, own_acts_since, record, record_many, seen_lately
from .verification import Examination, examine, verify
from .walk import Fault, Kind

__all__ = [
    "Action",
    "Entry",
    "Event",
    "Examination",
    "Fault",
    "Kind",
    "Look",
    "Reached",
    "acts_told",
    "chains_moved",
    "checkpoint",
    "checkpoint_due",
    "entries",
    "examine",
    "last_told",
    "looked",
    "newest",
    "newest_told",
    "note_office",
    "office_acts",
    "opened_lately",
    "own_acts_since",
    "reached",
    "record",
    "record_many",
    "record_office",
    "seen_lately",
    "verify",
]
