"""Giving access without being asked: to one professional of the directory, or to everybody at their place (AR-1)."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from espace import clock, db
from espace.access.policy import ConsentState
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError
from espace.people import services as people
from espace.people.services import Professional, Structure
from espace.permissions import Standing, demand_fresh_proof
from espace.words import N_

from .apart import teams_of
from .consents import (
    PROFESSIONAL,
    ConsentLine,
    Scope,
    durations,
    holder_side,
    of_grantees,
    of_professional,
    of_team,
)
from .deciding import drop, give_team, leave, put
from .steps import Did, Step, after


@dataclass(frozen=True, slots=True)
class Candidate:
    """A professional to whom access may be given, with what the record holds about them and about their places."""

    professional: Professional
    line: ConsentLine | None
    teams: dict[UUID, ConsentLine]


def candidate(standing: Standing, professional_id: UUID) -> Candidate:
    """One professional of the directory, before access is given.

    Raises:
        NotFoundError: for who does not manage the record's accesses, or when there is no such professional in practice.
    """
    holder_side(standing)
    found = people.professional(professional_id)
    if not found.active:
        raise NotFoundError
    with db.read() as tx:
        lines = of_grantees(tx, standing, [found.id, *(place.id for place in found.structures)])
    return Candidate(found, lines.pop(found.id, None), lines)


def give(standing: Standing, professional_id: UUID, *, days: int | None, place_id: UUID | None = None) -> UUID:
    """Let a professional read the record from now on, or, with `place_id`, everybody who practises at that place.

    Gives the line where the decision stands. Giving to a team counts for the professional it was given through, even
    where their own access had ended; others who were refused or blocked by name stay so.

    Raises:
        NotFoundError: for who does not manage the record's accesses, or when there is no such professional in practice.
        StepUpError: without a proof of identity younger than five minutes (R9).
        InvalidError: for a duration or place that is not offered, somebody blocked, or one who reads already.
        ConflictError: when somebody else decided meanwhile.
    """
    demand_fresh_proof(standing.actor)
    found = candidate(standing, professional_id)
    if days not in durations():
        raise InvalidError({"days": N_("Choose for how long.")})
    place = _place(found.professional, place_id)
    _see_that_it_may_be(found, place)
    until = clock.now() + timedelta(days=days or 0)
    with db.write() as tx:
        if place is not None:
            made = give_team(tx, standing, place, until, Did.GIVEN, through=found.professional.display_name)
            leave(standing, Action.CONSENT_GIVEN, place.id, of_team(place), until)
            if found.line is not None and found.line.state is not ConsentState.VALID:
                drop(tx, standing, found.line)
            return made
        places = found.professional.structures
        shown = of_professional(found.professional, places[0] if places else None)
        shown |= {"scope": Scope.PERSON.value}
        steps = after(found.line.steps if found.line else (), Step.now(standing, Did.GIVEN, until=until))
        grantee = (PROFESSIONAL, found.professional.id)
        made = put(tx, standing, found.line, grantee, shown, steps, until)
        leave(standing, Action.CONSENT_GIVEN, found.professional.id, shown, until)
        return made


def _place(professional: Professional, place_id: UUID | None) -> Structure | None:
    if place_id is None:
        return None
    place = next((one for one in teams_of(professional) if one.id == place_id), None)
    if place is None:
        raise InvalidError({"scope": N_("Choose for whom.")})
    return place


def _see_that_it_may_be(found: Candidate, place: Structure | None) -> None:
    line = found.line
    if line is not None and line.state is ConsentState.BLOCKED:
        raise InvalidError({"": N_("This professional is blocked. Unblock them first.")})
    wanted = found.teams.get(place.id) if place is not None else line
    if wanted is not None and wanted.state is ConsentState.VALID:
        raise InvalidError({"": N_("This access exists already. It can be prolonged from its page.")})
