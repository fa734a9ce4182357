"""The desk of requests: one operator looks at the proof and proposes, another confirms (rules.md MI-2, MI-11; R15).

A link that others may contest is announced to them and made some days later; nothing opens before. A refusal needs one
operator: it opens nothing. Names stand on no list; opening a request is written down first (security.md R25).
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select

from espace import clock, db, settings
from espace.accounts import services as accounts
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id, Instant
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.family.models import Request
from espace.family.services.bonds import bonds_on
from espace.notifications.services import Event
from espace.people import services as people
from espace.people.services import Person
from espace.permissions import SYSTEM, Actor, Permission, demand_fresh_proof
from espace.records import services as records
from espace.words import N_, Message

from . import linking, proofs, request_rows
from .comparing import Trait, compared_with
from .request_rows import OF_ADULTS, OPEN, REASONS, Kind, State, Stored
from .requests import checked_words, to_tell

PAGE = 30
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_MEASURE = timedelta(days=366 * 20)
_OPEN = tuple(one.value for one in OPEN - {State.ANNOUNCED})
_LIST = (
    select(Request.id, Request.kind, Request.state, Request.made_at)
    .where(
        Request.state.in_(_OPEN),
        (Request.made_at > bindparam("at", type_=Instant))
        | ((Request.made_at == bindparam("at", type_=Instant)) & (Request.id > bindparam("after", type_=Id))),
    )
    .order_by(Request.made_at, Request.id)
    .limit(PAGE + 1)
)
_COUNT = select(func.count()).select_from(Request).where(Request.state.in_(_OPEN))


@dataclass(frozen=True, slots=True)
class Line:
    """One request on the list: what is asked and since when, never by whom or about whom."""

    id: UUID
    kind: Kind
    state: State
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A request on the desk: the asker, the traits compared, who acts for the person already.

    `record_id` is None while nobody has exactly this number here. `trouble` is why it can only be refused;
    `is_announced`: once confirmed, those who may contest have some days to do so.
    """

    request: Stored
    asker: Person
    compared: tuple[Trait, ...]
    record_id: UUID | None
    others: tuple[str, ...]
    trouble: Message | None
    is_announced: bool

    def awaits(self, actor: Actor) -> bool:
        """Whether `actor` may be the second of the two persons."""
        return self.request.state is State.PROPOSED and self.request.proposed_by != actor.id

    @property
    def takes_proposal(self) -> bool:
        """Whether the first of the two persons may propose to accept it."""
        return self.request.state in (State.WAITING, State.CONTESTED) and self.trouble is None


def page(actor: Actor, after: UUID | None = None) -> tuple[list[Line], UUID | None]:
    """What waits, oldest first."""
    demand(actor)
    at, last = _FIRST, UUID(int=0)
    with db.read() as tx:
        if after is not None:
            row = tx.execute(select(Request.made_at).where(Request.id == after)).first()
            at, last = (row.made_at, after) if row else (at, last)
        rows = tx.execute(_LIST, {"at": at, "after": last})
        lines = [Line(row.id, Kind(row.kind), State(row.state), row.made_at) for row in rows]
    return lines[:PAGE], lines[PAGE - 1].id if len(lines) > PAGE else None


def waiting() -> int:
    """How many requests await an operator."""
    with db.read() as tx:
        return int(tx.execute(_COUNT).scalar() or 0)


def case(actor: Actor, request_id: UUID) -> Case:
    """One request that awaits somebody, its opening written down first.

    Raises:
        NotFoundError: when it was decided, or the operator's role is not for this.
    """
    demand(actor)
    found = _case(_awaiting(request_id))
    _note(actor, Action.FAMILY_REQUEST_OPENED, found.request, found.record_id)
    return found


def picture(actor: Actor, request_id: UUID, number: int) -> bytes:
    """A page of the proof as a picture, after its row (R25). Raises as `case` and `proofs.picture`."""
    demand(actor)
    found = _awaiting(request_id)
    if found.proof_id is None:
        raise NotFoundError
    record_id = _known(found)
    if not audit.opened_lately(actor, Action.FAMILY_REQUEST_OPENED, record_id):
        _note(actor, Action.FAMILY_REQUEST_OPENED, found, record_id)
    return proofs.picture(found.account_id, found.proof_id, str(found.said.get("media", "")), number)


def propose(actor: Actor, request_id: UUID, words: str, until: date | None = None) -> None:
    """Propose to accept: the first of the two persons. `until` is when a measure of an adult ends.

    Raises:
        ConflictError: when somebody else decided meanwhile.
        InvalidError: without words, without a measure's end, or when it can only be refused.
        NotFoundError: see `case`.
    """
    demand(actor)
    found = _case(_awaiting(request_id))
    words = checked_words(words, N_("Say in one or two sentences what the proof shows."))
    if found.request.kind is Kind.RESTRICTION:
        raise NotFoundError  # a decision of a court is entered, not accepted (see `freezing`)
    _check_end(found.request.binds, until)
    if found.trouble is not None:
        raise InvalidError({"": found.trouble})
    with db.write() as tx:
        held = request_rows.locked(tx, request_id)
        if held.state not in (State.WAITING, State.CONTESTED):
            raise ConflictError
        said = {
            **held.said,
            "proposed_by": actor.name,
            "shown": words,
            "until": until.isoformat() if until else "",
            "was_contested": held.state is State.CONTESTED or bool(held.said.get("was_contested")),
        }
        changed = replace(held, state=State.PROPOSED, proposed_by=actor.id, about_id=found.record_id, said=said)
        request_rows.save(tx, changed)
        audit.record_office(actor, Action.FAMILY_REQUEST_PROPOSED, record_id=found.record_id)


def reopen(actor: Actor, request_id: UUID) -> None:
    """Drop what was proposed: it waits as before.

    Raises:
        ConflictError: when nothing is proposed any more.
        NotFoundError: see `case`.
    """
    demand(actor)
    _awaiting(request_id)
    with db.write() as tx:
        held = request_rows.locked(tx, request_id)
        if held.state is not State.PROPOSED:
            raise ConflictError
        back = State.CONTESTED if held.said.get("was_contested") else State.WAITING
        request_rows.save(tx, replace(held, state=back, proposed_by=None))
        audit.record_office(actor, Action.FAMILY_REQUEST_REOPENED, record_id=held.about_id)


def confirm(actor: Actor, request_id: UUID, seen: int) -> State:
    """Confirm what another operator proposed: the link is announced to those who may contest, or made at once.

    Raises:
        ConflictError: when it changed since it was looked at (`seen` is its version).
        InvalidError: when the actor proposed it, or it can only be refused by now.
        NotFoundError: see `case`.
        StepUpError: without a fresh proof of identity (R9).
    """
    demand(actor)
    demand_fresh_proof(actor)
    found = _case(_awaiting(request_id))
    if found.trouble is not None:
        raise InvalidError({"": found.trouble})
    with db.write() as tx:
        held = request_rows.locked(tx, request_id)
        if held.state is not State.PROPOSED or held.version != seen:
            raise ConflictError
        if held.proposed_by == actor.id:
            raise InvalidError({"": N_("Another operator must confirm: two persons are needed.")})
        if held.about_id is None or held.about_id != found.record_id:
            raise ConflictError
        record_id = held.about_id
        audit.record_office(actor, Action.FAMILY_REQUEST_CONFIRMED, record_id=record_id)
        held = replace(held, said={**held.said, "confirmed_by": actor.name})
        told = _contesters(held, record_id)
        if not told:
            return State.ACCEPTED if _accept(tx, held) else State.REFUSED
        days = settings.current().link_contest_days
        request_rows.save(tx, replace(held, state=State.ANNOUNCED, effective_at=clock.now() + timedelta(days=days)))
        audit.record(SYSTEM, record_id, Action.LINK_ANNOUNCED)
        accounts.notify(told, Event.LINK_ANNOUNCED)
    return State.ANNOUNCED


def refuse(actor: Actor, request_id: UUID, reason: str, words: str) -> None:
    """Refuse, with a reason and words that the asker reads.

    Raises:
        ConflictError: when somebody else decided meanwhile.
        InvalidError: for a reason that is none of ours, or words it needs.
        NotFoundError: see `case`.
    """
    demand(actor)
    found = _awaiting(request_id)
    if reason not in REASONS:
        raise InvalidError({"reason": N_("Choose why it is refused.")})
    missing = N_("Say in one or two sentences why it is refused: the person reads it.") if reason == "other" else None
    words = checked_words(words, missing)
    with db.write() as tx:
        held = request_rows.locked(tx, request_id)
        if not held.state.is_open or held.version != found.version:
            raise ConflictError
        _note(actor, Action.FAMILY_REQUEST_REFUSED, held, _known(held))
        said = {**held.said, "reason": reason, "answer": words, "decided_by": actor.name}
        request_rows.save(tx, replace(held, state=State.REFUSED, decided_at=clock.now(), effective_at=None, said=said))
        accounts.notify([held.asker_person], Event.REQUEST_DECIDED)


def make_due() -> int:
    """Make the links that nobody contested in time; gives how many. The worker's."""
    query = select(Request.id).where(Request.state == State.ANNOUNCED.value, Request.effective_at <= clock.now())
    with db.read() as tx:
        due = tx.execute(query.limit(200)).scalars().all()
    made = 0
    for request_id in due:
        with db.write() as tx:
            held = request_rows.locked(tx, request_id)
            if held.state is State.ANNOUNCED and held.effective_at is not None and held.effective_at <= clock.now():
                made += _accept(tx, held)
    return made


def sweep() -> int:
    """Remove the proofs whose request was decided `proof_days` ago; gives how many. The worker's."""
    before = clock.now() - timedelta(days=settings.current().proof_days)
    query = select(Request.id).where(Request.proof_id.is_not(None), Request.decided_at <= before).limit(200)
    with db.read() as tx:
        due = tx.execute(query).scalars().all()
    for request_id in due:
        with db.write() as tx:
            held = request_rows.locked(tx, request_id)
            if held.proof_id is not None:
                proofs.delete_later(held.account_id, held.proof_id)
                request_rows.save(tx, replace(held, proof_id=None))
    return len(due)


def demand(actor: Actor) -> None:
    """See that the actor is an operator for this. Raises NotFoundError."""
    if not actor.carries(Permission.OFFICE_FAMILY):
        raise NotFoundError


def close(tx: Any, held: Stored) -> None:
    """Mark a locked request as accepted, its asker told: what it asked for was done."""
    request_rows.save(tx, replace(held, state=State.ACCEPTED, decided_at=clock.now(), effective_at=None))
    accounts.notify([held.asker_person], Event.REQUEST_DECIDED)


def _note(actor: Actor, action: Action, request: Stored, record_id: UUID | None) -> None:
    """Write it to the house's trail, and to the record's own: never of a restriction, which the others would read."""
    if request.kind is Kind.RESTRICTION and record_id is not None:
        audit.note_office(actor, action, record_id)
    else:
        audit.record_office(actor, action, record_id=record_id)


def _accept(tx: Any, held: Stored) -> bool:
    """Make the link, unless the asker may not act by now: then it is refused, for a person to look at again."""
    assert held.about_id is not None  # noqa: S101 - an announced or confirmed request names its record
    until = _instant(held.said.get("until", ""))
    done = linking.link(
        held.about_id, held.asker_person, held.binds, until, proposed_by=held.said.get("proposed_by", "")
    )
    if not done:
        said = {**held.said, "reason": "authority", "answer": ""}
        request_rows.save(tx, replace(held, state=State.REFUSED, decided_at=clock.now(), effective_at=None, said=said))
        accounts.notify([held.asker_person], Event.REQUEST_DECIDED)
        return False
    close(tx, held)
    return True


def _instant(written: str) -> datetime | None:
    """The end of a day, in the zone of the house."""
    if not written:
        return None
    return datetime.combine(date.fromisoformat(written) + timedelta(days=1), time(0), clock.HOME_ZONE)


def _check_end(binds: str, until: date | None) -> None:
    if binds not in OF_ADULTS:
        return
    if until is None:
        raise InvalidError({"until": N_("Write the day on which the measure ends, as the judgment says it.")})
    if not clock.today() < until <= clock.today() + LONGEST_MEASURE:
        raise InvalidError({"until": N_("A measure ends on a day to come. Check the year.")})


def _awaiting(request_id: UUID) -> Stored:
    found = request_rows.stored(request_id)
    if not found.state.is_open or found.state is State.ANNOUNCED:
        raise NotFoundError
    return found


def _contesters(request: Stored, record_id: UUID) -> list[UUID]:
    """Who is told and may contest: nobody once somebody did, or where one of them invited the asker."""
    if not settings.current().link_contest_days or request.said.get("was_contested") or request.said.get("invited_by"):
        return []
    everybody = to_tell(record_id, records.record(record_id).person_id)
    return [one for one in everybody if one != request.asker_person]


def _case(request: Stored) -> Case:
    person = people.find_person(request.traits.ins)
    record = records.record_of(person.id) if person else None
    asker = people.person(request.asker_person)
    record_id = record.id if record and record.state != records.ERASED else None
    compared = compared_with(request, person if record_id else None)
    bonds = [one for one in bonds_on(record_id) if one.represents] if record_id else []
    known = people.persons([one.person_id for one in bonds])
    return Case(
        request=request,
        asker=asker,
        compared=compared,
        record_id=record_id,
        others=tuple(known[one.person_id].display_name for one in bonds if one.person_id in known),
        trouble=None if request.kind is Kind.RESTRICTION else _trouble(request, record_id, compared),
        is_announced=record_id is not None and bool(_contesters(request, record_id)),
    )


def _known(request: Stored) -> UUID | None:
    return request.about_id or _case(request).record_id


def _trouble(request: Stored, record_id: UUID | None, compared: tuple[Trait, ...]) -> Message | None:
    """Why it can only be refused, in a sentence for operators."""
    if record_id is None:
        return N_("Nobody is known here under this number: it can only be refused.")
    if not all(one.agrees for one in compared):
        return N_("The traits are not those of this person: it can only be refused.")
    return linking.why_not(record_id, request.asker_person, request.binds)
