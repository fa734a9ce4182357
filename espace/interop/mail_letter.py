"""What a message of secure mail says, apart from how it was written: read by `mail_read`, written by `mail_write`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

XDM_NAME = "IHE_XDM.ZIP"


class MailError(Exception):
    """Why a message is not read; `kind` is a code.

    too-large, headers (too long, or too many), too-many-parts, too-deep, too-many-addresses, sender (not exactly one
    address in From), broken (neither header nor text can be told).
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox, and the name that its owner or whoever wrote to it gave it."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """What follows the @, in small letters."""
        return self.address.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a message. `media` is what it claims to be: only its content tells."""

    name: str
    media: str
    content: bytes = field(repr=False)
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """What became of a message for one recipient.

    `action`: failed, delayed, delivered, relayed, expanded (RFC 3464); displayed, processed, deleted, dispatched
    (RFC 8098). `status`: a code such as 5.1.1 or 902, or for a receipt its modifier, such as error. `words`: what the
    other system said of it.
    """

    address: str
    action: str
    status: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A message that tells of another one, `of`, its Message-ID (empty when it does not say).

    `kind`: delivery for what became of it on its way, disposition for a receipt.
    """

    kind: Literal["delivery", "disposition"]
    of: str
    lines: tuple[ReportLine, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether somebody did not get it."""
        return any(line.action == "failed" or line.status == "error" for line in self.lines)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it was received. Message-IDs stand in their angle brackets, dates in UTC.

    `message_id` is made from the digest when the message brings none. `wants_receipt` is the address a receipt was
    asked for, or empty. `mss`: the X-MSS-* headers, under their names in capitals; never trusted over a document (R41).
    `faults`: codes of what was wrong and could be read all the same. `digest` is the SHA-256 of what the message says,
    without what its way added: the same through another relay. `hops`: how many servers it passed. `size` in bytes.
    """

    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    sender: Address
    reply_to: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    date: datetime | None
    text: str = field(repr=False)
    parts: tuple[Part, ...]
    calendars: tuple[Part, ...]
    automatic: bool
    wants_receipt: str
    report: Report | None
    mss: Mapping[str, tuple[str, ...]]
    faults: tuple[str, ...]
    digest: bytes
    hops: int
    size: int

    @property
    def may_be_answered(self) -> bool:
        """Whether a program may answer it: never another program, or two would go on for ever (R42)."""
        return not self.automatic and self.report is None


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A message to write. Message-IDs stand in their angle brackets; `date` knows its zone.

    `mss`: X-MSS-CODECDA (only with an archive of documents), X-MSS-INS, X-MSS-NIL (rules.md MS-13). `calendar`: an
    invitation, its METHOD inside. `automatic`: written by a program, to be answered by none.
    """

    message_id: str
    sender: Address
    to: tuple[Address, ...]
    subject: str
    text: str = field(repr=False)
    date: datetime
    cc: tuple[Address, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    wants_receipt: bool = False
    automatic: bool = False
    mss: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    calendar: Part | None = None
