"""Another house at the gateway: its patients may do no more to ours than ours among themselves (MS-4, MS-5)."""

import smtplib
from collections.abc import Iterator

import pytest
from flask import Flask

from espace import outbox
from espace.machines import Machines
from espace.messaging.gateway import replies
from espace.messaging.services import boxes
from espace.messaging.services.outgoing.sending import why
from espace.messaging.services.practice import mailboxes
from espace.messaging.services.reading import lists
from espace.messaging.services.reading.lists import Folder
from espace.messaging.services.rights import Why
from espace.messaging.services.writing import closing
from tests.messaging.gate import Gate, message, open_gate, trust
from tests.messaging.letters import messages, own_box
from tests.messaging.mailboxes import doctor
from tests.messaging.mailboxes import own_box as own_mailbox
from tests.support import build
from tests.support.certificates import PEER, Certificates

THEIRS = "patient.autre.example"


@pytest.fixture
def gate(app: Flask, machines: Machines, certificates: Certificates) -> Iterator[Gate]:
    """A gateway that trusts the other house, whose patients have a domain of theirs."""
    trust([("Autre espace", THEIRS, PEER), ("Autre espace", "cabinets.autre.example", PEER)])
    with open_gate(machines, certificates) as opened:
        yield opened


def said(smtp: smtplib.SMTP, sender: str, to: str) -> str:
    """What is answered to this pair of addresses, before any message is sent."""
    smtp.rset()
    smtp.mail(sender)
    code, words = smtp.rcpt(to)
    return f"{code} {words.decode()}"


def test_a_patient_of_another_house_does_not_write_to_one_of_ours(gate: Gate) -> None:
    claire = build.citizen()
    stranger, colleague = f"{build.ins()}@{THEIRS}", "dr.roux@cabinets.autre.example"
    ours = boxes.patient_address(claire.ins)
    with gate.peer() as smtp:
        assert said(smtp, stranger, ours) == replies.REFUSED
        assert said(smtp, stranger.upper(), ours) == replies.REFUSED
        smtp.rset()
        assert smtp.send_message(message(ours, sender=colleague), colleague, [ours]) == {}
    assert [facts.sender.address for facts, _row in messages(claire.record_id)] == [colleague]
    assert why(own_box(claire), stranger).why is Why.PATIENT


def test_an_exchange_that_a_mailbox_ended_is_over_for_a_patient_of_another_house_too(gate: Gate) -> None:
    helene = doctor()
    mailboxes.open_own(helene.facts)
    box, theirs = own_mailbox(helene), f"{build.ins()}@{THEIRS}"
    with gate.peer() as smtp:
        assert smtp.send_message(message(box.address, sender=theirs), theirs, [box.address]) == {}
        conversation = lists.page(box, Folder.INBOX).lines[0].id
        closing.end(box, conversation, "Votre suivi est terminé.")
        assert said(smtp, theirs, box.address) == replies.REFUSED
        closing.reopen(box, conversation, "Écrivez-moi de nouveau.")
        assert said(smtp, theirs, box.address) == replies.RECIPIENT_OK
    while outbox.work():
        pass
    assert len(messages(box.id)) == 3
