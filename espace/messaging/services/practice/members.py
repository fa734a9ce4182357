"""Who works in the mailbox of a place: colleagues of that place, brought in by who answers for it (rules.md MS-8)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.messaging.models import Conversation, Mailbox, MailboxMember
from espace.messaging.services.boxes import MailboxFacts, mailbox_of
from espace.people import services as people
from espace.people.services import Professional, directory
from espace.permissions import Actor, demand_fresh_proof
from espace.words import N_

from .mailboxes import facts_of, leads, led

MOST = 100
_TEAM = 300
"""So many colleagues of one place are offered; more are found by nobody in a list."""


@dataclass(frozen=True, slots=True)
class Member:
    """One of those who work in a mailbox; `since` is None for who answers for it without having been brought in."""

    professional: Professional
    since: datetime | None
    is_responsible: bool


_MEMBERS = (
    select(MailboxMember.professional_id, MailboxMember.since)
    .where(MailboxMember.mailbox_id == bindparam("mailbox"))
    .order_by(MailboxMember.since, MailboxMember.professional_id)
    .limit(MOST + 1)
)


def members(facts: MailboxFacts) -> list[Member]:
    """Who works in a mailbox: who answers for it first, then those brought in who practise at its place still."""
    with db.read() as tx:
        since = {row.professional_id: row.since for row in tx.execute(_MEMBERS, {"mailbox": facts.id})}
    first = facts.professional_id or facts.responsible_id
    ids = list(dict.fromkeys([*([first] if first else []), *since]))
    known = people.professionals(ids)
    here = [known[one] for one in ids if one in known and known[one].active and _is_at(known[one], facts)]
    return [Member(one, since.get(one.id), is_responsible=one.id == first) for one in here]


def candidates(facts: MailboxFacts) -> list[Professional]:
    """The colleagues of the place who may be brought in."""
    if facts.structure_id is None:
        return []
    inside = {one.professional.id for one in members(facts)}
    return [one for one in directory.team(facts.structure_id, _TEAM) if one.id not in inside]


def add(actor: Actor, mailbox_id: UUID, professional_id: UUID) -> None:
    """Bring a colleague of the same place in; again for one who is in changes nothing.

    Raises:
        InvalidError: for who does not practise there, or when the team is as large as one may be.
        NotFoundError: for who does not decide about the mailbox.
        StepUpError: when the proof is old: somebody more reads (security.md R9).
    """
    demand_fresh_proof(actor)
    facts = led(actor, mailbox_id)
    found = _colleague(facts, professional_id)
    with db.write() as tx:
        known = {row.professional_id for row in tx.execute(_MEMBERS, {"mailbox": facts.id})}
        if found.id in known:
            return
        if len(known) >= MOST:
            raise InvalidError({"professional": N_("This team is as large as one may be.")})
        if _put_in(tx, facts.id, found.id):
            audit.record(actor, facts.id, Action.MAILBOX_MEMBER_ADDED, objects=[_told(found)])


def remove(actor: Actor, mailbox_id: UUID, professional_id: UUID) -> None:
    """Have somebody read nothing here any more, at once; who answers for the mailbox hands it over first.

    Raises:
        NotFoundError: for who does not decide about the mailbox, or for who is not in it.
    """
    facts = led(actor, mailbox_id)
    if professional_id in (facts.responsible_id, facts.professional_id):
        raise NotFoundError
    _take_out(actor, facts, professional_id)


def leave(actor: Actor, mailbox_id: UUID) -> None:
    """Leave a mailbox oneself.

    Raises:
        NotFoundError: for who is not in it, or answers for it: that is handed over first.
    """
    facts = mailbox_of(actor, mailbox_id)
    if leads(actor, facts):
        raise NotFoundError
    _take_out(actor, facts, actor.id)


def hand_over(actor: Actor, mailbox_id: UUID, professional_id: UUID) -> None:
    """Let a colleague of the same place answer for the mailbox from now on; one goes on working in it.

    Raises:
        ConflictError: when somebody else handed it over meanwhile.
        InvalidError: for who does not practise there.
        NotFoundError: for who does not decide about the mailbox, and for a personal one.
        StepUpError: when the proof is old.
    """
    demand_fresh_proof(actor)
    facts = led(actor, mailbox_id)
    if facts.structure_id is None:
        raise NotFoundError
    _make_responsible(actor, facts, _colleague(facts, professional_id))


def take_over(actor: Actor, mailbox_id: UUID) -> None:
    """Answer for a mailbox whose responsible professional does not practise there any more.

    Raises:
        ConflictError: when a colleague was faster.
        NotFoundError: for who does not work in it, or while somebody answers for it.
        StepUpError: when the proof is old.
    """
    demand_fresh_proof(actor)
    facts = mailbox_of(actor, mailbox_id)
    if not is_orphan(facts):
        raise NotFoundError
    _make_responsible(actor, facts, people.professional(actor.id))


def is_orphan(facts: MailboxFacts) -> bool:
    """Whether nobody answers for the mailbox of a place any more: its responsible professional left or stopped."""
    if facts.structure_id is None:
        return False
    found = people.professionals([facts.responsible_id]) if facts.responsible_id else {}
    return not any(one.active and _is_at(one, facts) for one in found.values())


def works_in(mailbox_id: UUID, professional_id: UUID) -> Professional:
    """A professional who works in a mailbox.

    Raises:
        NotFoundError: for one who does not.
    """
    inside = members(facts_of(mailbox_id))
    found = next((one.professional for one in inside if one.professional.id == professional_id), None)
    if found is None:
        raise NotFoundError
    return found


def _is_at(professional: Professional, facts: MailboxFacts) -> bool:
    return facts.structure_id is None or any(one.id == facts.structure_id for one in professional.structures)


def _colleague(facts: MailboxFacts, professional_id: UUID) -> Professional:
    found = people.professionals([professional_id]).get(professional_id)
    if found is None or not found.active or facts.structure_id is None or not _is_at(found, facts):
        raise InvalidError({"professional": N_("Choose a colleague who practises at this place.")})
    return found


def _put_in(tx: Connection, mailbox_id: UUID, professional_id: UUID) -> bool:
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    values = {"mailbox_id": mailbox_id, "professional_id": professional_id, "since": clock.now()}
    adding = dialect.insert(MailboxMember).values(**values).on_conflict_do_nothing()
    return tx.execute(adding.returning(MailboxMember.mailbox_id)).first() is not None


def _take_out(actor: Actor, facts: MailboxFacts, professional_id: UUID) -> None:
    """Their membership goes, and what was theirs to answer is nobody's again."""
    with db.write() as tx:
        gone = tx.execute(
            delete(MailboxMember).where(
                MailboxMember.mailbox_id == facts.id, MailboxMember.professional_id == professional_id
            )
        )
        if gone.rowcount != 1:
            raise NotFoundError
        tx.execute(
            update(Conversation)
            .where(Conversation.box_id == facts.id, Conversation.assigned_to == professional_id)
            .values(assigned_to=None, version=Conversation.version + 1)
        )
        known = people.professionals([professional_id]).values()
        audit.record(actor, facts.id, Action.MAILBOX_MEMBER_REMOVED, objects=[_told(one) for one in known])


def _make_responsible(actor: Actor, facts: MailboxFacts, found: Professional) -> None:
    if found.id == facts.responsible_id:
        return
    with db.write() as tx:
        done = tx.execute(
            update(Mailbox)
            .where(Mailbox.id == facts.id, Mailbox.version == facts.version, Mailbox.closed_at.is_(None))
            .values(responsible_id=found.id, version=facts.version + 1)
        )
        if done.rowcount != 1:
            raise ConflictError
        _put_in(tx, facts.id, found.id)
        if facts.responsible_id == actor.id:
            _put_in(tx, facts.id, actor.id)
        audit.record(actor, facts.id, Action.MAILBOX_HANDED_OVER, objects=[_told(found)])


def _told(professional: Professional) -> dict[str, str]:
    return {"id": str(professional.id), "name": professional.display_name}
