"""A person, or whoever acts for them, adds a document of their own (rules.md CO-12, CO-13)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from espace import db
from espace.access.services import visible
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.interop import media as medias
from espace.interop.media import MediaError
from espace.permissions import Permission, Relation, Standing
from espace.words import N_

from . import checks
from .filing import Body, NewDocument, content_digest, judge, known, stored, write_row
from .reading import snapshot
from .types import PATIENT_TYPES
from .visibility import parameters, same_content_statement, shape

ACCEPTED = frozenset({medias.PDF, medias.JPEG, medias.PNG})


@dataclass(frozen=True, slots=True)
class AddDocument:
    """What the form says: a title, the day that stands on the document, one of `PATIENT_TYPES`, and the file."""

    title: str
    date: date
    type_code: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Added:
    """The document in the record, and whether it is new there: the same content is kept once."""

    id: UUID
    new: bool


def add(standing: Standing, command: AddDocument) -> Added:
    """Add a document. Nothing is written before everything is checked; pictures lose their hidden data.

    Raises:
        InvalidError: with a sentence for each field at fault.
        NotFoundError: when this standing may not add.
    """
    if not standing.may(Permission.DOCUMENTS_ADD):
        raise NotFoundError
    title = checks.clean_title(command.title)
    problems: dict[str, str | None] = {
        "title": checks.check_title(title),
        "date": checks.check_day(command.date, standing.holder_birth),
        "type_code": None if command.type_code in PATIENT_TYPES else N_("Choose what it is."),
    }
    body = None
    try:
        body = _kept(command.content)
    except InvalidError as error:
        problems |= error.problems
    found = {name: problem for name, problem in problems.items() if problem}
    if found or body is None:
        raise InvalidError(found)
    return _file(standing, command, title, body)


def _kept(content: bytes) -> Body:
    """What is stored of an upload: a picture written anew, a PDF without anything that could act."""
    if len(content) > checks.MAX_UPLOAD:
        raise InvalidError({"file": checks.too_heavy(len(content), checks.MAX_UPLOAD)})
    try:
        return _harmless(content)
    except MediaError as error:
        raise InvalidError({"file": checks.why_refused(error)}) from None


def _harmless(content: bytes) -> Body:
    if not content:
        raise MediaError("empty")
    media = medias.sniff(content)
    if media not in ACCEPTED:
        raise MediaError("unknown-type")
    if media != medias.PDF:
        written, picture = medias.clean_image(content, checks.MAX_STORED)
        return Body(picture, written, 1)
    if len(content) > checks.MAX_STORED:
        raise InvalidError({"file": checks.too_heavy(len(content), checks.MAX_STORED)})
    return judge(medias.clean_pdf(content))


def _file(standing: Standing, command: AddDocument, title: str, body: Body) -> Added:
    record_id = standing.record_id
    received = content_digest(command.content)
    # The id of what a person adds is its content: two browsers sending the same thing file it once.
    unique_id = f"patient:{received.hex()}"
    twin = _twin(standing, received) or known(record_id, unique_id)
    if twin:
        return Added(twin[0], new=False)
    new = NewDocument(
        title=title,
        date=command.date,
        type_code=command.type_code,
        origin="patient",
        unique_id=unique_id,
        body=body,
        depositor=standing.actor.name,
        content_index=received,
    )
    try:
        with stored(record_id, body.content) as files, db.write() as tx:
            filed = write_row(tx, record_id, new, files)
            audit.record(
                standing.actor,
                record_id,
                Action.DOCUMENT_ADDED,
                relation=standing.relation,
                objects=[snapshot(filed)],
                detail={"for": standing.holder_name} if standing.relation is Relation.REPRESENTATIVE else None,
            )
    except ConflictError:
        twin = known(record_id, unique_id)
        if twin is None:
            raise
        return Added(twin[0], new=False)
    return Added(filed.id, new=True)


def _twin(standing: Standing, received: bytes) -> tuple[UUID, bytes] | None:
    """A document of this very content that this standing may see (of others it learns nothing: R13)."""
    rule = visible(standing)
    values = {"record": standing.record_id, "content": received, **parameters(rule)}
    with db.read() as tx:
        found: UUID | None = tx.execute(same_content_statement(shape(rule)), values).scalar()
    return (found, received) if found else None
