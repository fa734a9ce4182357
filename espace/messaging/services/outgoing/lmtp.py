"""Mail of the mailboxes handed on to where their mail programs look: a server that speaks LMTP, such as Dovecot.

What came in is handed over as it lies in the mailbox, written again; what the mailbox itself sent is not. The server
keeps one copy for each Message-ID if it is told to (docs/messagerie): a try after a crash may bring it twice.
"""

import smtplib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Connection

from espace import clock, outbox, settings
from espace.errors import TamperedError
from espace.interop.mail_letter import Letter
from espace.messaging.services.facts import SCANNING
from espace.messaging.services.incoming.storing import Stored
from espace.messaging.services.places import Place, PlaceKind
from espace.notifications.services.relay import TIMEOUT_SECONDS

from . import rewriting
from .leaving import wait_after
from .relay import is_plain

TOPIC = "messaging.lmtp"
KEPT_TRYING = timedelta(days=5)
"""As long as mail servers keep trying each other."""
_log = structlog.get_logger()


def on_new(_tx: Connection, place: Place, _letter: Letter, stored: Stored) -> None:
    """In the unit of work of a new message: have it handed on, where this house does that."""
    if place.kind is PlaceKind.MAILBOX and settings.current().mailbox_lmtp:
        now = clock.now()
        turn = {"box_id": str(place.box_id), "message_id": str(stored.message_id), "address": place.address}
        outbox.post(TOPIC, {**turn, "since": now.isoformat(), "tries": 0}, due_at=now)


def hand_on(_delivery_id: UUID, payload: Mapping[str, Any]) -> None:
    """Hand a message on, or have it tried again later; the handler of `TOPIC`."""
    box_id, message_id = UUID(payload["box_id"]), UUID(payload["message_id"])
    server = settings.current().mailbox_lmtp
    message = rewriting.kept(box_id, message_id) if server else None
    if message is None:
        return
    if SCANNING in rewriting.withheld(box_id, message_id):  # no program opens what the scanner has not seen (R38)
        _later(payload, "NotScanned")
        return
    try:
        letter = rewriting.letter_of(box_id, message_id, message)
        _handed(server, rewriting.written(letter), letter.sender.address, payload["address"])
    except (TamperedError, FileNotFoundError, ValueError) as error:
        _log.error("lmtp_given_up", error=type(error).__name__)
    except (OSError, smtplib.SMTPException) as error:
        _later(payload, type(error).__name__)


def _handed(server: str, content: bytes, sender: str, address: str) -> None:
    host, _, port = server.rpartition(":")
    name = settings.current().mail_name
    with smtplib.LMTP(host.strip("[]"), int(port), local_hostname=name, timeout=TIMEOUT_SECONDS) as line:
        line.ehlo_or_helo_if_needed()
        code, text = line.mail(sender if is_plain(sender) and sender.isascii() else "")
        if code == 250:
            code, text = line.rcpt(address)
        if code == 250:
            code, text = line.data(content)
        if code != 250:
            raise smtplib.SMTPResponseException(code, text)


def _later(payload: Mapping[str, Any], error: str) -> None:
    """Again in a while: what the server does not take today it may take once its operator has looked."""
    now, tries = clock.now(), payload["tries"] + 1
    if now >= datetime.fromisoformat(payload["since"]) + KEPT_TRYING:
        _log.error("lmtp_given_up", error=error)
        return
    _log.warning("lmtp_failed", tries=tries, error=error)
    outbox.post(TOPIC, {**payload, "tries": tries}, due_at=now + wait_after(tries))
