"""The words of rights: who acts, in which relation to a record, and what a route may ask for."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from . import clock
from .errors import StepUpError

PROOF_AGE = timedelta(minutes=5)
"""How old a proof of identity may be when something opens further (design 3.12, security.md R9)."""


class ActorKind(StrEnum):
    """What sort of actor stands behind a request or a job."""

    PATIENT = "patient"
    PROFESSIONAL = "professional"
    OPERATOR = "operator"
    SYSTEM = "system"


class Role(StrEnum):
    """What an operator of the house is there for; none holds a clinical right (security.md R17)."""

    ADMINISTRATOR = "administrator"
    PRIVACY_OFFICER = "privacy_officer"
    COUNTER = "counter"


class Relation(StrEnum):
    """How an actor stands to one record."""

    HOLDER = "holder"
    REPRESENTATIVE = "representative"
    CARER = "carer"
    HEIR = "heir"
    PROFESSIONAL = "professional"
    SYSTEM = "system"


class Task(StrEnum):
    """What a carer may do in somebody's name, chosen one by one (rules.md MI-12)."""

    READ_DOCUMENTS = "read-documents"
    ADD_DOCUMENTS = "add-documents"
    READ_MESSAGES = "read-messages"
    WRITE_MESSAGES = "write-messages"


class Permission(StrEnum):
    """What a route asks for. The first ones need only a session of the right kind; `on_record` ones are judged."""

    ACCOUNT = "account"
    SECURITY = "account:security"
    PRACTICE = "practice"
    OFFICE = "office"
    OFFICE_COUNTER = "office:counter"
    OFFICE_PRIVACY = "office:privacy"
    OFFICE_FAMILY = "office:family"
    OFFICE_ADMINISTRATION = "office:administration"
    OFFICE_QUARANTINE = "office:quarantine"
    OFFICE_MAIL = "office:mail"
    RECORD_HOME = "record:home"
    PATIENT_PAGE = "record:patient-page"
    DOCUMENTS_READ = "documents:read"
    DOCUMENTS_ADD = "documents:add"
    DOCUMENTS_KEEP = "documents:keep"
    DOCUMENTS_ANNOUNCE = "documents:announce"
    DOCUMENTS_DEPOSIT = "documents:deposit"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    ACCESS_MANAGE = "access:manage"
    ACCESS_ASK = "access:ask"
    HISTORY_READ = "history:read"

    @property
    def on_record(self) -> bool:
        """Whether the permission is judged on one record, named in the address."""
        return self not in SESSION_PERMISSIONS


SESSION_PERMISSIONS: dict[Permission, frozenset[ActorKind]] = {
    Permission.ACCOUNT: frozenset({ActorKind.PATIENT}),
    Permission.SECURITY: frozenset({ActorKind.PATIENT, ActorKind.OPERATOR}),
    Permission.PRACTICE: frozenset({ActorKind.PROFESSIONAL}),
    Permission.OFFICE: frozenset({ActorKind.OPERATOR}),
    Permission.OFFICE_COUNTER: frozenset({ActorKind.OPERATOR}),
    Permission.OFFICE_PRIVACY: frozenset({ActorKind.OPERATOR}),
    Permission.OFFICE_FAMILY: frozenset({ActorKind.OPERATOR}),
    Permission.OFFICE_ADMINISTRATION: frozenset({ActorKind.OPERATOR}),
    Permission.OFFICE_QUARANTINE: frozenset({ActorKind.OPERATOR}),
    Permission.OFFICE_MAIL: frozenset({ActorKind.OPERATOR}),
}
"""Permissions that a session alone carries, and whose."""

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.COUNTER: frozenset({Permission.OFFICE, Permission.OFFICE_FAMILY, Permission.OFFICE_COUNTER}),
    Role.PRIVACY_OFFICER: frozenset(
        {
            Permission.OFFICE,
            Permission.OFFICE_FAMILY,
            Permission.OFFICE_PRIVACY,
            Permission.OFFICE_QUARANTINE,
            Permission.OFFICE_MAIL,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.OFFICE,
            Permission.OFFICE_ADMINISTRATION,
            Permission.OFFICE_QUARANTINE,
            Permission.OFFICE_MAIL,
        }
    ),
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who knocks, as far as a request tells. `device` is the token of the device's cookie, or empty."""

    address: str
    device: str = ""
    browser: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person's account, a professional in one practice situation, or the house itself.

    `id` is the account's or the professional's; `person_id` only a patient has, `role` only an operator; `structure_id`
    is where a professional practises in this session.
    `proved_at` is when the second factor was last shown (step-up, security.md R9). `helper` names who sits beside
    the person in an assisted session, which ends at `assisted_until`; `is_veiled` says that clinical content must not
    be shown now. `recovery_at` is when a lost access under way on this account may be completed (R4), None for none;
    `joined_at` when the account was made, where a session tells.
    `secret_in` names the records of minors in which a professional works in secret connection (rules.md MI-7).
    `is_enrolling`: an administrator who has no passkey yet gets the page to add one and nothing else (R3).
    `way` is by which right they stand before the record they act on (a reason of `access.policy`,
    since `way_since`, with the words they gave): only the actor of a `Standing` has one, and the trail keeps it as the
    why of each act (security.md R27).
    """

    kind: ActorKind
    id: UUID
    name: str
    person_id: UUID | None = None
    profession: str = ""
    structure: str = ""
    structure_id: UUID | None = None
    session_id: UUID | None = None
    proved_at: datetime | None = None
    locale: str = "fr"
    role: Role | None = None
    helper: str = ""
    is_private: bool = False
    is_veiled: bool = False
    assisted_until: datetime | None = None
    recovery_at: datetime | None = None
    joined_at: datetime | None = None
    is_enrolling: bool = False
    secret_in: frozenset[UUID] = frozenset()
    way: str = ""
    way_since: datetime | None = None
    way_words: str = ""

    def carries(self, permission: Permission) -> bool:
        """Whether this session alone carries `permission` (one that is not judged on a record)."""
        if self.kind not in SESSION_PERMISSIONS[permission]:
            return False
        if self.is_enrolling and permission is not Permission.SECURITY:
            return False
        if self.kind is not ActorKind.OPERATOR or permission is Permission.SECURITY:
            return True
        return self.role is not None and permission in ROLE_PERMISSIONS[self.role]


def demand_fresh_proof(actor: Actor) -> None:
    """See that the actor showed their second factor lately; widening asks for it, narrowing never does (R9).

    Raises:
        StepUpError: when the proof is older than `PROOF_AGE`, or lies in the future (a clock set back); in an assisted
            session also while the person has not shown their code.
    """
    now = clock.now()
    is_locked = bool(actor.helper) and actor.is_veiled
    if is_locked or actor.proved_at is None or not actor.proved_at <= now < actor.proved_at + PROOF_AGE:
        raise StepUpError


_NOBODY = UUID(int=0)
"""A reader's marks are theirs alone: who looks as them sees none."""

SYSTEM = Actor(ActorKind.SYSTEM, UUID(int=0), "espace")


EMERGENCIES = frozenset({"break-glass", "centre-15"})
"""The ways of reading a record that are an emergency, as a standing names them."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One actor before one record, as `access` judged it: the ticket every record service takes first.

    It names the record, so a look-up cannot leave it. `readable_types` are those a professional reads, `withheld_types`
    those a carer does not; `arrived_before` limits reading to what came until then. `bound_by` are the ids
    under which rules about single documents hold for this actor here, empty while the record has none for them.
    `ends_at` is when a passing right (emergency, counter code, heir, carer) is over. `why` is what a professional
    wrote to open the record in an emergency. `never_read` says that they have not read the record before, `visit_due`
    that their reading begins a visit that is to be written down; `usual_types` are the types their profession deposits
    by nature. `may_hold_rules` and `may_have_given`: False where it is known that the record holds no rule about a
    single document, and neither an open counter code nor a link for guests, so that nobody looks for them.
    `places_kept`: another parent has the names of places kept from this actor (security.md R15); `keeps_places`: this
    actor has them kept from the others. `counted`: what higher rooms had counted of the record in the statement
    by which a person was judged (`access.count_beside`), empty where nobody counted.
    `through` is the standing of who looks through these eyes to see what they see ("voir comme"): it lets through
    nothing that `through` does not, reads under the looker's name, and leaves no trace as a visit.
    """

    actor: Actor
    record_id: UUID
    relation: Relation
    holder_name: str
    rights: frozenset[Permission]
    reason: str = ""
    readable_types: frozenset[str] = frozenset()
    withheld_types: frozenset[str] = frozenset()
    arrived_before: datetime | None = None
    bound_by: frozenset[UUID] = frozenset()
    ends_at: datetime | None = None
    why: str = ""
    sees_hidden: bool = False
    colour: str = "prune"
    holder_birth: str = ""
    never_read: bool = False
    visit_due: bool = False
    usual_types: frozenset[str] = frozenset()
    places_kept: bool = False
    keeps_places: bool = False
    may_hold_rules: bool = True
    may_have_given: bool = True
    counted: tuple[int, ...] = field(default=(), compare=False)
    through: "Standing | None" = None

    def may(self, permission: Permission) -> bool:
        """Whether this standing carries `permission`."""
        return permission in self.rights

    @property
    def is_watched(self) -> bool:
        """Whether reading leaves a row: for anyone but the holder alone, who needs no trail of their own reading."""
        if self.through is not None:
            return self.through.is_watched
        return self.relation is not Relation.HOLDER or bool(self.actor.helper)

    @property
    def witness(self) -> "Standing":
        """The standing under whose name a reading is told: the looker's, where somebody looks as somebody else."""
        return self.through or self

    @property
    def marks_of(self) -> UUID:
        """Whose favourites, folders and visits stand beside what is shown: nobody's through another's eyes."""
        return _NOBODY if self.through is not None else self.actor.id

    @property
    def is_secret(self) -> bool:
        """Whether a professional works in secret connection here: the minor's representatives learn nothing of it."""
        return self.record_id in self.actor.secret_in

    @property
    def acts_for_other(self) -> bool:
        """Whether the actor acts for someone else than themself (shown on every page and traced)."""
        return self.relation in (Relation.REPRESENTATIVE, Relation.CARER)

    @property
    def in_emergency(self) -> bool:
        """Whether reading goes by an emergency now (see `access.policy.EmergencyMode`)."""
        return self.reason in EMERGENCIES

    @property
    def inherits(self) -> bool:
        """Whether the actor reads a dead person's record as their heir (shown on every page and traced)."""
        return self.relation is Relation.HEIR
