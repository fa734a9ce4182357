"""Who did what in a record, newest first, page by page."""

from dataclasses import dataclass, replace
from uuid import UUID

from espace import db
from espace.audit import services as audit
from espace.audit.services import Action, Entry
from espace.people import services as people
from espace.permissions import ActorKind, Relation, Standing

from .trace import traced

PAGE = 30
_SIGN_INS = 10
_VISITS = 3
_ROUTINE = frozenset({Action.RECORD_HOME_OPENED, Action.HISTORY_READ})


@dataclass(frozen=True, slots=True)
class Shown:
    """One act and the everyday name of the profession of who did it."""

    entry: Entry
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
    return traced(standing, Action.HISTORY_READ, lambda: _page(standing, mine=mine, before=before))


def last_visits(standing: Standing) -> tuple[Shown, ...]:
    """The latest acts of professionals and relatives on a record, for its home."""
    found = _entries(standing.record_id, standing, mine=False, before=None, limit=PAGE)
    visits = [e for e in found if e.actor_kind != ActorKind.SYSTEM and e.action not in _ROUTINE]
    return tuple(_shown(entry) for entry in visits[:_VISITS])


def _page(standing: Standing, *, mine: bool, before: int | None) -> Page:
    with db.read():
        found = _entries(standing.record_id, standing, mine=mine, before=before, limit=PAGE + 1)
        more = found[PAGE:]
        found = _with_names(found[:PAGE])
        next_before = found[-1].sequence if more else None
        if mine and before is None and standing.relation is Relation.HOLDER:
            oldest = found[-1].at if more else None
            found += [e for e in _sign_ins(standing) if oldest is None or e.at >= oldest]
            found.sort(key=lambda entry: entry.at, reverse=True)
    return Page(tuple(_shown(entry) for entry in found), next_before)


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


def _shown(entry: Entry) -> Shown:
    return Shown(entry, people.plain_label(entry.actor_profession) if entry.actor_profession else "")
