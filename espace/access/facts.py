"""What the judge of rights is told, and in which words it answers (`policy`). No decision is taken here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from espace.permissions import Permission, Task

NOTHING: frozenset[str] = frozenset()


class ConsentState(StrEnum):
    """What a record's people have decided about one professional. `none` and `expired` are never stored."""

    NONE = "none"
    ASKED = "asked"
    VALID = "valid"
    REFUSED = "refused"
    REVOKED = "revoked"
    EXPIRED = "expired"
    BLOCKED = "blocked"


class Window(StrEnum):
    """What a counter code opens to the professional to whom it was shown."""

    READ = "read"
    DEPOSIT = "deposit"
    """Reading too."""


class EmergencyMode(StrEnum):
    """By which right a record was opened in an emergency: two, each with its own opposition (rules.md AR-9)."""

    BREAK_GLASS = "break-glass"
    CENTRE_15 = "centre-15"


class Reason(StrEnum):
    """Why a decision fell as it did; shown to people and tested cell by cell."""

    HOLDER = "holder"
    REPRESENTATIVE = "representative"
    CARER = "carer"
    HEIR = "heir"
    CONSENT = "consent"
    TEAM = "team"
    WINDOW = "window"
    BREAK_GLASS = "break-glass"
    CENTRE_15 = "centre-15"
    ENCOUNTER = "encounter"
    STRANGER = "stranger"
    NOT_OPEN = "record-not-open"
    NO_READING = "no-reading"
    FROZEN = "frozen"
    TYPE_NOT_OPEN = "type-not-open-to-profession"
    WITHHELD = "type-withheld"
    AFTER_LIMIT = "came-after-limit"
    KEPT_FROM = "kept-from-them"
    HIDDEN = "hidden-by-holder"
    AWAITS_ANNOUNCEMENT = "awaits-announcement"
    SECRET_CARE = "secret-care"
    HELD = "held-until-wanted"


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, and why."""

    allowed: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A patient's account before a record.

    `reachable`: the record is open or active, neither merely announced nor opposed, closed, suspended, of a dead
    person or erased. `active`: its holder, or a parent for them, came in. `inherits`: its holder is dead, and an
    heir's request of this person was granted and is not over. `frozen`: what a court or the house decided stops this
    representative from now on; `sees_before`: it leaves them what came until then (security.md R15). `tasks`: what a
    carer does for the holder now, empty for who is none; they never read `withheld_types`. `only_reads`: the holder, in
    an account that a parent agreed to; `agreed`: as one still does (rules.md MI-3); `may_prove`: nobody's agreement
    counts any more at their age, so they come in to prove that the account is theirs.
    """

    reachable: bool
    is_holder: bool
    represents: bool
    active: bool = True
    inherits: bool = False
    frozen: bool = False
    sees_before: datetime | None = None
    tasks: frozenset[Task] = frozenset()
    withheld_types: frozenset[str] = NOTHING
    only_reads: bool = False
    agreed: bool = True
    may_prove: bool = False


@dataclass(frozen=True, slots=True)
class ProfessionalFacts:
    """A professional before a record.

    `consent` and `team` are the states in effect now (see `in_effect`) of what was decided about them and about the
    place where they practise today; `denied`: they asked again since they were told no; `encounter` says whether they
    identified the person exactly a few hours ago; `window` what a counter code opened to them, `emergency` by which
    right they opened the record, each as long as it lasts; `readable` is the matrix's row of their profession;
    `sees_hidden`: they are the attending doctor, in a house where a consent opens to that one what is hidden too
    (rules.md AR-14). `secret`: they work in secret connection.
    `express`: a doctor of work or of a fire service, to whom only what the person said of them by name, or a code
    shown to them, opens anything (rules.md AR-12); `express_may_deposit`: in a house where these feed as others do.
    """

    reachable: bool
    consent: ConsentState
    encounter: bool
    readable: frozenset[str]
    team: ConsentState = ConsentState.NONE
    denied: bool = False
    window: Window | None = None
    emergency: EmergencyMode | None = None
    sees_hidden: bool = False
    blocked_may_deposit: bool = True
    secret: bool = False
    express: bool = False
    express_may_deposit: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an actor may do before a record. No rights at all: the record does not exist for them (404).

    `readable_types` and `sees_hidden` are a professional's, `withheld_types` a carer's, `arrived_before` that of a
    frozen representative.
    """

    rights: frozenset[Permission]
    reason: Reason
    readable_types: frozenset[str] = NOTHING
    withheld_types: frozenset[str] = NOTHING
    arrived_before: datetime | None = None
    sees_hidden: bool = False


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What decides whether one document is let through.

    `kept_from` and `shown_to` are the ids of the professionals, places of practice and carers for whom the holder made
    a rule about this very document.
    """

    type_code: str
    hidden: bool = False
    patient_invisible: bool = False
    representatives_invisible: bool = False
    professional_id: UUID | None = None
    held: bool = False
    arrived_at: datetime | None = None
    kept_from: frozenset[UUID] = frozenset()
    shown_to: frozenset[UUID] = frozenset()
