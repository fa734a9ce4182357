"""A house to measure in: one record of 2,000 documents, its holder, and a professional who may read it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pikepdf
import pyotp
from PIL import Image
from stdnum.fr import nir

from espace import clock, db, outbox
from espace.access import services as access
from espace.accounts import services as accounts
from espace.accounts.services import activation, enrolling
from espace.accounts.services.letter_proof import Letter
from espace.assembly import assemble
from espace.documents import services as documents
from espace.identifiers import parse_ins
from espace.machines import Machines
from espace.people import services as people
from espace.people.services import rpps_columns as columns
from espace.permissions import ActorKind, Standing, Visitor
from espace.professional.services import sign_in as professional_sign_in
from espace.records import services as records
from espace.settings import Settings
from espace.setup import init_house

from . import search, seeing

DOCUMENTS = 2000
PDF_BYTES = 2 * 1024 * 1024
_TOGETHER = 100
_VISITOR = Visitor("127.0.0.1")
_BORN = date(1960, 4, 2)
_NUMBER = "10000000009"
_EMAIL = "banc@example.org"


@dataclass(frozen=True)
class BenchHouse:
    """The application, and who may knock."""

    machines: Machines
    app: Any
    record_id: UUID
    child_id: UUID
    pdf_id: UUID
    holder: Standing
    holder_token: str
    second_token: str
    """The same person's, in another session."""
    professional: Standing
    professional_token: str
    email: str
    password: str


@contextmanager
def bench_house(count: int = DOCUMENTS) -> Iterator[BenchHouse]:
    """Build the house in a temporary folder, on SQLite with full durability; it is gone afterwards."""
    with TemporaryDirectory() as folder:
        machines = init_house(_settings(Path(folder)), say=lambda _words: None)
        app = assemble(machines)
        password = secrets.token_urlsafe(24)
        holder = _holder(password)
        professional = _professional(holder)  # first: the holder's proof is fresh for five minutes
        seeing.give(holder)
        child_id = seeing.child_of(holder)
        pdf_id = _fill(holder, count)
        seeing.fill(holder, pdf_id)
        yield BenchHouse(
            machines=machines,
            app=app,
            record_id=holder.record_id,
            child_id=child_id,
            pdf_id=pdf_id,
            holder=holder,
            holder_token=_signed_in(holder),
            second_token=_signed_in(holder),
            professional=professional,
            professional_token=_professional_signed_in(),
            email=_EMAIL,
            password=password,
        )
        machines.close()


def _settings(folder: Path) -> Settings:
    return Settings(
        data_dir=folder / "data", key_file=folder / "keys" / "keys.json", checkpoint_dir=folder / "checkpoints"
    )


def _signed_in(holder: Standing) -> str:
    """The token of a new session: filling the house may take longer than one may sit idle."""
    return accounts.open_session(ActorKind.PATIENT, holder.actor.id, payload={"name": holder.actor.name})


def _professional_signed_in() -> str:
    found = people.find_professional(_NUMBER)
    if found is None:
        raise RuntimeError("the bench's own professional is not in the directory")
    return professional_sign_in.open_session(found, found.structures[0])


def _holder(password: str) -> Standing:
    """A person whose account was activated as everybody's is."""
    body = "2600475056001"
    ins = parse_ins(body + nir.calc_check_digits(body)).number
    traits = people.Traits(ins=ins, birth_name="Mesure", first_names=("Banc",), sex="F", birth_date=_BORN, email=_EMAIL)
    person_id, _ = people.save_person(traits)
    record_id = records.open_record(person_id, delay=timedelta(0))
    codes: list[str] = []
    outbox.on("mail", lambda _id, payload: codes.append(payload["values"].get("code", "")))
    letter = Letter(ins, accounts.new_activation_code(person_id), _BORN)
    token, _ = activation.begin(letter, _VISITOR)
    enrolling.choose_password(token, password, traits.email)
    enrolling.give_email(token, traits.email, "fr")
    outbox.work()
    enrolling.check_email_code(token, codes[-1], _VISITOR)
    secret = enrolling.choose_app(token).totp_secret
    enrolling.check_app_code(token, pyotp.TOTP(secret).at(clock.now()), _VISITOR)
    signed_in = activation.finish(token, "fr", _VISITOR)
    outbox.work()
    return _standing(signed_in.token, record_id)


def _standing(token: str, record_id: UUID) -> Standing:
    actor = accounts.identify(token)
    standing = access.standing(actor, record_id) if actor else None
    if standing is None:
        raise RuntimeError("the bench's own person has no standing")
    return standing


def _fill(holder: Standing, count: int) -> UUID:
    """Give the record its documents: of three pages over eight years; the last of `count` is a PDF of 2 MiB."""
    kinds = list(documents.PATIENT_TYPES)
    day = clock.today()
    made: list[UUID] = []
    for first in range(0, count - 1, _TOGETHER):
        with db.write():
            for number in range(first, min(first + _TOGETHER, count - 1)):
                added = documents.add(
                    holder,
                    documents.AddDocument(
                        title=f"Compte rendu de consultation {number}",
                        date=day - timedelta(days=1 + number * 3 // 2),
                        type_code=kinds[number % len(kinds)],
                        content=_png(number),
                    ),
                )
                made.append(added.id)
    search.fill(holder, made)
    command = documents.AddDocument(title="Lettre de sortie", date=day, type_code=kinds[0], content=_big_pdf())
    return documents.add(holder, command).id


def _png(number: int) -> bytes:
    """A tiny picture, each one another."""
    made = BytesIO()
    Image.new("RGB", (8, 8), (number % 256, number // 256 % 256, 40)).save(made, "PNG")
    return made.getvalue()


def _big_pdf() -> bytes:
    """One page and enough incompressible bytes to weigh 2 MiB."""
    made = BytesIO()
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        page.Contents = pdf.make_stream(b"% " + secrets.token_hex(PDF_BYTES // 2).encode())
        pdf.save(made, compress_streams=False)
    return made.getvalue()


def _professional(holder: Standing) -> Standing:
    """A doctor of the directory whom the holder lets read."""
    line = columns.extraction_line(
        {
            columns.ID_TYPE: "8",
            columns.ID: _NUMBER,
            columns.NATIONAL_ID: f"8{_NUMBER}",
            columns.FAMILY_NAME: "MESUREUR",
            columns.GIVEN_NAME: "Ana",
            columns.PROFESSION: "10",
            columns.TECHNICAL_ID: "R10000000000001",
            columns.COMPANY: "CABINET DU BANC",
            columns.CITY: "Rennes",
        }
    )
    with TemporaryDirectory() as folder:
        path = Path(folder, "register.txt")
        path.write_text(f"{columns.HEADER}\n{line}\n")
        people.import_professionals(path)
    found = people.find_professional(_NUMBER)
    if found is None:
        raise RuntimeError("the bench's own professional is not in the directory")
    actor = people.actor_of(found, found.structures[0])
    access.note_encounter(actor, holder.record_id)
    asking = access.standing(actor, holder.record_id)
    if asking is None:
        raise RuntimeError("the bench's own professional has no standing")
    access.ask(asking, "Mesure")
    line_id = access.consents(holder)[0]
    access.answer(holder, line_id.id, access.Answer.GRANT, version=line_id.version, days=access.durations()[-1])
    return _standing(_professional_signed_in(), holder.record_id)
