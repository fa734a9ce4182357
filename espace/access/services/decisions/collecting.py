"""Writing down a consent that the person gives beside a professional: for these, a colleague or a team (AR-2).

Never silent (AR-6): the professional says how it was expressed and that the person was told why and under which rules;
the person is told at once, and undoes it with one press. What the person refused, ended or blocked themself is theirs
to decide anew: a professional can only ask.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, exists, select

from espace import clock, db, settings
from espace.access.models import Encounter
from espace.access.policy import ConsentState
from espace.access.services.telling import tell
from espace.access.services.watching.visits import NOWHERE
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError
from espace.notifications.services import Event
from espace.people import services as people
from espace.people.services import Professional
from espace.permissions import ActorKind, Permission, Standing, demand_fresh_proof
from espace.words import N_

from .apart import apart_somewhere, teams_of
from .consents import PROFESSIONAL, ConsentLine, Scope, durations, of_grantees, of_professional, of_team
from .deciding import drop, give_team, leave, put
from .steps import COLLECTED_HOW, Did, How, Step, after

_MET = select(
    exists().where(
        Encounter.record_id == bindparam("record"),
        Encounter.professional_id == bindparam("professional"),
        Encounter.until > bindparam("now"),
    )
)
_S = ConsentState
_THEIRS = N_("Only the person can give this access: they decided about it themself. You can ask for it.")


@dataclass(frozen=True, slots=True)
class Collected:
    """A consent expressed to a professional.

    `professional_id` is for whom, the professional themself included; `place_id` makes it hold for whoever practises
    at that place of theirs. `told`: the person was told why and under which rules, and said yes. `limits_told`: and how
    they may keep documents from this doctor, which who needs an express agreement must have said (AR-12).
    """

    professional_id: UUID
    how: How | None
    days: int | None
    told: bool
    place_id: UUID | None = None
    limits_told: bool = False


def may_collect(standing: Standing) -> bool:
    """Whether this professional can write a consent down now, the state of the record's decisions left aside."""
    if standing.actor.kind is not ActorKind.PROFESSIONAL or not settings.current().consent_collected:
        return False
    if standing.is_secret:  # whoever stands in for the minor would be told (rules.md MI-7)
        return False
    return standing.may(Permission.ACCESS_ASK) and has_met(standing)


def has_met(standing: Standing) -> bool:
    """Whether this professional identified the person exactly a few hours ago at most."""
    values = {"record": standing.record_id, "professional": standing.actor.id, "now": clock.now()}
    with db.read() as tx:
        return bool(tx.execute(_MET, values).scalar())


def collect(standing: Standing, given: Collected) -> None:
    """Write a collected consent down; it counts from the next request on, and the people of the record are told now.

    Raises:
        NotFoundError: for who may not ask, did not identify the person, or in a house where consent is only asked for;
            also for a professional who is not in the directory.
        StepUpError: without a fresh proof: this widens (R9).
        InvalidError: without a way, a duration or the confirmation; for whom the person decided about themself; for
            who reads already; for a colleague or a team whom only the person names (AR-12).
        ConflictError: when somebody decided meanwhile.
    """
    if not may_collect(standing):
        raise NotFoundError
    demand_fresh_proof(standing.actor)
    _complete(given)
    professional = people.professional(given.professional_id)
    if not professional.active:
        raise NotFoundError
    place = next((one for one in teams_of(professional) if one.id == given.place_id), None)
    if given.place_id is not None and place is None:
        raise InvalidError({"scope": N_("Choose for whom.")})
    if place is None:
        _see_that_it_is_express(standing, professional, given)
    until = clock.now() + timedelta(days=given.days or 0)
    with db.write() as tx:
        wanted = {professional.id, standing.actor.id, *([place.id] if place else [])}
        places = {one.id for one in professional.structures}
        lines = of_grantees(tx, standing, list(wanted | places | {standing.actor.structure_id or NOWHERE}))
        _see_that_it_may_be(lines, place.id if place else professional.id, {professional.id, standing.actor.id})
        _see_that_no_place_is_blocked(lines, standing, places)
        own = lines.get(professional.id)
        if place is not None:
            shown = of_team(place)
            give_team(tx, standing, place, until, Did.COLLECTED, how=given.how, through=professional.display_name)
            if own is not None and own.state is not _S.VALID:
                drop(tx, standing, own)
        else:
            at = _practised_at(standing, professional)
            shown = of_professional(professional, at) | {"scope": Scope.PERSON.value}
            step = Step.now(standing, Did.COLLECTED, how=given.how, until=until)
            steps = after(own.steps if own else (), step)
            put(tx, standing, own, (PROFESSIONAL, professional.id), shown, steps, until)
        leave(standing, Action.CONSENT_COLLECTED, place.id if place else professional.id, shown, until, given.how)
        tell(standing.record_id, Event.CONSENT_COLLECTED)


def _see_that_it_is_express(standing: Standing, professional: Professional, given: Collected) -> None:
    if apart_somewhere(professional) is None:
        return
    if professional.id != standing.actor.id:
        raise InvalidError({"": N_("Only the person, or this doctor beside them, can give this access.")})
    if not given.limits_told:
        raise InvalidError({"limits": N_("Tick the box once the person knows how to keep documents from you.")})


def _practised_at(standing: Standing, professional: Professional) -> people.Structure | None:
    """Where the professional is shown to practise: their session's place for oneself, else the first one."""
    own = next((one for one in professional.structures if one.id == standing.actor.structure_id), None)
    is_self = professional.id == standing.actor.id
    return own if is_self and own else next(iter(professional.structures), None)


def _complete(given: Collected) -> None:
    problems = {}
    if given.how not in COLLECTED_HOW:
        problems["how"] = N_("Say how the person agreed.")
    if given.days not in durations():
        problems["days"] = N_("Choose for how long.")
    if not given.told:
        problems["told"] = N_("Tick the box once the person was told and agreed.")
    if problems:
        raise InvalidError(problems)


def _see_that_it_may_be(lines: dict[UUID, ConsentLine], grantee_id: UUID, professionals: set[UUID]) -> None:
    """One sentence for all that the person decided: which of it it was is theirs to know (a block stays unsaid)."""
    if any(_decided_against(line) for key, line in lines.items() if key in professionals or key == grantee_id):
        raise InvalidError({"": _THEIRS})
    wanted = lines.get(grantee_id)
    if wanted is not None and wanted.state is _S.VALID:
        raise InvalidError({"": N_("This access exists already.")})


def _see_that_no_place_is_blocked(lines: dict[UUID, ConsentLine], standing: Standing, places: set[UUID]) -> None:
    """With a place everybody there is blocked: for none of them, nor by them, unless the person named who writes."""
    own = lines.get(standing.actor.id)
    if (own is None or own.state is not _S.VALID) and standing.actor.structure_id is not None:
        places = places | {standing.actor.structure_id}
    if any(lines[one].state is _S.BLOCKED for one in places & lines.keys()):
        raise InvalidError({"": _THEIRS})


def _decided_against(line: ConsentLine) -> bool:
    """Whether the record's people wanted no reading, though asked again since."""
    if line.state in (_S.BLOCKED, _S.REFUSED, _S.REVOKED):
        return True
    if line.state is not _S.ASKED:
        return False
    last = line.decided
    return last.denies if last is not None else line.decided_at is not None
