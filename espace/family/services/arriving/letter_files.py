"""Where activation letters go: a sheet for a printer's own layout (.csv), one document (.pdf), or a folder of them.

Every file is made for its owner's eyes only and never over an existing one. A code is on the disk before the person's
transaction ends, as it is known nowhere else: documents are typeset at the end, from a journal that is taken up again
when the import was cut short, and removed once every letter is on paper.
"""

import csv
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from errno import EEXIST
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO
from uuid import UUID

from espace.import_report import UnreadableError

from .letters import Letter, letters_pdf

PAGES_PER_FILE = 1000
"""A longer list fills further files: typesetting holds all pages of a document in memory."""


class LetterFiles(ABC):
    """Takes the letters of an import, one by one."""

    @abstractmethod
    def add(self, letter: Letter) -> None:
        """Keep one letter, durably."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; what was kept so far is whole, whatever happened."""


def letter_files(path: Path) -> LetterFiles:
    """The files at `path`: its ending chooses.

    Raises:
        UnreadableError: when they cannot be made.
    """
    try:
        if path.suffix.lower() == ".csv":
            return _Sheet(path)
        if path.suffix.lower() == ".pdf":
            return _Batch(path)
        return _Folder(path)
    except OSError as error:
        raise UnreadableError(f"{path}: the letters cannot be written: {error.strerror}") from None


class _Sheet(LetterFiles):
    """One line a letter. Neither INS nor birth date: whoever finds the file alone cannot use it (rules.md SE-7)."""

    def __init__(self, path: Path) -> None:
        self._file = _new(path)
        self._rows = csv.writer(self._file)
        self._rows.writerow(["line", "name", "code"])

    def add(self, letter: Letter) -> None:
        self._rows.writerow([letter.line, letter.name, letter.code])
        _through(self._file)

    def __exit__(self, *_: object) -> None:
        self._file.close()


class _Journal(LetterFiles):
    """Letters waiting to be typeset, one a line."""

    def __init__(self, path: Path) -> None:
        if path.is_symlink():
            raise FileExistsError(EEXIST, "File exists")
        self._path = path
        self.letters = _read(path) if path.exists() else []
        self._file = path.open("a", encoding="utf-8") if self.letters else _new(path, again=True)

    def add(self, letter: Letter) -> None:
        facts = asdict(letter) | {
            "person_id": str(letter.person_id),
            "opens_on": letter.opens_on.isoformat(),
            "made_on": letter.made_on.isoformat(),
        }
        self._file.write(json.dumps(facts, ensure_ascii=False) + "\n")
        _through(self._file)
        self.letters.append(letter)

    def __exit__(self, *_: object) -> None:
        self._file.close()
        # A letter whose person could not be written in the end carries a code that opens nothing.
        good = [letter for letter in self.letters if letter.is_good]
        try:
            self.typeset(sorted(good, key=lambda letter: letter.line))
        except OSError as error:
            raise UnreadableError(
                f"the letters cannot be written: {error.strerror}. The codes are kept in {self._path.name}: "
                "make room, and run the import again with the same --letters"
            ) from None
        self._path.unlink()

    @abstractmethod
    def typeset(self, letters: Sequence[Letter]) -> None:
        """Put the letters on paper."""


class _Batch(_Journal):
    """One document with a page for each letter; a long list fills `name-2.pdf` and so on."""

    def __init__(self, path: Path) -> None:
        journal = path.with_name(f"{path.name}.journal")
        if path.exists() and not journal.exists():
            raise FileExistsError(EEXIST, "File exists")
        self._target = path
        super().__init__(journal)

    def typeset(self, letters: Sequence[Letter]) -> None:
        for at in range(0, len(letters), PAGES_PER_FILE):
            _write(self._target, letters_pdf(letters[at : at + PAGES_PER_FILE]))


class _Folder(_Journal):
    """A document for each letter, named after the day and the person's line in the list."""

    def __init__(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = path
        super().__init__(path / "letters.journal")

    def typeset(self, letters: Sequence[Letter]) -> None:
        for letter in letters:
            _write(self._folder / f"{letter.made_on:%Y-%m-%d}-line-{letter.line}.pdf", letters_pdf([letter]))


def _new(path: Path, *, again: bool = False) -> TextIO:
    """A new file, readable by its owner only; `again` takes an empty one that is left over."""
    exclusive = 0 if again and path.exists() and path.stat().st_size == 0 else os.O_EXCL
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | exclusive | os.O_NOFOLLOW, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


def _through(file: TextIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _write(path: Path, content: bytes) -> None:
    """A document under this name, or the first free one after it."""
    number, free = 1, path
    while True:
        try:
            descriptor = os.open(free, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            break
        except FileExistsError:
            number += 1
            free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> list[Letter]:
    """The letters of a journal; a line cut short by a crash belongs to a person who was not written."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            facts: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        facts |= {
            "person_id": UUID(facts["person_id"]),
            "address": tuple(facts["address"]),
            "opens_on": date.fromisoformat(facts["opens_on"]),
            "made_on": date.fromisoformat(facts["made_on"]),
        }
        found.append(Letter(**facts))
    return found
