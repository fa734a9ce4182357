"""Fresh results wait as their person chose, hide nothing from professionals, and are told of once they can be read."""

from contextlib import nullcontext
from datetime import date, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from espace import db, outbox
from espace.access.services import KEPT, SHOWN, Answer, Grantee, set_rule
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.models import Document
from espace.documents.services.deciding import announcing, delays
from espace.documents.services.deciding.delays import WITH_DOCTOR, ResultKind, Waiting
from espace.errors import ConflictError, InvalidError, NotFoundError
from espace.permissions import Standing
from tests.support import build
from tests.support.clock import FakeClock

from .house import House, trail

KINDS = {ResultKind.LABORATORY: "11502-2", ResultKind.IMAGING: "18748-4", ResultKind.REPORT: "11488-4"}
AT_ONCE: dict[ResultKind, int | None] = dict.fromkeys(ResultKind, 0)


def _choose(standing: Standing, **wanted: int | None) -> None:
    known = delays.choices(standing)
    delays.choose(standing, known | {ResultKind(kind): days for kind, days in wanted.items()}, known=known)


def _deposit(by: Standing, kind: ResultKind, *, day: date = date(2026, 11, 20), **marks: Any) -> UUID:
    command = documents.DepositDocument(
        title=f"Résultat {kind.value}", date=day, type_code=KINDS[kind], content=f"{kind}{day}{marks}".encode(), **marks
    )
    return documents.deposit(by, command)


def _sees(standing: Standing, one: UUID) -> bool:
    try:
        documents.document(standing, one)
    except NotFoundError:
        return False
    return one in {row.id for row in documents.page(standing).rows}


def _told(home: House) -> int:
    mails = [mail["notices"] for mail in build.mails_to(home.mother.email) if mail.get("notices")]
    return len(mails)


@pytest.mark.parametrize(("kind", "days"), list(product(ResultKind, (0, *delays.DAYS, None))))
def test_a_result_waits_as_chosen_for_its_kind_and_others_do_not(
    home: House, clock: FakeClock, kind: ResultKind, days: int | None
) -> None:
    _choose(home.holder, **{kind.value: days})
    made = {one: _deposit(home.doctor_here, one) for one in ResultKind}
    for one, document_id in made.items():
        assert _sees(home.doctor_here, document_id), "a delay hides nothing from professionals"
        assert _sees(home.holder, document_id) is (one is not kind or days == 0)
    waits = delays.waiting(home.holder)
    if days == 0:
        assert not waits
        return
    assert waits == Waiting(1, next_at=clock.now + timedelta(days=days) if days else None)
    clock.advance(timedelta(days=days or 3000) - timedelta(microseconds=1))
    assert not _sees(home.mother.standing(), made[kind])
    clock.advance(timedelta(microseconds=1))
    assert _sees(home.mother.standing(), made[kind]) is (days is not None)


def test_only_what_is_fresh_and_brought_by_others_waits(home: House) -> None:
    _choose(home.holder, laboratory=None, imaging=None, report=None)
    old = _deposit(home.doctor_here, ResultKind.LABORATORY, day=date(2026, 10, 23))
    fresh = _deposit(home.doctor_here, ResultKind.LABORATORY, day=date(2026, 10, 24))
    own = build.document(home.holder)
    prescription = documents.deposit(
        home.doctor_here,
        documents.DepositDocument(title="Ordonnance", date=date(2026, 11, 20), type_code="57833-6", content=b"x"),
    )
    assert {one: _sees(home.holder, one) for one in (old, fresh, own, prescription)} == {
        old: True,
        fresh: False,
        own: True,
        prescription: True,
    }


def test_people_are_told_when_they_can_read_and_not_before(home: House, clock: FakeClock) -> None:
    _choose(home.holder, laboratory=3)
    before = _told(home)
    _deposit(home.doctor_here, ResultKind.LABORATORY)
    clock.advance(timedelta(days=3) - timedelta(minutes=1))
    assert (delays.release_due(), _told(home)) == (0, before)
    clock.advance(timedelta(minutes=1))
    assert (delays.release_due(), delays.release_due()) == (1, 0)
    clock.advance(timedelta(days=1))
    while outbox.work():
        pass
    assert _told(home) == before + 1


def test_what_waits_can_be_read_at_any_time(home: House) -> None:
    _choose(home.holder, laboratory=None, imaging=7, report=7)
    made = {kind: _deposit(home.doctor_here, kind) for kind in ResultKind}
    assert [one.kind for one in delays.results(home.holder)][-1] is ResultKind.LABORATORY
    assert delays.lift(home.holder, made[ResultKind.LABORATORY]) == made[ResultKind.LABORATORY]
    assert _sees(home.holder, made[ResultKind.LABORATORY])
    assert not _sees(home.holder, made[ResultKind.IMAGING])
    assert delays.lift_all(home.holder, ResultKind.IMAGING) == 1
    assert _sees(home.holder, made[ResultKind.IMAGING])
    assert delays.lift_all(home.holder) == 1
    assert (delays.lift_all(home.holder), delays.waiting(home.holder)) == (0, Waiting(0))
    assert len([entry for entry in trail(home.holder) if entry.action is Action.RESULT_SHOWN_EARLY]) == 3


def test_a_shorter_wait_counts_for_what_waits_already_and_a_longer_one_does_not(home: House, clock: FakeClock) -> None:
    _choose(home.holder, laboratory=14)
    one = _deposit(home.doctor_here, ResultKind.LABORATORY)
    start = clock.now
    for days, expected in ((30, 14), (None, 14), (7, 7), (14, 7)):
        _choose(home.holder, laboratory=days)
        assert delays.results(home.holder)[0].until == start + timedelta(days=expected)
    clock.advance(timedelta(days=4))
    _choose(home.holder, laboratory=3)
    assert _sees(home.holder, one)
    two = _deposit(home.doctor_here, ResultKind.LABORATORY, day=date(2026, 11, 19))
    _choose(home.holder, laboratory=0)
    assert _sees(home.holder, two)


def test_a_professional_reads_it_with_the_person(home: House) -> None:
    _choose(home.holder, report=None)
    one = _deposit(home.doctor_here, ResultKind.REPORT)
    assert documents.document(home.doctor_here, one).held_until == WITH_DOCTOR
    delays.lift(home.doctor_here, one)
    assert _sees(home.holder, one)


@pytest.mark.parametrize(("hidden", "effect"), [(False, KEPT), (True, SHOWN)])
def test_who_ends_a_wait_with_the_person_is_who_reads_that_very_document(
    home: House, *, hidden: bool, effect: str
) -> None:
    _choose(home.holder, report=None)
    one = _deposit(home.doctor_here, ResultKind.REPORT)
    other = build.caregiver("Le Gall", "Yann")
    build.consent(home.mother, other, Answer.GRANT)
    with db.write() as tx:  # as a version inherits it from the one before
        set_rule(tx, home.mother.record_id, [one], Grantee("professional", other.id, "Yann"), effect)
        tx.execute(update(Document).where(Document.id == one).values(hidden=hidden))
    reader = other.standing(home.mother.record_id)
    assert reader is not None
    assert _sees(reader, one) is (effect == SHOWN)
    with nullcontext() if effect == SHOWN else pytest.raises(NotFoundError):
        delays.lift(reader, one)
    assert _sees(home.holder, one) is (effect == SHOWN)


def test_nobody_else_chooses_or_ends_a_wait(home: House) -> None:
    _choose(home.holder, report=None)
    one = _deposit(home.doctor_here, ResultKind.REPORT)
    stranger = build.citizen("Odile", "Marchand", birth=date(1951, 1, 9)).standing()
    for act in (
        lambda: delays.lift(stranger, one),
        lambda: delays.lift(home.parent, one),
        lambda: delays.choices(home.doctor_here),
        lambda: delays.choose(home.doctor_here, AT_ONCE, known=AT_ONCE),
        lambda: delays.lift_all(home.doctor_here),
        lambda: delays.results(home.doctor_here),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert delays.waiting(home.doctor_here) == Waiting(0)


def test_an_old_page_and_a_wait_nobody_offered_change_nothing(home: House) -> None:
    old = delays.choices(home.holder)
    _choose(home.holder, imaging=7)
    with pytest.raises(ConflictError):
        delays.choose(home.holder, old | {ResultKind.REPORT: 7}, known=old)
    with pytest.raises(InvalidError) as refused:
        delays.choose(home.holder, old | {ResultKind.REPORT: 2}, known=old)
    assert set(refused.value.problems) == {"report"}
    assert delays.choices(home.holder) == AT_ONCE | {ResultKind.IMAGING: 7}


def test_what_is_not_announced_waits_for_that_first_and_is_read_with_it(home: House) -> None:
    _choose(home.holder, laboratory=None)
    one = _deposit(home.doctor_here, ResultKind.LABORATORY, patient_invisible=True)
    assert not delays.waiting(home.holder), "that something waits would tell that something is to be announced"
    with pytest.raises(NotFoundError):
        delays.lift(home.holder, one)
    announcing.announce(home.doctor_here, one, choices=0)
    assert _sees(home.holder, one)


def test_many_waits_are_counted_no_further_than_nine(home: House) -> None:
    _choose(home.holder, report=7)
    for day in range(1, 12):
        _deposit(home.doctor_here, ResultKind.REPORT, day=date(2026, 11, day))
    found = delays.waiting(home.holder)
    assert (found.count, found.more) == (9, True)
