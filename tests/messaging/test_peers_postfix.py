"""Postfix and Dovecot as another operator: messages there and back over two systems, and what fails on the way."""

import os
from collections.abc import Iterator

import pytest

from espace.identifiers import new_id
from espace.interop.mail_letter import Part
from espace.machines import Machines
from espace.messaging.services import boxes
from espace.messaging.services.boxes import Box
from espace.messaging.services.outgoing import sendings
from espace.messaging.services.outgoing.sending import Outgoing, Sent, send
from espace.settings import Settings
from tests.messaging.gate import Gate, message
from tests.messaging.letters import conversations, messages, own_box
from tests.messaging.peers import (
    CARDIOLOGIST,
    DOMAIN,
    GHOST,
    PATIENTS,
    Neighbour,
    arrived,
    came_back,
    carried,
    contents,
    files_of,
    neighbour,
    opened,
)
from tests.support import build
from tests.support.papers import pdf


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


def _address(person: build.Citizen) -> str:
    return boxes.patient_address(person.ins)


def _answer(box: Box, to: str, subject: str, text: str, *parts: Part) -> Sent:
    [*_, (_facts, row)] = conversations(box.id)
    sent = send(box, Outgoing(to=[to], key=new_id(), subject=subject, text=text, parts=parts, conversation_id=row.id))
    carried()
    return sent


def test_a_professional_and_a_patient_write_to_each_other_over_two_systems(other: Neighbour, gate: Gate) -> None:
    claire = build.citizen()
    box, paper, photo = own_box(claire), pdf("Compte rendu"), os.urandom(300_000)
    first = other.writes(_address(claire), "Votre consultation du 20", files=(("Compte rendu.pdf", paper),))
    [came] = arrived(box.id)
    assert (came.message_id, came.sender.address) == (first["Message-ID"], CARDIOLOGIST)
    assert contents(box.id) == {"Compte rendu.pdf": paper}

    _answer(box, CARDIOLOGIST, "Re: Votre consultation du 20", "Merci.", Part("photo.bin", "image/x-own", photo))
    answer = other.operator.letter(CARDIOLOGIST, "Re: Votre consultation du 20")
    assert (answer["In-Reply-To"], answer["References"]) == (first["Message-ID"], first["Message-ID"])
    assert answer["From"].addresses[0].addr_spec == _address(claire)
    assert answer["From"].addresses[0].display_name == claire.name
    assert files_of(answer) == {"photo.bin": photo}

    second = other.writes(_address(claire), "Re: Votre consultation du 20", "De rien.", answers=answer)
    found = arrived(box.id, 3)
    assert found[-1].message_id == second["Message-ID"]
    assert len(conversations(box.id)) == 1, "three messages, one conversation on our side"


def test_an_address_that_is_gone_there_is_said_in_words(other: Neighbour, gate: Gate) -> None:
    claire = build.citizen()
    box, gone = own_box(claire), f"partie@{DOMAIN}"
    with gate.peer(other.operator.pair) as smtp:
        smtp.send_message(message(_address(claire), sender=gone))
    sent = _answer(box, gone, "Re: Compte rendu", "Êtes-vous encore là ?")
    [told] = sendings.of_messages(box.id, [sent.message_id])[sent.message_id]
    assert told.state == sendings.State.FAILED
    assert str(told.words) == "This address does not exist."
    assert came_back(box.id).message_id in {said.message_id for said, _row in messages(box.id)}


def test_what_bounces_after_it_was_taken_comes_back_into_the_conversation(other: Neighbour, gate: Gate) -> None:
    claire = build.citizen()
    box = own_box(claire)
    with gate.peer(other.operator.pair) as smtp:
        smtp.send_message(message(_address(claire), sender=GHOST))
    sent = _answer(box, GHOST, "Re: Compte rendu", "Merci.")
    came_back(box.id)  # Postfix took it, Dovecot did not: its report reached our gateway
    [told] = sendings.of_messages(box.id, [sent.message_id])[sent.message_id]
    assert told.state == sendings.State.FAILED
    assert str(told.words) == "This address does not exist."
    assert len(messages(box.id)) == 2, "the report itself is no message to read"


@pytest.mark.parametrize("local", ["299999999999999", "pas-un-numero"])
def test_what_we_refuse_returns_to_the_professional(other: Neighbour, gate: Gate, local: str) -> None:
    other.writes(f"{local}@{PATIENTS}", f"Pour {local}")
    report = other.operator.letter(CARDIOLOGIST, f"Final-Recipient: rfc822; {local}@{PATIENTS}")
    assert report.get_content_type() == "multipart/report"
    assert "Adresse inconnue ici" in report.as_string()
    assert "Status: 5.1.1" in report.as_string()


def test_ten_messages_at_once_come_each_in_its_own_conversation(other: Neighbour, gate: Gate) -> None:
    claire, yves = build.citizen(), build.citizen("Yves", "Quéméner", sex="M")
    for number in range(10):
        other.writes(_address(claire), f"Message {number}", cc=_address(yves))
    for person in (claire, yves):
        found = arrived(person.record_id, 10)
        assert {said.subject for said in found} == {f"Message {number}" for number in range(10)}
        assert len(conversations(person.record_id)) == 10
