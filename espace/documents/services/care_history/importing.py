"""Import of the insurer's lines: by exact identity, once per reference, and nothing of what may not be transferred.

Lines that follow one another and are of one person share a transaction. A person's secret care never enters
(rules.md MI-5): a line so marked is refused, and one that came in before it was marked leaves.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from espace import crypto, db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.models import CareLine
from espace.errors import BusyError, NotFoundError
from espace.identifiers import new_id
from espace.import_report import Report
from espace.import_table import LineError, header_of, lines_of
from espace.people import services as people
from espace.permissions import SYSTEM, Relation
from espace.records import services as records

from .lines import COLUMNS, Told, told

TABLE = "care_lines"
_BATCH = 200
_KNOWN = select(
    CareLine.line_index, CareLine.id, CareLine.date, CareLine.kind, CareLine.visit_id, CareLine.payload
).where(
    CareLine.record_id == bindparam("record"),
    CareLine.line_index.in_(bindparam("indexes", expanding=True)),
)
_UNKNOWN = "ins: nobody is known here under this number and birth date"
_NOT_OPEN = "the record takes nothing in: it is not open yet, closed or suspended"
_SECRET = "secret care: it is not taken in"


def import_care_history(path: Path, progress: Callable[[int], None] = lambda _read: None) -> Report:
    """Bring care histories up to the file at `path` (docs/care-history.md); running it again changes nothing.

    Raises:
        BusyError: when the database stays locked; what was read so far is written, and the file can be run again.
        UnreadableError: when the file is no such table; nothing was written.
    """
    report = Report()
    header = header_of(path, COLUMNS)
    for _whose, lines in groupby(_read(path, header, report, progress), key=lambda line: (line.ins, line.birth_date)):
        while batch := list(islice(lines, _BATCH)):
            _take_in(batch, report)
    report.sort()
    return report


def _read(path: Path, header: Sequence[str], report: Report, progress: Callable[[int], None]) -> Iterator[Told]:
    for number, line in lines_of(path):
        report.read += 1
        progress(report.read)
        try:
            yield told(number, header, line)
        except LineError as error:
            report.refuse(f"line {number}", str(error))


def _take_in(batch: list[Told], report: Report) -> None:
    """Write lines of one person, all in one transaction."""
    person = people.find_person(batch[0].ins)
    record = records.record_of(person.id) if person and person.birth_date == batch[0].birth_date else None
    if record is None:
        _refuse(batch, _UNKNOWN, report)
        return
    try:
        with db.write() as tx:
            records.hold_open(tx, record.id)
            changed = _write(tx, record.id, batch)
    except NotFoundError:
        _refuse(batch, _NOT_OPEN, report)
        return
    except IntegrityError:
        _refuse(batch, "another import writes the same lines: run this one again", report)
        return
    except OperationalError:
        raise BusyError(f"the database stayed locked at line {batch[0].number}: run the import again") from None
    for line, is_changed in zip(batch, changed, strict=True):
        if line.is_secret:
            report.refuse(f"line {line.number}", _SECRET)
        else:
            report.done += is_changed
            report.unchanged += not is_changed


def _refuse(batch: list[Told], reason: str, report: Report) -> None:
    for line in batch:
        report.refuse(f"line {line.number}", reason)


def _write(tx: Connection, record_id: UUID, batch: list[Told]) -> list[bool]:
    """Write what changed, one row of the trail for all of it; gives which lines changed something."""
    known = _known(tx, record_id, [line_digest(record_id, line.reference) for line in batch])
    changed = [_one(tx, record_id, line, known) for line in batch]
    if any(changed):
        # A count, without the lines: one that leaves because it is secret must not be told by the trail (MI-10).
        count = sum(yes for yes, line in zip(changed, batch, strict=True) if not line.is_secret)
        detail = {"count": str(count)} if count else {}
        audit.record(SYSTEM, record_id, Action.CARE_IMPORTED, relation=Relation.SYSTEM, detail=detail)
    return changed


def _known(tx: Connection, record_id: UUID, indexes: list[bytes]) -> dict[bytes, tuple[UUID, Any]]:
    """The lines that are there: their id and all that is kept of them."""
    found = {}
    for row in tx.execute(_KNOWN, {"record": record_id, "indexes": indexes}):
        facts = crypto.unseal(tx, record_id, TABLE, row.id, row.payload)
        found[row.line_index] = (row.id, (row.date, row.kind, row.visit_id, facts))
    return found


def _one(tx: Connection, record_id: UUID, line: Told, known: dict[bytes, tuple[UUID, Any]]) -> bool:
    index = line_digest(record_id, line.reference)
    row_id, before = known.get(index, (None, None))
    if line.is_secret or line.is_cancelled:
        if row_id is None:
            return False
        del known[index]
        tx.execute(delete(CareLine).where(CareLine.record_id == record_id, CareLine.id == row_id))
        return True
    visit_id = visit_of(record_id, line.visit)
    after = (line.date, line.kind, visit_id, line.facts)
    if before == after:
        return False
    is_new = row_id is None
    row_id = row_id or new_id()
    known[index] = (row_id, after)
    values = {
        "date": line.date,
        "kind": line.kind,
        "visit_id": visit_id,
        "payload": crypto.seal(tx, record_id, TABLE, row_id, line.facts),
    }
    if is_new:
        tx.execute(insert(CareLine).values(record_id=record_id, id=row_id, hidden=False, line_index=index, **values))
    else:  # corrected by the insurer; hidden as it was
        tx.execute(update(CareLine).where(CareLine.record_id == record_id, CareLine.id == row_id).values(**values))
    return True


def line_digest(record_id: UUID, reference: str) -> bytes:
    """The keyed digest under which the insurer's reference is found, within one record."""
    return crypto.blind("care-line", f"{record_id}:{reference}")


def visit_of(record_id: UUID, visit: str) -> UUID:
    """The id that the lines of one visit share: drawn from its name, so that lines of another day find it again."""
    return UUID(bytes=crypto.blind("care-visit", f"{record_id}:{visit}")[:16])
