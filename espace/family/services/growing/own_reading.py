"""An own account, reading only, for a minor whose parent agrees (rules.md MI-3, U).

The parent hands the code over, so the account may be in the parent's hands: it shows what the parents see, and care
kept secret stays unseen there (MI-10). It becomes the young person's own, whole, once they are old enough and prove by
a code that was given to them that it is theirs.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select, update

from espace import clock, db
from espace.accounts import services as accounts
from espace.accounts.services import letters, throttle
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.family.models import OwnReading
from espace.family.services.links import representatives
from espace.identifiers import new_id
from espace.notifications.services import Event
from espace.people import services as people
from espace.permissions import Permission, Relation, Standing, demand_fresh_proof
from espace.records import services as records
from espace.words import N_

from .stages import Change, holding, holds

_OF = select(OwnReading.since, OwnReading.until, OwnReading.proved_at, OwnReading.given_by).where(
    OwnReading.record_id == bindparam("record", type_=Id)
)
WITH_AGREEMENT = records.WITH_HOLDER.add_columns(
    OwnReading.id.label("agreement"),
    OwnReading.until.label("agreed_until"),
    OwnReading.proved_at.label("agreement_proved_at"),
).outerjoin(OwnReading, OwnReading.record_id == bindparam("record"))
"""A record, its holder and what parents agreed to for them, in one statement; read by `reading_of`."""
_WRONG = N_("This code is not good, or no longer. Copy the one that was given to you last.")


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a parent agreed to, since when; `until` when one took it back, `proved_at` when it became their own."""

    since: datetime
    until: datetime | None
    proved_at: datetime | None
    given_by: UUID

    @property
    def only_reads(self) -> bool:
        """Whether the account still is the one that a parent opened."""
        return self.proved_at is None

    @property
    def stands(self) -> bool:
        """Whether a parent still agrees."""
        return self.until is None


def agreement_on(record_id: UUID) -> Agreement | None:
    """What parents agreed to for the holder of this record; None where the account was theirs from the start."""
    with db.read() as tx:
        row = tx.execute(_OF, {"record": record_id}).first()
    return Agreement(*row) if row is not None else None


def reading_of(row: Row[Any]) -> tuple[bool, bool, bool]:
    """Of a row of `WITH_AGREEMENT`: whether its holder's account only reads, whether a parent's agreement still opens
    it, and whether it lets in to prove that it is one's own: of an age where nobody's agreement is needed.

    From majority on no agreement opens anything: the account may be in the hands of a parent, whose access has ended
    (rules.md MI-4).
    """
    if row.agreement is None or row.agreement_proved_at is not None:
        return False, row.agreement is None or row.agreed_until is None, False
    with db.read() as tx:
        holder = people.opened(tx, records.facts_of(row).person_id, row.person)
    holding_now = holding(holder.age_on(clock.today()))
    agreed = row.agreed_until is None and Change.PARENTS_END not in holding_now
    return True, agreed, Change.OWN_ACCOUNT in holding_now


def only_reads(record_id: UUID) -> bool:
    """Whether the holder's account may be in a parent's hands: of what is kept from those it is told nothing."""
    found = agreement_on(record_id)
    return found is not None and found.only_reads


def may_hold_account(person_id: UUID) -> bool:
    """Whether somebody under the age of an own account may activate one all the same, for reading."""
    record = records.record_of(person_id)
    found = agreement_on(record.id) if record else None
    birth = people.person(person_id).birth_date
    may_read = Change.MAY_READ in holding(people.age_on(birth, clock.today()))
    return found is not None and found.stands and may_read


def may_agree(standing: Standing) -> bool:
    """Whether this parent may let the child read in an own account: they represent a child of that age."""
    return _decides(standing) and holds(standing, Change.MAY_READ)


def agree(standing: Standing) -> str:
    """Let the child read in an own account; gives the code by which they activate it, shown once.

    Whoever else represents the child is told. Agreeing again gives another code, as long as there is no account.

    Raises:
        StepUpError: without a fresh proof: this widens (security.md R9).
        NotFoundError: for who does not represent a child of that age.
    """
    demand_fresh_proof(standing.actor)
    if not may_agree(standing) or standing.actor.person_id is None:
        raise NotFoundError
    holder = records.record(standing.record_id).person_id
    now, record_id, given_by = clock.now(), standing.record_id, standing.actor.person_id
    with db.write() as tx:
        records.hold_open(tx, record_id)
        found = agreement_on(record_id)
        if found is None:
            values = {"record_id": record_id, "id": new_id(), "given_by": given_by, "since": now}
            tx.execute(insert(OwnReading).values(**values))
        elif not found.stands:
            again = update(OwnReading).where(OwnReading.record_id == record_id, OwnReading.proved_at.is_(None))
            tx.execute(again.values(given_by=given_by, since=now, until=None))
        if found is None or not found.stands:
            _write_down(standing, Action.OWN_READING_AGREED)
        return "" if accounts.account_of(holder) else accounts.new_activation_code(holder)


def take_back(standing: Standing) -> None:
    """End the child's reading in an own account, from the next request on. Narrowing asks for no proof (R9).

    Raises:
        NotFoundError: for who does not represent the child.
        ConflictError: when the account became the young person's own.
    """
    if not _decides(standing):
        raise NotFoundError
    with db.write() as tx:
        records.hold_open(tx, standing.record_id)
        found = agreement_on(standing.record_id)
        if found is None or not found.only_reads or not holds(standing, Change.MAY_READ):
            raise ConflictError
        if found.stands:
            tx.execute(update(OwnReading).where(OwnReading.record_id == standing.record_id).values(until=clock.now()))
            _write_down(standing, Action.OWN_READING_ENDED)


def prove(standing: Standing, code: str) -> None:
    """Make the account the young person's own, by a code that was given to them alone; from now on it holds it all.

    Raises:
        NotFoundError: when the account is whole already, or its holder is not old enough.
        InvalidError: when the code is not good.
        ThrottledError: when the next try is not due yet.
    """
    found = agreement_on(standing.record_id)
    person_id = standing.actor.person_id
    if standing.relation is not Relation.HOLDER or found is None or not found.only_reads or person_id is None:
        raise NotFoundError
    if not holds(standing, Change.OWN_ACCOUNT):
        raise NotFoundError
    names = (f"account:own-account:{person_id}",)
    throttle.admit(names)
    good = letters.find(person_id, code)
    if good is None or good.is_used or good.expires_at <= clock.now():
        raise InvalidError({"code": _WRONG})
    with db.write() as tx:
        throttle.clear(names)
        if not letters.use(person_id):
            raise InvalidError({"code": _WRONG})
        tx.execute(
            update(OwnReading)
            .where(OwnReading.record_id == standing.record_id)
            .values(proved_at=clock.now(), until=None)
        )
        audit.record(standing.actor, standing.record_id, Action.OWN_ACCOUNT_PROVED, relation=standing.relation)


def _decides(standing: Standing) -> bool:
    return standing.relation is Relation.REPRESENTATIVE and standing.may(Permission.ACCESS_MANAGE)


def _write_down(standing: Standing, action: Action) -> None:
    audit.record(standing.actor, standing.record_id, action, relation=standing.relation)
    others = [one for one in representatives(standing.record_id) if one != standing.actor.person_id]
    accounts.notify(others, Event.LINK_CHANGED)
