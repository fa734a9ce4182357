"""To whom one may write, and why not to the others: in the words that `rights` decides by (rules.md MS-2 to MS-5)."""

from dataclasses import dataclass
from datetime import datetime

from espace import crypto, db
from espace.audit.services import Action
from espace.messaging.services import apart, pharmacies
from espace.messaging.services.boxes import Box, mailbox_at
from espace.messaging.services.facts import Party
from espace.messaging.services.incoming import correspondents
from espace.messaging.services.incoming.correspondents import CorrespondentFacts, is_patient
from espace.messaging.services.names import patient_name
from espace.messaging.services.outgoing import sending
from espace.messaging.services.pharmacies import KnownPharmacy
from espace.messaging.services.practice.choosing import Outward, outward
from espace.messaging.services.reading.lists import is_watched, leave_row
from espace.messaging.services.rights import Exchange, Why, may_write
from espace.words import Message as Words


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody one may choose, or not. `why` is a sentence for who may not be written to, or under a condition.

    `ref` names them on the page; `shown` is the address where it may be shown, "" while the names of places are kept
    from the reader.
    """

    ref: str
    address: str
    name: str
    role: str
    shown: str
    last_at: datetime | None
    allowed: bool
    why: Words | str = ""


def recipients(box: Box) -> list[Recipient]:
    """Everybody this box exchanges messages with, and for a person the pharmacies they know; the latest first."""
    found = [_of(box, one) for one in correspondents.known(box)]
    known = {one.address.lower() for one in found if one.allowed}
    for one in pharmacies.known_pharmacies(box):
        if one.address.lower() not in known:
            found = [other for other in found if other.address.lower() != one.address.lower()]
            found.append(_pharmacy(box, one))
    return sorted(found, key=lambda one: not one.allowed)


def shown(box: Box) -> list[Recipient]:
    """As `recipients`, to be shown: who writes for somebody else leaves a row, since it tells who takes care (R25).

    The row names none of them: some may be kept from those who read the trail.
    """
    if not is_watched(box):
        return recipients(box)
    with db.write():
        leave_row(box, Action.MESSAGES_LISTED, [])
        return recipients(box)


def ref(box: Box, address: str) -> str:
    """What stands on a page for an address, which may tell a place (security.md R15)."""
    return crypto.blind("recipient", f"{box.id}:{address.strip().lower()}").hex()[:24]


def notices(addresses: tuple[str, ...]) -> list[tuple[str, Outward]]:
    """What those chosen say of their answers: how long they take, and an absence."""
    told = [(one, outward(one)) for one in addresses[:10]]
    return [(address, said) for address, said in told if said is not None and (said.reply_days or said.absence)]


def may_answer(box: Box, address: str) -> Words | None:
    """Why this box may not answer an address; None when it may."""
    decision = sending.why(box, address)
    return None if decision.allowed else sending.REFUSALS[decision.why]


def others_of(box: Box, sides: tuple[Party, ...], answered: str) -> list[Party]:
    """Who else stood on a message, for an answer to all: those that this box may write to, asked in one statement.

    A pharmacy that never wrote is none of them: it may be sent a prescription, which one chooses (rules.md MS-3).
    """
    found: dict[str, Party] = {}
    for one in sides:
        # A person writes to no other (rules.md MS-4), nor to themself.
        if not (box.is_person and is_patient(one.address)):
            found.setdefault(one.address.lower(), one)
    for address in (answered.lower(), box.address.lower(), ""):
        found.pop(address, None)
    met = correspondents.at_addresses(box, found)
    return [
        one for address, one in found.items() if may_write(correspondents.exchange(box, address, among=met)).allowed
    ]


def _of(box: Box, one: CorrespondentFacts) -> Recipient:
    decision = may_write(
        Exchange(
            from_patient=box.is_person,
            to_patient=is_patient(one.address),
            may_write=box.may_write,
            wrote_at=one.wrote_at,
            closed_at=one.closed_at,
        )
    )
    seen = apart.seen(box, Party(one.address, one.name, one.role))
    return Recipient(
        ref=ref(box, one.address),
        address=one.address,
        name=seen.name or seen.address,
        role=seen.role,
        shown=seen.address,
        last_at=one.last_at,
        allowed=decision.allowed,
        why="" if decision.allowed else sending.REFUSALS[_told(decision.why)],
    )


def _pharmacy(box: Box, one: KnownPharmacy) -> Recipient:
    return Recipient(
        ref=ref(box, one.address),
        address=one.address,
        name=apart.name_seen(box, one.name, ""),
        role="",
        shown="" if box.places_kept else one.address,
        last_at=None,
        allowed=True,
        why=sending.ONLY_PRESCRIPTIONS,
    )


def _told(why: Why) -> Why:
    return why if why in sending.REFUSALS else Why.NEVER_WROTE


def names(box: Box, addresses: tuple[str, ...]) -> list[Recipient]:
    """How those chosen are called: as this box knows them, else by their address."""
    known = {one.address.lower(): one for one in recipients(box)}
    return [known.get(one.lower()) or _stranger(box, one) for one in addresses]


def _stranger(box: Box, address: str) -> Recipient:
    own = mailbox_at(address)
    name = own.name if own else patient_name(box, address) or address
    return Recipient(ref(box, address), address, name, "", address, last_at=None, allowed=True)
