"""Every right on a record: how an actor stands to it, who was given what, and what the matrix opens."""

from espace.access.policy import ConsentState, DocumentFacts, EmergencyMode, Reason, VisibilityRule, Window

from .decisions.apart import DOCTOR, OF_WORK, Apart, apart, apart_at, apart_somewhere, teams_of
from .decisions.asking import ask
from .decisions.collecting import Collected, collect, has_met, may_collect
from .decisions.consents import (
    TEAM,
    UNPLACED_TEAM,
    Answer,
    ConsentLine,
    Scope,
    consent,
    consents,
    durations,
    own_consent,
    shown_state,
)
from .decisions.deciding import answer, longer, shorter
from .decisions.grants import Candidate, candidate, give
from .decisions.proofs import proof
from .decisions.rules import (
    KEPT,
    SHOWN,
    Grantee,
    Rule,
    Ruling,
    bound_grantees,
    copy_rules,
    ruled,
    rules_on,
    rulings,
    set_rule,
)
from .decisions.steps import COLLECTED_HOW, Did, How, Step, as_told
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
from .outlook import Outlook, outlook, told_professions
from .passing.lines import passing_lines
from .patients import Awaiting, my_patients
from .personal import count_beside
from .seeing.everyone import choosable, everyone
from .seeing.eyes import (
    BREAK_GLASS,
    CENTRE_15,
    Eyes,
    EyesKind,
    Sees,
    eyes,
    profession_id,
    professions,
    seen_as,
    team_id,
    visible,
)
from .seeing.readers import Reader, readers
from .seeing.seers import SeerAct, SeerKind, SeerLine, SeerState
from .standing import RecordCard, my_records, standing, system_standing
from .telling import tell
from .watching.visits import note_visit

__all__ = [
    "BREAK_GLASS",
    "CENTRE_15",
    "COLLECTED_HOW",
    "DOCTOR",
    "KEPT",
    "OF_WORK",
    "SHOWN",
    "TEAM",
    "UNPLACED_TEAM",
    "Answer",
    "Apart",
    "Awaiting",
    "Candidate",
    "Collected",
    "ConsentLine",
    "ConsentState",
    "Did",
    "DocumentFacts",
    "EmergencyMode",
    "Eyes",
    "EyesKind",
    "Grantee",
    "How",
    "Outlook",
    "Reader",
    "Reason",
    "RecentPatient",
    "RecordCard",
    "Rule",
    "Ruling",
    "Scope",
    "SeerAct",
    "SeerKind",
    "SeerLine",
    "SeerState",
    "Sees",
    "Sight",
    "Step",
    "VisibilityRule",
    "Window",
    "answer",
    "apart",
    "apart_at",
    "apart_somewhere",
    "as_told",
    "ask",
    "bound_grantees",
    "candidate",
    "choosable",
    "collect",
    "consent",
    "consents",
    "copy_rules",
    "count_beside",
    "durations",
    "ensure_matrix",
    "everyone",
    "eyes",
    "forget_record",
    "give",
    "has_met",
    "load_matrix",
    "longer",
    "may_collect",
    "may_deposit",
    "my_patients",
    "my_records",
    "note_encounter",
    "note_visit",
    "on_heir_decided",
    "on_record_changed",
    "outlook",
    "own_consent",
    "passing_lines",
    "profession_id",
    "professions",
    "proof",
    "readable_types",
    "readers",
    "recent_encounters",
    "ruled",
    "rules_on",
    "rulings",
    "seen_as",
    "set_rule",
    "shorter",
    "shown_state",
    "sight",
    "standing",
    "system_standing",
    "team_id",
    "teams_of",
    "tell",
    "told_professions",
    "usually_deposits",
    "visible",
]
