"""What was noticed about readings, for the privacy officer to look into (security.md R48, R49): no clinical content."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, crypto, db
from espace.access.models import Alert, Watched
from espace.access.services.officers import News, mail_officers, tell_officers
from espace.audit import services as audit
from espace.audit.services import Action
from espace.crypto.owners import OFFICE
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.permissions import Actor, Permission
from espace.words import N_, one_line

from . import suspensions
from .suspensions import Cause

TABLE = "access_alerts"
NOBODY = UUID(int=0)
"""In the place of a record, where an alert is about none in particular."""
PAGE = 30
MOST_WORDS = 500


class Kind(StrEnum):
    """What an alert is about."""

    HOUR = "hour"
    DAY = "day"
    SNOOPING = "snooping"


class State(StrEnum):
    """What became of an alert."""

    OPEN = "open"
    EXPLAINED = "explained"
    CONTACTED = "contacted"
    """The professional is being asked: it stays to be decided."""
    SUSPENDED = "suspended"

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to be decided."""
        return self in (State.EXPLAINED, State.SUSPENDED)


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """One alert. `facts` are words and counts: `signals` (see `patterns.Signal`), `records`, `acts`.

    `reached_id` is None where it is about no record in particular. `by` and `words` tell the last decision.
    """

    id: UUID
    kind: Kind
    state: State
    professional_id: UUID
    reached_id: UUID | None
    day: date
    raised_at: datetime
    decided_at: datetime | None
    version: int
    facts: Mapping[str, Any]
    by: str = ""
    words: str = ""

    @property
    def signals(self) -> tuple[str, ...]:
        """What was noticed, in words of a closed list."""
        return tuple(self.facts.get("signals", ()))


_COLUMNS = (
    Alert.id,
    Alert.kind,
    Alert.state,
    Alert.professional_id,
    Alert.reached_id,
    Alert.day,
    Alert.raised_at,
    Alert.decided_at,
    Alert.version,
    Alert.payload,
)
_UNSETTLED = [one.value for one in State if not one.is_settled]
_LIST = (
    select(*_COLUMNS)
    .where(Alert.state.in_(bindparam("states", expanding=True)), Alert.id < bindparam("before"))
    .order_by(Alert.id.desc())
    .limit(bindparam("limit"))
)
_ONE = select(*_COLUMNS).where(Alert.id == bindparam("id"))
_LAST = UUID(int=2**128 - 1)


def raise_alert(
    kind: Kind,
    professional_id: UUID,
    day: date,
    facts: Mapping[str, Any],
    reached_id: UUID = NOBODY,
    *,
    again: bool = False,
) -> bool:
    """Write an alert down, and tell the privacy officers; one a day for a professional, a kind and a record.

    `again`: it happened once more, so that one of the day that was settled waits anew. Gives whether it is new. It
    commits with the open unit of work.
    """
    alert_id = new_id()
    with db.write() as tx:
        dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
        made = tx.execute(
            dialect.insert(Alert)
            .values(
                id=alert_id,
                kind=kind.value,
                state=State.OPEN.value,
                professional_id=professional_id,
                reached_id=reached_id,
                day=day,
                raised_at=clock.now(),
                version=1,
                payload=crypto.seal(tx, OFFICE, TABLE, alert_id, {"facts": dict(facts)}),
            )
            .on_conflict_do_nothing(index_elements=["professional_id", "reached_id", "kind", "day"])
            .returning(Alert.id)
        ).first()
        if made is None and not (again and _reopened(tx, kind, professional_id, day, reached_id)):
            return False
        if kind is Kind.SNOOPING:
            tell_officers(News.SNOOPING, alert_id)
        else:  # somebody goes on reading: at once, always (security.md R48)
            mail_officers("abuse-alert")
    return True


def _reopened(tx: Connection, kind: Kind, professional_id: UUID, day: date, reached_id: UUID) -> bool:
    """Have the alert of that day wait again, where it was settled; what was decided stays written in it."""
    this = (
        Alert.professional_id == professional_id,
        Alert.reached_id == reached_id,
        Alert.kind == kind.value,
        Alert.day == day,
        Alert.state.not_in(_UNSETTLED),
    )
    values = {"state": State.OPEN.value, "raised_at": clock.now(), "version": Alert.version + 1}
    return tx.execute(update(Alert).where(*this).values(**values)).rowcount == 1


def alerts(
    actor: Actor, *, settled: bool, before: UUID | None = None, limit: int = PAGE
) -> tuple[list[AlertFacts], UUID | None]:
    """Those to decide, or those decided: newest first, and after which one older ones follow. The look is an act.

    Raises:
        NotFoundError: for who is no privacy officer.
    """
    _demand_officer(actor)
    states = [one.value for one in State if one.is_settled is settled]
    with db.write() as tx:
        rows = tx.execute(_LIST, {"states": states, "before": before or _LAST, "limit": limit + 1}).all()
        audit.record_office(actor, Action.ALERTS_READ)
        found = [_opened(tx, row) for row in rows[:limit]]
    return found, found[-1].id if len(rows) > limit else None


def waiting() -> int:
    """How many alerts wait to be decided, up to a hundred."""
    with db.read() as tx:
        return len(tx.execute(select(Alert.id).where(Alert.state.in_(_UNSETTLED)).limit(100)).all())


def alert(actor: Actor, alert_id: UUID) -> AlertFacts:
    """One alert, opened: the look is an act of the office's trail.

    Raises:
        NotFoundError: for who is no privacy officer, or when there is none of this id.
    """
    _demand_officer(actor)
    with db.write() as tx:
        found = _found(tx, alert_id)
        _leave(actor, Action.ALERT_LOOKED_AT, found)
    return found


def decide(actor: Actor, alert_id: UUID, state: State, words: str, *, version: int) -> None:
    """Write down what becomes of an alert. Suspending stops the professional's sessions at their next request.

    Raises:
        NotFoundError: for who is no privacy officer, or when there is none of this id.
        InvalidError: for `decision` when it is none to choose, or for `words` when they are missing.
        ConflictError: when it was decided meanwhile.
    """
    _demand_officer(actor)
    words = one_line(words)
    if state is State.OPEN:
        raise InvalidError({"decision": N_("Choose what becomes of it.")})
    if not words or len(words) > MOST_WORDS:
        raise InvalidError({"words": N_("Say why in one or two sentences, nothing about health.")})
    with db.write() as tx:
        found = _found(tx, alert_id)
        if found.version != version or found.state.is_settled:
            raise ConflictError
        payload = {"facts": dict(found.facts), "by": actor.name, "words": words}
        changed = tx.execute(
            update(Alert)
            .where(Alert.id == alert_id, Alert.version == version)
            .values(
                state=state.value,
                decided_at=clock.now(),
                version=version + 1,
                payload=crypto.seal(tx, OFFICE, TABLE, alert_id, payload),
            )
        )
        if changed.rowcount != 1:
            raise ConflictError
        _leave(actor, Action.ALERT_DECIDED, found, {"decision": state.value})
        if state is State.SUSPENDED:
            suspensions.stop(actor, found.professional_id, Cause.OFFICER)


def watched(record_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these records whose readings are looked at more closely."""
    if not record_ids:
        return frozenset()
    with db.read() as tx:
        return frozenset(tx.execute(select(Watched.record_id).where(Watched.record_id.in_(record_ids))).scalars())


def watch(actor: Actor, record_id: UUID, *, closely: bool) -> None:
    """Have a record's readings looked at more closely from now on, or not any more: its people read that it is so.

    Raises:
        NotFoundError: for who is no privacy officer.
    """
    _demand_officer(actor)
    with db.write() as tx:
        if (record_id in watched([record_id])) is closely:
            return
        audit.record_office(actor, Action.RECORD_WATCHED if closely else Action.RECORD_UNWATCHED, record_id=record_id)
        if closely:
            tx.execute(insert(Watched).values(record_id=record_id, since=clock.now()))
        else:
            tx.execute(delete(Watched).where(Watched.record_id == record_id))


def _demand_officer(actor: Actor) -> None:
    if not actor.carries(Permission.OFFICE_PRIVACY):
        raise NotFoundError


def _leave(actor: Actor, action: Action, found: AlertFacts, detail: Mapping[str, str] | None = None) -> None:
    """In the office's trail and the professional's: an alert is about the reader, not about the person read."""
    audit.record_office(actor, action, account_id=found.professional_id, detail=detail)


def _found(tx: Connection, alert_id: UUID) -> AlertFacts:
    row = tx.execute(_ONE, {"id": alert_id}).first()
    if row is None:
        raise NotFoundError
    return _opened(tx, row)


def _opened(tx: Connection, row: Any) -> AlertFacts:
    said = crypto.unseal(tx, OFFICE, TABLE, row.id, row.payload)
    return AlertFacts(
        id=row.id,
        kind=Kind(row.kind),
        state=State(row.state),
        professional_id=row.professional_id,
        reached_id=row.reached_id if row.reached_id != NOBODY else None,
        day=row.day,
        raised_at=row.raised_at,
        decided_at=row.decided_at,
        version=row.version,
        facts=said["facts"],
        by=said.get("by", ""),
        words=said.get("words", ""),
    )
