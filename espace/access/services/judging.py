"""The standing that the policy's judgement of an actor gives."""

from typing import Any

from sqlalchemy import Row

from espace import db
from espace.access.policy import Judgement
from espace.people import services as people
from espace.permissions import Actor, Relation, Standing
from espace.records import services as records


def judged(actor: Actor, row: Row[Any], relation: Relation, judgement: Judgement, colour: str) -> Standing | None:
    """The standing that a judgement gives; None without any right."""
    if not judgement.rights:
        return None
    record = records.facts_of(row)
    with db.read() as tx:
        holder = people.opened(tx, record.person_id, row.person)
    return Standing(
        actor=actor,
        record_id=record.id,
        relation=relation,
        holder_name=holder.display_name,
        rights=judgement.rights,
        reason=judgement.reason.value,
        readable_types=judgement.readable_types,
        withheld_types=judgement.withheld_types,
        arrived_before=judgement.arrived_before,
        sees_hidden=judgement.sees_hidden,
        colour=colour,
        holder_birth=holder.birth_date.isoformat(),
    )
