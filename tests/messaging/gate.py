"""A gateway that really listens, for tests: its certificates, its white list, and another operator at its door."""

import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from email.message import EmailMessage
from itertools import count
from typing import Any, Self

from espace.demo.certificates import Pair
from espace.machines import Machines
from espace.messaging.gateway.server import Gateway
from espace.messaging.services.operators import trust_desk
from espace.messaging.services.operators.trust_files import ListKind
from espace.permissions import SYSTEM, Role
from espace.settings import Settings
from tests.support import office
from tests.support.certificates import OURS, PEER, Certificates
from tests.support.ports import free_port

DOMAIN = "hopital.operateur.example"
SENDER = f"praticien@{DOMAIN}"
_numbers = count(1)


def with_gateway(given: Settings, made: Certificates, **changed: Any) -> Settings:
    """The settings of a house with a gateway that shows these certificates."""
    return replace(
        given,
        mail_certificate=str(made.gateway.certificate),
        mail_key=str(made.gateway.key),
        mail_ca_file=str(made.ca_file),
        mail_port=free_port(),
        mail_tls_port=free_port(),
        mail_name=OURS,
        administrator_passkey=False,
        **changed,
    )


@dataclass
class Gate:
    """A gateway at work, and the certificates of who may come."""

    settings: Settings
    gateway: Gateway
    certificates: Certificates

    def context(self, pair: Pair | None) -> ssl.SSLContext:
        """TLS as a client speaks it that shows this certificate."""
        found = ssl.create_default_context(cafile=self.settings.mail_ca_file)
        if pair is not None:
            found.load_cert_chain(pair.certificate, pair.key)
        return found

    def bare(self) -> smtplib.SMTP:
        """A connection before TLS."""
        return smtplib.SMTP("localhost", self.settings.mail_port, local_hostname="relais.example", timeout=20)

    def peer(self, pair: Pair | None = None, *, nobody: bool = False) -> smtplib.SMTP:
        """The other operator, TLS begun; `nobody` shows no certificate."""
        smtp = self.bare()
        smtp.starttls(context=self.context(None if nobody else pair or self.certificates.peer))
        smtp.ehlo()
        return smtp

    def raw(self, pair: Pair | None = None) -> "Raw":
        """A socket at the port of TLS from the first byte, past EHLO."""
        plain = socket.create_connection(("localhost", self.settings.mail_tls_port), timeout=20)
        wrapped = self.context(pair or self.certificates.peer).wrap_socket(plain, server_hostname="localhost")
        found = Raw(wrapped)
        assert found.answer().startswith("220 ")
        found.say("EHLO relais.example", 250)
        return found


class Raw:
    """A client that sends exactly what it is told to."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire
        self._lines = wire.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_facts: object) -> None:
        self.forget()
        self.wire.close()

    def forget(self) -> None:
        """Read no more lines here: the wire goes on under another."""
        self._lines.close()

    def send(self, content: bytes) -> None:
        """Send these bytes."""
        self.wire.sendall(content)

    def answer(self) -> str:
        """The next answer, its last line; empty when the other side is gone."""
        with suppress(ConnectionError, ssl.SSLError):
            while line := self._lines.readline():
                if line[3:4] != b"-":
                    return line.decode().rstrip()
        return ""

    def say(self, line: str, code: int) -> str:
        """Send a command; its answer must have this code."""
        self.send(line.encode() + b"\r\n")
        found = self.answer()
        assert found.startswith(str(code)), (line, found)
        return found

    def begin(self, *recipients: str, sender: str = SENDER) -> None:
        """Everything up to the message itself."""
        self.say(f"MAIL FROM:<{sender}>", 250)
        for one in recipients:
            self.say(f"RCPT TO:<{one}>", 250)
        self.say("DATA", 354)


def trust(lines: Sequence[tuple[str, str, str]] = (("Opérateur d'essai", DOMAIN, PEER),)) -> None:
    """Have these lines be the white list: proposed from the host, confirmed by an operator."""
    written = "".join(f"{','.join(line)}\n" for line in lines)
    proposed = trust_desk.propose(SYSTEM, ListKind.OPERATORS, written.encode(), "liste.csv")
    trust_desk.confirm(office.officer(Role.ADMINISTRATOR).actor, proposed.id, trust_desk.seen(proposed.id))


@contextmanager
def open_gate(machines: Machines, certificates: Certificates) -> Iterator[Gate]:
    """The gateway, listening inside the block."""
    gateway = Gateway(machines.settings, machines.bind)
    gateway.start()
    try:
        yield Gate(machines.settings, gateway, certificates)
    finally:
        gateway.stop()


def message(to: str, *, sender: str = SENDER, subject: str = "Compte rendu", text: str = "Bonjour,") -> EmailMessage:
    """A message as another operator's program writes it."""
    made = EmailMessage()
    made["From"] = sender
    made["To"] = to
    made["Subject"] = subject
    made["Date"] = "Mon, 23 Nov 2026 10:00:00 +0100"
    made["Message-ID"] = f"<{next(_numbers)}.essai@{DOMAIN}>"
    made.set_content(text)
    return made
