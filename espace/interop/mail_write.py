"""Writing a message of secure mail: deterministic, so that it can be written again when it leaves (rules.md MS-12)."""

import re
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from .mail_compose import Head, base64_body, checked_address, checked_id, safe, text_body
from .mail_letter import XDM_NAME, Address, NewLetter, Part

__all__ = ["About", "Address", "Disposition", "NewLetter", "Part", "delivery_report", "failure", "receipt", "write"]

_MSS = ("X-MSS-CODECDA", "X-MSS-INS", "X-MSS-NIL")
_CODE_OF_DOCUMENT = _MSS[0]
_MEDIA = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")
_CONTENT_ID = re.compile(r"[!-;=?-~]{1,250}")
_METHOD = re.compile(rb"^METHOD:([A-Za-z-]{1,30})\s*$", re.MULTILINE)
_PROGRAM = "espace"


class Disposition(StrEnum):
    """What became of a message at its reader's (RFC 8098)."""

    DISPLAYED = "displayed"
    DELETED = "deleted"
    PROCESSED = "processed"


class About(NamedTuple):
    """What is answered: its Message-ID (`of`), for which of our addresses it was, and the subject of the answer."""

    of: str
    recipient: str
    subject: str = ""


def write(letter: NewLetter) -> bytes:
    """The message, with strict line ends; the same letter gives the same bytes.

    Raises:
        ValueError: for a header that would end early (R40), an address or Message-ID that is none, a code of a document
            without an archive, or an X-MSS header that we do not know (rules.md MS-13).
    """
    head = _head(letter)
    body = _text(letter.text)
    if letter.calendar is not None:
        body = _joined("alternative", letter.message_id, 1, [body, _calendar(letter.calendar)])
    if letter.parts:
        body = _joined("mixed", letter.message_id, 0, [body, *map(_file, letter.parts)])
    return bytes(head) + body


def receipt(
    about: About,
    *,
    to: str,
    sender: Address,
    message_id: str,
    date: datetime,
    text: str,
    disposition: Disposition = Disposition.DISPLAYED,
    by_hand: bool = True,
) -> bytes:
    """A receipt (RFC 8098) for whoever asked for one. `by_hand`: the reader let it go themselves.

    Raises:
        ValueError: as `write`.
    """
    mode = "manual-action/MDN-sent-manually" if by_hand else "automatic-action/MDN-sent-automatically"
    return _notification(about, to, sender, message_id, date, text, f"{mode}; {disposition}", "")


def failure(
    about: About,
    *,
    to: str,
    sender: Address,
    message_id: str,
    date: datetime,
    text: str,
    code: str,
    receipt_to: str = "",
) -> bytes:
    """That a message could not be taken in, `code` 902 for a patient nobody knows (rules.md MS-14).

    A receipt that says so when one was asked for at `receipt_to`, otherwise a plain mail to `to`.

    Raises:
        ValueError: as `write`, or for a code that is not a number.
    """
    if not re.fullmatch(r"[0-9]{1,6}", code):
        raise ValueError("not a code of failure")
    if receipt_to:
        mode = f"automatic-action/MDN-sent-automatically; {Disposition.PROCESSED}/error"
        return _notification(about, receipt_to, sender, message_id, date, text, mode, f"{code} {text}")
    answered = (about.of,) if about.of else ()
    return write(
        NewLetter(
            message_id=message_id,
            sender=sender,
            to=(Address(to),),
            subject=f"[KO Intégration système !][{code}] {about.subject}".rstrip(),
            text=text,
            date=date,
            in_reply_to=about.of,
            references=answered,
            automatic=True,
        )
    )


def delivery_report(
    about: About,
    *,
    to: str,
    sender: Address,
    message_id: str,
    date: datetime,
    text: str,
    status: str,
    diagnostic: str = "",
) -> bytes:
    """That a message taken before could not be delivered (RFC 3464); `status` such as 5.1.1.

    Raises:
        ValueError: as `write`, or for a status that is none.
    """
    if not re.fullmatch(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", status):
        raise ValueError("not a status")
    fields = Head()
    fields.plain("Reporting-MTA", f"dns; {sender.domain}")
    whom = Head()
    whom.plain("Final-Recipient", f"rfc822; {checked_address(about.recipient)}")
    whom.plain("Action", "delayed" if status.startswith("4") else "failed")
    whom.plain("Status", status)
    if diagnostic:
        whom.plain("Diagnostic-Code", f"smtp; {_ascii(diagnostic)}")
    machine = _typed("message/delivery-status", bytes(fields) + b"\r\n" + bytes(whom))
    original = Head()
    original.ids("Message-ID", (about.of,) if about.of else ())
    pieces = [_text(text), machine, _typed("text/rfc822-headers", bytes(original))]
    head = _answer_head(about, to, sender, message_id, date)
    return bytes(head) + _joined("report", message_id, 0, pieces, report_type="delivery-status")


def _head(letter: NewLetter) -> Head:
    head = Head()
    head.date(letter.date)
    head.addresses("From", (letter.sender,))
    head.addresses("To", letter.to)
    head.addresses("Cc", letter.cc)
    head.words("Subject", letter.subject)
    head.ids("Message-ID", (letter.message_id,))
    head.ids("In-Reply-To", (letter.in_reply_to,) if letter.in_reply_to else ())
    head.ids("References", letter.references)
    if letter.wants_receipt:
        head.addresses("Disposition-Notification-To", (letter.sender,))
    if letter.automatic:
        head.plain("Auto-Submitted", "auto-generated")
    _write_mss(head, letter)
    head.plain("MIME-Version", "1.0")
    return head


def _write_mss(head: Head, letter: NewLetter) -> None:
    for name in _MSS:
        values = letter.mss.get(name, ())
        if any(";" in value for value in values):
            raise ValueError("a value of an X-MSS header holds no semicolon")
        if values:
            head.plain(name, ";".join(values))
    if unknown := set(letter.mss) - set(_MSS):
        raise ValueError(f"not an X-MSS header of ours: {', '.join(sorted(unknown))}")
    if letter.mss.get(_CODE_OF_DOCUMENT) and not any(part.name.upper() == XDM_NAME for part in letter.parts):
        raise ValueError("a code of a document goes with an archive of documents only")


def _notification(
    about: About, to: str, sender: Address, message_id: str, date: datetime, text: str, disposition: str, error: str
) -> bytes:
    fields = Head()
    fields.plain("Reporting-UA", f"{sender.domain}; {_PROGRAM}")
    fields.plain("Final-Recipient", f"rfc822; {checked_address(about.recipient)}")
    fields.ids("Original-Message-ID", (about.of,) if about.of else ())
    fields.plain("Disposition", disposition)
    if error:
        fields.plain("Error", _ascii(error))
    head = _answer_head(about, to, sender, message_id, date)
    pieces = [_text(text), _typed("message/disposition-notification", bytes(fields))]
    return bytes(head) + _joined("report", message_id, 0, pieces, report_type="disposition-notification")


def _answer_head(about: About, to: str, sender: Address, message_id: str, date: datetime) -> Head:
    head = Head()
    head.date(date)
    head.addresses("From", (sender,))
    head.addresses("To", (Address(to),))
    head.words("Subject", about.subject)
    head.ids("Message-ID", (message_id,))
    head.ids("In-Reply-To", (about.of,) if about.of else ())
    head.ids("References", (about.of,) if about.of else ())
    head.plain("Auto-Submitted", "auto-replied")
    head.plain("MIME-Version", "1.0")
    return head


def _text(text: str) -> bytes:
    encoding, body = text_body(text)
    head = Head()
    head.named("Content-Type", "text/plain", {"charset": "utf-8"})
    head.plain("Content-Transfer-Encoding", encoding)
    return bytes(head) + b"\r\n" + body + b"\r\n"


def _typed(media: str, body: bytes) -> bytes:
    head = Head()
    head.plain("Content-Type", media)
    head.plain("Content-Transfer-Encoding", "7bit")
    return bytes(head) + b"\r\n" + body + b"\r\n"


def _calendar(part: Part) -> bytes:
    method = _METHOD.search(part.content)
    values = {"charset": "utf-8", "method": method.group(1).decode().upper() if method else "", "name": part.name}
    head = Head()
    head.named("Content-Type", "text/calendar", values)
    head.plain("Content-Transfer-Encoding", "base64")
    return bytes(head) + b"\r\n" + base64_body(part.content) + b"\r\n"


def _file(part: Part) -> bytes:
    media = part.media if _MEDIA.fullmatch(part.media) else "application/octet-stream"
    if media.startswith(("multipart/", "message/")):
        media = "application/octet-stream"  # base64 is not allowed for these: as bytes they arrive whole
    head = Head()
    head.named("Content-Type", media, {"name": part.name})
    head.plain("Content-Transfer-Encoding", "base64")
    head.named("Content-Disposition", "inline" if part.content_id else "attachment", {"filename": part.name})
    if _CONTENT_ID.fullmatch(safe(part.content_id)):
        head.plain("Content-ID", f"<{part.content_id}>")
    return bytes(head) + b"\r\n" + base64_body(part.content) + b"\r\n"


def _joined(kind: str, message_id: str, level: int, pieces: list[bytes], *, report_type: str = "") -> bytes:
    """Pieces within a boundary that none of them holds."""
    seed, turn = f"{kind} {level} {checked_id(message_id)}", 0
    boundary = b""
    while not boundary or any(boundary in piece for piece in pieces):
        boundary = b"=_" + sha256(f"{seed} {turn}".encode()).hexdigest()[:40].encode()
        turn += 1
    head = Head()
    head.named("Content-Type", f"multipart/{kind}", {"report-type": report_type, "boundary": boundary.decode()})
    delimited = b"".join(b"--" + boundary + b"\r\n" + piece for piece in pieces)
    return bytes(head) + b"\r\n" + delimited + b"--" + boundary + b"--\r\n"


def _ascii(text: str) -> str:
    return " ".join(text.encode("ascii", "replace").decode().split())[:400]
