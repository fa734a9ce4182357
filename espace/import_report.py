"""What every import tells at its end: the same words on a terminal and in `--json` (design section 4)."""

import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from .errors import EspaceError


class UnreadableError(EspaceError):
    """The file as a whole cannot be read; its message says why, and nothing was written."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry that was not taken in: where it stands in the input, and why, without a word of its content."""

    where: str
    reason: str


def named(where: str) -> str:
    """A name from outside as it can be kept, printed and sent: what is no character, or steers a terminal, is replaced.

    Names of files are bytes: those that another system wrote in its own encoding are no text here.
    """
    odd = {character for character in where if unicodedata.category(character)[0] == "C" or character in "\u2028\u2029"}
    return where.translate(dict.fromkeys(map(ord, odd), "\N{REPLACEMENT CHARACTER}"))


@dataclass(slots=True)
class Report:
    """Counts of one import. `notes` are for people only: they change nothing in what was done."""

    read: int = 0
    done: int = 0
    unchanged: int = 0
    quarantined: list[Entry] = field(default_factory=list)
    refused: list[Entry] = field(default_factory=list)
    notes: list[Entry] = field(default_factory=list)

    def refuse(self, where: str, reason: str) -> None:
        """Count an entry that was not taken in."""
        self.refused.append(Entry(named(where), reason))

    def quarantine(self, where: str, reason: str) -> None:
        """Count an entry that waits for someone's decision."""
        self.quarantined.append(Entry(named(where), reason))

    def note(self, where: str, reason: str) -> None:
        """Say something about an entry that was taken in."""
        self.notes.append(Entry(named(where), reason))

    def sort(self) -> None:
        """Put the entries in the order of the input, for an import that went through it in another."""
        for entries in (self.quarantined, self.refused, self.notes):
            entries.sort(key=lambda each: [int(n) for n in re.findall(r"\d+", each.where)])

    def as_json(self) -> str:
        """The machine's summary."""

        def plain(entries: list[Entry]) -> list[dict[str, str]]:
            return [{"where": each.where, "reason": each.reason} for each in entries]

        return json.dumps(
            {
                "read": self.read,
                "done": self.done,
                "unchanged": self.unchanged,
                "quarantined": plain(self.quarantined),
                "refused": plain(self.refused),
            },
            ensure_ascii=False,
        )

    def as_text(self) -> Iterator[str]:
        """The summary for people, line by line."""
        for title, entries in (("Quarantined", self.quarantined), ("Refused", self.refused), ("To know", self.notes)):
            if entries:
                yield f"{title}:"
                yield from (f"  {each.where}: {each.reason}" for each in entries)
        yield (
            f"Read {self.read}, done {self.done}, unchanged {self.unchanged}, "
            f"quarantined {len(self.quarantined)}, refused {len(self.refused)}."
        )


class Progress:
    """A line that counts on a terminal, rewritten at every hundredth entry; silent everywhere else."""

    def __init__(self, stream: TextIO, every: int) -> None:
        self._stream = stream
        self._every = every
        self._shown = False

    def __call__(self, read: int) -> None:
        """Say how many entries were read."""
        if self._stream.isatty() and read % self._every == 0:
            self._stream.write(f"\r{read} read")
            self._stream.flush()
            self._shown = True

    def end(self) -> None:
        """Leave the line clean."""
        if self._shown:
            self._stream.write("\r\033[K")
            self._stream.flush()


@contextmanager
def progress(every: int = 100) -> Iterator[Progress]:
    """Count on standard error while the block runs."""
    shown = Progress(sys.stderr, every)
    try:
        yield shown
    finally:
        shown.end()


def show(report: Report, *, as_json: bool) -> None:
    """Print the summary: JSON alone on standard output for programs, sentences for people."""
    sys.stdout.write(report.as_json() + "\n" if as_json else "".join(f"{line}\n" for line in report.as_text()))
