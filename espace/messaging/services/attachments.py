"""Attachments of messages: what each is when it comes, and reading it as documents are read."""

from dataclasses import dataclass

from espace.interop import media, xdm
from espace.interop.mail_letter import Part
from espace.interop.media import ZIP

from .facts import ARCHIVE, CALENDAR, FILE, AttachmentFacts

UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Looked:
    """An attachment that was looked at: its kind, what is known of it, its bytes."""

    kind: str
    facts: AttachmentFacts
    content: bytes


def look(part: Part, *, calendar: bool = False) -> Looked:
    """What an attachment really is: its content decides, not its name nor what it is said to be (R34)."""
    found = media.sniff(part.content) or UNKNOWN
    kind = CALENDAR if calendar else ARCHIVE if found == ZIP and xdm.is_xdm(part.content) else FILE
    return Looked(kind, AttachmentFacts(part.name, found, len(part.content)), part.content)
