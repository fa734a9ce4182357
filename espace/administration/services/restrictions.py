"""Entering a court's decision: both people are found by exact identity, as anybody at this desk (R15, R50)."""

from dataclasses import replace
from uuid import UUID

from espace import db
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.family.services import freezing
from espace.family.services.asking import proofs, request_desk, request_rows
from espace.family.services.asking.request_rows import Kind, Stored
from espace.family.services.orders import Order
from espace.permissions import Actor
from espace.words import N_

from . import visits
from .visits import Identity

_NO_CHILD = N_("Nobody is known under the first number and birth date. Check both.")
_NO_OTHER = N_("Nobody is known under the second number and birth date. Check both.")


def enter(actor: Actor, about: Identity, limited: Identity, order: Order, content: bytes) -> tuple[UUID, UUID]:
    """Enter a decision about one representative of somebody; gives the record and the restriction's id.

    Raises:
        InvalidError: when one of them is not found, or the second does not act for the first; beside the fields.
        NotFoundError: for an operator whose role is not for this.
        ThrottledError: after the misses allowed in an hour.
    """
    request_desk.demand(actor)
    _person, record_id = visits.look_up(actor, about, _NO_CHILD)
    other, _record = visits.look_up(actor, limited, _NO_OTHER)
    return record_id, freezing.enter(actor, record_id, other.id, order, proofs.judge(content))


def enter_asked(actor: Actor, request_id: UUID, order: Order) -> tuple[UUID, UUID]:
    """Enter the decision that a representative sent, with its own proof; their request is accepted with it.

    Raises:
        ConflictError: when it was decided meanwhile.
        NotFoundError: when it is no request of this kind. Otherwise as `freezing.enter`.
    """
    found = asked(actor, request_id)
    if found.about_id is None or found.proof_id is None:
        raise NotFoundError
    content = proofs.content(found.account_id, found.proof_id)
    proof = proofs.Proof(content, str(found.said["media"]), found.pages)
    with db.write() as tx:
        held = request_rows.locked(tx, request_id)
        if not held.state.is_open:
            raise ConflictError
        limit_id = freezing.enter(actor, found.about_id, target(found), order, proof, request_id=request_id)
        request_desk.close(tx, replace(held, said={**held.said, "limit": str(limit_id)}))
    return found.about_id, limit_id


def asked(actor: Actor, request_id: UUID) -> Stored:
    """A request that a decision be entered, which awaits the desk.

    Raises:
        NotFoundError: when there is none.
    """
    request_desk.demand(actor)
    found = request_rows.stored(request_id)
    if found.kind is not Kind.RESTRICTION or not found.state.is_open or found.about_id is None:
        raise NotFoundError
    return found


def target(found: Stored) -> UUID:
    """Whom a request wants to have limited."""
    return UUID(found.said["target"])


def checked(order: Order, *, narrows: bool) -> Order:
    """An order that narrows names its day. Raises InvalidError."""
    if narrows and order.sees_before is None:
        raise InvalidError({"sees_before": N_("Write until which day what came stays readable.")})
    return order
