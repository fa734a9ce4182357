"""Insurers' lists for tests: invented people with valid numbers."""

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from stdnum.fr import nir

from espace.family.services.arriving.beneficiary_lines import COLUMNS

Row = dict[str, str]


def ins_of(sex: str, birth: date, place: str = "75056", order: int = 1) -> str:
    """A NIR that agrees with sex and birth; its place is the department and town of `place` (Corsica: 2A, 2B)."""
    body = f"{1 if sex == 'M' else 2}{birth:%y%m}{place}{order:03d}"
    return body + str(nir.calc_check_digits(body))


def person(sex: str = "F", birth: str = "1984-05-17", order: int = 1, **others: str) -> Row:
    """One good line; `others` are columns to set otherwise."""
    place = others.get("birth_place", "75056")
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "ins": ins_of(sex, date.fromisoformat(birth), place, order),
        "birth_name": "FONTENAY",
        "first_names": "Claire Marie",
        "sex": sex,
        "birth_date": birth,
        "birth_place": place,
    }
    return row | others


def write(
    path: Path, rows: Iterable[Mapping[str, str]], *, encoding: str = "utf-8", columns: Iterable[str] = COLUMNS
) -> Path:
    """A list file of these lines."""
    with path.open("w", encoding=encoding, newline="") as file:
        sheet = csv.DictWriter(file, list(columns), extrasaction="ignore", lineterminator="\n")
        sheet.writeheader()
        sheet.writerows(rows)
    return path
