"""A demo started as a person starts it, and somebody at its door with a plain web client."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyotp
from lxml import html

from tests.support.ports import free_port

START_SECONDS = 180
STOP_SECONDS = 30


@dataclass
class House:
    """One demo: its folder and, while it runs, its process, its port and what it said."""

    folder: Path
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    _logs: list[Path] = field(default_factory=list)
    _visitors: "list[Somebody]" = field(default_factory=list)

    def start(self) -> None:
        """Start it on free ports and wait until it answers."""
        self.port = free_port()
        self._logs.append(self.folder.parent / f"demo-{len(self._logs)}.log")
        command = [sys.executable, "-m", "espace.cli", "demo", "--port", str(self.port)]
        command += ["--smtp-port", str(free_port()), "--data", str(self.folder)]
        with self._logs[-1].open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        end = time.monotonic() + START_SECONDS
        while "Ctrl-C stops" not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            self.answers()

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send it a signal and wait for its end; gives its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(STOP_SECONDS)
        self.process = None
        return code

    def somebody(self) -> "Somebody":
        """Somebody new at the door."""
        self._visitors.append(Somebody(self.address))
        return self._visitors[-1]

    def close(self) -> None:
        """Stop it if it runs, and send everybody home."""
        for visitor in self._visitors:
            visitor.leaves()
        if self.process is not None:
            self.stop()

    @property
    def said(self) -> str:
        """What it printed since it was started last."""
        return self._logs[-1].read_text()

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://localhost:{self.port}"

    @property
    def cast(self) -> dict[str, Any]:
        """Its `demo.json`."""
        told: dict[str, Any] = json.loads((self.folder / "demo.json").read_text())
        return told

    def answers(self) -> bool:
        """Whether its web pages answer."""
        try:
            return httpx.get(f"{self.address}/healthz", timeout=1).is_success
        except httpx.HTTPError:
            return False

    def falls_silent(self) -> bool:
        """Whether its web pages stop answering before long."""
        end = time.monotonic() + STOP_SECONDS
        while time.monotonic() < end:
            if not self.answers():
                return True
        return False


class Somebody:
    """A web client that follows redirects and fills the forms it is shown."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address, follow_redirects=True, timeout=30)
        self.page = ""
        self.path = ""

    def leaves(self) -> None:
        """Close the client."""
        self._client.close()

    def goes(self, path: str) -> int:
        """Open a page; gives the status."""
        return self._keep(self._client.get(path))

    def fills(self, **values: str) -> int:
        """Fill the page's form that has these fields and send it; gives the status."""
        tree: Any = html.document_fromstring(self.page)
        form = next(form for form in tree.forms if set(values) <= set(form.inputs.keys()))
        sent = {name: value for name, value in form.form_values() if name not in values} | values
        return self._keep(self._client.post(form.get("action") or self.path, data=sent))

    def signs_in(self, person: dict[str, Any]) -> None:
        """Sign in as a patient, second factor included."""
        assert self.goes("/connexion") == httpx.codes.OK
        assert self.fills(email=person["email"], password=person["password"]) == httpx.codes.OK, self.page
        assert self.path == "/connexion/code"
        assert self.fills(code=pyotp.TOTP(person["totp_secret"]).now()) == httpx.codes.OK, self.page

    def _keep(self, answer: httpx.Response) -> int:
        self.page, self.path = answer.text, answer.url.path
        return answer.status_code
