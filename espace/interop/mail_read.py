"""Reading a message of secure mail, within limits (security.md R42): what is odd is a fault it carries, not an error.

A message of one megabyte costs some four milliseconds: nothing is copied before it is decoded, and only once then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from . import mail_names, mail_report, mail_text
from .mail_charset import known
from .mail_headers import Addresses, Headers, instant, message_ids, split_head, valued
from .mail_letter import Address, Letter, MailError, Part, Report, ReportLine
from .mail_tree import Node, Tree, grown

__all__ = ["Address", "Letter", "MailError", "Part", "Report", "ReportLine", "read"]

_SUBJECT = 500
_CALENDARS = ("text/calendar", "application/ics")
_REPORTED = (
    "message/delivery-status",
    "message/global-delivery-status",
    "message/disposition-notification",
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/global-headers",
)
_ONCE = ("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "reply-to")
_SAID = (*_ONCE, "disposition-notification-to", "auto-submitted")
_MANY_MSS = 20
_MSS_LENGTH = 200


def read(content: bytes, *, null_sender: bool = False) -> Letter:
    """What a message says. `null_sender`: its envelope names no sender, so a program wrote it.

    Raises:
        MailError: beyond the limits, or when nobody can be told to have written it.
    """
    return letter_of(grown(content), len(content), null_sender=null_sender)


def letter_of(tree: Tree, size: int, *, null_sender: bool = False) -> Letter:
    """What a message says whose parts are known.

    Raises:
        MailError: as `read`.
    """
    headers, faults = tree.root.headers, list(tree.faults)
    found = _Found(faults)
    report = mail_report.of_multipart(tree.root, headers)
    found.take(tree.root, is_report=report is not None)
    text = found.whole_text()
    subject = headers.text("subject")[:_SUBJECT]
    report = report or mail_report.of_plain(headers, subject, text)
    sender = _sender(headers)
    to, cc = (_addresses(headers, name, faults) for name in ("to", "cc"))
    if any(headers.count(name) > 1 for name in _ONCE):
        faults.append("doubled-header")
    digest = _digest(headers, found.said)
    return Letter(
        message_id=_message_id(headers, digest, faults),
        in_reply_to=next(iter(message_ids(headers.raw("in-reply-to"))), ""),
        references=message_ids(headers.raw("references")),
        sender=sender,
        reply_to=next(iter(Addresses(headers.every("reply-to")).found), None),
        to=to,
        cc=cc,
        subject=subject,
        date=_date(headers, faults),
        text=text,
        parts=tuple(found.files),
        calendars=tuple(found.calendars),
        automatic=null_sender or report is not None or _is_automatic(headers),
        wants_receipt=_wants_receipt(headers),
        report=report,
        mss=_mss(headers),
        faults=tuple(dict.fromkeys(faults)),
        digest=digest,
        hops=headers.count("received"),
        size=size,
    )


@dataclass(slots=True)
class _Found:
    """What the parts of a message bring: texts in their order, files, invitations, and the bytes that it says.

    `uncut` is a text too long to be read whole.
    """

    faults: list[str]
    texts: list[str] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    calendars: list[Part] = field(default_factory=list)
    said: list[tuple[str, bytes]] = field(default_factory=list)
    invited: set[bytes] = field(default_factory=set)
    uncut: bytes = b""

    def take(self, node: Node, *, is_report: bool = False) -> None:
        """Take in one part and those it holds."""
        if node.media == "multipart/alternative" and node.children:
            self._take_one_of(node.children)
        elif node.children:
            for child in node.children:
                if not (is_report and node.media == "multipart/report" and child.media in _REPORTED):
                    self.take(child, is_report=is_report)
                else:
                    self.said.append((child.media, bytes(child.travelling)))
        else:
            self._take_leaf(node)

    def whole_text(self) -> str:
        """The words of the message; those of a very long one are cut, and all of them go with it as a file."""
        whole = mail_text.joined(self.texts)
        if len(whole) > mail_text.MAX_TEXT or self.uncut:
            self.faults.append("long-text")
            kept = self.uncut or whole.encode("utf-8", "replace")
            self.files.insert(0, Part("message.txt", "text/plain", kept))
        return whole[: mail_text.MAX_TEXT]

    def _take_one_of(self, children: list[Node]) -> None:
        """Of the ways in which the same is said, plain words go before those of HTML; files of all are kept."""
        ways = []
        for child in children:
            if _is_rich(child):
                self.said.append((child.media, child.content()[0]))
                continue
            way = _Found(self.faults, calendars=self.calendars, said=self.said, invited=self.invited)
            way.files = self.files
            way.take(child)
            self.uncut = self.uncut or way.uncut
            ways.append((child.media != "text/plain", way.texts))
        said = sorted((way for way in ways if any(map(str.strip, way[1]))), key=lambda way: way[0])
        self.texts += said[0][1] if said else []

    def _take_leaf(self, node: Node) -> None:
        content, is_whole = node.content()
        if not is_whole:
            self.faults.append("encoding")
        self.said.append((node.media, content))
        disposition = valued(node.headers.raw("content-disposition"))
        name = disposition.parameters.get("filename") or node.type.parameters.get("name", "")
        is_file = disposition.value == "attachment" or bool(name)
        if node.media in _CALENDARS:
            self._take_calendar(node, name, content)
        elif node.media == "text/plain" and not is_file:
            self._note_charset(node)
            self.texts.append(mail_text.plain(content, node.type))
            self.uncut = content if len(content) > mail_text.MAX_BYTES else self.uncut
        elif node.media == "text/html" and not is_file:
            self._note_charset(node)
            self.texts.append(mail_text.of_html(content, node.type))
        elif content or name:
            self._take_file(node, name, content)

    def _note_charset(self, node: Node) -> None:
        charset = node.type.parameters.get("charset", "")
        if charset and not known(charset):
            self.faults.append("charset")

    def _take_calendar(self, node: Node, name: str, content: bytes) -> None:
        """An invitation; the same once more as a file is none."""
        same = sha256(b"".join(content.split())).digest()
        if same not in self.invited:
            self.invited.add(same)
            number = len(self.calendars) + 1
            self.calendars.append(Part(mail_names.clean(name, node.media, number), "text/calendar", content))

    def _take_file(self, node: Node, name: str, content: bytes) -> None:
        if node.media.startswith("message/") and not name:
            head = split_head(content.partition(b"\r\n\r\n")[0])
            name = mail_names.of_message(head.text("subject")) if head else ""
        content_id = node.headers.text("content-id").strip("<> ")[:250]
        shown = mail_names.clean(name, node.media, len(self.files) + 1)
        self.files.append(Part(shown, node.media, content, content_id))


def _is_rich(node: Node) -> bool:
    """Whether a part is but one more way of showing words, for programs that know it."""
    is_shown = node.media.startswith("text/") and node.media not in ("text/plain", "text/html", *_CALENDARS)
    return is_shown and not node.headers.count("content-disposition") and "name" not in node.type.parameters


def _sender(headers: Headers) -> Address:
    """The one who wrote it.

    Raises:
        MailError: when From names nobody, several, or something that is no address.
    """
    found = Addresses(headers.every("from"))
    if len(found.found) != 1 or found.wrong:
        raise MailError("sender")
    return found.found[0]


def _addresses(headers: Headers, name: str, faults: list[str]) -> tuple[Address, ...]:
    found = Addresses(headers.every(name))
    if found.wrong:
        faults.append("address")
    return tuple(found.found)


def _message_id(headers: Headers, digest: bytes, faults: list[str]) -> str:
    found = message_ids(headers.raw("message-id"))
    if found:
        return found[0]
    faults.append("no-message-id")
    return f"<{digest.hex()[:40]}@nameless.invalid>"


def _date(headers: Headers, faults: list[str]) -> datetime | None:
    found = instant(headers.raw("date"))
    if found is None:
        faults.append("no-date")
    return found


def _is_automatic(headers: Headers) -> bool:
    """Whether a program wrote it, by what programs say of themselves (RFC 3834)."""
    submitted = headers.raw("auto-submitted").partition(";")[0].partition("(")[0].strip().lower()
    precedence = headers.raw("precedence").strip().lower()
    is_bulk = precedence in ("bulk", "junk", "list", "auto_reply", "auto-reply")
    return (
        submitted not in ("", "no") or is_bulk or any(map(headers.count, ("x-autoreply", "x-autorespond", "list-id")))
    )


def _wants_receipt(headers: Headers) -> str:
    found = Addresses(headers.every("disposition-notification-to")).found
    return found[0].address if found else ""


def _mss(headers: Headers) -> dict[str, tuple[str, ...]]:
    """The X-MSS-* headers; several values stand in several headers, or between semicolons or commas."""
    made = {}
    for name in [each for each in headers.names() if each.startswith("x-mss-")][:_MANY_MSS]:
        whole = ";".join(headers.every(name)).replace(",", ";")
        values = tuple(part.strip()[:_MSS_LENGTH] for part in whole.split(";") if part.strip())
        made[name.upper()] = tuple(each for each in values[:_MANY_MSS] if each.isprintable())
    return {name: values for name, values in made.items() if values}


def _digest(headers: Headers, said: list[tuple[str, bytes]]) -> bytes:
    """The digest of what is said, whatever encoded it; servers on its way change neither of these."""
    summer = sha256()
    for piece in _pieces(headers, said):
        summer.update(len(piece).to_bytes(8, "big"))
        summer.update(piece)
    return summer.digest()


def _pieces(headers: Headers, said: list[tuple[str, bytes]]) -> Iterator[bytes]:
    mss = sorted(name for name in headers.names() if name.startswith("x-mss-"))
    for name in (*_SAID, *mss):
        if headers.count(name):
            yield f"{name}:{headers.text(name)}".encode("utf-8", "replace")
    for media, content in said:
        is_text = media.startswith(("text/", "message/"))
        yield media.encode()
        yield content.replace(b"\r\n", b"\n").rstrip() if is_text else content
