"""Looking at openings in an emergency afterwards (security.md R47): the privacy officer's queue, nothing clinical.

What the professional wrote stays between them and the record's people: the officer sees the reason chosen, how long it
stood open, and how many documents of which kinds were read.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from espace import clock, crypto, db, settings
from espace.access.models import Emergency
from espace.access.policy import EmergencyMode
from espace.audit import services as audit
from espace.audit.services import Action, readings
from espace.audit.services.readings import Reading, Visit
from espace.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from espace.notifications.services import PracticeNews, tell_professional
from espace.people import services as people
from espace.permissions import Actor, ActorKind, Permission, Relation
from espace.words import N_, one_line

from .emergency import COLUMNS, TABLE, Why, with_key

PAGE = 30
MOST_WORDS = 500
_BEFORE = timedelta(days=1)
"""Who served the person so shortly before took part in what led to the opening."""
_OFFICE_LOOKS = (Action.EMERGENCY_LOOKED_AT, Action.EMERGENCY_DECIDED)
_LAST = UUID(int=2**128 - 1)


class Review(StrEnum):
    """Where the look at an opening stands."""

    NEW = "new"
    ASKED = "asked"
    ANSWERED = "answered"
    EXPECTED = "expected"
    REPORTED = "reported"

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to be decided."""
        return self in (Review.EXPECTED, Review.REPORTED)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One opening as operators see it. `asked`, `answer` and `words` are the house's question, the professional's
    answer, and why it was settled; `was_closed`: the record's people closed it before its time.
    """

    id: UUID
    record_id: UUID
    professional_id: UUID
    mode: EmergencyMode
    why: Why
    name: str
    profession: str
    structure: str
    opened_at: datetime
    until: datetime
    review: Review
    answer_by: datetime | None
    version: int
    asked: str = ""
    answer: str = ""
    words: str = ""
    by: str = ""
    is_contested: bool = False
    was_closed: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the record still stands open by it."""
        return self.opened_at <= clock.now() < self.until

    @property
    def is_late(self) -> bool:
        """Whether the professional was to answer by now and did not."""
        return self.review is Review.ASKED and self.answer_by is not None and self.answer_by <= clock.now()

    @property
    def stay(self) -> Visit:
        """The opening as a stay of its professional on the record."""
        return Visit(self.record_id, self.professional_id, self.opened_at, self.until)


_ALL = (*COLUMNS, Emergency.review, Emergency.answer_by, Emergency.version)
_QUEUE = select(*_ALL).where(Emergency.id < bindparam("before")).order_by(Emergency.id.desc()).limit(bindparam("limit"))
_QUEUES = {
    False: _QUEUE.where(Emergency.reviewed_at.is_(None)),
    True: _QUEUE.where(Emergency.reviewed_at.is_not(None)),
}
_ONE = select(*_ALL).where(Emergency.record_id == bindparam("record"), Emergency.id == bindparam("id"))
_ASKED_OF = (
    select(*_ALL)
    .where(
        Emergency.professional_id == bindparam("professional"),
        Emergency.review == Review.ASKED.value,
        Emergency.reviewed_at.is_(None),
    )
    .order_by(Emergency.opened_at)
)


def waiting() -> int:
    """How many openings wait to be looked at, up to a hundred."""
    with db.read() as tx:
        return len(tx.execute(select(Emergency.id).where(Emergency.reviewed_at.is_(None)).limit(100)).all())


def queue(actor: Actor, *, settled: bool, before: UUID | None = None) -> tuple[list[Reviewed], UUID | None]:
    """Openings to look at, or settled: newest first, and after which one older ones follow. The look is an act.

    Raises:
        NotFoundError: for who is no privacy officer.
    """
    _demand_officer(actor)
    with db.write() as tx:
        rows = tx.execute(_QUEUES[settled], {"before": before or _LAST, "limit": PAGE + 1}).all()
        found = [_opened(tx, row) for row in with_key(tx, rows[:PAGE])]
        disputed = readings.contested([one.stay for one in found])
        audit.record_office(actor, Action.EMERGENCIES_READ)
    shown = [replace(one, is_contested=one.stay in disputed) for one in found]
    return shown, rows[PAGE - 1].id if len(rows) > PAGE else None


def look(actor: Actor, record_id: UUID, opening_id: UUID) -> tuple[Reviewed, Reading]:
    """One opening and how much was read by it; the look is an act of the house's trail and of the record's.

    Raises:
        NotFoundError: for who is no privacy officer, or when there is no such opening.
    """
    _demand_officer(actor)
    with db.write() as tx:
        found = _found(tx, record_id, opening_id)
        read = readings.read_between(record_id, found.professional_id, found.opened_at, found.until)
        disputed = readings.contested([found.stay])
        audit.record_office(actor, Action.EMERGENCY_LOOKED_AT, record_id=record_id)
    return replace(found, is_contested=bool(disputed)), read


def took_part(actor: Actor, one: Reviewed) -> bool:
    """Whether this operator did something on the record around the opening: then another one decides."""
    return readings.took_part(one.record_id, actor.id, one.opened_at - _BEFORE, one.until, _OFFICE_LOOKS)


def decide(actor: Actor, record_id: UUID, opening_id: UUID, review: Review, words: str, *, version: int) -> None:
    """Settle an opening as expected or reported, or ask the professional to explain it by a day.

    Raises:
        NotFoundError: for who is no privacy officer, or when there is no such opening.
        RefusedError: for an operator who took part.
        InvalidError: for `decision` when it is none to choose, or for `words` when they are missing.
        ConflictError: when it was decided meanwhile.
    """
    _demand_officer(actor)
    words = _checked(review, words)
    now = clock.now()
    with db.write() as tx:
        found = _found(tx, record_id, opening_id)
        if found.version != version or found.review.is_settled:
            raise ConflictError
        if took_part(actor, found):
            raise RefusedError("took-part")
        said = {"asked" if review is Review.ASKED else "decided": words, "by": actor.name}
        days = timedelta(days=settings.current().explanation_days)
        values: dict[str, Any] = {
            "review": review.value,
            "answer_by": now + days if review is Review.ASKED else found.answer_by,
            "reviewed_at": now if review.is_settled else None,
        }
        _write(tx, found, values, said)
        audit.record_office(actor, Action.EMERGENCY_DECIDED, record_id=record_id, detail={"decision": review.value})
        if review is Review.ASKED:
            mssante = people.professional(found.professional_id).mssante
            tell_professional(mssante, PracticeNews.EXPLANATION)


def _checked(review: Review, words: str) -> str:
    words = one_line(words)
    if review in (Review.NEW, Review.ANSWERED):
        raise InvalidError({"decision": N_("Choose what becomes of it.")})
    if len(words) > MOST_WORDS or (not words and review is not Review.EXPECTED):
        raise InvalidError({"words": N_("Say why in one or two sentences, nothing about health.")})
    return words


def asked_of(actor: Actor) -> list[Reviewed]:
    """The openings this professional is asked to explain, the oldest first."""
    if actor.kind is not ActorKind.PROFESSIONAL:
        return []
    with db.read() as tx:
        return [_opened(tx, row) for row in with_key(tx, tx.execute(_ASKED_OF, {"professional": actor.id}).all())]


def explain(actor: Actor, opening_id: UUID, words: str) -> None:
    """Answer the house about an opening of one's own; also after its day, as long as it is not settled.

    Raises:
        NotFoundError: when nothing is asked of this professional about such an opening.
        InvalidError: for `words` when they are missing or too many.
    """
    words = one_line(words)
    with db.write() as tx:
        found = next((one for one in asked_of(actor) if one.id == opening_id), None)
        if found is None:
            raise NotFoundError
        if not words or len(words) > MOST_WORDS:
            raise InvalidError({"words": N_("Explain the opening in one to five sentences.")})
        _write(tx, found, {"review": Review.ANSWERED.value}, {"answer": words})
        audit.record(actor, found.record_id, Action.EMERGENCY_EXPLAINED, relation=Relation.PROFESSIONAL)


def _demand_officer(actor: Actor) -> None:
    if not actor.carries(Permission.OFFICE_PRIVACY):
        raise NotFoundError


def _write(tx: Connection, found: Reviewed, values: dict[str, Any], said: dict[str, str]) -> None:
    this = (Emergency.record_id == found.record_id, Emergency.id == found.id)
    payload = tx.execute(select(Emergency.payload).where(*this)).scalar_one()
    kept = crypto.unseal(tx, found.record_id, TABLE, found.id, payload) | said
    changed = tx.execute(
        update(Emergency)
        .where(*this, Emergency.version == found.version)
        .values(**values, version=found.version + 1, payload=crypto.seal(tx, found.record_id, TABLE, found.id, kept))
    )
    if changed.rowcount != 1:
        raise ConflictError


def _found(tx: Connection, record_id: UUID, opening_id: UUID) -> Reviewed:
    row = tx.execute(_ONE, {"record": record_id, "id": opening_id}).first()
    if row is None or not with_key(tx, [row]):
        raise NotFoundError
    return _opened(tx, row)


def _opened(tx: Connection, row: Any) -> Reviewed:
    said = crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload)
    return Reviewed(
        id=row.id,
        record_id=row.record_id,
        professional_id=row.professional_id,
        mode=EmergencyMode(row.mode),
        why=Why(said["why"]),
        name=said["name"],
        profession=said["profession"],
        structure=said["structure"],
        opened_at=row.opened_at,
        until=row.until,
        review=Review(row.review) if row.review else Review.NEW,
        answer_by=row.answer_by,
        version=row.version,
        asked=said.get("asked", ""),
        answer=said.get("answer", ""),
        words=said.get("decided", ""),
        by=said.get("by", ""),
        was_closed=bool(said.get("closed")),
    )
