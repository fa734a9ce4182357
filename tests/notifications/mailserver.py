"""A mail server on the loopback that remembers what it was told."""

from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.support.ports import free_port


@dataclass
class MailServer:
    """What a mail server was told."""

    port: int = 0
    refuse: int = 0
    envelopes: list[Any] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a message, or refuse it for now."""
        if self.refuse:
            self.refuse -= 1
            return "451 try again later"
        self.encrypted.append(session.ssl is not None)
        self.envelopes.append(envelope)
        return "250 taken"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
        """Take any name and password, and remember them."""
        self.logins.append((data.login, data.password))
        return AuthResult(success=True)

    @property
    def letters(self) -> list[EmailMessage]:
        """The messages taken, parsed."""
        found = [message_from_bytes(envelope.content, policy=default) for envelope in self.envelopes]
        assert all(isinstance(letter, EmailMessage) for letter in found)
        return found


def running(server: MailServer, **options: Any) -> Controller:
    """Start a server on a free port of the loopback."""
    server.port = free_port()
    controller = Controller(server, hostname="127.0.0.1", port=server.port, **options)
    controller.start()
    return controller
