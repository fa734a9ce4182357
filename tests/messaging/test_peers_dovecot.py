"""Dovecot beside our gateway: the professional mailboxes of this house in any mail program (rules.md MS-11)."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from espace import clock
from espace.assembly import open_house
from espace.identifiers import new_id
from espace.machines import Machines
from espace.messaging.services import boxes
from espace.messaging.services.outgoing import lmtp
from espace.messaging.services.outgoing.sending import Outgoing, send
from espace.messaging.services.practice import mailboxes, tokens
from espace.settings import Settings
from tests.messaging.gate import Gate, message, open_gate, trust, with_gateway
from tests.messaging.letters import conversations, messages, own_box
from tests.messaging.peers import MAILBOXES, PATIENTS, arrived, carried, files_of
from tests.support import build
from tests.support.build import Caregiver
from tests.support.certificates import Certificates
from tests.support.mail_peer import Dovecot, needs, open_folder
from tests.support.papers import pdf

ADDRESS = f"helene.morvan@{MAILBOXES}"


@pytest.fixture(scope="module")
def beside() -> Iterator[Dovecot]:
    """Dovecot with the certificate of our gateway and one of our mailboxes."""
    needs("dovecot", "sievec", root=True)
    with open_folder() as folder:
        made = Certificates(folder)
        with Dovecot(folder / "dovecot", made.gateway, made.ca_file, (ADDRESS,)).running() as found:
            yield found


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "certificates")


@pytest.fixture
def settings(settings: Settings, beside: Dovecot, certificates: Certificates) -> Settings:
    beside.empty()
    domains = {"patient_domain": PATIENTS, "mailbox_domains": MAILBOXES}
    return with_gateway(settings, certificates, **domains, mailbox_lmtp=f"127.0.0.1:{beside.lmtp_port}")


@pytest.fixture
def gate(machines: Machines, certificates: Certificates) -> Iterator[Gate]:
    open_house(machines)
    trust()
    with open_gate(machines, certificates) as found:
        yield found


@pytest.fixture
def doctor(gate: Gate) -> Caregiver:
    """A doctor whose mailbox is here."""
    found = build.caregiver(mssante=ADDRESS)
    mailboxes.open_own(found.facts)
    return found


def test_what_comes_in_is_read_in_a_mail_program(gate: Gate, beside: Dovecot, doctor: Caregiver) -> None:
    paper, letter = pdf("Résultats"), message(ADDRESS, subject="Résultats du 20")
    letter.add_attachment(paper, maintype="application", subtype="pdf", filename="Résultats.pdf")
    with gate.peer() as smtp:
        smtp.send_message(letter)
    carried()
    found = beside.letter(ADDRESS, "Résultats du 20")
    assert (found["Message-ID"], found["From"]) == (letter["Message-ID"], letter["From"])
    assert files_of(found) == {"Résultats.pdf": paper}
    [facts] = boxes.mailboxes_of(doctor.actor)
    assert [said.message_id for said, _row in messages(facts.id)] == [letter["Message-ID"]], "read here as well"


def test_handed_over_twice_it_lies_there_once(gate: Gate, beside: Dovecot, doctor: Caregiver) -> None:
    with gate.peer() as smtp:
        smtp.send_message(message(ADDRESS, subject="Une fois"))
    [facts] = boxes.mailboxes_of(doctor.actor)
    [(_said, row)] = messages(facts.id)
    turn = {"box_id": str(facts.id), "message_id": str(row.id), "address": ADDRESS, "tries": 0}
    carried()
    lmtp.hand_on(new_id(), turn | {"since": row.at.isoformat()})
    with gate.peer() as smtp:
        smtp.send_message(message(ADDRESS, subject="Une autre"))
    carried()
    beside.letter(ADDRESS, "Une autre")
    assert [str(one["Subject"]) for one in beside.letters(ADDRESS)] == ["Une fois", "Une autre"]


def test_a_mail_program_sends_with_a_token_and_reads_the_answer(gate: Gate, beside: Dovecot, doctor: Caregiver) -> None:
    claire = build.citizen()
    [facts] = boxes.mailboxes_of(doctor.actor)
    token = tokens.make(replace(doctor.actor, proved_at=clock.now()), facts.id, "Thunderbird")
    letter = EmailMessage()
    letter["From"], letter["To"] = ADDRESS, boxes.patient_address(claire.ins)
    letter["Subject"], letter["Message-ID"] = "Votre traitement", f"<1.programme@{MAILBOXES}>"
    letter.set_content("Bonjour,\nGardez la même dose.")
    with _signed_in(gate, token.secret) as program:
        program.send_message(letter)
    carried()
    [came] = arrived(claire.record_id)
    assert (came.message_id, came.sender.address) == (letter["Message-ID"], ADDRESS)

    box = own_box(claire)
    [(_facts, conversation)] = conversations(box.id)
    send(box, Outgoing(to=[ADDRESS], key=new_id(), subject="Re: Votre traitement", text="Merci.",
                       conversation_id=conversation.id))  # fmt: skip
    carried()
    answer = beside.letter(ADDRESS, "Re: Votre traitement")
    assert answer["In-Reply-To"] == letter["Message-ID"]
    assert len(conversations(facts.id)) == 1


def test_a_wrong_token_sends_nothing(gate: Gate, doctor: Caregiver) -> None:
    with pytest.raises(smtplib.SMTPAuthenticationError), _signed_in(gate, "un-jeton-qui-n-existe-pas"):
        pass


@contextmanager
def _signed_in(gate: Gate, secret: str) -> Iterator[smtplib.SMTP]:
    context = gate.context(None)
    with smtplib.SMTP_SSL("localhost", gate.settings.mail_tls_port, context=context, timeout=20) as program:
        program.login(ADDRESS, secret)
        yield program
