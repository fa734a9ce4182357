"""What people are told about carers: rights, first acts, the nearing end, a week's acts; once, and never what (R52)."""

from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest

from espace import assembly
from espace.documents import services as documents
from espace.family.services.carers import links, telling
from espace.home.services import receipts
from espace.machines import Machines
from espace.permissions import Standing
from tests.support import build
from tests.support.clock import FakeClock

from .caring import ADD, READ, helped_and_carer, made, scope, told

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


def _read(standing: Standing) -> None:
    documents.page(standing, limit=20)


def test_rights_given_changed_and_ended_are_told_to_both_and_to_both_parents(machines: Machines) -> None:
    mother, carer = helped_and_carer()
    father = build.citizen("Karim", "Benali", sex="M", birth=date(1982, 3, 4))
    child = build.citizen("Jules", birth=date(2017, 6, 1), parents=(mother, father), activated=False)
    whose = mother.standing(child.record_id)
    one = made(whose, carer, scope(READ, ADD))
    assert [told(each.email, "carer-rights") for each in (mother, father, carer)] == [1, 1, 1]
    links.change(father.standing(child.record_id), one.id, scope(READ), version=one.version)
    links.end(whose, one.id)
    links.end(whose, one.id)
    assert [told(each.email, "carer-rights") for each in (mother, father, carer)] == [3, 3, 3]
    names = (carer.name, mother.name, child.name, "Jules", "Soazig")
    for each in (mother, father, carer):
        for mail in build.mails_to(each.email):
            assert not [name for name in names if name in str(mail["values"])]


def test_the_first_act_of_each_task_is_told_once(machines: Machines) -> None:
    helped, carer = helped_and_carer()
    build.document(helped.standing())
    made(helped.standing(), carer, scope(READ, ADD))
    assert told(helped.email, "carer-first-act") == 0
    for _ in range(3):
        _read(carer.standing(helped.record_id))
    assert told(helped.email, "carer-first-act") == 1
    for number in range(2):
        build.document(carer.standing(helped.record_id), f"Papier {number}")
    assert told(helped.email, "carer-first-act") == 2
    assert told(carer.email, "carer-first-act") == 0


def test_who_becomes_a_carer_again_is_told_of_again(machines: Machines, clock: FakeClock) -> None:
    helped, carer = helped_and_carer()
    one = made(helped.standing(), carer, scope(READ))
    _read(carer.standing(helped.record_id))
    links.end(helped.standing(), one.id)
    clock.advance(timedelta(days=1))
    made(helped.standing(), carer, scope(READ))
    _read(carer.standing(helped.record_id))
    assert told(helped.email, "carer-first-act") == 2


def test_the_nearing_end_is_told_fourteen_and_two_days_before_once_each(machines: Machines, clock: FakeClock) -> None:
    helped, carer = helped_and_carer()
    made(helped.standing(), carer, scope(READ, days=40))
    found = {}
    for day in range(45):
        for _hour in range(2):
            telling.remind()
        found[day] = (told(helped.email, "carer-ending"), told(carer.email, "carer-ending"))
        clock.advance(timedelta(days=1))
    steps = [day for day in range(1, 45) if found[day] != found[day - 1]]
    assert steps == [40 - 14, 40 - 2]
    assert found[44] == (2, 2)


def test_a_worker_that_was_away_tells_the_nearer_end_only(machines: Machines, clock: FakeClock) -> None:
    helped, carer = helped_and_carer()
    made(helped.standing(), carer, scope(READ, days=40))
    clock.advance(timedelta(days=39))
    assert telling.remind() == 1
    assert telling.remind() == 0
    clock.advance(timedelta(days=3))
    assert telling.remind() == 0
    assert told(helped.email, "carer-ending") == 1


def test_an_end_put_off_is_told_again_and_short_help_is_not_told_at_once(machines: Machines, clock: FakeClock) -> None:
    helped, carer = helped_and_carer()
    one = made(helped.standing(), carer, scope(READ, days=10))
    assert telling.remind() == 0, "ten days were given: nobody needs to hear that fourteen are left"
    clock.advance(timedelta(days=8))
    assert telling.remind() == 1
    links.change(helped.standing(), one.id, scope(READ, days=100), version=one.version)
    assert telling.remind() == 0
    clock.advance(timedelta(days=86))
    assert telling.remind() == 1
    assert told(carer.email, "carer-ending") == 2


def test_two_workers_at_once_remind_once(machines: Machines, clock: FakeClock) -> None:
    helped, carer = helped_and_carer()
    made(helped.standing(), carer, scope(READ, days=30))
    clock.advance(timedelta(days=17))

    def work() -> None:
        machines.bind()
        telling.remind()

    workers = [Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert told(helped.email, "carer-ending") == told(carer.email, "carer-ending") == 1


def test_a_week_with_acts_is_told_once_and_one_without_to_nobody(machines: Machines, clock: FakeClock) -> None:
    clock.now = MONDAY
    helped, carer = helped_and_carer()
    build.document(helped.standing())
    made(helped.standing(), carer, scope(READ, days=60))
    assert telling.send_receipts() == 0
    clock.advance(timedelta(days=8))  # the acceptance is the act of the first week
    assert telling.send_receipts() == 1
    assert telling.send_receipts() == 0
    clock.advance(timedelta(days=7))
    assert telling.send_receipts() == 0, "nothing was done"
    _read(carer.standing(helped.record_id))
    clock.advance(timedelta(days=7))
    assert telling.send_receipts() == 1
    assert told(helped.email, "carer-receipt") == 2
    assert told(carer.email, "carer-receipt") == 0


def test_a_receipt_tells_week_by_week_what_was_done_as_a_carer(machines: Machines, clock: FakeClock) -> None:
    clock.now = MONDAY
    helped, carer = helped_and_carer()
    build.document(helped.standing(), "Lettre")
    one = made(helped.standing(), carer, scope(READ, ADD, days=60))
    clock.advance(timedelta(days=9))
    _read(carer.standing(helped.record_id))
    build.document(carer.standing(helped.record_id), "Photo de l'ordonnance")
    found = receipts.receipt(helped.standing(), one.id)
    assert [week.monday for week in found.weeks] == [date(2026, 11, 30), date(2026, 11, 23)]
    assert [act.action.value for act in found.weeks[0].acts] == ["document-added", "documents-listed"]
    assert found.weeks[0].acts[0].objects[0]["title"] == "Photo de l'ordonnance"
    assert found.weeks[0].acts[0].actor_name == carer.name
    assert {act.relation for week in found.weeks for act in week.acts} == {"carer"}


def test_older_weeks_follow_page_by_page(machines: Machines, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "PAGE", 3)
    helped, carer = helped_and_carer()
    one = made(helped.standing(), carer, scope(READ, days=60))
    for _ in range(5):
        clock.advance(timedelta(days=2))
        _read(carer.standing(helped.record_id))
    seen, before = [], None
    while True:
        found = receipts.receipt(helped.standing(), one.id, before=before)
        seen += [act.at for week in found.weeks for act in week.acts]
        before = found.before
        if before is None:
            break
    assert len(seen) == 6
    assert seen == sorted(seen, reverse=True)


def test_the_workers_tasks_name_these(machines: Machines) -> None:
    from espace.worker import scheduled

    assembly.handle_events()
    names = {task._name for task in scheduled()}  # noqa: SLF001 - what the worker runs
    assert {"remind-of-carers", "receipts-of-carers", "sweep-carer-notices"} <= names


def test_what_was_told_long_ago_is_forgotten_but_first_acts_stay_told(machines: Machines, clock: FakeClock) -> None:
    helped, carer = helped_and_carer()
    made(helped.standing(), carer, scope(READ, days=300))
    _read(carer.standing(helped.record_id))
    clock.advance(timedelta(days=8))
    telling.send_receipts()
    clock.advance(timedelta(days=100))
    assert telling.sweep() == 1
    _read(carer.standing(helped.record_id))
    assert told(helped.email, "carer-first-act") == 1
