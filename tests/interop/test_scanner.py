"""The scanner is spoken to as clamd is; whatever it answers, a file is clean, harmful or not known yet."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from espace.errors import SettingsError
from espace.interop import scanner
from espace.interop.scanner import InfectedError, ScannerDownError
from espace.settings import Settings
from tests.support.scanner import EICAR, Scanner
from tests.support.scanner import scanner as scanner_on

CLAMD = shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.fixture
def peer() -> Iterator[Scanner]:
    with scanner_on() as found:
        yield found


@pytest.mark.parametrize("size", [0, 1, 262_143, 262_144, 262_145, 3_000_000])
def test_the_whole_file_is_shown_in_pieces(peer: Scanner, size: int) -> None:
    content = os.urandom(size)
    scanner.scan(peer.url, content)
    assert peer.seen == [content]


def test_what_is_harmful_has_its_name(peer: Scanner) -> None:
    with pytest.raises(InfectedError) as caught:
        scanner.scan(peer.url, b"x" * 300_000 + EICAR)
    assert caught.value.name == "Eicar-Test-Signature"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0",
        b"stream: OK, FOUND it",
        b"OK\0",
        b"stream: \xff\xfe ERROR\0",
        b"x" * 9000,
        b"stream: OK",
        b"stream: x FOUND",
    ],
)
def test_any_other_answer_is_none(peer: Scanner, answer: bytes) -> None:
    peer.answer = answer
    with pytest.raises(ScannerDownError):
        scanner.scan(peer.url, b"words")


def test_a_file_too_large_for_it_is_not_cleared(peer: Scanner) -> None:
    peer.most = 1000
    with pytest.raises(ScannerDownError):
        scanner.scan(peer.url, bytes(5_000_000))


def test_a_scanner_that_is_away_or_silent_is_noticed(peer: Scanner, tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        host, port = silent.getsockname()
        started = time.perf_counter()
        with pytest.raises(ScannerDownError):
            scanner.scan(f"tcp://{host}:{port}", b"words", answer_seconds=0.2)
        assert time.perf_counter() - started < 3
    for gone in (f"tcp://{host}:{port}", f"unix:{tmp_path}/none", f"unix:{tmp_path}"):
        with pytest.raises(ScannerDownError):
            scanner.scan(gone, b"words")


@pytest.mark.parametrize(
    "url", ["http://x:1", "tcp://", "tcp://host", "tcp://host:x", "unix:", "/run/clamd", "tcp://h:0"]
)
def test_an_address_that_names_no_scanner_stops_the_start(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SCANNER"):
        Settings(data_dir=tmp_path / "d", key_file=tmp_path / "k", checkpoint_dir=tmp_path / "c", scanner_url=url)


def test_the_real_one_finds_the_test_file(tmp_path: Path) -> None:
    """Clamd itself, with one signature of our own: no list of viruses is fetched.

    Absent, CI fails and a laptop skips.
    """
    if CLAMD is None:
        why = "clamd is not installed (apt-get install clamav-daemon)"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    place = tmp_path / "clamd.ctl"
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "own.ndb").write_text(f"Eicar-Test-Signature:0:0:{EICAR.hex()}\n")
    config = tmp_path / "clamd.conf"
    config.write_text(f"Foreground yes\nLocalSocket {place}\nDatabaseDirectory {tmp_path}/db\nMaxThreads 2\n")
    with subprocess.Popen(
        [CLAMD, "--config-file", str(config)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as run:
        try:
            deadline = time.perf_counter() + 60
            while not place.exists():
                assert run.poll() is None, run.stdout.read() if run.stdout else b""
                assert time.perf_counter() < deadline
            url = f"unix:{place}"
            scanner.scan(url, b"words " * 100_000)
            with pytest.raises(InfectedError) as caught:
                scanner.scan(url, EICAR)
            assert "Eicar" in caught.value.name
        finally:
            run.terminate()
