"""Opening a record in an emergency, for some hours, with a reason (rules.md AR-7, AR-8, AR-10, security.md R47).

Two ways, each with its own opposition: break-glass for any health professional beside somebody who cannot speak, and
the centre 15 for a doctor who answers a call about the person. Neither shows what is hidden, nor overrules a block.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select

from espace import clock, crypto, db, settings
from espace.access.models import Emergency, Encounter
from espace.access.policy import ConsentState, EmergencyMode
from espace.access.services.decisions.consents import of_grantees
from espace.access.services.officers import News, tell_officers
from espace.access.services.seeing.seers import SeerAct, SeerKind, SeerLine, SeerState
from espace.access.services.telling import tell, tell_holder
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.notifications.services import Event, PracticeNews, tell_professional
from espace.people import services as people
from espace.people.services import Professional
from espace.permissions import Actor, Permission, Relation, Standing, demand_fresh_proof
from espace.records import services as records
from espace.words import N_, Message, one_line

from .oppositions import opposed
from .rescuers import may_break_glass, regulates
from .wording import keeps_words

TABLE = "access_emergencies"
LEAST_WORDS, MOST_WORDS = 15, 500
LEAST_REFERENCE, MOST_REFERENCE = 3, 40
LONGEST = timedelta(hours=4)
"""No setting lengthens it (security.md R47)."""
SHOWN = timedelta(days=30)
"""How long an opening stays on the access page; the history keeps it."""


class Why(StrEnum):
    """Why a record is opened in an emergency."""

    UNCONSCIOUS = "unconscious"
    UNABLE = "unable"
    DANGER = "danger"
    CALL = "call"
    """A call to the centre 15 about the person: the only reason there, and nowhere else."""


WHY: dict[Why, Message] = {
    Why.UNCONSCIOUS: N_("The person is unconscious"),
    Why.UNABLE: N_("The person cannot answer: confusion, pain, no common language"),
    Why.DANGER: N_("Another immediate danger, the person being unable to decide"),
    Why.CALL: N_("A call to the centre 15 about the person"),
}
"""The reasons in words, in the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening as its professional, the record's people and the attending doctor see it.

    `words` is what the professional wrote: their text, or the reference of the call. `is_secret`: it happened in a
    minor's secret connection, of which the parents learn nothing (rules.md MI-7). `was_closed`: the record's people
    closed it.
    """

    id: UUID
    record_id: UUID
    professional_id: UUID
    mode: EmergencyMode
    opened_at: datetime
    until: datetime
    why: Why
    words: str
    name: str
    profession: str
    structure: str
    is_secret: bool = False
    was_closed: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the record stands open by it."""
        return self.opened_at <= clock.now() < self.until


COLUMNS = (
    Emergency.record_id,
    Emergency.id,
    Emergency.professional_id,
    Emergency.mode,
    Emergency.opened_at,
    Emergency.until,
    Emergency.payload,
)
_OF_RECORD = (
    select(*COLUMNS)
    .where(Emergency.record_id == bindparam("record"), Emergency.opened_at > bindparam("since"))
    .order_by(Emergency.id.desc())
)
_LATELY = select(*COLUMNS).where(
    Emergency.record_id == bindparam("record"),
    Emergency.professional_id == bindparam("professional"),
    Emergency.mode == bindparam("mode"),
    Emergency.opened_at > bindparam("since"),
)
_MET = (
    select(Encounter.id)
    .where(Encounter.record_id == bindparam("record"), Encounter.professional_id == bindparam("professional"))
    .with_for_update()
)
_OPEN_TO = (
    select(*COLUMNS)
    .where(Emergency.professional_id == bindparam("professional"), Emergency.opened_at > bindparam("since"))
    .where(Emergency.until > bindparam("now"))
    .order_by(Emergency.opened_at.desc())
)
_OF_ATTENDING = (
    select(*COLUMNS)
    .where(Emergency.attending_id == bindparam("professional"), Emergency.opened_at > bindparam("since"))
    .order_by(Emergency.opened_at.desc())
    .limit(60)
)


def longest() -> timedelta:
    """How long an opening lasts unless it is ended before."""
    return timedelta(hours=settings.current().emergency_hours)


def checked(mode: EmergencyMode, why: str, words: str) -> tuple[Why, str]:
    """The reason given, as it will be kept.

    Raises:
        InvalidError: for `why`, `words` or, on a call, `reference`, with what is missing.
    """
    words = one_line(words)
    if mode is EmergencyMode.CENTRE_15:
        if not LEAST_REFERENCE <= len(words) <= MOST_REFERENCE:
            raise InvalidError({"reference": N_("Write the reference of the call, as your log gives it.")})
        return Why.CALL, words
    problems: dict[str, str] = {}
    if why not in {one.value for one in Why if one is not Why.CALL}:
        problems["why"] = N_("Choose why the person cannot agree now.")
    if len(words) < LEAST_WORDS:
        problems["words"] = N_("Write what happens in one sentence, at least %(least)d characters.", least=LEAST_WORDS)
    elif len(words) > MOST_WORDS:
        problems["words"] = N_("Write at most %(limit)d characters.", limit=MOST_WORDS)
    if problems:
        raise InvalidError(problems)
    return Why(why), words


def open_record(standing: Standing, mode: EmergencyMode, why: str, words: str) -> datetime:
    """Open the record to the professional of `standing` for some hours; gives until when.

    The holder and whoever acts for them are told at once, and so is the attending doctor. Opening twice opens once.

    Raises:
        NotFoundError: for who did not identify the person, is no health professional, or is no doctor of the centre 15
            where that is asked.
        StepUpError: without a fresh proof.
        InvalidError: for a reason that is missing, who may read already, or whom the person's choices keep out: a
            block and an opposition are told alike, and the try is written to the record's trail.
    """
    if not standing.may(Permission.ACCESS_ASK):
        raise NotFoundError
    may_open = regulates if mode is EmergencyMode.CENTRE_15 else may_break_glass
    if not may_open(standing.actor):
        raise NotFoundError
    demand_fresh_proof(standing.actor)
    reason, said = checked(mode, why, words)
    if standing.may(Permission.DOCUMENTS_READ) and not standing.in_emergency:
        raise InvalidError({"": N_("You have access to this record already: no emergency is needed.")})
    with db.write() as tx:
        _queue(tx, standing)
        if not _is_kept_out(tx, standing, mode):
            return _running(tx, standing, mode) or _open(tx, standing, mode, reason, said)
    _leave_refusal(standing, mode)
    raise InvalidError({"": N_("The choices of this person do not allow this opening. Nothing was opened.")})


def _is_kept_out(tx: Connection, standing: Standing, mode: EmergencyMode) -> bool:
    """Whether the record's people blocked this professional or everybody where they practise today, oppose this way, or
    just closed what was opened by it.

    Who closes an opening says no, as somebody who can speak (AR-7): it holds as long as the opening would have lasted.
    """
    grantees = [one for one in (standing.actor.id, standing.actor.structure_id) if one is not None]
    lines = of_grantees(tx, standing, grantees).values()
    is_blocked = any(one.state is ConsentState.BLOCKED for one in lines)
    return is_blocked or mode in opposed(standing.record_id) or _was_closed(tx, standing, mode)


def _was_closed(tx: Connection, standing: Standing, mode: EmergencyMode) -> bool:
    rows = tx.execute(_LATELY, _of(standing) | {"mode": mode.value, "since": clock.now() - longest()}).all()
    return any(opened(tx, row).was_closed for row in rows)


def _of(standing: Standing) -> dict[str, Any]:
    return {"record": standing.record_id, "professional": standing.actor.id}


def _leave_refusal(standing: Standing, mode: EmergencyMode) -> None:
    with db.write_apart():
        audit.record(
            standing.actor,
            standing.record_id,
            Action.EMERGENCY_REFUSED,
            relation=standing.relation,
            detail={"mode": mode.value},
        )


def _queue(tx: Connection, standing: Standing) -> None:
    """Have two clicks of one professional wait for each other."""
    tx.execute(_MET, _of(standing)).all()


def _running(tx: Connection, standing: Standing, mode: EmergencyMode) -> datetime | None:
    now = clock.now()
    until: datetime | None = tx.execute(
        select(Emergency.until).where(
            Emergency.record_id == standing.record_id,
            Emergency.professional_id == standing.actor.id,
            Emergency.mode == mode.value,
            Emergency.until > now,
            Emergency.until <= now + LONGEST,  # one of a clock that went wrong opens nothing, and stops no other (L7)
        )
    ).scalar()
    return until


def _open(tx: Connection, standing: Standing, mode: EmergencyMode, why: Why, words: str) -> datetime:
    record_id, now, opening_id = standing.record_id, clock.now(), new_id()
    until = now + longest()
    attending = _attending(record_id)
    shown = {
        "why": why.value,
        "words": words,
        "name": standing.actor.name,
        "profession": people.plain_label(standing.actor.profession, standing.actor.name),
        "structure": standing.actor.structure,
        "secret": "yes" if standing.is_secret else "",
    }
    tx.execute(
        insert(Emergency).values(
            record_id=record_id,
            id=opening_id,
            professional_id=standing.actor.id,
            mode=mode.value,
            opened_at=now,
            until=until,
            attending_id=attending.id if attending is not None and attending.id != standing.actor.id else None,
            version=1,
            payload=crypto.seal(tx, record_id, TABLE, opening_id, shown),
        )
    )
    audit.record(
        standing.actor,
        record_id,
        Action.EMERGENCY_OPENED,
        relation=standing.relation,
        detail={"mode": mode.value, "why": why.value, "reason": words, "until": until.isoformat()},
    )
    (tell_holder if standing.is_secret else tell)(record_id, Event.EMERGENCY_ACCESS)
    tell_officers(News.EMERGENCY, opening_id)
    if attending is not None and attending.id != standing.actor.id:
        tell_professional(attending.mssante, PracticeNews.EMERGENCY)
    return until


def _attending(record_id: UUID) -> Professional | None:
    """The attending doctor the holder declared, where the directory has them."""
    index = records.record(record_id).attending_index
    return people.professional_under(index) if index is not None else None


def recent(standing: Standing) -> list[Opening]:
    """The openings of the last weeks on a record, newest first, for its people.

    Raises:
        NotFoundError: for who does not manage the record's accesses.
    """
    if not standing.may(Permission.ACCESS_MANAGE):
        raise NotFoundError
    with db.read() as tx:
        return _shown_to(standing, _on(tx, standing.record_id, clock.now() - SHOWN))


def _shown_to(standing: Standing, found: list[Opening]) -> list[Opening]:
    is_holder = standing.relation is Relation.HOLDER
    known = [one for one in found if is_holder or not one.is_secret]
    if keeps_words(standing):
        known = [replace(one, words="") for one in known]
    return [replace(one, structure="") for one in known] if standing.places_kept else known


def _on(tx: Connection, record_id: UUID, since: datetime) -> list[Opening]:
    rows = tx.execute(_OF_RECORD, {"record": record_id, "since": since}).all()
    return [opened(tx, row) for row in rows]


def recent_lines(standing: Standing) -> list[SeerLine]:
    """The same, as lines of the access page. Raises as `recent`."""
    return [
        SeerLine(
            kind=SeerKind.EMERGENCY,
            id=one.id,
            name=one.name,
            state=SeerState.OPEN if one.is_open else SeerState.ENDED,
            about=", ".join(part for part in (one.profession, one.structure) if part),
            detail=(N_("Does not see what is hidden."),) if one.is_open else (),
            reason=WHY[one.why],
            since=one.opened_at,
            until=one.until,
            place="/acces/urgence",
            acts=(
                SeerAct(
                    N_("Close this opening"),
                    f"/acces/urgence/{one.id}/fin",
                    N_("They see nothing any more, and cannot open it again this way for some hours."),
                ),
            )
            if one.is_open
            else (),
        )
        for one in recent(standing)
    ]


def written(actor: Actor, record_id: UUID, mode: EmergencyMode) -> str:
    """What the professional wrote when they opened this record by this way, while it stands open; "" for nothing."""
    return next((one.words for one in open_to(actor) if one.record_id == record_id and one.mode is mode), "")


def open_to(actor: Actor) -> list[Opening]:
    """What stands open to this professional by an emergency now, the latest first."""
    now = clock.now()
    with db.read() as tx:
        rows = tx.execute(_OPEN_TO, {"professional": actor.id, "since": now - longest() * 2, "now": now}).all()
        return [opened(tx, row) for row in with_key(tx, rows)]


def on_my_patients(actor: Actor) -> list[Opening]:
    """The openings of the last weeks on records whose attending doctor this professional is (rules.md AR-10)."""
    with db.read() as tx:
        rows = tx.execute(_OF_ATTENDING, {"professional": actor.id, "since": clock.now() - SHOWN}).all()
        return [opened(tx, row) for row in with_key(tx, rows)]


def with_key(tx: Connection, rows: Iterable[Any]) -> list[Any]:
    """Without the openings of a record just erased, of which rows stay until the worker comes by (R23)."""
    return [row for row in rows if crypto.current().has_key(tx, row.record_id)]


def opened(tx: Connection, row: Any) -> Opening:
    """An opening from the columns `COLUMNS`."""
    said = crypto.unseal(tx, row.record_id, TABLE, row.id, row.payload)
    return Opening(
        id=row.id,
        record_id=row.record_id,
        professional_id=row.professional_id,
        mode=EmergencyMode(row.mode),
        opened_at=row.opened_at,
        until=row.until,
        why=Why(said["why"]),
        words=said["words"],
        name=said["name"],
        profession=said["profession"],
        structure=said["structure"],
        is_secret=bool(said.get("secret")),
        was_closed=bool(said.get("closed")),
    )
