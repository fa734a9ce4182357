"""The journeys secure mail is for, over real parts: another operator's Postfix and Dovecot, our gateway, our worker."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import pytest

from espace import clock
from espace.access.services import Answer
from espace.documents import services as documents
from espace.documents.services.arriving.sending_out import parcel
from espace.errors import InvalidError
from espace.identifiers import new_id
from espace.interop import xdm
from espace.interop.cda import CdaHeader
from espace.interop.cda_write import wrap
from espace.interop.mail_letter import XDM_NAME, Part
from espace.interop.xdm_write import Outgoing as Packed
from espace.interop.xdm_write import pack
from espace.machines import Machines
from espace.messaging.services import boxes
from espace.messaging.services.boxes import Box, BoxKind
from espace.messaging.services.incoming import archives
from espace.messaging.services.outgoing import letters
from espace.messaging.services.outgoing.sending import Outgoing, Sent, send
from espace.messaging.services.practice import mailboxes
from espace.messaging.services.practice.mailboxes import NewMailbox
from espace.messaging.services.reading import attachments as files
from espace.messaging.services.reading import filing
from espace.permissions import Standing
from espace.settings import Settings
from tests.documents.house import header
from tests.messaging.gate import Gate
from tests.messaging.letters import conversations, messages, own_box
from tests.messaging.peers import (
    CARDIOLOGIST,
    MAILBOXES,
    SECRETARY,
    Neighbour,
    arrived,
    carried,
    contents,
    files_of,
    neighbour,
    opened,
)
from tests.support import build
from tests.support.build import Caregiver, Citizen
from tests.support.papers import pdf

_AT = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
_PRESCRIPTION = "57833-6"


@pytest.fixture(scope="module")
def other() -> Iterator[Neighbour]:
    with neighbour() as found:
        yield found


@pytest.fixture
def settings(settings: Settings, other: Neighbour) -> Settings:
    return other.settings(settings)


@pytest.fixture
def gate(machines: Machines, other: Neighbour) -> Iterator[Gate]:
    with opened(machines, other.certificates) as found:
        yield found


class Practice(NamedTuple):
    """A doctor of this house and their own mailbox."""

    doctor: Caregiver
    box: Box


@pytest.fixture
def attending(gate: Gate) -> Practice:
    """The attending doctor, whose mailbox is here."""
    doctor = build.caregiver(mssante=f"helene.morvan@{MAILBOXES}")
    mailboxes.open_own(doctor.facts)
    [box] = boxes.boxes_of(doctor.actor)
    return Practice(doctor, box)


@pytest.fixture
def claire(gate: Gate) -> Citizen:
    return build.citizen()


def _address(person: Citizen) -> str:
    return boxes.patient_address(person.ins)


def _team(leader: Caregiver, local: str, name: str) -> Box:
    """The mailbox of a place."""
    actor = replace(leader.actor, proved_at=clock.now())
    made = mailboxes.make(actor, NewMailbox(BoxKind.ORG, local, MAILBOXES, name, leader.facts.structures[0].id))
    return boxes.box_of_mailbox(actor, made)


def _says(box: Box, to: Sequence[str], subject: str, *parts: Part, answers: UUID | None = None) -> Sent:
    sent = send(
        box,
        Outgoing(to=to, key=new_id(), subject=subject, text="Bonjour,", parts=parts, conversation_id=answers),
    )
    carried()
    return sent


def _letter(name: str) -> Part:
    return Part(f"{name}.pdf", "application/pdf", pdf(name))


def _archive(*given: CdaHeader) -> tuple[str, bytes]:
    packed = [Packed(wrap(one, pdf(one.title), "application/pdf"), one, "42", "x", "application/pdf") for one in given]
    return XDM_NAME, pack(packed, at=_AT, index="<p>", readme="x")


def _titles(person: Citizen) -> list[str]:
    return sorted(row.title for row in documents.page(person.standing()).rows)


def _lines(box: Box) -> list[files.AttachmentLine]:
    found = files.of_messages(box, [row.id for _said, row in messages(box.id)])
    return [line for lines in found.values() for line in lines]


def test_discharge_letter_from_the_hospital_to_the_attending_doctor_with_a_copy_to_the_patient(
    other: Neighbour, attending: Practice, claire: Citizen
) -> None:
    letter = pdf("Lettre de liaison")
    both = (_archive(header(claire, "1.2.3", title="Lettre de liaison")), ("Lettre de liaison.pdf", letter))
    subject = "XDM/1.0/DDM Sortie du 20 novembre"
    other.writes(attending.box.address, subject, files=both, cc=_address(claire), sender=SECRETARY)
    for box_id in (attending.box.id, claire.record_id):
        arrived(box_id)
        assert contents(box_id)["Lettre de liaison.pdf"] == letter
    carried()
    assert _titles(claire) == []
    box = own_box(claire)
    [archive] = [line for line in _lines(box) if line.kind == "xdm"]
    archives.file_document(box, archive.id, 0)
    assert _titles(claire) == ["Lettre de liaison"]

    _says(attending.box, [SECRETARY], "Bien reçu", answers=conversations(attending.box.id)[0][1].id)
    assert other.operator.letter(SECRETARY, "Bien reçu")["From"].addresses[0].addr_spec == attending.box.address


class TestResults:
    """Laboratory results, in a house where they are filed by themselves."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, archives_filed=True)

    def test_laboratory_result_to_the_doctor_and_the_patient(
        self, other: Neighbour, attending: Practice, claire: Citizen
    ) -> None:
        both = (_archive(header(claire, "1.2.4", title="Bilan sanguin")), ("Bilan sanguin.pdf", pdf("Bilan")))
        other.writes(attending.box.address, "XDM/1.0/DDM Résultats", files=both, cc=_address(claire))
        arrived(claire.record_id)
        arrived(attending.box.id)
        carried()
        assert _titles(claire) == ["Bilan sanguin"]
        assert {line.facts.name for line in _lines(attending.box)} == {XDM_NAME, "Bilan sanguin.pdf"}


def test_an_acute_situation_is_reported_to_the_attending_doctor_at_another_operator(
    other: Neighbour, gate: Gate, claire: Citizen
) -> None:
    emergency = _team(build.caregiver("Aubry", "Lucie", finess="350000001"), "urgences", "Urgences, CHU")
    report = _letter("Compte rendu de passage")
    sent = _says(emergency, [CARDIOLOGIST], "Passage aux urgences", report)
    came = other.operator.letter(CARDIOLOGIST, "Passage aux urgences")
    assert files_of(came) == {report.name: report.content}
    assert came["From"].addresses[0].display_name == "Urgences, CHU"
    other.writes(emergency.address, "Re: Passage aux urgences", "Je la vois demain.", answers=came)
    arrived(emergency.id, 2)
    [(_facts, conversation)] = conversations(emergency.id)
    assert conversation.id == sent.conversation_id
    assert conversation.unread, "the team sees that an answer came"


def test_a_referral_letter_goes_to_the_patient_who_files_it(attending: Practice, claire: Citizen) -> None:
    _says(attending.box, [_address(claire)], "Lettre pour le cardiologue", _letter("Lettre au cardiologue"))
    box = own_box(claire)
    [line] = _lines(box)
    said = filing.proposed(box, line)
    filing.file_attachment(box, line.id, said)
    assert _titles(claire) == [said.title]
    _says(box, [attending.box.address], "Re: Lettre pour le cardiologue", answers=conversations(box.id)[0][1].id)
    assert len(messages(attending.box.id)) == 2


def test_tele_expertise_between_two_operators(other: Neighbour, attending: Practice) -> None:
    request = _letter("Demande d'avis")
    asked = _says(attending.box, [CARDIOLOGIST], "Avis sur un tracé", request)
    question = other.operator.letter(CARDIOLOGIST, "Avis sur un tracé")
    assert files_of(question) == {request.name: request.content}
    opinion = pdf("Avis")
    first = other.writes(
        attending.box.address, "Re: Avis sur un tracé", files=(("Avis.pdf", opinion),), answers=question
    )
    arrived(attending.box.id, 2)
    assert contents(attending.box.id)["Avis.pdf"] == opinion

    _says(attending.box, [CARDIOLOGIST], "Re: Avis sur un tracé, suite", answers=asked.conversation_id)
    thanks = other.operator.letter(CARDIOLOGIST, "tracé, suite")
    assert thanks["In-Reply-To"] == first["Message-ID"]
    assert thanks["References"].split() == [question["Message-ID"], first["Message-ID"]]
    assert [row.id for _facts, row in conversations(attending.box.id)] == [asked.conversation_id]


def test_a_letter_filed_here_reaches_a_colleague_elsewhere_as_software_files_it(
    other: Neighbour, attending: Practice, claire: Citizen
) -> None:
    standing, document_id = _deposited(attending, claire, "Courrier de suivi", "11488-4", paper := pdf("Suivi"))
    packed = parcel(standing, document_id)
    archive = pack([packed.outgoing], at=_AT, index="<p>", readme="x")
    copies = letters.Copies(to_patient=True, to=[CARDIOLOGIST], words="Cher confrère,", key=new_id())
    letters.send_copies(attending.box, standing, packed, archive, copies)
    carried()
    came = other.operator.letter(CARDIOLOGIST, "XDM/1.0/DDM Courrier de suivi")
    assert (came["X-MSS-CODECDA"], came["X-MSS-INS"]) == ("11488-4", "O")
    inside = files_of(came)
    assert inside == {XDM_NAME: archive, "Courrier de suivi.pdf": paper}
    [entry] = xdm.read(inside[XDM_NAME]).entries
    assert entry.patient is not None
    assert entry.patient.ins == claire.ins
    assert [said.sender.address for said in arrived(claire.record_id)] == [attending.box.address]


def _deposited(by: Practice, claire: Citizen, title: str, type_code: str, content: bytes) -> tuple[Standing, UUID]:
    build.consent(claire, by.doctor, Answer.GRANT)
    standing = by.doctor.standing(claire.record_id)
    assert standing is not None
    command = documents.DepositDocument(
        title=title, date=clock.today(), type_code=type_code, content=content, representatives_see=None
    )
    return standing, documents.deposit(standing, command)


def test_a_prescription_goes_to_a_known_pharmacy(attending: Practice, claire: Citizen) -> None:
    _standing, given = _deposited(attending, claire, "Ordonnance", _PRESCRIPTION, paper := pdf("Ordonnance"))
    pharmacist = build.caregiver("Marchetti", "Odile", profession="21", finess="350000002", sector="SA33")
    pharmacy = _team(pharmacist, "pharmacie.pont-neuf", "Pharmacie du Pont-Neuf")
    box = own_box(claire)

    def order(*document_ids: UUID) -> None:
        asked = Outgoing(to=[pharmacy.address], key=new_id(), text="Bonjour,", documents=document_ids)
        send(box, asked)
        carried()

    with pytest.raises(InvalidError):
        order(given)  # she does not know this pharmacy yet
    build.consent(claire, pharmacist, Answer.GRANT)
    with pytest.raises(InvalidError):
        order()  # known, but only a prescription begins an exchange
    order(given)
    assert list(contents(pharmacy.id).values()) == [paper]
    _says(pharmacy, [_address(claire)], "Votre ordonnance est prête", answers=conversations(pharmacy.id)[0][1].id)
    assert len(messages(box.id)) == 2
    assert len(conversations(box.id)) == 1
