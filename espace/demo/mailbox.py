"""The world outside the demo's house: a real SMTP server on loopback, for people's own mailboxes and other operators.

What came, phones included, is kept in one file.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from .cast import THERE
from .operator import takes

HOST = "127.0.0.1"
_MAX_BYTES = 25 * 1024 * 1024
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Mail:
    """A message as it was received. `at` and `id` are its Date and Message-ID, `files` are the names of its files."""

    number: int
    id: str
    at: datetime
    sender: str
    to: str
    subject: str
    text: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sms:
    """An SMS as the gateway took it. `at` is when."""

    id: str
    at: datetime
    to: str
    sender: str
    text: str


class Mailbox:
    """The messages received, in a small SQLite file that listener and gateway write and the demo's page reads."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "mail.db"

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=5)) as connection, connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS mails (number INTEGER PRIMARY KEY, sender TEXT, recipient TEXT, raw BLOB)"
            )
            connection.execute(
                "CREATE TABLE IF NOT EXISTS sms (id TEXT PRIMARY KEY, at TEXT, recipient TEXT, sender TEXT, text TEXT)"
            )
            yield connection

    def keep(self, sender: str, recipients: list[str], raw: bytes) -> None:
        """Keep a message for each of its recipients."""
        with self._open() as connection:
            connection.executemany(
                "INSERT INTO mails (sender, recipient, raw) VALUES (?, ?, ?)",
                [(sender, recipient, raw) for recipient in recipients],
            )

    def newest(self, *, to: str = "", limit: int = _SHOWN) -> list[Mail]:
        """The newest messages to people first; only those to one address when `to` is given."""
        return self._find("WHERE ? IN ('', recipient) AND recipient NOT LIKE '%@' || ?", to, THERE, limit)

    def newest_outside(self, *, limit: int = _SHOWN) -> list[Mail]:
        """What came to the secure mailboxes of another operator, the newest first."""
        return self._find("WHERE recipient LIKE '%@' || ?", THERE, limit)

    def _find(self, where: str, *values: str | int) -> list[Mail]:
        query = f"SELECT number, sender, recipient, raw FROM mails {where} ORDER BY number DESC LIMIT ?"  # noqa: S608 - ours, above
        with self._open() as connection:
            return [_mail(*row) for row in connection.execute(query, values).fetchall()]

    def keep_sms(self, sms: Sms) -> bool:
        """Keep an SMS; whether it was new: the same id asked twice is one SMS."""
        row = (sms.id, sms.at.isoformat(), sms.to, sms.sender, sms.text)
        with self._open() as connection:
            return connection.execute("INSERT OR IGNORE INTO sms VALUES (?, ?, ?, ?, ?)", row).rowcount == 1

    def newest_sms(self, *, to: str = "", limit: int = _SHOWN) -> list[Sms]:
        """The newest SMS first; only those to one number when `to` is given."""
        query = "SELECT id, at, recipient, sender, text FROM sms WHERE ? IN ('', recipient) ORDER BY rowid DESC LIMIT ?"
        with self._open() as connection:
            rows = connection.execute(query, (to, limit)).fetchall()
        return [Sms(found, datetime.fromisoformat(at), *rest) for found, at, *rest in rows]


def _mail(number: int, sender: str, recipient: str, raw: bytes) -> Mail:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what this policy makes
    body = message.get_body(("plain",))
    date = message["Date"]
    at = date.datetime if date is not None and date.datetime is not None else datetime.fromtimestamp(0, UTC)
    text = body.get_content().strip() if body else ""
    files = tuple(part.get_filename() or "" for part in message.iter_attachments() if part is not body)
    subject, own = str(message["Subject"] or ""), str(message["Message-ID"] or "")
    return Mail(number, own, at, sender, recipient, subject, text, files)


class _Handler:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not takes(address):
            return "550 5.1.1 no mailbox of this name"
        envelope.rcpt_tos.append(address)
        return "250 taken"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        raw = envelope.content
        self._mailbox.keep(
            envelope.mail_from or "", list(envelope.rcpt_tos), raw.encode() if isinstance(raw, str) else raw or b""
        )
        return "250 kept"


def listener(folder: Path, port: int) -> Any:
    """The server on loopback, not started yet (`start()`, `stop()`)."""
    return Controller(_Handler(Mailbox(folder)), hostname=HOST, port=port, data_size_limit=_MAX_BYTES)
