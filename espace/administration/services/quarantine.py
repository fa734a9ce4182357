"""The quarantine desk: what was set aside is given to a record, or discarded, by two operators (security.md R17, R41).

One proposes, another confirms what was proposed and nothing else. They see whom a file names, its kind, its day and
its author, and why it was set aside; nothing of what it says about anybody's health.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from espace import clock, db
from espace.accounts.services import operator_rows
from espace.accounts.services.operator_rows import OperatorState
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.services.adding.scanning import DOWN, VIRUS
from espace.documents.services.arriving.claimed import folded
from espace.documents.services.aside import assigning, claims, quarantine_desk
from espace.documents.services.aside.assigning import NotFilableError, Wish
from espace.documents.services.aside.claims import Claims, Traits
from espace.documents.services.aside.quarantine_desk import Aside
from espace.documents.services.types import types
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.identifiers import WrongInsError, parse_ins
from espace.people import services as people
from espace.people.services import Person
from espace.permissions import ROLE_PERMISSIONS, Actor, Permission, demand_fresh_proof
from espace.records import services as records
from espace.words import N_, Message

from . import visits
from .visits import Identity

MAX_WORDS = 500
_INSURER = "60"
DISCARD_REASONS: Mapping[str, Message] = MappingProxyType(
    {
        "not-ours": N_("It concerns nobody who has a space here"),
        "unreadable": N_("It is damaged, and was asked for again"),
        "twice": N_("The same document came another way"),
        "harmful": N_("The scanner knows it as harmful"),
        "other": N_("Another reason, said below"),
    }
)
"""Why a file is discarded."""

_NOBODY = N_("Nobody is known under these four traits. Check the number, the name, the birth date and the sex.")


class Act(StrEnum):
    """What is proposed."""

    ASSIGN = "assign"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class Target:
    """Whose an operator says a file is: the four strict traits, exactly (rules.md ID-1), and what the file is."""

    identity: Identity
    birth_name: str
    sex: str
    type_code: str
    day: date
    words: str


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait as the file says it and as the person has it. `agrees` is None where the file says nothing."""

    name: str
    said: str | date | None
    known: str | date
    agrees: bool | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one operator proposed. `seen` names exactly this proposal; `person` is None when it discards."""

    act: Act
    by: UUID
    name: str
    seen: str
    words: str
    reason: str = ""
    person: Person | None = None
    type_code: str = ""
    day: date | None = None
    compared: tuple[Trait, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A file on the desk. `trouble` is why it can be filed in no record, in a code."""

    aside: Aside
    claims: Claims
    trouble: str
    proposal: Proposal | None

    def awaits(self, actor: Actor) -> bool:
        """Whether `actor` may be the second of the two persons."""
        return self.proposal is not None and self.proposal.by != actor.id


def page(actor: Actor, before: UUID | None = None) -> tuple[list[Aside], UUID | None]:
    """What lies on the desk, newest first: no name stands in the list."""
    _demand(actor)
    return quarantine_desk.page(before)


def case(actor: Actor, aside_id: UUID) -> Case:
    """One file on the desk, with what it says of whose it is; opening it is written down first.

    Raises:
        NotFoundError: when it was decided about.
    """
    _demand(actor)
    found = quarantine_desk.one(aside_id)
    content = quarantine_desk.content(found)
    said = claims.claims(content)
    with db.write():
        _note(actor, Action.QUARANTINE_OPENED, found)
    trouble = VIRUS if found.reason == VIRUS else assigning.trouble(content)
    return Case(found, said, trouble, _proposal(found, said))


def assignable_types() -> dict[str, str]:
    """What a file may be filed as: code -> official label."""
    return {code: kind.label for code, kind in types().items() if kind.class_code != _INSURER}


def propose_assignment(actor: Actor, aside_id: UUID, target: Target) -> None:
    """Propose to file it in the record of exactly this person.

    Raises:
        InvalidError: when nobody has these traits, or the file names another person known here, or cannot be filed.
        NotFoundError: when it was decided about.
        ThrottledError: after the misses allowed in an hour.
    """
    _demand(actor)
    found = quarantine_desk.one(aside_id)
    _check_target(target)
    person, record_id = _exactly(actor, target)
    content = quarantine_desk.content(found)
    _check_whose(claims.claims(content), person)
    documents = _prepare(content, Wish(target.type_code, target.day))
    if not assigning.takes_documents(record_id):
        raise InvalidError({"": N_("This person's record takes no document in its present state.")})
    proposal = {
        "act": Act.ASSIGN.value,
        "record": str(record_id),
        "type": target.type_code,
        "day": target.day.isoformat(),
        "words": target.words.strip(),
        "marks": assigning.marks(documents),
    }
    _keep(actor, found, proposal, record_id)


def propose_discard(actor: Actor, aside_id: UUID, reason: str, words: str) -> None:
    """Propose to discard it for good, for a reason of the list.

    Raises:
        InvalidError: without a reason, or words where the reason needs some.
        NotFoundError: when it was decided about.
    """
    _demand(actor)
    found = quarantine_desk.one(aside_id)
    if reason not in DISCARD_REASONS:
        raise InvalidError({"kind": N_("Choose why it is discarded.")})
    if reason == "other" and not words.strip():
        raise InvalidError({"words": N_("Say in one or two sentences why it is discarded.")})
    _check_words(words)
    _keep(actor, found, {"act": Act.DISCARD.value, "reason": reason, "words": words.strip()}, None)


def withdraw(actor: Actor, aside_id: UUID) -> None:
    """Drop what was proposed: nothing is filed nor discarded.

    Raises:
        InvalidError: when nothing is proposed any more.
        NotFoundError: when it was decided about.
    """
    _demand(actor)
    with db.write() as tx:
        found = quarantine_desk.locked(tx, aside_id)
        if not found.proposal:
            raise InvalidError({"": N_("Nothing awaits a confirmation here any more.")})
        _note(actor, Action.QUARANTINE_WITHDRAWN, found, _record_of(found))
        quarantine_desk.withdraw(tx, aside_id)


def confirm(actor: Actor, aside_id: UUID, seen: str) -> Act:
    """Carry out what another operator proposed: the second of the two persons (R17). Gives what was done.

    Raises:
        ConflictError: when another thing was proposed since it was looked at (`seen`).
        InvalidError: when the actor proposed it, or it can be filed no more.
        NotFoundError: when it was decided about.
        StepUpError: when the proof is not fresh.
    """
    _demand(actor)
    demand_fresh_proof(actor)
    found = quarantine_desk.one(aside_id)
    _check_second(actor, found, seen)
    if found.proposal["act"] == Act.DISCARD:
        with db.write() as tx:
            held = quarantine_desk.locked(tx, aside_id)
            _check_second(actor, held, seen)
            _note(actor, Action.QUARANTINE_DISCARDED, held, why=held.proposal["reason"])
            quarantine_desk.forget(tx, held)
        return Act.DISCARD
    _assign(actor, found, seen)
    return Act.ASSIGN


def _assign(actor: Actor, found: Aside, seen: str) -> None:
    record_id = UUID(found.proposal["record"])
    content = quarantine_desk.content(found)
    _check_whose(claims.claims(content), _person(record_id))
    wish = Wish(found.proposal["type"], date.fromisoformat(found.proposal["day"]))
    documents = _prepare(content, wish)

    def also(tx: Connection, is_first: bool, is_last: bool) -> None:  # noqa: FBT001 - as it is called
        held = quarantine_desk.locked(tx, found.id)
        _check_second(actor, held, seen)
        if is_first:
            _note(actor, Action.QUARANTINE_ASSIGNED, held, record_id)
        if is_last:
            quarantine_desk.forget(tx, held)

    try:
        assigning.file_assigned(record_id, documents, also)
    except NotFilableError as error:
        raise InvalidError({"": trouble_words(error.kind)}) from None


def trouble_words(kind: str) -> Message:
    """Why a file cannot be filed, in a sentence."""
    if kind.startswith("record-"):
        return N_("This person's record takes no document in its present state.")
    if kind == VIRUS:
        return N_("The scanner knows this file as harmful: it can only be discarded.")
    if kind == DOWN:
        return N_("The scanner does not answer at the moment. Try again later.")
    return N_("Nothing in this file can be shown to anybody: it can only be discarded.")


def _demand(actor: Actor) -> None:
    if not actor.carries(Permission.OFFICE_QUARANTINE):
        raise NotFoundError


def _check_target(target: Target) -> None:
    if target.type_code not in assignable_types():
        raise InvalidError({"type_code": N_("Choose what the document is.")})
    if target.day > clock.today():
        raise InvalidError({"care_day": N_("This day is still to come.")})
    if not target.words.strip():
        raise InvalidError({"words": N_("Say in one or two sentences how you know whose document it is.")})
    _check_words(target.words)


def _check_words(words: str) -> None:
    if len(words.strip()) > MAX_WORDS:
        raise InvalidError({"words": Message("At most %(limit)d characters.", limit=MAX_WORDS)})


def _exactly(actor: Actor, target: Target) -> tuple[Person, UUID]:
    """The person of exactly these traits and their record; a miss is written down and reveals nothing."""
    person, record_id = visits.look_up(actor, target.identity, _NOBODY)
    if folded(person.birth_name) != folded(target.birth_name) or person.sex != target.sex:
        raise visits.missed(actor, _NOBODY)
    return person, record_id


def _check_whose(said: Claims, person: Person) -> None:
    """A file that names somebody else known here, by number and birth date, is never given to another (R41)."""
    for named in said.people:
        other = people.find_person(named.ins) if named.ins else None
        if other is not None and other.id != person.id and other.birth_date == named.birth_date:
            raise InvalidError(
                {"": N_("The document names another person who has a space here, by number and birth date.")}
            )


def _prepare(content: bytes, wish: Wish) -> list[assigning.Ready]:
    try:
        return assigning.ready(content, wish)
    except NotFilableError as error:
        raise InvalidError({"": trouble_words(error.kind)}) from None


def _check_second(actor: Actor, held: Aside, seen: str) -> None:
    """The actor is not the one who proposed, the proposal is the one that was looked at, its author still at work."""
    if not held.proposal or held.proposed_by is None:
        raise InvalidError({"": N_("Nothing awaits a confirmation here any more.")})
    if held.proposed_by == actor.id:
        raise InvalidError({"": N_("Another operator must confirm: two persons are needed.")})
    if _seen(held) != seen:
        raise ConflictError
    if not _is_at_work(held.proposed_by):
        raise InvalidError({"": N_("Whoever proposed this no longer works here: propose it anew.")})


def _is_at_work(operator_id: UUID) -> bool:
    try:
        found = operator_rows.operator(operator_id)
    except NotFoundError:
        return False
    return found.state is OperatorState.ACTIVE and Permission.OFFICE_QUARANTINE in ROLE_PERMISSIONS[found.role]


def _keep(actor: Actor, found: Aside, proposal: Mapping[str, Any], record_id: UUID | None) -> None:
    with db.write() as tx:
        held = quarantine_desk.locked(tx, found.id)
        _note(actor, Action.QUARANTINE_PROPOSED, replace(held, proposal=proposal), record_id, why=proposal["act"])
        quarantine_desk.propose(tx, held.id, actor.id, {**proposal, "name": actor.name})


def _note(actor: Actor, action: Action, aside: Aside, record_id: UUID | None = None, why: str = "") -> None:
    """Write an act to the house's trail, and to that of the record it concerns: by the file's mark, never by a name."""
    detail = {"aside": mark(aside.id)} | ({"why": why} if why else {})
    things = [{"kind": "aside", "id": mark(aside.id), **marks} for marks in aside.proposal.get("marks", ())]
    audit.record_office(actor, action, record_id=record_id, detail=detail, objects=things)


def mark(aside_id: UUID) -> str:
    """By what a file is told from another where no name stands."""
    return aside_id.hex[-8:].upper()


def _seen(aside: Aside) -> str:
    return f"{aside.proposed_at.timestamp():.6f}" if aside.proposed_at else ""


def _record_of(aside: Aside) -> UUID | None:
    return UUID(aside.proposal["record"]) if aside.proposal.get("record") else None


def _person(record_id: UUID) -> Person:
    return people.person(records.record(record_id).person_id)


def _proposal(aside: Aside, said: Claims) -> Proposal | None:
    held = aside.proposal
    if not held or aside.proposed_by is None:
        return None
    record_id = _record_of(aside)
    person = _person(record_id) if record_id else None
    named = said.people[0] if said.people else Traits()
    return Proposal(
        act=Act(held["act"]),
        by=aside.proposed_by,
        name=held["name"],
        seen=_seen(aside),
        words=held["words"],
        reason=held.get("reason", ""),
        person=person,
        type_code=held.get("type", ""),
        day=date.fromisoformat(held["day"]) if held.get("day") else None,
        compared=_compared(named, person) if person else (),
    )


def _compared(said: Traits, person: Person) -> tuple[Trait, ...]:
    """The strict traits of a file beside those of a person (rules.md ID-1)."""
    names = folded(said.birth_name) == folded(person.birth_name)
    first = folded(said.first_names).split()[:1] == folded(person.first_names[0]).split()[:1]
    return (
        _trait("ins", grouped(said.ins), grouped(person.ins), same=said.ins == person.ins),
        _trait("birth_name", said.birth_name, person.birth_name, same=names),
        _trait("first_names", said.first_names, " ".join(person.first_names), same=first),
        _trait("birth_date", said.birth_date, person.birth_date, same=said.birth_date == person.birth_date),
        _trait("sex", said.sex, person.sex, same=said.sex == person.sex),
    )


def grouped(number: str) -> str:
    """A number as the card writes it; one that is no INS in fives, so that it can be compared by eye."""
    try:
        return parse_ins(number).grouped
    except WrongInsError:
        return " ".join(number[start : start + 5] for start in range(0, len(number), 5))


def _trait(name: str, said: str | date | None, known: str | date, *, same: bool) -> Trait:
    return Trait(name, said, known, same if said else None)
