"""Finding a professional in the directory by name and town, or by number; and who practises at a place.

The register is public. It is sealed here all the same, so names are found by the keyed digests of their words: whole
words, without accents nor capitals, each of which must fit.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.orm import aliased

from espace import crypto, db
from espace.crypto.owners import DIRECTORY
from espace.db import Id
from espace.people.models import DirectoryWord, Practice
from espace.people.models import Professional as ProfessionalRow
from espace.people.models import Structure as StructureRow

from .professionals import Professional, Structure, opened_professionals

PAGE = 15
MOST_WORDS = 8
_DIGEST = 8
_NAME, _PLACE, _ADDRESS = "name", "place", "address"


@dataclass(frozen=True, slots=True)
class Found:
    """Some professionals, and the id after which more follow (None: these are the last)."""

    professionals: tuple[Professional, ...]
    after: UUID | None


def search(name: str, where: str = "", after: UUID | None = None) -> Found:
    """The professionals in practice whose name has every word of `name`, in a town or place that has those of `where`.

    Three statements, whatever is found. Nothing for a name without a word.
    """
    names, places = words(name), words(where)
    if not names:
        return Found((), None)
    wanted = [*(_digest(_NAME, one) for one in names), *(_digest(_PLACE, one) for one in places)][:MOST_WORDS]
    values = {f"word{number}": word for number, word in enumerate(wanted)}
    with db.read() as tx:
        rows = tx.execute(_statement(len(wanted)), {**values, "after": after or UUID(int=0)}).all()
        found = opened_professionals(tx, rows[:PAGE])
    shown = tuple(found[row.id] for row in rows[:PAGE])
    return Found(shown, shown[-1].id if len(rows) > PAGE else None)


def structure(structure_id: UUID) -> Structure | None:
    """One place of practice; None for none of this id."""
    with db.read() as tx:
        payload = tx.execute(select(StructureRow.payload).where(StructureRow.id == structure_id)).scalar()
        if payload is None:
            return None
        return Structure(id=structure_id, **crypto.unseal(tx, DIRECTORY, "structures", structure_id, payload))


def structures(structure_ids: Collection[UUID]) -> dict[UUID, Structure]:
    """Several places of practice by their id, those that there are."""
    if not structure_ids:
        return {}
    with db.read() as tx:
        rows = tx.execute(_PLACES, {"ids": sorted(structure_ids)}).all()
        return {
            row.id: Structure(id=row.id, **crypto.unseal(tx, DIRECTORY, "structures", row.id, row.payload))
            for row in rows
        }


def team(structure_id: UUID, limit: int) -> list[Professional]:
    """Some of those who practise at a place, at most `limit`; by name."""
    with db.read() as tx:
        rows = tx.execute(_TEAM, {"structure": structure_id, "limit": limit}).all()
        found = opened_professionals(tx, rows)
    return sorted(found.values(), key=lambda one: (one.family_name, one.given_name))


def practising(places: Collection[UUID], professionals: Collection[UUID]) -> frozenset[tuple[UUID, UUID]]:
    """Who of these professionals practises at which of these places: pairs of a place and a professional."""
    if not places or not professionals:
        return frozenset()
    with db.read() as tx:
        rows = tx.execute(_PRACTISING, {"places": list(places), "professionals": list(professionals)}).all()
    return frozenset((row.structure_id, row.professional_id) for row in rows)


def at_address(address: str) -> list[Professional]:
    """The professionals in practice for whom the register gives this address of the secure mail, whatever its capitals.

    One as a rule; several where a team's address stands with each of them.
    """
    wanted = address.strip().casefold()
    with db.read() as tx:
        rows = tx.execute(_POSTED, {"word0": _digest(_ADDRESS, wanted), "after": UUID(int=0)}).all()
        found = opened_professionals(tx, rows)
    return [one for one in found.values() if one.mssante.casefold() == wanted]


def in_practice(after: UUID | None = None, limit: int = 200) -> list[Professional]:
    """Some professionals in practice, in the order of their ids, beginning after one: for who goes through them all."""
    with db.read() as tx:
        rows = tx.execute(_EVERYBODY, {"after": after or UUID(int=0), "limit": limit}).all()
        found = opened_professionals(tx, rows)
    return [found[row.id] for row in rows]


def words(text: str) -> list[str]:
    """The words of a name as they are compared: `Hélène LE GOFF-Martin` gives helene, le, goff, martin."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    plain = "".join(each for each in apart if not unicodedata.combining(each))
    return list(dict.fromkeys(re.findall(r"[^\W_]+", plain)))


def posted(names: Iterable[str], places: Iterable[str], address: str = "") -> list[bytes]:
    """Under which digests a professional of these names, at these towns and places, with this address, is found."""
    said = {_digest(_NAME, word) for name in names for word in words(name)}
    said |= {_digest(_PLACE, word) for place in places for word in words(place)}
    said |= {_digest(_ADDRESS, address.casefold())} if address else set()
    return sorted(said)


def _digest(kind: str, word: str) -> bytes:
    return crypto.blind("directory", f"{kind}:{word}")[:_DIGEST]


_PLACES = select(StructureRow.id, StructureRow.payload).where(
    StructureRow.id.in_(bindparam("ids", expanding=True, type_=Id))
)
_TEAM = (
    select(ProfessionalRow.id, ProfessionalRow.active, ProfessionalRow.payload)
    .join(Practice, Practice.professional_id == ProfessionalRow.id)
    .where(Practice.structure_id == bindparam("structure"), ProfessionalRow.active)
    .order_by(ProfessionalRow.id)
    .limit(bindparam("limit"))
)
_PRACTISING = select(Practice.structure_id, Practice.professional_id).where(
    Practice.structure_id.in_(bindparam("places", expanding=True)),
    Practice.professional_id.in_(bindparam("professionals", expanding=True)),
)


@lru_cache(maxsize=MOST_WORDS)
def _statement(count: int) -> Select[UUID, bool, bytes]:
    """Professionals posted under each of `count` words, in the order of their ids."""
    found = (
        select(ProfessionalRow.id, ProfessionalRow.active, ProfessionalRow.payload)
        .join(DirectoryWord, DirectoryWord.professional_id == ProfessionalRow.id)
        .where(
            DirectoryWord.word == bindparam("word0"),
            DirectoryWord.professional_id > bindparam("after"),
            ProfessionalRow.active,
        )
        .order_by(DirectoryWord.professional_id)
        .limit(PAGE + 1)
    )
    for number in range(1, count):
        other = aliased(DirectoryWord)
        found = found.where(
            exists().where(
                other.word == bindparam(f"word{number}"), other.professional_id == DirectoryWord.professional_id
            )
        )
    return found


_POSTED = _statement(1)
_EVERYBODY = (
    select(ProfessionalRow.id, ProfessionalRow.active, ProfessionalRow.payload)
    .where(ProfessionalRow.id > bindparam("after"), ProfessionalRow.active)
    .order_by(ProfessionalRow.id)
    .limit(bindparam("limit"))
)
