"""The words of rights: who acts, in which relation to a record, and what a route may ask for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    """What sort of actor stands behind a request or a job."""

    PATIENT = "patient"
    PROFESSIONAL = "professional"
    SYSTEM = "system"


class Relation(StrEnum):
    """How an actor stands to one record."""

    HOLDER = "holder"
    REPRESENTATIVE = "representative"
    PROFESSIONAL = "professional"
    SYSTEM = "system"


class Permission(StrEnum):
    """What a route asks for. The first two need only a session; the others are judged on one record."""

    ACCOUNT = "account"
    PRACTICE = "practice"
    RECORD_HOME = "record:home"
    PATIENT_PAGE = "record:patient-page"
    DOCUMENTS_READ = "documents:read"
    DOCUMENTS_ADD = "documents:add"
    DOCUMENTS_DEPOSIT = "documents:deposit"
    ACCESS_MANAGE = "access:manage"
    ACCESS_ASK = "access:ask"
    HISTORY_READ = "history:read"

    @property
    def on_record(self) -> bool:
        """Whether the permission is judged on one record, named in the address."""
        return self not in (Permission.ACCOUNT, Permission.PRACTICE)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person's account, a professional in one practice situation, or the house itself.

    `id` is the account's or the professional's; `person_id` only a patient has. `proved_at` is when the
    second factor was last shown (step-up, security.md R9).
    """

    kind: ActorKind
    id: UUID
    name: str
    person_id: UUID | None = None
    profession: str = ""
    structure: str = ""
    session_id: UUID | None = None
    proved_at: datetime | None = None
    locale: str = "fr"


SYSTEM = Actor(ActorKind.SYSTEM, UUID(int=0), "espace")


@dataclass(frozen=True, slots=True)
class Standing:
    """One actor before one record, as `access` judged it: the ticket every record service takes first.

    It names the record, so a look-up cannot leave it. `readable_types` is None for "no limit by type".
    """

    actor: Actor
    record_id: UUID
    relation: Relation
    holder_name: str
    rights: frozenset[Permission]
    reason: str = ""
    readable_types: frozenset[str] | None = None
    sees_hidden: bool = True
    colour: str = "prune"
    holder_birth: str = ""

    def may(self, permission: Permission) -> bool:
        """Whether this standing carries `permission`."""
        return permission in self.rights

    @property
    def acts_for_other(self) -> bool:
        """Whether the actor acts for someone else than themself (shown on every page and traced)."""
        return self.relation is Relation.REPRESENTATIVE
