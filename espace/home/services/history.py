"""Who did what in a record, newest first, visit by visit, page by page (rules.md AR-24, security.md R27)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from espace import db
from espace.audit import services as audit
from espace.audit.services import Action, Entry, Look, answers
from espace.audit.services.answers import VisitFacts
from espace.errors import NotFoundError
from espace.people import services as people
from espace.permissions import ActorKind, Permission, Relation, Standing

from .kinds import What, actions_of
from .telling import newest_told, told, with_names
from .trace import traced
from .visits import ABOUT_ANSWERS, Visit, clean_cut, grouped

PAGE = 30
"""Acts on a page at least; a page goes on until no visit is torn in two."""
_MOST = 120
_SIGN_INS = 10
_VISITS = 3
_LATELY = 24
_KNOWN = 200
ROUTINE = frozenset({Action.RECORD_HOME_OPENED, Action.HISTORY_READ})


class Who(StrEnum):
    """Whose acts are looked for among those of others."""

    CARE = "soignants"
    RELATIVES = "proches"
    HOUSE = "service"


_KINDS: dict[Who, frozenset[str]] = {
    Who.CARE: frozenset({ActorKind.PROFESSIONAL.value}),
    Who.RELATIVES: frozenset({ActorKind.PATIENT.value}),
    Who.HOUSE: frozenset({ActorKind.OPERATOR.value, ActorKind.SYSTEM.value}),
}
SOMEBODY = frozenset({ActorKind.PROFESSIONAL.value, ActorKind.PATIENT.value, ActorKind.OPERATOR.value})


@dataclass(frozen=True, slots=True)
class Filter:
    """What a reader of the history looks for. `since` and `until` (not included) are instants."""

    who: Who | None = None
    actor_id: UUID | None = None
    what: What | None = None
    since: datetime | None = None
    until: datetime | None = None
    unanswered: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether everything is looked for."""
        return self == Filter()


@dataclass(frozen=True, slots=True)
class Page:
    """Some visits, and the number of the act before which older ones follow (None: these are the oldest)."""

    visits: tuple[Visit, ...]
    before: int | None

    @property
    def acts(self) -> list[Entry]:
        """The acts of all of them, visit by visit."""
        return [act for visit in self.visits for act in visit.acts]


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whose acts can be looked for by name."""

    actor_id: UUID
    name: str
    profession: str


def sides(standing: Standing) -> tuple[str, ...]:
    """On which sides this reader sees what was made of a visit: a holder sees all, parents see each other's."""
    if standing.relation is Relation.HOLDER:
        return (answers.HOLDER, answers.REPRESENTATIVE)
    return (answers.REPRESENTATIVE,)


def own_side(standing: Standing) -> str:
    """On which side this reader answers."""
    return sides(standing)[0]


def history(standing: Standing, *, mine: bool, wanted: Filter | None = None, before: int | None = None) -> Page:
    """The visits of others to a record, or one's own, before the act numbered `before`.

    One's own first page also tells the latest sign-ins to one's account. Reading the history of somebody else's
    record is itself an act.
    """
    found = wanted or Filter()
    return traced(standing, Action.HISTORY_READ, lambda: _page(standing, found, mine=mine, before=before), _span)


def signs_in(standing: Standing, wanted: Filter, *, mine: bool) -> bool:
    """Whether a page tells of the reader's account instead of the record: it has a chain of its own."""
    return mine and wanted.what is What.SIGN_INS and standing.relation is Relation.HOLDER


def last_visits(standing: Standing) -> tuple[Visit, ...]:
    """The latest visits of professionals and relatives to a record, for its home."""
    look = Look(standing.actor.id, kinds=SOMEBODY, without=ROUTINE | ABOUT_ANSWERS)
    return tuple(grouped(told(standing, look, before=None, count=_LATELY))[:_VISITS])


def known(standing: Standing) -> list[Known]:
    """Who did something here that this reader may know of, the latest of them, by name.

    A list of names is a reading too. People are counted and not their acts: how much one did pushes nobody out (R13).
    """
    look = Look(standing.actor.id, kinds=SOMEBODY)
    acts = traced(standing, Action.HISTORY_READ, lambda: newest_told(standing, look)[:_KNOWN])
    found = [Known(act.actor_id, act.actor_name, _profession(act)) for act in acts]
    return sorted(found, key=lambda one: (one.name, str(one.actor_id)))


def visit_at(standing: Standing, sequence: int) -> Visit:
    """The visit whose last act, as this reader read it, bears this number; reading it for another is an act.

    Raises:
        NotFoundError: when this reader may know of no such act by somebody else.
    """
    return traced(standing, Action.HISTORY_READ, lambda: visit_of(standing, sequence))


def visit_of(standing: Standing, sequence: int) -> Visit:
    """The same for who writes: nothing is shown. Raises as `visit_at`."""
    if not standing.may(Permission.HISTORY_READ):
        raise NotFoundError
    everybody = Look(standing.actor.id, kinds=SOMEBODY)
    last = told(standing, everybody, before=sequence + 1, count=1)
    if not last or last[0].sequence != sequence:
        raise NotFoundError
    theirs = replace(everybody, actor_id=last[0].actor_id)
    visit = grouped(told(standing, theirs, before=sequence + 1, count=_MOST))[0]
    if not visit.is_access:
        raise NotFoundError
    return _answered(standing, [replace(visit, acts=tuple(with_names(list(visit.acts))))])[0]


def look_for(standing: Standing, wanted: Filter, *, mine: bool) -> Look:
    """What is looked for, in the words of the trail."""
    kinds = _KINDS.get(wanted.who) if wanted.who and not mine else None
    if wanted.unanswered and not mine:
        kinds = (kinds or SOMEBODY) & SOMEBODY
    return Look(
        standing.actor.id,
        mine=mine,
        actor_id=None if mine else wanted.actor_id,
        actions=actions_of(wanted.what) if wanted.what else None,
        without=ABOUT_ANSWERS if wanted.unanswered and not mine else None,
        kinds=kinds,
        since=wanted.since,
        until=wanted.until,
        unanswered=sides(standing) if wanted.unanswered and not mine else None,
    )


def _page(standing: Standing, wanted: Filter, *, mine: bool, before: int | None) -> Page:
    with db.read():
        look = look_for(standing, wanted, mine=mine)
        if signs_in(standing, wanted, mine=mine):
            found = audit.entries(standing.actor.id, mine=False, holder_actor_ids=(), before=before, limit=_MOST + 1)
        else:
            found = told(standing, look, before=before, count=_MOST + 1)
        is_all = len(found) <= _MOST
        found = found[:_MOST]
        cut = clean_cut(found, PAGE, is_all=is_all)
        next_before = found[cut - 1].sequence if cut < len(found) or not is_all else None
        acts = with_names(found[:cut])
        if mine and before is None and wanted.is_empty and standing.relation is Relation.HOLDER:
            oldest = acts[-1].at if next_before and acts else None
            acts += [act for act in _sign_ins(standing) if oldest is None or act.at >= oldest]
            acts.sort(key=lambda act: act.at, reverse=True)
        visits = grouped(acts)
        return Page(tuple(visits if mine else _answered(standing, visits)), next_before)


def _answered(standing: Standing, visits: list[Visit]) -> list[Visit]:
    """The visits with what was made of them, in one statement for all."""
    accesses = [visit.sequences for visit in visits if visit.is_access]
    if not accesses:
        return visits
    low, high = min(first for first, _ in accesses), max(last for _, last in accesses)
    found = answers.answers_between(standing.record_id, sides(standing), low, high)
    return [replace(visit, answer=_answer_to(visit, found, own_side(standing))) for visit in visits]


def _answer_to(visit: Visit, found: Sequence[VisitFacts], side: str) -> VisitFacts | None:
    """What was made of a visit: what the reader's own side made of it first."""
    first, last = visit.sequences
    fits = [
        one
        for one in found
        if one.visitor_id == visit.visitor_id and one.first_sequence <= last and one.last_sequence >= first
    ]
    return min(fits, key=lambda one: one.side != side, default=None) if visit.is_access else None


def _span(page: Page) -> list[dict[str, str]]:
    """What a reader of the history was shown, for the row that tells it."""
    return (
        [{"kind": "acts", "id": str(visit.newest.sequence)} for visit in page.visits] if isinstance(page, Page) else []
    )


def _sign_ins(standing: Standing) -> list[Entry]:
    """What the account's own chain tells: sign-ins, and those that were refused."""
    account, own = standing.actor.id, {standing.actor.id}
    by_me = audit.entries(account, mine=True, holder_actor_ids=own, before=None, limit=_SIGN_INS)
    return by_me + audit.entries(account, mine=False, holder_actor_ids=own, before=None, limit=_SIGN_INS)


def _profession(act: Entry) -> str:
    return people.plain_label(act.actor_profession, act.actor_name) if act.actor_profession else ""


__all__ = [
    "Filter",
    "Known",
    "Page",
    "Visit",
    "What",
    "Who",
    "history",
    "known",
    "last_visits",
    "look_for",
    "own_side",
    "sides",
    "visit_at",
    "visit_of",
]
