"""What people are told about a carer: rights, a first act, the nearing end, a week's acts. Each is told once (R52)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from espace import clock, db
from espace.accounts import services as accounts
from espace.audit import services as audit
from espace.db import Id
from espace.family.models import CarerNotice, Link
from espace.family.services.bonds import CARER, bond
from espace.family.services.links import representatives
from espace.identifiers import new_id
from espace.notifications.services import Event
from espace.permissions import Relation, Standing, Task
from espace.records import services as records

BEFOREHAND = (14, 2)
"""Days before the end on which the holder and the carer are reminded."""
_BATCH = 200
_KEPT = timedelta(days=90)

_LIVING = (
    select(Link.record_id, Link.id, Link.person_id, Link.since, Link.until)
    .where(
        Link.kind == CARER,
        Link.until > bindparam("after_end"),
        Link.until <= bindparam("before_end"),
        Link.id > bindparam("after", type_=Id),
    )
    .order_by(Link.id)
    .limit(_BATCH)
)
_AS_CARER = select(Link.id).where(
    Link.record_id == bindparam("record", type_=Id), Link.person_id == bindparam("person", type_=Id), Link.kind == CARER
)
_FAR = datetime(9999, 1, 1, tzinfo=UTC)


def tell_rights(record_id: UUID, carer_person: UUID) -> None:
    """A carer's rights began, changed or ended: told to the record's people, both parents of a child, and the carer."""
    accounts.notify([*_people_of(record_id), carer_person], Event.CARER_RIGHTS)


def note_act(standing: Standing, task: Task) -> None:
    """A carer did something of a task, in the open unit of work: its first time is told to the record's people."""
    person_id = standing.actor.person_id
    if standing.relation is not Relation.CARER or person_id is None:
        return
    found = bond(person_id, standing.record_id)
    if found is None or found.kind != CARER:
        return
    with db.write() as tx:
        if task is Task.READ_DOCUMENTS:
            first = tx.execute(
                update(Link)
                .where(Link.record_id == standing.record_id, Link.id == found.id, Link.first_read_at.is_(None))
                .values(first_read_at=clock.now())
            )
            if not first.rowcount:
                return
        if _note(standing.record_id, found.id, f"first-{task.value}"):
            accounts.notify(_people_of(standing.record_id), Event.CARER_FIRST_ACT)


def note_filed(record_id: UUID, account_id: UUID) -> None:
    """What this account sent is filed now, in the open unit of work: a carer's first file is told, as by `note_act`.

    For what waited for the scanner. Help that ended meanwhile is told as well: it was given when the file was sent.
    """
    sender = accounts.actor_behind(account_id)
    if sender is None or sender.person_id is None:
        return
    now = bond(sender.person_id, record_id)
    if now is not None and now.represents:
        return
    with db.write() as tx:
        link_id = tx.execute(_AS_CARER, {"record": record_id, "person": sender.person_id}).scalar()
        if link_id is not None and _note(record_id, link_id, f"first-{Task.ADD_DOCUMENTS.value}"):
            accounts.notify(_people_of(record_id), Event.CARER_FIRST_ACT)


def begin_anew(record_id: UUID, carer_id: UUID) -> None:
    """Somebody who was a carer before is one again: their first acts are told anew."""
    with db.write() as tx:
        tx.execute(delete(CarerNotice).where(CarerNotice.record_id == record_id, CarerNotice.link_id == carer_id))


def remind() -> int:
    """Tell who is helped and who helps, 14 and 2 days before, that it ends; gives how many ends were told.

    Each reminder goes out once, and again when the end was put off. A worker that was away sends the nearer one only.
    Help that was given for a shorter time than that gets no such reminder.
    """
    now = clock.now()
    return sum(_remind(row) for row in _links(now, now + timedelta(days=max(BEFOREHAND) + 1)))


def _remind(row: Any) -> bool:
    last_day = (row.until - timedelta(seconds=1)).astimezone(clock.HOME_ZONE).date()
    left, whole = (last_day - clock.today()).days, (row.until - row.since).days
    days = min((each for each in BEFOREHAND if left <= each < whole), default=0)
    if not days or not _is_living(row.record_id):
        return False
    with db.write():
        if not _note(row.record_id, row.id, f"end-{days}-{last_day:%Y%m%d}"):
            return False
        accounts.notify([*_people_of(row.record_id), row.person_id], Event.CARER_ENDING)
    return True


def send_receipts() -> int:
    """Tell, once for each week that is over, those in whose name a carer acted; gives how many were told.

    A week without an act is told to nobody.
    """
    monday = this_monday()
    start, stop = _midnight(monday - timedelta(days=7)), _midnight(monday)
    return sum(_receipt(row, monday - timedelta(days=7), start, stop) for row in _links(start, _FAR))


def _receipt(row: Any, monday: date, start: datetime, stop: datetime) -> bool:
    what = f"week-{monday:%Y%m%d}"
    if row.since >= stop or _is_noted(row.record_id, row.id, what) or not _is_living(row.record_id):
        return False
    acted = _acted(row.record_id, row.person_id, start, stop)
    with db.write():
        if not _note(row.record_id, row.id, what) or not acted:
            return False
        accounts.notify(_people_of(row.record_id), Event.CARER_RECEIPT)
    return True


def sweep() -> int:
    """Forget what was told long ago of weeks and ends; gives how many rows. A first act stays told."""
    with db.write() as tx:
        old = CarerNotice.sent_at <= clock.now() - _KEPT
        return tx.execute(delete(CarerNotice).where(old, CarerNotice.what.not_like("first-%"))).rowcount


def this_monday() -> date:
    """The first day of the present week."""
    today = clock.today()
    return today - timedelta(days=today.weekday())


def _acted(record_id: UUID, person_id: UUID, start: datetime, stop: datetime) -> bool:
    """Whether the person acted as a carer on this record between two instants."""
    account = accounts.account_of(person_id)
    if account is None:
        return False
    before: int | None = None
    while page := audit.entries(record_id, mine=True, holder_actor_ids=[account.id], before=before):
        for entry in page:
            if entry.at < start:
                return False
            if entry.at < stop and entry.relation == Relation.CARER:
                return True
        before = page[-1].sequence
    return False


def _people_of(record_id: UUID) -> list[UUID]:
    """The holder, and who stands in for them now."""
    return [records.record(record_id).person_id, *representatives(record_id)]


def _is_living(record_id: UUID) -> bool:
    return records.record(record_id).is_open


def _links(after_end: datetime, before_end: datetime) -> Iterator[Any]:
    """Every carer whose end lies after the one and not after the other instant, two hundred at a time."""
    after = UUID(int=0)
    while True:
        with db.read() as tx:
            asked = {"after": after, "after_end": after_end, "before_end": before_end}
            batch: Sequence[Any] = tx.execute(_LIVING, asked).all()
        yield from batch
        if len(batch) < _BATCH:
            return
        after = batch[-1].id


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.HOME_ZONE).astimezone(UTC)


def _is_noted(record_id: UUID, link_id: UUID, what: str) -> bool:
    with db.read() as tx:
        known = select(CarerNotice.id).where(
            CarerNotice.record_id == record_id, CarerNotice.link_id == link_id, CarerNotice.what == what
        )
        return tx.execute(known).first() is not None


def _note(record_id: UUID, link_id: UUID, what: str) -> bool:
    """Write down that this is told now; gives whether it was not before. Of two workers at once, one is told yes."""
    with db.write() as tx:
        dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
        adding = dialect.insert(CarerNotice).values(
            record_id=record_id, id=new_id(), link_id=link_id, what=what, sent_at=clock.now()
        )
        return tx.execute(adding.on_conflict_do_nothing().returning(CarerNotice.id)).first() is not None
