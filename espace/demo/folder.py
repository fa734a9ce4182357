"""The demo's folder: recognised by a marker, held by one demo at a time, wiped only when it is one."""

import fcntl
import json
import os
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

import click

from . import ledger
from .cast import HERE, PATIENT_DOMAIN, REGULATION
from .operator import Papers

MARKER = "espace-demo.json"
_PORTS = "ports.json"
_KIND = "a demo of espace: everything here is invented and may be deleted"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder ready to be a demo's. `whole`: what is in it was built to the end."""

    path: Path
    provider_secret: str
    whole: bool
    lock: int

    def environment(self, port: int, smtp_port: int) -> dict[str, str]:
        """The settings of the demo's processes, whatever the caller's environment says of another house."""
        papers = Papers(self.path)
        house = {
            "DATA_DIR": str(self.path / "data"),
            "KEY_FILE": str(self.path / "keys" / "keys.json"),
            "CHECKPOINT_DIR": str(self.path / "checkpoints"),
            "BASE_URL": _address(port),
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.relay_port),
            "PATIENT_DOMAIN": PATIENT_DOMAIN,
            "MAILBOX_DOMAINS": HERE,
            "MAIL_HOST": "127.0.0.1",
            "MAIL_PORT": str(smtp_port),
            "MAIL_CERTIFICATE": str(papers.gateway.certificate),
            "MAIL_KEY": str(papers.gateway.key),
            "MAIL_CA_FILE": str(papers.ca_file),
            "SMS_URL": f"{_address(port)}/demo/sms",
            "SMS_TOKEN": f"sms-{self.provider_secret}",
            "REGULATION_STRUCTURES": REGULATION.number,
            "PSC_ISSUER": f"{_address(port)}/demo/psc",
            "PSC_CLIENT_SECRET": self.provider_secret,
            "CONTACT": "aide@example.org",
            "CONTACT_PHONE": "01 99 00 00 00",  # a number kept for fiction
            "OPENING_DELAY": "0",
            "ACTIVATION_CODE_LIFE": "3650",  # the codes of demo.json must still work next year
            "ADMINISTRATOR_PASSKEY": "no",  # demo.json gives the secret of an app, which tests and outside clients use
            "DEMO_DIR": str(self.path),
        }
        outside = {name: value for name, value in os.environ.items() if not name.startswith("ESPACE_")}
        return outside | {f"ESPACE_{name}": value for name, value in house.items()}

    @property
    def relay_port(self) -> int:
        """Where the mail that leaves is taken: the mailboxes of the demo's people, and the other operators."""
        kept = self.path / _PORTS
        return int(json.loads(kept.read_text(encoding="utf-8"))["relay"]) if kept.exists() else 25

    def choose_relay_port(self, *taken: int) -> int:
        """The port of the last start if it is still free, else another; none of those `taken`."""
        found = self.relay_port
        while found in taken or not is_free(found):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                found = int(probe.getsockname()[1])
        ledger.write(self.path / _PORTS, {"relay": found})
        return found

    def tell_ports(self, port: int, smtp_port: int) -> None:
        """Bring `demo.json` up to the ports of this start."""
        known = ledger.read(self.path)
        told = known | {"base_url": _address(port), "smtp": known["smtp"] | {"port": smtp_port}}
        if told != known:
            ledger.write(self.path / ledger.NAME, told)


def is_free(port: int) -> bool:
    """Whether a server may listen on a port of the loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
        return True


def _address(port: int) -> str:
    """Where the demo is reached: by a name, as browsers tie passkeys to one and never to 127.0.0.1."""
    return f"http://localhost:{port}"


def prepare(path: Path, *, fresh: bool) -> Folder:
    """Take the folder, or make it. What a stopped build left behind is thrown away; so is everything with `fresh`.

    Raises:
        click.ClickException: when it holds something else, or another demo runs in it.
    """
    path = path.resolve()
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        marker = path / MARKER
        if not marker.exists() and any(path.iterdir()):
            raise click.ClickException(f"{path} is not empty and no demo of espace: choose another folder with --data")
        if not marker.exists():
            ledger.write(marker, {"kind": _KIND, "psc_client_secret": secrets.token_urlsafe(32)})
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    lock = _hold(marker)
    secret = _secret(marker)
    whole = (path / ledger.NAME).exists() and not fresh
    if not whole:
        _empty(path)
    return Folder(path, secret, whole, lock)


def _hold(marker: Path) -> int:
    lock = os.open(marker, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise click.ClickException(f"a demo is already running in {marker.parent}: stop it first") from None
    return lock


def _secret(marker: Path) -> str:
    try:
        found = json.loads(marker.read_text(encoding="utf-8"))
        if found["kind"] == _KIND:
            return str(found["psc_client_secret"])
    except (ValueError, KeyError, TypeError):
        pass
    raise click.ClickException(f"{marker} is not what a demo of espace wrote: choose another folder with --data")


def _empty(path: Path) -> None:
    """Throw away everything but the marker, `demo.json` first: without it the rest counts as unfinished."""
    (path / ledger.NAME).unlink(missing_ok=True)
    for child in path.iterdir():
        if child.name == MARKER:
            continue
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            child.unlink()
