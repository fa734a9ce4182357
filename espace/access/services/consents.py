"""What a record's people decided about each professional, and what these ask of them (rules.md AR-1 to AR-6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db, settings
from espace.access.models import Consent
from espace.access.policy import ConsentState, in_effect
from espace.accounts import services as accounts
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from espace.family import services as family
from espace.identifiers import new_id
from espace.notifications.services import Event
from espace.people import services as people
from espace.permissions import Permission, Standing, demand_fresh_proof
from espace.records import services as records
from espace.words import N_

from .matrix import ACTIVE

TABLE = "access_consents"
PROFESSIONAL, TEAM = "professional", "team"
"""How old a proof of identity may be when something is granted (security.md R9)."""
ASK_AGAIN = timedelta(days=1)
"""How long a refused professional waits before asking again: a holder is not to be worn down."""
MAX_REASON = 200


class Answer(StrEnum):
    """What the holder, or who stands in for them, may decide about one professional."""

    GRANT = "grant"
    REFUSE = "refuse"
    REVOKE = "revoke"
    BLOCK = "block"
    UNBLOCK = "unblock"


_S = ConsentState
_FROM: dict[Answer, frozenset[ConsentState]] = {
    Answer.GRANT: frozenset({_S.ASKED, _S.VALID, _S.EXPIRED, _S.REFUSED, _S.REVOKED}),
    Answer.REFUSE: frozenset({_S.ASKED}),
    Answer.REVOKE: frozenset({_S.VALID}),
    Answer.BLOCK: frozenset({_S.ASKED, _S.VALID, _S.EXPIRED, _S.REFUSED, _S.REVOKED}),
    Answer.UNBLOCK: frozenset({_S.BLOCKED}),
}
_TO: dict[Answer, tuple[ConsentState, Action]] = {
    Answer.GRANT: (_S.VALID, Action.CONSENT_GIVEN),
    Answer.REFUSE: (_S.REFUSED, Action.CONSENT_REFUSED),
    Answer.REVOKE: (_S.REVOKED, Action.CONSENT_REVOKED),
    Answer.BLOCK: (_S.BLOCKED, Action.CONSENT_BLOCKED),
    Answer.UNBLOCK: (_S.REVOKED, Action.CONSENT_UNBLOCKED),
}


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One professional, or the team of one place (`kind`), on the access page, as shown when last decided upon."""

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

    def allows(self, answer: Answer) -> bool:
        """Whether `answer` makes sense in this state."""
        return self.state in _FROM[answer]


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
_OF_RECORD = (
    select(*_COLUMNS, ACTIVE.scalar_subquery().label("matrix_version"))
    .where(Consent.record_id == bindparam("record"))
    .order_by(Consent.id)
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
    _holder_side(standing)
    with db.read() as tx:
        rows = tx.execute(_OF_RECORD, {"record": standing.record_id}).all()
        lines = [_line(tx, standing.record_id, row) for row in rows]
    return lines, rows[0].matrix_version if rows else None


def consent(standing: Standing, consent_id: UUID) -> ConsentLine:
    """One line of `consents`.

    Raises:
        NotFoundError: when the record has no such line.
    """
    _holder_side(standing)
    query = select(*_COLUMNS).where(Consent.record_id == standing.record_id, Consent.id == consent_id)
    with db.read() as tx:
        row = tx.execute(query).first()
        if row is None:
            raise NotFoundError
        return _line(tx, standing.record_id, row)


def own_consent(standing: Standing) -> ConsentLine | None:
    """What the professional of `standing` may know of the record's decision about them (see `shown_state`)."""
    query = select(*_COLUMNS).where(Consent.record_id == standing.record_id, Consent.grantee_id == standing.actor.id)
    with db.read() as tx:
        row = tx.execute(query).first()
        return _line(tx, standing.record_id, row) if row is not None else None


def shown_state(line: ConsentLine | None) -> ConsentState:
    """The state as its professional is told: a block stays unsaid, it looks like an access that ended."""
    if line is None:
        return ConsentState.NONE
    if line.state is ConsentState.BLOCKED:
        asked_since = line.asked_at and line.decided_at and line.asked_at > line.decided_at
        return ConsentState.ASKED if asked_since else ConsentState.REVOKED
    return line.state


def _line(tx: Connection, record_id: UUID, row: Any) -> ConsentLine:
    shown = crypto.unseal(tx, record_id, TABLE, row.id, row.payload)
    return ConsentLine(
        id=row.id,
        kind=row.grantee_kind,
        grantee_id=row.grantee_id,
        state=in_effect(ConsentState(row.state), row.valid_until, clock.now()),
        name=shown["name"],
        profession_code=shown["profession_code"],
        profession=shown["profession"],
        structure=shown["structure"],
        reason=shown.get("reason", ""),
        asked_at=row.asked_at,
        decided_at=row.decided_at,
        valid_until=row.valid_until,
        last_visit_at=row.last_visit_at,
        version=row.version,
    )


def _holder_side(standing: Standing) -> None:
    if not standing.may(Permission.ACCESS_MANAGE):
        raise NotFoundError


def ask(standing: Standing, reason: str) -> None:
    """Ask, as a professional, to read the record. The people of the record are told by e-mail, without content.

    Asking twice tells nobody twice. A blocked professional's request is kept and shown, but wakes nobody.

    Raises:
        NotFoundError: for who may not ask.
        InvalidError: without a reason, with one too long, with a valid access, or within a day of a refusal.
    """
    if not standing.may(Permission.ACCESS_ASK):
        raise NotFoundError
    reason = " ".join(reason.split())
    if not reason:
        raise InvalidError({"reason": N_("Write why you ask: the person reads it before answering.")})
    if len(reason) > MAX_REASON:
        raise InvalidError({"reason": N_("Write at most %(limit)d characters.", limit=MAX_REASON)})
    shown = _as_shown(standing) | {"reason": reason}
    try:
        _ask(standing, shown)
    except IntegrityError:  # the same professional asked at the same instant from another window
        _ask(standing, shown)


def _ask(standing: Standing, shown: dict[str, str]) -> None:
    record_id, professional_id, now = standing.record_id, standing.actor.id, clock.now()
    with db.write() as tx:
        found = own_consent(standing)
        state = found.state if found else ConsentState.NONE
        if found is not None and state is ConsentState.VALID:
            raise InvalidError({"reason": N_("You already have access to this record.")})
        if found is not None and state is ConsentState.REFUSED and _lately(found.decided_at, ASK_AGAIN, now):
            raise InvalidError({"reason": N_("Your request was refused today. You can ask again tomorrow.")})
        if found is not None and _already_asked(found, now):
            return
        consent_id = found.id if found else new_id()
        payload = crypto.seal(tx, record_id, TABLE, consent_id, shown)
        if found is None:
            tx.execute(
                insert(Consent).values(
                    record_id=record_id,
                    id=consent_id,
                    grantee_kind=PROFESSIONAL,
                    grantee_id=professional_id,
                    state=ConsentState.ASKED.value,
                    asked_at=now,
                    version=1,
                    payload=payload,
                )
            )
        else:
            kept = state if state is ConsentState.BLOCKED else ConsentState.ASKED
            tx.execute(
                update(Consent)
                .where(Consent.record_id == record_id, Consent.id == found.id)
                .values(state=kept.value, asked_at=now, valid_until=None, version=Consent.version + 1, payload=payload)
            )
        audit.record(
            standing.actor,
            record_id,
            Action.CONSENT_ASKED,
            relation=standing.relation,
            detail={"reason": shown["reason"]},
        )
        if state is not ConsentState.BLOCKED:
            _tell(record_id, Event.ACCESS_ASKED)


def _already_asked(line: ConsentLine, now: datetime) -> bool:
    """Whether the same question stands open; from a blocked professional, whether it came today."""
    if line.state is ConsentState.BLOCKED:
        return _lately(line.asked_at, ASK_AGAIN, now)
    return line.state is ConsentState.ASKED


def _as_shown(standing: Standing) -> dict[str, str]:
    """The professional as the holder reads them: from the directory, the structure from their session."""
    professional = people.professional(standing.actor.id)
    return {
        "name": professional.display_name,
        "profession_code": professional.profession_code,
        "profession": professional.plain_label,
        "structure": standing.actor.structure,
    }


def _lately(at: datetime | None, within: timedelta, now: datetime) -> bool:
    return at is not None and now - at < within


def _tell(record_id: UUID, event: Event) -> None:
    """Tell the holder and who stands in for them, without saying who it was (security.md R52)."""
    holder = records.record(record_id).person_id
    accounts.notify([holder, *family.representatives(record_id)], event)


def answer(standing: Standing, consent_id: UUID, decision: Answer, *, version: int, days: int | None = None) -> None:
    """Decide about one professional; it counts from the very next request.

    `version` is that of the line on which the decision was read: when another browser decided meanwhile, nothing
    is written. `days` is how long a grant lasts.

    Raises:
        NotFoundError: when the record has no such line, or the actor does not manage its accesses.
        StepUpError: granting asks for a proof of identity younger than five minutes; narrowing never does (R9).
        InvalidError: for a duration that is not offered.
        ConflictError: when the line changed since it was read, or is in a state this decision does not fit.
    """
    _holder_side(standing)
    now = clock.now()
    if decision is Answer.GRANT:
        demand_fresh_proof(standing.actor)
        if days not in durations():
            raise InvalidError({"days": N_("Choose for how long.")})
    state, action = _TO[decision]
    with db.write() as tx:
        found = consent(standing, consent_id)
        if found.version != version or not found.allows(decision):
            raise ConflictError
        values: dict[str, Any] = {"state": state.value, "decided_at": now, "version": version + 1}
        values["valid_until"] = now + timedelta(days=days) if decision is Answer.GRANT and days else None
        changed = tx.execute(
            update(Consent)
            .where(Consent.record_id == standing.record_id, Consent.id == consent_id, Consent.version == version)
            .values(**values)
        )
        if changed.rowcount != 1:
            raise ConflictError
        detail = {"until": values["valid_until"].isoformat()} if values["valid_until"] else None
        audit.record(
            standing.actor,
            standing.record_id,
            action,
            relation=standing.relation,
            objects=[{"id": str(found.grantee_id), "name": found.name, "profession": found.profession}],
            detail=detail,
        )


def note_visit(standing: Standing) -> None:
    """Write down, in the unit of work that reads, when a professional last read the record.

    The first time of all, the people of the record are told (rules.md AR-25).
    """
    if not standing.may(Permission.DOCUMENTS_READ):
        raise RefusedError(standing.reason)
    own = (Consent.record_id == standing.record_id, Consent.grantee_id == standing.actor.id)
    with db.write() as tx:
        visited = update(Consent).values(last_visit_at=clock.now())
        if tx.execute(visited.where(*own, Consent.last_visit_at.is_(None))).rowcount:
            _tell(standing.record_id, Event.FIRST_ACCESS)
        else:
            tx.execute(visited.where(*own))


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A record on which a professional has something: a valid access, or a request without answer."""

    record_id: UUID
    state: ConsentState
    asked_at: datetime | None
    valid_until: datetime | None


def my_patients(professional_id: UUID, limit: int = 100) -> list[Awaiting]:
    """The records that gave `professional_id` access, or were asked for it and have not answered."""
    query = (
        select(Consent.record_id, Consent.state, Consent.asked_at, Consent.valid_until)
        .where(
            Consent.grantee_id == professional_id,
            Consent.state.in_([ConsentState.ASKED.value, ConsentState.VALID.value]),
        )
        .order_by(Consent.id.desc())
        .limit(limit)
    )
    now = clock.now()
    with db.read() as tx:
        found = [
            Awaiting(
                row.record_id, in_effect(ConsentState(row.state), row.valid_until, now), row.asked_at, row.valid_until
            )
            for row in tx.execute(query)
        ]
    return [line for line in found if line.state is not ConsentState.EXPIRED]
