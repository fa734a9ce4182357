"""The worker role: it carries on whatever happens, and stops when it is asked to."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import structlog
from sqlalchemy import select

from espace import crypto, db, outbox, worker
from espace.accounts.models import Enrolment
from espace.accounts.services import drafts as activations
from espace.audit.services import Action, record, verify
from espace.identifiers import new_id
from espace.machines import Machines
from espace.outbox.services import _handlers
from espace.permissions import SYSTEM
from espace.web import logs
from tests.support.clock import FakeClock

PATIENCE = 20  # seconds before a test gives up on the worker's thread


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    structlog.reset_defaults()


class Watched(io.StringIO):
    """A log that tells when a word is written to it."""

    def __init__(self, word: str, seen: threading.Event) -> None:
        super().__init__()
        self._word = word
        self._seen = seen

    def write(self, text: str, /) -> int:
        if self._word in text:
            self._seen.set()
        return super().write(text)


@contextmanager
def working(machines: Machines) -> Iterator[threading.Event]:
    """A worker in a thread of its own; gives what stops it."""
    stop = threading.Event()
    thread = threading.Thread(target=Context().run, args=(worker.run, machines, stop))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def on(topic: str, act: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_handlers, topic, act)


def test_it_delivers_what_is_posted_while_it_runs(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Any] = []
    arrived = threading.Event()

    def take(_id: UUID, payload: dict[str, Any]) -> None:
        got.append(payload)
        arrived.set()

    on("test", take, monkeypatch)
    with working(machines):
        outbox.post("test", {"word": "first"})
        assert arrived.wait(PATIENCE)
    assert got == [{"word": "first"}]
    assert outbox.waiting() == 0


def test_asked_to_stop_it_finishes_the_delivery_at_hand_and_leaves_the_others(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    done: list[int] = []

    def take(_id: UUID, payload: dict[str, Any]) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)
        done.append(payload["number"])

    on("test", take, monkeypatch)
    with db.write():
        for number in range(3):
            outbox.post("test", {"number": number})
    with working(machines) as stop:
        assert begun.wait(PATIENCE)
        stop.set()
        go_on.set()
    assert done == [0]
    assert outbox.waiting() == 2


def test_a_failing_task_is_logged_by_its_type_alone_and_stops_nothing(
    machines: Machines, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    arrived = threading.Event()
    on("test", lambda _id, _payload: arrived.set(), monkeypatch)

    def fail() -> None:
        raise ValueError("Claire Fontenay 279035121518989")

    def tasks() -> list[worker.Task]:
        return [worker.Task("broken", timedelta(0), fail)]

    monkeypatch.setattr(worker, "scheduled", tasks)
    with working(machines):
        outbox.post("test", {})
        assert arrived.wait(PATIENCE)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = next(line for line in lines if line["event"] == "task_failed")
    assert (told["task"], told["error"]) == ("broken", "ValueError")
    assert "Claire" not in log.getvalue()
    assert "2790351" not in log.getvalue()


def test_a_database_that_goes_away_for_a_while_stops_nothing(
    machines: Machines, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    arrived, failed = threading.Event(), threading.Event()
    on("test", lambda _id, _payload: arrived.set(), monkeypatch)
    monkeypatch.setattr(worker, "scheduled", list)
    monkeypatch.setattr(worker, "IDLE_SECONDS", 0.01)
    logs.configure(Watched("outbox_failed", failed))
    with db.write() as tx:
        tx.exec_driver_sql("ALTER TABLE outbox RENAME TO away")
    with working(machines):
        assert failed.wait(PATIENCE)
        with db.write() as tx:
            tx.exec_driver_sql("ALTER TABLE away RENAME TO outbox")
        outbox.post("test", {})
        assert arrived.wait(PATIENCE)


def test_a_checkpoint_is_written_at_start_and_then_every_hour(machines: Machines, clock: FakeClock) -> None:
    folder = machines.settings.checkpoint_dir

    def checkpoints() -> int:
        for task in worker.scheduled():  # as a worker that starts anew
            task.run()
        return len(list(folder.glob("*.json")))

    chain_id = new_id()
    record(SYSTEM, chain_id, Action.RECORD_ANNOUNCED)
    assert checkpoints() == 1
    record(SYSTEM, chain_id, Action.RECORD_OPENED)
    clock.advance(timedelta(minutes=59))
    assert checkpoints() == 1, "restarting often makes no more checkpoints"
    clock.advance(timedelta(minutes=1))
    assert checkpoints() == 2
    clock.advance(timedelta(hours=5))
    assert checkpoints() == 2, "nothing moved"
    assert verify() == []


def test_activations_nobody_can_take_up_again_are_swept(machines: Machines, clock: FakeClock) -> None:
    person_id = new_id()
    with db.write() as tx:
        crypto.new_owner_key(tx, person_id)
    activations.start(person_id, clock.now + timedelta(days=1))
    assert activations.sweep() == 0
    clock.advance(timedelta(days=1))
    for task in worker.scheduled():
        task.run()
    with db.read() as tx:
        assert tx.execute(select(Enrolment.person_id)).all() == []


def test_the_program_stops_on_sigterm(machines: Machines) -> None:
    given = machines.settings
    environment = {
        **os.environ,
        "ESPACE_DATA_DIR": str(given.data_dir),
        "ESPACE_KEY_FILE": str(given.key_file),
        "ESPACE_CHECKPOINT_DIR": str(given.checkpoint_dir),
        "ESPACE_DATABASE_URL": given.database_url,
    }
    command = [sys.executable, "-m", "espace.cli", "worker"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        seen = b""
        while b"worker_started" not in seen:
            line = process.stdout.readline()
            assert line, seen
            seen += line
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, rest
    assert b"worker_stopped" in rest
    assert b"failed" not in rest, rest
