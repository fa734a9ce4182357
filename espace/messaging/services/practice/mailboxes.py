"""Professional mailboxes kept here: opened, made for a place, described, closed (rules.md MS-8, MS-9).

The address and the kind of a mailbox never change, and an address that was ever one is never given to another.
"""

import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, crypto, db, settings
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.messaging.models import Mailbox, MailboxToken
from espace.messaging.services.boxes import (
    MAILBOX_COLUMNS,
    BoxKind,
    MailboxFacts,
    address_index,
    mailbox_at,
    mailbox_of,
    opened_mailbox,
)
from espace.people import services as people
from espace.people.services import Professional, Structure, directory
from espace.permissions import SYSTEM, Actor, ActorKind, demand_fresh_proof
from espace.words import N_, Message, one_line

from . import listed

MOST_OF_A_PLACE = 50
LONGEST_NAME = 100
_LOCAL = re.compile(r"[a-z0-9](?:[._-]?[a-z0-9]){1,63}")
_RESERVED = frozenset({"abuse", "admin", "administrator", "hostmaster", "noreply", "postmaster", "root", "security"})
OF_PLACES = (BoxKind.ORG, BoxKind.CAB, BoxKind.APP)
_TABLE = Mailbox.__tablename__


class Own(StrEnum):
    """Where the personal mailbox of a professional is, as the directory says."""

    HERE = "here"
    CLOSED = "closed"
    TO_OPEN = "to-open"
    SHARED = "shared"
    """Their address stands with several professionals: it is a team's, not one person's."""
    ELSEWHERE = "elsewhere"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class NewMailbox:
    """A mailbox to be made for a place: its kind, the two parts of its address, the name shown, the place."""

    kind: BoxKind
    local: str
    domain: str
    name: str
    structure_id: UUID


_OF_PLACE = (
    select(Mailbox.id).where(Mailbox.structure_id == bindparam("structure"), Mailbox.closed_at.is_(None)).limit(60)
)
_CLOSED = (
    select(*MAILBOX_COLUMNS)
    .where(
        Mailbox.closed_at.is_not(None),
        (Mailbox.professional_id == bindparam("mine")) | (Mailbox.responsible_id == bindparam("mine")),
    )
    .order_by(Mailbox.id)
)
_ONE = select(*MAILBOX_COLUMNS).where(Mailbox.id == bindparam("mailbox"))


def facts_of(mailbox_id: UUID) -> MailboxFacts:
    """A mailbox, for the house itself: no right is asked.

    Raises:
        NotFoundError: when there is none of this id.
    """
    with db.read() as tx:
        row = tx.execute(_ONE, {"mailbox": mailbox_id}).first()
        if row is None:
            raise NotFoundError
        return opened_mailbox(tx, row)


def own(professional: Professional) -> Own:
    """Where the personal mailbox of a professional is."""
    if not professional.mssante:
        return Own.NONE
    if not is_ours(professional.mssante):
        return Own.ELSEWHERE
    found = mailbox_at(professional.mssante)
    if found is not None and found.professional_id == professional.id:
        return Own.HERE if found.closed_at is None else Own.CLOSED
    if found is not None or len(directory.at_address(professional.mssante)) > 1:
        return Own.SHARED
    return Own.TO_OPEN


def open_own(professional: Professional) -> UUID | None:
    """Open the personal mailbox of a professional whose address in the directory is one of ours (MS-8).

    Gives its id; None where there is nothing to open, because it stands open already or their mail goes elsewhere.
    """
    if own(professional) is not Own.TO_OPEN:
        return None
    facts = MailboxFacts(
        id=new_id(),
        kind=BoxKind.PER,
        address=professional.mssante.strip(),
        name=professional.display_name,
        professional_id=professional.id,
        structure_id=None,
        responsible_id=None,
        listed=True,
        closed_at=None,
        version=1,
    )
    with db.write() as tx:
        if not _insert(tx, facts):
            return None  # somebody opened it meanwhile
        audit.record(SYSTEM, facts.id, Action.MAILBOX_MADE, objects=[told(facts)])
    return facts.id


def open_everybody() -> int:
    """Open the personal mailbox of every professional of the directory whose address is ours; gives how many."""
    count, after = 0, None
    while found := directory.in_practice(after):
        count += sum(open_own(one) is not None for one in found if one.mssante)
        after = found[-1].id
    return count


def make(actor: Actor, new: NewMailbox) -> UUID:
    """Make the mailbox of a team, a practice or a software; who makes it answers for it.

    Raises:
        InvalidError: for an address that is wrong or taken, a place where they do not practise, a place with too many.
        StepUpError: when the proof is old: it speaks in the place's name (security.md R9).
    """
    demand_fresh_proof(actor)
    facts, place = _checked(actor, new)
    with db.write() as tx:
        if len(tx.execute(_OF_PLACE, {"structure": place.id}).all()) >= MOST_OF_A_PLACE:
            raise InvalidError({"structure": N_("This place has as many mailboxes as a place may have.")})
        if not _insert(tx, facts):
            raise InvalidError({"local": _TAKEN})
        listed.post(tx, facts, place)
        audit.record(actor, facts.id, Action.MAILBOX_MADE, objects=[told(facts)])
    return facts.id


_TAKEN = N_("This address is taken. Choose another one.")


def _checked(actor: Actor, new: NewMailbox) -> tuple[MailboxFacts, Structure]:
    """What is made, once nothing of it is wrong."""
    problems: dict[str, Message] = {}
    local, domain, name = new.local.strip().lower(), new.domain.strip().lower(), one_line(new.name)
    place = next((one for one in people.professional(actor.id).structures if one.id == new.structure_id), None)
    if new.kind not in OF_PLACES:
        problems["kind"] = N_("Choose what the mailbox is for.")
    if place is None:
        problems["structure"] = N_("Choose a place where you practise.")
    if domain not in settings.current().mailbox_domain_list:
        problems["domain"] = N_("Choose what stands behind the @.")
    if not _LOCAL.fullmatch(local):
        problems["local"] = N_("Write small letters without accents, digits, dots or hyphens: secretariat.pediatrie")
    elif local in _RESERVED or _is_taken(f"{local}@{domain}"):
        problems["local"] = _TAKEN
    if problem := wrong_name(name):
        problems["name"] = problem
    if problems or place is None:
        raise InvalidError(problems)
    facts = MailboxFacts(
        id=new_id(),
        kind=new.kind,
        address=f"{local}@{domain}",
        name=name,
        professional_id=None,
        structure_id=place.id,
        responsible_id=actor.id,
        listed=new.kind is not BoxKind.APP,
        closed_at=None,
        version=1,
    )
    return facts, place


def _is_taken(address: str) -> bool:
    """Whether an address is a mailbox's, was one, or stands in the directory with a professional."""
    return mailbox_at(address) is not None or bool(directory.at_address(address))


def wrong_name(name: str) -> Message | None:
    """Why a name cannot be shown; one with an @ would pass for another's address."""
    if 2 <= len(name) <= LONGEST_NAME and "@" not in name:
        return None
    return N_(
        "Write the name that people will read, of %(most)d letters at most, without an address.", most=LONGEST_NAME
    )


def leads(actor: Actor, facts: MailboxFacts) -> bool:
    """Whether a professional decides about a mailbox: their own, or one they answer for."""
    return actor.kind is ActorKind.PROFESSIONAL and actor.id in (facts.professional_id, facts.responsible_id)


def led(actor: Actor, mailbox_id: UUID) -> MailboxFacts:
    """A mailbox about which the actor decides.

    Raises:
        NotFoundError: for who only works in it, and for everybody else.
    """
    facts = mailbox_of(actor, mailbox_id)
    if not leads(actor, facts):
        raise NotFoundError
    return facts


def close(actor: Actor, mailbox_id: UUID) -> None:
    """Close a mailbox: it takes no mail any more, nobody reads in it, and its programs send nothing.

    Raises:
        NotFoundError: for who does not decide about it.
    """
    facts = led(actor, mailbox_id)
    with db.write() as tx:
        tx.execute(
            update(Mailbox)
            .where(Mailbox.id == facts.id, Mailbox.closed_at.is_(None))
            .values(closed_at=clock.now(), version=Mailbox.version + 1)
        )
        tx.execute(
            update(MailboxToken)
            .where(MailboxToken.mailbox_id == facts.id, MailboxToken.ended_at.is_(None))
            .values(ended_at=clock.now())
        )
        listed.take_away(tx, facts.id)
        audit.record(actor, facts.id, Action.MAILBOX_CLOSED, objects=[told(facts)])


def closed(actor: Actor) -> list[MailboxFacts]:
    """The closed mailboxes about which a professional decides: their own, and those of places where they practise."""
    with db.read() as tx:
        found = [opened_mailbox(tx, row) for row in tx.execute(_CLOSED, {"mine": actor.id})]
    places = directory.practising({one.structure_id for one in found if one.structure_id}, [actor.id])
    return [one for one in found if one.structure_id is None or (one.structure_id, actor.id) in places]


def one_closed(actor: Actor, mailbox_id: UUID) -> MailboxFacts:
    """A closed mailbox about which a professional decides.

    Raises:
        NotFoundError: when it is none of theirs, or open.
    """
    found = next((one for one in closed(actor) if one.id == mailbox_id), None)
    if found is None:
        raise NotFoundError
    return found


def reopen(actor: Actor, mailbox_id: UUID) -> None:
    """Open a closed mailbox again, with what it held; its programs need new tokens.

    Raises:
        NotFoundError: when it is none of `closed(actor)`.
        StepUpError: when the proof is old.
    """
    demand_fresh_proof(actor)
    facts = one_closed(actor, mailbox_id)
    with db.write() as tx:
        tx.execute(update(Mailbox).where(Mailbox.id == facts.id).values(closed_at=None, version=Mailbox.version + 1))
        place = directory.structure(facts.structure_id) if facts.structure_id else None
        listed.post(tx, facts, place)
        audit.record(actor, facts.id, Action.MAILBOX_REOPENED, objects=[told(facts)])


def is_ours(address: str) -> bool:
    """Whether an address is that of a mailbox kept here, open or not: its domain says so."""
    return address.strip().rpartition("@")[2].lower() in settings.current().mailbox_domain_list


def _insert(tx: Connection, facts: MailboxFacts) -> bool:
    """Write a new mailbox with its key; False when its address was taken meanwhile."""
    crypto.new_owner_key(tx, facts.id)
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    made = tx.execute(
        dialect.insert(Mailbox)
        .values(
            id=facts.id,
            address_index=address_index(facts.address),
            kind=facts.kind.value,
            professional_id=facts.professional_id,
            structure_id=facts.structure_id,
            responsible_id=facts.responsible_id,
            listed=facts.listed,
            made_at=clock.now(),
            closed_at=None,
            version=facts.version,
            payload=crypto.seal(tx, facts.id, _TABLE, facts.id, sealed_part(facts)),
        )
        .on_conflict_do_nothing()
        .returning(Mailbox.id)
    ).first()
    if made is None:
        crypto.destroy(tx, facts.id)
        return False
    return True


def write(tx: Connection, facts: MailboxFacts, version: int) -> None:
    """Write what changed of an open mailbox.

    Raises:
        ConflictError: when it is not as it was at `version` any more.
    """
    done = tx.execute(
        update(Mailbox)
        .where(Mailbox.id == facts.id, Mailbox.version == version, Mailbox.closed_at.is_(None))
        .values(
            listed=facts.listed,
            version=version + 1,
            payload=crypto.seal(tx, facts.id, _TABLE, facts.id, sealed_part(facts)),
        )
    )
    if done.rowcount != 1:
        raise ConflictError


_PLAIN = {"id", "kind", "professional_id", "structure_id", "responsible_id", "listed", "closed_at", "version"}


def sealed_part(facts: MailboxFacts) -> dict[str, Any]:
    """What of a mailbox lies in its payload."""
    return {name: value for name, value in asdict(facts).items() if name not in _PLAIN}


def told(facts: MailboxFacts) -> dict[str, str]:
    """A mailbox as the trail names it."""
    return {"id": str(facts.id), "name": facts.name}
