"""Our mailboxes' own programs at the gateway: a token over TLS, one address, and what they send leaves as any other."""

import smtplib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from espace import db
from espace.access.services.watching import suspensions
from espace.access.services.watching.suspensions import Cause
from espace.identifiers import new_id
from espace.interop import mail_write
from espace.interop.mail_letter import Address
from espace.interop.mail_write import About
from espace.machines import Machines
from espace.messaging.gateway import replies
from espace.messaging.models import Message, Sending
from espace.messaging.services import boxes
from espace.messaging.services.outgoing import receipts, sendings
from espace.messaging.services.practice import mailboxes, tokens
from espace.outbox.models import Delivery
from espace.permissions import SYSTEM
from tests.messaging.gate import Gate, message, open_gate
from tests.messaging.letters import DOCTOR, arrive, letter, messages
from tests.support import build
from tests.support.build import Caregiver
from tests.support.certificates import Certificates
from tests.support.clock import FakeClock

ADDRESS = "helene.morvan@cabinets.espace.example"


@pytest.fixture
def gate(app: Flask, machines: Machines, certificates: Certificates) -> Iterator[Gate]:
    """A gateway that trusts nobody outside."""
    with open_gate(machines, certificates) as opened:
        yield opened


@pytest.fixture
def doctor(app: Flask) -> Caregiver:
    """A professional whose own mailbox is kept here."""
    found = build.caregiver(mssante=ADDRESS)
    assert mailboxes.open_own(found.facts) is not None
    return found


@pytest.fixture
def secret(doctor: Caregiver) -> str:
    """A token of the mailbox."""
    return tokens.make(doctor.actor, mailbox_id(), "Logiciel").secret


def mailbox_id() -> UUID:
    """The mailbox's id."""
    found = boxes.mailbox_at(ADDRESS)
    assert found is not None
    return found.id


def signed_in(gate: Gate, secret: str, mechanism: str = "PLAIN") -> smtplib.SMTP:
    """A program of the mailbox, with no certificate."""
    smtp = gate.peer(nobody=True)
    smtp.user, smtp.password = ADDRESS, secret
    said = smtp.auth(mechanism, getattr(smtp, f"auth_{mechanism.lower()}"))
    assert said[0] == 235
    return smtp


def own() -> list[tuple[UUID, bool]]:
    """The messages of every box: whose box, and whether it leaves."""
    with db.read() as tx:
        return [(row[0], row[1]) for row in tx.execute(select(Message.box_id, Message.outgoing))]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_program_sends_in_its_mailbox_s_name(gate: Gate, secret: str, mechanism: str) -> None:
    person = boxes.patient_address(build.citizen().ins)
    with signed_in(gate, secret, mechanism) as smtp:
        assert smtp.send_message(message(person, sender=ADDRESS), ADDRESS, [person, "confrere@ailleurs.example"]) == {}
    ((box_id, outgoing),) = own()
    assert (box_id, outgoing) == (mailbox_id(), True)
    with db.read() as tx:
        ids = list(tx.execute(select(Message.id)).scalars())
        assert len(tx.execute(select(Sending.id)).all()) == 2
    addresses = {one.address for one in sendings.of_messages(box_id, ids)[ids[0]]}
    assert addresses == {person, "confrere@ailleurs.example"}


def test_the_same_submission_again_leaves_once(gate: Gate, secret: str) -> None:
    person = boxes.patient_address(build.citizen().ins)
    one = message(person, sender=ADDRESS)
    with signed_in(gate, secret) as smtp:
        for _ in range(2):
            assert smtp.send_message(one, ADDRESS, [person]) == {}
    assert len(own()) == 1


def test_another_sender_or_another_from_is_refused(gate: Gate, secret: str) -> None:
    person = boxes.patient_address(build.citizen().ins)
    with signed_in(gate, secret) as smtp:
        for other in ("paul.autre@cabinets.espace.example", person, "x@ailleurs.example"):
            code, words = smtp.mail(other)
            assert f"{code} {words.decode()}" == replies.NOT_THEIR_ADDRESS
            smtp.rset()
        smtp.mail(ADDRESS)
        smtp.rcpt(person)
        forged = message(person, sender="paul.autre@cabinets.espace.example").as_string()
        assert smtp.data(forged)[0] == 550
        automatic = message(person, sender=ADDRESS)
        automatic["Auto-Submitted"] = "auto-generated"
        for unsigned in (message(person, sender=ADDRESS), automatic):
            smtp.mail("")
            smtp.rcpt(person)
            code, words = smtp.data(unsigned.as_string())
            assert f"{code} {words.decode()}" == replies.NULL_SENDER
    assert own() == []


def test_a_program_confirms_that_its_mailbox_read_what_asked_for_it_once(gate: Gate, secret: str) -> None:
    """Mail programs send a receipt under no sender (RFC 8098): it is carried as the pages carry it."""
    asking = replace(letter(Address(ADDRESS)), wants_receipt=DOCTOR.address)
    silent = letter(Address(ADDRESS))
    arrive(asking)
    arrive(silent)

    def receipt(of: str, *, sender: str = ADDRESS) -> bytes:
        about = About(of, ADDRESS, "Votre consultation")
        at = datetime(2026, 11, 23, 10, tzinfo=UTC)
        return mail_write.receipt(
            about, to=DOCTOR.address, sender=Address(sender), message_id=f"<{new_id()}@x.example>", date=at, text="Lu."
        )

    with signed_in(gate, secret) as smtp:

        def told(content: bytes) -> int:
            smtp.mail("")
            smtp.rcpt(DOCTOR.address)
            return smtp.data(content)[0]

        assert [told(receipt(asking.message_id)) for _ in range(2)] == [250, 250]
        assert told(receipt(silent.message_id)) == 554, "nobody asked"
        assert told(receipt("<autre@hopital.operateur.example>")) == 554
        assert told(receipt(asking.message_id, sender="paul.autre@cabinets.espace.example")) == 550
    said = {facts.message_id: facts.receipt_said for facts, _row in messages(mailbox_id())}
    assert said == {asking.message_id: receipts.SENT, silent.message_id: ""}
    with db.read() as tx:
        posted = tx.execute(select(Delivery.id).where(Delivery.topic == receipts.TOPIC)).all()
    assert len(posted) == 1


def test_unknown_addresses_are_refused_to_programs_too(gate: Gate, secret: str) -> None:
    with signed_in(gate, secret) as smtp:
        smtp.mail(ADDRESS)
        assert smtp.rcpt(boxes.patient_address(build.ins()))[0] == 550


def test_wrong_tokens_are_slowed_down_and_ended_ones_refused(
    gate: Gate, doctor: Caregiver, secret: str, clock: FakeClock
) -> None:
    def tried(given: str) -> int:
        with gate.peer(nobody=True) as smtp:
            return smtp.docmd("AUTH", "PLAIN " + b64encode(f"\0{ADDRESS}\0{given}".encode()).decode())[0]

    assert [tried("faux") for _ in range(5)] == [535, 535, 535, 535, 454]
    clock.advance(timedelta(minutes=1))
    assert tried(secret) == 235
    found = mailbox_id()
    for token in tokens.tokens(doctor.actor, found):
        tokens.end(doctor.actor, found, token.id)
    assert tried(secret) == 535


def test_signing_in_takes_no_nonsense(gate: Gate) -> None:
    with gate.peer(nobody=True) as smtp:
        for given in ("PLAIN !!!", "PLAIN AAAA", "PLAIN *", "", "CRAM-MD5"):
            assert smtp.docmd("AUTH", given)[0] in (501, 504, 500)
        assert smtp.docmd("AUTH", "LOGIN")[0] == 334
        assert smtp.docmd("*")[0] == 501
        assert smtp.noop()[0] == 250


def test_a_program_that_stays_is_silent_as_soon_as_its_token_ends(gate: Gate, doctor: Caregiver, secret: str) -> None:
    person, found = boxes.patient_address(build.citizen().ins), mailbox_id()
    with signed_in(gate, secret) as smtp, signed_in(gate, secret) as busy:
        assert smtp.send_message(message(person, sender=ADDRESS), ADDRESS, [person]) == {}
        busy.mail(ADDRESS)
        busy.rcpt(person)
        for token in tokens.tokens(doctor.actor, found):
            tokens.end(doctor.actor, found, token.id)
        assert busy.data(message(person, sender=ADDRESS).as_string())[0] == 535
        assert smtp.mail(ADDRESS)[0] == 535
    assert len(own()) == 1


def test_a_program_that_stays_is_silent_as_soon_as_its_professional_is_stopped(
    gate: Gate, doctor: Caregiver, secret: str
) -> None:
    with signed_in(gate, secret) as smtp:
        suspensions.stop(SYSTEM, doctor.id, Cause.VOLUME)
        assert smtp.mail(ADDRESS)[0] == 535
