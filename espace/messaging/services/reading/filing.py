"""A file of a message is put into the record, in one action: what it is and its day are proposed (rules.md MS-7)."""

from datetime import date
from pathlib import PurePosixPath
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from espace import clock, db, storage
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id
from espace.documents.services import PATIENT_TYPES
from espace.documents.services.adding import own, pieces
from espace.documents.services.adding.own import Added, Described, Ready
from espace.documents.services.entries import checks
from espace.documents.services.entries.filing import Body, content_digest
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.interop import media
from espace.messaging.models import Attachment, Message
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import FILE, open_message
from espace.permissions import Permission, Standing
from espace.words import N_
from espace.words import Message as Words

from . import attachments
from .attachments import AttachmentLine

FILEABLE = frozenset({media.PDF, media.TEXT, media.RTF, media.HEIC, *media.IMAGES})
_LETTER, _OTHER = "DOCPAT03", "EXPPAT_2"
_HEAVY_WHEN_WRITTEN = frozenset({media.TEXT, media.RTF, media.PDF})
_KIND = N_("This kind of file cannot be filed. Only PDFs, pictures and texts can. It stays readable in its message.")
_HEAVY = N_("This file is over 5 MB: it cannot be filed in the record. It stays readable in its message.")
_OF = select(Message.id, Message.payload).where(
    Message.box_id == bindparam("box", type_=Id), Message.id == bindparam("id", type_=Id)
)


def may_file(box: Box, found: AttachmentLine) -> bool:
    """Whether this reader may put such an attachment into the record at all; `why_not` says whether this one fits."""
    standing = box.standing
    return (
        standing is not None
        and standing.may(Permission.DOCUMENTS_ADD)
        and found.kind == FILE
        and not found.is_withheld
        and found.filed is None
    )


def why_not(found: AttachmentLine) -> Words | None:
    """Why an attachment cannot be filed, in words; None when it can."""
    facts = found.facts
    if facts.media not in FILEABLE:
        return _KIND
    # A picture may be made lighter; words are never (design 9).
    if facts.media in _HEAVY_WHEN_WRITTEN and facts.size > checks.MAX_STORED:
        return _HEAVY
    return None


def proposed(box: Box, found: AttachmentLine) -> Described:
    """What an attachment seems to be: as its words say, else as its name does; its day, else that of the message."""
    facts = found.facts
    title = facts.title or PurePosixPath(facts.name).stem.replace("_", " ").strip()
    kind = facts.type_code if facts.type_code in PATIENT_TYPES else _LETTER if facts.media == media.PDF else _OTHER
    day = date.fromisoformat(facts.date) if facts.date else clock.today()
    return Described(title=title[: checks.MAX_TITLE], date=day, type_code=kind, secret=_is_secret(box, found))


def file_attachment(box: Box, attachment_id: UUID, said: Described) -> Added:
    """Put an attachment into the record under its sender's name; twice files it once.

    Raises:
        NotFoundError: when there is none for this reader, it is withheld, or they may add no document.
        InvalidError: with a sentence for each field at fault, `file` for the file.
    """
    standing = box.standing
    if standing is None or not standing.may(Permission.DOCUMENTS_ADD):
        raise NotFoundError
    found = attachments.line(box, attachment_id)
    if found.filed is not None:
        return Added(found.filed, new=False)
    if not may_file(box, found):
        raise NotFoundError
    said = Described(
        title=said.title, date=said.date, type_code=said.type_code, secret=said.secret or _is_secret(box, found)
    )
    ready = _ready(box, standing, found, said)
    return own.file(standing, said, ready, also=lambda tx, added: _note(tx, box, found.id, said, added))


def _ready(box: Box, standing: Standing, found: AttachmentLine, said: Described) -> Ready:
    problems = own.faults(standing, said)
    why = why_not(found)
    if why is not None:
        problems["file"] = why
    if problems:
        raise InvalidError(problems)
    with db.read() as tx:
        content = storage.current().open(tx, box.id, found.id).read_all()
        author = _author(tx, box, found)
    made = pieces.kept(content)
    body = Body(made.content, made.media, made.pages)
    # The scanner saw it when it came (R38).
    return Ready(body, content_digest(content), cleared=True, mark=new_id(), author=author)


def _author(tx: Connection, box: Box, found: AttachmentLine) -> str:
    """Who sent it, where the directory knows them: whoever writes may call themselves anything."""
    if found.outgoing:
        return ""
    row = tx.execute(_OF, {"box": box.id, "id": found.message_id}).one()
    sender = open_message(tx, box.id, row.id, row.payload).sender
    return checks.clean_title(sender.name)[: checks.MAX_TITLE] if sender.name else sender.address


def _is_secret(box: Box, found: AttachmentLine) -> bool:
    """What came in a secret conversation stays secret: only who may keep secrets sees it at all."""
    return found.secret and box.standing is not None and checks.may_keep_secret(box.standing)


def _note(tx: Connection, box: Box, attachment_id: UUID, said: Described, added: Added) -> None:
    """Which document an attachment became, in the unit of work that files it.

    The row of the trail is about the document: who does not see that one learns nothing of the act (R13).
    """
    if not added.waits:
        this = (Attachment.box_id == box.id, Attachment.id == attachment_id)
        tx.execute(update(Attachment).where(*this).values(document_id=added.id))
    audit.record(
        box.actor,
        box.id,
        Action.ATTACHMENT_FILED,
        relation=box.standing.relation if box.standing else None,
        objects=[{"id": str(added.id), "title": checks.clean_title(said.title), "type": said.type_code}],
    )
