"""Insurer's files of care for tests: invented lines of real people of a test's house."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from espace.documents.services.care_history import COLUMNS, import_care_history
from espace.import_report import Report
from tests.support.build import Citizen

Row = dict[str, str]


def line(whose: Citizen, reference: str = "R1", day: str = "2026-09-14", **others: str) -> Row:
    """One good line; `others` are columns to set otherwise."""
    row = {
        "ins": whose.ins,
        "birth_date": whose.birth_date.isoformat(),
        "reference": reference,
        "date": day,
        "kind": "consultation",
        "label": "Consultation de médecine générale",
        "professional": "Dr Hélène Morvan",
        "place": "Cabinet des Tilleuls",
        "amount": "30.00",
        "base": "30.00",
        "reimbursed": "19.00",
    }
    return dict.fromkeys(COLUMNS, "") | row | others


def write(path: Path, rows: Iterable[Mapping[str, str]], columns: Iterable[str] = COLUMNS) -> Path:
    """A file of these lines."""
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, list(columns), extrasaction="ignore", lineterminator="\n")
        sheet.writeheader()
        sheet.writerows(rows)
    return path


def bring(*rows: Row, columns: Iterable[str] = COLUMNS) -> Report:
    """Bring these lines in."""
    with TemporaryDirectory() as folder:
        return import_care_history(write(Path(folder, "care.csv"), rows, columns))
