"""Signed papers at the counter: both people stand there, the operator compares, enters what the paper says.

Nothing clinical is read: an operator has no standing before a record. Ending a carer's help for who asks, on the spot
or by telephone, takes nothing but their exact identity.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from espace import clock, db, settings
from espace.accounts import services as accounts
from espace.accounts.services import operator_rows
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError
from espace.family.services.carers import links, mandates, scope
from espace.family.services.carers.links import Carer
from espace.family.services.carers.mandates import SignedPaper
from espace.family.services.carers.scope import Scope
from espace.notifications.services import send_mail
from espace.people import services as people
from espace.people.services import Person
from espace.permissions import Actor, Role, Task, demand_fresh_proof
from espace.records import services as records
from espace.words import N_

from . import visits
from .counter import DOCUMENTS, Paper, said_paper, wrong_paper
from .visits import Identity, Purpose, Visit

_SERVED = frozenset({records.OPEN, records.ACTIVE})
_OWN = N_("You are not to enter a paper about yourself: another operator must do it.")


@dataclass(frozen=True, slots=True)
class Both:
    """The documents that both people showed."""

    holder: Paper
    carer: Paper


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered in this visit: who, how far, from which paper, when."""

    carer: Person
    scope: Scope
    reference: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MandateDesk:
    """A visit for a signed paper, as far as it has come. `present` are the carers of today."""

    visit: Visit
    is_served: bool
    is_adult: bool
    has_account: bool
    carer: Person | None
    is_checked: bool
    present: tuple[Carer, ...]
    entered: Entered | None

    @property
    def takes_papers(self) -> bool:
        """Whether a paper may be entered for this person."""
        return self.is_served and self.is_adult


def desk(actor: Actor, visit_id: UUID) -> MandateDesk:
    """A visit, as far as it has come.

    Raises:
        NotFoundError: when it is over, or not this operator's.
    """
    return _desk(visits.visit(actor, Purpose.MANDATE, visit_id))


def find_carer(actor: Actor, visit_id: UUID, identity: Identity) -> None:
    """Find the carer who stands there by exact identity.

    Raises:
        InvalidError: when nobody is found, or they cannot be a carer here, or the operator is concerned.
        NotFoundError: when the visit is over, or the person takes no papers.
        ThrottledError: after the misses allowed in an hour.
    """
    found = desk(actor, visit_id)
    if not found.takes_papers:
        raise NotFoundError
    person, record_id = visits.look_up(actor, identity)
    _see_not_own(actor, found.visit.person, person)
    mandates.see_fit(found.visit.person, person, found.visit.record_id)
    with db.write() as tx:
        shown = [{"kind": "person", "id": str(person.id)}]
        audit.record_office(actor, Action.OPERATOR_FOUND, record_id=record_id, objects=shown)
        seen = visits.opened(tx, actor, Purpose.MANDATE, visit_id, lock=True)
        visits.keep(tx, seen, carer=str(person.id), checked=None, entered=None)


def check_both(actor: Actor, visit_id: UUID, said: Both) -> None:
    """Note which documents both showed and that the faces match; the paper may be entered from now on.

    Raises:
        InvalidError: when a document is none of the list, or its last characters are missing.
        NotFoundError: when the visit is over, or the carer was not found yet.
    """
    with db.write() as tx:
        found = _desk(visits.opened(tx, actor, Purpose.MANDATE, visit_id, lock=True))
        if found.carer is None or not found.takes_papers:
            raise NotFoundError
        problems = wrong_paper("own", said.holder, DOCUMENTS) | wrong_paper("carer", said.carer, DOCUMENTS)
        if problems:
            raise InvalidError(problems)
        shown = {"holder": said_paper(said.holder), "carer": said_paper(said.carer)}
        objects = [{"kind": "paper", "title": each} for each in shown.values()]
        audit.record_office(actor, Action.IDENTITY_CHECKED, record_id=found.visit.record_id, objects=objects)
        visits.keep(tx, found.visit, checked=shown)


def enter(actor: Actor, visit_id: UUID, given: Scope, paper: SignedPaper) -> None:
    """Enter the signed paper: the carer may act from now on, and both are told.

    Raises:
        InvalidError: when the paper makes no sense, or the operator's limits are reached.
        NotFoundError: when the visit is over, or nobody's identity was checked.
        StepUpError: without a fresh proof: this widens (security.md R9).
    """
    demand_fresh_proof(actor)
    found = _ready(desk(actor, visit_id))
    reference = mandates.check_paper(found.visit.record_id, given, paper)
    with db.write() as tx:
        seen = visits.opened(tx, actor, Purpose.MANDATE, visit_id, lock=True)
        carer = _ready(_desk(seen)).carer
        if carer is None:
            raise NotFoundError
        _see_not_own(actor, seen.person, carer)
        mandates.see_fit(seen.person, carer, seen.record_id)
        # First the row, whose trail is locked: of two entered at once, the second counts the first.
        shown = [{"kind": "person", "id": str(carer.id), "name": carer.display_name}]
        audit.record_office(actor, Action.MANDATE_ENTERED, record_id=seen.record_id, objects=shown)
        is_last = mandates.left_today(tx, actor) == 1
        whole = SignedPaper(paper.reference, paper.scan, seen.notes["checked"])
        mandates.enter(tx, actor, seen.record_id, carer, given, whole, reference)
        entered = {
            "reference": reference,
            "at": clock.now().isoformat(),
            "last_day": given.last_day.isoformat(),
            **given.as_payload(),
        }
        visits.keep(tx, seen, entered=entered)
        if is_last:
            _tell_limit(actor)


def letter(actor: Actor, visit_id: UUID) -> bytes:
    """The letter for the holder about the paper just entered, as PDF.

    Raises:
        NotFoundError: when the visit is over, or nothing was entered in it.
    """
    found = desk(actor, visit_id)
    if found.entered is None:
        raise NotFoundError
    one = found.entered
    return mandates.notice(found.visit.person, one.carer, one.scope, one.at, one.reference)


def end_help(actor: Actor, visit_id: UUID, carer_id: UUID) -> Carer:
    """End a carer's help for who asks it; narrowing asks for no proof (R9). Gives the carer.

    Raises:
        NotFoundError: when the visit is over, or the record has no such carer.
    """
    found = desk(actor, visit_id)
    with db.write():
        audit.note_office(actor, Action.CARER_ENDED, found.visit.record_id)
        return links.end_at_desk(actor, found.visit.record_id, carer_id)


def papers_left(actor: Actor) -> int:
    """How many papers the operator may still enter today."""
    with db.read() as tx:
        return mandates.left_today(tx, actor)


def latest_day(found: MandateDesk) -> date:
    """The last day that may be chosen."""
    return scope.latest(found.visit.record_id)


def _desk(seen: Visit) -> MandateDesk:
    carer_id, entered = seen.notes.get("carer"), seen.notes.get("entered")
    carer = people.person(UUID(carer_id)) if carer_id else None
    return MandateDesk(
        visit=seen,
        is_served=seen.state in _SERVED,
        is_adult=seen.person.age_on(clock.today()) >= settings.current().majority_age,
        has_account=accounts.account_of(seen.person.id) is not None,
        carer=carer,
        is_checked=bool(seen.notes.get("checked")),
        present=tuple(one for one in links.carers_on(seen.record_id) if not one.is_over),
        entered=_entered(carer, entered) if carer and entered else None,
    )


def _entered(carer: Person, held: Mapping[str, Any]) -> Entered:
    given = Scope(
        frozenset(Task(task) for task in held["tasks"]),
        frozenset(held["subjects"]),
        date.fromisoformat(held["last_day"]),
    )
    return Entered(carer, given, held["reference"], datetime.fromisoformat(held["at"]))


def _ready(found: MandateDesk) -> MandateDesk:
    if found.carer is None or not found.is_checked or not found.takes_papers or found.entered is not None:
        raise NotFoundError
    return found


def _see_not_own(actor: Actor, *persons: Person) -> None:
    """See that none of these is the operator, as far as a name or an address tells (security.md R17)."""
    own = next((each.email for each in operator_rows.operators() if each.id == actor.id), "").casefold()
    for person in persons:
        account = accounts.account_of(person.id)
        emails = {person.email.casefold(), account.email.casefold() if account else ""} - {""}
        if own in emails or person.display_name.casefold() == actor.name.casefold():
            raise InvalidError({"": _OWN})


def _tell_limit(actor: Actor) -> None:
    """The last paper of the day: the privacy officers are told."""
    audit.record_office(actor, Action.MANDATE_LIMIT_REACHED)
    for each in operator_rows.at_work(Role.PRIVACY_OFFICER):
        send_mail(each.email, each.locale, "mandate-limit")
