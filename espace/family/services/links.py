"""Parents' links. A link gives its right only while the child is a minor: that is computed, never stored (MI-4)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, insert, or_, select
from sqlalchemy.exc import IntegrityError

from espace import clock, db, settings
from espace.audit import services as audit
from espace.errors import ConflictError
from espace.family.models import Link
from espace.identifiers import new_id
from espace.people import services as people
from espace.permissions import SYSTEM
from espace.records import services as records

PARENT = "parent"

_STANDS = or_(Link.until.is_(None), Link.until > bindparam("now"))
_ONE = select(Link.id).where(
    Link.record_id == bindparam("record_id"), Link.person_id == bindparam("person_id"), _STANDS
)
_OF_PERSON = select(Link.record_id).where(Link.person_id == bindparam("person_id"), _STANDS).order_by(Link.record_id)
_OF_RECORD = select(Link.person_id).where(Link.record_id == bindparam("record_id"), _STANDS).order_by(Link.id)
_EVER = select(Link.person_id).where(Link.record_id == bindparam("record_id"))


def link_parent(child_record_id: UUID, parent_person_id: UUID) -> bool:
    """Let a parent act for their child (rules.md MI-1, MI-2); gives whether the link is new.

    A link that was ended is not made again here: that needs someone's decision.

    Raises:
        ConflictError: when somebody else made the same link meanwhile.
        NotFoundError: when there is no such record.
        ValueError: when the parent would represent themself.
    """
    with db.write() as tx:
        if records.record(child_record_id).person_id == parent_person_id:
            raise ValueError("nobody is their own parent")
        if parent_person_id in parents_linked(child_record_id):
            return False
        link_id = new_id()
        try:
            tx.execute(
                insert(Link).values(
                    record_id=child_record_id,
                    id=link_id,
                    person_id=parent_person_id,
                    kind=PARENT,
                    since=clock.now(),
                    until=None,
                )
            )
        except IntegrityError:
            raise ConflictError from None
        audit.record(
            SYSTEM,
            child_record_id,
            audit.Action.LINK_MADE,
            objects=[{"kind": "person", "id": str(parent_person_id)}],
        )
    return True


def parents_linked(record_id: UUID) -> frozenset[UUID]:
    """Every person ever linked to this record, whether the link still gives a right or not."""
    with db.read() as tx:
        return frozenset(tx.execute(_EVER, {"record_id": record_id}).scalars())


def represents(person_id: UUID, record_id: UUID) -> bool:
    """Whether this person may act for the holder of this record today."""
    with db.read() as tx:
        linked = tx.execute(_ONE, {"record_id": record_id, "person_id": person_id, "now": clock.now()}).first()
        return linked is not None and record_id in _of_minors([record_id])


def records_represented(person_id: UUID) -> list[UUID]:
    """The records this person may act in for someone else today, the record announced first coming first."""
    with db.read() as tx:
        linked = tx.execute(_OF_PERSON, {"person_id": person_id, "now": clock.now()}).scalars().all()
        minors = _of_minors(linked)
    return [record_id for record_id in linked if record_id in minors]


def representatives(record_id: UUID) -> list[UUID]:
    """The persons who may act for the holder of this record today."""
    with db.read() as tx:
        if record_id not in _of_minors([record_id]):
            return []
        return list(tx.execute(_OF_RECORD, {"record_id": record_id, "now": clock.now()}).scalars())


def is_held_back(person_id: UUID) -> bool:
    """Whether nobody may act through this person's account: it is or was suspended for fraud, or its person is dead.

    A record its holder closed or objected to is no reason: a parent goes on acting for their child (rules.md AC-7).
    """
    own = records.record_of(person_id)
    # Closed by its suspension, or erased at the end, it keeps the word of what came before.
    return own is not None and not {own.state, own.state_before}.isdisjoint((records.SUSPENDED, records.DECEASED))


def _of_minors(record_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of the records whose holder is under `majority_age` today (rules.md MI-4)."""
    facts = records.records(record_ids)
    holders = people.persons([each.person_id for each in facts.values()])
    majority, today = settings.current().majority_age, clock.today()
    return frozenset(
        each.id
        for each in facts.values()
        if each.person_id in holders and holders[each.person_id].age_on(today) < majority
    )
