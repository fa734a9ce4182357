"""The day's readings looked through for curiosity, by the worker (security.md R49): `patterns` judges, alerts follow.

Statements are as many as hundreds of readings, never one a reading.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select

from espace import clock, db
from espace.access.models import Consent, CounterCode, Emergency
from espace.access.policy import ConsentState, EmergencyMode
from espace.audit.services import Action, readings
from espace.people import services as people
from espace.people.services import Person, Professional
from espace.records import services as records

from . import alerts, patterns
from .alerts import Kind
from .patterns import Around, Names, Reached, Signal, Tie

_TOGETHER = 200
Pair = tuple[UUID, UUID]
"""A record and a professional."""


def look_through(day: date | None = None) -> int:
    """Look through a day, today's unless told; gives how many alerts are new. Twice finds nothing twice."""
    day = day or clock.today()
    begins, ends = _bounds(day)
    acts = ((one.actor_id, one.record_id, one.action, one.at) for one in readings.acts_of_professionals(begins, ends))
    reached = patterns.reached_of_day(acts)
    new = sum(_judged(batch, day) for batch in _batches(reached))
    return new + _often(reached, day)


def look_back() -> int:
    """Yesterday once more, with what came in after the last look, then today."""
    return look_through(clock.today() - timedelta(days=1)) + look_through()


def _bounds(day: date) -> tuple[datetime, datetime]:
    begins = datetime.combine(day, time(), clock.HOME_ZONE)
    return begins, datetime.combine(day + timedelta(days=1), time(), clock.HOME_ZONE)


def _batches(reached: Sequence[Reached]) -> Iterator[list[Reached]]:
    for start in range(0, len(reached), _TOGETHER):
        yield list(reached[start : start + _TOGETHER])


def _judged(reached: list[Reached], day: date) -> int:
    new = 0
    for one, around in zip(reached, surroundings(reached), strict=True):
        if around is None:
            continue
        found = patterns.signals(one, around)
        if patterns.is_suspect(found, around.tie):
            facts = {"signals": [signal.value for signal in found], "acts": len(one.acts)}
            new += alerts.raise_alert(Kind.SNOOPING, one.professional_id, day, facts, one.record_id)
    return new


def _often(reached: Iterable[Reached], day: date) -> int:
    return sum(
        alerts.raise_alert(Kind.SNOOPING, who, day, {"signals": [Signal.MANY_UNOPENED.value], "records": times})
        for who, times in patterns.unopened_often(reached).items()
    )


def surroundings(reached: Sequence[Reached]) -> list[Around | None]:
    """What is known beside each reading; None where the record or the professional is known no more."""
    facts = records.records([one.record_id for one in reached])
    persons = people.persons([one.person_id for one in facts.values()])
    readers = people.professionals({one.professional_id for one in reached})
    beside = people.colleagues(list(readers.values()))
    close = alerts.watched([one.record_id for one in reached])
    ties = _ties(reached, readers)
    found: list[Around | None] = []
    for one in reached:
        record, reader = facts.get(one.record_id), readers.get(one.professional_id)
        person = persons.get(record.person_id) if record is not None else None
        if person is None or reader is None:
            found.append(None)
            continue
        found.append(
            Around(
                reader=_reader_names(reader),
                person=_person_names(person),
                colleagues=frozenset(_reader_names(each) for each in beside[reader.id]),
                tie=ties[(one.record_id, one.professional_id)],
                is_watched=one.record_id in close,
            )
        )
    return found


def _reader_names(reader: Professional) -> Names:
    return patterns.names(reader.given_name, reader.family_name)


def _person_names(person: Person) -> Names:
    return patterns.names(person.first_names[0], person.birth_name, person.use_name)


def _ties(reached: Sequence[Reached], readers: dict[UUID, Professional]) -> dict[Pair, Tie]:
    """How each reader is bound to each record: by name, by their team, or not at all.

    Whoever asked openly is no secret searcher; but a question without answer binds nobody whom another right let read.
    """
    pairs = [(one.record_id, one.professional_id) for one in reached]
    places = {one.id: [place.id for place in one.structures] for one in readers.values()}
    wanted = {one for _, one in pairs} | {place for each in places.values() for place in each}
    agreed = _decided({record for record, _ in pairs}, wanted, ConsentState.VALID)
    asked = _decided({record for record, _ in pairs}, set(readers), ConsentState.ASKED)
    unread = {(one.record_id, one.professional_id) for one in reached if not one.read}
    own = _own(pairs) | readings.ever_did(pairs, Action.DOCUMENT_DEPOSITED) | agreed | (asked & unread)
    found = {}
    for record, reader in pairs:
        by_team = any((record, place) in agreed for place in places.get(reader, ()))
        found[(record, reader)] = Tie.OWN if (record, reader) in own else Tie.TEAM if by_team else Tie.NONE
    return found


def _decided(record_ids: set[UUID], grantees: set[UUID], state: ConsentState) -> frozenset[Pair]:
    """Of whom the records say this: agreements, over or not, or requests that wait."""
    query = select(Consent.record_id, Consent.grantee_id).where(
        Consent.record_id.in_(record_ids),
        Consent.grantee_id.in_(grantees),
        Consent.state == state.value,
    )
    with db.read() as tx:
        return frozenset((row.record_id, row.grantee_id) for row in tx.execute(query))


def _own(pairs: Sequence[Pair]) -> frozenset[Pair]:
    """Who was shown a code, or answered a call about the person."""
    record_ids, reader_ids = {record for record, _ in pairs}, {reader for _, reader in pairs}
    codes = select(CounterCode.record_id, CounterCode.professional_id).where(
        CounterCode.record_id.in_(record_ids), CounterCode.professional_id.in_(reader_ids)
    )
    calls = select(Emergency.record_id, Emergency.professional_id).where(
        Emergency.record_id.in_(record_ids),
        Emergency.professional_id.in_(reader_ids),
        Emergency.mode == EmergencyMode.CENTRE_15.value,
    )
    with db.read() as tx:
        return frozenset((row.record_id, row.professional_id) for query in (codes, calls) for row in tx.execute(query))
