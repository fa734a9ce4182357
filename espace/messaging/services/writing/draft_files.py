"""Files that go with what somebody is writing: looked at as they come, pictures made light, kept until it is sent."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db, storage
from espace.accounts.services import throttle
from espace.documents.services.adding import scanning
from espace.documents.services.adding.pieces import INFECTED, Refused, Upload
from espace.documents.services.adding.scanning import ScanError
from espace.documents.services.entries import checks
from espace.errors import InvalidError
from espace.identifiers import new_id
from espace.interop import media, photos
from espace.interop.mail_letter import Part
from espace.interop.media import MediaError
from espace.messaging.models import Draft, DraftFile
from espace.messaging.services.boxes import Box
from espace.messaging.services.names import file_name
from espace.words import N_

from . import drafts
from .drafts import DraftFacts, FileFacts

MOST_FILES = 20
MOST_TOGETHER = 18 * 1024 * 1024
"""Bytes of all files of a message: written as mail they weigh a third more, and must fit in 25 MB (design 9)."""
_AS_THEY_ARE = frozenset({media.XML, media.ZIP})
"""What professionals exchange besides what people add: clinical documents and archives, never changed (R37)."""
TOGETHER = N_("Together these files weigh too much: at most %(limit)d MB go with a message.", limit=18)


def attach(box: Box, draft_id: UUID, uploads: Sequence[Upload]) -> list[Refused]:
    """Let files go with a draft; gives those that cannot, each with why, so that one refuses no other.

    Raises:
        NotFoundError: when this actor has no such draft here.
        ThrottledError: when this account sends more than anybody would by hand.
    """
    found = drafts.draft(box, draft_id)
    throttle.admit_upload(str(box.actor.id))
    refused: list[Refused] = []
    kept = list(found.files)
    for upload in uploads:
        name = checks.clean_title(upload.name)[-checks.MAX_TITLE :] or "document"
        try:
            kept.append(_keep(box, found, kept, name, upload.content))
        except InvalidError as error:
            refused.append(Refused(name, error.problems["file"]))
    return refused


def detach(box: Box, draft_id: UUID, file_id: UUID) -> None:
    """Take a file out of a draft; one that is gone already is fine."""
    drafts.draft(box, draft_id)
    with db.write() as tx:
        of_it = (DraftFile.box_id == box.id, DraftFile.draft_id == draft_id, DraftFile.id == file_id)
        gone = tx.execute(delete(DraftFile).where(*of_it)).rowcount
    if gone:
        drafts.remove_files(box, [file_id])


def parts(box: Box, found: DraftFacts) -> list[Part]:
    """The files of a draft, as they leave.

    Raises:
        TamperedError: when a stored file does not open.
    """
    with db.read() as tx:
        return [
            Part(_sent_name(one), one.media, storage.current().open(tx, box.id, one.id).read_all())
            for one in found.files
        ]


def _keep(box: Box, found: DraftFacts, beside: Sequence[FileFacts], name: str, content: bytes) -> FileFacts:
    if len(beside) >= MOST_FILES:
        raise InvalidError({"file": N_("At most %(limit)d files go with a message.", limit=MOST_FILES)})
    if len(content) > checks.MAX_UPLOAD:
        raise InvalidError({"file": checks.too_heavy(len(content), checks.MAX_UPLOAD)})
    cleared = _cleared(content)
    made = _prepared(box, content)
    if sum(one.size for one in beside) + len(made.content) > MOST_TOGETHER:
        raise InvalidError({"file": TOGETHER})
    facts = FileFacts(new_id(), len(beside) + 1, name, made.media, len(made.content), made.pages, cleared)
    said = {"name": name, "media": made.media, "size": facts.size, "pages": made.pages, "cleared": cleared}
    with db.read() as tx:
        storage.current().put(tx, box.id, facts.id, made.content)
    try:
        with db.write() as tx:
            taken = tx.execute(select(DraftFile.place).where(*_of(box, found.id))).scalars()
            tx.execute(
                insert(DraftFile).values(
                    box_id=box.id,
                    id=facts.id,
                    draft_id=found.id,
                    place=max(taken, default=0) + 1,
                    payload=crypto.seal(tx, box.id, DraftFile.__tablename__, facts.id, said),
                )
            )
            tx.execute(update(Draft).where(Draft.box_id == box.id, Draft.id == found.id).values(touched_at=clock.now()))
    except IntegrityError:
        drafts.remove_files(box, [facts.id])
        raise
    return facts


def _of(box: Box, draft_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (DraftFile.box_id == box.id, DraftFile.draft_id == draft_id)


def _sent_name(one: FileFacts) -> str:
    """A file's name as it leaves: the ending says what it has become, a photo of another kind included."""
    stem, dot, ending = one.name.rpartition(".")
    return file_name(stem if dot and len(ending) <= 5 else one.name, one.media)


def _cleared(content: bytes) -> bool:
    """Whether the scanner says that a file is clean; False when it cannot say now: it is asked again at sending."""
    try:
        scanning.scan(content)
    except ScanError as error:
        if error.kind == scanning.VIRUS:
            raise InvalidError({"file": INFECTED}) from None
        return False
    return True


def _prepared(box: Box, content: bytes) -> photos.Prepared:
    """What is kept of a file: a picture written anew and light, a PDF or a text without anything that could act."""
    kind = media.sniff(content)
    try:
        if not box.is_person and kind in _AS_THEY_ARE:
            return photos.Prepared(content, kind or "", 0)
        return photos.prepare(content, checks.MAX_STORED)
    except MediaError as error:
        raise InvalidError({"file": checks.why_refused(error)}) from None
