"""The pharmacies a person knows: those that may be sent a prescription without having written first (rules.md MS-3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select

from espace import db, settings
from espace.access.services.seeing.readers import readers
from espace.db import Id
from espace.documents.services.library.depositors import depositors
from espace.messaging.models import Mailbox
from espace.messaging.services.boxes import MAILBOX_COLUMNS, Box, BoxKind, MailboxFacts, opened_mailbox
from espace.people import services as people
from espace.people.services.directory import structure, structures
from espace.permissions import Permission, Standing

PHARMACY = "SA33"
"""The sector of pharmacies that serve the public (TRE_R02)."""

_TEAM_BOXES = (
    select(*MAILBOX_COLUMNS)
    .where(
        Mailbox.structure_id.in_(bindparam("places", expanding=True, type_=Id)),
        Mailbox.kind == BoxKind.ORG.value,
        Mailbox.closed_at.is_(None),
    )
    .order_by(Mailbox.id)
)


@dataclass(frozen=True, slots=True)
class KnownPharmacy:
    """A pharmacy that takes messages, known to a person."""

    address: str
    name: str


def is_pharmacy(facts: MailboxFacts) -> bool:
    """Whether a mailbox is one under which a pharmacy takes messages: its team's own (MS-9), still open."""
    if facts.kind is not BoxKind.ORG or facts.closed_at is not None or facts.structure_id is None:
        return False
    place = structure(facts.structure_id)
    return place is not None and place.sector_code == PHARMACY


def known_pharmacies(box: Box) -> list[KnownPharmacy]:
    """Those that a person knows; none for a mailbox, nor in a house without the exception."""
    if box.standing is None or not settings.current().pharmacy_exception:
        return []
    places = _places(box.standing)
    if not places:
        return []
    with db.read() as tx:
        found = [opened_mailbox(tx, row) for row in tx.execute(_TEAM_BOXES, {"places": sorted(places)})]
    return [KnownPharmacy(one.address, one.name) for one in found]


def knows(box: Box, facts: MailboxFacts) -> bool:
    """Whether a mailbox is that of a pharmacy known to the person whose box this is."""
    return box.standing is not None and is_pharmacy(facts) and facts.structure_id in _places(box.standing)


def _places(standing: Standing) -> frozenset[UUID]:
    """The pharmacies whose people left a document this reader sees, or that see the record by a decision of its person.

    What the reader may not see makes no pharmacy known to them (security.md R13).
    """
    known = depositors(standing)
    deciders = {one.professional_id for one in readers(standing)} if standing.may(Permission.ACCESS_MANAGE) else set()
    by_people = _pharmacies_of(people.professionals(known | deciders).values())
    themselves = {place.id for place in structures(deciders).values() if place.sector_code == PHARMACY}
    return frozenset(by_people | themselves)


def _pharmacies_of(professionals: Iterable[people.Professional]) -> set[UUID]:
    return {place.id for one in professionals for place in one.structures if place.sector_code == PHARMACY}
