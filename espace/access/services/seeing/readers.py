"""Which professionals read a record now, and what of it: what hiding something changes is said from this."""

from dataclasses import dataclass
from uuid import UUID

from espace import settings
from espace.access.policy import ConsentState
from espace.access.services.decisions.consents import consents_in_use
from espace.access.services.matrix import matrix, types_in
from espace.access.services.practising import is_attending_index
from espace.people import services as people
from espace.permissions import Standing
from espace.records import services as records


@dataclass(frozen=True, slots=True)
class Reader:
    """A professional, or the team of a place, with a valid access.

    `sees_hidden`: the attending doctor, where this house lets them (AR-14). A team reads what any profession reads:
    who practises there is not told apart.
    """

    professional_id: UUID
    name: str
    readable_types: frozenset[str]
    sees_hidden: bool


def readers(standing: Standing) -> list[Reader]:
    """Every professional and team that reads the record now, in the order of their requests.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    every, version_id = consents_in_use(standing)
    lines = [line for line in every if line.state is ConsentState.VALID]
    if not lines:
        return []
    readable = matrix(version_id).readable
    attending = _attending(standing.record_id, [line.grantee_id for line in lines])
    return [
        Reader(
            line.grantee_id,
            line.name,
            frozenset[str]().union(*readable.values()) if line.is_team else types_in(readable, line.profession_code),
            line.grantee_id in attending,
        )
        for line in lines
    ]


def _attending(record_id: UUID, professional_ids: list[UUID]) -> frozenset[UUID]:
    """Which of these is the attending doctor, in a house where that opens what is hidden."""
    if not settings.current().attending_doctor_sees_hidden:
        return frozenset()
    record = records.record(record_id)
    found = people.professionals(professional_ids).values()
    return frozenset(one.id for one in found if is_attending_index(record, one.rpps))
