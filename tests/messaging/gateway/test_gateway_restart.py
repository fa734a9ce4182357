"""The database restarts under the gateway: who sends is asked to come back, and what they send lies there once (L6)."""

import smtplib
from collections.abc import Iterator
from threading import Event, Thread

import psycopg
import pytest

from espace.machines import Machines
from espace.messaging.gateway import replies
from espace.messaging.services import boxes
from tests.messaging.gate import SENDER, Gate, message
from tests.messaging.letters import attachments, messages
from tests.support import build
from tests.support.papers import pdf

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
_END = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND backend_start >
(SELECT min(backend_start) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend')
"""
"""The oldest connection is that of the tests, which lend the database."""
_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def keeper(machines: Machines) -> Iterator[psycopg.Connection[tuple[int]]]:
    """A connection of one's own to the house's database, which ends those of others."""
    with psycopg.connect(machines.settings.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


def end_all(keeper: psycopg.Connection[tuple[int]]) -> int:
    """End the house's connections, as a restart does; gives how many."""
    row = keeper.execute(_END).fetchone()
    assert row is not None
    return row[0]


def test_a_restart_before_the_end_of_the_message_is_not_noticed(
    gate: Gate, keeper: psycopg.Connection[tuple[int]]
) -> None:
    claire = build.citizen()
    address = boxes.patient_address(claire.ins)
    with gate.raw() as raw:
        raw.begin(address)
        raw.send(b"Message-ID: <coupe@hopital.operateur.example>\r\n")
        assert end_all(keeper) > 0
        raw.send(message(address).as_bytes().replace(b"\n", b"\r\n").replace(b"Message-ID:", b"X-Autre:"))
        raw.send(b"\r\n.\r\n")
        assert raw.answer() == replies.TAKEN
    assert len(messages(claire.record_id)) == 1


def test_a_restart_while_the_message_is_written_puts_it_off_and_it_lies_once_when_it_comes_again(
    gate: Gate, keeper: psycopg.Connection[tuple[int]]
) -> None:
    claire = build.citizen()
    address = boxes.patient_address(claire.ins)
    given = message(address)
    given.add_attachment(pdf("Bilan"), maintype="application", subtype="pdf", filename="bilan.pdf")
    answers: list[int] = []

    def hand_over() -> None:
        with gate.peer() as smtp:
            try:
                smtp.send_message(given, SENDER, [address])
                answers.append(250)
            except smtplib.SMTPResponseException as error:
                answers.append(error.smtp_code)

    sending = Thread(target=hand_over)
    with keeper.transaction():
        keeper.execute("LOCK TABLE mail_messages IN ACCESS EXCLUSIVE MODE")
        sending.start()
        waited = Event()
        for _ in range(400):
            row = keeper.execute(_WAITS).fetchone()
            if row is not None and row[0]:
                break
            waited.wait(0.02)
        assert end_all(keeper) > 0
        sending.join(30)
    assert answers == [451]
    assert messages(claire.record_id) == []
    hand_over()
    hand_over()
    assert answers == [451, 250, 250]
    assert len(messages(claire.record_id)) == 1
    assert len(attachments(claire.record_id)) == 1
