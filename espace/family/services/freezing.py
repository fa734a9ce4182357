"""Stopping or narrowing one representative by a court's decision, without telling them why (security.md R15).

One operator enters the order, another confirms it. An urgent one counts at once, and ends by itself after some days
unless the second confirms. Lifting goes the same way. What is done stands in the house's own trail only: the record's
is read by both sides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, exists, func, insert, select, update

from espace import clock, crypto, db, outbox, settings
from espace.accounts import services as accounts
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id, Instant
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.family.models import Link, Restriction
from espace.family.services.asking import carried_out, inviting, proofs
from espace.identifiers import new_id
from espace.notifications.services import Event, drop_held
from espace.people import services as people
from espace.permissions import SYSTEM, Actor, demand_fresh_proof
from espace.records import services as records
from espace.words import N_

from .asking.proofs import Proof
from .asking.request_desk import demand
from .asking.requests import checked_words
from .bonds import bonds_of, bonds_on
from .orders import Order, checked

TABLE = "family_restrictions"
RESTRICTED_TOPIC = "family.restricted"
ENTERED, CONFIRMED, LIFTING, LIFTED, DROPPED = "entered", "confirmed", "lifting", "lifted", "dropped"
PAGE = 30

_COLUMNS = tuple(Restriction.__table__.columns)
_LIST = (
    select(*_COLUMNS)
    .where(Restriction.state.in_([ENTERED, CONFIRMED, LIFTING]), Restriction.id < bindparam("before", type_=Id))
    .order_by(Restriction.id.desc())
    .limit(PAGE + 1)
)
_AWAITING = (
    select(*_COLUMNS).where(Restriction.state.in_([ENTERED, LIFTING])).order_by(Restriction.id.desc()).limit(PAGE)
)
_COUNT = select(func.count()).select_from(
    select(Restriction.id).where(Restriction.state.in_([ENTERED, LIFTING])).limit(100).subquery()
)
_STANDING = select(Restriction.sees_before, Restriction.stands_at).where(
    Restriction.record_id == bindparam("record", type_=Id),
    Restriction.person_id == bindparam("person", type_=Id),
    Restriction.stands_at.is_not(None),
    Restriction.ended_at.is_(None),
)
_CARRIED_ALONE = select(
    exists().where(
        Restriction.record_id == bindparam("record", type_=Id),
        Restriction.person_id == bindparam("person", type_=Id),
        Restriction.entered_by == bindparam("operator", type_=Id),
        Restriction.state == DROPPED,
        Restriction.stands_at.is_not(None),
        Restriction.ended_at > bindparam("since", type_=Instant),
    )
)
_LAST = UUID(int=2**128 - 1)
_NOT_ALONE_AGAIN = timedelta(days=30)
"""So long the operator whose urgent decision ended unconfirmed carries none out alone about the same person again."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A restriction as operators see it. `said` holds the order's reference and date, the words, who did which step."""

    record_id: UUID
    id: UUID
    person_id: UUID
    state: str
    entered_at: datetime
    entered_by: UUID
    stands_at: datetime | None
    lapses_at: datetime | None
    ended_at: datetime | None
    sees_before: datetime | None
    file_id: UUID
    version: int
    said: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def awaits(self, actor: Actor) -> bool:
        """Whether `actor` may be the second of the two persons."""
        return self.state in (ENTERED, LIFTING) and self.entered_by != actor.id

    @property
    def has_effect(self) -> bool:
        """Whether it limits somebody now."""
        return self.stands_at is not None and self.ended_at is None

    @property
    def made_on(self) -> date:
        """The day of the order."""
        return date.fromisoformat(self.said["made_on"])


def page(actor: Actor, before: UUID | None = None) -> tuple[list[Limit], list[Limit], UUID | None]:
    """Those that await a second person (first page only), then those that stand, newest first; no name in the list."""
    demand(actor)
    with db.read() as tx:
        rows = tx.execute(_LIST, {"before": before or _LAST}).all()
        found = [_opened(tx, row) for row in rows]
        open_ones = [] if before else [_opened(tx, row) for row in tx.execute(_AWAITING).all()]
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return open_ones, [one for one in found[:PAGE] if one.state == CONFIRMED], more


def waiting() -> int:
    """How many decisions await a second person; a hundred at most."""
    with db.read() as tx:
        return int(tx.execute(_COUNT).scalar() or 0)


def limit(actor: Actor, record_id: UUID, limit_id: UUID) -> Limit:
    """One restriction, its opening written down first.

    Raises:
        NotFoundError: when there is none, or the operator's role is not for this.
    """
    demand(actor)
    with db.read() as tx:
        found = _one(tx, record_id, limit_id)
    with db.write():
        audit.note_office(actor, Action.RESTRICTION_OPENED, record_id)
    return found


def picture(actor: Actor, record_id: UUID, limit_id: UUID, number: int) -> bytes:
    """A page of the order as a picture, after its row (R25). Raises as `limit` and `proofs.picture`."""
    demand(actor)
    with db.read() as tx:
        found = _one(tx, record_id, limit_id)
    if not audit.opened_lately(actor, Action.RESTRICTION_OPENED, record_id):
        audit.note_office(actor, Action.RESTRICTION_OPENED, record_id)
    return proofs.picture(record_id, found.file_id, str(found.said["media"]), number)


def enter(
    actor: Actor, record_id: UUID, person_id: UUID, order: Order, proof: Proof, *, request_id: UUID | None = None
) -> UUID:
    """Enter a decision about one representative: the first of the two persons. Gives its id.

    Narrowing asks for no fresh proof (R9); an urgent one counts from the very next request. `request_id`: the request
    of whoever sent it, which follows what becomes of it.

    Raises:
        InvalidError: beside the fields, or when this person does not act for the record's holder.
        NotFoundError: for an operator whose role is not for this.
    """
    demand(actor)
    order = checked(order)
    if not any(one.represents and one.person_id == person_id for one in bonds_on(record_id)):
        raise InvalidError({"": N_("This person does not act for this child or adult here.")})
    if order.urgent and _carried_alone(actor, record_id, person_id):
        raise InvalidError({"urgent": N_("Yours ended without a second person. Another operator carries it out now.")})
    now, limit_id = clock.now(), new_id()
    said = {
        "reference": order.reference, "made_on": order.made_on.isoformat(), "words": order.words,
        "tells": order.tells, "entered_by": actor.name, **proof.facts,
        "request": str(request_id or ""),
    }  # fmt: skip
    with proofs.stored(record_id, proof) as file_id, db.write() as tx:
        audit.note_office(actor, Action.RESTRICTION_ENTERED, record_id)
        tx.execute(
            insert(Restriction).values(
                record_id=record_id,
                id=limit_id,
                person_id=person_id,
                state=ENTERED,
                entered_at=now,
                entered_by=actor.id,
                stands_at=now if order.urgent else None,
                lapses_at=now + timedelta(days=settings.current().urgent_freeze_days) if order.urgent else None,
                sees_before=order.until,
                file_id=file_id,
                payload=crypto.seal(tx, record_id, TABLE, limit_id, said),
            )
        )
        if order.urgent:
            _apply(tx, record_id, person_id)
    return limit_id


def confirm(actor: Actor, record_id: UUID, limit_id: UUID, seen: int) -> str:
    """Confirm what another operator entered, a restriction or its lifting; gives the new state.

    Raises:
        ConflictError: when it changed since it was looked at (`seen` is its version).
        InvalidError: when the actor entered it.
        NotFoundError: when there is none.
        StepUpError: lifting opens further: it asks for a fresh proof (R9).
    """
    demand(actor)
    with db.write() as tx:
        held = _one(tx, record_id, limit_id, lock=True)
        if held.state not in (ENTERED, LIFTING) or held.version != seen:
            raise ConflictError
        if held.entered_by == actor.id:
            raise InvalidError({"": N_("Another operator must confirm: two persons are needed.")})
        now = clock.now()
        if held.state == LIFTING:
            demand_fresh_proof(actor)
            audit.note_office(actor, Action.RESTRICTION_LIFTED, record_id)
            done = replace(held, state=LIFTED, ended_at=now, said={**held.said, "lifted_by": actor.name})
        else:
            audit.note_office(actor, Action.RESTRICTION_CONFIRMED, record_id)
            said = {**held.said, "confirmed_by": actor.name}
            done = replace(held, state=CONFIRMED, stands_at=held.stands_at or now, lapses_at=None, said=said)
            carried_out.confirmed(tx, said)
        _save(tx, done)
        _apply(tx, record_id, held.person_id)
        if held.said["tells"]:
            _tell_others(done)
    return done.state


def ask_lift(actor: Actor, record_id: UUID, limit_id: UUID, words: str) -> None:
    """Propose to lift a restriction: another operator confirms; it stands meanwhile.

    Raises:
        ConflictError: when it does not stand, or its lifting is proposed already.
        InvalidError: without words.
        NotFoundError: when there is none.
    """
    demand(actor)
    words = checked_words(words, N_("Say in one or two sentences what ends this decision."))
    with db.write() as tx:
        held = _one(tx, record_id, limit_id, lock=True)
        if held.state != CONFIRMED:
            raise ConflictError
        audit.note_office(actor, Action.RESTRICTION_LIFTING, record_id)
        said = {**held.said, "lift_words": words, "lift_asked_by": actor.name}
        _save(tx, replace(held, state=LIFTING, entered_by=actor.id, said=said))


def drop(actor: Actor, record_id: UUID, limit_id: UUID) -> None:
    """Withdraw what awaits a second person: a restriction never confirmed ends, a lifting is not carried out.

    Raises:
        ConflictError: when nothing awaits a second person any more.
        NotFoundError: when there is none.
    """
    demand(actor)
    with db.write() as tx:
        held = _one(tx, record_id, limit_id, lock=True)
        if held.state not in (ENTERED, LIFTING):
            raise ConflictError
        audit.note_office(actor, Action.RESTRICTION_DROPPED, record_id)
        _drop(tx, held)


def lapse() -> int:
    """End the urgent restrictions that nobody confirmed in time; gives how many. The worker's."""
    query = select(Restriction.record_id, Restriction.id).where(
        Restriction.state == ENTERED, Restriction.lapses_at <= clock.now()
    )
    with db.read() as tx:
        due = tx.execute(query.limit(200)).all()
    for row in due:
        with db.write() as tx:
            held = _one(tx, row.record_id, row.id, lock=True)
            if held.state == ENTERED and held.lapses_at is not None and held.lapses_at <= clock.now():
                audit.note_office(SYSTEM, Action.RESTRICTION_DROPPED, row.record_id)
                _drop(tx, held)
    return len(due)


def limited_openly(record_id: UUID) -> frozenset[UUID]:
    """Whose access the others may know to be limited, as the order says."""
    query = select(*_COLUMNS).where(Restriction.record_id == record_id, Restriction.ended_at.is_(None))
    with db.read() as tx:
        found = [_opened(tx, row) for row in tx.execute(query).all()]
    return frozenset(one.person_id for one in found if one.said["tells"] and one.has_effect and one.state != ENTERED)


def _carried_alone(actor: Actor, record_id: UUID, person_id: UUID) -> bool:
    values = {"record": record_id, "person": person_id, "operator": actor.id, "since": clock.now() - _NOT_ALONE_AGAIN}
    with db.read() as tx:
        return bool(tx.execute(_CARRIED_ALONE, values).scalar())


def _drop(tx: Connection, held: Limit) -> None:
    if held.state == LIFTING:
        _save(tx, replace(held, state=CONFIRMED))
        return
    _save(tx, replace(held, state=DROPPED, ended_at=clock.now(), lapses_at=None))
    carried_out.dropped(tx, held.said)
    _apply(tx, held.record_id, held.person_id)


def _apply(tx: Connection, record_id: UUID, person_id: UUID) -> None:
    """Have the link follow the restrictions that stand: the narrowest counts. It holds from the very next request."""
    standing = tx.execute(_STANDING, {"record": record_id, "person": person_id}).all()
    limits = [row.sees_before for row in standing]
    frozen_at = min((row.stands_at for row in standing), default=None)
    sees_before = None if not limits or None in limits else min(limits)
    tx.execute(
        update(Link)
        .where(Link.record_id == record_id, Link.person_id == person_id, Link.kind != "carer")
        .values(frozen_at=frozen_at, sees_before=sees_before, version=Link.version + 1)
    )
    if standing:
        inviting.cancel_of(tx, record_id, person_id)
        _silence(person_id)
        outbox.post(RESTRICTED_TOPIC, {"record_id": str(record_id), "person_id": str(person_id)})


def _silence(person_id: UUID) -> None:
    """Forget news that wait to be told of others' records, where there is no other one they could come from."""
    account = accounts.account_of(person_id)
    if account is not None and not any(one.acts for one in bonds_of(person_id)):
        drop_held(account.id, Event.LINKED_NEWS)


def _tell_others(done: Limit) -> None:
    """Tell the other representatives a neutral fact, each in their own account's trail: the record's is read by all."""
    others = [one.person_id for one in bonds_on(done.record_id) if one.acts and one.person_id != done.person_id]
    action = Action.RESTRICTION_LIFTED if done.state == LIFTED else Action.RESTRICTION_CONFIRMED
    found = [account for one in others if (account := accounts.account_of(one)) is not None]
    audit.record_many(SYSTEM, [audit.Event(account.id, action) for account in found])
    accounts.notify(others, Event.LINK_CHANGED)


def _one(tx: Connection, record_id: UUID, limit_id: UUID, *, lock: bool = False) -> Limit:
    query = select(*_COLUMNS).where(Restriction.record_id == record_id, Restriction.id == limit_id)
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFoundError
    return _opened(tx, row)


def _opened(tx: Connection, row: Row[Any]) -> Limit:
    names = (column.name for column in _COLUMNS)
    plain = {name: value for name, value in zip(names, row, strict=True) if name != "payload"}
    return Limit(**plain, said=crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload))


def _save(tx: Connection, held: Limit) -> None:
    changed = tx.execute(
        update(Restriction)
        .where(Restriction.record_id == held.record_id, Restriction.id == held.id, Restriction.version == held.version)
        .values(
            state=held.state,
            entered_by=held.entered_by,
            stands_at=held.stands_at,
            lapses_at=held.lapses_at,
            ended_at=held.ended_at,
            version=held.version + 1,
            payload=crypto.seal(tx, held.record_id, TABLE, held.id, dict(held.said)),
        )
    )
    if changed.rowcount != 1:
        raise ConflictError


def holder_of(found: Limit) -> tuple[str, str]:
    """The names of the record's holder and of whom it limits, for the operator's page."""
    holder = records.record(found.record_id).person_id
    known = people.persons([holder, found.person_id])
    return known[holder].display_name, known[found.person_id].display_name
