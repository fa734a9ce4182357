"""Majority: told a year, a month, a week ahead and on the day; the access ends by itself; clocks may jump (MI-4)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from espace import crypto, db
from espace.access import services as access
from espace.crypto.owners import OUTBOX
from espace.family import services as family
from espace.family.services import relatives
from espace.family.services.growing.majority import tell_ahead
from espace.machines import Machines
from espace.outbox.models import Delivery
from espace.people import services as people
from espace.records import services as records
from espace.settings import Settings
from tests.support import build
from tests.support.build import Citizen
from tests.support.clock import FakeClock

BORN = date(2009, 3, 10)
DAY = date(2027, 3, 10)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, sms_url="http://127.0.0.1:9/sms")


@pytest.fixture
def mother(machines: Machines) -> Citizen:
    return build.citizen("Claire")


@pytest.fixture
def father(machines: Machines) -> Citizen:
    return build.citizen("Paul", sex="M")


@pytest.fixture
def teen(mother: Citizen, father: Citizen) -> Citizen:
    """Seventeen, without an account, whose contacts are on file."""
    made = build.citizen("Zoé", birth=BORN, parents=[mother, father], activated=False)
    person = people.person(made.person_id)
    people.save_person(replace(person, email="zoe@exemple.test", phone="+33612345678"))
    return replace(made, email="zoe@exemple.test")


def to(clock: FakeClock, day: date) -> None:
    clock.now = datetime.combine(day, time(11), UTC)


def sent(topic: str = "mail") -> list[dict[str, Any]]:
    with db.read() as tx:
        rows = tx.execute(select(Delivery.id, Delivery.payload).where(Delivery.topic == topic).order_by(Delivery.id))
        found = [crypto.unseal(tx, OUTBOX, "outbox", row.id, row.payload) for row in rows.all()]
    return [each for each in found if each["message"].startswith("majority")]


def test_parents_and_the_young_person_are_told_by_every_contact(
    mother: Citizen, father: Citizen, teen: Citizen, clock: FakeClock
) -> None:
    to(clock, DAY - timedelta(days=30))
    assert tell_ahead() == 1
    assert {(mail["to"], mail["message"]) for mail in sent()} == {
        (mother.email, "majority-parents"),
        (father.email, "majority-parents"),
        (teen.email, "majority-holder"),
    }
    assert {mail["values"]["day"] for mail in sent()} == {"10 mars 2027"}
    assert [(sms["to"], sms["message"]) for sms in sent("sms")] == [("+33612345678", "majority-holder")]
    assert "Zoé" not in str(sent())


def test_each_notice_goes_once(teen: Citizen, clock: FakeClock) -> None:
    told = {}
    day = DAY - timedelta(days=40)
    while day <= DAY + timedelta(days=10):
        to(clock, day)
        if count := tell_ahead() + tell_ahead():
            told[(DAY - day).days] = count
        day += timedelta(days=1)
    assert told == {40: 1, 30: 1, 7: 1, 0: 1}, "a year before (late here), a month, a week, and on the day"


@pytest.mark.parametrize(
    ("jumps", "expected"),
    [
        ([40, 3], [1, 1]),  # the worker was away: only the nearer notice
        ([30, 5, 30, 5], [1, 1, 0, 0]),  # the clock goes back
        ([40, 0, -1, -400], [1, 1, 0, 0]),
        ([-31, -400], [0, 0]),  # too late for anything
        ([-30, -29], [1, 0]),
        ([29, 8, 7, 6], [1, 0, 1, 0]),
    ],
)
def test_clocks_may_jump(teen: Citizen, clock: FakeClock, jumps: list[int], expected: list[int]) -> None:
    told = []
    for days in jumps:
        to(clock, DAY - timedelta(days=days))
        told.append(tell_ahead())
    assert told == expected


def test_two_workers_tell_once(machines: Machines, teen: Citizen, clock: FakeClock) -> None:
    to(clock, DAY - timedelta(days=7))
    start = threading.Barrier(2)

    def run() -> int:
        machines.bind()
        start.wait()
        return tell_ahead()

    with ThreadPoolExecutor(2) as pool:
        done = [each.result() for each in [pool.submit(run) for _ in range(2)]]
    assert sorted(done) == [0, 1]
    assert len(sent()) == 3


def test_the_access_ends_on_the_day_and_the_data_stays(mother: Citizen, teen: Citizen, clock: FakeClock) -> None:
    to(clock, DAY - timedelta(days=1))
    standing = mother.standing(teen.record_id)
    build.document(standing, "Radio", DAY - timedelta(days=2))
    to(clock, DAY)
    assert access.standing(mother.actor, teen.record_id) is None
    assert relatives.relatives(mother.actor) == []
    assert family.representatives(teen.record_id) == []
    assert records.record(teen.record_id).state == "active"


def test_a_record_nobody_can_open_wakes_nobody(mother: Citizen, teen: Citizen, clock: FakeClock) -> None:
    relatives.object_for(mother.actor, teen.record_id)
    to(clock, DAY - timedelta(days=7))
    assert tell_ahead() == 0
    assert sent() == []


def test_others_are_left_alone(mother: Citizen, clock: FakeClock) -> None:
    build.citizen("Ana", birth=BORN)  # nobody is linked to her
    build.citizen("Lou", birth=date(2015, 3, 10), parents=[mother], activated=False)
    to(clock, DAY - timedelta(days=7))
    assert tell_ahead() == 0


def test_many_linked_records_are_gone_through(
    mother: Citizen, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("espace.family.services.growing.majority._BATCH", 2)
    for _ in range(5):
        build.citizen("Lou", birth=BORN, parents=[mother], activated=False)
    to(clock, DAY - timedelta(days=30))
    assert tell_ahead() == 5


def test_an_address_that_fails_is_tried_again_and_keeps_nobody_waiting(
    mother: Citizen, teen: Citizen, clock: FakeClock
) -> None:
    build.citizen("Lou", birth=BORN, parents=[mother], activated=False)
    to(clock, DAY - timedelta(days=30))
    person = people.person(teen.person_id)
    people.save_person(replace(person, email="not an address"))
    with pytest.raises(ValueError, match="not one plain"):
        tell_ahead()
    assert len([mail for mail in sent() if mail["to"] == mother.email]) == 1
    people.save_person(replace(person, email="zoe@exemple.test"))
    assert tell_ahead() == 1
