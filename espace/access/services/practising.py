"""How a professional stands to a record, by what was decided about them, about their team, and by rights that pass."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, and_, bindparam, exists, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from espace import clock, crypto, db, settings
from espace.access import policy
from espace.access.models import Consent, CounterCode, DocumentRule, Emergency, Encounter, Opposition, Visit
from espace.access.policy import (
    ConsentState,
    EmergencyMode,
    ProfessionalFacts,
    Reason,
    Window,
)
from espace.db import Instant
from espace.family.services import OWN_COLOUR
from espace.people import services as people
from espace.permissions import Actor, Relation, Standing
from espace.records import services as records

from .decisions.apart import apart
from .emergencies.emergency import LONGEST, written
from .emergencies.rescuers import regulates
from .judging import judged
from .matrix import ACTIVE, matrix, types_in
from .passing.windows import open_windows
from .watching.visits import NOWHERE, VISIT

REGULATING_DOCTOR = "G15_10#SAMU"
"""The column of the table for the doctor who answers a call to the centre 15."""


_VERSION = ACTIVE.subquery()
_RECORD_ROW = records.WITH_HOLDER.add_columns(_VERSION.c.id.label("version_id")).outerjoin(_VERSION, true())
_TEAM = aliased(Consent)
_BOUND = exists().where(
    DocumentRule.record_id == bindparam("record"),
    DocumentRule.grantee_id.in_([bindparam("professional"), bindparam("place")]),
)


LONGEST_WINDOW = timedelta(hours=24)
"""As long as a counter code may open a record at most."""


def _open_until(
    table: type[CounterCode] | type[Emergency], which: ColumnElement[bool]
) -> ScalarSelect[datetime | None]:
    """Until when one of these passing rights stands open to the professional; nothing when none does."""
    return (
        select(func.max(table.until, type_=Instant))
        .where(table.record_id == bindparam("record"), table.professional_id == bindparam("professional"), which)
        .scalar_subquery()
    )


def _emergency_until(mode: EmergencyMode, opposition: InstrumentedAttribute[bool]) -> ScalarSelect[datetime | None]:
    """The same of an emergency: one of a clock that went wrong does not hide another, and no opposition comes too late.

    An opening and an opposition may be written in one instant, neither knowing of the other: then the person's counts.
    """
    opposed = exists().where(Opposition.record_id == bindparam("record"), opposition.is_(True))
    in_time = Emergency.until <= bindparam("latest", type_=Instant)
    return _open_until(Emergency, and_(Emergency.mode == mode.value, in_time, ~opposed))


def _visited(which: InstrumentedAttribute[Any]) -> ScalarSelect[datetime | None]:
    """When the professional last read the record, wherever they practised."""
    return (
        select(func.max(which, type_=Instant))
        .where(Visit.record_id == bindparam("record"), Visit.professional_id == bindparam("professional"))
        .scalar_subquery()
    )


# One row for a record that exists: it, its holder, the version of the matrix, and what it holds about this
# professional and the place where they practise today, if anything.
_BEFORE_RECORD = (
    records.WITH_HOLDER.add_columns(
        _VERSION.c.id.label("version_id"),
        Consent.state.label("consent_state"),
        Consent.valid_until,
        Consent.decided_at,
        Consent.last_visit_at,
        _TEAM.decided_at.label("team_decided_at"),
        _TEAM.state.label("team_state"),
        _TEAM.valid_until.label("team_until"),
        Encounter.until,
        _open_until(CounterCode, CounterCode.opens == Window.READ.value).label("read_until"),
        _open_until(CounterCode, CounterCode.opens == Window.DEPOSIT.value).label("deposit_until"),
        _open_until(CounterCode, CounterCode.secret.is_(True)).label("secret_until"),
        _emergency_until(EmergencyMode.BREAK_GLASS, Opposition.break_glass).label("glass_until"),
        _emergency_until(EmergencyMode.CENTRE_15, Opposition.centre_15).label("centre_until"),
        _BOUND.label("bound"),
        _visited(Visit.visited_at).label("visited_at"),
        _visited(Visit.known_at).label("known_at"),
    )
    .outerjoin(_VERSION, true())
    .outerjoin(Consent, and_(Consent.record_id == bindparam("record"), Consent.grantee_id == bindparam("professional")))
    .outerjoin(_TEAM, and_(_TEAM.record_id == bindparam("record"), _TEAM.grantee_id == bindparam("place")))
    .outerjoin(
        Encounter,
        and_(Encounter.record_id == bindparam("record"), Encounter.professional_id == bindparam("professional")),
    )
)


@dataclass(frozen=True, slots=True)
class Held:
    """What a record holds about one professional and the place where they practise today, as columns say it.

    `visited`: they read the record before; `bound`: rules about single documents hold for them.
    """

    consent_state: str | None = None
    valid_until: datetime | None = None
    decided_at: datetime | None = None
    team_state: str | None = None
    team_until: datetime | None = None
    until: datetime | None = None
    read_until: datetime | None = None
    deposit_until: datetime | None = None
    glass_until: datetime | None = None
    centre_until: datetime | None = None
    bound: bool = False
    known_at: datetime | None = None
    visited: bool = False


PASSING = ("read_until", "deposit_until", "glass_until", "centre_until")
"""Where `Held` names until when a passing right stands open."""
_HELD = tuple(name for name in Held.__dataclass_fields__ if name != "visited")


@dataclass(frozen=True, slots=True)
class Supposed:
    """What is taken to be so, to show what would follow from it: an access that is given, an emergency.

    `passing`: which passing rights of the professional stand open, and until when, as far as who looks through their
    eyes may know of them; None for all that do. A minor's secret code then does not show in its professional (MI-7).
    """

    consent: bool = False
    emergency: EmergencyMode | None = None
    passing: Mapping[str, datetime] | None = None


_AS_IT_IS = Supposed()


def of_professional(actor: Actor, record_id: UUID, supposed: Supposed = _AS_IT_IS) -> Standing | None:
    """How a professional stands before a record, as things are or as they would be if this were so."""
    place = actor.structure_id or NOWHERE
    with db.read() as tx:
        values = {"record": record_id, "professional": actor.id, "place": place, "latest": clock.now() + LONGEST}
        row = tx.execute(_BEFORE_RECORD, values).first()
    if row is None:
        return None
    given: dict[str, Any] = {name: getattr(row, name) for name in _HELD}
    if supposed.passing is not None:
        given |= {**dict.fromkeys(PASSING), **supposed.passing}
    elif row.secret_until is not None and row.secret_until > clock.now():
        # A minor's own code, of which their parents know nothing: from whatever session its professional comes.
        actor = replace(actor, secret_in=actor.secret_in | {record_id})
    if supposed.passing is None and (row.read_until or row.deposit_until):
        # What a code opens goes with its maker: a parent whom a decision stopped, a guardian whose measure is over.
        ends = open_windows(record_id, actor.id)
        given |= {"read_until": ends.get(Window.READ), "deposit_until": ends.get(Window.DEPOSIT)}
    held = Held(**given, visited=bool(row.visited_at or row.last_visit_at))
    found = professional_standing(actor, row, held, supposed)
    if found is None:
        return None
    since = {Reason.CONSENT: row.decided_at, Reason.TEAM: row.team_decided_at}.get(Reason(found.reason))
    why = found.why
    if supposed.emergency is None and found.in_emergency:
        why = written(actor, record_id, EmergencyMode(found.reason))
    by = replace(found.actor, way=found.reason, way_since=since, way_words=why)
    return replace(found, actor=by, why=why)


def supposed_standing(actor: Actor, record_id: UUID, supposed: Supposed) -> Standing | None:
    """How a professional would stand before a record if this were so."""
    return of_professional(actor, record_id, supposed)


def record_row(tx: Connection, record_id: UUID) -> Row[Any]:
    """A record that exists, its holder, and the version of the matrix: what `professional_standing` takes."""
    return tx.execute(_RECORD_ROW, {"record": record_id}).one()


def professional_standing(actor: Actor, row: Row[Any], held: Held, supposed: Supposed = _AS_IT_IS) -> Standing | None:
    """How a professional stands before the record of `row`, of which this is `held` about them; None for a stranger."""
    if row.version_id is None:  # without a matrix nothing can be judged
        return None
    now = clock.now()
    record = records.facts_of(row)
    house = settings.current()
    emergency = supposed.emergency or _emergency(held, now, actor)
    consent = ConsentState.VALID if supposed.consent else _state(held.consent_state, held.valid_until, now)
    judgement = policy.judge_professional(
        ProfessionalFacts(
            reachable=record.is_open,
            consent=consent,
            denied=consent is ConsentState.ASKED and held.decided_at is not None,
            team=_state(held.team_state, held.team_until, now),
            encounter=held.until is not None and held.until > now,
            window=_window(held, now),
            emergency=emergency,
            readable=_readable(row.version_id, actor.profession, emergency),
            sees_hidden=house.attending_doctor_sees_hidden and is_attending(record, actor.id),
            blocked_may_deposit=house.blocked_may_deposit,
            secret=record.id in actor.secret_in,
            express=apart(actor) is not None,
            express_may_deposit=house.express_doctors_may_deposit,
        )
    )
    found = judged(actor, row, Relation.PROFESSIONAL, judgement, OWN_COLOUR)
    place = actor.structure_id or NOWHERE
    return found and replace(
        found,
        bound_by=frozenset({actor.id, place}) if held.bound else frozenset(),
        ends_at=_ends(held, judgement.reason),
        never_read=not held.visited,
        visit_due=held.known_at is None or not timedelta(0) <= now - held.known_at <= VISIT,
        usual_types=types_in(matrix(row.version_id).natural, actor.profession),
    )


def _state(kept: str | None, valid_until: datetime | None, now: datetime) -> ConsentState:
    return policy.in_effect(ConsentState(kept), valid_until, now) if kept else ConsentState.NONE


def _window(row: Held, now: datetime) -> Window | None:
    for window, until in ((Window.DEPOSIT, row.deposit_until), (Window.READ, row.read_until)):
        # A clock set back must not lengthen it (L7).
        if until is not None and now < until <= now + LONGEST_WINDOW:
            return window
    return None


def _emergency(row: Held, now: datetime, actor: Actor) -> EmergencyMode | None:
    """The way that stands open; of the centre 15 only where its calls are answered, not at home after (AR-8)."""
    for mode, until in ((EmergencyMode.BREAK_GLASS, row.glass_until), (EmergencyMode.CENTRE_15, row.centre_until)):
        # A clock set back must not lengthen it (L7).
        if until is None or not now < until <= now + LONGEST:
            continue
        if mode is EmergencyMode.BREAK_GLASS or regulates(actor):
            return mode
    return None


def _readable(version_id: UUID, profession: str, emergency: EmergencyMode | None) -> frozenset[str]:
    """What the table opens to a profession; a regulating doctor has a column of their own (habilitations.md 4)."""
    table = matrix(version_id).readable
    own = types_in(table, profession)
    return own | types_in(table, REGULATING_DOCTOR) if emergency is EmergencyMode.CENTRE_15 else own


def _ends(row: Held, reason: Reason) -> datetime | None:
    """When the passing right is over by which a professional reads now."""
    ends = {
        Reason.CONSENT: row.valid_until,
        Reason.TEAM: row.team_until,
        Reason.WINDOW: max(filter(None, (row.deposit_until, row.read_until)), default=None),
        Reason.BREAK_GLASS: row.glass_until,
        Reason.CENTRE_15: row.centre_until,
    }
    return ends.get(reason)


def is_attending(record: records.RecordFacts, professional_id: UUID) -> bool:
    """Whether a professional is the attending doctor the holder declared."""
    return record.attending_index is not None and is_attending_index(record, people.professional(professional_id).rpps)


def is_attending_index(record: records.RecordFacts, rpps: str) -> bool:
    """Whether this RPPS number is that of the attending doctor the holder declared."""
    return record.attending_index is not None and crypto.same(record.attending_index, people.rpps_index(rpps))
