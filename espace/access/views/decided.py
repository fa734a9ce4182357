"""What was decided about one professional or team, in words; and who of a team it does not reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask_babel import gettext, ngettext

from espace.access import services as access
from espace.access.services import Apart, ConsentLine, ConsentState, Did
from espace.access.services.decisions.blocking import kept_by_name
from espace.people.services import Professional, directory
from espace.web.i18n import full_day
from espace.web.viewpoint import Viewpoint

from .words import listed

MOST_MEMBERS = 24
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a team. What was decided about it does not hold for who was `refused` by name, is `apart` (AR-12), or
    has an access of their own: `named`.
    """

    professional: Professional
    refused: bool
    apart: Apart | None
    named: bool


def members(here: Viewpoint, line: ConsentLine, lines: Sequence[ConsentLine]) -> list[Member]:
    """Some of those whom a decision about a team reaches today, and about whom of them was decided by name.

    Empty for who may not know of the place: who practises there would tell it (security.md R15).
    """
    if not line.is_team or here.standing.places_kept:
        return []
    denied = {ConsentState.BLOCKED, ConsentState.REFUSED, ConsentState.REVOKED}
    out = {one.grantee_id for one in lines if one.state in denied}
    named = {one.grantee_id for one in lines if one.state is ConsentState.VALID}
    return [
        Member(one, one.id in out, access.apart_somewhere(one), one.id in named)
        for one in directory.team(line.grantee_id, MOST_MEMBERS)
    ]


def kept_at_blocked(here: Viewpoint, lines: Sequence[ConsentLine]) -> dict[UUID, list[ConsentLine]]:
    """Whose own access goes on at each blocked place, as `kept_at`."""
    if here.standing.places_kept:
        return {}
    blocked = [line.grantee_id for line in lines if line.is_team and line.state is ConsentState.BLOCKED]
    return kept_by_name(lines, blocked)


def kept_at(here: Viewpoint, line: ConsentLine, lines: Sequence[ConsentLine]) -> list[ConsentLine]:
    """Whose own access a block of this team leaves, or would leave; empty for who may not know of the place (R15)."""
    if not line.is_team or here.standing.places_kept:
        return []
    return kept_by_name(lines, [line.grantee_id])[line.grantee_id]


def going_on(kept: Sequence[ConsentLine]) -> str:
    """Who they are, in one sentence."""
    names = [line.name for line in kept]
    others = len(names) - MOST_NAMED
    if others > 0:
        names = [*names[:MOST_NAMED], ngettext("%(num)d other professional", "%(num)d other professionals", others)]
    said: str = (
        gettext("%(name)s has an access by name and goes on reading.", name=names[0])
        if len(names) == 1
        else gettext("%(names)s have an access by name and go on reading.", names=listed(names))
    )
    return said


def sentences(line: ConsentLine, kept: Sequence[ConsentLine] = ()) -> tuple[str, ...]:
    """What follows from the decision; `kept` are whose own access goes on at a blocked place."""
    if line.state is ConsentState.BLOCKED and line.is_team:
        nobody = gettext("Nobody who practises there sees anything there, even when caring for this person.")
        return (nobody, gettext("Nobody is told."), *([going_on(kept)] if kept else ()))
    if line.state is ConsentState.BLOCKED:
        return (gettext("Sees nothing, even when caring for this person, and is not told."),)
    if line.state is not ConsentState.VALID:
        return ()
    said = [gettext("Each sees what their profession may read.")] if line.is_team else []
    step = line.decided
    if step is not None and step.did is Did.COLLECTED:
        said.append(gettext("%(name)s wrote down your agreement on %(day)s.", name=step.by, day=full_day(step.at)))
    return tuple(said)


def dates(line: ConsentLine) -> str:
    """Since when, and until when."""
    day = full_day(line.decided_at) if line.decided_at else ""
    match line.state:
        case ConsentState.VALID if line.valid_until is not None:
            return str(gettext("Since %(since)s, until %(until)s.", since=day, until=full_day(line.valid_until)))
        case ConsentState.BLOCKED:
            return str(gettext("Blocked since %(day)s.", day=day))
        case ConsentState.REFUSED:
            return str(gettext("Request refused on %(day)s.", day=day))
        case ConsentState.REVOKED:
            return str(gettext("Access ended on %(day)s.", day=day))
        case ConsentState.EXPIRED if line.valid_until is not None:
            return str(gettext("Access over since %(day)s.", day=full_day(line.valid_until)))
        case _:
            return ""
