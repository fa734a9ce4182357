"""What stands in the middle of a document's page: its pages as pictures, its words, or why neither can be shown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from espace.interop import cda_view, media
from espace.interop.cda import CdaError
from espace.interop.cda_view import CdaView
from espace.interop.drawing import MAX_PAGES, MOST_WORDS, Sheet
from espace.words import N_

from . import drawing
from .drawing import Readable, Sheets

MAX_WORDS = 24_000
"""Characters of the text layers on one page of ours: it stays light on a phone (performance.md)."""
MAX_SOURCE = 20_000
DICOM = "application/dicom"
_KINDS = {
    media.PDF: "PDF",
    media.JPEG: "JPEG",
    media.PNG: "PNG",
    media.TIFF: "TIFF",
    media.HEIC: "HEIC",
    media.TEXT: "TXT",
    media.RTF: "RTF",
    media.XML: "XML",
    DICOM: "DICOM",
}
_FAULTS = {
    "encrypted": N_("This file is locked by a password. Download it, then open it with its password."),
    "broken": N_("This file is damaged: it cannot be shown here. Download it to try another program."),
    "too-heavy": N_("This file takes too much to be shown here. Download it to read it."),
    "too-slow": N_("This file takes too much to be shown here. Download it to read it."),
    "busy": N_("Many documents are being drawn right now. Open this page again in a moment, or download the document."),
}
PAGE_FAULT = N_("Page %(number)s cannot be shown here. Download the document to read it.")
_UNKNOWN = N_("This kind of file cannot be shown here. It is kept as it came: download it to read it.")
_IMAGING = N_(
    "These are images in the format of imaging machines (DICOM). They are kept as they came: download them and "
    "open them with a program for such images."
)
_UNREADABLE = N_("This document cannot be laid out. Here is what it holds, as it came.")


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a document. `earlier` and `later` are the first pages of what lies around, 0 for nothing.

    `source` is the text of a file whose words cannot be laid out, `fault` the sentence that says what is missing.
    """

    sheets: Sequence[Sheet] = ()
    pages: int = 0
    cda: CdaView | None = None
    source: str = ""
    fault: str = ""
    faulty_page: int = 0
    undrawn: frozenset[int] = frozenset()
    earlier: int = 0
    later: int = 0

    @property
    def is_drawn(self) -> bool:
        """Whether its pages are pictures."""
        return any(sheet.width for sheet in self.sheets)

    @property
    def first(self) -> int:
        """The first page shown, 0 for none."""
        return self.sheets[0].number if self.sheets else 0

    @property
    def last(self) -> int:
        """The last page shown, 0 for none."""
        return self.sheets[-1].number if self.sheets else 0


class Showable(Readable, Protocol):
    """An opened file to be laid out on a page, for a reader from whom the names of places may be kept."""

    @property
    def pages(self) -> int:
        """How many there are; 0 when that is not known."""

    @property
    def places_kept(self) -> bool:
        """See `permissions.Standing`."""


def kind_word(kind: str) -> str:
    """How people call a type of file; empty for one without a name."""
    return _KINDS.get(kind, "")


def is_cut(sheet: Sheet) -> bool:
    """Whether a page has more words than are kept of it."""
    return len(sheet.text) >= MOST_WORDS


def shown(content: Showable, first: int, count: int, *, words: bool = True) -> Shown:
    """Pages `first` and after of a document, `count` at most; fewer when they hold many words."""
    kind = content.media
    if kind == media.XML:
        return _of_xml(content)
    if not drawing.can_draw(kind):
        return Shown(fault=_IMAGING if kind == DICOM else _UNKNOWN)
    last = content.pages if kind == media.PDF else 0  # of the others, only the file knows
    first = min(max(first, 1), last or MAX_PAGES)
    found = drawing.sheets(content, first, count)
    if not found.rows and not found.failed and found.pages:
        found = drawing.sheets(content, found.pages, count)  # asked for a page beyond the last
    rows = _light(found.rows) if words else found.rows
    if len(rows) < len(found.rows):
        found = replace(found, rows=tuple(rows), failed="")
    return _placed(found, count, first)


def _placed(found: Sheets, count: int, first: int) -> Shown:
    rows, pages, failed = found.rows, found.pages, found.failed
    begun = rows[0].number if rows else min(first, max(pages, 1))
    after = rows[-1].number + 1 if rows else begun
    faulty = 0
    fault = _FAULTS.get(failed, _FAULTS["broken"]) if failed else ""
    if failed and failed != "busy" and pages > 1:
        fault, faulty = PAGE_FAULT, after
        after += 1
    return Shown(
        sheets=rows,
        pages=pages,
        fault=fault,
        faulty_page=faulty,
        undrawn=found.undrawn,
        earlier=max(begun - count, 1) if begun > 1 else 0,
        later=after if after <= pages and (rows or faulty) else 0,
    )


def _light(rows: Sequence[Sheet]) -> Sequence[Sheet]:
    """The first pages, as many as their words allow, one at least."""
    total = 0
    for index, sheet in enumerate(rows):
        total += len(sheet.text)
        if index and total > MAX_WORDS:
            return rows[:index]
    return rows


def _of_xml(content: Showable) -> Shown:
    """A CDA laid out; any other XML, or a damaged one, as the text it is."""
    given = content.reader.read_all()
    try:
        view = cda_view.read(given)
        return Shown(cda=replace(view, head=cda_view.unplaced(view.head)) if content.places_kept else view)
    except CdaError:
        return Shown(source=media.decode_text(given)[:MAX_SOURCE], fault=_UNREADABLE)
