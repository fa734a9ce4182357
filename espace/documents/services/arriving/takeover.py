"""Records opened before 2022, taken over: documents, accesses, hidden states, trail (AC-4; docs/former-records.md).

The person must be known here under exactly the same INS, birth date, birth name and sex, and their record be open, as
for any document (R41). What was decided here since is newer and stays. Running the same archive again changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from espace import clock, crypto, db
from espace.access.services.decisions.carried import FormerAccess, carry_over
from espace.accounts import services as accounts
from espace.audit import services as audit
from espace.audit.services import Action, Event
from espace.documents.models import Document, FormerRecord
from espace.documents.services.aside.quarantine import put_aside
from espace.documents.services.entries.checks import MAX_TITLE, clean_title
from espace.documents.services.entries.filing import NewDocument, known
from espace.documents.services.entries.folding import fold_visible
from espace.documents.services.viewing.reading import TABLE as DOCUMENTS
from espace.errors import ConflictError
from espace.identifiers import new_id
from espace.import_report import Report
from espace.interop import archive, media
from espace.interop.archive import ArchiveError
from espace.notifications.services import Event as NotifiedEvent
from espace.people import services as people
from espace.permissions import SYSTEM, Relation
from espace.records.services import RecordFacts

from .claimed import (
    AsideError,
    RefusedFileError,
    body_of,
    check_type,
    prepared,
    record_of,
    visibility_of,
)
from .former_format import FormerAct, FormerDocument, FormerFormatError, FormerRecordFile, parse
from .importing import filed_once

INDEX = "record.json"
_TABLE = "former_records"
_IGNORED = frozenset({"METADATA.XML", "INDEX.HTM", "INDEX.HTML", "README.TXT", "STYLE.XSL", "DELIVERY.PDF"})
_ACTS_AT_ONCE = 200


def take_over(paths: Iterable[Path], progress: Callable[[int], None] = lambda _read: None) -> Report:
    """Take over every archive of `paths`: ZIP files, folders that hold `record.json`, or folders of such."""
    report = Report()
    for path in _archives(paths):
        report.read += 1
        progress(report.read)
        try:
            changed = _take_over(path, report)
        except (AsideError, RefusedFileError) as problem:
            report.refuse(path.name, problem.reason)
        except (ArchiveError, FormerFormatError, ConflictError) as problem:
            kind = problem.kind if isinstance(problem, ArchiveError) else str(problem)
            report.refuse(path.name, kind or "somebody else wrote the same record at the same time: run it again")
        else:
            report.done += changed
            report.unchanged += not changed
    return report


def _archives(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir() and not (path / INDEX).is_file():
            inside = sorted(each for each in path.iterdir() if not each.is_symlink())
            yield from (each for each in inside if each.suffix.lower() == ".zip" or (each / INDEX).is_file())
        else:
            yield path


def _take_over(path: Path, report: Report) -> bool:
    """Bring one archive in; gives whether anything changed. What cannot be filed is reported and the rest kept."""
    told = _index(path)
    record = record_of(told.holder)
    changed = _file_all(path, record, told, report)
    changed |= _carry_accesses(record, told, report, path.name)
    return _finish(record, told, changed)


def _index(path: Path) -> FormerRecordFile:
    """`record.json`, read before anything else."""
    try:
        found = next((content for name, content in archive.files(path) if name == INDEX), None)
    except OSError:
        raise ArchiveError("unreadable") from None
    if found is None:
        raise FormerFormatError("record.json is missing")
    return parse(found)


def _file_all(path: Path, record: RecordFacts, told: FormerRecordFile, report: Report) -> bool:
    changed, seen = False, set()
    for name, content in archive.files(path):
        seen.add(name)
        if name == INDEX or name.rsplit("/", 1)[-1].upper() in _IGNORED or not content:
            continue
        where = f"{path.name}: {name}"
        try:
            changed |= _file(record, told, told.documents.get(name), content)
        except RefusedFileError as refused:
            report.refuse(where, refused.reason)
        except AsideError as aside:
            put_aside(content, aside.reason, where)
            report.quarantine(where, aside.reason)
    for missing in sorted(told.documents.keys() - seen):
        report.refuse(f"{path.name}: {missing}", "the file is missing")
    return changed


def _file(record: RecordFacts, told: FormerRecordFile, described: FormerDocument | None, content: bytes) -> bool:
    """File one document, unless it is there.

    Raises:
        AsideError: when it must wait for someone's decision.
        RefusedFileError: when it is no health document.
    """
    if described is None:
        whose, new = prepared(content)
        if whose.id != record.id:
            raise AsideError("other-patient")
    else:
        new = _described(described, content)
    if new.unique_id in told.hidden and not new.patient_invisible:  # not both (rules.md AR-16)
        new = replace(new, hidden=True)
    return filed_once(record, new, Action.DOCUMENT_TAKEN_OVER, content).new


def _described(told: FormerDocument, content: bytes) -> NewDocument:
    """A document that does not say itself what it is: `record.json` does, and the archive whose it is."""
    if media.sniff(content) in (media.ZIP, media.RTF):
        raise RefusedFileError("not-a-health-document")
    check_type(told.type_code)
    visibility = visibility_of(told.confidentiality)
    return NewDocument(
        title=clean_title(told.title)[:MAX_TITLE],
        date=told.day,
        type_code=told.type_code,
        origin="import",
        unique_id=told.unique_id,
        body=body_of(content),
        author=clean_title(told.author)[:MAX_TITLE],
        structure=clean_title(told.structure)[:MAX_TITLE],
        depositor=clean_title(told.author)[:MAX_TITLE],
        hidden=visibility.hidden,
        patient_invisible=visibility.patient_invisible,
        representatives_invisible=visibility.representatives_invisible,
    )


def _carry_accesses(record: RecordFacts, told: FormerRecordFile, report: Report, name: str) -> bool:
    lines = []
    for place, line in enumerate(told.accesses, start=1):
        professional = people.find_professional(line.rpps)
        if professional is None:
            report.refuse(f"{name}: access {place}", "unknown-professional")
        else:
            lines.append(FormerAccess(professional, line.is_blocked, line.since))
    return carry_over(record.id, lines) > 0


def _finish(record: RecordFacts, told: FormerRecordFile, changed: bool) -> bool:  # noqa: FBT001 - what was done so far
    """Hide what was hidden, write the trail, and remember what was taken over: all or nothing."""
    digests = {_digest(act): act for act in told.trail}
    try:
        with db.write() as tx:
            before = _before(tx, record)
            acts = [act for digest, act in digests.items() if digest not in before["acts"]]
            hidden = _hide(tx, record, told.hidden - set(before["hidden"]))
            if not (changed or hidden or acts):
                return False
            audit.record(
                SYSTEM,
                record.id,
                Action.RECORD_TAKEN_OVER,
                relation=Relation.SYSTEM,
                detail={"opened_on": told.opened_on.isoformat(), "acts": str(len(acts)), "hidden": str(hidden)},
            )
            for at in range(0, len(acts), _ACTS_AT_ONCE):
                audit.record_many(SYSTEM, [_event(tx, record, act) for act in acts[at : at + _ACTS_AT_ONCE]])
            _remember(tx, record, told, sorted({*before["acts"], *digests}), sorted({*before["hidden"], *told.hidden}))
            accounts.notify([record.person_id], NotifiedEvent.NEW_DOCUMENT)
    except IntegrityError:
        raise ConflictError from None
    return True


def _before(tx: Connection, record: RecordFacts) -> dict[str, Any]:
    row = tx.execute(
        select(FormerRecord.id, FormerRecord.payload).where(FormerRecord.record_id == record.id).with_for_update()
    ).first()
    if row is None:
        return {"id": None, "acts": [], "hidden": []}
    return {"id": row.id, **crypto.unseal(tx, record.id, _TABLE, row.id, row.payload)}


def _remember(tx: Connection, record: RecordFacts, told: FormerRecordFile, acts: list[str], hidden: list[str]) -> None:
    before = _before(tx, record)["id"]
    row_id = before or new_id()
    facts = {"opened_on": told.opened_on.isoformat(), "acts": acts, "hidden": hidden}
    values = {"taken_at": clock.now(), "payload": crypto.seal(tx, record.id, _TABLE, row_id, facts)}
    if before:
        statement = update(FormerRecord).where(FormerRecord.record_id == record.id, FormerRecord.id == row_id)
        tx.execute(statement.values(**values))
    else:
        tx.execute(insert(FormerRecord).values(record_id=record.id, id=row_id, **values))


def _hide(tx: Connection, record: RecordFacts, unique_ids: Iterable[str]) -> int:
    """Hide documents that came here by another way before; once only: the holder may show them again afterwards."""
    found = [twin[0] for unique_id in unique_ids if (twin := known(record.id, unique_id))]
    if not found:
        return 0
    done = tx.execute(
        update(Document)
        .where(
            Document.record_id == record.id,
            Document.id.in_(found),
            Document.hidden.is_(False),
            Document.patient_invisible.is_(False),
        )
        .values(hidden=True)
    ).rowcount
    for each in found if done else ():
        fold_visible(tx, record.id, each)
    return done


def _event(tx: Connection, record: RecordFacts, act: FormerAct) -> Event:
    """One act of the former trail. It names a document only if that one came along: its marks say who may be told."""
    objects = [_thing(tx, record, act.unique_id)] if act.unique_id else []
    detail = {"at": act.at.isoformat(), "who": act.who, "act": act.act}
    detail |= {name: getattr(act, name) for name in ("profession", "structure") if getattr(act, name)}
    return Event(record.id, Action.FORMER_ACT, Relation.SYSTEM, objects, detail)


def _thing(tx: Connection, record: RecordFacts, unique_id: str) -> dict[str, str]:
    """The document of an act, with its marks. One that did not come along may be a minor's secret (rules.md MI-10)."""
    twin = known(record.id, unique_id)
    if twin is None:
        return {"representatives_invisible": "yes"}
    row = tx.execute(
        select(
            Document.type_code, Document.patient_invisible, Document.representatives_invisible, Document.payload
        ).where(Document.record_id == record.id, Document.id == twin[0])
    ).one()
    thing = {
        "id": str(twin[0]),
        "title": crypto.unseal(tx, record.id, DOCUMENTS, twin[0], row.payload).get("title", ""),
        "type": row.type_code,
    }
    marks = ("patient_invisible", "representatives_invisible")
    return thing | {mark: "yes" for mark in marks if getattr(row, mark)}


def _digest(act: FormerAct) -> str:
    """The keyed digest under which an act of the trail is recognised."""
    words = f"{act.at.isoformat()}\n{act.who}\n{act.profession}\n{act.structure}\n{act.act}\n{act.unique_id}"
    return crypto.blind("content", words).hex()[:32]
