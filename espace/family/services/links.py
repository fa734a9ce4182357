"""Who represents whom: made from the insurer's lists, asked by every room that must know who stands in for a holder."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from espace import clock, db
from espace.audit import services as audit
from espace.errors import ConflictError
from espace.family.models import Link
from espace.identifiers import new_id
from espace.permissions import SYSTEM
from espace.records import services as records

from .bonds import PARENT, bond, bonds_of, bonds_on

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
    found = bond(person_id, record_id)
    return found is not None and found.acts


def records_represented(person_id: UUID) -> list[UUID]:
    """The records this person may act in for someone else today, the record announced first coming first."""
    return [one.record_id for one in bonds_of(person_id) if one.acts]


def representatives(record_id: UUID) -> list[UUID]:
    """The persons who may act for the holder of this record today."""
    return [one.person_id for one in bonds_on(record_id) if one.acts]


def is_held_back(person_id: UUID) -> bool:
    """Whether nobody may act through this person's account: it is or was suspended for fraud, or its person is dead.

    A record its holder closed or objected to is no reason: a parent goes on acting for their child (rules.md AC-7).
    """
    return bool(held_back([person_id]))


def held_back(person_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of these persons through whose accounts nobody may act (`is_held_back`)."""
    # Closed by its suspension, or erased at the end, a record keeps the word of what came before.
    stopped = (records.SUSPENDED, records.DECEASED)
    own = records.records_of(person_ids)
    return frozenset(one for one, each in own.items() if not {each.state, each.state_before}.isdisjoint(stopped))
