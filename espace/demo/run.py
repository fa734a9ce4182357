"""`espace demo`: builds the demo's house once, then keeps its processes running until Ctrl-C."""

import http.client
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

import click

from . import ledger
from .folder import Folder, is_free, prepare
from .role import leaving

_HOST = "127.0.0.1"
_PAUSE = 0.05
_START_SECONDS = 120
_STOP_SECONDS = 10


def run(*, port: int, smtp_port: int, folder: Path, fresh: bool) -> None:
    """Run the demo in `folder` until Ctrl-C or SIGTERM.

    Raises:
        click.ClickException: when a port is taken, the folder cannot be used, or a process stops.
    """
    _check_free(port, "--port")
    _check_free(smtp_port, "--smtp-port")
    house = prepare(folder, fresh=fresh)
    house.choose_relay_port(port, smtp_port)
    for number in (signal.SIGTERM, signal.SIGINT):  # said outright: a shell's background job ignores Ctrl-C otherwise
        signal.signal(number, _leave)
    try:
        with _Company(house.environment(port, smtp_port)) as company:
            _open(company, house, port, smtp_port)
            _tell(house)
            company.watch()
    except KeyboardInterrupt:
        click.echo("\nThe demo is stopped.")


def _open(company: "_Company", house: Folder, port: int, smtp_port: int) -> None:
    company.start("outside")
    if house.whole:
        house.tell_ports(port, smtp_port)
    else:
        click.echo("Building the demo's people and eight years of their documents (once)…")
        company.until(lambda: _listens(house.relay_port))
        company.play("build")
    for role in ("web", "worker"):
        company.start(role)
    company.until(lambda: _answers(port) and _listens(smtp_port))


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _check_free(port: int, option: str) -> None:
    if not is_free(port):
        raise click.ClickException(f"port {port} cannot be used: choose another with {option}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((_HOST, port)) == 0


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(_HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


@dataclass
class _Company:
    """The demo's processes. Each holds the end of a pipe of ours, so none outlives us, even killed."""

    environment: dict[str, str]
    _running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, role: str) -> None:
        """Start a role and go on."""
        self._running[role] = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "espace.demo.role", role],
            env=self.environment,
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches us alone: we stop them in order
        )

    def play(self, role: str) -> None:
        """Start a role and wait for its end.

        Raises:
            click.ClickException: when it failed.
        """
        self.start(role)
        process = self._running[role]
        if process.wait():
            raise click.ClickException(f"the demo's {role} failed")
        _close(process)
        del self._running[role]

    def until(self, ready: Callable[[], bool]) -> None:
        """Wait until `ready`.

        Raises:
            click.ClickException: when that takes too long, or a process stops meanwhile.
        """
        end = time.monotonic() + _START_SECONDS
        while not ready():
            self._check_alive()
            if time.monotonic() > end:
                raise click.ClickException("the demo does not answer")
            time.sleep(_PAUSE)

    def watch(self) -> None:
        """Stay as long as every process does.

        Raises:
            click.ClickException: when one stops.
        """
        while True:
            self._check_alive()
            time.sleep(_PAUSE * 10)

    def _check_alive(self) -> None:
        for role, process in self._running.items():
            if process.poll() is not None:
                raise click.ClickException(f"the demo's {role} process stopped")

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        """Stop every process."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        for role, process in self._running.items():
            process.send_signal(leaving(role))
        for process in self._running.values():
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _close(process)


def _close(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        process.stdin.close()


def _tell(house: Folder) -> None:
    """Where it is, and who can sign in."""
    cast = ledger.read(house.path)
    click.echo(f"\nThe demo of espace is at {cast['base_url']}/ (mails and codes: {cast['base_url']}/demo/)\n")
    rows = [("Person", "E-mail or login", "Password")]
    rows += [(one["display_name"], one["email"], one["password"]) for one in cast["patients"]]
    rows += [(one["display_name"], one["psc_login"], one["psc_password"]) for one in cast["professionals"]]
    rows += [(one["display_name"], one["email"], one["password"]) for one in cast["operators"]]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        click.echo("  " + "  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip())
    click.echo(f"\nPatients sign in at {cast['base_url']}/connexion; the second code is shown on the page above.")
    click.echo(f"Professionals sign in at {cast['base_url']}/pro/connexion. Operators sign in like patients.")
    click.echo(f"All of it stands in {house.path / ledger.NAME}. Ctrl-C stops the demo.")
