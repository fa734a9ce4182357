"""The matrix of entitlements as versioned data: which profession reads, and naturally deposits, which type.

The official table could not be read (habilitations.md): the packaged one is a default that an operator replaces by
loading another. Each cell keeps how sure it is.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Self
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from espace import clock, db, settings
from espace.access.models import MatrixCell, MatrixVersion
from espace.access.policy import NOTHING
from espace.errors import InvalidError
from espace.identifiers import new_id
from espace.words import N_

PACKAGED = files("espace.access") / "data" / "habilitations.csv"
CATEGORIES = files("espace.access") / "data" / "categories.csv"
COLUMNS = ("profession_code", "document_type_code", "read", "deposit", "confidence")
CONFIDENCES = frozenset({"official", "reported", "inferred"})
ROLE_BASED = frozenset({"41"})
"""Columns that follow a function rather than a health profession, besides those named `ROLE_…`."""

ACTIVE = select(MatrixVersion.id).where(MatrixVersion.active).order_by(MatrixVersion.id.desc()).limit(1)
_CELLS = select(
    MatrixCell.profession, MatrixCell.type_code, MatrixCell.may_read, MatrixCell.deposit, MatrixCell.confidence
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the table."""

    profession: str
    type_code: str
    may_read: bool
    deposit: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """One version, opened: profession -> types. A profession it does not name has nothing."""

    readable: Mapping[str, frozenset[str]] = field(default_factory=dict)
    natural: Mapping[str, frozenset[str]] = field(default_factory=dict)
    possible: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sources: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """How sure the table is of (profession, type)."""

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> Self:
        """Sort cells by what they allow."""
        cells = list(cells)
        readable, natural, possible = defaultdict(set), defaultdict(set), defaultdict(set)
        for cell in cells:
            if cell.may_read:
                readable[cell.profession].add(cell.type_code)
            if cell.deposit == "yes":
                natural[cell.profession].add(cell.type_code)
            if cell.deposit != "no":
                possible[cell.profession].add(cell.type_code)
        tables = [{who: frozenset(types) for who, types in table.items()} for table in (readable, natural, possible)]
        return cls(
            readable=tables[0],
            natural=tables[1],
            possible=tables[2],
            sources={(cell.profession, cell.type_code): cell.confidence for cell in cells},
        )


def read_table(path: Path | Traversable) -> list[Cell]:
    """Read a table of entitlements (CSV, UTF-8).

    Raises:
        InvalidError: naming the first line that is not a cell, or a cell given twice.
    """
    cells: dict[tuple[str, str], Cell] = {}
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    except (OSError, UnicodeDecodeError):
        raise InvalidError({"file": N_("The table cannot be read: it must be a CSV file in UTF-8.")}) from None
    if not set(COLUMNS) <= set(reader.fieldnames or ()):
        raise InvalidError({"file": N_("The table must have the columns: %(columns)s.", columns=", ".join(COLUMNS))})
    for row in reader:
        cell = _cell(row)
        if cell is None or (cell.profession, cell.type_code) in cells:
            raise InvalidError({"file": N_("Line %(line)d of the table is wrong.", line=reader.line_num)})
        cells[cell.profession, cell.type_code] = cell
    if not cells:
        raise InvalidError({"file": N_("The table is empty.")})
    return list(cells.values())


def _cell(row: Mapping[str, str | None]) -> Cell | None:
    profession, type_code, read, deposit, confidence = ((row[name] or "").strip() for name in COLUMNS)
    good = (
        0 < len(profession) <= 20
        and 0 < len(type_code) <= 40
        and read in ("yes", "no")
        and deposit in ("yes", "no", "unknown")
        and confidence in CONFIDENCES
    )
    return Cell(profession, type_code, read == "yes", deposit, confidence) if good else None


def load_matrix(path: Path | Traversable) -> tuple[int, bool]:
    """Make the table at `path` the one that counts, from the next request on.

    Gives its number of cells, and whether that changed anything: the same table again writes nothing.

    Raises:
        InvalidError: see `read_table`; the version in use stays.
    """
    cells = read_table(path)
    version_id = new_id()
    with db.write() as tx:
        known = tx.execute(ACTIVE).scalar()
        if known is not None and set(_cells(tx, known)) == set(cells):
            return len(cells), False
        tx.execute(update(MatrixVersion).where(MatrixVersion.active).values(active=False))
        tx.execute(insert(MatrixVersion).values(id=version_id, loaded_at=clock.now(), active=True))
        tx.execute(insert(MatrixCell), [{"version_id": version_id, **asdict(cell)} for cell in cells])
    return len(cells), True


def _cells(tx: Connection, version_id: UUID) -> list[Cell]:
    return [Cell(*row) for row in tx.execute(_CELLS.where(MatrixCell.version_id == version_id))]


def ensure_matrix() -> None:
    """Load the packaged table into a house that has none (at `init`)."""
    with db.read() as tx:
        missing = tx.execute(ACTIVE).first() is None
    if missing:
        load_matrix(PACKAGED)


_opened: dict[UUID, Matrix] = {}


def matrix(version_id: UUID | None) -> Matrix:
    """A version of the table; versions never change, so each is read once per process. None: nothing is allowed."""
    if version_id is None:
        return Matrix()
    found = _opened.get(version_id)
    if found is None:
        with db.read() as tx:
            found = Matrix.of(_cells(tx, version_id))
        _opened.clear()  # only the newest is worth keeping
        _opened[version_id] = found
    return found


def active_matrix() -> Matrix:
    """The version in use."""
    with db.read() as tx:
        return matrix(tx.execute(ACTIVE).scalar())


def column_of(profession: str) -> str | None:
    """The matrix's column for a profession (`G15_10`) or specialty (`G15_10/SM04`).

    None where it does not apply: columns of functions do so only when the setting says so (U).
    """
    column = profession.partition("/")[0]
    role = column in ROLE_BASED or column.startswith("ROLE_")
    return None if role and not settings.current().role_based_access else column


def types_in(table: Mapping[str, frozenset[str]], profession: str) -> frozenset[str]:
    """What one of a matrix's tables gives a profession or specialty."""
    column = column_of(profession)
    return NOTHING if column is None else table.get(column, NOTHING)


def readable_types(profession: str) -> frozenset[str]:
    """The types a profession reads where it is given access."""
    return types_in(active_matrix().readable, profession)


def may_deposit(profession: str) -> frozenset[str]:
    """The types a profession may feed a record with: all but those of the patient, the insurer and the house.

    The matrix governs reading; the law lets whoever takes part in the care feed the record (habilitations.md 4).
    """
    return types_in(active_matrix().possible, profession)


def usually_deposits(profession: str) -> frozenset[str]:
    """The types natural to a profession, offered first."""
    return types_in(active_matrix().natural, profession)


@cache
def type_categories() -> dict[str, str]:
    """Type -> category (JDV_J06), as the table is laid out."""
    lines = CATEGORIES.read_text(encoding="utf-8").splitlines()
    return {row["document_type_code"]: row["class_code"] for row in csv.DictReader(lines)}


@dataclass(frozen=True, slots=True)
class Sight:
    """The types of one category that a profession reads, and those it does not."""

    seen: frozenset[str]
    unseen: frozenset[str]


def sight(profession: str, table: Matrix | None = None) -> Mapping[str, Sight]:
    """What a profession reads of each category, by class code; by the table in use unless it is given already."""
    return _sorted_by_category(types_in((table or active_matrix()).readable, profession))


@lru_cache(maxsize=64)
def _sorted_by_category(readable: frozenset[str]) -> Mapping[str, Sight]:
    """Of a row of the table; a list asks for the same few rows again and again."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for type_code, class_code in type_categories().items():
        kinds[class_code].add(type_code)
    return {code: Sight(frozenset(types & readable), frozenset(types - readable)) for code, types in kinds.items()}
