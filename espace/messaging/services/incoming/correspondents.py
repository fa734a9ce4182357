"""With whom a box exchanges messages: who wrote first, who ended the exchange (rules.md MS-2, MS-5).

What a minor exchanges secretly with somebody has a row of its own, so that the open one tells parents nothing (R13);
in the box of that somebody as well, who may end one of the two.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from espace import crypto, db, settings
from espace.db import Digest, Id
from espace.identifiers import WrongInsError, new_id, parse_ins
from espace.messaging.models import Correspondent
from espace.messaging.services.boxes import Box, mailbox_at
from espace.messaging.services.facts import Party, open_party, seal_party
from espace.messaging.services.places import PlaceKind, RefusedAddressError, place_of
from espace.messaging.services.rights import Exchange
from espace.people import services as people
from espace.people.services.directory import at_address as at

_COLUMNS = (
    Correspondent.id,
    Correspondent.professional_id,
    Correspondent.patient_record_id,
    Correspondent.wrote_at,
    Correspondent.closed_at,
    Correspondent.last_at,
    Correspondent.secret,
    Correspondent.payload,
)
_OF_BOX = select(*_COLUMNS).where(Correspondent.box_id == bindparam("box", type_=Id))
_AT = _OF_BOX.where(Correspondent.address_index.in_(bindparam("indexes", expanding=True, type_=Digest(32))))
_NEWEST = _OF_BOX.order_by(Correspondent.last_at.desc(), Correspondent.id.desc()).limit(bindparam("limit"))
_OPEN_ONLY = (
    _OF_BOX.where(Correspondent.secret.is_(False))
    .order_by(Correspondent.last_at.desc(), Correspondent.id.desc())
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class CorrespondentFacts:
    """Somebody a box exchanges messages with, as its reader may know them."""

    id: UUID
    address: str
    name: str
    role: str
    professional_id: UUID | None
    patient_record_id: UUID | None
    wrote_at: datetime | None
    closed_at: datetime | None
    last_at: datetime
    secret: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """What one message says of the exchange with one side.

    `wrote`: they wrote it, themselves. `closes`: True ends the exchange, False opens it again, None says nothing.
    """

    party: Party
    at: datetime
    secret: bool = False
    wrote: bool = False
    closes: bool | None = None


def is_patient(address: str) -> bool:
    """Whether an address is that of a patient (rules.md MS-1): of this house, or of another one that names them alike.

    No professional's address begins with an INS and its key; what patients may not do, they may not from elsewhere.
    """
    local, _, domain = address.strip().lower().rpartition("@")
    if domain == settings.current().patient_domain.lower():
        return True
    try:
        parse_ins(local)
    except WrongInsError:
        return False
    return True


def index_of(box_id: UUID, address: str, *, secret: bool = False) -> bytes:
    """The blind index of an address within one box."""
    kind = "secret" if secret else "open"
    return crypto.blind("correspondent", f"{box_id}:{kind}:{address.strip().lower()}")


@dataclass(frozen=True, slots=True)
class Noted:
    """The row of one side, and who it is: as the directory says where it knows them.

    `turn`: True when this message ended the exchange, False when it opened an ended one again, None otherwise.
    """

    id: UUID
    party: Party
    turn: bool | None = None


def note(tx: Connection, box_id: UUID, contact: Contact) -> Noted:
    """Keep what a message says of its other side."""
    index = index_of(box_id, contact.party.address, secret=contact.secret)
    indexes = [index]
    if contact.closes is not None and not contact.secret:
        indexes.append(index_of(box_id, contact.party.address, secret=True))
    rows = tx.execute(_AT, {"box": box_id, "indexes": indexes}).all()
    row = next((one for one in rows if one.secret == contact.secret), None)
    for other in rows:
        if other is not row and (other.closed_at is None) == contact.closes:
            _end(tx, box_id, other.id, contact)
    if row is None:
        return _add(tx, box_id, index, contact)
    values: dict[str, Any] = {"last_at": max(row.last_at, contact.at)}
    if contact.wrote and row.wrote_at is None:
        values["wrote_at"] = contact.at
    if contact.closes is not None:
        values["closed_at"] = contact.at if contact.closes else None
    party = open_party(tx, box_id, row.id, row.payload)
    if contact.wrote and contact.party.name and not party.role and contact.party.name != party.name:
        party = replace(party, name=contact.party.name)
        values["payload"] = seal_party(tx, box_id, row.id, party)
    tx.execute(update(Correspondent).where(Correspondent.box_id == box_id, Correspondent.id == row.id).values(**values))
    turned = contact.closes is not None and contact.closes != (row.closed_at is not None)
    return Noted(row.id, party, contact.closes if turned else None)


def known(box: Box, limit: int = 500) -> list[CorrespondentFacts]:
    """Everybody this reader of a box may know it exchanges messages with, the latest first; each address once."""
    with db.read() as tx:
        rows = tx.execute(_NEWEST if box.sees_secret else _OPEN_ONLY, {"box": box.id, "limit": limit}).all()
        found = [_as_seen(box, _opened(tx, box.id, row)) for row in rows]
    once: dict[str, CorrespondentFacts] = {}
    for one in found:
        if one is None:
            continue
        other = once.get(one.address.lower())
        if other is None or _is_freer(one, other):
            once[one.address.lower()] = one
    return list(once.values())


def at_address(box: Box, address: str) -> list[CorrespondentFacts]:
    """What this reader may know of the exchange with an address: nothing, the open row, the secret one, or both."""
    return at_addresses(box, [address])


def at_addresses(box: Box, addresses: Iterable[str]) -> list[CorrespondentFacts]:
    """As `at_address`, of several in one statement."""
    indexes = [index_of(box.id, one) for one in addresses]
    if box.sees_secret:
        indexes += [index_of(box.id, one, secret=True) for one in addresses]
    if not indexes:
        return []
    with db.read() as tx:
        rows = tx.execute(_AT, {"box": box.id, "indexes": indexes}).all()
        found = [_as_seen(box, _opened(tx, box.id, row)) for row in rows]
    return [one for one in found if one is not None]


def exchange(
    box: Box,
    address: str,
    *,
    known_pharmacy: bool = False,
    with_prescription: bool = False,
    among: Sequence[CorrespondentFacts] | None = None,
) -> Exchange:
    """The facts by which `rights.may_write` judges whether a box may write to an address.

    `among`: what `at_addresses` gave of it and of others, so that nothing is asked again.
    """
    met = (
        at_address(box, address) if among is None else [one for one in among if one.address.lower() == address.lower()]
    )
    wrote = [one for one in met if one.wrote_at is not None]
    free = [one for one in wrote if one.closed_at is None]
    said = (free or wrote)[0] if wrote else None
    return Exchange(
        from_patient=box.is_person,
        to_patient=is_patient(address),
        may_write=box.may_write,
        wrote_at=said.wrote_at if said else None,
        closed_at=said.closed_at if said else None,
        known_pharmacy=known_pharmacy,
        pharmacy_exception=settings.current().pharmacy_exception,
        with_prescription=with_prescription,
    )


def find(tx: Connection, box_id: UUID, address: str) -> CorrespondentFacts | None:
    """What is known of the open exchange of a box with an address, for acts of the house."""
    row = tx.execute(_AT, {"box": box_id, "indexes": [index_of(box_id, address)]}).first()
    return None if row is None else _opened(tx, box_id, row)


def has_ended(mailbox_id: UUID, patient_address: str, *, secret: bool = False) -> bool:
    """Whether a mailbox ended the exchange with a patient (rules.md MS-5).

    What it ended secretly says nothing of the open exchange: its refusal would tell parents of it (R13).
    """
    indexes = [index_of(mailbox_id, patient_address, secret=one) for one in (False, True)]
    with db.read() as tx:
        rows = {row.secret: row.closed_at for row in tx.execute(_AT, {"box": mailbox_id, "indexes": indexes})}
    return rows.get(secret, rows.get(not secret)) is not None


def _is_freer(one: CorrespondentFacts, other: CorrespondentFacts) -> bool:
    """Whether one of two rows of an address lets write where the other does not."""
    return (one.wrote_at is not None and one.closed_at is None) and not (other.wrote_at and other.closed_at is None)


def _as_seen(box: Box, facts: CorrespondentFacts) -> CorrespondentFacts | None:
    """What a reader up to a limit knows: nothing of what came later (R15)."""
    limit = box.arrived_before
    if limit is None:
        return facts
    if facts.wrote_at is None or facts.wrote_at >= limit:
        return None
    ended = facts.closed_at if facts.closed_at is not None and facts.closed_at < limit else None
    return replace(facts, closed_at=ended, last_at=facts.wrote_at)


def _opened(tx: Connection, box_id: UUID, row: Any) -> CorrespondentFacts:
    party = open_party(tx, box_id, row.id, row.payload)
    return CorrespondentFacts(
        id=row.id,
        address=party.address,
        name=party.name,
        role=party.role,
        professional_id=row.professional_id,
        patient_record_id=row.patient_record_id,
        wrote_at=row.wrote_at,
        closed_at=row.closed_at,
        last_at=row.last_at,
        secret=row.secret,
    )


def _end(tx: Connection, box_id: UUID, row_id: UUID, contact: Contact) -> None:
    """Who ends an exchange openly ends the secret one too; the other way round parents would learn of it."""
    this = (Correspondent.box_id == box_id, Correspondent.id == row_id)
    tx.execute(update(Correspondent).where(*this).values(closed_at=contact.at if contact.closes else None))


def _add(tx: Connection, box_id: UUID, index: bytes, contact: Contact) -> Noted:
    row_id = new_id()
    professional_id, party = _as_listed(contact.party)
    tx.execute(
        insert(Correspondent).values(
            box_id=box_id,
            id=row_id,
            address_index=index,
            professional_id=professional_id,
            patient_record_id=_record_at(contact.party.address),
            wrote_at=contact.at if contact.wrote else None,
            closed_at=contact.at if contact.closes else None,
            last_at=contact.at,
            secret=contact.secret,
            payload=seal_party(tx, box_id, row_id, party),
        )
    )
    return Noted(row_id, party, turn=True if contact.closes else None)


def _as_listed(party: Party) -> tuple[UUID | None, Party]:
    """The one professional whose address this is, under the directory's own name: whoever writes may call themselves
    anything. A mailbox of this house that is a team's is known by its name; of others only what they say.
    """
    if is_patient(party.address):
        return None, party
    own = mailbox_at(party.address)
    if own is not None and own.professional_id is None:
        return None, replace(party, name=own.name)
    found = [people.professional(own.professional_id)] if own and own.professional_id else at(party.address)
    if len(found) != 1:
        return None, party
    return found[0].id, replace(party, name=found[0].display_name, role=found[0].plain_label)


def _record_at(address: str) -> UUID | None:
    if not is_patient(address):
        return None
    try:
        place = place_of(address)
    except RefusedAddressError:
        return None
    return place.box_id if place.kind is PlaceKind.PERSON else None
