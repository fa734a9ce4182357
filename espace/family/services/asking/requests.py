"""Asking to act for somebody who is not linked yet, or to have a court's decision entered (rules.md MI-2, MI-11, R15).

Nothing is looked up when a request comes in: of somebody unknown here it leaves the same row, answer and time as of
somebody known (security.md R5). Two operators look at it afterwards (see `request_desk`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, insert, select

from espace import clock, db, settings
from espace.accounts.services import throttle
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.family.models import Request
from espace.family.services.links import is_held_back, representatives, represents
from espace.identifiers import WrongInsError, new_id, parse_ins
from espace.people import services as people
from espace.permissions import Actor, ActorKind, demand_fresh_proof
from espace.records import services as records
from espace.words import N_, Message, one_line, some_lines

from . import proofs, request_rows
from .proofs import Proof
from .request_rows import BINDS, COLUMNS, OF_ADULTS, Kind, State, Stored, Traits

MAX_WAITING = 3
MAX_A_MONTH = 10
MONTH = timedelta(days=30)
MAX_WORDS = 500
MAX_NAME = 100

_MINE = (
    select(*COLUMNS)
    .where(Request.account_id == bindparam("account"))
    .order_by(Request.made_at.desc(), Request.id.desc())
    .limit(50)
)
_ABOUT = (
    select(*COLUMNS)
    .where(Request.about_id == bindparam("record"), Request.state == State.ANNOUNCED.value)
    .order_by(Request.effective_at, Request.id)
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as its asker reads it: waiting, accepted, refused or withdrawn, and the words of a refusal.

    `limit_id`: what was entered for a court's decision they sent; `is_unconfirmed`: that ended without a second person.
    """

    id: UUID
    kind: Kind
    label: str
    binds: str
    state: State
    made_at: datetime
    decided_at: datetime | None
    reason: str
    words: str
    about_id: UUID | None
    limit_id: UUID | None = None
    is_unconfirmed: bool = False


@dataclass(frozen=True, slots=True)
class Announced:
    """A link that is about to be made on a record one acts for: to whom, as what, and when unless it is contested."""

    id: UUID
    name: str
    binds: str
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Ask:
    """What the asker says: whom they mean, what binds them to that person, and words for the operators, if any."""

    traits: Traits
    binds: str
    words: str = ""


def ask(actor: Actor, wish: Ask, content: bytes) -> UUID:
    """Ask to act for somebody, with a proof; gives the request's id. The person is not looked up.

    Raises:
        InvalidError: beside the fields, or with one sentence when too many requests wait.
        NotFoundError: for who is no person with an account.
        StepUpError: without a fresh proof of identity: this asks for more (security.md R9).
        ThrottledError: when tries follow one another too fast.
    """
    _by_hand(actor)
    demand_fresh_proof(actor)
    wish = _checked(actor, wish)
    _admit(actor)
    kind = Kind.GUARDIAN if wish.binds in OF_ADULTS else Kind.PARENT
    return make(actor, kind, wish, proofs.judge(content))


def make(
    actor: Actor,
    kind: Kind,
    wish: Ask,
    proof: Proof,
    *,
    about_id: UUID | None = None,
    said: dict[str, str] | None = None,
) -> UUID:
    """Write a request down with its judged proof. `about_id`: the record, where the asker knows it rightly already."""
    request_id = new_id()
    with proofs.stored(actor.id, proof) as file_id, db.write() as tx:
        request = Stored(
            id=request_id,
            account_id=actor.id,
            about_id=about_id,
            kind=kind,
            state=State.WAITING,
            made_at=clock.now(),
            decided_at=None,
            effective_at=None,
            proposed_by=None,
            proof_id=file_id,
            version=1,
            traits=wish.traits,
            binds=wish.binds,
            said={"person": str(actor.person_id), "words": wish.words, **proof.facts, **(said or {})},
        )
        tx.execute(
            insert(Request).values(
                id=request_id,
                account_id=actor.id,
                about_id=about_id,
                kind=kind.value,
                state=request.state.value,
                made_at=request.made_at,
                proof_id=file_id,
                payload=request_rows.sealed(tx, request),
            )
        )
        audit.record(actor, actor.id, Action.FAMILY_REQUEST_MADE, objects=[_shown(request)])
    return request_id


def mine(actor: Actor) -> list[Asked]:
    """The actor's requests, newest first."""
    if actor.kind is not ActorKind.PATIENT:
        return []
    with db.read() as tx:
        rows = tx.execute(_MINE, {"account": actor.id}).all()
        return [_asked(request_rows.opened(tx, row)) for row in rows]


def one(actor: Actor, request_id: UUID) -> Asked:
    """One of the actor's requests.

    Raises:
        NotFoundError: when it is none of theirs.
    """
    return _asked(_own(actor, request_id))


def withdraw(actor: Actor, request_id: UUID) -> None:
    """Take a request back: nobody looks at it any more, and its proof goes at once.

    Raises:
        ConflictError: when it was decided meanwhile.
        NotFoundError: when it is none of theirs.
    """
    _own(actor, request_id)
    with db.write() as tx:
        found = request_rows.locked(tx, request_id)
        if not found.state.is_open:
            raise ConflictError
        if found.proof_id:
            proofs.delete_later(found.account_id, found.proof_id)
        request_rows.save(
            tx, replace(found, state=State.WITHDRAWN, decided_at=clock.now(), proof_id=None, effective_at=None)
        )
        audit.record(actor, actor.id, Action.FAMILY_REQUEST_WITHDRAWN, objects=[_shown(found)])


def announced(record_id: UUID) -> list[Announced]:
    """The links about to be made on a record, for who acts there already: the caller saw that they do."""
    with db.read() as tx:
        found = [request_rows.opened(tx, row) for row in tx.execute(_ABOUT, {"record": record_id}).all()]
    askers = people.persons([each.asker_person for each in found])
    return [
        Announced(each.id, askers[each.asker_person].display_name, each.binds, each.effective_at)
        for each in found
        if each.asker_person in askers and each.effective_at is not None
    ]


def contest(actor: Actor, record_id: UUID, request_id: UUID, words: str) -> None:
    """Contest a link about to be made: it goes back to the desk, and nothing is made meanwhile. Narrows: no proof (R9).

    Raises:
        ConflictError: when it was made or withdrawn meanwhile.
        InvalidError: without words, or with too many.
        NotFoundError: when the actor does not act for this record's holder, or no such link is announced there.
    """
    if not _speaks_for(actor, record_id):
        raise NotFoundError
    words = checked_words(words, N_("Say in one or two sentences why this link must not be made."))
    with db.write() as tx:
        found = request_rows.locked(tx, request_id)
        if found.about_id != record_id:
            raise NotFoundError
        if found.state is not State.ANNOUNCED:
            raise ConflictError
        said = {**found.said, "contested_by": actor.name, "contest": words}
        request_rows.save(tx, replace(found, state=State.CONTESTED, effective_at=None, said=said))
        audit.record(actor, record_id, Action.LINK_CONTESTED)


def checked_words(words: str, missing: Message | None, name: str = "words") -> str:
    """Words as they are kept. Raises InvalidError beside `name` when they are missing or too many."""
    words = some_lines(words)
    if missing is not None and not words:
        raise InvalidError({name: missing})
    if len(words) > MAX_WORDS:
        raise InvalidError({name: Message("At most %(limit)d characters.", limit=MAX_WORDS)})
    return words


def to_tell(record_id: UUID, holder_id: UUID) -> list[UUID]:
    """Who may contest a new link: those who act for the holder now, and the holder where they act for themself."""
    acting = representatives(record_id)
    holder = people.person(holder_id)
    own = [holder_id] if holder.age_on(clock.today()) >= settings.current().autonomy_age else []
    return [*own, *acting]


def _speaks_for(actor: Actor, record_id: UUID) -> bool:
    if actor.kind is not ActorKind.PATIENT or actor.person_id is None or is_held_back(actor.person_id):
        return False
    return records.record(record_id).person_id == actor.person_id or represents(actor.person_id, record_id)


def _by_hand(actor: Actor) -> None:
    if actor.kind is not ActorKind.PATIENT or actor.person_id is None or is_held_back(actor.person_id):
        raise NotFoundError


def _checked(actor: Actor, wish: Ask) -> Ask:
    """What was typed, judged by itself alone: that somebody is known here changes nothing (R5)."""
    problems: dict[str, str] = {}
    typed = wish.traits
    number = ""
    try:
        number = parse_ins(typed.ins).number
    except WrongInsError:
        problems["ins"] = N_("Check this number: 15 characters, on the letter or the card of this person.")
    for name, text in (("birth_name", typed.birth_name), ("first_name", typed.first_name)):
        if not text.strip() or len(text) > MAX_NAME:
            problems[name] = N_("Write the name as it stands on the identity papers.")
    if typed.birth_date > clock.today():
        problems["birth_date"] = N_("This date is still to come: check the year.")
    if wish.binds not in BINDS:
        problems["binds"] = N_("Choose what binds you to this person.")
    else:
        problems |= _fitting_age(typed.birth_date, wish.binds)
    if not problems and actor.person_id and people.person(actor.person_id).ins == number:
        problems["ins"] = N_("This number is your own. Write that of the person you ask for.")
    if problems:
        raise InvalidError(problems)
    words = checked_words(wish.words, None)
    plain = replace(typed, ins=number, birth_name=one_line(typed.birth_name), first_name=one_line(typed.first_name))
    return Ask(plain, wish.binds, words)


def _fitting_age(birth: date, binds: str) -> dict[str, str]:
    """A parent asks for a minor, a guardian of an adult for an adult: by the date that was typed alone."""
    if birth > clock.today():
        return {}
    is_adult = people.age_on(birth, clock.today()) >= settings.current().majority_age
    if is_adult and binds not in OF_ADULTS:
        return {"binds": N_("By this birth date the person is of age: a parent's access has ended. Choose a measure.")}
    if not is_adult and binds in OF_ADULTS:
        return {"binds": N_("By this birth date the person is a minor: this measure is for adults.")}
    return {}


def _admit(actor: Actor) -> None:
    """See that the asker may ask once more.

    Raises:
        InvalidError: when too many wait, or too many were made in a month.
        ThrottledError: when tries follow one another too fast.
    """
    throttle.admit((f"account:family-request:{actor.id}",))
    found = mine(actor)
    if sum(each.state is State.WAITING for each in found) >= MAX_WAITING:
        raise InvalidError({"": N_("%(count)d of your requests wait already. Wait for an answer.", count=MAX_WAITING)})
    if sum(each.made_at > clock.now() - MONTH for each in found) >= MAX_A_MONTH:
        raise InvalidError({"": N_("You have made many requests this month. Ask us for help instead.")})


def _own(actor: Actor, request_id: UUID) -> Stored:
    found = request_rows.stored(request_id)
    if actor.kind is not ActorKind.PATIENT or found.account_id != actor.id:
        raise NotFoundError
    return found


def _asked(found: Stored) -> Asked:
    return Asked(
        id=found.id,
        kind=found.kind,
        label=found.traits.label,
        binds=found.binds,
        state=State.WAITING if found.state.is_open else found.state,
        made_at=found.made_at,
        decided_at=found.decided_at,
        reason=found.said.get("reason", "") if found.state is State.REFUSED else "",
        words=found.said.get("answer", "") if found.state is State.REFUSED else "",
        about_id=found.about_id if found.state is State.ACCEPTED else None,
        limit_id=UUID(found.said["limit"]) if found.said.get("limit") else None,
        is_unconfirmed=bool(found.said.get("unconfirmed")) and found.state.is_open,
    )


def _shown(found: Stored) -> dict[str, str]:
    return {"kind": "request", "id": str(found.id), "name": found.traits.label}


def open_restrictions(actor: Actor, record_id: UUID) -> Sequence[Asked]:
    """The actor's own requests for a restriction on a record that wait: nobody else knows of them (R15)."""
    with db.read() as tx:
        rows = tx.execute(_MINE, {"account": actor.id}).all()
        found = [request_rows.opened(tx, row) for row in rows]
    return [_asked(one) for one in found if one.about_id == record_id and one.kind is Kind.RESTRICTION]
