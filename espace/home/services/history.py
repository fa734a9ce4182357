"""Who did what in a record, newest first, page by page."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from espace import clock, db
from espace.audit import services as audit
from espace.audit.services import Action, Entry
from espace.documents import services as documents
from espace.documents.services import Telling, care_history
from espace.people import services as people
from espace.permissions import ActorKind, Relation, Standing

from .trace import traced

PAGE = 30
_SIGN_INS = 10
_VISITS = 3
_RECENT = 12  # acts looked through for them: the house's own and mere readings are passed over
_READINGS = frozenset(
    {
        Action.DOCUMENTS_LISTED,
        Action.DOCUMENTS_SEARCHED,
        Action.DOCUMENT_OPENED,
        Action.DOWNLOADED,
        Action.CARE_READ,
        Action.CARE_SEARCHED,
        Action.PATIENT_PAGE_OPENED,
        Action.RECORD_HOME_OPENED,
        Action.HISTORY_READ,
        Action.ACCESSES_READ,
        Action.RESULT_DELAYS_READ,
        Action.OPERATOR_PAGE_OPENED,
    }
)
_LOOKS = frozenset(
    {
        Action.DOCUMENTS_LISTED,
        Action.DOCUMENTS_SEARCHED,
        Action.CARE_READ,
        Action.CARE_SEARCHED,
        Action.RECORD_HOME_OPENED,
    }
)
"""Readings that happen whatever is there to be read."""
_ROUTINE = frozenset({Action.RECORD_HOME_OPENED, Action.HISTORY_READ})


@dataclass(frozen=True, slots=True)
class Shown:
    """An act, or several alike of one person in one day told as one; `since` is when the first of them was.

    `profession` is the everyday name of what the person is.
    """

    entry: Entry
    since: datetime
    profession: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some acts, and the sequence after which older ones follow (None: these are the oldest)."""

    acts: tuple[Shown, ...]
    before: int | None


def history(standing: Standing, *, mine: bool, before: int | None = None) -> Page:
    """The acts of others on a record, or one's own, before sequence `before`.

    One's own first page also tells the latest sign-ins to one's account. Reading the history of somebody else's
    record is itself an act.
    """
    return traced(standing, Action.HISTORY_READ, lambda: _page(standing, mine=mine, before=before), _span)


def last_visits(standing: Standing) -> tuple[Shown, ...]:
    """The latest acts of professionals and relatives on a record, for its home."""
    found = _told_entries(standing, mine=False, before=None, count=_RECENT)
    visits = [e for e in found if e.actor_kind != ActorKind.SYSTEM and e.action not in _ROUTINE]
    return tuple(_told(visits)[:_VISITS])


def _page(standing: Standing, *, mine: bool, before: int | None) -> Page:
    with db.read():
        found = _told_entries(standing, mine=mine, before=before, count=PAGE + 1)
        more = found[PAGE:]
        next_before = found[PAGE - 1].sequence if more else None
        found = _with_names(found[:PAGE])
        if mine and before is None and standing.relation is Relation.HOLDER:
            oldest = found[-1].at if more and found else None
            found += [e for e in _sign_ins(standing) if oldest is None or e.at >= oldest]
            found.sort(key=lambda entry: entry.at, reverse=True)
    return Page(tuple(_told(found)), next_before)


def _span(page: Page) -> list[dict[str, str]]:
    """What a reader of the history was shown, for the row that tells it."""
    return [{"kind": "acts", "id": str(act.entry.sequence)} for act in page.acts]


def _told_entries(standing: Standing, *, mine: bool, before: int | None, count: int) -> list[Entry]:
    """The next `count` acts this reader may know of: what is left out leaves no shorter page behind (R13)."""
    told: list[Entry] = []
    while len(told) < count:
        found = _entries(standing.record_id, standing, mine=mine, before=before, limit=count)
        told += _tellable(found, standing)
        if len(found) < count:
            break
        before = found[-1].sequence
    return told[:count]


def _tellable(entries: list[Entry], standing: Standing) -> list[Entry]:
    """Without what this reader must not know of: a document to be announced, a minor's secret care (AR-15, MI-6).

    An act on such documents only is left out whole: that it happened would tell that they exist. A page that was
    looked at anyway, whatever stood on it, stays told: that it is not would tell the same; but not what was listed
    beside a document only because it has other versions, where one may not know of it or of them. How things stand
    now counts: what was announced since is told with all that was done to it before. Of a result that waits to be
    read the title is not told.
    """
    ids = {one for entry in entries for thing in entry.objects if (one := _document_id(thing))}
    ids |= {one for entry in entries if (one := _beside(entry))}
    now = documents.tellings(standing, ids)
    gone = care_history.left_out(standing, {one for one in ids if one not in now} & _care_ids(entries))
    told = []
    for entry in entries:
        here = [thing for thing in entry.objects if _document_id(thing) not in gone]
        things = tuple(seen for thing in here if (seen := _seen(thing, now, standing)) is not None)
        if _is_told(entry, things, now):
            told.append(replace(entry, objects=things))
    return told


def _is_told(entry: Entry, things: tuple[dict[str, str], ...], now: Mapping[UUID, Telling]) -> bool:
    beside = _beside(entry)
    if beside is not None:
        return bool(things) and now.get(beside) is Telling.WHOLE
    return bool(things) or not entry.objects or entry.action in _LOOKS


def _beside(entry: Entry) -> UUID | None:
    """The document beside whose words others were listed, for such a row."""
    written = entry.detail.get(documents.BESIDE)
    return UUID(written) if written else None


def _care_ids(entries: list[Entry]) -> set[UUID]:
    """The lines of the care history that acts are about."""
    things = (thing for entry in entries for thing in entry.objects if thing.get("type") == care_history.TYPE)
    return {one for thing in things if (one := _document_id(thing)) is not None}


def _document_id(thing: Mapping[str, str]) -> UUID | None:
    """The id of a thing that has a title, as documents have."""
    return _id(thing.get("id", "")) if "title" in thing and "type" in thing else None


@lru_cache(maxsize=2048)
def _id(written: str) -> UUID | None:
    """An id as it was written down, if it is one: each look at a list names sixty, mostly those of the look before."""
    try:
        return UUID(written)
    except ValueError:
        return None


def _seen(thing: dict[str, str], now: Mapping[UUID, Telling], standing: Standing) -> dict[str, str] | None:
    """A thing as this reader may know it; None for one they must not know of.

    What is no document here (a line of care, something set aside) was marked when it was written down.
    """
    document_id = _document_id(thing)
    telling = now.get(document_id) if document_id else None
    if telling is None:
        secret = {"patient_invisible"}
        if standing.relation is Relation.REPRESENTATIVE:
            secret.add("representatives_invisible")
        return thing if secret.isdisjoint(thing) else None
    if telling is Telling.UNNAMED:
        return {"id": thing["id"], "type": thing["type"], "title": ""}
    return thing if telling is Telling.WHOLE else None


def _entries(chain: UUID, standing: Standing, *, mine: bool, before: int | None, limit: int) -> list[Entry]:
    return audit.entries(chain, mine=mine, holder_actor_ids={standing.actor.id}, before=before, limit=limit)


def _sign_ins(standing: Standing) -> list[Entry]:
    """What the account's own chain tells: sign-ins, and those that were refused."""
    account = standing.actor.id
    own = _entries(account, standing, mine=True, before=None, limit=_SIGN_INS)
    return own + _entries(account, standing, mine=False, before=None, limit=_SIGN_INS)


def _with_names(entries: list[Entry]) -> list[Entry]:
    """Persons that an act names by id only get their present name."""
    wanted = {UUID(thing["id"]) for entry in entries for thing in entry.objects if thing.get("kind") == "person"}
    if not wanted:
        return entries
    persons = people.persons(list(wanted))

    def filled(thing: dict[str, str]) -> dict[str, str]:
        person = persons.get(UUID(thing["id"])) if thing.get("kind") == "person" else None
        return {**thing, "name": person.display_name} if person else thing

    return [replace(entry, objects=tuple(filled(thing) for thing in entry.objects)) for entry in entries]


def _told(entries: list[Entry]) -> list[Shown]:
    """Readings alike of one person in one day become one act on all they read; every other act stands alone."""
    groups: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        day = entry.at.astimezone(clock.HOME_ZONE).date()
        alike = (entry.actor_id, entry.action, entry.relation, day) if entry.action in _READINGS else (id(entry),)
        groups.setdefault(alike, []).append(entry)
    return [_one(group) for group in groups.values()]


def _one(group: list[Entry]) -> Shown:
    newest, oldest = group[0], group[-1]
    things = {thing.get("id", number): thing for number, thing in enumerate(t for e in group for t in e.objects)}
    profession = people.plain_label(newest.actor_profession, newest.actor_name) if newest.actor_profession else ""
    return Shown(replace(newest, objects=tuple(things.values())), oldest.at, profession)
