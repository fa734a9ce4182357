"""A house that runs the demo's identity provider on a live loopback server."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from espace import crypto
from espace.access import services as access
from espace.interop import openid
from espace.machines import Machines
from espace.settings import Settings

SECRET = "un secret entre serveurs"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A free loopback port, already ours."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(64)
        yield taken


@pytest.fixture
def settings(tmp_path: Path, database_url: str, ring: crypto.KeyRing, listener: socket.socket) -> Settings:
    """The house on that port, with the demo's provider."""
    crypto.write_ring(ring, tmp_path / "keys" / "keys.json")
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    demo = tmp_path / "demo"
    demo.mkdir()
    return Settings(
        data_dir=tmp_path / "data",
        key_file=tmp_path / "keys" / "keys.json",
        checkpoint_dir=tmp_path / "checkpoints",
        database_url=database_url,
        base_url=base,
        psc_issuer=f"{base}/demo/psc",
        psc_client_secret=SECRET,
        demo_dir=demo,
    )


@pytest.fixture
def live(app: Flask, listener: socket.socket, machines: Machines) -> Iterator[Flask]:
    """The application, answering on its port for the calls between servers."""
    server = make_server("127.0.0.1", listener.getsockname()[1], app, threaded=True, fd=listener.fileno())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    access.ensure_matrix()
    openid.forget()
    yield app
    server.shutdown()
    thread.join()


def write_accounts(machines: Machines, *accounts: dict[str, object]) -> None:
    """Who can prove themself at the provider."""
    assert machines.settings.demo_dir is not None
    (machines.settings.demo_dir / "psc_accounts.json").write_text(json.dumps(accounts), encoding="utf-8")


def account(login: str, rpps: str, **others: object) -> dict[str, object]:
    """One account of the provider."""
    return {
        "login": login,
        "password": f"passe de {login}",
        "rpps": rpps,
        "given_name": "Hélène",
        "family_name": "Morvan",
        "profession_code": "G15_10",
        "structures": [],
        **others,
    }
