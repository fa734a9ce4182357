"""Acts told as visits: one person, one sitting."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from espace.audit.services import Action, Entry
from espace.audit.services.answers import VisitFacts
from espace.people import services as people
from espace.permissions import ActorKind

SITTING = timedelta(minutes=30)
"""After so long without an act of the same person, the next one begins another visit."""
ABOUT_ANSWERS = frozenset(
    {
        Action.VISIT_EXPECTED,
        Action.EXPLANATION_ASKED,
        Action.EXPLANATION_GIVEN,
        Action.EXPLANATION_OVERDUE,
        Action.VISIT_CONTESTED,
        Action.CONTEST_OPENED,
        Action.CONTEST_FORWARDED,
        Action.CONTEST_DECIDED,
    }
)
"""Acts about what was made of a visit: they are no access to answer to."""
COMING_IN = frozenset(
    {
        Action.PATIENT_FOUND,
        Action.PATIENT_PAGE_OPENED,
        Action.RECORD_HOME_OPENED,
        Action.DOCUMENTS_LISTED,
        Action.MESSAGES_LISTED,
        Action.OPERATOR_FOUND,
        Action.OPERATOR_PAGE_OPENED,
    }
)
"""What everybody does on their way to what they came for."""
# By which right somebody came in, the one that says most first.
_WAYS = ("break-glass", "centre-15", "window", "consent", "team", "encounter")


@dataclass(frozen=True)
class Visit:
    """The acts of one person in one sitting, newest first, as one reader may know of them.

    `profession` is the everyday name of what the person is; `answer` what was made of it, as this reader sees.
    """

    acts: tuple[Entry, ...]
    profession: str = ""
    answer: VisitFacts | None = None

    @property
    def newest(self) -> Entry:
        """The last act, by which the visit is called in an address."""
        return self.acts[0]

    @property
    def since(self) -> datetime:
        """When the first act was."""
        return min(self.acts[-1].at, self.acts[0].at)  # a clock may have been set back meanwhile

    @property
    def until(self) -> datetime:
        """When the last act was."""
        return max(self.acts[-1].at, self.acts[0].at)

    @property
    def sequences(self) -> tuple[int, int]:
        """Between which numbers of the chain the acts stand."""
        return self.acts[-1].sequence, self.acts[0].sequence

    @property
    def visitor_id(self) -> UUID:
        """Who came."""
        return self.newest.actor_id

    @cached_property
    def why(self) -> Entry:
        """The act that says best by which right the person came in."""
        return min(self.acts, key=lambda act: _WAYS.index(act.way) if act.way in _WAYS else len(_WAYS))

    @cached_property
    def reason(self) -> str:
        """What the person wrote themself, when they asked or opened in an emergency."""
        return next((said for act in self.acts if (said := act.detail.get("reason") or act.way_words)), "")

    @cached_property
    def things(self) -> dict[Action, dict[str, dict[str, str]]]:
        """Act -> what it was done to, each thing once."""
        found: dict[Action, dict[str, dict[str, str]]] = {}
        for act in self.acts:
            here = found.setdefault(act.action, {})
            for number, thing in enumerate(act.objects):
                here.setdefault(thing.get("id", f"{act.sequence}-{number}"), thing)
        return found

    @cached_property
    def telling(self) -> tuple[Action, ...]:
        """The kinds of acts that say what the visit was for: without those of merely coming in, where others are."""
        found = tuple(action for action in self.things if action not in COMING_IN)
        return found or tuple(self.things)

    @property
    def as_one(self) -> Entry:
        """All acts of the first telling kind as one, on everything they were done to."""
        action = self.telling[0]
        newest = next(act for act in self.acts if act.action is action)
        return replace(newest, objects=tuple(self.things[action].values()))

    @property
    def is_secret(self) -> bool:
        """Whether somebody came in secret connection: of that a minor's parents are told nothing (rules.md MI-7)."""
        return any(act.is_secret for act in self.acts)

    @property
    def is_access(self) -> bool:
        """Whether somebody came whom one may ask why: a professional, a relative, an operator."""
        by_someone = self.newest.actor_kind != ActorKind.SYSTEM
        return by_someone and any(act.action not in ABOUT_ANSWERS for act in self.acts)


def grouped(acts: Sequence[Entry]) -> list[Visit]:
    """Acts, newest first, as visits in the order of their last act. What the house does stands each by itself."""
    visits: list[list[Entry]] = []
    latest: dict[tuple[UUID, str, str], list[Entry]] = {}
    for act in acts:
        who = _who(act)
        sitting = latest.get(who)
        if sitting is None or not _is_one_sitting(act) or abs(sitting[-1].at - act.at) > SITTING:
            sitting = latest[who] = []
            visits.append(sitting)
        sitting.append(act)
    return [Visit(tuple(sitting), _profession(sitting[0])) for sitting in visits]


_OF_THINGS = ("document-", "downloaded", "message-", "attachment-")


def counted(visit: Visit) -> list[tuple[str, int]]:
    """What was done in a visit, by kind of act: to how many documents, or how often. Nothing of what they say."""
    found: dict[str, int] = {}
    for act in visit.acts:
        found[act.action] = found.get(act.action, 0) + 1
    for action, things in visit.things.items():
        if action.startswith(_OF_THINGS) and things:
            found[action] = len(things)
    return [(Action(action).value, count) for action, count in found.items()]


def clean_cut(acts: Sequence[Entry], least: int, *, is_all: bool) -> int:
    """How many of these acts, newest first, make a page of `least` acts or more that tears no visit in two.

    Where visits cross so long that no such cut exists, the page is as long as the acts given. `is_all`: none follow.
    """
    ends: dict[int, int] = {}
    owner: list[int] = []
    groups = _indices(acts)
    for number, members in enumerate(groups):
        ends[number] = members[-1]
        if not is_all and abs(acts[members[-1]].at - acts[-1].at) <= SITTING:
            ends[number] = len(acts)  # may go on beyond
    owner = [0] * len(acts)
    for number, members in enumerate(groups):
        for index in members:
            owner[index] = number
    reach, clean = 0, 0
    for index in range(len(acts)):
        reach = max(reach, ends[owner[index]])
        if index == reach:
            clean = index + 1
            if clean >= least:
                return clean
    return len(acts) if is_all or not clean else clean


def _indices(acts: Sequence[Entry]) -> list[list[int]]:
    """The visits of `grouped`, as places in the list of acts."""
    place = {id(act): index for index, act in enumerate(acts)}
    return [[place[id(act)] for act in visit.acts] for visit in grouped(acts)]


def _who(act: Entry) -> tuple[UUID, str, str]:
    return act.actor_id, act.actor_helper, act.relation if act.actor_kind == ActorKind.PATIENT else ""


def _is_one_sitting(act: Entry) -> bool:
    return act.actor_kind != ActorKind.SYSTEM and act.action is not Action.FORMER_ACT


def _profession(act: Entry) -> str:
    return people.plain_label(act.actor_profession, act.actor_name) if act.actor_profession else ""
