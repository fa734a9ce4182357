"""Documents that leave as letters, by their named journeys (rules.md MS-12, MS-13, MS-15, MS-16)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest

from espace import assembly, outbox
from espace import settings as bound
from espace.access import services as access
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.services import DepositDocument
from espace.documents.services.arriving.sending_out import Parcel, parcel
from espace.documents.services.deciding import states
from espace.errors import InvalidError, NotFoundError
from espace.interop import xdm
from espace.interop.mail_letter import XDM_NAME, Address, Letter
from espace.machines import Machines
from espace.messaging.services import boxes
from espace.messaging.services.boxes import Box
from espace.messaging.services.outgoing import sendings
from espace.messaging.services.outgoing.letters import Copies, send_copies
from espace.messaging.services.outgoing.sending import Outgoing, send
from espace.messaging.services.outgoing.sendings import State
from espace.messaging.services.pharmacies import known_pharmacies
from espace.permissions import Standing
from espace.settings import Settings
from tests.support import build
from tests.support.build import Caregiver, Citizen
from tests.support.papers import pdf

from .letters import address_of, attachments, mailbox, messages, own_box
from .operator import Operator

ATTENDING = Address("jean.petit@cabinets.espace.example", "Dr Jean Petit")
ELSEWHERE = "medecin@clinique.operateur.example"
REPORT, LABORATORY, PRESCRIPTION = "11490-0", "11502-2", "57833-6"


@pytest.fixture
def relay() -> Iterator[Operator]:
    """The relay of the house, at work."""
    with Operator().running() as operator:
        yield operator


@pytest.fixture
def settings(settings: Settings, relay: Operator) -> Settings:
    """A house whose mail leaves over that relay."""
    return replace(settings, smtp_port=relay.port)


@dataclass
class Practice:
    """A professional at work: their mailbox, and how they stand to a patient."""

    who: Caregiver
    box: Box
    standing: Standing

    def deposit(self, kind: str = REPORT, title: str = "Compte rendu de sortie", **more: Any) -> UUID:
        """Deposit a document for the patient."""
        given = DepositDocument(title=title, date=date(2026, 11, 20), type_code=kind, content=pdf(title), **more)
        return documents.deposit(self.standing, given)

    def copies(
        self, document_id: UUID, *to: str | Address, patient: bool = False, key: UUID | None = None
    ) -> list[UUID]:
        """Send copies, and let the worker work; the ids of the messages."""
        packed = parcel(self.standing, document_id)
        asked = Copies(to_patient=patient, to=to, words="Bonjour,\nCi-joint.", key=key or uuid4())
        sent = send_copies(self.box, self.standing, packed, archive(packed), asked)
        outbox.work()
        return [one.message_id for one in sent]


def archive(packed: Parcel) -> bytes:
    """The archive as the page makes it."""
    return packed.packed("<html></html>", "Lisez INDEX.HTM")


@pytest.fixture
def claire(machines: Machines) -> Citizen:
    """A person with an account, in a house whose worker knows what to do."""
    assembly.handle_events()
    return build.citizen("Claire", "Fontenay")


@pytest.fixture
def hospital(claire: Citizen) -> Practice:
    """A doctor of the hospital whom the patient lets read."""
    return practice(claire)


def practice(patient: Citizen) -> Practice:
    """A professional with a mailbox here, whom this patient lets read."""
    who = build.caregiver("Morvan", "Hélène", mssante="helene.morvan@cabinets.espace.example")
    build.consent(patient, who, access.Answer.GRANT)
    standing = who.standing(patient.record_id)
    assert standing is not None
    (box,) = boxes.boxes_of(who.actor)  # made when they entered
    return Practice(who, box, standing)


def archive_of(letter: Letter) -> bytes:
    """The archive a letter brings."""
    (found,) = [part.content for part in letter.parts if part.name == XDM_NAME]
    return found


def held(letter: Letter) -> xdm.XdmArchive:
    """What the archive of a letter holds."""
    return xdm.read(archive_of(letter))


def test_a_discharge_letter_goes_to_the_attending_doctor_with_a_copy_to_the_patient(
    claire: Citizen, hospital: Practice
) -> None:
    doctor = mailbox(ATTENDING.address, ATTENDING.name)
    assert doctor.box_id is not None
    document_id = hospital.deposit()
    to_doctor, to_patient = hospital.copies(document_id, ATTENDING, patient=True)
    for message_id in (to_doctor, to_patient):
        assert [one.state for one in sendings.of_messages(hospital.box.id, [message_id])[message_id]] == [State.SENT]
    for box_id in (doctor.box_id, claire.record_id):
        ((said, _),) = messages(box_id)
        assert said.subject == "XDM/1.0/DDM Compte rendu de sortie"
        assert said.mss == {"X-MSS-CODECDA": (REPORT,), "X-MSS-INS": ("O",)}
        assert len(said.to) == 1  # neither sees to whom else it went
        assert [facts.name for _, facts in attachments(box_id)] == ["IHE_XDM.ZIP", "Compte rendu de sortie.pdf"]
    trail = audit.entries(claire.record_id, mine=False, holder_actor_ids=[claire.actor.id], before=None)
    sent = next(one for one in trail if one.action == Action.MESSAGE_SENT)
    assert "Petit" in str(sent.detail)
    assert [one["title"] for one in sent.objects] == ["Compte rendu de sortie"]


def test_a_laboratory_result_reaches_a_doctor_of_another_operator_and_the_patient(
    claire: Citizen, hospital: Practice, relay: Operator
) -> None:
    hospital.copies(hospital.deposit(LABORATORY, "Résultats de biologie"), ELSEWHERE, patient=True)
    (said,) = relay.letters()
    assert said.subject == "XDM/1.0/DDM Résultats de biologie"
    assert said.mss["X-MSS-CODECDA"] == (LABORATORY,)
    packed = held(said)
    assert not packed.faults
    names = ZipFile(BytesIO(archive_of(said))).namelist()
    assert names[:3] == ["INDEX.HTM", "README.TXT", "IHE_XDM/SUBSET01/METADATA.XML"]
    paper = next(one for one in said.parts if one.media == "application/pdf")
    assert paper.name == "Résultats de biologie.pdf"
    assert paper.content.startswith(b"%PDF")
    assert len(messages(claire.record_id)) == 1


def test_an_acute_report_goes_to_the_attending_doctor_alone(claire: Citizen, hospital: Practice) -> None:
    doctor = mailbox(ATTENDING.address, ATTENDING.name)
    assert doctor.box_id is not None
    hospital.copies(hospital.deposit(title="Passage aux urgences"), ATTENDING)
    assert len(messages(doctor.box_id)) == 1
    assert messages(claire.record_id) == []


def test_a_referral_letter_goes_to_the_patient_who_may_answer(claire: Citizen, hospital: Practice) -> None:
    hospital.copies(hospital.deposit(title="Lettre d'adressage"), patient=True)
    ((_, row),) = messages(claire.record_id)
    send(
        own_box(claire),
        Outgoing(to=[hospital.box.address], key=uuid4(), text="Merci.", conversation_id=row.conversation_id),
    )
    outbox.work()
    assert messages(hospital.box.id)[-1][0].text == "Merci."


def test_the_same_form_sends_its_copies_once(claire: Citizen, hospital: Practice, relay: Operator) -> None:
    document_id, key = hospital.deposit(), uuid4()
    first = hospital.copies(document_id, ELSEWHERE, patient=True, key=key)
    assert hospital.copies(document_id, ELSEWHERE, patient=True, key=key) == first
    assert len(relay.taken) == 1
    assert len(messages(claire.record_id)) == 1


def test_what_is_hidden_from_the_patient_is_never_mailed_to_them(
    claire: Citizen, hospital: Practice, relay: Operator
) -> None:
    document_id = hospital.deposit(patient_invisible=True)
    with pytest.raises(InvalidError) as raised:
        hospital.copies(document_id, ELSEWHERE, patient=True)
    assert "does not see this document yet" in raised.value.problems["patient"]
    assert relay.taken == []
    assert messages(claire.record_id) == []
    hospital.copies(document_id, ELSEWHERE)  # a colleague may have it, with the mark inside
    (said,) = relay.letters()
    assert "INVISIBLE_PATIENT" in held(said).entries[0].confidentiality


def test_what_is_hidden_from_professionals_is_never_mailed_to_one(
    claire: Citizen, hospital: Practice, relay: Operator
) -> None:
    document_id = hospital.deposit()
    states.hide(claire.standing(), document_id, choices=0)
    with pytest.raises(InvalidError) as raised:
        hospital.copies(document_id, ELSEWHERE)
    assert "hid this document" in raised.value.problems["to"]
    assert relay.taken == []


def test_a_minors_secret_care_reaches_nobody_who_is_their_parent(claire: Citizen, relay: Operator) -> None:
    child = build.citizen("Jules", "Fontenay", sex="M", birth=date(2011, 5, 2), parents=[claire])
    doctor = practice(child)
    document_id = doctor.deposit(representatives_see=False)
    doctor.copies(document_id, ELSEWHERE, patient=True)
    ((_, row),) = messages(child.record_id)
    assert row.secret
    assert "INVISIBLE_REPRESENTANTS_LEGAUX" in held(relay.letters()[0]).entries[0].confidentiality


@pytest.mark.parametrize(
    ("to", "patient", "words", "field"),
    [((), False, "Bonjour", "to"), (("x",), False, "Bonjour", "to"), ((ELSEWHERE,), False, "  ", "words")],
)
def test_what_is_missing_is_said(
    hospital: Practice, to: tuple[str, ...], patient: bool, words: str, field: str
) -> None:
    packed = parcel(hospital.standing, hospital.deposit())
    with pytest.raises(InvalidError) as raised:
        send_copies(
            hospital.box,
            hospital.standing,
            packed,
            archive(packed),
            Copies(to_patient=patient, to=to, words=words, key=uuid4()),
        )
    assert field in raised.value.problems


def test_a_colleague_is_never_another_patient(hospital: Practice) -> None:
    other = build.citizen("Paul", "Martin")
    with pytest.raises(InvalidError):
        hospital.copies(hospital.deposit(), address_of(other))


def test_nobody_sends_from_the_mailbox_of_another(claire: Citizen, hospital: Practice) -> None:
    packed = parcel(hospital.standing, hospital.deposit())
    asked = Copies(to_patient=True, to=(), words="Bonjour", key=uuid4())
    for box in (replace(hospital.box, actor=build.caregiver("Autre").actor), own_box(claire)):
        with pytest.raises(NotFoundError):
            send_copies(box, hospital.standing, packed, archive(packed), asked)


@pytest.mark.parametrize("content", [b"Bonjour,\nligne deux.", b"{\\rtf1 Bonjour}"])
def test_what_is_no_pdf_gets_a_paper_to_read(claire: Citizen, hospital: Practice, content: bytes) -> None:
    own = claire.standing()
    added = documents.add(own, documents.AddDocument("Mes mots", date(2026, 11, 1), "EXPPAT_2", content))
    hospital.copies(added.id, patient=True)
    (_, paper) = (facts for _, facts in attachments(claire.record_id))
    assert (paper.name, paper.media) == ("Mes mots.pdf", "application/pdf")


class TestPharmacy:
    """The patient's own act: a prescription to a pharmacy they know (MS-3)."""

    ADDRESS = "pont-neuf@cabinets.espace.example"

    def known(self, claire: Citizen) -> Box:
        """A pharmacy that handed medicines over to Claire, and its team's mailbox."""
        who = build.caregiver(
            "Roux", "Anne", profession="21", structure="Pharmacie du Pont-Neuf", finess="499900041", sector="SA33"
        )
        build.consent(claire, who, access.Answer.GRANT)
        place = mailbox(self.ADDRESS, "Pharmacie du Pont-Neuf", structure_id=who.facts.structures[0].id)
        assert place.box_id is not None
        return Box(
            place.box_id, boxes.BoxKind.ORG, who.actor, True, address=self.ADDRESS, name="Pharmacie du Pont-Neuf"
        )

    def test_a_prescription_goes_to_it_first(self, claire: Citizen, hospital: Practice) -> None:
        pharmacy = self.known(claire)
        document_id = hospital.deposit(PRESCRIPTION, "Ordonnance")
        own = own_box(claire)
        assert [one.address for one in known_pharmacies(own)] == [self.ADDRESS]
        sent = send(own, Outgoing(to=[self.ADDRESS], key=uuid4(), text="Pour demain.", documents=[document_id]))
        outbox.work()
        assert [one.state for one in sendings.of_messages(own.id, [sent.message_id])[sent.message_id]] == [State.SENT]
        ((said, row),) = messages(pharmacy.id)
        assert said.text == "Pour demain."
        assert [facts.name for _, facts in attachments(pharmacy.id)] == ["Ordonnance.pdf"]
        send(
            pharmacy,
            Outgoing(to=[said.sender.address], key=uuid4(), text="C'est prêt.", conversation_id=row.conversation_id),
        )
        outbox.work()
        assert [one.text for one, _ in messages(own.id)] == ["Pour demain.", "C'est prêt."]

    def test_nothing_else_does(self, claire: Citizen, hospital: Practice) -> None:
        self.known(claire)
        own, report = own_box(claire), hospital.deposit()
        for given in ([report], []):
            with pytest.raises(InvalidError) as raised:
                send(own, Outgoing(to=[self.ADDRESS], key=uuid4(), text="Bonjour.", documents=given))
            assert "add a prescription" in raised.value.problems["to"]

    def test_nor_to_a_pharmacy_they_do_not_know(self, claire: Citizen, hospital: Practice) -> None:
        self.known(build.citizen("Paul", "Martin"))
        own, document_id = own_box(claire), hospital.deposit(PRESCRIPTION, "Ordonnance")
        assert known_pharmacies(own) == []
        with pytest.raises(InvalidError) as raised:
            send(own, Outgoing(to=[self.ADDRESS], key=uuid4(), text="Bonjour.", documents=[document_id]))
        assert "has not written to you yet" in raised.value.problems["to"]

    def test_nor_where_the_house_makes_no_exception(
        self, claire: Citizen, hospital: Practice, machines: Machines
    ) -> None:
        self.known(claire)
        bound.bind(replace(machines.settings, pharmacy_exception=False))
        own, document_id = own_box(claire), hospital.deposit(PRESCRIPTION, "Ordonnance")
        assert known_pharmacies(own) == []
        with pytest.raises(InvalidError):
            send(own, Outgoing(to=[self.ADDRESS], key=uuid4(), text="Bonjour.", documents=[document_id]))

    def test_a_document_its_sender_may_not_read_is_not_there(self, claire: Citizen, hospital: Practice) -> None:
        self.known(claire)
        hidden = hospital.deposit(PRESCRIPTION, "Ordonnance", patient_invisible=True)
        with pytest.raises(NotFoundError):
            send(own_box(claire), Outgoing(to=[self.ADDRESS], key=uuid4(), text="Bonjour.", documents=[hidden]))
