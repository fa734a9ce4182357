"""Professionals and structures of the public register, found by the blind index of their number only."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from espace import crypto, db
from espace.crypto.owners import DIRECTORY
from espace.errors import NotFoundError
from espace.identifiers import parse_rpps
from espace.people.models import Practice
from espace.people.models import Professional as ProfessionalRow
from espace.people.models import Structure as StructureRow
from espace.permissions import Actor, ActorKind

from . import names
from .labels import DOCTOR, plain_label


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A place of practice, with its sector (SAxx).

    `number` is its national identifier (rules.md PR-4): 1 + FINESS, else 3 + SIRET, else the register's own.
    """

    id: UUID
    number: str
    name: str
    city: str
    sector_code: str

    @property
    def display_name(self) -> str:
        """The name as people write it."""
        return names.readable_place(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Professional:
    """A professional. Codes are those of the access matrix (`G15_10`, `G15_10/SM04`); labels are French.

    `mssante` is empty when the register gives no address of the secure mail.
    """

    id: UUID
    rpps: str
    family_name: str
    given_name: str
    title: str
    profession_code: str
    profession_label: str
    specialty_code: str
    specialty_label: str
    mssante: str
    structures: tuple[Structure, ...]
    active: bool

    @property
    def display_name(self) -> str:
        """How patients call them: `Dr Hélène Morvan`, or given and family name."""
        name = names.readable(self.given_name) + " " + names.readable(self.family_name)
        title = self.title or ("Dr" if self.profession_code == DOCTOR else "")
        return f"{title} {name}".strip()

    @property
    def plain_label(self) -> str:
        """What they are, in everyday words: their specialty, else their profession."""
        return plain_label(self.specialty_code or self.profession_code, self.display_name, self.profession_label)

    @property
    def initials(self) -> str:
        """Two letters for the badge."""
        return names.initials(self.given_name, self.family_name)

    def in_structure(self, number: str) -> Structure | None:
        """The practice situation in the structure of this number, if there is one."""
        return next((place for place in self.structures if place.number == number), None)


_COLUMNS = (ProfessionalRow.id, ProfessionalRow.active, ProfessionalRow.payload)
_BY_IDS = select(*_COLUMNS).where(ProfessionalRow.id.in_(bindparam("ids", expanding=True)))
_BY_RPPS = select(*_COLUMNS).where(ProfessionalRow.rpps_index == bindparam("rpps_index"))
_BESIDE = (
    select(*_COLUMNS)
    .join(Practice, Practice.professional_id == ProfessionalRow.id)
    .where(Practice.structure_id.in_(bindparam("places", expanding=True)), ProfessionalRow.active)
)
_PLACES = (
    select(Practice.professional_id, StructureRow.id, StructureRow.payload)
    .join(StructureRow, StructureRow.id == Practice.structure_id)
    .where(Practice.professional_id.in_(bindparam("ids", expanding=True)))
    .order_by(Practice.professional_id, StructureRow.id)
)


def professional(professional_id: UUID) -> Professional:
    """One professional.

    Raises:
        NotFoundError: when there is none of this id.
    """
    found = professionals([professional_id])
    if not found:
        raise NotFoundError
    return found[professional_id]


def professionals(professional_ids: Collection[UUID]) -> dict[UUID, Professional]:
    """Several professionals at once; those unknown are left out."""
    if not professional_ids:
        return {}
    with db.read() as tx:
        rows = tx.execute(_BY_IDS, {"ids": list(professional_ids)}).all()
        return opened_professionals(tx, rows)


def find_professional(rpps: str) -> Professional | None:
    """The professional of exactly this RPPS number (11 digits, or 12 with the leading 8)."""
    try:
        index = rpps_index(rpps)
    except ValueError:
        return None
    return professional_under(index)


def colleagues(readers: Collection[Professional]) -> dict[UUID, list[Professional]]:
    """Who else practises at a place where each of these does; those who do not work any more are left out."""
    places = {place.id for one in readers for place in one.structures}
    if not places:
        return {one.id: [] for one in readers}
    with db.read() as tx:
        rows = tx.execute(_BESIDE, {"places": list(places)}).all()
        known = opened_professionals(tx, list({row.id: row for row in rows}.values()))
    at: dict[UUID, list[Professional]] = defaultdict(list)
    for other in known.values():
        for place in other.structures:
            at[place.id].append(other)
    return {
        one.id: [other for place in one.structures for other in at[place.id] if other.id != one.id] for one in readers
    }


def professional_under(index: bytes) -> Professional | None:
    """The professional whose number has this blind index (see `rpps_index`); None for none of the directory."""
    with db.read() as tx:
        rows = tx.execute(_BY_RPPS, {"rpps_index": index}).all()
        return next(iter(opened_professionals(tx, rows).values()), None)


def rpps_index(rpps: str) -> bytes:
    """The blind index under which an RPPS number is kept, here and by the rooms that point to a professional.

    Raises:
        ValueError: when it is no RPPS number.
    """
    return crypto.blind("rpps", parse_rpps(rpps))


def opened_professionals(tx: Connection, rows: Collection[Any]) -> dict[UUID, Professional]:
    """Professionals from rows of id, active and payload, with their places."""
    places: dict[UUID, list[Structure]] = defaultdict(list)
    if rows:
        for row in tx.execute(_PLACES, {"ids": [row.id for row in rows]}):
            facts = crypto.unseal(tx, DIRECTORY, "structures", row.id, row.payload)
            places[row.professional_id].append(Structure(id=row.id, **facts))
    return {
        row.id: Professional(
            id=row.id,
            active=row.active,
            structures=tuple(places[row.id]),
            **crypto.unseal(tx, DIRECTORY, "professionals", row.id, row.payload),
        )
        for row in rows
    }


def actor_of(professional: Professional, place: Structure | None) -> Actor:
    """A professional as an actor. `profession` is the code of their specialty, else of their profession."""
    return Actor(
        kind=ActorKind.PROFESSIONAL,
        id=professional.id,
        name=professional.display_name,
        profession=professional.specialty_code or professional.profession_code,
        structure=place.display_name if place else "",
        structure_id=place.id if place else None,
    )
