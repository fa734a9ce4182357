"""Everybody who reads a record now, judged together: for one document, and to choose through whose eyes to look."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from espace import db
from espace.access.policy import ConsentState
from espace.access.services.decisions.consents import TEAM, ConsentLine, consents
from espace.access.services.decisions.rules import bound_grantees
from espace.access.services.matrix import active_matrix
from espace.access.services.passing.open_now import Passing, open_now
from espace.access.services.practising import Held, professional_standing, record_row
from espace.people import services as people
from espace.people.services import Professional, Structure
from espace.permissions import Actor, ActorKind, Permission, Standing

from .eyes import Eyes, EyesKind, Sees, of_professional, passing_to, place_of, relatives, through


def everyone(own: Standing) -> list[Eyes]:
    """Everybody who reads the record now besides the looker: professionals, teams, who acts for the holder, carers.

    However many professionals there are, the statements are the same. They stand as they do in the first of
    their places of practice that the record gave something to.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    lines = consents(own)
    with db.read() as tx:
        row = record_row(tx, own.record_id)
        bound = bound_grantees(tx, own.record_id)
    passing = open_now(own)
    teams = {line.grantee_id: line for line in lines if line.kind == TEAM}
    singles = {line.grantee_id: line for line in lines if line.kind != TEAM}
    known = people.professionals({*singles, *(one.professional_id for one in passing)})
    found: list[Eyes] = []
    for one in sorted(known.values(), key=lambda each: (each.family_name, each.given_name, each.id)):
        place = place_of(one, singles.get(one.id), teams)
        held = _held(one.id, place, singles, teams, passing, bound)
        reads = professional_standing(people.actor_of(one, place), row, held)
        if reads is not None and reads.may(Permission.DOCUMENTS_READ):
            found.append(of_professional(own, one, place, reads, singles.get(one.id)))
    given = [line for line in teams.values() if line.state is ConsentState.VALID]
    found += [_whole_team(own, line, row, bound) for line in given]
    found += relatives(own)
    return [one for one in found if one.standing is not None]


def choosable(own: Standing) -> list[Eyes]:
    """Everybody of whom it may be asked what they see: those who read now, then professionals who asked to.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    now = everyone(own)
    known = {one.grantee_id for one in now}
    waiting = [one for one in consents(own) if one.state is ConsentState.ASKED and one.grantee_id not in known]
    found = {each.id: each for each in people.professionals([line.grantee_id for line in waiting]).values()}
    return now + [_as_asked(line, found.get(line.grantee_id)) for line in waiting if line.kind != TEAM]


def _as_asked(line: ConsentLine, professional: Professional | None) -> Eyes:
    about = professional.plain_label if professional else line.profession
    return Eyes(
        str(line.grantee_id),
        EyesKind.PROFESSIONAL,
        Sees.IF_GIVEN,
        name=line.name,
        profession_code=line.profession_code,
        about=about,
        place=line.structure,
        grantee_id=line.grantee_id,
        line=line,
    )


def _held(
    professional_id: UUID,
    place: Structure | None,
    singles: dict[UUID, ConsentLine],
    teams: dict[UUID, ConsentLine],
    passing: list[Passing],
    bound: frozenset[UUID],
) -> Held:
    """As one statement gathers it for one of them (`standing`), for several at once."""
    line, team = singles.get(professional_id), teams.get(place.id) if place else None
    ends: dict[str, Any] = dict(passing_to(professional_id, passing))
    return Held(
        consent_state=line.state.value if line else None,
        valid_until=line.valid_until if line else None,
        decided_at=line.decided_at if line else None,
        team_state=team.state.value if team else None,
        team_until=team.valid_until if team else None,
        bound=not bound.isdisjoint({professional_id, place.id if place else professional_id}),
        visited=True,
        **ends,
    )


def _whole_team(own: Standing, line: ConsentLine, row: Row[Any], bound: frozenset[UUID]) -> Eyes:
    """A team as a whole: what some profession or other of it reads."""
    actor = Actor(ActorKind.PROFESSIONAL, line.grantee_id, line.name, structure_id=line.grantee_id)
    held = Held(team_state=line.state.value, team_until=line.valid_until, bound=line.grantee_id in bound, visited=True)
    reads = professional_standing(actor, row, held)
    if reads is not None:
        reads = replace(reads, readable_types=frozenset().union(*active_matrix().readable.values()))
    return Eyes(
        str(line.grantee_id),
        EyesKind.TEAM,
        Sees.NOW,
        standing=through(reads, own),
        name=line.name,
        grantee_id=line.grantee_id,
        line=line,
    )
