"""A request about somebody else's record, as its row holds it (see `models.Request`)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, update

from espace import crypto, db
from espace.errors import ConflictError, NotFoundError
from espace.family.models import Request
from espace.words import N_, Message

TABLE = "family_requests"


class Kind(StrEnum):
    """What is asked."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    RESTRICTION = "restriction"
    """That a court's decision about another representative be entered."""


class State(StrEnum):
    """Where a request stands. The asker is told no more than waiting, accepted, refused or withdrawn."""

    WAITING = "waiting"
    PROPOSED = "proposed"
    ANNOUNCED = "announced"
    """Two operators agree; who acts for the person already may contest until it takes effect."""
    CONTESTED = "contested"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def is_open(self) -> bool:
        """Whether it awaits somebody."""
        return self in OPEN


OPEN = frozenset({State.WAITING, State.PROPOSED, State.ANNOUNCED, State.CONTESTED})

BINDS: Mapping[str, Message] = MappingProxyType(
    {
        "parent": N_("Their father or mother"),
        "authority": N_("Holder of parental authority, without being their parent"),
        "child-guardian": N_("Their legal guardian: they are a minor"),
        "tutor": N_("Their guardian under a measure of guardianship (tutelle)"),
        "curator": N_("Their curator under a measure of curatorship (curatelle)"),
        "family": N_("Entitled by a family court order (habilitation familiale)"),
        "mandate": N_("Their agent under a future protection mandate"),
    }
)
"""What binds the asker to the person: the first three to a minor, the others to an adult (rules.md MI-2, MI-11)."""
OF_ADULTS = frozenset({"tutor", "curator", "family", "mandate"})

REASONS: Mapping[str, Message] = MappingProxyType(
    {
        "identity": N_("The identity could not be confirmed. Check the number, the names and the birth date."),
        "proof": N_("The proof does not show what binds you, or cannot be read."),
        "authority": N_("The proof does not give you this right, or not any more."),
        "other": N_("Another reason, said below."),
    }
)
"""Why a request is refused, as its asker reads it: an unknown person and a wrong trait are one reason (R5)."""


@dataclass(frozen=True, slots=True)
class Traits:
    """The strict traits as the asker typed them (rules.md ID-1)."""

    ins: str
    birth_name: str
    first_name: str
    birth_date: date

    @property
    def label(self) -> str:
        """What the asker calls them."""
        return f"{self.first_name} {self.birth_name}"


@dataclass(frozen=True, slots=True)
class Stored:
    """A request as its row holds it. `said` is what was written on the way: words, names of operators, the order."""

    id: UUID
    account_id: UUID
    about_id: UUID | None
    kind: Kind
    state: State
    made_at: datetime
    decided_at: datetime | None
    effective_at: datetime | None
    proposed_by: UUID | None
    proof_id: UUID | None
    version: int
    traits: Traits
    binds: str
    said: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def asker_person(self) -> UUID:
        """The person who asks."""
        return UUID(self.said["person"])

    @property
    def pages(self) -> int:
        """Pages of the proof; 0 once it is gone."""
        return int(self.said.get("pages", 0)) if self.proof_id else 0


COLUMNS = (
    Request.id,
    Request.account_id,
    Request.about_id,
    Request.kind,
    Request.state,
    Request.made_at,
    Request.decided_at,
    Request.effective_at,
    Request.proposed_by,
    Request.proof_id,
    Request.version,
    Request.payload,
)


def stored(request_id: UUID) -> Stored:
    """One request, whoever asked.

    Raises:
        NotFoundError: when there is none of this id.
    """
    with db.read() as tx:
        return _one(tx, tx.execute(select(*COLUMNS).where(Request.id == request_id)).first())


def locked(tx: Connection, request_id: UUID) -> Stored:
    """The same, held until the unit of work ends: of two that decide at once, the second sees what the first left."""
    return _one(tx, tx.execute(select(*COLUMNS).where(Request.id == request_id).with_for_update()).first())


def opened(tx: Connection, row: Any) -> Stored:
    """A row of `COLUMNS`, opened."""
    held = crypto.unseal(tx, row.account_id, TABLE, row.id, row.payload)
    typed = held["traits"]
    return Stored(
        id=row.id,
        account_id=row.account_id,
        about_id=row.about_id,
        kind=Kind(row.kind),
        state=State(row.state),
        made_at=row.made_at,
        decided_at=row.decided_at,
        effective_at=row.effective_at,
        proposed_by=row.proposed_by,
        proof_id=row.proof_id,
        version=row.version,
        traits=Traits(typed["ins"], typed["birth_name"], typed["first_name"], date.fromisoformat(typed["birth_date"])),
        binds=held["binds"],
        said=held["said"],
    )


def sealed(tx: Connection, request: Stored) -> bytes:
    """What is sealed of a request, as it is now."""
    typed = asdict(request.traits) | {"birth_date": request.traits.birth_date.isoformat()}
    held = {"traits": typed, "binds": request.binds, "said": dict(request.said)}
    return crypto.seal(tx, request.account_id, TABLE, request.id, held)


def save(tx: Connection, request: Stored) -> None:
    """Write a locked request as it is now; of two writers that saw the same, one wins.

    Raises:
        ConflictError: when somebody else changed it since it was read.
    """
    changed = tx.execute(
        update(Request)
        .where(Request.id == request.id, Request.version == request.version)
        .values(
            about_id=request.about_id,
            state=request.state.value,
            decided_at=request.decided_at,
            effective_at=request.effective_at,
            proposed_by=request.proposed_by,
            proof_id=request.proof_id,
            version=request.version + 1,
            payload=sealed(tx, request),
        )
    )
    if changed.rowcount != 1:
        raise ConflictError


def _one(tx: Connection, row: Any) -> Stored:
    if row is None:
        raise NotFoundError
    return opened(tx, row)
