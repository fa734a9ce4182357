"""A small house for tests of documents: a mother, her child, a doctor, and files written by us."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from uuid import UUID

import pikepdf
from PIL import Image
from sqlalchemy import insert
from stdnum.fr import nir

from espace import crypto, db
from espace.access import services as access
from espace.accounts.models import Account
from espace.crypto.owners import DIRECTORY
from espace.family import services as family
from espace.identifiers import new_id
from espace.interop.cda import CdaAuthor, CdaHeader, CdaPatient
from espace.people import services as people
from espace.people.models import Professional
from espace.permissions import Actor, ActorKind, Permission, Relation, Standing
from espace.records import services as records


def with_key(thirteen: str) -> str:
    """A number and its key."""
    return thirteen + nir.calc_check_digits(thirteen)


MOTHER_INS = with_key("2880314061012")
CHILD_INS = with_key("1170749328045")
RPPS = "10001234567"
NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


@dataclass(frozen=True)
class House:
    """Who lives here."""

    mother: people.Person
    child: people.Person
    record: UUID
    child_record: UUID
    doctor: Actor
    holder: Standing
    parent: Standing
    doctor_here: Standing
    doctor_at_child: Standing


def build() -> House:
    """Make the people, their records and their standings."""
    access.ensure_matrix()
    mother = _person(MOTHER_INS, "FONTENAY", "CLAIRE", "F", date(1988, 3, 14), "claire@example.org")
    child = _person(CHILD_INS, "FONTENAY", "JULES", "M", date(2017, 7, 2), "")
    record = records.open_record(mother.id, delay=timedelta(0))
    child_record = records.open_record(child.id, delay=timedelta(0))
    family.link_parent(child_record, mother.id)
    account = _account(mother)
    doctor = _doctor()
    actor = Actor(ActorKind.PATIENT, account, mother.display_name, person_id=mother.id)
    return House(
        mother,
        child,
        record,
        child_record,
        doctor,
        _standing(actor, record),
        _standing(actor, child_record),
        professional_standing(doctor, record),
        professional_standing(doctor, child_record),
    )


def professional_standing(
    doctor: Actor, record: UUID, *, types: frozenset[str] | None = None, reads: bool = True
) -> Standing:
    """The doctor before a record, authorised to read the given types (all that doctors read by default)."""
    rights = {Permission.DOCUMENTS_DEPOSIT, Permission.PATIENT_PAGE}
    return Standing(
        actor=doctor,
        record_id=record,
        relation=Relation.PROFESSIONAL,
        holder_name="Claire Fontenay",
        rights=frozenset(rights | {Permission.DOCUMENTS_READ} if reads else rights),
        readable_types=access.readable_types(doctor.profession) if types is None else types,
        sees_hidden=False,
    )


def _standing(actor: Actor, record: UUID) -> Standing:
    found = access.standing(actor, record)
    assert found is not None
    return found


def _person(ins: str, birth_name: str, first_name: str, sex: str, birth_date: date, email: str) -> people.Person:
    traits = people.Traits(
        ins=ins, birth_name=birth_name, first_names=(first_name,), sex=sex, birth_date=birth_date, email=email
    )
    return people.person(people.save_person(traits)[0])


def _account(person: people.Person) -> UUID:
    account_id = new_id()
    with db.write() as tx:
        crypto.new_owner_key(tx, account_id)
        tx.execute(
            insert(Account).values(
                id=account_id,
                person_id=person.id,
                email_index=crypto.blind("email", person.email),
                locale="fr",
                created_at=NOW,
                last_totp_step=0,
                payload=crypto.seal(
                    tx, account_id, "accounts", account_id, {"email": person.email, "password": "", "totp": ""}
                ),
            )
        )
    return account_id


def _doctor() -> Actor:
    professional_id = new_id()
    facts = {
        "rpps": RPPS,
        "family_name": "MORVAN",
        "given_name": "HELENE",
        "title": "Dr",
        "profession_code": "G15_10",
        "profession_label": "Médecin",
        "specialty_code": "",
        "specialty_label": "",
        "mssante": "",
    }
    with db.write() as tx:
        tx.execute(
            insert(Professional).values(
                id=professional_id,
                rpps_index=people.rpps_index(RPPS),
                active=True,
                fingerprint=b"\0" * 32,
                payload=crypto.seal(tx, DIRECTORY, "professionals", professional_id, facts),
            )
        )
    name = people.professional(professional_id).display_name
    return Actor(ActorKind.PROFESSIONAL, professional_id, name, profession="G15_10", structure="Cabinet des Tilleuls")


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


def header(person: people.Person, unique_id: str = "1.2.250.1.999.1", **changes: object) -> CdaHeader:
    """The header of a document about someone."""
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
        author=CdaAuthor(professional_id=f"8{RPPS}", family_name="MORVAN", given_name="HELENE", title="Dr"),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]
