"""The gateway as other operators meet it: TLS first, mail taken durably, and what it says when it takes none."""

import errno
import smtplib
import socket
import sqlite3
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from select import select as select_wires

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from espace import db
from espace.errors import BusyError, SettingsError
from espace.machines import Machines
from espace.messaging.gateway import conversation, house, replies, server
from espace.messaging.gateway.server import Gateway
from espace.messaging.models import Message
from espace.messaging.services import boxes
from espace.messaging.services.places import Refusal
from espace.records.services import closing, opposition
from espace.records.services.transitions import Part
from espace.settings import Settings
from tests.messaging.gate import SENDER, Gate, Raw, message, open_gate, trust
from tests.support import build
from tests.support.certificates import Certificates
from tests.support.clock import FakeClock


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
    def come() -> None:
        gate.peer(getattr(gate.certificates, which)).docmd(f"MAIL FROM:<{SENDER}>")

    with pytest.raises((ssl.SSLError, smtplib.SMTPServerDisconnected, ConnectionError)):
        come()
    with gate.peer() as smtp:  # and the gateway serves on
        assert smtp.noop()[0] == 250


def test_who_shows_no_certificate_may_not_send(gate: Gate) -> None:
    with gate.peer(nobody=True) as smtp:
        code, words = smtp.docmd(f"MAIL FROM:<{SENDER}>")
        assert (code, words.decode()) == (550, replies.NO_CERTIFICATE.removeprefix("550 "))


def said(smtp: smtplib.SMTP, address: str) -> str:
    """The answer to a recipient."""
    code, words = smtp.rcpt(address)
    return f"{code} {words.decode()}"


def test_unknown_opposed_and_ended_addresses_are_refused_each_with_its_words(gate: Gate) -> None:
    parent = build.citizen("Ana", "Ferrand")
    child = build.citizen("Paul", "Ferrand", birth=date(2019, 3, 2), parents=[parent], activated=False, opened=False)
    opposition.oppose(parent.actor, child.record_id, Part.REPRESENTATIVE)
    gone = build.citizen("Line", "Ferrand")
    closing.close(gone.actor, gone.record_id)
    with gate.peer() as smtp:
        smtp.mail(SENDER)
        for address in (boxes.patient_address(build.ins()), "1234@patient.espace.example", "x@cabinets.espace.example"):
            assert said(smtp, address) == replies.REFUSED_ADDRESSES[Refusal.UNKNOWN]
        assert said(smtp, boxes.patient_address(child.ins)) == replies.REFUSED_ADDRESSES[Refusal.OPPOSED]
        assert said(smtp, boxes.patient_address(gone.ins)) == replies.REFUSED_ADDRESSES[Refusal.ENDED]
        assert said(smtp, "quelqu-un@ailleurs.example") == replies.RELAY


def test_a_space_that_is_not_activated_receives(gate: Gate) -> None:
    address = boxes.patient_address(build.citizen(activated=False).ins)
    with gate.peer() as smtp:
        assert smtp.send_message(message(address), SENDER, [address]) == {}


def test_who_guesses_addresses_learns_no_more_of_known_ones_either(gate: Gate, clock: FakeClock) -> None:
    known = boxes.patient_address(build.citizen().ins)
    answers = []
    for _ in range(3):  # over several connections, and each of many errors
        with gate.peer() as smtp:
            smtp.mail(SENDER)
            answers += [said(smtp, boxes.patient_address(build.ins())) for _ in range(8)]
    assert answers.count(replies.REFUSED_ADDRESSES[Refusal.UNKNOWN]) == 20
    assert answers[20:] == [replies.PROBED] * 4
    with gate.peer() as smtp:
        smtp.mail(SENDER)
        assert said(smtp, known) == replies.PROBED
        clock.advance(timedelta(hours=2))
        assert said(smtp, known) == replies.RECIPIENT_OK


def test_a_hundred_recipients_and_no_more(gate: Gate) -> None:
    addresses = [boxes.patient_address(build.citizen(activated=False).ins) for _ in range(101)]
    with gate.peer() as smtp:
        smtp.mail(SENDER)
        assert {smtp.rcpt(one)[0] for one in addresses[:100]} == {250}
        assert smtp.rcpt(addresses[0])[0] == 250  # named twice, it gets one
        assert said(smtp, addresses[100]) == replies.MANY_RECIPIENTS
        assert smtp.data(message(addresses[0]).as_string())[0] == 250
    assert received() == 100


def test_the_same_message_again_lies_once(gate: Gate) -> None:
    address = boxes.patient_address(build.citizen().ins)
    one = message(address)
    with gate.peer() as smtp:
        for _ in range(3):
            assert smtp.send_message(one, SENDER, [address]) == {}
    assert received() == 1


@pytest.mark.parametrize("hops", [20, 30])
def test_a_message_that_went_through_too_many_servers_goes_round_in_circles(gate: Gate, hops: int) -> None:
    address = boxes.patient_address(build.citizen().ins)
    trace = "Received: from a.example by b.example; Mon, 23 Nov 2026 10:00:00 +0100\n" * hops
    with gate.peer() as smtp:
        code, words = raw_message(smtp, address, trace + message(address).as_string())
        assert (code, words) == ((250, replies.TAKEN[4:]) if hops == 20 else (554, replies.LOOP[4:]))


@pytest.mark.parametrize("times", [1, 2])
def test_a_message_that_passed_here_twice_is_a_loop(gate: Gate, times: int) -> None:
    address = boxes.patient_address(build.citizen().ins)
    own = f"Received: from x.example (mail.x.example)\n\tby {gate.settings.mail_name} (espace) with ESMTPS id 1;\n\tx\n"
    with gate.peer() as smtp:
        assert raw_message(smtp, address, own * times + message(address).as_string())[0] == (250 if times == 1 else 554)


def raw_message(smtp: smtplib.SMTP, address: str, content: str) -> tuple[int, str]:
    """Send what stands there; gives the answer that settles it."""
    smtp.mail(SENDER)
    smtp.rcpt(address)
    code, words = smtp.data(content)
    return code, words.decode()


def test_a_broken_message_is_refused_and_not_put_off(gate: Gate) -> None:
    address = boxes.patient_address(build.citizen().ins)
    with gate.peer() as smtp:
        assert raw_message(smtp, address, "Subject: sans auteur\n\nBonjour")[0] == 554


def test_one_conversation_more_than_are_served_is_asked_to_come_back(
    app: Flask, machines: Machines, certificates: Certificates
) -> None:
    few = replace(machines, settings=replace(machines.settings, mail_sessions=2))
    with open_gate(few, certificates) as gate:
        held = [gate.bare(), gate.bare()]
        with pytest.raises(smtplib.SMTPConnectError) as refused:
            gate.bare()
        assert refused.value.smtp_code == 421
        held.pop().quit()
        held.append(gate.bare())
        for one in held:
            one.close()


def test_strangers_from_one_address_leave_places_for_others(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STRANGERS_OF_ONE", 2)
    with gate.peer() as known:
        known.mail(SENDER)
        held = [gate.bare(), gate.bare()]
        with pytest.raises(smtplib.SMTPConnectError) as refused:
            gate.bare()
        assert refused.value.smtp_code == 421
        elsewhere = ("127.0.0.2", 0)
        with smtplib.SMTP("127.0.0.1", gate.settings.mail_port, timeout=20, source_address=elsewhere) as other:
            assert other.noop()[0] == 250
        for one in held:
            one.close()


def test_a_stranger_who_waits_is_sent_away_whatever_they_say(
    app: Flask, machines: Machines, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "PATIENCE_OF_STRANGERS", 0.5)
    with open_gate(machines, certificates) as gate, gate.raw() as raw:
        began = time.monotonic()
        answer = "250"
        while answer.startswith("250"):
            raw.send(b"NOOP\r\n")
            answer = raw.answer()
            assert time.monotonic() - began < 20
        assert answer in (replies.TOO_LONG_A_TIME, "")


def test_no_more_is_held_in_memory_than_is_allowed(
    app: Flask, machines: Machines, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MESSAGES_HELD", 1)
    small = replace(machines, settings=replace(machines.settings, mail_message_mb=1))
    trust()
    address = boxes.patient_address(build.citizen().ins)
    half = (b"x" * 98 + b"\r\n") * 6_000
    with open_gate(small, certificates) as gate, gate.raw() as first, gate.raw() as second:
        for raw in (first, second):
            raw.begin(address)
        first.send(half)
        second.send(half)
        told = {wait_for(first, second)}
        assert told == {replies.FULL}


def wait_for(*wires: Raw) -> str:
    """What the first of these is told that is told anything."""
    ready, _, _ = select_wires([one.wire for one in wires], [], [], 20)
    return next(one.answer() for one in wires if one.wire in ready)


def test_a_connection_lost_before_the_answer_leaves_one_message(gate: Gate) -> None:
    address = boxes.patient_address(build.citizen().ins)
    content = message(address).as_bytes().replace(b"\n", b"\r\n") + b"\r\n.\r\n"
    for _ in range(3):
        with gate.raw() as raw:
            raw.begin(address)
            raw.send(content)
    with gate.raw() as raw:
        raw.begin(address)
        raw.send(content)
        assert raw.answer() == replies.TAKEN
    assert received() == 1


TROUBLES = [
    (lambda: OperationalError("INSERT", {}, sqlite3.OperationalError("database is locked")), replies.BUSY),
    (BusyError, replies.BUSY),
    (lambda: OSError(errno.EIO, "input/output error"), replies.BUSY),
    (lambda: RuntimeError("never seen"), replies.BUSY),
    (lambda: OSError(errno.ENOSPC, "no space left on device"), replies.FULL),
    (lambda: OperationalError("INSERT", {}, _full()), replies.FULL),
]


def _full() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = 13
    return error


@pytest.mark.parametrize(("trouble", "said"), TROUBLES, ids=range(len(TROUBLES)))
def test_a_house_in_trouble_asks_to_come_back(trouble: Callable[[], Exception], said: str) -> None:
    assert house.answer_to(trouble()) == said


def test_a_full_disk_leaves_nothing_half_written(
    gate: Gate, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = boxes.patient_address(build.citizen().ins)
    heavy = message(address)
    heavy.add_attachment(b"%PDF-1.4 bilan", maintype="application", subtype="pdf", filename="bilan.pdf")

    def full(*_facts: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with gate.peer() as smtp:
        with monkeypatch.context() as patched:
            patched.setattr(type(machines.storage), "put", full)
            with pytest.raises(smtplib.SMTPDataError) as refused:
                smtp.send_message(heavy, SENDER, [address])
        assert refused.value.smtp_code == 452
        assert received() == 0
        assert smtp.send_message(heavy, SENDER, [address]) == {}
    assert received() == 1


def test_a_locked_database_asks_to_come_back(
    gate: Gate,
    machines: Machines,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = boxes.patient_address(build.citizen().ins)
    monkeypatch.setattr("espace.messaging.gateway.house.delivering.deliver", _busy)
    with gate.peer() as smtp, pytest.raises(smtplib.SMTPDataError) as refused:
        smtp.send_message(message(address), SENDER, [address])
    assert refused.value.smtp_code == 451


def _busy(*_facts: object, **_more: object) -> None:
    raise BusyError


def test_stopping_finishes_the_message_at_hand(app: Flask, machines: Machines, certificates: Certificates) -> None:
    trust()
    address = boxes.patient_address(build.citizen().ins)
    with open_gate(machines, certificates) as gate, gate.raw() as raw, gate.raw() as idle:
        raw.begin(address)
        content = message(address).as_bytes().replace(b"\n", b"\r\n")
        raw.send(content[:50])
        stopping = threading.Thread(target=gate.gateway.stop)
        stopping.start()
        assert idle.answer() == replies.LEAVING
        raw.send(content[50:] + b"\r\n.\r\n")
        assert raw.answer() == replies.TAKEN
        assert raw.answer() == replies.LEAVING
        stopping.join(timeout=20)
        assert not stopping.is_alive()
    assert received() == 1


def test_the_log_names_no_address(
    gate: Gate, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    address = boxes.patient_address(build.citizen().ins)
    with gate.peer() as smtp:
        smtp.send_message(message(address), SENDER, [address])
        smtp.mail(SENDER)
        smtp.rcpt(boxes.patient_address(build.ins()))
    written = "".join((*capsys.readouterr(), caplog.text))
    assert address.partition("@")[0] not in written
    assert SENDER not in written


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"mail_certificate": ""}, "ESPACE_MAIL_CERTIFICATE must name a file"),
        ({"mail_key": "absent"}, "ESPACE_MAIL_KEY names no file"),
        ({"mail_ca_file": ""}, "ESPACE_MAIL_CA_FILE must name a file"),
        ({"patient_domain": ""}, "ESPACE_PATIENT_DOMAIN"),
        ({"patient_domain": "patient.localhost", "base_url": "https://espace.example"}, "ESPACE_PATIENT_DOMAIN"),
    ],
)
def test_it_does_not_start_without_what_it_needs(settings: Settings, changed: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Gateway(replace(settings, **changed), lambda: None)  # type: ignore[arg-type]


def test_it_does_not_start_with_a_key_others_can_read_nor_on_a_port_that_is_taken(settings: Settings) -> None:
    Path(settings.mail_key).chmod(0o644)
    with pytest.raises(SettingsError, match="can be read by others"):
        Gateway(settings, lambda: None)
    Path(settings.mail_key).chmod(0o600)
    with socket.create_server(("127.0.0.1", settings.mail_tls_port)), pytest.raises(SettingsError, match="listen"):
        Gateway(settings, lambda: None).start()
