"""A running demo, a real browser, and a person's hands on it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
_START_SECONDS = 120


@dataclass(frozen=True)
class Demo:
    """A demo that answers, and who is in it (`demo.json`)."""

    base_url: str
    folder: Path
    people: dict[str, Any]

    def person(self, kind: str, key: str) -> dict[str, Any]:
        """One entry of the cast, by its key."""
        found: dict[str, Any] = next(entry for entry in self.people[kind] if entry["key"] == key)
        return found


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`espace demo` in a process of its own, on free ports."""
    folder = tmp_path_factory.mktemp("demo") / "house"
    port, smtp_port = _free_port(), _free_port()
    command = [
        sys.executable,
        "-m",
        "espace.cli",
        "demo",
        "--port",
        str(port),
        "--smtp-port",
        str(smtp_port),
        "--data",
        str(folder),
    ]
    log = folder.parent / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _await_answer(process, port, log)
        people = json.loads((folder / "demo.json").read_text())
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
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@dataclass
class Hands:
    """One person at one device: a page, and the names of the screenshots they take."""

    page: Page
    context: BrowserContext
    base_url: str
    name: str
    outside: list[str]

    def open(self, path: str) -> None:
        """Go to an address of the house."""
        self.page.goto(self.base_url + path)

    def shot(self, what: str) -> None:
        """Keep what the screen shows."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{self.name}-{what}.png", full_page=True)


def new_hands(
    chromium: Browser, demo: Demo, name: str, *, script: bool = True, size: dict[str, int] | None = None, dark: bool = False
) -> Hands:
    """A fresh browser profile, French, that notes every request leaving the house (R51)."""
    context = chromium.new_context(
        viewport=size or PHONE,
        locale="fr-FR",
        timezone_id="Europe/Paris",
        java_script_enabled=script,
        color_scheme="dark" if dark else "light",
        accept_downloads=True,
    )
    outside: list[str] = []
    context.on("request", lambda request: _note(request.url, demo.base_url, outside))
    page = context.new_page()
    page.set_default_timeout(15_000)
    return Hands(page, context, demo.base_url, name, outside)


def _note(url: str, base_url: str, outside: list[str]) -> None:
    if not url.startswith((base_url, "data:", "blob:", "about:")):
        outside.append(url)
