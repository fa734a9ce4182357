"""Import of the public RPPS extraction: good lines kept, bad ones reported, an unchanged professional not rewritten.

The lines of one professional need not stand together, and the national file does not fit in memory: a first pass
notes where each professional's lines stand (numbers only, in a private file that has no name), a second pass reads
them together and writes a few hundred professionals in each transaction.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import orjson
from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from espace import crypto, db, settings
from espace.crypto.owners import DIRECTORY
from espace.errors import BusyError, ConflictError
from espace.identifiers import new_id
from espace.import_report import Report, UnreadableError
from espace.people.models import DirectoryWord, Practice, Professional, Structure

from .directory import posted
from .register_lines import Layout, LineError, Place, Situation

_LONGEST_LINE = 16_384  # bytes
_BATCH = 200  # professionals in one transaction
_INDEX_CACHE = 4_000  # KiB
_KEPT_SINCE = "addresses"  # what is kept of a professional changed: the next import writes each again


def import_professionals(path: Path, progress: Callable[[int], None] = lambda _read: None) -> Report:
    """Bring the directory up to the extraction at `path`; counts are lines of the file.

    Raises:
        BusyError: when the database stays locked; what was written stays, and the file can be run again.
        ConflictError: when another import writes the same professionals.
        UnreadableError: when the file is not such an extraction; nothing was written.
    """
    report = Report()
    with _open(path) as file, sqlite3.connect("", isolation_level=None) as index:
        layout = _layout(file)
        index.execute(f"PRAGMA cache_size=-{_INDEX_CACHE}")
        index.execute("CREATE TABLE lines (rpps INTEGER, at INTEGER, PRIMARY KEY (rpps, at)) WITHOUT ROWID")
        index.execute("BEGIN")
        index.executemany("INSERT INTO lines VALUES (?, ?)", _scan(file, layout, report, progress))
        index.execute("COMMIT")
        entries = _entries(file, layout, index)
        while batch := list(islice(entries, _BATCH)):
            _save(batch, report)
    return report


@dataclass(frozen=True, slots=True)
class _Entry:
    """One professional of the file: the merged facts, every place, and how many lines told them."""

    facts: Situation
    places: tuple[Place, ...]
    lines: int

    @property
    def fingerprint(self) -> bytes:
        """Keyed digest of all that is kept: equal means nothing to write."""
        told = orjson.dumps([_KEPT_SINCE, self.facts, self.places])
        return crypto.blind("content", told.decode())


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise UnreadableError(f"the file cannot be opened: {error.strerror}") from None


def _layout(file: BinaryIO) -> Layout:
    header = file.readline(_LONGEST_LINE)
    if not header.strip():
        raise UnreadableError("the file is empty")
    if b"\0" in header:
        raise UnreadableError("the file holds NUL bytes: it is not UTF-8 text")
    try:
        return Layout.of(header.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnreadableError("the file is not UTF-8 text") from None


def _scan(file: BinaryIO, layout: Layout, report: Report, progress: Callable[[int], None]) -> Iterator[tuple[int, int]]:
    """Check every line once: (number, place in the file) of the good ones."""
    checked, number = settings.current().rpps_checked, 1
    while True:
        at = file.tell()
        line = file.readline(_LONGEST_LINE)
        if not line:
            return
        number += 1
        whole = len(line) < _LONGEST_LINE or line.endswith(b"\n") or not _skip_line(file)
        if not line.strip():
            continue
        report.read += 1
        progress(report.read)
        try:
            yield int(layout.situation(_text(line, whole=whole), checked=checked).rpps), at
        except LineError as error:
            report.refuse(f"line {number}", str(error))


def _skip_line(file: BinaryIO) -> bool:
    """Read on to the end of an over-long line; gives whether there was more of it."""
    skipped = False
    while rest := file.readline(_LONGEST_LINE):
        skipped = True
        if rest.endswith(b"\n"):
            break
    return skipped


def _text(line: bytes, *, whole: bool = True) -> str:
    if not whole:
        raise LineError("the line is too long")
    if b"\0" in line:
        raise LineError("the line holds NUL bytes")
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise LineError("the line is not UTF-8 text") from None


def _entries(file: BinaryIO, layout: Layout, index: sqlite3.Connection) -> Iterator[_Entry]:
    """The professionals of the file, each with all their lines, in the order of the file's lines."""
    ordered = index.execute("SELECT rpps, at FROM lines ORDER BY rpps, at")
    for _rpps, lines in groupby(ordered, key=itemgetter(0)):
        situations: list[Situation] = []
        for _number, at in lines:
            file.seek(at)
            situations.append(layout.situation(_text(file.readline(_LONGEST_LINE)), checked=False))
        yield _merge(situations)


def _merge(situations: Sequence[Situation]) -> _Entry:
    """One professional from their lines: the first line names them, each adds its place, any the specialty and mail."""
    first = situations[0]
    same = [each for each in situations if each.profession_code == first.profession_code]
    specialised = next((each for each in same if each.specialty_code), first)
    facts = replace(
        first,
        specialty_code=specialised.specialty_code,
        specialty_label=specialised.specialty_label,
        mssante=next((each.mssante for each in situations if each.mssante), ""),
        place=None,
    )
    places = {each.place.number: each.place for each in reversed(situations) if each.place}
    return _Entry(facts, tuple(places[number] for number in sorted(places)), len(situations))


def _payload(facts: Situation) -> dict[str, str]:
    return {name: value for name, value in asdict(facts).items() if name != "place"}


_KNOWN = select(Professional.rpps_index, Professional.id, Professional.fingerprint, Professional.active).where(
    Professional.rpps_index.in_(bindparam("indexes", expanding=True))
)
_PLACES = select(Structure.number_index, Structure.id, Structure.payload).where(
    Structure.number_index.in_(bindparam("indexes", expanding=True))
)


def _save(batch: Sequence[_Entry], report: Report) -> None:
    indexed = {crypto.blind("rpps", entry.facts.rpps): (entry, entry.fingerprint) for entry in batch}
    with db.read() as tx:
        known = {row.rpps_index: row for row in tx.execute(_KNOWN, {"indexes": list(indexed)})}
    changed = {
        index: told
        for index, told in indexed.items()
        if index not in known or known[index].fingerprint != told[1] or not known[index].active
    }
    if changed:
        try:
            with db.write() as tx:
                _write(tx, changed, {index: row.id for index, row in known.items()})
        except IntegrityError:
            raise ConflictError from None
        except OperationalError:
            raise BusyError("the database stayed locked: run the import again") from None
    report.done += sum(entry.lines for entry, _ in changed.values())
    report.unchanged += sum(entry.lines for index, (entry, _) in indexed.items() if index not in changed)


def _write(tx: Connection, changed: Mapping[bytes, tuple[_Entry, bytes]], known: Mapping[bytes, UUID]) -> None:
    """Write these professionals, new or `known`, and their places.

    A professional gets a data key of their own only when they first act here (`crypto.ensure_owner_key`): the
    register names two million of them.
    """
    structures = _save_structures(tx, [entry for entry, _ in changed.values()])
    new: list[dict[str, Any]] = []
    practices: list[dict[str, UUID]] = []
    words: list[dict[str, Any]] = []
    for index, (entry, fingerprint) in changed.items():
        row_id = known.get(index) or new_id()
        sealed = crypto.seal(tx, DIRECTORY, "professionals", row_id, _payload(entry.facts))
        values = {"active": True, "fingerprint": fingerprint, "payload": sealed}
        if index in known:
            tx.execute(update(Professional).where(Professional.id == row_id).values(**values))
        else:
            new.append({"id": row_id, "rpps_index": index, **values})
        practices += [{"professional_id": row_id, "structure_id": structures[place.number]} for place in entry.places]
        words += [{"word": word, "professional_id": row_id} for word in _words(entry)]
    moved = [known[index] for index in changed if index in known]
    if moved:
        for table in (Practice, DirectoryWord):
            tx.execute(delete(table).where(table.professional_id.in_(moved)))
    if new:
        tx.execute(insert(Professional), new)
    if practices:
        tx.execute(insert(Practice), practices)
    if words:
        tx.execute(insert(DirectoryWord), words)


def _words(entry: _Entry) -> list[bytes]:
    """Under which digests this professional is found in the directory."""
    return posted(
        (entry.facts.family_name, entry.facts.given_name),
        (part for place in entry.places for part in (place.name, place.city)),
        entry.facts.mssante,
    )


def _save_structures(tx: Connection, entries: Sequence[_Entry]) -> dict[str, UUID]:
    """Write the places that are new or told otherwise; gives their ids by number."""
    places = {place.number: place for entry in entries for place in entry.places}
    if not places:
        return {}
    numbers = {crypto.blind("structure", number): number for number in places}
    ids: dict[str, UUID] = {}
    for row in tx.execute(_PLACES, {"indexes": list(numbers)}).all():
        number = numbers[row.number_index]
        ids[number] = row.id
        told = asdict(places[number])
        if crypto.unseal(tx, DIRECTORY, "structures", row.id, row.payload) != told:
            sealed = crypto.seal(tx, DIRECTORY, "structures", row.id, told)
            tx.execute(update(Structure).where(Structure.id == row.id).values(payload=sealed))
    new: list[dict[str, Any]] = []
    for index, number in numbers.items():
        if number not in ids:
            ids[number] = new_id()
            sealed = crypto.seal(tx, DIRECTORY, "structures", ids[number], asdict(places[number]))
            new.append({"id": ids[number], "number_index": index, "payload": sealed})
    if new:
        tx.execute(insert(Structure), new)
    return ids
