"""The npm package `oidc-provider` as a peer: a provider that is not ours, on a loopback port of its own."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from tests.support.ports import free_port

ROOT = Path(__file__).parent.parent.parent.parent
SCRIPT = Path(__file__).parent / "provider.mjs"


@dataclass(frozen=True)
class Peer:
    """A running provider."""

    issuer: str

    def prove(self, address: str, login: str) -> str:
        """Go to the provider's sign-in page at `address`, prove oneself as `login`; gives where it sends back to."""
        with httpx.Client(trust_env=False, follow_redirects=False, timeout=20) as browser:
            answer = browser.get(address)
            for _ in range(6):
                if answer.is_redirect:
                    place = urljoin(str(answer.url), answer.headers["location"])
                    if not place.startswith(self.issuer):
                        return place
                    answer = browser.get(place)
                else:
                    assert answer.status_code == 200, answer.text
                    answer = browser.post(str(answer.url), data={"login": login})
        raise AssertionError("the provider sends nobody back")


@contextmanager
def running(
    *, callback: str, client_id: str, client_secret: str, acr: str, accounts: Mapping[str, Mapping[str, Any]]
) -> Iterator[Peer]:
    """Run the provider for one client, with these accounts (login -> claims)."""
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "oidc-provider").is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("node and oidc-provider are missing: tests/run installs them")
        pytest.skip("no node, or no oidc-provider: tests/run installs them")
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    given = {
        "issuer": issuer,
        "port": port,
        "client_id": client_id,
        "client_secret": client_secret,
        "redirect_uri": callback,
        "acr": acr,
        "accounts": {login: dict(claims) for login, claims in accounts.items()},
    }
    process = subprocess.Popen(
        [node, str(SCRIPT)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(given))
        process.stdin.close()
        assert process.stdout.readline().strip() == "ready"
        yield Peer(issuer)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
