"""Documents from files: filed by exact identity, else quarantined with a reason, else refused (security.md R41).

A file is a CDA document, or an XDM archive of several: each document of an archive is judged by itself, and the
archive as a whole is set aside where it contradicts itself.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from espace import db, storage
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Digest, Id
from espace.documents.models import Document
from espace.documents.services.adding import scanning
from espace.documents.services.adding.scanning import ScanError
from espace.documents.services.aside.quarantine import put_aside, release
from espace.documents.services.deciding.telling import tell_readable
from espace.documents.services.entries.filing import (
    Known,
    NewDocument,
    content_digest,
    known,
    series_of,
    stored,
    write_row,
)
from espace.documents.services.entries.folding import Source, note_source
from espace.documents.services.entries.likeness import DELETED
from espace.documents.services.viewing.reading import snapshot
from espace.errors import ConflictError, NotFoundError
from espace.import_report import Report, named
from espace.interop import cda, media
from espace.permissions import SYSTEM, Relation
from espace.records import services as records
from espace.records.services import RecordFacts

from . import archives
from .claimed import AsideError, RefusedFileError, check_open, prepared

FILES = Source("import")
"""A file that somebody of the house imported."""
_SAME_VERSION = (
    select(Document.id)
    .where(
        Document.record_id == bindparam("record", type_=Id),
        Document.series_index == bindparam("series", type_=Digest(16)),
        Document.version == bindparam("version"),
        Document.content_index != bindparam("content", type_=Digest(32)),
        Document.state != DELETED,
    )
    .limit(1)
)


class Outcome(StrEnum):
    """What became of a document that came in."""

    FILED = "filed"
    KNOWN = "known"
    ASIDE = "aside"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """One document that came in: under which name, what became of it, and why it was not filed (a code)."""

    where: str
    outcome: Outcome
    reason: str = ""
    record_id: UUID | None = None
    document_id: UUID | None = None


class Told:
    """Whom a run has written to: a hundred results of one person are one message."""

    def __init__(self, *, silent: bool = False) -> None:
        self._silent = silent
        self._records: set[UUID] = set()

    def first(self, record_id: UUID) -> bool:
        """Whether this record's people are to be told now."""
        if self._silent or record_id in self._records:
            return False
        self._records.add(record_id)
        return True


def import_paths(
    paths: Iterable[Path], progress: Callable[[int], None] = lambda _read: None, *, silent: bool = False
) -> Report:
    """File every document under `paths` (files and folders); running it again changes nothing.

    Links are not followed, and a folder without a file is named: both are notes of the report.
    `silent`: nobody is told, for documents that are no news.
    """
    report, told = Report(), Told(silent=silent)
    for path, where in _files(paths, report):
        try:
            content = _read(path)
        except RefusedFileError as refused:
            report.read += 1
            report.refuse(where, refused.reason)
            continue
        for taken in taken_in(content, FILES, where, told):
            report.read += 1
            _count(report, taken)
        progress(report.read)
    return report


def _count(report: Report, taken: Taken) -> None:
    match taken.outcome:
        case Outcome.FILED:
            report.done += 1
        case Outcome.KNOWN:
            report.unchanged += 1
        case Outcome.ASIDE:
            report.quarantine(taken.where, taken.reason)
        case Outcome.REFUSED:
            report.refuse(taken.where, taken.reason)


def taken_in(content: bytes, source: Source, where: str, told: Told | None = None) -> list[Taken]:
    """Take in a file that came from `source` under the name `where`: one document, or those of an archive.

    What cannot be filed is quarantined, or refused where nobody may keep it. The same file again changes nothing.
    """
    told = told or Told()
    try:
        scanning.scan(content)
        if media.sniff(content) == media.ZIP:
            return _unpacked(content, source, where, told)
    except RefusedFileError as refused:
        return [Taken(where, Outcome.REFUSED, refused.reason)]
    except ScanError as found:
        return [_aside(content, where, AsideError(found.kind))]
    except AsideError as aside:
        return [_aside(content, where, aside)]
    return [_taken(content, source, where, told, lambda: prepared(content))]


def taken_of(packed: archives.Packed, source: Source, where: str, told: Told | None = None) -> Taken:
    """Take in one document of an archive by itself, as `taken_in` takes them all."""
    return _taken(packed.content, source, f"{where}: {packed.name}", told or Told(), packed.prepared)


def _unpacked(content: bytes, source: Source, where: str, told: Told) -> list[Taken]:
    packed = archives.unpacked(content)
    found = [_taken(each.content, source, f"{where}: {each.name}", told, each.prepared) for each in packed]
    if all(each.outcome in (Outcome.FILED, Outcome.KNOWN) for each in found):
        release(content)  # it may have waited as a whole
    return found


def _taken(
    content: bytes, source: Source, where: str, told: Told, read: Callable[[], tuple[RecordFacts, NewDocument]]
) -> Taken:
    try:
        record, new = read()
        filed = filed_once(record, new, Action.DOCUMENT_IMPORTED, content, source=source, told=told)
    except RefusedFileError as refused:
        return Taken(where, Outcome.REFUSED, refused.reason)
    except AsideError as aside:
        return _aside(content, where, aside)
    return Taken(where, Outcome.FILED if filed.new else Outcome.KNOWN, "", record.id, filed.id)


def _aside(content: bytes, where: str, aside: AsideError) -> Taken:
    put_aside(content, aside.reason, named(where), aside.faults)
    said = f"{aside.reason} ({', '.join(aside.faults)})" if aside.faults else aside.reason
    return Taken(where, Outcome.ASIDE, said)


def take_in(content: bytes) -> bool:
    """File one CDA document without telling anybody; False when it is there already.

    Raises:
        AsideError: when it must wait for someone's decision.
        RefusedFileError: when it is no health document.
    """
    record, new = prepared(content)
    return filed_once(record, new, Action.DOCUMENT_IMPORTED, content).new


@dataclass(frozen=True, slots=True)
class Filed:
    """The document by which what came in is shown, and whether anything was filed."""

    id: UUID
    new: bool


def _nothing_else(_tx: Connection) -> None: ...


def filed_once(
    record: RecordFacts,
    new: NewDocument,
    action: Action,
    content: bytes,
    *,
    source: Source = FILES,
    told: Told | None = None,
    also: Callable[[Connection], None] = _nothing_else,
) -> Filed:
    """File a document, unless it is there; `content` is the file as it came, no longer in quarantine then.

    `also` belongs to the same unit of work, and comes first in it.

    Raises:
        AsideError: when another content is filed under the same unique id, or as the same version.
    """
    if twin := _twin(record, new):
        return _came_again(record, twin, content, source, also)
    _check_version(record, new)
    files_to_keep = (new.body.content,) if new.content is None else (new.content, new.body.content)
    try:
        with stored(record.id, *files_to_keep) as files, db.write() as tx:
            also(tx)
            filed = write_row(tx, record.id, new, files)
            audit.record(SYSTEM, record.id, action, relation=Relation.SYSTEM, objects=[snapshot(filed)])
            release(content)
            if told and filed.unique_id == new.unique_id and told.first(record.id):
                tell_readable(record.id, filed)
    except ConflictError:
        if twin := _twin(record, new):
            return _came_again(record, twin, content, source, also)
        raise
    except NotFoundError:  # closed, or in another state, since it was looked up
        check_open(records.record(record.id))
        raise
    return Filed(filed.id, new=True)


def _came_again(
    record: RecordFacts, twin: Known, content: bytes, source: Source, also: Callable[[Connection], None]
) -> Filed:
    """A document that is here: the way it came this time is kept as one of its sources, once."""
    with db.write() as tx:
        also(tx)
        note_source(tx, record.id, twin.id, source)
        release(content)
    return Filed(twin.id, new=False)


def _files(paths: Iterable[Path], report: Report) -> Iterator[tuple[Path, str]]:
    for path in paths:
        if not path.is_dir():
            yield path, path.name
            continue
        is_empty = True
        for found in _under(path, report):
            is_empty = False
            yield found
        if is_empty:
            report.note(str(path), "no file was found in this folder")


def _under(folder: Path, report: Report) -> Iterator[tuple[Path, str]]:
    def unreadable(error: OSError) -> None:
        report.read += 1
        report.refuse(os.path.relpath(error.filename, folder.parent), "unreadable")

    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders.sort()
        for name in sorted([*folders, *names]):
            path = Path(place, name)
            if path.is_symlink():
                report.note(str(path.relative_to(folder)), "this is a link: what it leads to was not read")
            elif name not in folders:
                yield path, str(path.relative_to(folder))


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise RefusedFileError("not-a-file")
        if path.stat().st_size > cda.MAX_BYTES:
            raise RefusedFileError("too-large")
        content = path.read_bytes()
    except OSError:
        raise RefusedFileError("unreadable") from None
    if not content:
        raise RefusedFileError("empty")
    return content


def _twin(record: RecordFacts, new: NewDocument) -> Known | None:
    """This document, if it is filed already.

    Raises:
        AsideError: when another content is filed under the same unique id.
    """
    twin = known(record.id, new.unique_id)
    if twin is None or _same(record.id, twin, new):
        return twin
    raise AsideError("unique-id-reused")


def _same(record_id: UUID, twin: Known, new: NewDocument) -> bool:
    """Whether the content is the same: as it came, or as it is kept (what people add is cleaned first)."""
    if twin.content_index == (new.content_index or content_digest(new.body.content)):
        return True
    with db.read() as tx:
        kept = storage.current().open(tx, record_id, twin.body_file_id)
    return kept.size == len(new.body.content) and kept.read_all() == new.body.content


def _check_version(record: RecordFacts, new: NewDocument) -> None:
    """See that no other content is filed as this very version.

    Raises:
        AsideError: when there is.
    """
    if not new.set_id:
        return
    values = {
        "record": record.id,
        "series": series_of(record.id, new.set_id),
        "version": new.version,
        "content": new.content_index or content_digest(new.body.content),
    }
    with db.read() as tx:
        if tx.execute(_SAME_VERSION, values).first():
            raise AsideError("version-reused")
