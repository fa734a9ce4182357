"""Records brought into each state by the acts that lead there, and those who act on them."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

from espace import clock
from espace.people import services as people
from espace.permissions import Actor, ActorKind, Role
from espace.records import services as records
from espace.records.services import Part
from tests.support import build


def operator(role: Role = Role.PRIVACY_OFFICER, *, fresh: bool = True) -> Actor:
    """An operator of the house who has just shown their second factor, or has not."""
    proved_at = clock.now() if fresh else clock.now() - timedelta(hours=1)
    return Actor(ActorKind.OPERATOR, uuid4(), "Nadia Perrot", role=role, proved_at=proved_at)


def holder(person_id: UUID, *, fresh: bool = True) -> Actor:
    """The record's person, signed in."""
    proved_at = clock.now() if fresh else clock.now() - timedelta(hours=1)
    return Actor(ActorKind.PATIENT, uuid4(), "Claire Fontenay", person_id=person_id, proved_at=proved_at)


@dataclass(frozen=True)
class Life:
    """A record without account, in one of its states, and its person."""

    record_id: UUID
    person_id: UUID

    @property
    def state(self) -> records.StateFacts:
        """Where it stands now."""
        return records.state_of(self.record_id)

    @property
    def own(self) -> Actor:
        """Its holder."""
        return holder(self.person_id)


def life(state: str = records.OPEN) -> Life:
    """A record in `state`, led there step by step. An erased one takes the clock past its delay by itself."""
    person = build.citizen(activated=False)
    person_id = person.person_id
    if state == records.ANNOUNCED:
        person_id, _ = people.save_person(
            people.Traits(
                ins=build.ins(), birth_name="Fontenay", first_names=("Claire",), sex="F", birth_date=date(1984, 5, 12)
            )
        )
        return Life(records.open_record(person_id), person_id)
    made = Life(person.record_id, person_id)
    if state == records.OPEN:
        return made
    if state == records.OPPOSED:
        records.oppose(made.own, made.record_id, Part.LETTER)
        return made
    records.mark_active(made.record_id)
    match state:
        case records.CLOSED | records.ERASED:
            records.close(made.own, made.record_id)
        case records.SUSPENDED:
            records.suspend(operator(), made.record_id, "Identité usurpée")
        case records.DECEASED:
            records.declare_death(operator(), made.record_id, clock.today(), "certificate")
    return made
