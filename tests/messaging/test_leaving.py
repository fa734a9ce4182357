"""What leaves: into boxes of this house, over the relay to all others, tried again, and said in words when it fails."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from espace import assembly, db, outbox, storage
from espace import settings as bound
from espace.errors import InvalidError
from espace.interop.mail_letter import Address, Part
from espace.machines import Machines
from espace.messaging.models import Message
from espace.messaging.services.boxes import Box
from espace.messaging.services.outgoing import leaving, sendings
from espace.messaging.services.outgoing.failures import Failure
from espace.messaging.services.outgoing.relay import Fate, hand_over
from espace.messaging.services.outgoing.sending import Outgoing, Sent, send
from espace.messaging.services.outgoing.sendings import SendingFacts, State
from espace.settings import Settings
from tests.support import build
from tests.support.build import Citizen
from tests.support.certificates import Certificates
from tests.support.clock import FakeClock
from tests.support.papers import pdf
from tests.support.ports import free_port

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
from .operator import Operator, content_of

BRIDGE = "dr.martin@medicalmail.apicrypt.org"


@pytest.fixture
def relay() -> Iterator[Operator]:
    """The relay of the house, at work."""
    with Operator().running() as operator:
        yield operator


@pytest.fixture
def settings(settings: Settings, relay: Operator) -> Settings:
    """A house whose mail leaves over that relay."""
    return replace(settings, smtp_port=relay.port)


@pytest.fixture
def house(machines: Machines) -> Machines:
    """The house, with who carries out what."""
    assembly.handle_events()
    return machines


@pytest.fixture
def claire(house: Machines) -> Citizen:
    """A person with an account."""
    return build.citizen("Claire", "Fontenay")


@pytest.fixture
def practice(house: Machines) -> Box:
    """A professional's own mailbox, opened by them."""
    return practice_box()


def write(box: Box, *to: str | Address, **more: Any) -> Sent:
    """Send a message, and let the worker work."""
    sent = send(box, Outgoing(**{"to": to, "key": uuid4(), "subject": "Suivi", "text": "Bonjour.", **more}))
    outbox.work()
    return sent


def every(box: Box, message_id: UUID) -> list[SendingFacts]:
    """What became of a message, recipient by recipient."""
    return sendings.of_messages(box.id, [message_id])[message_id]


def state(box: Box, message_id: UUID) -> str:
    """What became of a message as a whole."""
    with db.read() as tx:
        return str(tx.execute(select(Message.state).where(Message.id == message_id)).scalar_one())


def test_from_a_professional_here_to_a_patient_here_and_back(claire: Citizen, practice: Box) -> None:
    paper = Part("Compte rendu.pdf", "application/pdf", pdf("Compte rendu"))
    sent = write(practice, address_of(claire), parts=[paper])
    assert [one.state for one in every(practice, sent.message_id)] == [State.SENT]
    assert state(practice, sent.message_id) == "sent"
    box = own_box(claire)
    ((came, row),) = messages(box.id)
    assert (came.sender.address, came.sender.name, came.text) == (practice.address, practice.name, "Bonjour.")
    ((file_id, _),) = attachments(box.id)
    with db.read() as tx:
        assert storage.current().open(tx, box.id, file_id).read_all() == paper.content
    write(box, practice.address, conversation_id=row.conversation_id, text="Merci docteur.")
    assert [said.text for said, _ in messages(practice.id)] == ["Bonjour.", "Merci docteur."]
    assert len(conversations(practice.id)) == 1
    assert len(conversations(box.id)) == 1


def test_over_the_relay_it_is_one_message_for_all(practice: Box, relay: Operator) -> None:
    sent = write(practice, HOSPITAL, cc=[DOCTOR], hidden=["tiers@hopital.operateur.example"])
    (envelope,) = relay.taken
    assert envelope.mail_from == practice.address
    assert envelope.rcpt_tos == [HOSPITAL.address, DOCTOR.address, "tiers@hopital.operateur.example"]
    (said,) = relay.letters()
    assert (said.sender.address, said.subject, said.text) == (practice.address, "Suivi", "Bonjour.")
    assert [one.address for one in (*said.to, *said.cc)] == [HOSPITAL.address, DOCTOR.address]
    assert {one.state for one in every(practice, sent.message_id)} == {State.SENT}


def test_an_answer_threads_at_the_other_operator(claire: Citizen, relay: Operator) -> None:
    came = letter(address_of(claire), message_id="<question@hopital.operateur.example>")
    (done,) = arrive(came)
    write(own_box(claire), DOCTOR.address, conversation_id=done.conversation_id)
    (said,) = relay.letters()
    assert said.in_reply_to == "<question@hopital.operateur.example>"
    assert said.references == ("<question@hopital.operateur.example>",)
    assert said.sender.address == address_of(claire).address


def test_each_recipient_has_their_own_fate(practice: Box, claire: Citizen, relay: Operator) -> None:
    relay.replies = {HOSPITAL.address: "550 5.1.1 no such user", DOCTOR.address: "452 4.2.2 over quota"}
    sent = write(practice, address_of(claire), HOSPITAL, DOCTOR, "tiers@hopital.operateur.example")
    found = {one.address: one for one in every(practice, sent.message_id)}
    assert found[address_of(claire).address].state is State.SENT
    assert found["tiers@hopital.operateur.example"].state is State.SENT
    assert (found[HOSPITAL.address].state, found[HOSPITAL.address].failure) == (State.FAILED, Failure.NO_ADDRESS)
    assert str(found[HOSPITAL.address].words) == "This address does not exist."
    assert not found[HOSPITAL.address].can_retry
    assert (found[DOCTOR.address].state, found[DOCTOR.address].failure) == (State.WAITING, Failure.FULL)
    assert state(practice, sent.message_id) == "waiting"


def test_what_is_put_off_is_tried_again_until_it_goes(practice: Box, relay: Operator, clock: FakeClock) -> None:
    relay.replies = {HOSPITAL.address: "450 4.2.0 try later"}
    sent = write(practice, HOSPITAL, DOCTOR)
    clock.advance(timedelta(minutes=1))
    outbox.work()
    assert [one.tries for one in every(practice, sent.message_id)] == [2, 1]
    relay.replies = {}
    outbox.work()
    assert len(relay.taken) == 1  # not before its time
    clock.advance(timedelta(minutes=2))
    outbox.work()
    assert [one.rcpt_tos for one in relay.taken] == [[DOCTOR.address], [HOSPITAL.address]]  # nobody gets it twice
    assert state(practice, sent.message_id) == "sent"
    assert len({one.message_id for one in relay.letters()}) == 1
    assert len({content_of(one) for one in relay.taken}) == 1


def test_after_a_day_it_is_given_up_and_may_be_tried_again(practice: Box, relay: Operator, clock: FakeClock) -> None:
    relay.replies = {"MAIL": "451 4.3.0 not now"}
    sent = write(practice, HOSPITAL)
    for _ in range(40):
        clock.advance(timedelta(hours=1))
        outbox.work()
    (one,) = every(practice, sent.message_id)
    assert (one.state, one.can_retry) == (State.FAILED, True)
    assert 20 <= one.tries <= 32
    assert state(practice, sent.message_id) == "failed"
    relay.replies = {}
    leaving.try_again(practice, sent.message_id)
    outbox.work()
    assert [one.state for one in every(practice, sent.message_id)] == [State.SENT]
    with pytest.raises(InvalidError):
        leaving.try_again(practice, sent.message_id)


def test_a_relay_that_is_away_puts_everything_off(practice: Box, house: Machines, clock: FakeClock) -> None:
    bound.bind(replace(house.settings, smtp_port=free_port()))
    sent = write(practice, HOSPITAL)
    assert [(one.state, one.failure) for one in every(practice, sent.message_id)] == [(State.WAITING, Failure.SILENT)]
    bound.bind(house.settings)
    clock.advance(timedelta(minutes=1))
    outbox.work()
    assert [one.state for one in every(practice, sent.message_id)] == [State.SENT]


def test_a_line_cut_before_the_answer_brings_the_same_message_again(
    practice: Box, relay: Operator, clock: FakeClock
) -> None:
    relay.drops_after = 1
    sent = write(practice, HOSPITAL)
    assert state(practice, sent.message_id) == "waiting"
    clock.advance(timedelta(minutes=1))
    outbox.work()
    assert state(practice, sent.message_id) == "sent"
    first, second = relay.taken
    assert first.content == second.content  # whoever gets both keeps one: the Message-ID is the same


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ("554 5.7.1 refused", Failure.NOT_ALLOWED),
        ("552 5.3.4 too big", Failure.TOO_LARGE),
        ("550 no", Failure.NO_ADDRESS),
    ],
)
def test_a_message_that_is_refused_whole_fails_for_all(
    practice: Box, relay: Operator, answer: str, failure: Failure
) -> None:
    relay.replies = {"DATA": answer}
    sent = write(practice, HOSPITAL, DOCTOR)
    assert [(one.state, one.failure) for one in every(practice, sent.message_id)] == [(State.FAILED, failure)] * 2


def test_the_bridge_to_apicrypt_is_written_otherwise_on_the_way(practice: Box, relay: Operator) -> None:
    sent = write(practice, BRIDGE)
    (envelope,) = relay.taken
    assert envelope.rcpt_tos == ["dr.martin@interop-mssante.apicrypt.org"]
    assert [one.address for one in relay.letters()[0].to] == ["dr.martin@interop-mssante.apicrypt.org"]
    assert [one.address for one in every(practice, sent.message_id)] == [BRIDGE]  # here as it was written


def test_an_address_that_no_header_holds_is_said_before_it_leaves(practice: Box, relay: Operator) -> None:
    with pytest.raises(InvalidError, match="to"):
        write(practice, "hélène@hopital.operateur.example")
    assert relay.taken == []


def test_an_envelope_with_accents_is_spelled_where_the_relay_can(house: Machines, relay: Operator) -> None:
    found = hand_over(b"Subject: a\r\n\r\nb\r\n", "a@b.example", ["hélène@c.example"])
    assert found["hélène@c.example"].fate is Fate.TAKEN
    assert relay.taken[0].rcpt_tos == ["hélène@c.example"]
    assert "SMTPUTF8" in relay.options[0]
    hand_over(b"Subject: a\r\n\r\nb\r\n", "a@b.example", ["d@c.example"])
    assert "SMTPUTF8" not in relay.options[1]
    odd = ["x@y.example>\r\nRCPT TO:<z@y.example", "x y@z.example"]
    assert {one.fate for one in hand_over(b"a", "a@b.example", odd).values()} == {Fate.NEVER}
    assert len(relay.taken) == 2


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("190000000000000@patient.espace.example", "No health space has this address."),
        ("personne@cabinets.espace.example", "This address does not exist."),
    ],
)
def test_an_address_here_that_does_not_exist_is_said(practice: Box, address: str, words: str) -> None:
    sent = write(practice, address)
    (one,) = every(practice, sent.message_id)
    assert (one.state, str(one.words), one.can_retry) == (State.FAILED, words, False)


def test_a_file_that_does_not_open_any_more_is_said(practice: Box, relay: Operator) -> None:
    given = Outgoing(to=[HOSPITAL], key=uuid4(), text="Voici.", parts=[Part("a.pdf", "application/pdf", pdf("A"))])
    sent = send(practice, given)
    ((file_id, _),) = attachments(practice.id)
    storage.current().delete(practice.id, file_id)
    outbox.work()
    (one,) = every(practice, sent.message_id)
    assert (one.state, one.failure) == (State.FAILED, Failure.UNREADABLE)
    assert relay.taken == []


def test_an_exchange_ended_while_it_waited_takes_nothing(claire: Citizen, practice: Box) -> None:
    write(practice, address_of(claire))
    box = own_box(claire)
    sent = send(box, Outgoing(to=[practice.address], key=uuid4(), text="Une question."))
    write(practice, address_of(claire), subject="[FIN] Suivi")  # its end and the question cross
    found = {one.state for one in every(box, sent.message_id)}
    assert found <= {State.SENT, State.FAILED}


class TestUnderTls:
    """The relay that proves who it is and asks the same."""

    @pytest.fixture
    def certificates(self, tmp_path: Path) -> Certificates:
        """Authorities and certificates of this test."""
        return Certificates(tmp_path / "certificates")

    def _house(self, machines: Machines, **changed: Any) -> None:
        bound.bind(replace(machines.settings, **changed))

    def test_each_side_shows_its_certificate(self, house: Machines, certificates: Certificates) -> None:
        box = practice_box()
        with Operator().running(certificates.peer, str(certificates.ca_file), wants_certificate=True) as operator:
            ours = certificates.gateway
            self._house(
                house,
                smtp_port=operator.port,
                smtp_ca_file=str(certificates.ca_file),
                smtp_certificate=str(ours.certificate),
                smtp_key=str(ours.key),
            )
            sent = write(box, HOSPITAL)
            assert [one.state for one in every(box, sent.message_id)] == [State.SENT]
            assert "mail.espace.test" in operator.clients[0]

    def test_nothing_is_handed_to_who_cannot_prove_who_they_are(
        self, house: Machines, certificates: Certificates
    ) -> None:
        box = practice_box()
        with Operator().running(certificates.foreign) as operator:
            self._house(house, smtp_port=operator.port, smtp_ca_file=str(certificates.ca_file))
            sent = write(box, HOSPITAL)
            assert operator.taken == []
            assert [one.state for one in every(box, sent.message_id)] == [State.WAITING]

    def test_a_relay_without_tls_gets_nothing_where_tls_is_wanted(
        self, house: Machines, certificates: Certificates
    ) -> None:
        box = practice_box()
        with Operator().running() as operator:
            self._house(house, smtp_port=operator.port, smtp_ca_file=str(certificates.ca_file))
            write(box, HOSPITAL)
            assert operator.taken == []

    def test_it_signs_in_where_the_relay_asks(self, house: Machines, certificates: Certificates) -> None:
        box = practice_box()
        with Operator().running(certificates.peer, password="sesame") as operator:
            asked = {"smtp_starttls": True, "smtp_ca_file": str(certificates.ca_file), "smtp_user": "espace"}
            for password, state in (("autre", State.WAITING), ("sesame", State.SENT)):
                self._house(house, smtp_port=operator.port, smtp_password=password, **asked)
                sent = write(box, HOSPITAL)
                assert [one.state for one in every(box, sent.message_id)] == [state]


def test_what_is_secret_stays_so_through_the_mailbox_and_back(house: Machines, claire: Citizen, practice: Box) -> None:
    """A minor writes secretly, their doctor answers: no parent sees either (MI-6)."""
    child = build.citizen("Jules", "Fontenay", sex="M", birth=claire.birth_date.replace(year=2011), parents=[claire])
    write(practice, address_of(child))
    write(own_box(child), practice.address, text="Entre nous.", secret=True)
    ((_, row),) = [one for one in messages(practice.id) if one[0].text == "Entre nous."]
    write(practice, address_of(child), text="Entendu.", conversation_id=row.conversation_id)
    secret = {said.text: line.secret for said, line in messages(child.record_id)}
    assert secret == {"Bonjour.": False, "Entre nous.": True, "Entendu.": True}
