"""Postfix and Dovecot of Debian on loopback, run with the configuration files of the handbook (docs/messagerie).

Each has a folder and high ports of its own; nothing of the system's is read or touched. Postfix needs root.
"""

import email.policy
import imaplib
import os
import pwd
import shutil
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from espace.demo.certificates import Pair

from .ports import free_port

HANDBOOK = Path(__file__).parents[2] / "docs" / "messagerie"
PASSWORD = "quatre-lampes-sous-la-pluie"
ACCOUNT = "mail"  # Debian's own user for mail
SECONDS = 60
_PAUSE = 0.05
_Found = TypeVar("_Found")


def needs(*programs: str, root: bool = False) -> None:
    """Skip the test where a program (or root) is missing; fail where CI promises everything."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    missing = [name for name in programs if shutil.which(name, path=path) is None]
    if root and os.geteuid():
        missing.append("root, whom Postfix and Dovecot need to start")
    if not missing:
        return
    why = f"missing: {', '.join(missing)} (apt-get install swaks postfix dovecot-imapd dovecot-lmtpd dovecot-sieve)"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def until(look: Callable[[], _Found | None], what: str, *, seconds: float = SECONDS) -> _Found:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(_PAUSE)
    return found


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that the servers' own users may walk through, with a short name: sockets lie in it."""
    folder = Path(tempfile.mkdtemp(prefix="peer-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def configuration(name: str, words: Mapping[str, str | int | Path]) -> str:
    """A file of the handbook, its words between @ filled in."""
    text = (HANDBOOK / name).read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    return text


@dataclass
class Dovecot:
    """Dovecot with these mailboxes: IMAP for programs, LMTP for who hands mail over."""

    folder: Path
    pair: Pair
    ca_file: Path
    addresses: tuple[str, ...]
    imap_port: int = field(default_factory=free_port)
    lmtp_port: int = field(default_factory=free_port)
    sasl_port: int = field(default_factory=free_port)

    @contextmanager
    def running(self) -> Iterator["Dovecot"]:
        """Start it, and stop it in the end."""
        self.folder.mkdir(exist_ok=True)
        boxes = self.folder / "boites.d"
        boxes.mkdir()
        account = pwd.getpwnam(ACCOUNT)
        os.chown(boxes, account.pw_uid, account.pw_gid)
        passwords = self.folder / "mots-de-passe"
        passwords.write_text("".join(f"{one}:{{PLAIN}}{PASSWORD}::::::\n" for one in self.addresses))
        shutil.copy(HANDBOOK / "une-fois.sieve", self.folder)
        file = self.folder / "dovecot.conf"
        words: dict[str, str | int | Path] = {
            "DOSSIER": self.folder, "CERTIFICAT": self.pair.certificate, "CLE": self.pair.key, "COMPTE": ACCOUNT,
            "PORT_IMAP": self.imap_port, "PORT_LMTP": self.lmtp_port, "PORT_SASL": self.sasl_port,
        }  # fmt: skip
        file.write_text(configuration("dovecot.conf", words))
        process = subprocess.Popen(["dovecot", "-F", "-c", str(file)], stderr=subprocess.PIPE)
        try:
            for port in (self.imap_port, self.lmtp_port, self.sasl_port):
                until(partial(_listens, port, process), f"Dovecot on {port}: {self.log}")
            yield self
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)

    @property
    def log(self) -> str:
        """What it wrote down."""
        path = self.folder / "dovecot.log"
        return path.read_text() if path.exists() else ""

    @contextmanager
    def opened(self, address: str, password: str = PASSWORD) -> Iterator[imaplib.IMAP4_SSL]:
        """A mail program that has signed in."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        program = imaplib.IMAP4_SSL("127.0.0.1", self.imap_port, ssl_context=context, timeout=SECONDS)
        try:
            program.login(address, password)
            yield program
        finally:
            with suppress(OSError, imaplib.IMAP4.error):
                program.logout()

    def letters(self, address: str) -> list[EmailMessage]:
        """What lies in an inbox, the oldest first."""
        with self.opened(address) as program:
            program.select("INBOX", readonly=True)
            _, found = program.search(None, "ALL")
            return [_fetched(program, number) for number in found[0].split()]

    def empty(self) -> None:
        """Throw away what came, as before a next test."""
        for address in self.addresses:
            with self.opened(address) as program:
                _, many = program.select("INBOX")
                if many != [b"0"]:
                    program.store("1:*", "+FLAGS", r"(\Deleted)")
                    program.expunge()

    def letter(self, address: str, words: str) -> EmailMessage:
        """The letter of an inbox with these words in its subject, or as they stand in it, as soon as it is there."""

        def look() -> EmailMessage | None:
            found = self.letters(address)
            return next((one for one in found if words in str(one["Subject"]) or words.encode() in bytes(one)), None)

        try:
            return until(look, f"{words} for {address}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log}") from None


@dataclass(frozen=True)
class House:
    """What another operator knows of ours. `admitted`: fingerprints of the certificates it lets in."""

    gateway_port: int
    gateway_name: str
    patient_domain: str
    mailbox_domain: str
    admitted: tuple[str, ...]


@dataclass
class Operator:
    """Another operator: Postfix, and Dovecot behind it."""

    folder: Path
    domain: str
    name: str
    pair: Pair
    dovecot: Dovecot
    unknown_to_dovecot: tuple[str, ...] = ()
    """Addresses that Postfix takes and that Dovecot then refuses."""
    smtp_port: int = field(default_factory=free_port)
    submission_port: int = field(default_factory=free_port)

    @contextmanager
    def running(self, house: "House") -> Iterator["Operator"]:
        """Start both, for a house of ours, and stop them in the end."""
        with self.dovecot.running():
            place = self.folder / "postfix"
            place.mkdir(mode=0o755)
            for name in ("queue", "donnees"):
                (place / name).mkdir()
            shutil.chown(place / "donnees", "postfix")
            boxes = (*self.dovecot.addresses, *self.unknown_to_dovecot)
            (place / "boites").write_text("".join(f"{one} {one}\n" for one in boxes))
            (place / "operateurs").write_text("".join(f"{one} admis\n" for one in house.admitted))
            words: dict[str, str | int | Path] = {
                "DOSSIER": place, "DOMAINE": self.domain, "NOM": self.name, "CERTIFICAT": self.pair.certificate,
                "CLE": self.pair.key, "AUTORITES": self.dovecot.ca_file, "PORT_SMTP": self.smtp_port,
                "PORT_ENVOI": self.submission_port, "PORT_SASL": self.dovecot.sasl_port,
                "PORT_LMTP": self.dovecot.lmtp_port,
                "PORT_PASSERELLE": house.gateway_port, "NOM_PASSERELLE": house.gateway_name,
                "DOMAINE_PATIENTS": house.patient_domain, "DOMAINE_BOITES": house.mailbox_domain,
            }  # fmt: skip
            for name in ("main.cf", "master.cf"):
                (place / name).write_text(configuration(f"operateur-{name}", words))
            self._postfix("start")
            try:
                for port in (self.smtp_port, self.submission_port):
                    until(partial(_listens, port), f"Postfix on {port}: {self.log}")
                yield self
            finally:
                self._postfix("stop")

    @property
    def log(self) -> str:
        """What Postfix wrote down."""
        path = self.folder / "postfix" / "postfix.log"
        return path.read_text() if path.exists() else ""

    def hurry(self) -> None:
        """Have it try again at once what it put off."""
        self._postfix("flush")

    def send(self, sender: str, letter: EmailMessage, *to: str) -> None:
        """A professional's mail program hands a letter over."""
        context = ssl.create_default_context(cafile=str(self.dovecot.ca_file))
        with smtplib.SMTP_SSL("127.0.0.1", self.submission_port, context=context, timeout=SECONDS) as program:
            program.login(sender, PASSWORD)
            program.send_message(letter, from_addr=sender, to_addrs=list(to) or None)

    def letter(self, address: str, words: str) -> EmailMessage:
        """As `Dovecot.letter`, in one of its mailboxes."""
        try:
            return self.dovecot.letter(address, words)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log}") from None

    def _postfix(self, command: str) -> None:
        place = self.folder / "postfix"
        done = subprocess.run(
            ["postfix", "-c", str(place), command],
            env=os.environ | {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"postfix {command}: {done.stderr}\n{self.log}"


def _fetched(program: imaplib.IMAP4_SSL, number: bytes) -> EmailMessage:
    _, found = program.fetch(number.decode(), "(BODY.PEEK[])")
    content = found[0]
    assert isinstance(content, tuple)
    letter = message_from_bytes(content[1], policy=email.policy.default)
    assert isinstance(letter, EmailMessage)
    return letter


def _listens(port: int, process: "subprocess.Popen[bytes] | None" = None) -> bool | None:
    if process is not None and process.poll() is not None:
        raise AssertionError(f"it stopped: {process.communicate()[1]!r}")
    with socket.socket() as probe:
        return True if probe.connect_ex(("127.0.0.1", port)) == 0 else None
