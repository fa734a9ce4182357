"""People, records, accounts and professionals of a test's house, made through the services that make real ones."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pyotp
from flask import Flask
from sqlalchemy import select
from stdnum.fr import nir

from espace import clock, crypto, db
from espace.access import services as access
from espace.accounts import services as accounts
from espace.accounts.services import activation, drafts, enrolling, factors
from espace.accounts.services.drafts import Draft
from espace.accounts.services.letter_proof import Letter
from espace.crypto.owners import OUTBOX
from espace.documents import services as documents
from espace.documents.services import care_history
from espace.family import services as family
from espace.notifications.services import send_mail
from espace.outbox.models import Delivery
from espace.people import services as people
from espace.people.services import rpps_columns as columns
from espace.people.services.rpps_columns import HEADER, extraction_line
from espace.permissions import Actor, ActorKind, Standing, Visitor
from espace.professional.services import sign_in as professional_sign_in
from espace.records import services as records
from espace.web.guards import cookie_name

from .browser_client import Browser
from .papers import pdf

PASSWORD = "quatre lampes sous la pluie"
VISITOR = Visitor("192.0.2.7")
DOCTOR, NURSE = "10", "60"
_numbers = count(1)


def ins(*, sex: str = "F", birth: date = date(1984, 5, 12), place: str = "75056") -> str:
    """A number with its right key, another each time (999 of them); `place` is an INSEE code (2A004 for Ajaccio)."""
    body = f"{1 if sex == 'M' else 2}{birth:%y%m}{place}{next(_numbers) % 999 + 1:03d}"
    return body + nir.calc_check_digits(body)


def rpps() -> str:
    """An RPPS number, never the same twice."""
    return f"1{next(_numbers):010d}"


@dataclass(frozen=True)
class Citizen:
    """A person with a record and, once activated, an account."""

    person_id: UUID
    record_id: UUID
    ins: str
    name: str
    birth_date: date
    email: str = ""
    account_id: UUID | None = None
    totp_secret: str = ""

    def sign_in(self) -> str:
        """The token of a new session."""
        assert self.account_id is not None
        return accounts.open_session(ActorKind.PATIENT, self.account_id, payload={"name": self.name})

    @property
    def actor(self) -> Actor:
        """This person as an actor."""
        found = accounts.identify(self.sign_in())
        assert found is not None
        return found

    def standing(self, record_id: UUID | None = None) -> Standing:
        """How this person stands to their own record, or to another's."""
        found = access.standing(self.actor, record_id or self.record_id)
        assert found is not None
        return found

    def browser(self, app: Flask) -> Browser:
        """A browser this person is signed in with."""
        return _signed_in(app, self.sign_in())


@dataclass(frozen=True)
class Caregiver:
    """A professional of the directory, in their first practice situation."""

    facts: people.Professional

    @property
    def id(self) -> UUID:
        """The professional's id."""
        return self.facts.id

    @property
    def structure(self) -> str:
        """Where they practise."""
        return self.facts.structures[0].display_name if self.facts.structures else ""

    @property
    def actor(self) -> Actor:
        """This professional as an actor."""
        found = accounts.identify(self.sign_in())
        assert found is not None
        return found

    def sign_in(self) -> str:
        """The token of a new session."""
        return professional_sign_in.open_session(self.facts, next(iter(self.facts.structures), None))

    def standing(self, record_id: UUID) -> Standing | None:
        """How this professional stands to a record."""
        return access.standing(self.actor, record_id)

    def browser(self, app: Flask) -> Browser:
        """A browser this professional is signed in with."""
        return _signed_in(app, self.sign_in())


def _signed_in(app: Flask, token: str) -> Browser:
    browser = Browser(app)
    browser.set_cookie(cookie_name(app), token)
    return browser


def citizen(
    first_name: str = "Claire",
    birth_name: str = "Fontenay",
    *,
    sex: str = "F",
    birth: date = date(1984, 5, 12),
    parents: Collection[Citizen] = (),
    attending_rpps: str = "",
    activated: bool = True,
    opened: bool = True,
) -> Citizen:
    """A person, their open record and, unless told otherwise, their account.

    `parents` are linked to the record; the first opens it for a child without account, unless `opened` is false.
    """
    number = ins(sex=sex, birth=birth)
    email = f"personne{next(_numbers)}@exemple.test"
    traits = people.Traits(
        ins=number, birth_name=birth_name, first_names=(first_name,), sex=sex, birth_date=birth, email=email
    )
    person_id, _ = people.save_person(traits)
    record_id = records.open_record(person_id, attending_rpps=attending_rpps, delay=timedelta(0))
    for parent in parents:
        family.link_parent(record_id, parent.person_id)
    if parents and opened and not activated:
        records.mark_active(record_id)
    made = Citizen(person_id, record_id, number, traits.display_name, birth)
    return _activate(made, email) if activated else made


def walked(person: Citizen, email: str) -> Citizen:
    """Walk through the activation, as its pages do."""
    code = accounts.new_activation_code(person.person_id)
    token, _ = activation.begin(Letter(person.ins, code, person.birth_date), VISITOR)
    return finish_activation(token, person, email)


def finish_activation(token: str, person: Citizen, email: str) -> Citizen:
    """Walk through the steps of an activation that has begun, by a letter or an identity proved elsewhere."""
    enrolling.choose_password(token, PASSWORD, email)
    enrolling.give_email(token, email, "fr")
    enrolling.check_email_code(token, mails_to(email)[-1]["values"]["code"], VISITOR)
    draft = enrolling.choose_app(token)
    enrolling.check_app_code(token, pyotp.TOTP(draft.totp_secret).at(clock.now()), VISITOR)
    return _finish(token, draft, person, email)


def _activate(person: Citizen, email: str) -> Citizen:
    """Put down at once what the walk through the activation leaves before its last step (test_fixtures compares)."""
    accounts.new_activation_code(person.person_id)
    secret = factors.new_secret()
    step = factors.fitting_step(secret, pyotp.TOTP(secret).at(clock.now()), 0)
    assert step is not None
    with db.write() as tx:
        token, draft = drafts.start(person.person_id, clock.now() + timedelta(days=7))
        draft = replace(
            draft,
            email=email,
            is_verified=True,
            code_sent_at=clock.now().isoformat(),
            password_hash=crypto.hasher().hash(PASSWORD),
            chosen="app",
            totp_secret=secret,
            totp_step=step,
            recovery_codes=tuple(factors.new_recovery_codes()),
        )
        drafts.keep(tx, draft)
        send_mail(email, "fr", "email-verification", subject_id=person.person_id, code="271828")
    return _finish(token, draft, person, email)


def _finish(token: str, draft: Draft, person: Citizen, email: str) -> Citizen:
    activation.finish(token, "fr", VISITOR)
    records.mark_active(person.record_id)
    account = accounts.account_of(person.person_id)
    assert account is not None
    return replace(person, email=email, account_id=account.id, totp_secret=draft.totp_secret)


def mails_to(address: str) -> list[dict[str, Any]]:
    """What waits to be sent to an address, oldest first: the payloads of the outbox."""
    with db.read() as tx:
        rows = tx.execute(select(Delivery.id, Delivery.payload).where(Delivery.topic == "mail").order_by(Delivery.id))
        opened = [crypto.unseal(tx, OUTBOX, "outbox", row.id, row.payload) for row in rows.all()]
    return [payload for payload in opened if payload["to"] == address]


def caregiver(
    family_name: str = "Morvan",
    given_name: str = "Hélène",
    *,
    profession: str = DOCTOR,
    number: str | None = None,
    structure: str = "Cabinet des Tilleuls",
    finess: str = "",
    mssante: str = "",
    city: str = "Rennes",
    specialty: str = "",
    sector: str = "",
) -> Caregiver:
    """A professional of the directory; `profession` is a code of the register (10 doctor, 60 nurse …).

    `specialty` is one of its codes too (SM25 occupational health), `sector` that of the place (SA33 pharmacy).
    """
    number = number or rpps()
    line = extraction_line(
        {
            columns.ID_TYPE: "8",
            columns.ID: number,
            columns.NATIONAL_ID: f"8{number}",
            columns.FAMILY_NAME: family_name,
            columns.GIVEN_NAME: given_name,
            columns.PROFESSION: profession,
            columns.SKILL_TYPE: "S" if specialty else "",
            columns.SKILL: specialty,
            columns.TECHNICAL_ID: f"R{next(_numbers):010d}",
            columns.COMPANY: structure,
            columns.FINESS: finess,
            columns.EMAIL: mssante,
            columns.CITY: city,
            columns.SECTOR: sector,
        }
    )
    with TemporaryDirectory() as folder:
        path = Path(folder, "extraction.txt")
        path.write_text(f"{HEADER}\n{line}\n")
        report = people.import_professionals(path)
    found = people.find_professional(number)
    assert found is not None, report
    return Caregiver(found)


def consent(holder: Citizen, professional: Caregiver, answer: access.Answer | None = None, days: int = 365) -> None:
    """Let a professional find the record and ask; then the holder answers, unless `answer` is None."""
    access.ensure_matrix()
    access.note_encounter(professional.actor, holder.record_id)
    standing = professional.standing(holder.record_id)
    assert standing is not None
    access.ask(standing, "Suivi après la consultation")
    if answer is None:
        return
    own = holder.standing()
    line = next(line for line in access.consents(own) if line.grantee_id == professional.id)
    access.answer(own, line.id, answer, version=line.version, days=days if answer is access.Answer.GRANT else None)


def document(standing: Standing, title: str = "Compte rendu", day: date = date(2026, 11, 2)) -> UUID:
    """A document added to the record of a standing: the holder's, or that of who acts for them."""
    command = documents.AddDocument(title, day, min(documents.PATIENT_TYPES), pdf(title))
    return documents.add(standing, command).id


def care_line(whose: Citizen, label: str = "Consultation", reference: str = "R1", **columns: str) -> None:
    """A line of the insurer in a care history, of three weeks ago unless `date` says otherwise."""
    day = (clock.today() - timedelta(days=21)).isoformat()
    given = {"ins": whose.ins, "birth_date": whose.birth_date.isoformat(), "reference": reference, "date": day}
    row = dict.fromkeys(care_history.COLUMNS, "") | given | {"kind": "consultation", "label": label} | columns
    with TemporaryDirectory() as folder:
        path = Path(folder, "care.csv")
        path.write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
        report = care_history.import_care_history(path)
    assert report.done == 1, report


def ids_of(standing: Standing) -> dict[str, UUID]:
    """The ids that addresses on a record name, as far as the record has such things."""
    found = {"record_id": standing.record_id}
    for line in access.consents(standing):
        found["consent_id"] = line.id
        found["eyes"] = found["person"] = line.grantee_id  # through whose eyes the record is looked at
    for row in documents.page(standing).rows:
        found["document_id"] = row.id
    if care_history.may_read(standing):
        for visit in care_history.history(standing).visits:
            found["care_id"] = visit.id
    return found
