"""A person, or whoever acts for them, adds a document of their own (rules.md CO-12, CO-13)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import NoReturn
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select

from espace import db, settings
from espace.access.services import visible
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id
from espace.documents.models import Document
from espace.documents.services.entries import checks
from espace.documents.services.entries.filing import Body, NewDocument, content_digest, known, stored, write_row
from espace.documents.services.types import PATIENT_TYPES
from espace.documents.services.viewing.reading import snapshot
from espace.documents.services.visibility import NOWHERE, conditions, parameters, same_content_statement, shape
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.family import services as family
from espace.identifiers import new_id
from espace.permissions import Permission, Standing, Task
from espace.words import N_, Message

from . import pieces, scanning, waiting
from .replacing import Replaced
from .scanning import ScanError


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a person says of a document: its title, the day that stands on it, one of `PATIENT_TYPES`.

    `secret`: a minor keeps it from their parents (rules.md MI-6); of nobody else's document is it asked.
    """

    title: str
    date: date
    type_code: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class AddDocument:
    """A document in one go: what is said of it, and its file."""

    title: str
    date: date
    type_code: str
    content: bytes
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """What will be kept, and the digest by which what was received is recognised.

    `cleared`: the scanner saw it already. `mark` makes its unique id another one where the first is taken by a
    document that cannot be shown again. `guest` is who left it by a link, "" for nobody; `author` is who wrote it,
    where that is known: it came in a message of theirs.
    """

    body: Body
    received: bytes
    cleared: bool
    mark: UUID
    guest: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """The document in the record, and whether it is new there: the same content is kept once.

    `waits`: it is not in the record yet, the scanner has to see it first; `id` is then that of what waits.
    """

    id: UUID
    new: bool
    waits: bool = False


def add(standing: Standing, command: AddDocument) -> Added:
    """Add a document. Nothing is written before everything is checked; pictures lose their hidden data.

    Raises:
        InvalidError: with a sentence for each field at fault.
        NotFoundError: when this standing may not add.
    """
    if not standing.may(Permission.DOCUMENTS_ADD):
        raise NotFoundError
    said = Described(title=command.title, date=command.date, type_code=command.type_code, secret=command.secret)
    problems = faults(standing, said)
    body, cleared = None, False
    try:
        cleared = pieces.cleared(standing, command.content, command.title)
        made = pieces.kept(command.content)
        body = Body(made.content, made.media, made.pages)
    except InvalidError as error:
        problems |= error.problems
    if problems or body is None:
        raise InvalidError(problems)
    return file(standing, said, Ready(body, content_digest(command.content), cleared, new_id()))


def faults(standing: Standing, said: Described) -> dict[str, str]:
    """What is wrong with what was said of a document: field -> sentence."""
    problems: dict[str, Message | None] = {
        "title": checks.check_title(checks.clean_title(said.title)),
        "date": checks.check_day(said.date, standing.holder_birth),
        "type_code": None if said.type_code in PATIENT_TYPES else N_("Choose what it is."),
    }
    return {name: problem for name, problem in problems.items() if problem}


Also = Callable[[Connection, Added], None]
"""What else is written in the unit of work that files a document."""


def _nothing_else(_tx: Connection, _added: Added) -> None: ...


def file(
    standing: Standing, said: Described, ready: Ready, replaced: Replaced | None = None, also: Also = _nothing_else
) -> Added:
    """File what was checked: once per content, within the quota, after the scanner saw it.

    Raises:
        InvalidError: when there is no room left, or the scanner knows it as harmful (beside `file`).
        NotFoundError: when the record takes nothing any more.
    """
    unique_id = _unique_id(standing, said, ready, replaced)
    twin = _twin(standing, ready.received)  # asked for behind the id: what another browser files now is met by either
    if twin:
        return _write_only(Added(twin, new=False), also)
    _check_room(standing, len(ready.body.content))
    new = _new(standing, said, ready, replaced, unique_id)
    if not ready.cleared:
        try:
            scanning.scan(ready.body.content)
        except ScanError as error:
            return _set_aside(standing, new, error.kind, also)
    try:
        return _write(standing, new, also)
    except ConflictError:  # in the same moment, from another browser
        twin = _twin(standing, ready.received)
        if twin is None:
            raise
        return _write_only(Added(twin, new=False), also)


def _write_only(added: Added, also: Also) -> Added:
    with db.write() as tx:
        also(tx, added)
    return added


def _set_aside(standing: Standing, new: NewDocument, kind: str, also: Also) -> Added:
    if kind == scanning.VIRUS:
        waiting.set_aside(standing, new, kind)
        raise InvalidError({"file": pieces.INFECTED})
    row_id = waiting.set_aside(standing, new, kind, lambda tx, made: also(tx, Added(made, new=True, waits=True)))
    return Added(row_id, new=True, waits=True)


def _write(standing: Standing, new: NewDocument, also: Also) -> Added:
    with stored(standing.record_id, new.body.content) as files, db.write() as tx:
        filed = write_row(tx, standing.record_id, new, files)
        audit.record(
            standing.actor,
            standing.record_id,
            Action.DOCUMENT_ADDED,
            relation=standing.relation,
            objects=[snapshot(filed)],
            detail={"for": standing.holder_name} if standing.acts_for_other else None,
        )
        family.note_act(standing, Task.ADD_DOCUMENTS)
        added = Added(filed.id, new=filed.unique_id == new.unique_id)  # else it is shown through its copy
        also(tx, added)
    return added


def _is_secret(standing: Standing, said: Described, replaced: Replaced | None) -> bool:
    return (said.secret and checks.may_keep_secret(standing)) or bool(replaced and replaced.secret)


def _new(standing: Standing, said: Described, ready: Ready, replaced: Replaced | None, unique_id: str) -> NewDocument:
    return NewDocument(
        title=checks.clean_title(said.title),
        date=said.date,
        type_code=said.type_code,
        origin="patient",
        unique_id=unique_id,
        body=ready.body,
        author=ready.author or ready.guest,
        guest=bool(ready.guest),
        depositor=standing.actor.name,
        adder=str(standing.actor.id),
        for_other=standing.acts_for_other,
        content_index=ready.received,
        # A new version opens nothing: who did not see the former one does not see this one either.
        hidden=bool(replaced and replaced.hidden),
        representatives_invisible=_is_secret(standing, said, replaced),
        replaces=replaced.unique_id if replaced else "",
    )


def _unique_id(standing: Standing, said: Described, ready: Ready, replaced: Replaced | None) -> str:
    """The id of what a person adds is its content: two browsers sending the same thing file it once.

    What is kept from somebody has an id of its own, so that the other's adding meets nothing (R13); so has what was
    deleted once and is added again.
    """
    found = f"patient:{ready.received.hex()}"
    if _is_secret(standing, said, replaced):
        found += f":{standing.actor.id}"
    return f"{found}:{ready.mark}" if known(standing.record_id, found) else found


def _twin(standing: Standing, received: bytes) -> UUID | None:
    """A document of this very content that this standing may see (of others it learns nothing: R13)."""
    rule = visible(standing)
    values = {"record": standing.record_id, "content": received, **parameters(rule)}
    with db.read() as tx:
        found: UUID | None = tx.execute(same_content_statement(shape(rule)), values).scalar()
    return found


def _check_room(standing: Standing, size: int) -> None:
    """See that people's own documents fit in the record; only those this standing sees count for it (R13)."""
    rule = visible(standing)
    statement = select(func.coalesce(func.sum(Document.size), 0)).where(
        Document.record_id == bindparam("record", type_=Id),
        Document.origin == "patient",
        Document.state.not_in(NOWHERE),
        *conditions(shape(rule)),
    )
    quota = settings.current().record_quota_mb
    with db.read() as tx:
        used = int(tx.execute(statement, {"record": standing.record_id, **parameters(rule)}).scalar_one())
    if used + size > quota * checks.MEGABYTE:
        _full(quota)


def _full(quota: int) -> NoReturn:
    raise InvalidError(
        {
            "file": N_(
                "The %(quota)d MB for documents you add are used up. Delete some that you added, then try again.",
                quota=quota,
            )
        }
    )
