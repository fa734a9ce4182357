"""Where an address leads: into a person's box, into a mailbox of this house, or out to another operator."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from espace import clock, settings
from espace.identifiers import WrongInsError, parse_ins
from espace.people import services as people
from espace.records import services as records

from .boxes import mailbox_at


class PlaceKind(StrEnum):
    """What stands behind an address."""

    PERSON = "person"
    MAILBOX = "mailbox"
    OUTSIDE = "outside"


class Refusal(StrEnum):
    """Why nothing is taken for an address of this house; the gateway and the failure mails have a text for each."""

    UNKNOWN = "unknown"
    OPPOSED = "opposed"
    ENDED = "ended"
    """The record is closed, suspended, of a dead person, or erased; or the mailbox is closed."""


class RefusedAddressError(Exception):
    """Nothing is taken for this address; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Place:
    """Where one recipient's copy goes. `box_id` is that of the box, None for one outside."""

    kind: PlaceKind
    address: str
    box_id: UUID | None = None


def place_of(address: str) -> Place:
    """Where mail to `address` goes. A space that is not activated yet receives; one that was opposed does not.

    Raises:
        RefusedAddressError: for an address of ours that takes nothing.
    """
    address = address.strip()
    local, _, domain = address.rpartition("@")
    if domain.lower() == settings.current().patient_domain.lower():
        return Place(PlaceKind.PERSON, address, _record_of(local))
    if domain.lower() in settings.current().mailbox_domain_list:
        return Place(PlaceKind.MAILBOX, address, _mailbox_of(address))
    return Place(PlaceKind.OUTSIDE, address)


def _record_of(local: str) -> UUID:
    try:
        number = parse_ins(local).number
    except WrongInsError:
        raise RefusedAddressError(Refusal.UNKNOWN) from None
    person = people.find_person(number)
    record = records.record_of(person.id) if person else None
    if record is None:
        raise RefusedAddressError(Refusal.UNKNOWN)
    if record.state == records.OPPOSED:
        raise RefusedAddressError(Refusal.OPPOSED)
    is_due = record.state == records.ANNOUNCED and record.opens_at <= clock.now()
    if record.state == records.ANNOUNCED and not is_due:
        raise RefusedAddressError(Refusal.UNKNOWN)  # nothing enters a space that may still be objected to (AC-2)
    if not (record.is_open or is_due):
        raise RefusedAddressError(Refusal.ENDED)
    return record.id


def _mailbox_of(address: str) -> UUID:
    found = mailbox_at(address)
    if found is None:
        raise RefusedAddressError(Refusal.UNKNOWN)
    if found.closed_at is not None:
        raise RefusedAddressError(Refusal.ENDED)
    return found.id
