"""Certificate, white list, envelope and From agree, or the message is refused (security.md R39)."""

from collections.abc import Iterator
from itertools import product

import pytest
from flask import Flask

from espace.machines import Machines
from espace.messaging.services import boxes
from tests.messaging.gate import DOMAIN, SENDER, Gate, Raw, message, open_gate, trust
from tests.support import build
from tests.support.certificates import PEER, Certificates

OTHER = "clinique.autre.example"
OTHER_NAME = "mail.autre.test"
UNLISTED = "inconnu.example"
COMBINATIONS = list(product([True, False], repeat=4))


@pytest.fixture
def gate(app: Flask, machines: Machines, certificates: Certificates) -> Iterator[Gate]:
    """A gateway that trusts two operators, each for its own domain."""
    trust([("Un", DOMAIN, PEER), ("Autre", OTHER, OTHER_NAME), ("Un", "second.example", PEER)])
    with open_gate(machines, certificates) as opened:
        yield opened


def code_of(answer: str) -> int:
    """The code of an answer."""
    return int(answer[:3])


def sent(raw: Raw, address: str, sender: str, written: str, *, headers: str = "") -> int:
    """Send a message with this envelope sender and From; gives the code of the answer that settles it."""
    raw.send(f"MAIL FROM:<{sender}>\r\n".encode())
    if (code := code_of(raw.answer())) != 250:
        return code
    raw.say(f"RCPT TO:<{address}>", 250)
    raw.say("DATA", 354)
    content = message(address, sender=written).as_string().replace("\n", "\r\n")
    raw.send(f"{headers}{content}\r\n.\r\n".encode())
    return code_of(raw.answer())


def test_sixteen_combinations_and_one_is_taken(gate: Gate) -> None:
    """Certificate on the list or not, the envelope's domain on its line or not, From on it or not, both alike or not.

    What agrees with an envelope on the line is on it too, so each wish that contradicts itself is asked for with the
    nearest From that there is: an address that differs in its domain alone, or in letters that only look alike.
    """
    address = boxes.patient_address(build.citizen().ins)
    stranger = gate.certificates.operator("stranger", "mail.stranger.test")
    seen, taken = set(), []
    for known, listed, from_listed, agrees in COMBINATIONS:
        envelope = DOMAIN if listed else OTHER
        written = _from(envelope, listed=listed, from_listed=from_listed, agrees=agrees)
        seen.add((known, envelope, written))
        with gate.raw(gate.certificates.peer if known else stranger) as raw:
            code = sent(raw, address, f"praticien@{envelope}", f"praticien@{written}")
        if code == 250:
            taken.append((known, listed, from_listed, agrees))
        else:
            assert code == 550, (known, listed, from_listed, agrees)
    assert len(seen) == len(COMBINATIONS)
    assert taken == [(True, True, True, True)]


def _from(envelope: str, *, listed: bool, from_listed: bool, agrees: bool) -> str:
    """The domain of a From: of the envelope, of the certificate's other line, of another operator, of nobody known."""
    if agrees and from_listed == listed:
        return envelope
    if agrees:  # agrees in all but what tells two operators apart
        return f"{envelope}.{UNLISTED}" if listed else f"{DOMAIN}."
    if from_listed:
        return "second.example"
    return OTHER if listed else UNLISTED


@pytest.mark.parametrize("sender", ["claire@patient.espace.example", "helene.morvan@cabinets.espace.example"])
def test_our_own_addresses_do_not_come_from_outside(gate: Gate, sender: str) -> None:
    address = boxes.patient_address(build.citizen().ins)
    with gate.raw() as raw:
        assert sent(raw, address, sender, sender) == 550
        assert sent(raw, address, "", sender, headers="Auto-Submitted: auto-replied\r\n") == 550
        assert sent(raw, address, SENDER, sender) == 550


def test_a_null_sender_is_for_reports_and_automatic_messages_of_that_operator(gate: Gate) -> None:
    address = boxes.patient_address(build.citizen().ins)
    with gate.raw() as raw:
        assert sent(raw, address, "", SENDER, headers="Auto-Submitted: auto-generated\r\n") == 250
        assert sent(raw, address, "", f"x@{OTHER}", headers="Auto-Submitted: auto-generated\r\n") == 550


def test_a_name_of_another_certificate_does_not_serve(gate: Gate) -> None:
    address = boxes.patient_address(build.citizen().ins)
    other = gate.certificates.operator("other", OTHER_NAME)
    with gate.raw(other) as raw:
        assert sent(raw, address, SENDER, SENDER) == 550
        assert sent(raw, address, f"a@{OTHER}", f"a@{OTHER}") == 250


def test_a_new_list_counts_at_the_next_message(gate: Gate) -> None:
    address = boxes.patient_address(build.citizen().ins)
    with gate.raw() as raw:
        assert sent(raw, address, SENDER, SENDER) == 250
        trust([("Autre", OTHER, OTHER_NAME)])
        assert sent(raw, address, SENDER, SENDER) == 550


def test_what_was_trusted_at_mail_from_and_is_no_more_at_the_end_is_refused(gate: Gate) -> None:
    address = boxes.patient_address(build.citizen().ins)
    with gate.raw() as raw:
        raw.begin(address)
        trust([("Autre", OTHER, OTHER_NAME)])
        raw.send(message(address).as_bytes().replace(b"\n", b"\r\n") + b"\r\n.\r\n")
        assert code_of(raw.answer()) == 550


def test_two_from_headers_are_no_message(gate: Gate) -> None:
    address = boxes.patient_address(build.citizen().ins)
    with gate.raw() as raw:
        assert sent(raw, address, SENDER, SENDER, headers=f"From: praticien@{OTHER}\r\n") in (550, 554)
