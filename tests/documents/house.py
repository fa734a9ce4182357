"""A small house for tests of documents: a mother, her child, a doctor, and files written by us."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from uuid import UUID

import pikepdf
from PIL import Image
from sqlalchemy import event, update

from espace import db, storage
from espace.access import services as access
from espace.access.services import Answer
from espace.audit import services as audit
from espace.documents import services as documents
from espace.documents.models import Document
from espace.documents.services import AddDocument, DepositDocument
from espace.interop.cda import CdaAuthor, CdaHeader, CdaPatient
from espace.interop.cda_write import wrap
from espace.people import services as people
from espace.permissions import Relation, Standing
from tests.support import build
from tests.support.browser_client import Page
from tests.support.build import Caregiver, Citizen

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)


@dataclass(frozen=True)
class House:
    """Who lives here, and how they stand: the doctor may read the mother's record, and has found the child's."""

    mother: Citizen
    child: Citizen
    doctor: Caregiver
    holder: Standing
    parent: Standing
    doctor_here: Standing
    doctor_at_child: Standing


def _found(standing: Standing | None) -> Standing:
    assert standing is not None
    return standing


def new_house() -> House:
    """Make the people, their records and their rights."""
    mother = build.citizen("Claire", "Fontenay", birth=date(1988, 3, 14))
    child = build.citizen("Jules", "Fontenay", sex="M", birth=date(2017, 7, 2), parents=[mother], activated=False)
    doctor = build.caregiver()
    build.consent(mother, doctor, Answer.GRANT)
    actor = doctor.actor
    access.note_encounter(actor, child.record_id)
    return House(
        mother,
        child,
        doctor,
        holder=mother.standing(),
        parent=mother.standing(child.record_id),
        doctor_here=_found(access.standing(actor, mother.record_id)),
        doctor_at_child=_found(access.standing(actor, child.record_id)),
    )


def standings(house: House) -> dict[str, Standing]:
    """Every way of standing before a record in which documents may be read, by name."""
    blind = replace(house.doctor_here, readable_types=frozenset())
    other = build.caregiver("Le Gall", "Yann")
    build.consent(house.mother, other, Answer.GRANT)
    return {
        "holder": house.holder,
        "parent": replace(house.holder, relation=Relation.REPRESENTATIVE),
        "depositor": house.doctor_here,
        "doctor": _found(other.standing(house.mother.record_id)),
        "unread type": blind,
    }


def trail(standing: Standing) -> list[audit.Entry]:
    """What others did in this record, newest first."""
    return audit.entries(standing.record_id, mine=False, holder_actor_ids=[], before=None, limit=200)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements sent to the database inside the block."""
    sent: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    house = db.current()
    engines = {house.reader, house.writer} if house.is_sqlite else {house.writer}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def files_of(record_id: UUID) -> int:
    """How many files are stored for a record (or another owner)."""
    root = storage.current().root
    return sum(1 for path in root.rglob("*") if path.is_file() and record_id.hex in path.parts)


def addition(title: str = "Radio du genou", content: bytes = b"", **changes: Any) -> AddDocument:
    """What a person says of a document of theirs."""
    given = AddDocument(title, date(2026, 3, 4), "DOCPAT04", content or pdf(title))
    return replace(given, **changes)


def prescription(title: str = "Ordonnance", content: bytes = b"", **changes: Any) -> DepositDocument:
    """What a doctor confirms when depositing."""
    given = DepositDocument(title=title, date=date(2026, 11, 20), type_code="57833-6", content=content or pdf(title))
    return replace(given, **changes)


def deposited(standing: Standing, title: str = "Ordonnance", **changes: Any) -> UUID:
    """A document deposited by a doctor."""
    return documents.deposit(standing, prescription(title, **changes))


def change(document_id: UUID, **values: Any) -> None:
    """Set columns of a document, as no act does."""
    with db.write() as tx:
        tx.execute(update(Document).where(Document.id == document_id).values(**values))


def titles(page: Page) -> list[str]:
    """The titles of a page's list."""
    return [" ".join(found.text_content().split()) for found in page.tree.xpath("//ul[contains(@class,'docs')]//h3")]


def pdf(*pages: str, script: bool = False) -> bytes:
    """A PDF of one line per page, with a script in it or not."""
    document = pikepdf.new()
    for line in pages or ("Ordonnance",):
        document.add_blank_page(page_size=(595, 842))
        page = document.pages[-1]
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        page.Contents = document.make_stream(f"BT /F1 18 Tf 72 770 Td ({line}) Tj ET".encode("latin-1"))
    if script:
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
    out = BytesIO()
    document.save(out, deterministic_id=True)
    return out.getvalue()


def picture(size: tuple[int, int] = (320, 200), kind: str = "JPEG", *, located: bool = False) -> bytes:
    """A picture, with its place and its camera hidden in it or not."""
    image = Image.new("RGB", size, "teal")
    exif = Image.Exif()
    if located:
        exif[0x0112] = 6  # lying on its side
        exif[0x010F] = "CANARY-CAMERA"
        exif.get_ifd(0x8825)[2] = (48.0, 51.0, 24.0)
    out = BytesIO()
    image.save(out, kind, exif=exif)
    return out.getvalue()


def structured(given: CdaHeader, *sections: str) -> bytes:
    """A document of level 3: sections of a title and a paragraph."""
    plain = wrap(given, b"x", "text/plain")
    start = plain.index(b"<component>")
    body = "".join(
        f"<component><section><title>{words}</title><text><paragraph>{words}</paragraph></text></section></component>"
        for words in sections or ("Conclusion",)
    )
    return plain[:start] + f"<component><structuredBody>{body}</structuredBody></component></ClinicalDocument>".encode()


def header(citizen: Citizen, unique_id: str = "1.2.250.1.999.1", **changes: Any) -> CdaHeader:
    """The header of a document about someone."""
    person = people.person(citizen.person_id)
    patient = CdaPatient(
        ins=person.ins,
        ins_oid=person.oid,
        birth_name=person.birth_name,
        first_names=" ".join(person.first_names),
        birth_date=person.birth_date,
        sex=person.sex,
    )
    plain = CdaHeader(
        unique_id=unique_id,
        type_code="57833-6",
        type_system="2.16.840.1.113883.6.1",
        type_label="Prescription de produits de santé",
        title="Ordonnance",
        effective=NOW,
        confidentiality=("N",),
        set_id=unique_id,
        version=1,
        patient=patient,
        author=CdaAuthor(professional_id="810000000001", family_name="MORVAN", given_name="HELENE", title="Dr"),
    )
    return replace(plain, **changes)
