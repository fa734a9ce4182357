"""Another operator for tests of what leaves: a mail server on loopback that takes, puts off, or refuses."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from espace.demo.certificates import Pair
from espace.interop.mail_letter import Letter
from espace.interop.mail_read import read
from tests.support.ports import free_port


class _LmtpServer(SMTP):
    """The same words but for the first: LMTP, as a mail store speaks it (RFC 2033), for one recipient at a time."""

    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """The greeting."""
        await self.smtp_EHLO(arg)


class _Lmtp(Controller):
    def factory(self) -> SMTP:
        """One conversation."""
        return _LmtpServer(self.handler, **self.SMTP_kwargs)


@dataclass
class Operator:
    """What a mail server heard. `replies` says what it answers to a recipient, to DATA under "DATA"; 250 otherwise."""

    port: int = field(default_factory=free_port)
    replies: dict[str, str] = field(default_factory=dict)
    taken: list[Envelope] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    drops_after: int = 0
    """How many messages it takes and then hangs up without a word of it."""

    def letters(self) -> list[Letter]:
        """The messages it took, read. No property: aiosmtpd looks at each."""
        return [read(content_of(one), null_sender=not one.mail_from) for one in self.taken]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The sender."""
        if answer := self.replies.get("MAIL"):
            return answer
        envelope.mail_from = address
        self.options.append(options)
        if session.ssl:
            self.clients.append(str((session.ssl.get("peercert") or {}).get("subject", "")))
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """One recipient."""
        answer = self.replies.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """The message. Notices of the house go the same way and are none of these tests' matter."""
        if (envelope.mail_from or "").startswith("ne-pas-repondre@"):
            return "250 OK"
        if answer := self.replies.get("DATA"):
            return answer
        self.taken.append(envelope)
        if self.drops_after:
            self.drops_after -= 1
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 OK"

    @contextmanager
    def running(
        self,
        pair: Pair | None = None,
        ca_file: str = "",
        *,
        wants_certificate: bool = False,
        password: str = "",
        lmtp: bool = False,
    ) -> Iterator["Operator"]:
        """Listen until the end, under TLS where a certificate is given."""
        more: dict[str, Any] = {}
        if pair is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pair.certificate, pair.key)
            if wants_certificate:
                context.load_verify_locations(ca_file)
                context.verify_mode = ssl.CERT_REQUIRED
            more = {"tls_context": context, "require_starttls": True}
        if password:
            more |= {
                "authenticator": _checks(password),
                "auth_required": True,
                "auth_exclude_mechanism": ["LOGIN"],
            }
        controller = (_Lmtp if lmtp else Controller)(
            self, hostname="127.0.0.1", port=self.port, enable_SMTPUTF8=True, **more
        )
        controller.start()
        try:
            yield self
        finally:
            controller.stop()


def content_of(envelope: Envelope) -> bytes:
    """What a message is made of."""
    assert isinstance(envelope.content, bytes)
    return envelope.content


def _checks(password: str) -> Any:
    def check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.password == password.encode()
        return AuthResult(success=good, handled=False)

    return check
