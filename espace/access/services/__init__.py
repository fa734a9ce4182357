"""Every right on a record: how an actor stands to it, who was given what, and what the matrix opens."""

from .encounters import RecentPatient, note_encounter, recent_encounters
from .matrix import (
    ensure_matrix,
    load_matrix,
    may_deposit,
    readable_categories,
    readable_types,
    usually_deposits,
)
from .standing import RecordCard, my_records, standing, system_standing

__all__ = [
    "RecentPatient",
    "RecordCard",
    "ensure_matrix",
    "load_matrix",
    "may_deposit",
    "my_records",
    "note_encounter",
    "readable_categories",
    "readable_types",
    "recent_encounters",
    "standing",
    "system_standing",
    "usually_deposits",
]
