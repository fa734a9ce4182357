"""Reading a message of secure mail, within limits (security.md R42)."""

import email
import email.policy
from datetime import UTC
from email.message import EmailMessage, Message
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import sha256

from espace.words import one_line

from .mail_letter import Address, Letter, MailError, Part, Report, ReportLine

__all__ = ["Address", "Letter", "MailError", "Part", "Report", "ReportLine", "read"]


def read(content: bytes, *, null_sender: bool = False) -> Letter:
    """What a message says. `null_sender`: its envelope names no sender, so a program wrote it.

    Raises:
        MailError: beyond the limits, or when nobody can be told to have written it.
    """
    found = email.message_from_bytes(content, policy=email.policy.SMTP)
    if not isinstance(found, EmailMessage):
        raise MailError("broken")
    senders = _addresses(found, "from")
    if len(senders) != 1:
        raise MailError("sender")
    body = found.get_body(("plain",))
    date = parsedate_to_datetime(str(found["date"])) if found["date"] else None
    return Letter(
        message_id=str(found["message-id"] or ""),
        in_reply_to=str(found["in-reply-to"] or ""),
        references=tuple(str(found["references"] or "").split()),
        sender=senders[0],
        reply_to=next(iter(_addresses(found, "reply-to")), None),
        to=_addresses(found, "to"),
        cc=_addresses(found, "cc"),
        subject=one_line(str(found["subject"] or "")),
        date=date.astimezone(UTC) if date else None,
        text=str(body.get_content()).replace("\r\n", "\n").rstrip("\n") if body else "",
        parts=tuple(
            Part(part.get_filename() or "", part.get_content_type(), _bytes(part)) for part in found.iter_attachments()
        ),
        calendars=(),
        automatic=null_sender or str(found["auto-submitted"] or "no") != "no",
        wants_receipt=next((each.address for each in _addresses(found, "disposition-notification-to")), ""),
        report=None,
        mss={name.upper(): (str(value),) for name, value in found.items() if name.upper().startswith("X-MSS-")},
        faults=(),
        digest=sha256(content).digest(),
        hops=len(found.get_all("received", [])),
        size=len(content),
    )


def _addresses(found: EmailMessage, name: str) -> tuple[Address, ...]:
    values = [str(value) for value in found.get_all(name, [])]
    return tuple(Address(address, one_line(shown)) for shown, address in getaddresses(values) if "@" in address)


def _bytes(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
