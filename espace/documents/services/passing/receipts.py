"""The receipt of a counter code: what its professional read and deposited while it was open, as its reader may know."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from espace.access.services.passing.codes import CodeLine
from espace.audit import services as audit
from espace.audit.services import Action, Entry
from espace.documents.services.deciding.telling import Telling, tellings
from espace.permissions import Relation, Standing

_READ = frozenset({Action.DOCUMENT_OPENED, Action.DOWNLOADED})
_PAGE = 60
_MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class Told:
    """One document of a receipt, under the title it had, and when it was first opened or deposited."""

    id: UUID
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was opened, what was deposited, oldest first, and whether the list of documents was looked at."""

    read: tuple[Told, ...]
    deposited: tuple[Told, ...]
    listed: bool


def receipt(standing: Standing, line: CodeLine) -> Receipt:
    """What happened while a code was open. Documents this reader may not know of leave no gap (R13)."""
    if line.professional_id is None or line.used_at is None or line.until is None:
        return Receipt((), (), listed=False)
    entries = _within(standing.record_id, line.professional_id, line.used_at, line.until)
    if standing.relation is not Relation.HOLDER:
        entries = [entry for entry in entries if not entry.is_secret]  # a minor's secret care (rules.md MI-7)
    ids = {UUID(thing["id"]) for entry in entries for thing in entry.objects if "type" in thing and "title" in thing}
    now = tellings(standing, ids)
    known = {one for one, telling in now.items() if telling is Telling.WHOLE}
    return Receipt(
        read=_told((entry for entry in entries if entry.action in _READ), known),
        deposited=_told((entry for entry in entries if entry.action is Action.DOCUMENT_DEPOSITED), known),
        listed=any(entry.action is Action.DOCUMENTS_LISTED for entry in entries),
    )


def _within(chain: UUID, professional: UUID, start: datetime, end: datetime) -> list[Entry]:
    """The professional's acts on the record in that time, oldest first."""
    found: list[Entry] = []
    before: int | None = None
    for _ in range(_MOST_PAGES):
        page = audit.entries(chain, mine=True, holder_actor_ids=[professional], before=before, limit=_PAGE)
        found += [entry for entry in page if start <= entry.at <= end]
        if len(page) < _PAGE or page[-1].at < start:
            break
        before = page[-1].sequence
    return found[::-1]


def _told(entries: Iterable[Entry], known: set[UUID]) -> tuple[Told, ...]:
    found: dict[UUID, Told] = {}
    for entry in entries:
        for thing in entry.objects:
            if (one := UUID(thing["id"])) in known:
                found.setdefault(one, Told(one, thing["title"], entry.at))
    return tuple(found.values())
