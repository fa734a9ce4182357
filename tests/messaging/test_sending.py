"""Sending: who may write to whom, once for each form, and everything in one unit of work (rules.md MS-2 to MS-5)."""

import threading
from contextvars import copy_context
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from espace import db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.interop.mail_letter import Address, Part
from espace.machines import Machines
from espace.messaging.services.boxes import Box
from espace.messaging.services.operators import trust_desk
from espace.messaging.services.operators.trust_files import ListKind
from espace.messaging.services.outgoing import sendings
from espace.messaging.services.outgoing.sending import Outgoing, send, why
from espace.messaging.services.outgoing.sendings import State
from espace.messaging.services.rights import Why
from espace.outbox.models import Delivery
from espace.permissions import SYSTEM, Role
from tests.support import build, office
from tests.support.build import Citizen
from tests.support.papers import pdf

from .letters import (
    DOCTOR,
    HOSPITAL,
    address_of,
    arrive,
    attachments,
    conversations,
    letter,
    messages,
    own_box,
    practice_box,
)


@pytest.fixture
def claire(machines: Machines) -> Citizen:
    """A person with an account."""
    return build.citizen("Claire", "Fontenay")


@pytest.fixture
def practice(machines: Machines) -> Box:
    """A professional's own mailbox, opened by them."""
    return practice_box()


def outgoing(*to: str | Address, **more: Any) -> Outgoing:
    """What somebody writes to these."""
    return Outgoing(**{"to": to, "key": uuid4(), "subject": "Question", "text": "Bonjour docteur.", **more})


def problems(box: Box, given: Outgoing) -> dict[str, str]:
    """What is said beside the fields of a message that is not sent."""
    with pytest.raises(InvalidError) as raised:
        send(box, given)
    assert messages(box.id) == [] or all(not row.outgoing for _, row in messages(box.id))
    return raised.value.problems


def test_an_answer_goes_into_its_conversation_and_waits_to_leave(claire: Citizen) -> None:
    (came,) = arrive(letter(address_of(claire)))
    box = own_box(claire)
    sent = send(box, outgoing(DOCTOR.address, conversation_id=came.conversation_id))
    (first, _), (said, row) = messages(box.id)
    assert sent.new
    assert (sent.conversation_id, sent.message_id) == (came.conversation_id, row.id)
    assert (row.outgoing, row.state, row.author_id) == (True, "waiting", claire.account_id)
    assert (said.in_reply_to, said.references) == (first.message_id, (first.message_id,))
    assert said.to[0].name == DOCTOR.name  # as they sign
    (one,) = sendings.of_messages(box.id, [row.id])[row.id]
    assert (one.address, one.state, one.words, one.can_retry) == (DOCTOR.address, State.WAITING, None, False)
    assert topics().count("messaging.leave") == 1
    trail = audit.entries(claire.record_id, mine=False, holder_actor_ids=[], before=None)
    assert Action.MESSAGE_SENT in [one.action for one in trail]


def topics() -> list[str]:
    """What waits in the outbox."""
    with db.read() as tx:
        return [row.topic for row in tx.execute(select(Delivery.topic).where(Delivery.state == "waiting"))]


def test_the_same_form_sends_once_even_twice_at_once(claire: Citizen) -> None:
    arrive(letter(address_of(claire)))
    box = own_box(claire)
    given = outgoing(DOCTOR.address, parts=[Part("a.pdf", "application/pdf", pdf("A"))])
    found = []
    runs = [copy_context() for _ in range(4)]
    threads = [threading.Thread(target=run.run, args=(lambda: found.append(send(box, given)),)) for run in runs]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    found.append(send(box, given))
    assert len(found) == 5
    assert len({one.message_id for one in found}) == 1
    assert [one.new for one in found].count(True) == 1
    assert len([row for _, row in messages(box.id) if row.outgoing]) == 1
    assert len(attachments(box.id)) == 1
    assert topics().count("messaging.leave") == 1


def test_a_patient_writes_to_nobody_who_did_not_write_first(claire: Citizen) -> None:
    box = own_box(claire)
    other = build.citizen("Paul", "Martin")
    assert "has not written to you yet" in problems(box, outgoing(HOSPITAL.address))["to"]
    assert "Patients cannot write" in problems(box, outgoing(address_of(other)))["to"]
    assert "other than yourself" in problems(box, outgoing(address_of(claire)))["to"]
    arrive(letter(address_of(claire)))
    assert why(box, DOCTOR.address.upper()).why is Why.WROTE_BEFORE
    # One who may be written to does not carry in one who may not.
    assert "has not written" in problems(box, outgoing(DOCTOR.address, cc=[HOSPITAL.address]))["to"]
    assert "has not written" in problems(box, outgoing(DOCTOR.address, hidden=[HOSPITAL.address]))["to"]


def test_an_exchange_that_was_ended_takes_no_answer_until_they_write_again(claire: Citizen) -> None:
    arrive(letter(address_of(claire)))
    arrive(letter(address_of(claire), subject="[FIN] Votre consultation"))
    box = own_box(claire)
    assert "ended the exchange" in problems(box, outgoing(DOCTOR.address))["to"]
    arrive(letter(address_of(claire), subject="Encore une chose"))
    assert send(box, outgoing(DOCTOR.address)).new


def test_who_only_reads_sends_nothing(claire: Citizen) -> None:
    arrive(letter(address_of(claire)))
    reader = replace(own_box(claire), may_write=False)
    assert "not write" in problems(reader, outgoing(DOCTOR.address))["to"]


def test_a_professional_writes_to_patients_colleagues_and_others(claire: Citizen, practice: Box) -> None:
    colleague = practice_box("jean.petit@cabinets.espace.example", "Dr Jean Petit")
    sent = send(practice, outgoing(address_of(claire), cc=[colleague.address, HOSPITAL]))
    every = sendings.of_messages(practice.id, [sent.message_id])[sent.message_id]
    assert [one.address for one in every] == [address_of(claire).address, colleague.address, HOSPITAL.address]
    ((said, _),) = messages(practice.id)
    assert (said.sender.address, said.sender.name) == (practice.address, practice.name)
    assert said.cc[0].name == "Dr Jean Petit"  # the mailbox says its name


@pytest.mark.parametrize(
    "address",
    [
        "pas une adresse",
        "a@b\r\nBcc: c@d.example",
        "a@b.example>\r\nRCPT TO:<c@d.example",
        "a@b.example, c@d.example",
        "<a@b.example>",
        "@b.example",
        "a@",
        "a@b@c.example",
        "",
        "a\x00@b.example",
    ],
)
def test_what_is_no_address_reaches_no_line(practice: Box, address: str) -> None:
    assert "to" in problems(practice, outgoing(address))


def test_nothing_leaves_the_trust_space_once_its_list_counts(app: object, claire: Citizen, practice: Box) -> None:
    """rules.md MS-10; a bridge of the correspondence is inside (MS-18)."""
    outside = "helene@courriel.example"
    send(practice, outgoing(outside))  # no list yet: the relay decides
    content = b"Anjou,anjou.example,mail.anjou.example\n"
    found = trust_desk.propose(SYSTEM, ListKind.OPERATORS, content)
    trust_desk.confirm(office.officer(Role.PRIVACY_OFFICER).actor, found.id, trust_desk.seen(found.id))
    inside = (address_of(claire), "karim@Anjou.example", "x@medical.apicrypt.org", "y@interop-mssante.apicrypt.org")
    for address in inside:
        send(practice, outgoing(address))
    for address in (outside, "x@sous.anjou.example", "x@anjou.example.net"):
        with pytest.raises(InvalidError) as raised:
            send(practice, outgoing(*inside, address))
        assert address in str(raised.value.problems["to"])


def test_headers_cannot_be_put_in_by_a_subject_or_a_name(practice: Box) -> None:
    given = outgoing(Address(HOSPITAL.address, "Bob\r\nBcc: x@y.example"), subject="Bonjour\r\nBcc: x@y.example\x00")
    send(practice, given)
    ((said, _),) = messages(practice.id)
    assert "\n" not in said.subject + said.to[0].name
    assert "\x00" not in said.subject


def test_limits_are_said_beside_the_field(practice: Box) -> None:
    everybody = [f"personne{number}@hopital.operateur.example" for number in range(31)]
    assert "30" in problems(practice, outgoing(*everybody))["to"]
    assert "200" in problems(practice, outgoing(HOSPITAL, subject="a" * 201))["subject"]
    assert "text" in problems(practice, outgoing(HOSPITAL, text="  \r\n "))
    big = [Part(f"{number}.bin", "application/octet-stream", bytes(7 * 1024 * 1024)) for number in range(3)]
    assert "25" in problems(practice, outgoing(HOSPITAL, parts=big))["files"]


def test_a_conversation_of_another_box_is_not_there(claire: Citizen, practice: Box) -> None:
    (came,) = arrive(letter(address_of(claire)))
    with pytest.raises(NotFoundError):
        send(practice, outgoing(HOSPITAL, conversation_id=came.conversation_id))
    with pytest.raises(NotFoundError):
        send(practice, outgoing(HOSPITAL, conversation_id=new_id()))


def test_whoever_answers_what_is_kept_from_them_finds_nothing(claire: Citizen) -> None:
    """A parent does not answer into a minor's secret conversation, nor learns that there is one (R13)."""
    child = build.citizen("Jules", "Fontenay", sex="M", birth=claire.birth_date.replace(year=2012), parents=[claire])
    (came,) = arrive(letter(address_of(child)), secret=True)
    parent = replace(own_box(child), sees_secret=False)
    with pytest.raises(NotFoundError):
        send(parent, outgoing(DOCTOR.address, conversation_id=came.conversation_id))
    assert "has not written" in problems(parent, outgoing(DOCTOR.address))["to"]
    assert send(own_box(child), outgoing(DOCTOR.address, conversation_id=came.conversation_id)).new
    assert [line.secret for _, line in conversations(child.record_id)] == [True]


def test_a_program_sends_one_message_in_pieces(practice: Box) -> None:
    given = outgoing(HOSPITAL, message_id="<1@logiciel.example>", parts=[Part("a.txt", "text/plain", b"bonjour")])
    first = send(practice, given)
    again = send(practice, replace(given, key=uuid4()))
    more = send(practice, replace(given, key=uuid4(), to=(), hidden=["autre@hopital.operateur.example"]))
    assert (again.new, more.new) == (False, False)
    assert {first.message_id} == {again.message_id, more.message_id}
    every = sendings.of_messages(practice.id, [first.message_id])[first.message_id]
    assert [one.address for one in every] == [HOSPITAL.address, "autre@hopital.operateur.example"]


def test_a_program_that_gives_two_messages_one_id_sends_both(practice: Box) -> None:
    given = outgoing(HOSPITAL, message_id="<1@logiciel.example>")
    first = send(practice, given)
    other = send(practice, replace(given, key=uuid4(), text="Autre chose."))
    assert other.new
    assert first.message_id != other.message_id
    assert [said.text for said, _ in messages(practice.id)] == ["Bonjour docteur.", "Autre chose."]


def test_hidden_recipients_stand_in_no_header(practice: Box) -> None:
    sent = send(practice, outgoing(hidden=[HOSPITAL.address]))
    ((said, _),) = messages(practice.id)
    assert [one.address for one in said.recipients] == [practice.address]
    (one,) = sendings.of_messages(practice.id, [sent.message_id])[sent.message_id]
    assert one.address == HOSPITAL.address
