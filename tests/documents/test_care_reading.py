"""Reading care histories: whole visits, newest first, and nothing at all of what a reader may not see."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from espace import db, outbox
from espace.audit.services import Action
from espace.documents.models import CareLine
from espace.documents.services import care_history
from espace.documents.services.care_history import History, Visit
from espace.documents.services.forgetting import forget_record
from espace.errors import NotFoundError, StepUpError
from espace.permissions import Permission, Relation, Standing
from tests.support import build
from tests.support.clock import FakeClock

from .care_files import bring, line
from .house import House, statements, trail

KINDS = {"consultation": "Consultations", "medicines": "Médicaments"}


def _labels(found: History | Visit) -> list[str]:
    visits = found.visits if isinstance(found, History) else (found,)
    return [each.label for visit in visits for each in visit.lines]


def _search(standing: Standing, words: str) -> list[str]:
    return _labels(care_history.search(standing, words, KINDS))


@pytest.fixture
def cared(home: House) -> House:
    """The mother was at the doctor's, then at the pharmacy twice."""
    bring(
        line(home.mother, "R1", "2026-09-14", visit="V1", label="Consultation"),
        line(
            home.mother, "R2", "2026-09-14", visit="V1", kind="procedure", label="Électrocardiogramme", amount="14.26"
        ),
        line(home.mother, "R3", "2026-09-15", kind="medicines", label="Paracétamol", place="Pharmacie", quantity="2"),
        line(home.mother, "R4", "2026-10-02", kind="medicines", label="Cœur-test", place="Pharmacie", amount=""),
        line(home.child, "R1", "2026-10-05", label="Consultation du petit"),
    )
    return home


def _visit(house: House, label: str) -> Visit:
    return next(v for v in care_history.history(house.holder).visits if label in _labels(v))


def test_lines_stand_by_visit_newest_first_with_their_sums(cared: House) -> None:
    found = care_history.history(cared.holder)
    assert [[each.label for each in visit.lines] for visit in found.visits] == [
        ["Cœur-test"],
        ["Paracétamol"],
        ["Consultation", "Électrocardiogramme"],
    ]
    assert [(visit.amount, visit.reimbursed) for visit in found.visits] == [(None, 1900), (3000, 1900), (4426, 3800)]
    totals = {each.kind: (each.count, each.amount, each.reimbursed) for each in found.totals}
    assert totals == {"consultation": (1, 3000, 1900), "procedure": (1, 1426, 1900), "medicines": (2, 3000, 3800)}
    assert found.kinds == ("consultation", "procedure", "medicines")
    assert (found.next, found.is_whole) == (None, True)


def test_a_stay_lasts_from_its_first_line_to_its_last(home: House) -> None:
    days = [line(home.mother, f"R{n}", f"2026-05-0{n}", visit="STAY", kind="hospital") for n in (3, 1, 2)]
    bring(*days)
    (stay,) = care_history.history(home.holder).visits
    assert (stay.first, stay.last, len(stay.lines)) == (date(2026, 5, 1), date(2026, 5, 3), 3)


def test_a_kind_and_a_period_narrow_lines_and_totals(cared: House) -> None:
    found = care_history.history(cared.holder, kind="medicines", months=3)
    assert _labels(found) == ["Cœur-test", "Paracétamol"]
    assert [total.kind for total in found.totals] == ["medicines"]
    assert care_history.history(cared.holder, months=1).visits == ()


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ("ELECTRO", ["Électrocardiogramme"]),
        ("electrocardiogrammes", ["Électrocardiogramme"]),
        ("coeur", ["Cœur-test"]),
        ("pharmacie paracetamol", ["Paracétamol"]),
        ("médicaments de la pharmacie", ["Cœur-test", "Paracétamol"]),
        ("mes consultations", ["Consultation"]),
        ("medicament", ["Cœur-test", "Paracétamol"]),
        ("morvan tilleuls", ["Consultation", "Électrocardiogramme"]),
        ("cardio", []),
        ("petit", []),
        ("...", []),
        ("%_\\", []),
    ],
)
def test_words_are_found_by_their_beginning_without_accents(cared: House, words: str, labels: list[str]) -> None:
    assert _search(cared.holder, words) == labels


# -- who reads --------------------------------------------------------------------------------------------------------


def test_professionals_read_by_the_matrix_row_of_reimbursements(cared: House) -> None:
    assert care_history.may_read(cared.doctor_here)
    readers = {
        "without the row": replace(cared.doctor_here, readable_types=frozenset({"11506-3"})),
        "without a matrix": replace(cared.doctor_here, readable_types=frozenset()),
        "without consent": cared.doctor_at_child,
    }
    for name, standing in readers.items():
        assert not care_history.may_read(standing), name
        for read in (
            lambda s=standing: care_history.history(s),
            lambda s=standing: care_history.search(s, "consultation", KINDS),
            lambda s=standing: care_history.visit(s, uuid4()),
        ):
            with pytest.raises(NotFoundError):
                read()


@pytest.mark.parametrize("sees_documents", [False, True])
def test_a_hidden_line_changes_nothing_for_professionals(cared: House, *, sees_documents: bool) -> None:
    doctor = replace(cared.doctor_here, sees_hidden=sees_documents)  # an attending doctor who sees hidden documents
    secret = line(cared.mother, "R9", "2026-10-09", kind="dental", label="Secret", place="Ailleurs")
    without = care_history.history(doctor)
    bring(secret)
    visit = _visit(cared, "Secret")
    assert care_history.hide(cared.holder, visit.id) == 1
    assert care_history.history(doctor) == without
    assert care_history.search(doctor, "secret", KINDS).visits == ()
    with pytest.raises(NotFoundError):
        care_history.visit(doctor, visit.id)
    assert "Secret" in _labels(care_history.history(cared.holder))
    assert care_history.show(cared.holder, visit.id) == 1
    assert "Secret" in _labels(care_history.history(doctor))


def test_one_hidden_line_leaves_the_rest_of_its_visit(cared: House) -> None:
    visit = _visit(cared, "Consultation")
    care_history.hide(cared.holder, visit.id, visit.lines[1].id)
    seen = care_history.visit(cared.doctor_here, visit.id)
    assert (_labels(seen), seen.amount) == (["Consultation"], 3000)
    assert care_history.history(cared.doctor_here).kinds == ("consultation", "medicines")


def test_heirs_see_what_was_not_hidden(cared: House) -> None:
    visit = _visit(cared, "Cœur-test")
    care_history.hide(cared.holder, visit.id)
    rights = frozenset({Permission.RECORD_HOME, Permission.DOCUMENTS_READ})
    heir = replace(cared.holder, relation=Relation.HEIR, rights=rights, sees_hidden=False)
    assert "Cœur-test" not in _labels(care_history.history(heir))
    for act in (care_history.hide, care_history.show):
        with pytest.raises(NotFoundError):
            act(heir, visit.id)


def test_parents_read_and_hide_the_lines_of_their_child(cared: House) -> None:
    (visit,) = care_history.history(cared.parent).visits
    assert care_history.hide(cared.parent, visit.id) == 1
    assert _labels(care_history.history(cared.parent)) == ["Consultation du petit"]


# -- hiding -----------------------------------------------------------------------------------------------------------


def test_nobody_hides_what_is_not_theirs(cared: House) -> None:
    visit = _visit(cared, "Paracétamol")
    (childs,) = care_history.history(cared.parent).visits
    wrong: list[tuple[Standing, Any, Any]] = [
        (cared.doctor_here, visit.id, None),
        (cared.holder, childs.id, None),
        (cared.parent, visit.id, None),
        (cared.holder, visit.id, childs.lines[0].id),
        (cared.holder, uuid4(), None),
    ]
    for standing, visit_id, line_id in wrong:
        with pytest.raises(NotFoundError):
            care_history.hide(standing, visit_id, line_id)
    with db.read() as tx:
        assert not any(tx.execute(select(CareLine.hidden)).scalars())


def test_showing_again_asks_for_a_fresh_proof_and_hiding_never_does(cared: House, clock: FakeClock) -> None:
    visit = _visit(cared, "Paracétamol")
    clock.advance(timedelta(minutes=6))
    assert care_history.hide(cared.holder, visit.id) == 1
    with pytest.raises(StepUpError):
        care_history.show(cared.holder, visit.id)


def test_hiding_twice_changes_and_tells_once(cared: House) -> None:
    visit = _visit(cared, "Consultation")
    assert (care_history.hide(cared.holder, visit.id), care_history.hide(cared.holder, visit.id)) == (2, 0)
    acts = [entry for entry in trail(cared.holder) if entry.action is Action.CARE_HIDDEN]
    assert [[thing["title"] for thing in act.objects] for act in acts] == [["Consultation", "Électrocardiogramme"]]


# -- the trail, pages, the end ----------------------------------------------------------------------------------------


def test_a_professional_leaves_a_row_with_what_was_shown_and_the_holder_none(cared: House) -> None:
    before = len(trail(cared.holder))
    care_history.history(cared.holder)
    care_history.search(cared.holder, "consultation", KINDS)
    assert len(trail(cared.holder)) == before
    care_history.history(cared.doctor_here)
    care_history.search(cared.doctor_here, "rien de tel", KINDS)
    searched, read = trail(cared.holder)[:2]
    assert (searched.action, searched.objects) == (Action.CARE_SEARCHED, ())
    assert (read.action, len(read.objects)) == (Action.CARE_READ, 4)


def test_pages_stay_still_and_hold_whole_visits(home: House) -> None:
    start = date(2026, 10, 1)
    rows = [
        line(home.mother, f"R{n}-{part}", (start - timedelta(days=n // 2)).isoformat(), visit=f"V{n}", label=f"L{n}")
        for n in range(90)
        for part in range(2)
    ]
    bring(*rows)
    seen: list[Visit] = []
    place = None
    while True:
        found = care_history.history(home.holder, before=place)
        assert sum(total.count for total in found.totals) == 180
        seen += found.visits
        place = found.next
        if place is None:
            break
        assert len(found.visits) == 30
    assert len(seen) == len({visit.id for visit in seen}) == 90
    assert [visit.last for visit in seen] == sorted((visit.last for visit in seen), reverse=True)


def test_a_page_costs_one_statement_for_the_holder_whatever_it_holds(cared: House) -> None:
    counts = []
    for more in (0, 100):
        bring(*(line(cared.mother, f"M{n}", "2026-08-01", visit=f"M{n}") for n in range(more)))
        care_history.history(cared.holder)
        with statements() as sent:
            care_history.history(cared.holder)
        counts.append(len([each for each in sent if "care_lines" in each]))
    assert counts == [1, 1]


def test_a_great_many_lines_are_bounded_and_it_is_said(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(care_history.reading, "MOST", 5)
    bring(*(line(home.mother, f"R{n}", f"2026-09-{n + 10}", visit=f"V{n}") for n in range(8)))
    found = care_history.history(home.holder)
    assert (found.is_whole, len(found.visits), found.visits[0].last) == (False, 5, date(2026, 9, 17))


def test_nothing_is_left_of_an_erased_record(cared: House) -> None:
    forget_record(cared.mother.record_id)
    assert care_history.history(cared.holder).visits == ()
    assert len(care_history.history(cared.parent).visits) == 1


def test_no_line_is_readable_in_the_database(cared: House) -> None:
    with db.read() as tx:
        rows = tx.execute(select(CareLine)).all()
    text = repr(rows).encode()
    assert rows
    for word in ("Consultation", "Tilleuls", "Morvan", "R1", cared.mother.ins):
        assert word.encode() not in text


def test_a_line_tells_nobody_by_message(cared: House) -> None:
    waiting = outbox.waiting()
    bring(line(cared.mother, "R20"))
    assert outbox.waiting() == waiting
    assert build.mails_to("nobody@exemple.test") == []
