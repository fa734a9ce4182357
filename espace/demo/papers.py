"""What a document of the demo says, before it is a file: blocks of text, who wrote it, when, and who may not see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random
from typing import Any

Block = dict[str, Any]

YEARS = 8
"""How far back the documents go."""


class Form(StrEnum):
    """What the file is."""

    PDF = "application/pdf"
    TEXT = "text/plain"
    JPEG = "image/jpeg"
    PNG = "image/png"
    CDA = "text/xml"
    """A clinical document with its own narrative and coded values (level 3), no file inside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One document of the demo.

    `author` is a key of the directory, "" when the holder (or a parent) added it. `hidden`: from professionals.
    `secret`: from parents. `deposited`: by the professional on the site rather than by their software. `awaits`: it is
    to be announced to the person first. Papers of one `series` are versions of one document. `again`: who brings the
    same file once more, a few days later ("patient", or a key of the directory).
    """

    day: date
    type_code: str
    title: str
    author: str
    blocks: tuple[Block, ...]
    form: Form = Form.PDF
    hidden: bool = False
    secret: bool = False
    deposited: bool = False
    awaits: bool = False
    series: str = ""
    version: int = 1
    again: tuple[str, ...] = ()


def heading(text: str) -> Block:
    """A title inside the document."""
    return {"kind": "heading", "text": text}


def text(words: str) -> Block:
    """A paragraph."""
    return {"kind": "text", "text": words}


def items(*words: str) -> Block:
    """A list with bullets."""
    return {"kind": "list", "items": list(words)}


def prescription(*lines: tuple[str, str]) -> Block:
    """Products and how to take them."""
    return {"kind": "prescription", "items": [list(line) for line in lines]}


def table(head: tuple[str, ...], *rows: tuple[str, ...]) -> Block:
    """A table with its column names."""
    return {"kind": "table", "head": list(head), "rows": [list(row) for row in rows]}


def working(day: date) -> date:
    """The day itself, or the Monday after a Sunday."""
    return day + timedelta(days=1) if day.weekday() == 6 else day


def every(today: date, days: int, *, since: int, until: int = 0, chance: Random | None = None) -> Iterator[date]:
    """Working days, one each `days`, from `since` days ago up to `until` days ago; `chance` moves each a little."""
    for ago in range(since, until, -days):
        moved = chance.randint(0, min(days // 4, ago - until)) if chance else 0
        yield working(today - timedelta(days=ago - moved))


@dataclass(frozen=True, slots=True)
class Analyte:
    """One analysis of a series: its French name, unit and LOINC code (`lab_analytes.csv`), where it starts and wanders.

    `ucum` is the unit as machines write it, when people write it otherwise.
    """

    name: str
    unit: str
    start: float
    step: float
    digits: int = 2
    code: str = ""
    ucum: str = ""


HEAD = ("Analyse", "Résultat", "Unité", "Précédent")


class Series:
    """Successive results of the same analyses: each wanders from the one before. No range, no judgement."""

    def __init__(self, chance: Random, *analytes: Analyte) -> None:
        self._chance = chance
        self._analytes = analytes
        self._last: dict[str, float] = {}

    def next(self) -> Block:
        """The table of the next day of sampling."""
        rows, codes = [], []
        for each in self._analytes:
            before = self._last.get(each.name)
            centre = each.start if before is None else before + (each.start - before) * 0.3
            value = round(centre + self._chance.uniform(-each.step, each.step), each.digits)
            self._last[each.name] = value
            rows.append((each.name, _number(value, each), each.unit, _number(before, each)))
            codes.append([each.code, each.name, f"{value:.{each.digits}f}", each.ucum or each.unit])
        return {**table(HEAD, *rows), "codes": codes}


def _number(value: float | None, analyte: Analyte) -> str:
    return "–" if value is None else f"{value:.{analyte.digits}f}".replace(".", ",")
