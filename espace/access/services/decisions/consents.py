"""What a record's people decided about professionals and teams, as lines to be shown (rules.md AR-1 to AR-6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, or_, select

from espace import clock, crypto, db, settings
from espace.access.models import Consent, Visit
from espace.access.policy import ConsentState, in_effect
from espace.access.services.matrix import ACTIVE
from espace.db import Instant
from espace.errors import NotFoundError
from espace.people.services import Professional, Structure
from espace.permissions import Permission, Relation, Standing

from .apart import Apart
from .steps import Step, steps_of

TABLE = "access_consents"
PROFESSIONAL, TEAM = "professional", "team"


class Scope(StrEnum):
    """For whom a consent is asked or given (rules.md AR-1)."""

    PERSON = "person"
    TEAM = "team"
    """Whoever practises at one place."""


class Answer(StrEnum):
    """What the holder, or who stands in for them, may decide about one professional or team."""

    GRANT = "grant"
    LIMIT = "limit"
    """The same, until an earlier day."""
    REFUSE = "refuse"
    REVOKE = "revoke"
    BLOCK = "block"
    UNBLOCK = "unblock"


_S = ConsentState
_FROM: dict[Answer, frozenset[ConsentState]] = {
    Answer.GRANT: frozenset({_S.ASKED, _S.VALID, _S.EXPIRED, _S.REFUSED, _S.REVOKED}),
    Answer.LIMIT: frozenset({_S.VALID}),
    Answer.REFUSE: frozenset({_S.ASKED}),
    Answer.REVOKE: frozenset({_S.VALID}),
    Answer.BLOCK: frozenset({_S.ASKED, _S.VALID, _S.EXPIRED, _S.REFUSED, _S.REVOKED}),
    Answer.UNBLOCK: frozenset({_S.BLOCKED}),
}


UNPLACED_TEAM = "Une équipe de soins"
"""What a team is called to whom its place is not told: like its name, it is not translated."""


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One professional, or the team of one place (`kind`), on the access page, as shown when last decided upon.

    `place_id` and `place` are where a professional practised when they asked, `scope` for whom they asked. `steps` are
    what happened since the first request, oldest first. `apart`: the doctor who asks reads only by being named (AR-12).
    `last_visit_at` is None for no visit this reader may know of. `shown` is what is kept sealed of all this.
    """

    id: UUID
    kind: str
    grantee_id: UUID
    state: ConsentState
    name: str
    profession_code: str
    profession: str
    structure: str
    reason: str
    asked_at: datetime | None
    decided_at: datetime | None
    valid_until: datetime | None
    last_visit_at: datetime | None
    version: int
    scope: Scope = Scope.PERSON
    place_id: UUID | None = None
    apart: Apart | None = None
    steps: tuple[Step, ...] = ()
    shown: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def allows(self, answer: Answer) -> bool:
        """Whether `answer` makes sense in this state."""
        return self.state in _FROM[answer]

    @property
    def is_team(self) -> bool:
        """Whether it holds for whoever practises at one place."""
        return self.kind == TEAM

    @property
    def decided(self) -> Step | None:
        """The last decision, with who took it and how; None before any, or from before steps were kept."""
        return next((step for step in reversed(self.steps) if step.decides), None)


_COLUMNS = (
    Consent.id,
    Consent.grantee_kind,
    Consent.grantee_id,
    Consent.state,
    Consent.asked_at,
    Consent.decided_at,
    Consent.valid_until,
    Consent.last_visit_at,
    Consent.version,
    Consent.payload,
)
_BY_THEM = (
    Visit.record_id == Consent.record_id,
    or_(Visit.professional_id == Consent.grantee_id, Visit.structure_id == Consent.grantee_id),
)
_VISITS = (
    select(func.max(Visit.visited_at, type_=Instant)).where(*_BY_THEM).scalar_subquery().label("visited_at"),
    select(func.max(Visit.known_at, type_=Instant)).where(*_BY_THEM).scalar_subquery().label("known_at"),
)
_OF_RECORD = (
    select(*_COLUMNS, *_VISITS, ACTIVE.scalar_subquery().label("matrix_version"))
    .where(Consent.record_id == bindparam("record"))
    .order_by(Consent.id)
)
_ONE = select(*_COLUMNS, *_VISITS).where(Consent.record_id == bindparam("record"), Consent.id == bindparam("id"))
_OF_GRANTEES = select(*_COLUMNS, *_VISITS).where(
    Consent.record_id == bindparam("record"), Consent.grantee_id.in_(bindparam("grantees", expanding=True))
)


def durations() -> tuple[int, ...]:
    """The durations offered, in days: one day, three months, and the house's longest (U, AR-6)."""
    longest = settings.current().consent_days
    return (*(days for days in (1, 90) if days < longest), longest)


def consents(standing: Standing) -> list[ConsentLine]:
    """Every professional the record's people were asked about or decided upon: requests first, oldest first.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    return consents_in_use(standing)[0]


def consents_in_use(standing: Standing) -> tuple[list[ConsentLine], UUID | None]:
    """The same, and by which version of the table of rights they hold now, in one statement. Raises as `consents`."""
    holder_side(standing)
    with db.read() as tx:
        rows = tx.execute(_OF_RECORD, {"record": standing.record_id}).all()
        lines = [_line(tx, standing, row) for row in rows]
    return lines, rows[0].matrix_version if rows else None


def consent(standing: Standing, consent_id: UUID) -> ConsentLine:
    """One line of `consents`.

    Raises:
        NotFoundError: when the record has no such line.
    """
    holder_side(standing)
    with db.read() as tx:
        row = tx.execute(_ONE, {"record": standing.record_id, "id": consent_id}).first()
        if row is None:
            raise NotFoundError
        return _line(tx, standing, row)


def of_grantee(tx: Connection, standing: Standing, grantee_id: UUID) -> ConsentLine | None:
    """The line about one professional or place, for a service that decides about it."""
    return of_grantees(tx, standing, [grantee_id]).get(grantee_id)


def of_grantees(tx: Connection, standing: Standing, grantee_ids: Sequence[UUID]) -> dict[UUID, ConsentLine]:
    """The lines about several professionals or places, by their ids; those without a line are left out."""
    rows = tx.execute(_OF_GRANTEES, {"record": standing.record_id, "grantees": list(grantee_ids)}).all()
    return {row.grantee_id: _line(tx, standing, row) for row in rows}


def own_consent(standing: Standing) -> ConsentLine | None:
    """What the professional of `standing` may know of the record's decision about them (see `shown_state`)."""
    with db.read() as tx:
        return of_grantee(tx, standing, standing.actor.id)


def shown_state(line: ConsentLine | None) -> ConsentState:
    """The state as its professional is told: a block stays unsaid, it looks like an access that ended."""
    if line is None:
        return ConsentState.NONE
    if line.state is ConsentState.BLOCKED:
        asked_since = line.asked_at and line.decided_at and line.asked_at > line.decided_at
        return ConsentState.ASKED if asked_since else ConsentState.REVOKED
    return line.state


def of_professional(professional: Professional, structure: Structure | None) -> dict[str, Any]:
    """A professional as the holder reads them: from the directory, in one place of practice."""
    return {
        "name": professional.display_name,
        "profession_code": professional.profession_code,
        "profession": professional.plain_label,
        "structure": structure.display_name if structure else "",
        "place_id": str(structure.id) if structure else "",
    }


def of_team(place: Structure) -> dict[str, Any]:
    """The team of a place as the holder reads it: its name, and the town as its place."""
    return {
        "name": place.display_name,
        "profession_code": "",
        "profession": "",
        "structure": place.city,
        "place_id": str(place.id),
    }


def seal(tx: Connection, record_id: UUID, consent_id: UUID, shown: Mapping[str, Any], steps: Sequence[Step]) -> bytes:
    """The payload of a line."""
    return crypto.seal(tx, record_id, TABLE, consent_id, {**shown, "steps": [step.kept() for step in steps]})


def holder_side(standing: Standing) -> None:
    """See that the actor manages the record's accesses.

    Raises:
        NotFoundError: for anybody else.
    """
    if not standing.may(Permission.ACCESS_MANAGE):
        raise NotFoundError


def _line(tx: Connection, standing: Standing, row: Any) -> ConsentLine:
    shown = crypto.unseal(tx, standing.record_id, TABLE, row.id, row.payload)
    place_id = shown.get("place_id")
    # Another parent may keep the names of places from this reader (R15); what is kept of the line stays whole.
    is_unplaced = standing.places_kept
    # What was kept up to step 3 counted every visit: it says nothing to who may not know of all of them.
    knows_all = standing.relation is not Relation.REPRESENTATIVE
    return ConsentLine(
        id=row.id,
        kind=row.grantee_kind,
        grantee_id=row.grantee_id,
        state=in_effect(ConsentState(row.state), row.valid_until, clock.now()),
        name=UNPLACED_TEAM if is_unplaced and row.grantee_kind == TEAM else shown["name"],
        profession_code=shown["profession_code"],
        profession=shown["profession"],
        structure="" if is_unplaced else shown["structure"],
        reason=shown.get("reason", ""),
        asked_at=row.asked_at,
        decided_at=row.decided_at,
        valid_until=row.valid_until,
        last_visit_at=(row.visited_at or row.last_visit_at) if knows_all else row.known_at,
        version=row.version,
        scope=Scope(shown.get("scope", Scope.PERSON)),
        place_id=UUID(place_id) if place_id else None,
        apart=Apart(shown["apart"]) if shown.get("apart") else None,
        steps=steps_of(shown),
        shown={name: value for name, value in shown.items() if name != "steps"},
    )
