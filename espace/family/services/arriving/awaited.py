"""Parents whom the insurer named before their own line came: the link is made as soon as they are known here."""

from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select

from espace import clock, crypto, db, settings
from espace.db import Digest, Id
from espace.family.models import AwaitedParent
from espace.family.services.links import link_parent
from espace.identifiers import new_id
from espace.people import services as people
from espace.records import services as records

_FOR = select(AwaitedParent.record_id, AwaitedParent.id).where(
    AwaitedParent.ins_index == bindparam("ins_index", type_=Digest(32))
)
_ONE = select(AwaitedParent.id).where(
    AwaitedParent.record_id == bindparam("record_id", type_=Id),
    AwaitedParent.ins_index == bindparam("ins_index", type_=Digest(32)),
)


def why_no_link(child: people.Traits, parent: people.Traits | None) -> str:
    """Why this parent may not act for this child; empty when they may."""
    if parent is None:
        return "this number is not known"
    if parent.birth_date >= child.birth_date:
        return "a parent is older than their child"
    if child.age_on(clock.today()) >= settings.current().majority_age:
        return "the person is of age"  # rules.md MI-4
    return ""


def await_parent(record_id: UUID, ins: str) -> None:
    """Remember that the insurer named this number as a parent of the record's holder."""
    index = crypto.blind("ins", ins)
    with db.write() as tx:
        if tx.execute(_ONE, {"record_id": record_id, "ins_index": index}).first() is None:
            tx.execute(
                insert(AwaitedParent).values(record_id=record_id, id=new_id(), ins_index=index, since=clock.now())
            )


def link_awaited(person_id: UUID, parent: people.Traits) -> bool:
    """Link a person to the children that named them before; gives whether there were any."""
    linked = False
    with db.write() as tx:
        for row in tx.execute(_FOR, {"ins_index": crypto.blind("ins", parent.ins)}).all():
            child = people.person(records.record(row.record_id).person_id)
            if not why_no_link(child, parent):
                linked |= link_parent(row.record_id, person_id)
            tx.execute(
                delete(AwaitedParent).where(AwaitedParent.record_id == row.record_id, AwaitedParent.id == row.id)
            )
    return linked


def is_awaited(record_id: UUID, ins: str) -> bool:
    """Whether the insurer named this number as a parent of the record's holder, and the link is still to be made."""
    with db.read() as tx:
        values = {"record_id": record_id, "ins_index": crypto.blind("ins", ins)}
        return tx.execute(_ONE, values).first() is not None
