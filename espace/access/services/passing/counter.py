"""A professional types a counter code: it opens once, or nothing happens and nothing is learnt."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from espace import clock, db, settings
from espace.access.services.standing import standing
from espace.access.services.watching import volume
from espace.accounts.services import throttle
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import ConflictError, InvalidError, NotFoundError, ThrottledError
from espace.people import services as people
from espace.permissions import Actor, ActorKind, Permission, Relation
from espace.words import N_

from . import codes, makers

ACT = "counter-code"
SPAN = timedelta(hours=1)
MISSES = (Action.PATIENT_SEARCHED, Action.COUNTER_CODE_MISSED)
"""Searches by number that found nobody and codes that open nothing share one budget (security.md R50)."""


class _BlockedError(Exception):
    """The code is good, and its professional may read nothing whatever is shown to them (rules.md AR-5)."""

    def __init__(self, record_id: UUID, *, secret: bool) -> None:
        super().__init__()
        self.record_id = record_id
        self.secret = secret


Enter = Callable[[Actor, UUID], Actor]
"""How a professional goes on secretly in a record whose holder, a minor, showed a code that parents know nothing of."""


def _marked(actor: Actor, record_id: UUID) -> Actor:
    """What is done with such a code is marked, if nothing else goes on secretly."""
    return replace(actor, secret_in=actor.secret_in | {record_id})


def misses(actor: Actor) -> list[datetime]:
    """When a professional's searches and codes of the last hour missed."""
    since = clock.now() - SPAN
    return [at for action in MISSES for at in audit.own_acts_since(actor, action, since)]


def use(actor: Actor, digits: str, birth_date: date, enter: Enter = _marked) -> UUID:
    """Open a record with a code and the birth date of its person; gives the record. See `Enter` for a secret one.

    Every reason for which a code opens nothing is one and the same miss: no such code, another birth date, used, over,
    withdrawn, its maker decides no more, or the professional is blocked.

    Raises:
        InvalidError: when it opens nothing.
        StepUpError: after the records an hour allows (security.md R48).
        ThrottledError: too many misses in the hour, or too fast: nothing is looked up.
    """
    if actor.kind is not ActorKind.PROFESSIONAL:
        raise NotFoundError
    missed = misses(actor)
    if len(missed) >= settings.current().search_misses_per_hour:
        raise ThrottledError((min(missed) + SPAN - clock.now()).total_seconds())
    names = throttle.names_at_counter(ACT, str(actor.id), str(actor.structure_id or actor.id))
    throttle.admit(names)
    record_id = codes.record_behind(digits, birth_date)
    if record_id is not None:
        volume.admit(actor, record_id)  # a code is no way round what an hour and a day allow (security.md R48)
        record_id = _opened(actor, digits, birth_date, enter)
    if record_id is None:
        with db.write_apart():
            audit.record(actor, actor.id, Action.COUNTER_CODE_MISSED)
        raise InvalidError({"": N_("This code does not open anything. Check the code and the birth date.")})
    throttle.clear(names)
    return record_id


def _opened(actor: Actor, digits: str, birth_date: date, enter: Enter) -> UUID | None:
    try:
        return _take(actor, digits, birth_date, enter)
    except ConflictError:
        return None
    except _BlockedError as blocked:
        actor = _marked(actor, blocked.record_id) if blocked.secret else actor
        with db.write_apart():
            audit.record(actor, blocked.record_id, Action.COUNTER_CODE_REFUSED, relation=Relation.PROFESSIONAL)
        return None


def _take(actor: Actor, digits: str, birth_date: date, enter: Enter) -> UUID | None:
    professional = people.professional(actor.id)
    with db.write() as tx:
        rows = codes.found(tx, digits, birth_date)
        if len(rows) != 1 or makers.still_decides(rows[0].record_id, codes.maker_of(tx, rows[0])) is None:
            return None
        record_id: UUID = rows[0].record_id
        until = codes.take(tx, rows[0], professional, actor.structure)
        judged = standing(actor, record_id)  # the one judge says whether the window lets them read
        if judged is None or not judged.may(Permission.DOCUMENTS_READ):
            raise _BlockedError(record_id, secret=rows[0].secret)
        actor = enter(actor, record_id) if rows[0].secret else actor
        audit.record(
            actor,
            record_id,
            Action.COUNTER_CODE_USED,
            relation=Relation.PROFESSIONAL,
            detail={"opens": rows[0].opens, "until": until.isoformat()},
        )
    return record_id
