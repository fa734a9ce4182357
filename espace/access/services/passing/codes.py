"""Counter codes: six digits the holder shows open the record for a while to the professional who types them, once.

Six digits alone could be guessed where many codes wait at once. So a code is looked up together with the birth date of
its person, which a counter sees anyway: one keyed digest of both, so that a wrong date and a wrong code are the same
miss. Misses are few in an hour for each professional, and slow down their place of practice and the whole house.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, bindparam, exists, insert, select, update

from espace import clock, crypto, db
from espace.access.models import CounterCode
from espace.access.policy import Window
from espace.access.services.telling import tell
from espace.audit import services as audit
from espace.audit.services import Action
from espace.db import Id
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.family.services.growing import stages
from espace.family.services.growing.stages import Change
from espace.identifiers import new_id
from espace.notifications.services import Event
from espace.people import services as people
from espace.permissions import Permission, Relation, Standing, demand_fresh_proof
from espace.words import N_

from . import makers
from .windows import SKEW, still_given

TABLE = "access_counter_codes"
DIGITS = 6
OFFERED = timedelta(minutes=10)
"""How long a code may be typed after it was made."""
MINUTES = (20, 60, 240, 720, 1440)
"""How long a window may stand open: 20 minutes to 24 hours."""
SHOWN = timedelta(days=365)
"""How long receipts stand on the page; the trail keeps what happened for longer."""
_MOST = 50


class CodeState(StrEnum):
    """Where a code stands."""

    OFFERED = "offered"
    OPEN = "open"
    CLOSED = "closed"
    OVER = "over"
    """It was never used: nobody can use it any more."""


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One code, as the people of the record see it.

    `digits` are there as long as it is offered, for who made it. `minutes` is how long it opens the record; `closed_by`
    is `record` or `professional` when one of them closed the window before its time. `secret`: a minor's own, of which
    who represents them knows nothing.
    """

    id: UUID
    opens: Window
    minutes: int
    secret: bool
    made_at: datetime
    offered_until: datetime
    maker_id: UUID
    maker: str
    professional_id: UUID | None
    used_at: datetime | None
    until: datetime | None
    digits: str = ""
    name: str = ""
    profession: str = ""
    structure: str = ""
    closed_by: str = ""

    @property
    def state(self) -> CodeState:
        """Where it stands now."""
        now = clock.now()
        if self.used_at is not None and self.until is not None:
            return CodeState.OPEN if self.used_at - SKEW <= now < self.until else CodeState.CLOSED
        return CodeState.OFFERED if self.made_at <= now < self.offered_until else CodeState.OVER


_COLUMNS = (
    CounterCode.id,
    CounterCode.record_id,
    CounterCode.opens,
    CounterCode.minutes,
    CounterCode.secret,
    CounterCode.made_at,
    CounterCode.offered_until,
    CounterCode.professional_id,
    CounterCode.used_at,
    CounterCode.until,
    CounterCode.payload,
)
_SECRET: BindParameter[Any] = bindparam("secret", expanding=True)
_OF_RECORD = (
    select(*_COLUMNS)
    .where(
        CounterCode.record_id == bindparam("record", type_=Id),
        CounterCode.made_at > bindparam("since"),
        CounterCode.secret.in_(_SECRET),
    )
    .order_by(CounterCode.id.desc())
    .limit(_MOST)
)
_ONE = select(*_COLUMNS).where(
    CounterCode.record_id == bindparam("record", type_=Id),
    CounterCode.id == bindparam("id", type_=Id),
    CounterCode.secret.in_(_SECRET),
)


def make(standing: Standing, opens: Window, minutes: int, *, secret: bool = False) -> UUID:
    """Make a code; one that the same person made before and nobody used stops working. Gives its id.

    `secret`: a minor keeps it from their parents; of nobody else is it asked.

    Raises:
        NotFoundError: for who does not decide about the record.
        StepUpError: without a proof younger than five minutes (R9).
        InvalidError: for a duration that is not offered.
    """
    _holder_side(standing)
    demand_fresh_proof(standing.actor)
    if minutes not in MINUTES:
        raise InvalidError({"minutes": N_("Choose for how long.")})
    now, code_id, secret = clock.now(), new_id(), secret and may_keep_secret(standing)
    with db.write() as tx:
        for former in _lines(tx, standing):
            if former.state is CodeState.OFFERED and former.maker_id == standing.actor.id:
                _withdraw(tx, standing.record_id, former.id, now)
        digits, index = _unused(tx, date.fromisoformat(standing.holder_birth), now)
        tx.execute(
            insert(CounterCode).values(
                record_id=standing.record_id,
                id=code_id,
                code_index=index,
                opens=opens.value,
                minutes=minutes,
                secret=secret,
                made_at=now,
                offered_until=now + OFFERED,
                payload=crypto.seal(
                    tx, standing.record_id, TABLE, code_id, {"maker": makers.written(standing), "digits": digits}
                ),
            )
        )
        audit.record(
            standing.actor,
            standing.record_id,
            Action.COUNTER_CODE_MADE,
            relation=standing.relation,
            objects=_marked(code_id, secret=secret),
            detail={"opens": opens.value, "minutes": str(minutes)},
        )
    return code_id


def may_keep_secret(standing: Standing) -> bool:
    """Whether this is a minor in their own record, who may show a code without their parents knowing (MI-5, MI-6)."""
    return makers.is_holder(standing) and stages.holds(standing, Change.KEEPS_SECRET)


def secrecies(standing: Standing) -> list[bool]:
    """Which codes a standing may know of, as SQL takes it: whether secret ones too."""
    return [False, True] if makers.is_holder(standing) else [False]


def _marked(code_id: UUID, *, secret: bool) -> list[dict[str, str]]:
    """What the trail keeps of a code: only the mark by which a minor's parents are told nothing."""
    return [{"id": str(code_id), "representatives_invisible": "yes"}] if secret else []


def index_of(digits: str, birth_date: date) -> bytes:
    """Under which digest a code is looked up: together with the birth date, so that neither can be tried alone."""
    return crypto.blind("counter-code", f"{digits}|{birth_date.isoformat()}")


def _unused(tx: Connection, birth_date: date, now: datetime) -> tuple[str, bytes]:
    """Digits that no open code of somebody born on the same day has."""
    while True:
        digits = crypto.new_digits(DIGITS)
        index = index_of(digits, birth_date)
        taken = select(CounterCode.id).where(CounterCode.code_index == index, CounterCode.offered_until > now)
        if tx.execute(taken.limit(1)).first() is None:
            return digits, index


def codes(standing: Standing) -> list[CodeLine]:
    """The codes of the last year, newest first. Raises NotFoundError for who does not decide about the record."""
    _holder_side(standing)
    with db.read() as tx:
        return _lines(tx, standing)


def code(standing: Standing, code_id: UUID) -> CodeLine:
    """One code.

    Raises:
        NotFoundError: when the record has none such, or for who does not decide about the record.
    """
    _holder_side(standing)
    with db.read() as tx:
        row = tx.execute(_ONE, _values(standing, id=code_id)).first()
        if row is None:
            raise NotFoundError
        return _told(tx, row, standing)


def close(standing: Standing, code_id: UUID) -> None:
    """Close at once: a code nobody used stops working, an open window closes. Closing twice changes nothing.

    Raises:
        NotFoundError: see `code`.
    """
    line, now = code(standing, code_id), clock.now()
    with db.write() as tx:
        if line.state is CodeState.OFFERED and _withdraw(tx, standing.record_id, code_id, now):
            _leave(standing, Action.COUNTER_CODE_CANCELLED, _marked(code_id, secret=line.secret))
            return
        line = code(standing, code_id)  # it may have been used in this very moment
        if line.state is CodeState.OPEN:
            _shut(tx, standing.record_id, line, now, "record")
            named = {"id": str(line.professional_id), "name": line.name}
            marks = _marked(code_id, secret=line.secret)
            _leave(standing, Action.WINDOW_CLOSED, [{**mark, **named} for mark in marks] or [named])


def close_own(standing: Standing) -> None:
    """Close, as a professional, what a counter code opened to them.

    Raises:
        NotFoundError: when nothing is open to them that way.
    """
    if standing.relation is not Relation.PROFESSIONAL:
        raise NotFoundError
    now = clock.now()
    query = select(*_COLUMNS).where(
        CounterCode.record_id == standing.record_id,
        CounterCode.professional_id == standing.actor.id,
        CounterCode.until > now,
    )
    with db.write() as tx:
        rows = tx.execute(query.with_for_update()).all()
        if not rows:
            raise NotFoundError
        for row in rows:
            _shut(tx, standing.record_id, _line(tx, row, standing), now, "professional")
        marks = _marked(rows[0].id, secret=any(row.secret for row in rows))
        _leave(standing, Action.WINDOW_CLOSED, marks)


def stands_open(record_id: BindParameter[UUID], now: BindParameter[datetime]) -> ColumnElement[bool]:
    """As SQL: that somebody reads this record by a code at this instant."""
    return exists().where(CounterCode.record_id == record_id, CounterCode.until > now)


def record_behind(digits: str, birth_date: date) -> UUID | None:
    """The record that these digits and this birth date would open; None for none, or for more than one."""
    with db.read() as tx:
        rows = tx.execute(_offered(digits, birth_date)).all()
    return rows[0].record_id if len(rows) == 1 else None


def found(tx: Connection, digits: str, birth_date: date) -> Sequence[Any]:
    """The offered codes of these digits and this birth date, locked: more than one cannot be told apart."""
    return tx.execute(_offered(digits, birth_date).with_for_update()).all()


def _offered(digits: str, birth_date: date) -> Select[*tuple[Any, ...]]:
    now = clock.now()
    return select(*_COLUMNS).where(
        CounterCode.code_index == index_of(digits, birth_date),
        CounterCode.used_at.is_(None),
        CounterCode.made_at <= now,
        CounterCode.offered_until > now,
    )


def take(tx: Connection, row: Any, professional: people.Professional, structure: str) -> datetime:
    """Open the window of a code to a professional, once; gives until when.

    Raises:
        ConflictError: when somebody used it in the same moment.
    """
    now = clock.now()
    until = now + timedelta(minutes=row.minutes)
    said = crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload)
    shown = {
        "name": professional.display_name,
        "profession": professional.plain_label,
        "structure": structure,
    }
    kept = {"maker": said["maker"], "digits": "", "shown": shown}
    changed = tx.execute(
        update(CounterCode)
        .where(CounterCode.record_id == row.record_id, CounterCode.id == row.id, CounterCode.used_at.is_(None))
        .values(
            professional_id=professional.id,
            used_at=now,
            until=until,
            payload=crypto.seal(tx, row.record_id, TABLE, row.id, kept),
        )
    )
    if changed.rowcount != 1:
        raise ConflictError
    tell(row.record_id, Event.COUNTER_CODE, holder_only=row.secret)
    return until


def maker_of(tx: Connection, row: Any) -> dict[str, Any]:
    """Who made a code, as `makers` takes it."""
    maker: dict[str, Any] = crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload)["maker"]
    return maker


def _leave(standing: Standing, action: Action, objects: list[dict[str, str]]) -> None:
    audit.record(standing.actor, standing.record_id, action, relation=standing.relation, objects=objects)


def _withdraw(tx: Connection, record_id: UUID, code_id: UUID, now: datetime) -> bool:
    one = (CounterCode.record_id == record_id, CounterCode.id == code_id, CounterCode.used_at.is_(None))
    return bool(tx.execute(update(CounterCode).where(*one).values(offered_until=now)).rowcount)


def _shut(tx: Connection, record_id: UUID, line: CodeLine, now: datetime, closed_by: str) -> None:
    row = tx.execute(_ONE, {"record": record_id, "id": line.id, "secret": [False, True]}).one()
    said = crypto.unseal(tx, record_id, TABLE, line.id, row.payload) | {"closed_by": closed_by}
    one = (CounterCode.record_id == record_id, CounterCode.id == line.id, CounterCode.until > now)
    sealed = crypto.seal(tx, record_id, TABLE, line.id, said)
    tx.execute(update(CounterCode).where(*one).values(until=now, payload=sealed))


def _lines(tx: Connection, standing: Standing) -> list[CodeLine]:
    rows = tx.execute(_OF_RECORD, _values(standing, since=clock.now() - SHOWN)).all()
    return [_told(tx, row, standing) for row in rows]


def _values(standing: Standing, **more: Any) -> dict[str, Any]:
    return {"record": standing.record_id, "secret": secrecies(standing), **more}


def _told(tx: Connection, row: Any, standing: Standing) -> CodeLine:
    """A code as its page says it: a window whose maker decides no more is over, in the words of any that ended."""
    line = _line(tx, row, standing)
    if line.state is CodeState.OPEN and not still_given(tx, [row]):
        return replace(line, until=clock.now())
    return line


def _line(tx: Connection, row: Any, standing: Standing) -> CodeLine:
    said = crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload)
    maker, shown = said["maker"], dict(said.get("shown", {}))
    if standing.places_kept:
        shown.pop("structure", None)  # another parent keeps the names of places from this reader (R15)
    made = CodeLine(
        id=row.id,
        opens=Window(row.opens),
        minutes=row.minutes,
        secret=row.secret,
        made_at=row.made_at,
        offered_until=row.offered_until,
        maker_id=UUID(maker["account"]),
        maker=maker["name"],
        professional_id=row.professional_id,
        used_at=row.used_at,
        until=row.until,
        closed_by=said.get("closed_by", ""),
        **shown,
    )
    mine = made.state is CodeState.OFFERED and made.maker_id == standing.actor.id
    return replace(made, digits=said["digits"]) if mine else made


def _holder_side(standing: Standing) -> None:
    if not standing.may(Permission.ACCESS_MANAGE):
        raise NotFoundError
