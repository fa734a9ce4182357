"""The mail role as it is run: a program of its own, which starts whole or not at all; and swaks at its door."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from espace import db
from espace.machines import Machines
from espace.messaging.models import Message
from espace.messaging.services import boxes
from espace.settings import Settings
from tests.messaging.gate import SENDER, open_gate, trust
from tests.support import build
from tests.support.certificates import OURS, Certificates
from tests.support.mail_peer import needs

PATIENCE = 30
NAMES = (
    *("data_dir", "key_file", "checkpoint_dir", "database_url", "base_url", "patient_domain", "mailbox_domains"),
    *("mail_name", "mail_port", "mail_tls_port", "mail_certificate", "mail_key", "mail_ca_file"),
)


def environment(given: Settings) -> dict[str, str]:
    """The settings of a house, as a program reads them."""
    held = {name: value for name, value in os.environ.items() if not name.startswith("ESPACE_")}
    return held | {f"ESPACE_{name.upper()}": str(getattr(given, name)) for name in NAMES}


@contextmanager
def running(given: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    """`espace mail`, as soon as it listens."""
    command = [sys.executable, "-m", "espace.cli", "mail"]
    with subprocess.Popen(command, env=environment(given), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        seen = b""
        while b"mail_started" not in seen:
            line = process.stdout.readline()
            assert line, seen
            seen += line
        try:
            yield process
        finally:
            process.kill()


def swaks(given: Settings, pair: object, *more: str, to: str) -> "subprocess.CompletedProcess[str]":
    """Send one message with swaks."""
    command = ["swaks", "--server", "localhost", "--port", str(given.mail_port), "--tls", "--tls-ca-path"]
    command += [given.mail_ca_file, "--from", SENDER, "--to", to, "--ehlo", OURS, *more]
    if pair is not None:
        command += ["--tls-cert", str(pair.certificate), "--tls-key", str(pair.key)]  # type: ignore[attr-defined]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_the_role_starts_serves_and_stops_on_sigterm(machines: Machines, settings: Settings) -> None:
    with running(settings) as process:
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, rest
    assert b"mail_stopped" in rest


@pytest.mark.parametrize("missing", ["mail_certificate", "mail_key", "mail_ca_file", "patient_domain"])
def test_the_role_says_what_it_misses_and_does_not_start(machines: Machines, settings: Settings, missing: str) -> None:
    command = [sys.executable, "-m", "espace.cli", "mail"]
    given = environment(replace(settings, **{missing: ""}))  # type: ignore[arg-type]
    done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert f"ESPACE_{missing.upper()}" in done.stderr
    assert "Traceback" not in done.stderr


def test_swaks_sends_a_message_and_is_told_why_another_is_refused(
    app: Flask, machines: Machines, settings: Settings, certificates: Certificates
) -> None:
    needs("swaks")
    trust()
    address = boxes.patient_address(build.citizen().ins)
    with open_gate(machines, certificates):
        taken = swaks(settings, certificates.peer, to=address)
        assert taken.returncode == 0, taken.stdout + taken.stderr
        unknown = swaks(settings, certificates.peer, to=boxes.patient_address(build.ins()))
        assert "550 5.1.1" in unknown.stdout
        bare = swaks(settings, None, to=address)
        assert "550 5.7.1 Presentez un certificat" in bare.stdout
    with db.read() as tx:
        assert tx.execute(select(func.count()).select_from(Message)).scalar_one() == 1
