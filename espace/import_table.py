"""A CSV table from outside, read line by line: every field checked, every problem named, none of its content repeated.

A quote that is not closed spoils its own line only, and a wrong file is refused before anything is written.
"""

import csv
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from .identifiers import Ins, WrongInsError, parse_ins
from .import_report import UnreadableError

LONGEST_LINE = 16_384
"""Characters of one line at most."""
_Value = TypeVar("_Value")
_WRONG_INS = {
    "length": "{} characters where an INS has 15, with its key",
    "form": "it does not have the form of an INS",
    "key": "the key is wrong",
}


class FieldError(ValueError):
    """What is wrong with one field; the message never repeats what the field holds."""


class LineError(ValueError):
    """A line that cannot be taken in; the message names every problem found."""


def header_of(path: Path, columns: Sequence[str]) -> list[str]:
    """Read the whole file once, so that a wrong one is refused before anything is written; gives its header.

    Raises:
        UnreadableError: when it is no UTF-8 text, or `columns` do not all stand in its first line.
    """
    header, number = "", 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if b"\0" in line:
                    raise UnreadableError(f"line {number} holds NUL bytes: the file is not UTF-8 text")
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                header = header or text
    except OSError as error:
        raise UnreadableError(f"the file cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableError(f"line {number} is not UTF-8 text") from None
    return _named(header, columns)


def _named(text: str, columns: Sequence[str]) -> list[str]:
    if not text.strip():
        raise UnreadableError("the file is empty")
    try:
        header = [name.strip().lower() for name in split(text)]
    except LineError as error:
        raise UnreadableError(f"line 1: {error}") from None
    if len(header) == 1 and ";" in text:
        raise UnreadableError("the columns must be separated by commas, not semicolons")
    missing = [name for name in columns if name not in header]
    if missing:
        raise UnreadableError(f"missing columns: {', '.join(missing)}")
    if len(set(header)) != len(header):
        raise UnreadableError("a column stands twice in the header")
    return header


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """The lines below the header that are not blank, each with its number in the file."""
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        next(file)
        for number, line in enumerate(file, start=2):
            if line.strip():
                yield number, line.rstrip("\r\n")


def split(text: str) -> list[str]:
    """The fields of one line of CSV; a quote that is not closed spoils this line only.

    Raises:
        LineError: when the quotes make no sense.
    """
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        raise LineError("the quotes of this line make no sense") from None


def values_of(header: Sequence[str], line: str) -> dict[str, str]:
    """The fields of one line by their column, tidied.

    Raises:
        LineError: when it is too long, its quotes make no sense, or it has another number of fields.
    """
    if len(line) > LONGEST_LINE:
        raise LineError("the line is too long")
    return named_values(header, split(line))


def named_values(header: Sequence[str], fields: Sequence[str]) -> dict[str, str]:
    """Fields by their column, tidied.

    Raises:
        LineError: when there are more or fewer of them than columns.
    """
    if len(fields) != len(header):
        raise LineError(f"{len(fields)} fields where the header has {len(header)}")
    return {name: tidy(field) for name, field in zip(header, fields, strict=True)}


def tidy(text: str) -> str:
    """Composed letters and single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


class FieldReader:
    """Reads fields one by one and keeps every problem, so that a line is corrected in one go."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.problems: list[str] = []

    def read(self, name: str, parse: Callable[[str], _Value], *, optional: bool = False) -> _Value | None:
        """The value of one column; None when it is empty or wrong."""
        text = self._values.get(name, "")
        if not text:
            if not optional:
                self.problems.append(f"{name}: it is missing")
            return None
        try:
            return parse(text)
        except FieldError as error:
            self.problems.append(f"{name}: {error}")
            return None


def read_ins(text: str) -> Ins:
    """An INS with its key.

    Raises:
        FieldError: saying what is wrong with it.
    """
    try:
        return parse_ins(text)
    except WrongInsError as error:
        raise FieldError(_WRONG_INS[error.why].format(error.digits)) from None


def read_day(text: str) -> date:
    """A civil day in ISO form.

    Raises:
        FieldError: when it is none, or does not exist.
    """
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        raise FieldError("a date like 1979-03-21 is expected")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FieldError("this day does not exist") from None
