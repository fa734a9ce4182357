"""The demo's mail: its certificates, its port kept from start to start, the other operator, what is written."""

import os
import smtplib
import socket
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from espace.demo.cast import DIRECTORY, GONE, HERE, PEOPLE, THERE
from espace.demo.folder import Folder, is_free, prepare
from espace.demo.mailbox import HOST, Mailbox, listener
from espace.demo.operator import Papers, takes, white_list
from espace.demo.threads import MOTHER, TEAMS, THREADS, Brought
from espace.machines import Machines
from espace.messaging.services.operators.trust_files import ListKind, read_lines
from tests.support.ports import free_port

SIDES = {someone.key for someone in PEOPLE} | DIRECTORY.keys() | TEAMS.keys() | {GONE.key}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    found = prepare(tmp_path / "demo", fresh=False)
    yield found
    os.close(found.lock)


def test_its_own_authority_signs_the_gateway_and_the_operator(tmp_path: Path) -> None:
    papers = Papers(tmp_path)
    papers.make()
    for pair in (papers.gateway, papers.operator):
        assert stat.S_IMODE(pair.key.stat().st_mode) == 0o600
        assert b"PRIVATE" not in pair.certificate.read_bytes()
    assert not list(tmp_path.rglob("ca.key")), "nobody signs more"


def test_the_port_of_the_mail_that_leaves_is_kept_while_it_is_free(folder: Folder) -> None:
    first = folder.choose_relay_port(1, 2)
    assert folder.choose_relay_port(1, 2) == first == folder.relay_port
    assert folder.environment(1, 2)["ESPACE_SMTP_PORT"] == str(first)
    with closing(socket.create_server(("127.0.0.1", first))):
        assert not is_free(first)
        assert folder.choose_relay_port(1, 2) != first
    now = folder.relay_port
    assert folder.choose_relay_port(now) != now, "nor one that the web or the gateway takes"


def test_the_world_outside_takes_mail_for_people_and_for_known_mailboxes_only(tmp_path: Path) -> None:
    port = free_port()
    server = listener(tmp_path, port)
    server.start()
    known = DIRECTORY["cardiologist"].mssante
    to = ["claire@example.org", known, GONE.mssante]
    try:
        with smtplib.SMTP(HOST, port, timeout=20) as smtp:
            refused = smtp.sendmail("a@example.org", to, b"Subject: x\r\n\r\ny")
    finally:
        server.stop()
    assert list(refused) == [GONE.mssante]
    assert refused[GONE.mssante][0] == 550
    box = Mailbox(tmp_path)
    assert [mail.to for mail in box.newest()] == ["claire@example.org"]
    assert [mail.to for mail in box.newest_outside()] == [known]


def test_the_cast_lives_at_two_operators(machines: Machines) -> None:
    domains = {pro.mssante.partition("@")[2] for pro in DIRECTORY.values()}
    assert domains == {HERE, THERE}
    assert all(takes(pro.mssante) for pro in DIRECTORY.values())
    assert [line[1] for line in read_lines(ListKind.OPERATORS, white_list())] == [THERE]


def test_what_is_written_looks_like_a_life() -> None:
    assert len(MOTHER) >= 12
    subjects = [thread.subject for thread in THREADS]
    assert len(set(subjects)) == len(subjects), "conversations are told apart by their subjects"
    for thread in THREADS:
        assert set(thread.sides) <= SIDES
        assert [line.ago for line in thread.lines] == sorted((line.ago for line in thread.lines), reverse=True)
        for line in thread.lines:
            assert line.who in thread.sides
            assert set(line.to) <= set(thread.sides)
    lines = [line for thread in THREADS for line in thread.lines]
    assert {line.brings for line in lines} >= set(Brought)
    assert any(line.ends for line in lines)
    assert any(thread.secret for thread in THREADS)
    assert any(thread.taken for thread in THREADS)
    assert {line.hand for line in lines} >= {"carer", "mother", "second_parent"}


def test_no_patient_begins() -> None:
    people = {someone.key for someone in PEOPLE}
    assert not [thread.subject for thread in THREADS if thread.lines[0].who in people]
