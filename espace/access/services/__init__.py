"""Every right on a record: how an actor stands to it, who was given what, and what the matrix opens."""

from espace.access.policy import ConsentState, DocumentFacts, VisibilityRule, visible

from .consents import (
    Answer,
    Awaiting,
    ConsentLine,
    answer,
    ask,
    consent,
    consents,
    durations,
    my_patients,
    note_visit,
    own_consent,
    shown_state,
)
from .encounters import RecentPatient, note_encounter, recent_encounters
from .matrix import (
    Sight,
    ensure_matrix,
    load_matrix,
    may_deposit,
    readable_types,
    sight,
    usually_deposits,
)
from .notices import forget_record, on_heir_decided, on_record_changed
from .passing import passing_lines
from .readers import Reader, readers
from .rules import KEPT, SHOWN, ruled
from .seers import SeerAct, SeerKind, SeerLine, SeerState
from .standing import RecordCard, my_records, standing, system_standing

__all__ = [
    "KEPT",
    "SHOWN",
    "Answer",
    "Awaiting",
    "ConsentLine",
    "ConsentState",
    "DocumentFacts",
    "Reader",
    "RecentPatient",
    "RecordCard",
    "SeerAct",
    "SeerKind",
    "SeerLine",
    "SeerState",
    "Sight",
    "VisibilityRule",
    "answer",
    "ask",
    "consent",
    "consents",
    "durations",
    "ensure_matrix",
    "forget_record",
    "load_matrix",
    "may_deposit",
    "my_patients",
    "my_records",
    "note_encounter",
    "note_visit",
    "on_heir_decided",
    "on_record_changed",
    "own_consent",
    "passing_lines",
    "readable_types",
    "readers",
    "recent_encounters",
    "ruled",
    "shown_state",
    "sight",
    "standing",
    "system_standing",
    "usually_deposits",
    "visible",
]
