"""Objecting to a record, by its letter or as the child's parent, and coming back (rules.md AC-1, AC-6, AC-7)."""

from uuid import UUID

from espace import db
from espace.accounts.services import account_of
from espace.errors import ConflictError
from espace.people.services import Person
from espace.permissions import Actor, ActorKind, demand_fresh_proof

from .facts import ACTIVE, ANNOUNCED, OPEN, OPPOSED, StateFacts, state_of
from .opening import mark_active
from .transitions import Act, Part, allowed, as_holder, check, enter, go_back, locked, trace


def bearer(person: Person) -> Actor:
    """Who acts by a person's letter, without session: shown under the person's name."""
    return Actor(ActorKind.PATIENT, person.id, person.display_name, person_id=person.id)


def may_oppose(state: StateFacts, part: Part) -> bool:
    """Whether this record can be objected to now. A person who came in closes it from their account instead."""
    if not allowed(state.state, Act.OPPOSE, part):
        return False
    return state.state != ACTIVE or account_of(state.person_id) is None


def oppose(actor: Actor, record_id: UUID, part: Part) -> StateFacts:
    """Object to a record: nothing enters it and nobody reads it any more. Narrowing asks for no fresh proof (R9).

    `part` is LETTER after `letter_proof.recognise`, or REPRESENTATIVE where `family` judged that the actor is one:
    a child's record needs nothing from the parent's own (AC-7).

    Raises:
        ConflictError: when it is in no state to be opposed, or its holder has an account and closes it there.
        NotFoundError: when there is no such record.
        RefusedError: when this part may not.
    """
    with db.write() as tx:
        held = locked(tx, record_id)
        rule = check(held, Act.OPPOSE, part)
        if not may_oppose(held.state, part):
            raise ConflictError
        enter(tx, held, OPPOSED, details={"by": part.value})
        trace(actor, record_id, rule.action, {"by": part.value})
        return state_of(record_id)


def withdraw_opposition(actor: Actor, record_id: UUID, part: Part) -> StateFacts:
    """Come back: the state before returns, and becomes active where the holder has an account already.

    Raises:
        ConflictError: when the record is not opposed.
        NotFoundError: when there is no such record, or a HOLDER is not its holder.
        RefusedError: when this part may not.
        StepUpError: for a session (widening, R9); a letter has just been shown.
    """
    if part is not Part.LETTER:
        demand_fresh_proof(actor)
    with db.write() as tx:
        held = locked(tx, record_id)
        rule = check(held, Act.WITHDRAW_OPPOSITION, part)
        if part is Part.HOLDER:
            as_holder(actor, held)
        state = go_back(tx, held)
        trace(actor, record_id, rule.action, {"by": part.value})
        # Whoever activated their account while the record was opposed is in it from now on.
        if state in (ANNOUNCED, OPEN) and account_of(held.state.person_id) is not None:
            mark_active(record_id)
        return state_of(record_id)
