"""When professionals read a record, by whatever right; the first time of each, its people are told (AR-25)."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, db
from espace.access.models import Visit
from espace.access.services.telling import tell_holder, tell_representatives
from espace.errors import RefusedError
from espace.family import services as family
from espace.identifiers import new_id
from espace.notifications.services import Event
from espace.permissions import Permission, Relation, Standing, Task

NOWHERE = UUID(int=0)
"""The place of practice of who has none."""
VISIT = timedelta(minutes=30)
"""Readings less than this apart are one visit."""
_KEY = ["record_id", "professional_id", "structure_id"]
_BEFORE = select(Visit.known_at).where(
    Visit.record_id == bindparam("record"), Visit.professional_id == bindparam("professional")
)


def note_visit(standing: Standing, *, secret: bool = False) -> None:
    """Write down, in the unit of work that reads, when a professional last read the record, and where they practise.

    The first time of all, the people of the record are told (rules.md AR-25). `secret`: they read nothing but what a
    minor's representatives must not know of, who then learn nothing of the visit either (security.md R13). Of a reading
    the holder may not know of, nothing is to be noted.

    Raises:
        RefusedError: for who does not read the record.
    """
    if not standing.may(Permission.DOCUMENTS_READ):
        raise RefusedError(standing.reason)
    if standing.through is not None:
        return  # nobody came: somebody looks as them
    if standing.relation is Relation.CARER:
        family.note_act(standing, Task.READ_DOCUMENTS)
        return
    secret = secret or standing.is_secret  # whatever they read (rules.md MI-7)
    now, record_id = clock.now(), standing.record_id
    with db.write() as tx:
        before = tx.execute(_BEFORE, {"record": record_id, "professional": standing.actor.id}).scalars().all()
        dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
        values = {"visited_at": now} if secret else {"visited_at": now, "known_at": now}
        tx.execute(
            dialect.insert(Visit)
            .values(
                record_id=record_id,
                id=new_id(),
                professional_id=standing.actor.id,
                structure_id=standing.actor.structure_id or NOWHERE,
                **values,
            )
            .on_conflict_do_update(index_elements=_KEY, set_=values)
        )
        # Up to step 3 visits stood with the consent: who came then is no newcomer.
        is_first = not before and standing.never_read
        if is_first and not (secret and family.only_reads(record_id)):
            tell_holder(record_id, Event.FIRST_ACCESS)
        if not secret and (is_first or (before and not any(before))):
            tell_representatives(record_id, Event.FIRST_ACCESS)
