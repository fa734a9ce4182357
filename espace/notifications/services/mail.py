"""E-mails: written as deliveries with the data that causes them, sent by the worker over SMTP (design 3.7, 3.11)."""

from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from espace import clock, db, outbox, settings
from espace.identifiers import new_id
from espace.notifications.messages.mails import compose, values_of

from . import ledger
from .carriage import NOTHING, Burden
from .events import Channel
from .relay import connected

TOPIC = "mail"
# What an earlier version of the house may have left in the queue.
_RENAMED = {"consent-asked": "access-asked", "sign-in-new-device": "new-device"}


def send_mail(to: str, locale: str, message: str, *, subject_id: UUID | None = None, **values: str) -> None:
    """Have `message` (a key of `messages.mails`) sent to `to`, once the open unit of work is committed.

    With `subject_id` (an account) the code it carries is listed among what this subject was sent.

    Raises:
        ValueError: when the address could carry more than an address, or the values are not the message's.
    """
    with db.write():
        burden = Burden(subject_id, (new_id(),)) if subject_id else NOTHING
        delivery_id = post(to, locale, message, values, burden)
        ledger.note_code(burden, Channel.EMAIL, delivery_id)


def post(to: str, locale: str, message: str, values: Mapping[str, str], burden: Burden) -> UUID:
    """Write the delivery of a message; gives its id. Raises as `send_mail`."""
    _check_address(to)
    if values.keys() != values_of(message):
        raise ValueError(f"the message {message} takes other values")
    payload = {"to": to, "locale": locale, "message": message, "values": dict(values), "at": clock.now().isoformat()}
    return outbox.post(TOPIC, payload | burden.as_payload())


def deliver_mail(delivery_id: UUID, payload: dict[str, Any]) -> None:
    """Carry one e-mail to the mail server; the handler of the outbox topic `mail`.

    The Message-ID comes from the delivery and the date from the asking: a second try is the same message.

    Raises:
        OSError: when the server cannot be reached, or (smtplib.SMTPException) does not take the message.
    """
    if ledger.is_over(payload):
        return
    given = settings.current()
    letter = _letter(delivery_id, payload, given)
    with connected(_host(given)) as server:
        server.send_message(letter, from_addr=parseaddr(given.mail_from)[1], to_addrs=[payload["to"]])
    ledger.reported(payload, "sent")


def _letter(delivery_id: UUID, payload: dict[str, Any], given: settings.Settings) -> EmailMessage:
    _check_address(payload["to"])
    message = _RENAMED.get(payload["message"], payload["message"])
    subject, text = compose(message, payload["locale"], given.base_url, payload["values"])
    name, sender = parseaddr(given.mail_from)
    letter = EmailMessage(policy=SMTP)
    letter["From"] = Address(name, addr_spec=sender)
    letter["To"] = Address(addr_spec=payload["to"])
    letter["Subject"] = subject
    letter["Date"] = format_datetime(datetime.fromisoformat(payload["at"]))
    letter["Message-ID"] = f"<{delivery_id}@{_host(given)}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(text, charset="utf-8", cte="quoted-printable")
    letter["Content-Language"] = payload["locale"]  # last: setting the content drops what was said of it
    return letter


def _check_address(to: str) -> None:
    """Refuse what would end a header or a command early, or name more than one mailbox."""
    local, at, domain = to.rpartition("@")
    if not (local and at and domain) or any(c.isspace() or not c.isprintable() or c in ",<>" for c in to):
        raise ValueError("not one plain e-mail address")


def _host(given: settings.Settings) -> str:
    return urlsplit(given.base_url).hostname or "localhost"
