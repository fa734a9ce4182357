"""Who sees what: sixty professionals who were given access and came, and the pages that tell of them."""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import zstandard
from stdnum.fr import nir

from espace import db
from espace.access import services as access
from espace.accounts import services as accounts
from espace.audit import services as audit
from espace.audit.services import Action
from espace.family import services as family
from espace.identifiers import parse_ins
from espace.people import services as people
from espace.people.services import rpps_columns as columns
from espace.permissions import Relation, Standing
from espace.records import services as records

from .measure import timed

MANY = 60


def fill(holder: Standing, document_id: UUID) -> None:
    """Give access to so many professionals, each of whom read one document twice."""
    given = [person for number in range(MANY) if (person := people.find_professional(_number(number)))]
    things = [{"id": str(document_id), "title": "Lettre de sortie"}]
    for one in given:
        actor = people.actor_of(one, one.structures[0])
        for action in (Action.DOCUMENTS_LISTED, Action.DOCUMENT_OPENED):
            audit.record(actor, holder.record_id, action, relation=Relation.PROFESSIONAL, objects=things)


def give(holder: Standing) -> None:
    """The accesses themselves: while the holder's proof is fresh."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "register.txt")
        path.write_text("\n".join([columns.HEADER, *(_line(number) for number in range(MANY)), ""]))
        people.import_professionals(path)
    for number in range(MANY):
        found = people.find_professional(_number(number))
        if found is None:
            raise RuntimeError("a professional of the bench is not in the directory")
        access.give(holder, found.id, days=access.durations()[-1])


def child_of(holder: Standing) -> UUID:
    """The record of a child of the holder."""
    if holder.actor.person_id is None:
        raise RuntimeError("the bench's own person is nobody")
    body = "1190475056002"
    traits = people.Traits(
        ins=parse_ins(body + nir.calc_check_digits(body)).number,
        birth_name="Mesure",
        first_names=("Petit",),
        sex="M",
        birth_date=date(2019, 4, 2),
        email="",
    )
    person_id, _ = people.save_person(traits)
    record_id = records.open_record(person_id, delay=timedelta(0))
    family.link_parent(record_id, holder.actor.person_id)
    records.mark_active(record_id)
    return record_id


def pages(record: UUID, document: UUID, visit: str) -> dict[str, str]:
    """The holder's pages of this kind: what is looked at -> its address."""
    below = f"/dossiers/{record}"
    return {
        f"who sees the record, {MANY} accesses": f"{below}/acces",
        f"history, {MANY} visits": f"{below}/historique",
        "what to filter the history by": f"{below}/historique/filtrer",
        "one visit": visit,
        f"through whose eyes, of {MANY}": f"{below}/voir-comme/",
        f"one document, {MANY} readers": f"{below}/documents/{document}/personnes",
        "emergencies of a record": f"{below}/acces/urgence",
    }


def first_visit(page: bytes) -> str:
    """The address of the first visit that a history tells of."""
    found = re.search(rb'href="(/dossiers/[0-9a-f-]+/historique/visites/[^"?#]+)"', page)
    if found is None:
        raise RuntimeError("the history tells of no visit")
    return found[1].decode()


def parts(token: str, sent: list[tuple[str, Any]], page: bytes, rounds: int) -> Mapping[str, float]:
    """The session query, the statements of the page alone, and the compression of what is sent; CPU ms each."""
    compressor = zstandard.ZstdCompressor(level=3)

    def ask() -> None:
        with db.read() as tx:
            for statement, values in sent:
                tx.exec_driver_sql(statement, values).all()

    acts: dict[str, Callable[[], Any]] = {
        "session query": lambda: accounts.identify(token),
        "its statements": ask,
        "compression": lambda: compressor.compress(page),
    }
    return {name: timed(act, rounds).cpu for name, act in acts.items()}


def _number(number: int) -> str:
    return f"1{number + 100:010d}"


def _line(number: int) -> str:
    return columns.extraction_line(
        {
            columns.ID_TYPE: "8",
            columns.ID: _number(number),
            columns.NATIONAL_ID: f"8{_number(number)}",
            columns.FAMILY_NAME: f"NOMBRE{chr(65 + number % 26)}",
            columns.GIVEN_NAME: "Ana",
            columns.PROFESSION: "10",
            columns.TECHNICAL_ID: f"R2{number:012d}",
            columns.COMPANY: f"CABINET {number}",
            columns.CITY: "Rennes",
        }
    )
