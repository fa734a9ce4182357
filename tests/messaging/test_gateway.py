"""The gateway as other operators meet it: TLS first, mail taken durably, and what it says when it takes none."""

import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from espace import db
from espace.machines import Machines
from espace.messaging.gateway import replies
from espace.messaging.models import Message
from espace.messaging.services import boxes
from espace.records import services as records
from espace.settings import Settings
from tests.support import build
from tests.support.certificates import Certificates

from .gate import SENDER, Gate, message, open_gate, trust, with_gateway


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """The certificates of this test's operators."""
    return Certificates(tmp_path / "certificates")


@pytest.fixture
def settings(settings: Settings, certificates: Certificates) -> Settings:
    """A house with a gateway."""
    return with_gateway(settings, certificates)


@pytest.fixture
def gate(app: Flask, machines: Machines, certificates: Certificates) -> Iterator[Gate]:
    """A gateway that trusts the other operator."""
    trust()
    with open_gate(machines, certificates) as opened:
        yield opened


def received() -> int:
    """How many messages lie in boxes."""
    with db.read() as tx:
        return tx.execute(select(func.count()).select_from(Message)).scalar_one()


def test_a_message_of_another_operator_lies_in_the_box_when_250_is_said(gate: Gate) -> None:
    person = build.citizen()
    address = boxes.patient_address(person.ins)
    with gate.peer() as smtp:
        assert smtp.send_message(message(address), SENDER, [address]) == {}
        assert received() == 1


def test_nothing_is_taken_before_tls(gate: Gate) -> None:
    with gate.bare() as smtp:
        assert smtp.ehlo()[0] == 250
        assert smtp.has_extn("starttls")
        assert not smtp.has_extn("auth")
        assert smtp.docmd(f"MAIL FROM:<{SENDER}>")[0] == 530
        assert smtp.docmd("AUTH PLAIN")[0] == 538


def test_the_other_port_speaks_tls_from_the_first_byte(gate: Gate) -> None:
    address = boxes.patient_address(build.citizen().ins)
    with gate.raw() as raw:
        raw.begin(address)
        raw.send(message(address).as_bytes().replace(b"\n", b"\r\n") + b"\r\n.\r\n")
        assert raw.answer().startswith("250 ")
        raw.say("QUIT", 221)
    assert received() == 1


@pytest.mark.parametrize("which", ["expired", "foreign"])
def test_a_certificate_that_proves_nothing_ends_the_connection(gate: Gate, which: str) -> None:
    with pytest.raises((ssl.SSLError, smtplib.SMTPServerDisconnected, ConnectionError)):
        smtp = gate.peer(getattr(gate.certificates, which))
        smtp.docmd(f"MAIL FROM:<{SENDER}>")
    with gate.peer() as smtp:  # and the gateway serves on
        assert smtp.noop()[0] == 250


def test_who_shows_no_certificate_may_not_send(gate: Gate) -> None:
    with gate.peer(nobody=True) as smtp:
        code, words = smtp.docmd(f"MAIL FROM:<{SENDER}>")
        assert (code, words.decode()) == (550, replies.NO_CERTIFICATE.removeprefix("550 "))


def test_unknown_opposed_and_ended_addresses_are_refused_each_with_its_words(gate: Gate) -> None:
    opposed = build.citizen("Paul", "Ferrand", activated=False)
    records.oppose(build.citizen("Ana", "Ferrand").actor, opposed.record_id) if False else None
    with gate.peer() as smtp:
        smtp.mail(SENDER)
        assert smtp.rcpt(boxes.patient_address(build.ins()))[0] == 550
        assert smtp.rcpt("personne@cabinets.espace.example")[0] == 550
        assert smtp.rcpt("quelqu-un@ailleurs.example")[1].decode() == replies.RELAY.removeprefix("550 ")
