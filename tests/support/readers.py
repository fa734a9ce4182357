"""Readers of a record made as rows: a carer, the team of a place, a counter code that stands open."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, update

from espace import clock, crypto, db
from espace.access.models import Consent, CounterCode, Emergency
from espace.family.models import Link
from espace.identifiers import new_id
from espace.permissions import Task

from .build import Caregiver, Citizen


def carer(holder: Citizen, person: Citizen, *tasks: Task, withheld: Collection[str] = (), days: int = 30) -> UUID:
    """Have `person` care for the holder, with these tasks, for some days; gives what binds them."""
    link_id, record_id, now = new_id(), holder.record_id, clock.now()
    said = {"tasks": [task.value for task in tasks], "withheld": sorted(withheld)}
    with db.write() as tx:
        tx.execute(
            insert(Link).values(
                record_id=record_id,
                id=link_id,
                person_id=person.person_id,
                kind="carer",
                since=now,
                until=now + timedelta(days=days),
                payload=crypto.seal(tx, record_id, "family_links", link_id, said),
            )
        )
    return link_id


def team(holder: Citizen, member: Caregiver, state: str = "valid", days: int = 30) -> None:
    """Decide about everybody who practises at the first place of `member`."""
    place = member.facts.structures[0]
    consent_id, record_id, now = new_id(), holder.record_id, clock.now()
    shown = {"name": place.display_name, "profession_code": "", "profession": "", "structure": place.city}
    with db.write() as tx:
        tx.execute(
            insert(Consent).values(
                record_id=record_id,
                id=consent_id,
                grantee_kind="team",
                grantee_id=place.id,
                state=state,
                decided_at=now,
                valid_until=now + timedelta(days=days),
                version=1,
                payload=crypto.seal(tx, record_id, "access_consents", consent_id, shown),
            )
        )


def window(
    holder: Citizen,
    professional: Caregiver,
    opens: str = "read",
    minutes: int = 60,
    *,
    secret: bool = False,
    by: Citizen | None = None,
) -> None:
    """Open the record to a professional by a counter code, as one that was typed; `by` the holder, or who made it."""
    row_id, record_id, now, maker = new_id(), holder.record_id, clock.now(), by or holder
    shown = {"name": professional.facts.display_name, "profession": "", "structure": ""}
    made_by = {"account": str(maker.account_id), "person": str(maker.person_id), "name": maker.name}
    said = {"maker": made_by, "digits": "", "shown": shown}
    with db.write() as tx:
        tx.execute(
            insert(CounterCode).values(
                record_id=record_id,
                id=row_id,
                code_index=bytes(32),
                opens=opens,
                secret=secret,
                minutes=minutes,
                made_at=now,
                offered_until=now,
                professional_id=professional.id,
                used_at=now,
                until=now + timedelta(minutes=minutes),
                payload=crypto.seal(tx, record_id, "access_counter_codes", row_id, said),
            )
        )


def emergency(
    holder: Citizen, professional: Caregiver, mode: str = "break-glass", hours: int = 4, *, secret: bool = False
) -> UUID:
    """Open the record to a professional in an emergency, as one that was said and written down; gives its id."""
    row_id, record_id, now = new_id(), holder.record_id, clock.now()
    said = {"why": "unconscious", "words": "inconscient", "name": professional.facts.display_name}
    said |= {"profession": professional.facts.plain_label, "structure": professional.structure}
    said |= {"secret": "yes" if secret else ""}
    with db.write() as tx:
        tx.execute(
            insert(Emergency).values(
                record_id=record_id,
                id=row_id,
                professional_id=professional.id,
                mode=mode,
                opened_at=now,
                until=now + timedelta(hours=hours),
                version=1,
                payload=crypto.seal(tx, record_id, "access_emergencies", row_id, said),
            )
        )
    return row_id


def restrict(child: Citizen, parent: Citizen, sees_before: datetime | None) -> None:
    """Have a decision stop a parent now, or leave them what came until then."""
    with db.write() as tx:
        tx.execute(
            update(Link)
            .where(Link.record_id == child.record_id, Link.person_id == parent.person_id)
            .values(frozen_at=clock.now(), sees_before=sees_before)
        )
