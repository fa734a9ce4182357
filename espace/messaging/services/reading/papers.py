"""A conversation to take away: as its own messages with their files, in one archive that is made as it leaves."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from espace import db, storage
from espace.interop.mail_letter import Address, NewLetter, Part
from espace.interop.mail_write import write
from espace.interop.pipe import Pipe
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import CALENDAR, MessageFacts, Party

from . import attachments
from .attachments import AttachmentLine
from .threads import Letter, Thread


def zipped(box: Box, found: Thread) -> Iterator[bytes]:
    """The messages of a conversation as mail programs open them (`.eml`), piece by piece: one is held at a time.

    Raises:
        TamperedError: when a stored file does not open.
    """
    files = attachments.of_messages(box, [one.id for one in found.letters])
    pipe = Pipe()
    with ZipFile(pipe, "w", ZIP_DEFLATED) as archive:
        for number, letter in enumerate(found.letters, 1):
            entry = ZipInfo(f"message-{number:03d}.eml", letter.at.timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, as_mail(box, letter, files.get(letter.id, [])))
            yield pipe.taken()
    yield pipe.taken()


def as_mail(box: Box, letter: Letter, files: list[AttachmentLine]) -> bytes:
    """One message as mail: its words, its sides, and the files its reader may open. Its Message-ID may tell a place."""
    facts = letter.facts
    readable = [one for one in files if not one.is_withheld]
    return write(
        NewLetter(
            message_id=facts.message_id,
            sender=_side(facts.sender),
            to=tuple(_side(one) for one in facts.to),
            cc=tuple(_side(one) for one in facts.cc),
            subject=facts.subject,
            text=facts.text,
            date=_written(facts, letter.at),
            in_reply_to=facts.in_reply_to,
            references=facts.references,
            parts=tuple(_part(box, one.id, one) for one in readable),
        )
    )


def _side(party: Party) -> Address:
    return Address(party.address, party.name)


def _written(facts: MessageFacts, at: datetime) -> datetime:
    try:
        return datetime.fromisoformat(facts.written_at) if facts.written_at else at.replace(microsecond=0)
    except ValueError:
        return at.replace(microsecond=0)


def _part(box: Box, file_id: UUID, one: AttachmentLine) -> Part:
    media = "text/calendar" if one.kind == CALENDAR else one.facts.media
    with db.read() as tx:
        return Part(one.facts.name, media, storage.current().open(tx, box.id, file_id).read_all())
