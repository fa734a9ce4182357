"""Whatever is handed over twice, cut before the answer, or met by a killed gateway is filed exactly once (L6).

The other operator keeps a ledger: what was answered with 250 must lie in the box, once, whole; what was not is handed
over again until it is. The gateway is the real one, in a process of its own, ended by `kill -9` in between.
"""

import os
import random
import smtplib
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from hashlib import sha256
from itertools import count
from pathlib import Path
from queue import Empty, Queue

import pytest
from flask import Flask
from sqlalchemy import select

from espace import clock, db, storage
from espace.interop import mail_read, mail_write
from espace.interop.mail_letter import Address, Part
from espace.interop.mail_write import NewLetter
from espace.machines import Machines
from espace.messaging.models import Attachment, Message
from espace.messaging.services import facts
from espace.settings import Settings
from tests.support import build
from tests.support.build import Citizen
from tests.support.certificates import Certificates

from .gate import SENDER, Gate, trust, with_gateway
from .letters import address_of, messages

_RUN = "from espace.cli import main; main()"
_PATIENCE = 30.0


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """The certificates of this test's operators."""
    return Certificates(tmp_path / "certificates")


@pytest.fixture
def settings(settings: Settings, certificates: Certificates) -> Settings:
    """A house with a gateway."""
    return with_gateway(settings, certificates)


@dataclass(frozen=True)
class Given:
    """One message of the ledger, how often it is handed over, and whether the line is cut before the answer."""

    content: bytes
    to: str
    times: int
    cut: bool


class Running:
    """The gateway in a process of its own, which may be killed and comes again."""

    def __init__(self, given: Settings) -> None:
        self._given = given
        self._up = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Let it listen."""
        plain = Settings()
        named = {one.name: getattr(self._given, one.name) for one in fields(Settings)}
        changed = {f"ESPACE_{name.upper()}": _said(value) for name, value in named.items() if value != _of(plain, name)}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _RUN, "mail"],
            env={**os.environ, **changed},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(int(_PATIENCE / 0.05)):
            assert self._process.poll() is None, "the gateway did not start"
            with suppress(OSError), smtplib.SMTP("localhost", self._given.mail_port, timeout=5):
                self._up.set()
                return
            threading.Event().wait(0.05)
        raise AssertionError("the gateway does not listen")

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        assert self._process is not None
        self._up.clear()
        self._process.kill()
        self._process.wait(timeout=_PATIENCE)

    def await_up(self) -> None:
        """Wait until it listens."""
        assert self._up.wait(_PATIENCE)


def _of(given: Settings, name: str) -> object:
    return getattr(given, name)


def _said(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


@contextmanager
def running(given: Settings) -> Iterator[Running]:
    """The gateway, listening inside the block."""
    found = Running(given)
    found.start()
    try:
        yield found
    finally:
        found.kill()


class Operator:
    """The other operator's queue: some connections at once, each message until it is answered with 250."""

    def __init__(self, gate: Gate, house: Running, given: list[Given], seed: int) -> None:
        self._gate, self._house = gate, house
        chance = random.Random(seed)
        queued = [one for one in given for _ in range(one.times)]
        chance.shuffle(queued)
        self._queue: Queue[Given] = Queue()
        for one in queued:
            self._queue.put(one)
        self.answered = 0
        self.tries = 0
        self._lock = threading.Lock()

    def run(self, connections: int, between: Callable[[int], None]) -> None:
        """Hand everything over; `between` is told how many were answered, each time one was."""
        errors: list[BaseException] = []

        def work() -> None:
            try:
                while True:
                    with suppress(OSError, smtplib.SMTPException):
                        self._connection(between)
                        return
                    self._house.await_up()
            except BaseException as error:  # noqa: BLE001 - told by the test
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors, errors

    def _connection(self, between: Callable[[int], None]) -> None:
        with self._gate.peer() as smtp:
            while True:
                try:
                    one = self._queue.get_nowait()
                except Empty:
                    return
                try:
                    self._hand_over(smtp, one)
                except (OSError, smtplib.SMTPException):
                    # A cut one was cut once: handed over again it is waited for.
                    self._queue.put(Given(one.content, one.to, 1, cut=False))
                    raise
                with self._lock:
                    self.answered += 1
                    done = self.answered
                between(done)

    def _hand_over(self, smtp: smtplib.SMTP, one: Given) -> None:
        with self._lock:
            self.tries += 1
        for code, words in (smtp.mail(SENDER), smtp.rcpt(one.to)):
            if code != 250:
                raise smtplib.SMTPResponseException(code, words)
        if one.cut:
            smtp.putcmd("data")
            smtp.getreply()
            assert smtp.sock is not None
            smtp.sock.sendall(one.content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            smtp.close()
            raise smtplib.SMTPServerDisconnected
        code, words = smtp.data(one.content)
        if code != 250:
            raise smtplib.SMTPResponseException(code, words)


_numbers = count(1)


def _written(to: Address, text: str, size: int, chance: random.Random) -> bytes:
    parts = (Part("bilan.txt", "text/plain", (f"{chance.random()} " * size).encode()),) if size else ()
    made = NewLetter(
        message_id=f"<{next(_numbers)}.une-fois@hopital.operateur.example>",
        sender=Address(SENDER),
        to=(to,),
        subject="Compte rendu",
        text=text,
        date=clock.now(),
        parts=parts,
    )
    return mail_write.write(made)


def _ledger(people: list[Citizen], number: int, seed: int) -> list[Given]:
    """Messages of which a fifth comes twice or more, and one of twenty is cut before the answer."""
    chance = random.Random(seed)
    found = []
    for place in range(number):
        to = address_of(chance.choice(people))
        content = _written(to, f"Message {place}", chance.choice((0, 0, 0, 200, 2000)), chance)
        times = 2 + (chance.random() < 0.2) if chance.random() < 0.2 else 1
        found.append(Given(content, to.address, times, cut=chance.random() < 0.05))
    return found


def _check(people: list[Citizen], given: list[Given]) -> None:
    """Each message of the ledger lies once where it is for, whole, and nothing else does."""
    expected = Counter((one.to, mail_read.read(one.content).message_id) for one in given)
    assert set(expected.values()) == {1}
    found: Counter[tuple[str, str]] = Counter()
    for person in people:
        address = address_of(person).address
        for said, row in messages(person.record_id):
            found[(address, said.message_id)] += 1
            assert not row.flagged
    assert found == expected
    digests = {sha256(part.content).digest() for one in given for part in mail_read.read(one.content).parts}
    kept = set()
    with db.read() as tx:
        for box_id, file_id, payload in tx.execute(select(Attachment.box_id, Attachment.id, Attachment.payload)):
            content = storage.current().open(tx, box_id, file_id).read_all()
            assert facts.open_attachment(tx, box_id, file_id, payload).size == len(content)
            kept.add(sha256(content).digest())
        assert len(set(tx.execute(select(Message.content_index)).scalars())) == len(given)
    assert kept == digests


def _run(machines: Machines, certificates: Certificates, *, number: int, kills: int, seed: int) -> str:
    trust()
    people = [build.citizen(f"Prénom{place}", "Martin") for place in range(5)]
    given = _ledger(people, number, seed)
    total = sum(one.times for one in given)
    stops = {total * (place + 1) // (kills + 1) for place in range(kills)}
    with running(machines.settings) as house:
        # Only its door is used: the gateway itself runs in the other process.
        gate = Gate(machines.settings, None, certificates)  # type: ignore[arg-type]
        operator = Operator(gate, house, given, seed)

        def between(done: int) -> None:
            if done in stops:
                house.kill()
                house.start()

        operator.run(4, between)
    _check(people, given)
    return f"{number} messages, {total} handed over in {operator.tries} tries, {kills} kills: each filed once"


def test_a_hundred_messages_and_two_kills(app: Flask, machines: Machines, certificates: Certificates) -> None:
    assert app
    _run(machines, certificates, number=100, kills=2, seed=61)


@pytest.mark.drill
def test_ten_thousand_messages_and_forty_kills(
    app: Flask, machines: Machines, certificates: Certificates, figure: Callable[[str], None]
) -> None:
    assert app
    figure(_run(machines, certificates, number=10_000, kills=40, seed=62))
