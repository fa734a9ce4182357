"""The people one acts for, as their parent: opening their profile, objecting for them, coming back (MI-1, MI-2, AC-7).

Nothing here asks for anything of the parent's own record: whoever closed or never wanted their own decides for their
child all the same. Each act is written in the child's record under the parent's name, and the other parent is told.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from espace import clock, db, outbox
from espace.accounts.services import account_of
from espace.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from espace.people import services as people
from espace.people.services import Person
from espace.permissions import Actor, ActorKind, demand_fresh_proof
from espace.records import services as records
from espace.records.services import ACTIVE, ANNOUNCED, OPEN, OPPOSED, Part, RecordFacts
from espace.records.services.transitions import CHANGED_TOPIC, locked
from espace.words import N_

from .bonds import GUARDIAN, Bond, bonds_of, bonds_on
from .colours import colour_of
from .growing.stages import of_age_on
from .links import is_held_back


@dataclass(frozen=True, slots=True)
class Relative:
    """A person one acts for. `others` are the names of who else does; `of_age_on` the day it ends by itself.

    `decides_alone`: they came in themselves, so opening and objecting are theirs. `until` is when a guardian's measure
    ends, and `measure` what it is.
    """

    record_id: UUID
    name: str
    initials: str
    colour: str
    birth_date: date
    of_age_on: date
    state: str
    opens_at: datetime
    others: tuple[str, ...]
    decides_alone: bool
    until: datetime | None = None
    measure: str = ""

    @property
    def given_name(self) -> str:
        """What a page calls them."""
        return self.name.split()[0]

    @property
    def may_be_opened(self) -> bool:
        """Whether a parent may open the profile now."""
        return self.state in (ANNOUNCED, OPEN) and not self.decides_alone

    @property
    def may_be_entered(self) -> bool:
        """Whether its pages can be read."""
        return self.state == ACTIVE

    @property
    def may_be_opposed(self) -> bool:
        """Whether a parent may object for them now."""
        return self.state in (ANNOUNCED, OPEN, ACTIVE) and not self.decides_alone

    @property
    def is_opposed(self) -> bool:
        """Whether somebody objected."""
        return self.state == OPPOSED


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A person one acted for, whose profile is not available now, or not all of it: why is not said (R15)."""

    record_id: UUID
    name: str
    initials: str
    may_be_entered: bool


def unavailable(actor: Actor) -> list[Unavailable]:
    """The people whose profile a decision keeps from the actor, wholly or from a day on."""
    if actor.person_id is None or is_held_back(actor.person_id):
        return []
    kept = {one.record_id: one for one in bonds_of(actor.person_id) if one.represents and one.is_frozen}
    found = records.records(list(kept))
    holders = people.persons([record.person_id for record in found.values()])
    return [
        Unavailable(
            each.id,
            holders[each.person_id].display_name,
            holders[each.person_id].initials,
            kept[each.id].opens and each.state == ACTIVE,
        )
        for each in found.values()
        if each.person_id in holders
    ]


def relatives(actor: Actor) -> list[Relative]:
    """Everyone the actor may act for today, whatever the state of their record, in the order of their colours."""
    if actor.person_id is None or is_held_back(actor.person_id):
        return []
    bonds = {one.record_id: one for one in bonds_of(actor.person_id) if one.acts}
    represented = sorted(bonds)
    found = records.records(represented)
    holders = people.persons([record.person_id for record in found.values()])
    return [_relative(bonds[one], found[one], holders[found[one].person_id], represented) for one in represented]


def relative(actor: Actor, record_id: UUID) -> Relative:
    """One of them.

    Raises:
        NotFoundError: when the actor does not act for this record's holder today.
    """
    found = next((one for one in relatives(actor) if one.record_id == record_id), None)
    if found is None:
        raise NotFoundError
    return found


def open_profile(actor: Actor, record_id: UUID, *, accepted: bool) -> None:
    """Open a child's profile from the parent's own account (rules.md MI-1); its record becomes active.

    Raises:
        NotFoundError: when the actor does not act for this record's holder today.
        StepUpError: without a fresh proof: this widens (security.md R9).
        InvalidError: for `terms`, when they were not accepted.
        ConflictError: when it was opened, or objected to, meanwhile.
    """
    demand_fresh_proof(actor)
    _by_hand(actor)
    if not accepted:
        raise InvalidError({"terms": N_("Tick the box: the profile opens only if you accept.")})
    relative(actor, record_id)
    with db.write() as tx:
        locked(tx, record_id)  # the other parent may be opening it just now
        if not relative(actor, record_id).may_be_opened:
            raise ConflictError
        try:
            records.mark_active(record_id, actor)
        except RefusedError:
            raise ConflictError from None
        outbox.post(CHANGED_TOPIC, {"record_id": str(record_id)})


def object_for(actor: Actor, record_id: UUID) -> None:
    """Object for a child, whatever the parent's own state (AC-7); nobody reads the record any more, from now on.

    Narrowing asks for no fresh proof (R9), and can be taken back.

    Raises:
        NotFoundError: when the actor does not act for this record's holder today.
        ConflictError: when it is in no state to be objected to.
    """
    _by_hand(actor)
    with db.write():
        if not relative(actor, record_id).may_be_opposed:
            raise ConflictError
        records.oppose(actor, record_id, Part.REPRESENTATIVE)


def come_back(actor: Actor, record_id: UUID) -> None:
    """Take an objection back: everything is as it was before.

    Raises:
        NotFoundError: when the actor does not act for this record's holder today.
        StepUpError: without a fresh proof: this widens (R9).
        ConflictError: when nobody objected, or the young person has an account and so decides alone.
    """
    demand_fresh_proof(actor)
    _by_hand(actor)
    with db.write():
        if relative(actor, record_id).decides_alone:
            raise ConflictError
        records.withdraw_opposition(actor, record_id, Part.REPRESENTATIVE)


def _by_hand(actor: Actor) -> None:
    if actor.kind is not ActorKind.PATIENT:
        raise NotFoundError


def _relative(bond: Bond, record: RecordFacts, holder: Person, represented: list[UUID]) -> Relative:
    # One whom a decision limits is named as before: the others are told only where it says so (R15).
    acting = [one.person_id for one in bonds_on(record.id) if one.represents and one.person_id != bond.person_id]
    others = people.persons(acting)
    is_due = record.state == ANNOUNCED and record.opens_at <= clock.now()
    return Relative(
        record_id=record.id,
        name=holder.display_name,
        initials=holder.initials,
        colour=colour_of(record.id, represented),
        birth_date=holder.birth_date,
        of_age_on=of_age_on(holder.birth_date),
        state=OPEN if is_due else record.state,
        opens_at=record.opens_at,
        others=tuple(sorted(person.display_name for person in others.values())),
        decides_alone=account_of(holder.id) is not None,
        until=bond.until if bond.kind == GUARDIAN else None,
        measure=bond.measure,
    )
