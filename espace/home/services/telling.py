"""Which acts of a record's trail a reader may know of: what is left out leaves no hole and no shorter page (R13)."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from espace.access.services import UNPLACED_TEAM
from espace.access.services.emergencies import wording
from espace.accounts.services.assistance import without_place
from espace.audit import services as audit
from espace.audit.services import Action, Entry, Look
from espace.audit.services.looking import newest_of_each
from espace.documents import services as documents
from espace.documents.services import Telling, care_history
from espace.people import services as people
from espace.permissions import Relation, Standing

_LOOKS = frozenset(
    {
        Action.DOCUMENTS_LISTED,
        Action.DOCUMENTS_SEARCHED,
        Action.CARE_READ,
        Action.CARE_SEARCHED,
        Action.RECORD_HOME_OPENED,
        Action.MESSAGES_LISTED,
        Action.MESSAGES_SEARCHED,
    }
)
"""Readings that happen whatever is there to be read."""
_PLACES = frozenset({"structure", "place", "town", "whom_place"})
SIDE = "side"
"""In the detail of a row about an answer to a visit: for whom it was asked (see `audit.models.VisitAnswer`)."""
_LATEST = 8
_ROOM_TO_SPARE = 8
"""A page that lost acts is filled from a bigger helping each time: few statements, whatever was left out."""


def told(standing: Standing, look: Look, *, before: int | None, count: int) -> list[Entry]:
    """The next `count` acts this reader may know of, newest first: what is left out leaves no shorter page behind."""
    kept: list[Entry] = []
    limit = count
    while len(kept) < count:
        found = audit.looked(standing.record_id, look, before=before, limit=limit)
        kept += tellable(found, standing)
        if len(found) < limit:
            break
        before, limit = found[-1].sequence, min(limit * _ROOM_TO_SPARE, 5000)
    return kept[:count]


def acts_told(standing: Standing, actor_id: UUID) -> Iterator[Entry]:
    """The acts of one actor that this reader may know of, newest first.

    What another page says of somebody's last visit so says nothing that the history does not (R13).
    """
    look, before = Look(standing.actor.id, actor_id=actor_id), None
    while acts := told(standing, look, before=before, count=_LATEST):
        yield from acts
        before = acts[-1].sequence


def last_times(standing: Standing, actor_ids: Collection[UUID], relation: Relation | None) -> dict[UUID, datetime]:
    """When each of several others last did anything this reader may know of, in one relation if it is named."""
    look = Look(standing.actor.id)
    return {act.actor_id: act.at for act in newest_told(standing, look, among=actor_ids, relation=relation)}


def newest_told(
    standing: Standing, look: Look, *, among: Collection[UUID] | None = None, relation: Relation | None = None
) -> list[Entry]:
    """The newest act of each other actor, or of each of `among`, that this reader may know of, newest first.

    Whoever's newest acts are left out, or were done in another relation, is asked for again, all of them at once,
    further back each time.
    """
    kept: dict[UUID, Entry] = {}
    most = 1
    while among is None or among:
        found = newest_of_each(standing.record_id, look, most=most, among=among)
        for entry in tellable(found, standing):
            if relation is None or entry.relation == relation:
                kept.setdefault(entry.actor_id, entry)
        acts = Counter(entry.actor_id for entry in found)
        among = {actor for actor, number in acts.items() if number == most and actor not in kept}
        most *= _ROOM_TO_SPARE
    return sorted(kept.values(), key=lambda entry: -entry.sequence)


def tellable(entries: list[Entry], standing: Standing) -> list[Entry]:
    """Without what this reader must not know of: a document to be announced, a minor's secret care (AR-15, MI-6).

    An act on such documents only is left out whole: that it happened would tell that they exist. A page that was
    looked at anyway, whatever stood on it, stays told: that it is not would tell the same; but not what was listed
    beside a document only because it has other versions, where one may not know of it or of them. How things stand
    now counts: what was announced since is told with all that was done to it before. Of a result that waits to be
    read the title is not told. What a holder made of a visit is never told to who represents them: it may have been
    for care they keep secret.
    """
    if standing.relation is not Relation.HOLDER:
        entries = [entry for entry in entries if not entry.is_secret]  # whatever it was (MI-7)
    if standing.relation is Relation.REPRESENTATIVE:
        entries = [entry for entry in entries if entry.detail.get(SIDE) != Relation.HOLDER]
    if wording.keeps_words(standing):
        entries = [wording.without(entry) for entry in entries]
    ids = {one for entry in entries for thing in entry.objects if (one := _document_id(thing))}
    ids |= {one for entry in entries if (one := _beside(entry))}
    now = documents.tellings(standing, ids)
    gone = care_history.left_out(standing, {one for one in ids if one not in now} & _care_ids(entries))
    kept = []
    for entry in entries:
        here = [thing for thing in entry.objects if _document_id(thing) not in gone]
        things = tuple(seen for thing in here if (seen := _seen(thing, now, standing)) is not None)
        if _is_told(entry, things, now):
            kept.append(replace(entry, objects=things))
    return [_unplaced(entry, standing) for entry in kept] if standing.places_kept else kept


def _unplaced(entry: Entry, standing: Standing) -> Entry:
    """Without the names of places of care, which another parent keeps from this reader (security.md R15)."""
    things = tuple(_without_place(thing) for thing in entry.objects)
    if entry.action is Action.ACCESSES_READ:  # its lines do not tell a team, called by its place, from a person
        things = tuple({"id": thing.get("id", "")} for thing in things)
    detail = {name: said for name, said in entry.detail.items() if name not in _PLACES}
    helper = entry.actor_helper if entry.actor_id == standing.actor.id else without_place(entry.actor_helper)
    return replace(entry, actor_structure="", actor_helper=helper, objects=things, detail=detail)


def _without_place(thing: Mapping[str, str]) -> dict[str, str]:
    """A thing that an act was about; a team (which has no profession) is called by its place, so it gets no name."""
    kept = {name: said for name, said in thing.items() if name not in _PLACES}
    return kept | {"name": UNPLACED_TEAM} if kept.get("profession") == "" and "name" in kept else kept


def with_names(entries: list[Entry]) -> list[Entry]:
    """Persons that an act names by id only get their present name."""
    wanted = {UUID(thing["id"]) for entry in entries for thing in entry.objects if thing.get("kind") == "person"}
    if not wanted:
        return entries
    persons = people.persons(list(wanted))

    def filled(thing: dict[str, str]) -> dict[str, str]:
        person = persons.get(UUID(thing["id"])) if thing.get("kind") == "person" else None
        return {**thing, "name": person.display_name} if person else thing

    return [replace(entry, objects=tuple(filled(thing) for thing in entry.objects)) for entry in entries]


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
