"""Pages of a document as pictures and words: drawn by a child process, then kept sealed for a while.

What is kept lies in the throw-away area of storage, under the record's key: it goes with the key, with the record's
files, when nobody looked at it for a month, or when there is too much of it. A reader may be the first for whom a page
is drawn: keeping it then is no act of theirs, writes no row, and changes nothing that anybody sees.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid5

from sqlalchemy import bindparam, select

from espace import clock, crypto, db, storage
from espace.db import Id
from espace.documents.models import Document
from espace.documents.services.visibility import NOWHERE
from espace.errors import BusyError, NotFoundError
from espace.interop import drawing
from espace.interop.drawing import DrawingError, Drawn, Sheet

GROUP = 5
"""How many pages stand on one page of ours."""
AHEAD = 3
"""How many pages the worker draws when a document is filed."""
FRESH = timedelta(days=90)
"""Documents older than this when they are filed are drawn when somebody opens them: an import brings years of them."""
KEPT = timedelta(days=30)
MAX_KEPT = 2 * 1024**3
"""Bytes of drawn pages the house keeps."""
_AGAIN = timedelta(hours=1)
"""After which a page that could not be drawn is tried again."""
_WORKER_SECONDS = 20
_BUSY = "busy"
_FILE = select(Document.body_file_id, Document.body_media, Document.date).where(
    Document.record_id == bindparam("record", type_=Id),
    Document.id == bindparam("id", type_=Id),
    Document.state.not_in(NOWHERE),
)


@dataclass(frozen=True, slots=True)
class Sheets:
    """Some pages without their pictures, how many there are in all, and why the next one does not come (or nothing).

    `failed` is a kind of `DrawingError`, or `busy`. `undrawn` are the pages of which there will be no picture.
    """

    pages: int
    rows: tuple[Sheet, ...]
    failed: str = ""
    undrawn: frozenset[int] = frozenset()


class Readable(Protocol):
    """An opened file to be looked at: a document's, or one of a message."""

    @property
    def media(self) -> str:
        """What its content is."""

    @property
    def reader(self) -> storage.Reader:
        """Its bytes."""


def can_draw(media: str) -> bool:
    """Whether files of this type have pages to be looked at."""
    return media in drawing.DRAWN or media in drawing.READ


def sheets(content: Readable, first: int, count: int = GROUP) -> Sheets:
    """Pages `first` and after: their sizes and their words; up to `count` of them, as far as they can be read."""
    keeper = _Keeper(content.reader)
    found = keeper.sheets(first, count)
    missing = first + len(found.rows)
    end = first + count if not found.pages else min(first + count, found.pages + 1)
    if missing < end and not found.failed:
        try:
            drawn = keeper.draw(content.media, missing, end - missing, [missing])
        except BusyError:
            return replace(found, failed=_BUSY)
        whole = _is_whole(drawn, missing, end - missing)
        found = Sheets(drawn.pages, (*found.rows, *drawn.sheets), "" if whole else drawn.failed)
    undrawn = {sheet.number for sheet in found.rows if sheet.width and keeper.fault("page", sheet.number)}
    return replace(found, undrawn=frozenset(undrawn))


def picture(content: Readable, number: int, *, wide: bool = False) -> bytes:
    """One page as a picture (WebP).

    Raises:
        NotFoundError: when there is no such page.
        DrawingError: when it cannot be drawn.
        BusyError: when too much is being drawn now.
    """
    if content.media not in drawing.DRAWN or not 1 <= number <= drawing.MAX_PAGES:
        raise NotFoundError
    keeper = _Keeper(content.reader)
    kept = keeper.picture(number, wide=wide)
    if kept is not None:
        return kept
    failed = keeper.fault(_size(wide=wide), number) or keeper.fault("sheet", number)
    if failed is not None:
        raise DrawingError(failed.failed)
    drawn = keeper.draw(content.media, number, 1, [number], wide=wide)
    if number in drawn.pictures:
        return drawn.pictures[number]
    if drawn.failed:
        raise DrawingError(drawn.failed)
    raise NotFoundError


def prepare(record_id: UUID, document_id: UUID) -> None:
    """Draw the first pages of a fresh document that was filed, so that nobody waits for them. Twice is fine.

    A document that cannot be drawn, or that is gone meanwhile, is left alone.
    """
    with db.read() as tx:
        row = tx.execute(_FILE, {"record": record_id, "id": document_id}).first()
        if row is None or not can_draw(row.body_media) or row.date < clock.today() - FRESH:
            return
        reader = storage.current().open(tx, record_id, row.body_file_id)
    keeper = _Keeper(reader)
    if keeper.sheet(1) is None:
        pictures = range(1, AHEAD + 1) if row.body_media in drawing.DRAWN else ()
        keeper.draw(row.body_media, 1, GROUP, pictures, seconds=_WORKER_SECONDS)


def sweep() -> int:
    """Forget pages nobody looked at, and the oldest when there are too many; gives how many."""
    return storage.current().throwaway.sweep(KEPT.total_seconds(), MAX_KEPT)


@dataclass(frozen=True, slots=True)
class _Keeper:
    """What is kept of the pages of one file."""

    reader: storage.Reader

    def sheets(self, first: int, count: int) -> Sheets:
        """What is known of pages `first` and after, up to the first of which nothing is."""
        rows: list[Sheet] = []
        pages, end = 0, first + count
        while first + len(rows) < end:
            known = self.sheet(first + len(rows))
            if known is None:
                break
            pages = known.pages
            if known.failed:
                return Sheets(pages, tuple(rows), known.failed)
            rows += known.rows
            end = min(end, pages + 1)
        return Sheets(pages, tuple(rows))

    def sheet(self, number: int) -> Sheets | None:
        """What is known of one page: itself, or why it does not come."""
        kept = self._get("sheet", number)
        if kept is None:
            return self.fault("sheet", number)
        facts = json.loads(kept)
        return Sheets(facts["pages"], (Sheet(number, facts["width"], facts["height"], facts["text"]),))

    def fault(self, what: str, number: int) -> Sheets | None:
        """Why this did not come when it was tried a short time ago."""
        kept = self._get(f"no {what}", number)
        if kept is None:
            return None
        facts = json.loads(kept)
        tried = datetime.fromisoformat(facts["at"])
        return Sheets(facts["pages"], (), facts["failed"]) if tried <= clock.now() < tried + _AGAIN else None

    def picture(self, number: int, *, wide: bool) -> bytes | None:
        """One page as it was drawn before."""
        return self._get(_size(wide=wide), number)

    def draw(
        self,
        media: str,
        first: int,
        count: int,
        pictures: Sequence[int],
        *,
        wide: bool = False,
        seconds: int = drawing.SECONDS,
    ) -> Drawn:
        """Draw pages and keep what came, the fault that stopped them included."""
        drawn = drawing.draw(
            self.reader.read_all(),
            media,
            first=first,
            count=count,
            pictures=list(pictures),
            width=drawing.WIDE if wide else drawing.WIDTH,
            seconds=seconds,
        )
        self._keep(drawn, first, count, pictures, _size(wide=wide))
        return drawn

    def _keep(self, drawn: Drawn, first: int, count: int, pictures: Sequence[int], size: str) -> None:
        with db.read() as tx:
            if not crypto.current().has_key(tx, self.reader.owner):
                return  # erased meanwhile
        if size == "page":  # the sizes that are shown are those of the narrow picture
            for sheet in drawn.sheets:
                self._put("sheet", sheet.number, {**asdict(sheet), "pages": drawn.pages})
        for number, content in drawn.pictures.items():
            self._put(size, number, content)
        if drawn.failed:
            whole = _is_whole(drawn, first, count)
            what, number = (size, _next(drawn, pictures)) if whole else ("sheet", first + len(drawn.sheets))
            failed = {"pages": drawn.pages, "failed": drawn.failed, "at": clock.now().isoformat()}
            self._put(f"no {what}", number, failed)

    def _key(self, what: str, number: int) -> UUID:
        return uuid5(self.reader.file_id, f"{what} {number}")

    def _get(self, what: str, number: int) -> bytes | None:
        with db.read() as tx:
            return storage.current().throwaway.get(tx, self.reader.owner, self._key(what, number))

    def _put(self, what: str, number: int, content: bytes | dict[str, Any]) -> None:
        written = content if isinstance(content, bytes) else json.dumps(content).encode()
        with db.read() as tx:
            storage.current().throwaway.put(tx, self.reader.owner, self._key(what, number), written)


def _size(*, wide: bool) -> str:
    return "wide" if wide else "page"


def _is_whole(drawn: Drawn, first: int, count: int) -> bool:
    """Whether every page asked for came, if not every picture."""
    return len(drawn.sheets) == max(min(count, drawn.pages + 1 - first), 0) and drawn.pages > 0


def _next(drawn: Drawn, pictures: Sequence[int]) -> int:
    """The first picture that did not come."""
    return next((number for number in pictures if number not in drawn.pictures), 0)
