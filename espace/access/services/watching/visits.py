"""When professionals read a record, by whatever right; the first time of each, its people are told (AR-25)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, db
from espace.access.models import Visit
from espace.access.policy import Reason
from espace.access.services.telling import tell_holder, tell_representatives
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import RefusedError
from espace.family import services as family
from espace.identifiers import new_id
from espace.notifications.services import Event
from espace.people.services import directory
from espace.permissions import SYSTEM, Permission, Relation, Standing, Task

NOWHERE = UUID(int=0)
"""The place of practice of who has none."""
VISIT = timedelta(minutes=30)
"""Readings less than this apart are one visit."""
_ALIKE = timedelta(seconds=10)
"""A visit and its row of the trail are written in one unit of work, one after the other."""
_MOST = 2000
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


_READINGS = frozenset(
    {
        Action.PATIENT_PAGE_OPENED,
        Action.DOCUMENTS_LISTED,
        Action.DOCUMENTS_SEARCHED,
        Action.DOCUMENT_OPENED,
        Action.DOWNLOADED,
        Action.CARE_READ,
        Action.CARE_SEARCHED,
    }
)
"""The acts with which a visit is noted."""
_KNOWN = select(Visit.id, Visit.professional_id, Visit.structure_id, Visit.known_at).where(
    Visit.record_id == bindparam("record"), Visit.known_at.is_not(None)
)


def retell(record_id: UUID) -> None:
    """Have what a minor's representatives know of visits follow what became secret since: no instant stays of it (R13).

    The trail says what they may know of now; from it the instants are made as they were written at the time.
    """
    reader = Standing(
        SYSTEM,
        record_id,
        Relation.REPRESENTATIVE,
        "",
        frozenset({Permission.DOCUMENTS_READ}),
        reason=Reason.REPRESENTATIVE.value,
    )
    with db.write() as tx:
        rows = tx.execute(_KNOWN, {"record": record_id}).all()
        for row in rows:
            several = sum(one.professional_id == row.professional_id for one in rows) > 1
            known = _known_at(reader, row, _name_of(row.structure_id) if several else None)
            if known is None or abs(known - row.known_at) > _ALIKE:
                one = (Visit.record_id == record_id, Visit.id == row.id)
                tx.execute(update(Visit).where(*one).values(known_at=known))


def _known_at(reader: Standing, row: Any, place: str | None) -> datetime | None:
    """When the last visit began that a representative may know of, at this place if one is named."""
    begins: datetime | None = None
    last: list[datetime] = []
    for at in _instants(reader, row.professional_id, place):
        if last and last[-1] - at > VISIT:
            break
        last.append(at)
    for at in reversed(last):
        if begins is None or at - begins > VISIT:
            begins = at
    return begins


def _instants(reader: Standing, professional_id: UUID, place: str | None) -> Iterator[datetime]:
    """When a professional read something that the reader may know of, newest first."""
    for _, act in zip(range(_MOST), audit.acts_told(reader, professional_id), strict=False):
        is_reading = act.action in _READINGS and act.way != Reason.ENCOUNTER.value
        if is_reading and (place is None or act.actor_structure == place):
            yield act.at


def _name_of(structure_id: UUID) -> str:
    found = directory.structure(structure_id) if structure_id != NOWHERE else None
    return found.display_name if found else ""
