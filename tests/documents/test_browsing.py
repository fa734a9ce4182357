"""The list of documents: every filter, in pages that stay still, of nothing but what its reader sees."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, product
from typing import Any
from uuid import UUID, uuid4

import pytest

from espace import clock as house_clock
from espace import db
from espace.access import policy
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.services import Cursor, Filter, Page
from espace.documents.services.entries import folding
from espace.documents.services.entries.folding import Source
from espace.documents.services.library import folders, overview, readers
from espace.documents.services.library.page_statements import Asked, page_statement, relevant_statement
from espace.documents.services.visibility import parameters, shape
from espace.permissions import Relation, Standing
from tests.support.clock import FakeClock

from .house import House, addition, change, deposited, standings, statements, trail
from .plans import faults, plan

LETTER, REPORT = "57833-6", "11488-4"


def _ids(page: Page) -> set[UUID]:
    return {row.id for row in page.rows}


@pytest.fixture
def shelf(home: House) -> dict[str, UUID]:
    """Documents that differ by one thing each, in the mother's record."""
    found = {
        "own": documents.add(home.holder, addition("Radio", date=date(2026, 3, 4))).id,
        "old": documents.add(home.holder, addition("Vieille radio", date=date(2019, 3, 4))).id,
        "letter": deposited(home.doctor_here, "Ordonnance", date=date(2026, 11, 2)),
        "older letter": deposited(home.doctor_here, "Vieille ordonnance", date=date(2024, 11, 2)),
        "report": deposited(home.doctor_here, "Compte rendu", type_code=REPORT, date=date(2026, 11, 3)),
        "archived": deposited(home.doctor_here, "Classée"),
        "replaced": deposited(home.doctor_here, "Remplacée"),
        "deleted": deposited(home.doctor_here, "Effacée"),
        "folded": deposited(home.doctor_here, "Repliée"),
    }
    for name, state in (
        ("archived", "archived"),
        ("replaced", "superseded"),
        ("deleted", "deleted"),
        ("folded", "folded"),
    ):
        change(found[name], state=state)
    return found


CURRENT = {"own", "old", "letter", "older letter", "report"}


def _author(standing: Standing, document_id: UUID) -> UUID:
    found = documents.document(standing, document_id).author_id
    assert found is not None
    return found


def _filters(home: House, shelf: dict[str, UUID]) -> dict[str, tuple[Filter, set[str]]]:
    """Each filter alone, with what it shows of the shelf to the holder."""
    heart = folders.new_folder(home.holder, "Cœur")
    folders.put(home.holder, shelf["letter"], heart.id)
    readers.set_favourite(home.holder, shelf["report"], favourite=True)
    readers.note_read(home.holder, shelf["letter"])
    return {
        "category": (Filter(class_code="42"), {"letter", "older letter"}),
        "type": (Filter(type_code=REPORT), {"report"}),
        "author": (Filter(author_id=_author(home.holder, shelf["letter"])), {"letter", "older letter", "report"}),
        "from a day": (Filter(first_day=date(2026, 3, 4)), {"own", "letter", "report"}),
        "up to a day": (Filter(last_day=date(2024, 11, 2)), {"old", "older letter"}),
        "folder": (Filter(folder_id=heart.id), {"letter"}),
        "favourite": (Filter(favourite=True), {"report"}),
        "unread": (Filter(unread=True), {"older letter", "report"}),
        "new": (Filter(new=True), {"letter", "older letter", "report"}),
        "archived": (Filter(state="archived"), {"archived"}),
        "older versions": (Filter(state="superseded"), {"replaced"}),
    }


def test_each_filter_shows_its_own_and_nothing_else(home: House, shelf: dict[str, UUID]) -> None:
    names = {found: name for name, found in shelf.items()}
    assert {names[one] for one in _ids(documents.page(home.holder))} == CURRENT
    for name, (wanted, expected) in _filters(home, shelf).items():
        page = documents.page(home.holder, wanted)
        assert {names[one] for one in _ids(page)} == expected, name


def test_any_two_filters_hold_at_once(home: House, shelf: dict[str, UUID]) -> None:
    known = {name: pair for name, pair in _filters(home, shelf).items() if name not in ("archived", "older versions")}
    none = Filter()
    for (first, (one, some)), (second, (two, others)) in product(known.items(), repeat=2):
        both = replace(
            one,
            **{
                name: getattr(two, name)
                for name in Filter.__dataclass_fields__
                if getattr(two, name) != getattr(none, name)
            },
        )
        found = _ids(documents.page(home.holder, both))
        assert found == {shelf[name] for name in some & others}, (first, second)


@pytest.mark.parametrize("relation", [Relation.HOLDER, Relation.PROFESSIONAL])
def test_every_filter_walks_in_pages_without_gap_or_double(
    home: House, shelf: dict[str, UUID], relation: Relation
) -> None:
    standing = home.holder if relation is Relation.HOLDER else home.doctor_here
    wanted = [one for one, _ in _filters(home, shelf).values()]
    wanted.append(Filter(relevant_first=True))
    if standing is not home.holder:
        wanted = [replace(one, folder_id=None) for one in wanted]  # another's folder
    for one in wanted:
        whole = [row.id for row in documents.page(standing, one).rows]
        walked: list[UUID] = []
        before: Cursor | None = None
        for _ in range(len(whole) + 1):
            page = documents.page(standing, one, before=before, limit=1)
            walked += [row.id for row in page.rows]
            before = page.next
            if before is None:
                break
        assert walked == whole, one


def test_each_reader_gets_what_the_policy_lets_through_under_every_filter(home: House, shelf: dict[str, UUID]) -> None:
    wanted = [one for one, _ in _filters(home, shelf).values()]
    marks = ("hidden", "patient_invisible", "representatives_invisible")
    target = shelf["letter"]
    for values in product((False, True), repeat=3):
        change(target, **dict(zip(marks, values, strict=True)))
        facts = policy.DocumentFacts(LETTER, values[0], values[1], values[2], home.doctor.id)
        for name, standing in standings(home).items():
            allowed = policy.visible(standing).decide(facts).allowed
            for one in wanted:
                if target in _ids(documents.page(standing, one)):
                    assert allowed, (name, values, one)
            assert (target in _ids(documents.page(standing))) is allowed, (name, values)


def test_a_result_held_back_is_new_when_it_shows_itself(home: House, clock: FakeClock) -> None:
    until = house_clock.now() + timedelta(days=3)
    found = deposited(home.doctor_here, "Bilan")
    change(found, held_until=until, arrived_at=until)
    other = standings(home)["doctor"]
    assert readers.visit(home.holder).last_visit_at is None
    assert overview.overview(home.holder).new == 0
    assert overview.overview(other).new == 1, "it waits for its person alone"
    readers.visit(other)
    clock.advance(timedelta(days=4))
    around = overview.overview(home.holder)
    assert (around.new, around.unread) == (1, 1)
    assert _ids(documents.page(home.holder, Filter(new=True), reader=around.reader)) == {found}
    assert overview.overview(other).new == 0, "it was filed before their last visit"


def test_what_a_profession_writes_comes_first_and_nothing_is_left_out(home: House, shelf: dict[str, UUID]) -> None:
    doctor = replace(home.doctor_here, usual_types=frozenset({REPORT}))
    page = documents.page(doctor, Filter(relevant_first=True))
    assert [page.seen[row.id].relevant for row in page.rows] == [True, False, False, False, False]
    assert page.rows[0].id == shelf["report"]
    rest = [row.date for row in page.rows[1:]]
    assert rest == sorted(rest, reverse=True)
    assert _ids(page) == _ids(documents.page(doctor))
    nobody = replace(home.doctor_here, usual_types=frozenset())
    assert [r.id for r in documents.page(nobody, Filter(relevant_first=True)).rows] == [
        r.id for r in documents.page(nobody).rows
    ]


def test_whatever_is_asked_the_reading_of_others_is_written(home: House, shelf: dict[str, UUID]) -> None:
    for wanted in (Filter(class_code="42"), Filter(unread=True), Filter(relevant_first=True), Filter(favourite=True)):
        page = documents.page(home.doctor_here, wanted)
        last = trail(home.holder)[0]
        assert last.action is Action.DOCUMENTS_LISTED
        assert {one["id"] for one in last.objects} == {str(row.id) for row in page.rows}


NAMES = ("of_class", "of_type", "of_author", "in_folder", "favourite", "unread", "new", "from_day", "to_day")


def _asked(*names: str) -> Asked:
    wanted: dict[str, Any] = dict.fromkeys(names, True)
    return Asked(**wanted)


ONE_EACH = [_asked(name) for name in NAMES]
TWO_EACH = [_asked(one, two) for one, two in combinations(NAMES, 2)]
ASKED = [Asked(), *ONE_EACH, *TWO_EACH]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("relation", [Relation.HOLDER, Relation.PROFESSIONAL])
def test_every_list_reads_an_index_in_its_order_and_sorts_nothing(home: House, after: bool, relation: Relation) -> None:
    standing = home.holder if relation is Relation.HOLDER else home.doctor_here
    rule = policy.visible(standing)
    wrong = {}
    for one in ASKED:
        asked = one._replace(after=after, relation=relation)
        found = plan(page_statement(shape(rule), asked), _values(standing, asked))
        leading = "marks" if asked.by_mark else "arrived" if asked.by_arrival else ""
        name = " and ".join(name for name in NAMES if getattr(one, name))
        if faults(found) or leading not in found:
            wrong[name] = found
    assert not wrong


def _values(standing: Standing, asked: Asked) -> dict[str, Any]:
    now = house_clock.now()
    return {
        "record": standing.record_id,
        "reader": standing.actor.id,
        "depositor": standing.actor.id,
        "state": "current",
        "limit": 61,
        "since": now,
        "read_up_to": now,
        "class_code": "42",
        "type_code": LETTER,
        "author": uuid4(),
        "folder": uuid4(),
        "from_day": date(2024, 1, 1),
        "to_day": date(2026, 1, 1),
        "at": now if asked.by_arrival else date(2025, 1, 1),
        "id": uuid4(),
        "others": [REPORT],
        **parameters(policy.visible(standing)),
    }


@pytest.mark.parametrize("after", [False, True])
def test_what_is_relevant_first_is_read_from_its_index_too(home: House, after: bool) -> None:
    asked = Asked(relation=Relation.PROFESSIONAL, after=after)
    rule = policy.visible(home.doctor_here)
    assert not faults(plan(relevant_statement(shape(rule), asked), _values(home.doctor_here, asked)))


def test_a_page_costs_one_statement_and_its_row_of_the_trail(home: House) -> None:
    for wanted in (
        Filter(),
        Filter(unread=True),
        Filter(favourite=True),
        Filter(class_code="42"),
        Filter(relevant_first=True),
    ):
        for standing, most in ((home.holder, 1), (replace(home.doctor_here, never_read=False, visit_due=False), 4)):
            documents.page(standing, wanted)
            with statements() as sent:
                documents.page(standing, wanted)
            told = [one for one in sent if not one.startswith(("BEGIN", "COMMIT", "SAVEPOINT"))]
            assert len(told) <= most, told


def test_a_document_that_came_several_times_says_so_to_who_reads_every_type(home: House) -> None:
    found = deposited(home.doctor_here, "Échographie")
    deposited(home.doctor_here, "Une fois")
    with db.write() as tx:
        for name in ("un message", "une photo", "une photo"):
            folding.note_source(tx, home.mother.record_id, found, Source("import", name))
    seen = documents.page(home.holder).seen
    assert sorted(one.further for one in seen.values()) == [0, 2]
    assert seen[found].further == 2
    assert {one.further for one in documents.page(home.doctor_here).seen.values()} == {0}
