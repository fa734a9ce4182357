"""Persons: sealed under their own key, found by the blind index of their INS only (security.md R21)."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import crypto, db
from espace.errors import ConflictError, NotFoundError
from espace.identifiers import OID_NIR, WrongInsError, new_id, parse_ins
from espace.people.models import Person as PersonRow

from . import names

_TABLE = "persons"


def age_on(birth: date, day: date) -> int:
    """Whole years lived on `day`; someone born on 29 February grows older on 1 March of other years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What is known of a person: the strict identity traits (rules.md ID-1), then names in use and contacts.

    `sex` is F or M; `birth_place` an INSEE code; `phone` in E.164 form.
    """

    ins: str
    oid: str = OID_NIR
    birth_name: str
    first_names: tuple[str, ...]
    use_name: str = ""
    sex: str
    birth_date: date
    birth_place: str = ""
    email: str = ""
    phone: str = ""
    vitale_serial: str = ""

    @property
    def display_name(self) -> str:
        """How the person is addressed: `Claire Fontenay`."""
        return names.readable(self.first_names[0]) + " " + names.readable(self.use_name or self.birth_name)

    @property
    def initials(self) -> str:
        """Two letters for the badge."""
        return names.initials(self.first_names[0], self.use_name or self.birth_name)

    def age_on(self, day: date) -> int:
        """Whole years lived on `day` (see `age_on`)."""
        return age_on(self.birth_date, day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Traits):
    """A person of the house."""

    id: UUID


_BY_ID = select(PersonRow.id, PersonRow.payload).where(PersonRow.id == bindparam("id"))
_BY_IDS = select(PersonRow.id, PersonRow.payload).where(PersonRow.id.in_(bindparam("ids", expanding=True)))
_BY_INS = select(PersonRow.id, PersonRow.payload).where(PersonRow.ins_index == bindparam("ins_index"))


def person(person_id: UUID) -> Person:
    """One person.

    Raises:
        NotFoundError: when there is none of this id.
    """
    with db.read() as tx:
        row = tx.execute(_BY_ID, {"id": person_id}).first()
        if row is None:
            raise NotFoundError
        return _open(tx, row.id, row.payload)


def beside(statement: Select[*tuple[Any, ...]], person_id: ColumnElement[UUID]) -> Select[*tuple[Any, ...]]:
    """`statement` with, in its column `person`, the sealed person of each row: one look-up less (see `opened`)."""
    return statement.add_columns(PersonRow.payload.label("person")).join(PersonRow, PersonRow.id == person_id)


def opened(tx: Connection, person_id: UUID, sealed: bytes) -> Person:
    """The person of a row read through `beside`."""
    return _open(tx, person_id, sealed)


def persons(person_ids: Collection[UUID]) -> dict[UUID, Person]:
    """Several persons at once; those unknown are left out."""
    if not person_ids:
        return {}
    with db.read() as tx:
        rows = tx.execute(_BY_IDS, {"ids": list(person_ids)}).all()
        return {row.id: _open(tx, row.id, row.payload) for row in rows}


def find_person(ins: str) -> Person | None:
    """The person of exactly this INS (15 characters, spaces allowed); None for a wrong number too."""
    try:
        number = parse_ins(ins).number
    except WrongInsError:
        return None
    with db.read() as tx:
        row = tx.execute(_BY_INS, {"ins_index": crypto.blind("ins", number)}).first()
        return _open(tx, row.id, row.payload) if row else None


def save_person(traits: Traits) -> tuple[UUID, bool]:
    """Write a person found by INS, or make one with a data key of their own; gives the id and whether it changed.

    Traits that are already so write nothing.

    Raises:
        ConflictError: when somebody else made the same person meanwhile.
        WrongInsError: when the INS is wrong.
    """
    index = crypto.blind("ins", parse_ins(traits.ins).number)
    payload = _payload(traits)
    with db.write() as tx:
        row = tx.execute(_BY_INS, {"ins_index": index}).first()
        if row is None:
            return _make(tx, index, payload), True
        if crypto.unseal(tx, row.id, _TABLE, row.id, row.payload) == payload:
            return row.id, False
        sealed = crypto.seal(tx, row.id, _TABLE, row.id, payload)
        tx.execute(update(PersonRow).where(PersonRow.id == row.id).values(payload=sealed))
        return row.id, True


def _make(tx: Connection, index: bytes, payload: dict[str, Any]) -> UUID:
    person_id = new_id()
    crypto.new_owner_key(tx, person_id)
    sealed = crypto.seal(tx, person_id, _TABLE, person_id, payload)
    try:
        tx.execute(insert(PersonRow).values(id=person_id, ins_index=index, payload=sealed))
    except IntegrityError:
        raise ConflictError from None
    return person_id


def _payload(traits: Traits) -> dict[str, Any]:
    """Plain JSON, so that what is read back compares equal to what is written."""
    facts = {name: value for name, value in asdict(traits).items() if name != "id"}
    return {
        **facts,
        "ins": parse_ins(traits.ins).number,
        "first_names": list(traits.first_names),
        "birth_date": traits.birth_date.isoformat(),
    }


def _open(tx: Connection, person_id: UUID, sealed: bytes) -> Person:
    facts = crypto.unseal(tx, person_id, _TABLE, person_id, sealed)
    facts["first_names"] = tuple(facts["first_names"])
    facts["birth_date"] = date.fromisoformat(facts["birth_date"])
    return Person(id=person_id, **facts)
