"""Fixtures of the browser tests: one running demo, one Chromium, one sign-in per person of the cast."""

import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

from espace.accounts.services.sessions import IDLE
from espace.permissions import ActorKind
from tests.support.ports import free_port

from .hands import DESK, AuthenticatorApp, Demo, Hands, new_hands, read_cast, sign_in, sign_in_professional

_START_SECONDS = 120
SIGNED_OUT = frozenset({"newcomer", "teen"})
"""Whose account a test closes and loses, or adds a key to: each of these ends their other sessions (R8)."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def demo(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`espace demo` in a process of its own, on free ports."""
    folder = tmp_path_factory.mktemp("demo") / "house"
    port, smtp_port = free_port(), free_port()
    ports = ["--port", str(port), "--smtp-port", str(smtp_port)]
    command = [sys.executable, "-m", "espace.cli", "demo", *ports, "--data", str(folder)]
    log = folder.parent / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _await_answer(process, port, log)
        people = read_cast(folder)
        yield Demo(people["base_url"], folder, people)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def _await_answer(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Wait until the demo says it is ready: `curl` retries the connection, so nothing here sleeps."""
    ready = subprocess.run(
        [
            *("curl", "--silent", "--fail", "--output", os.devnull, "--retry-connrefused", "--retry-delay", "1"),
            *("--retry", str(_START_SECONDS), "--retry-all-errors", f"http://127.0.0.1:{port}/readyz"),
        ],
        check=False,
    )
    if ready.returncode or process.poll() is not None:
        pytest.fail(f"the demo did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; absent, CI fails and a laptop skips."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        why = "Chromium is not installed (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--lang=fr-FR",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def apps(demo: Demo) -> Callable[[str], AuthenticatorApp]:
    """The authenticator apps of the cast: one each, as no code serves twice."""
    made: dict[str, AuthenticatorApp] = {}

    def app(key: str) -> AuthenticatorApp:
        return made.setdefault(key, AuthenticatorApp(demo.person("patients", key)["totp_secret"]))

    return app


@pytest.fixture(scope="session")
def kept(chromium: Browser, demo: Demo, apps: Callable[[str], AuthenticatorApp]) -> Callable[[str], Any]:
    """What a browser keeps of somebody of the cast who is signed in; each signs in once.

    Whoever proves again who they are keeps the new token (`Hands.keep`): the one before is worth nothing (R7). Signed
    in again is only who was idle too long since they were last asked for (30 minutes; a professional 15), and whose
    sessions a test ends by what it is about; anybody else's session that ended is a fault.
    """
    states: dict[str, Any] = {}
    used: dict[str, float] = {}
    patients = {entry["key"] for entry in demo.people["patients"]}

    def state(key: str) -> Any:
        home = "/compte" if key in patients else "/pro/"
        hands = new_hands(chromium, demo, key, size=DESK, state=states.get(key))
        if key not in states or urlsplit(_opened(hands, home)).path != home:
            idle = time.monotonic() - used.get(key, -math.inf)
            longest = IDLE[ActorKind.PATIENT if key in patients else ActorKind.PROFESSIONAL].total_seconds()
            assert idle > longest - 60 or key in SIGNED_OUT, f"{key}'s session ended after {idle:.0f} s: by whom?"
            if key in patients:
                sign_in(hands, demo.person("patients", key), apps(key))
            else:
                sign_in_professional(hands, demo.person("professionals", key))
            states[key] = hands.context.storage_state()
        used[key] = time.monotonic()
        hands.close()
        return states[key]

    return state


def _opened(hands: Hands, place: str) -> str:
    """The address at which one ends who opens this one."""
    hands.open(place)
    return hands.page.url
