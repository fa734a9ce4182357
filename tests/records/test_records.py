"""A record's states: announced, open after the delay, active once its holder came in (rules.md AC-1, AC-2)."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from espace import db
from espace.audit.services import Action, entries
from espace.crypto.models import DataKey
from espace.errors import NotFoundError, RefusedError
from espace.identifiers import new_id
from espace.people.services import rpps_index
from espace.records import services as records
from espace.records.models import Record
from espace.records.services import opening
from espace.settings import Settings
from tests.support.clock import FakeClock

pytestmark = pytest.mark.usefixtures("machines")

RPPS = "10001234567"


def acts(record_id: UUID) -> list[str]:
    return [entry.action for entry in reversed(entries(record_id, mine=False, holder_actor_ids=[], before=None))]


def test_a_record_is_announced_and_opens_when_the_delay_is_over(clock: FakeClock, settings: Settings) -> None:
    record_id = records.open_record(new_id())
    announced = records.record(record_id)
    assert (announced.state, announced.is_open) == ("announced", False)
    assert announced.opens_at == clock.now + timedelta(days=settings.opening_delay)
    clock.now = announced.opens_at - timedelta(microseconds=1)
    assert records.open_due() == 0
    clock.now = announced.opens_at
    assert records.open_due() == 1
    assert records.record(record_id).state == "open"
    assert records.open_due() == 0
    assert acts(record_id) == [Action.RECORD_ANNOUNCED, Action.RECORD_OPENED]


def test_without_delay_it_is_open_at_once() -> None:
    record_id = records.open_record(new_id(), delay=timedelta(0))
    assert records.record(record_id).is_open
    assert acts(record_id) == [Action.RECORD_ANNOUNCED, Action.RECORD_OPENED]


def test_the_worker_opens_every_due_record(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_DUE", opening._DUE.limit(2))  # noqa: SLF001 - a small batch
    made = [records.open_record(new_id(), delay=timedelta(days=days)) for days in (1, 2, 3, 9)]
    clock.advance(timedelta(days=5))
    assert [records.open_due(), records.open_due()] == [2, 1]
    states = [records.record(record_id).state for record_id in made]
    assert states == ["open", "open", "open", "announced"]


def test_announcing_twice_leaves_the_record_as_it_is(clock: FakeClock) -> None:
    person_id = new_id()
    first = records.open_record(person_id)
    before = records.record(first)
    clock.advance(timedelta(days=1))
    assert records.open_record(person_id, delay=timedelta(0)) == first
    assert records.record(first) == before
    assert acts(first) == [Action.RECORD_ANNOUNCED]


def test_each_record_has_a_key_of_its_own() -> None:
    made = {records.open_record(new_id()) for _ in range(3)}
    with db.read() as tx:
        owners = set(tx.execute(select(DataKey.owner_id)).scalars())
    assert made <= owners


@pytest.mark.parametrize("delay", [timedelta(0), timedelta(days=42)])
def test_the_holders_coming_makes_it_active_once(clock: FakeClock, delay: timedelta) -> None:
    person_id = new_id()
    record_id = records.open_record(person_id, delay=delay)
    records.on_account_activated(new_id(), {"person_id": str(person_id)})
    facts = records.record(record_id)
    assert (facts.state, facts.activated_at) == ("active", clock.now)
    clock.advance(timedelta(days=1))
    records.on_account_activated(new_id(), {"person_id": str(person_id)})
    assert records.record(record_id) == facts
    assert records.open_due() == 0
    assert acts(record_id) == [Action.RECORD_ANNOUNCED, Action.RECORD_OPENED]


def test_the_activation_of_someone_without_record_is_no_trouble() -> None:
    records.on_account_activated(new_id(), {"person_id": str(new_id())})


def test_a_record_in_another_state_does_not_become_active() -> None:
    record_id = records.open_record(new_id())
    with db.write() as tx:
        tx.execute(update(Record).values(state="opposed"))
    with pytest.raises(RefusedError):
        records.mark_active(record_id)


def test_the_attending_doctor_is_known_by_index_only() -> None:
    record_id = records.open_record(new_id(), attending_rpps=RPPS)
    assert records.record(record_id).attending_index == rpps_index(RPPS)
    assert not records.set_attending(record_id, f"8{RPPS}")
    assert records.set_attending(record_id, "")
    assert records.record(record_id).attending_index is None
    with pytest.raises(ValueError, match="11 digits"):
        records.set_attending(record_id, "12")


def test_records_are_found_by_holder_and_in_numbers() -> None:
    persons = [new_id(), new_id()]
    made = [records.open_record(person_id) for person_id in persons]
    found = records.record_of(persons[0])
    assert found is not None
    assert found.id == made[0]
    assert records.record_of(new_id()) is None
    assert set(records.records([*made, new_id()])) == set(made)
    assert {key: facts.id for key, facts in records.records_of([*persons, new_id()]).items()} == dict(
        zip(persons, made, strict=True)
    )
    assert records.records([]) == records.records_of([]) == {}
    with pytest.raises(NotFoundError):
        records.record(new_id())
