"""Finding a document by its words: what answers, in which order, to whom, and what is written down of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from espace import db
from espace.access import policy
from espace.access.services import visible
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.models import Document
from espace.documents.services.finding import asking, search, texts
from espace.documents.services.finding.asking import Time
from espace.documents.services.finding.search import Hit, Results
from espace.documents.services.visibility import parameters, shape
from espace.errors import InvalidError
from espace.permissions import Standing
from tests.support.clock import FakeClock

from .house import House, addition, deposited, pdf, standings, statements, trail
from .plans import faults, plan

MARKS = ("hidden", "patient_invisible", "representatives_invisible")


def added(standing: Standing, title: str, *pages: str, **changes: Any) -> UUID:
    """A document in the record, with the words of its pages as the worker keeps them."""
    found = documents.add(standing, addition(title, pdf(ascii(title), *map(ascii, pages)), **changes)).id
    texts.keep(standing.record_id, found, pages)
    return found


def from_doctor(home: House, title: str, *pages: str, **changes: Any) -> UUID:
    """A deposit in the mother's record, with the words of its pages as the worker keeps them."""
    found = deposited(home.doctor_here, title, content=pdf(ascii(title), *map(ascii, pages)), **changes)
    texts.keep(home.holder.record_id, found, pages)
    return found


def ask(standing: Standing, text: str, **changes: Any) -> Results:
    """The answer to a question."""
    return search.search(standing, replace(asking.ask(text), **changes))


def ids(results: Results) -> list[UUID]:
    """The documents that answer, in their order."""
    return [hit.document.id for hit in results.hits]


def said(hit: Hit) -> str:
    """The snippets of a hit, what is marked between brackets."""
    texts_of = ("".join(f"[{words}]" if marked else words for words, marked in one.pieces) for one in hit.snippets)
    return " | ".join(texts_of)


def mark(document_id: UUID, **values: Any) -> None:
    """Put a document into a state."""
    with db.write() as tx:
        tx.execute(update(Document).where(Document.id == document_id).values(**values))


def test_a_word_of_the_third_page_is_found_and_shown_with_its_page(home: House) -> None:
    paper = pdf("Laboratoire", "Numeration", "Taux de cholesterol total : 2,10 g/L")
    found = documents.add(home.holder, addition("Bilan", paper)).id
    texts.index(home.holder.record_id, found)
    added(home.holder, "Radio", "Genou droit")
    results = ask(home.holder, "cholestérol")
    assert ids(results) == [found]
    (snippet,) = results.hits[0].snippets
    assert snippet.page == 3
    assert said(results.hits[0]) == "Taux de [cholesterol] total : 2,10 g/L"


def test_title_author_kind_remark_and_date_are_found_without_any_text(home: House) -> None:
    found = from_doctor(home, "Échographie", "x")
    radio = added(home.holder, "Radio des hôpitaux", "y")
    for words in ("echographie", "morvan", "ordonnance", "novembre", "prescription", "tilleuls"):
        assert found in ids(ask(home.holder, words)), words
    assert ids(ask(home.holder, "hôpital")) == [radio]
    assert ask(home.holder, "hopital").hits[0].title == (("Radio des ", False), ("hôpitaux", True))


def test_every_word_must_answer_wherever_it_stands(home: House) -> None:
    one = added(home.holder, "Bilan", "glycemie", "cholesterol")
    two = added(home.holder, "Glycémie", "leucocytes")
    assert ids(ask(home.holder, "glycémie cholestérol")) == [one]
    assert set(ids(ask(home.holder, "glycémie"))) == {one, two}


def test_the_newest_comes_first_and_a_page_goes_on_where_it_ended(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE_SIZE", 3)
    made = [added(home.holder, f"Bilan {n}", "ferritine", f"numero {n}", date=date(2025, 1, 1 + n)) for n in range(7)]
    walked: list[UUID] = []
    after = None
    for _ in range(5):
        results = ask(home.holder, "ferritine", after=after)
        walked += ids(results)
        after = results.next
        if after is None:
            break
    assert walked == made[::-1]


def test_a_request_opens_a_bounded_number_of_texts_and_says_where_to_go_on(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "LOOKED_AT", 4)
    # The index knows five letters of a word: these stand in the same place of it.
    old = added(home.holder, "Vieux", "constipation", date=date(2020, 1, 1))
    for number in range(6):
        added(home.holder, f"Jeune {number}", f"constat {number}", date=date(2025, 1, 1 + number))
    first = ask(home.holder, "constipation")
    assert ids(first) == []
    assert first.next is not None
    assert ids(ask(home.holder, "constipation", after=first.next)) == [old]


def test_last_year_s_cholesterol_is_found_as_a_tired_person_asks_for_it(home: House) -> None:
    old = added(home.holder, "Résultats d'analyses", "Laboratoire", "cholesterol 2,1", date=date(2025, 11, 20))
    new = added(home.holder, "Résultats d'analyses", "Laboratoire", "cholesterol 1,9", date=date(2026, 10, 2))
    found = ask(home.holder, "cholestérol de l'an dernier")
    assert ids(found) == [old]
    assert found.period == asking.Period(date(2025, 1, 1), date(2025, 12, 31))
    assert ids(ask(home.holder, "cholestérol")) == [new, old]
    assert ids(ask(home.holder, "cholestérol 2025")) == [old]
    assert ids(ask(home.holder, "cholestérol novembre 2025")) == [old]
    assert ids(ask(home.holder, "cholestérol de l'an dernier", time=Time.IGNORED)) == [new, old]
    assert ids(ask(home.holder, "2025")) == [old]


def test_where_a_period_holds_nothing_the_others_are_searched_and_it_is_said(home: House) -> None:
    found = added(home.holder, "Carnet", "vaccination en 2015", date=date(2020, 5, 5))
    results = ask(home.holder, "vaccination 2015")
    assert ids(results) == [found]
    assert results.time is Time.WORDS
    assert results.period == asking.Period(date(2015, 1, 1), date(2015, 12, 31))


def test_a_category_and_a_period_narrow_the_answer(home: House) -> None:
    own = added(home.holder, "Suivi du genou", "genou", date=date(2025, 3, 3))
    theirs = from_doctor(home, "Ordonnance genou", "genou")
    assert set(ids(ask(home.holder, "genou"))) == {own, theirs}
    assert ids(ask(home.holder, "genou", class_code="42")) == [theirs]
    assert ids(ask(home.holder, "genou", period="2025")) == [own]
    assert ids(ask(home.holder, "genou", period="-2021")) == []
    assert ask(home.holder, "genou", class_code="31").hits == ()


def test_words_that_stand_nowhere_together_give_what_holds_most_of_them(home: House) -> None:
    both = added(home.holder, "Prise de sang", "analyses", date=date(2024, 1, 1))
    one = added(home.holder, "Sang", "autre", date=date(2025, 1, 1))
    results = ask(home.holder, "prise de sang introuvable")
    assert results.partial
    assert ids(results) == [both, one]
    assert [hit.missing for hit in results.hits] == [("introuvable",), ("prise", "introuvable")]


@pytest.mark.parametrize("typed", ["colesterol", "cholestérrol", "cholésterole", "colestérol"])
def test_a_word_written_wrong_leads_to_the_one_in_the_record(home: House, typed: str) -> None:
    added(home.holder, "Bilan", "Taux de Cholestérol total")
    results = ask(home.holder, typed)
    assert results.hits == ()
    assert [written for _, written in results.close] == ["cholestérol"]


@pytest.mark.parametrize("state", ["superseded", "folded", "deleted"])
def test_what_stands_in_no_list_answers_nothing(home: House, state: str) -> None:
    found = added(home.holder, "Bilan", "ferritine")
    mark(found, state=state)
    assert ask(home.holder, "ferritine") == Results()
    mark(found, state="archived")
    assert ids(ask(home.holder, "ferritine")) == [found]


def test_each_reader_finds_exactly_what_the_policy_says(home: House) -> None:
    readers = standings(home)
    found = from_doctor(home, "Compte rendu", "ferritine")
    for marks in product((False, True), repeat=3):
        named: dict[str, Any] = dict(zip(MARKS, marks, strict=True))
        mark(found, **named)
        facts = policy.DocumentFacts("57833-6", professional_id=home.doctor.id, **named)
        for name, reader in readers.items():
            allowed = policy.visible(reader).decide(facts).allowed
            for words in ("ferritine", "compte rendu", "ferritine absente", "novembre 2026"):
                assert (found in ids(ask(reader, words))) is allowed, (name, marks, words)


def test_a_fresh_result_that_waits_answers_its_person_when_it_is_time(home: House, clock: FakeClock) -> None:
    found = from_doctor(home, "Analyses", "ferritine")
    mark(found, held_until=clock.now + timedelta(days=3))
    assert ids(ask(home.holder, "ferritine")) == []
    assert ids(ask(home.doctor_here, "ferritine")) == [found]
    clock.advance(timedelta(days=3))
    assert ids(ask(home.holder, "ferritine")) == [found]


QUESTIONS = ("ferritine", "ferritime", "zinc ferritine", "bilan", "2026", "bilan de l'an dernier", "de la", "b", "zq")
HIDING: dict[str, Callable[[House, UUID], Standing]] = {}


@pytest.mark.parametrize(
    ("reader", "marks"),
    [
        ("holder", {"patient_invisible": True}),
        ("parent", {"representatives_invisible": True}),
        ("doctor", {"hidden": True}),
        ("unread type", {}),
    ],
)
def test_what_one_may_not_see_changes_nothing_of_any_answer(home: House, reader: str, marks: dict[str, Any]) -> None:
    """R13: with the document and without it, every question has the same answer for its excluded reader."""
    from_doctor(home, "Bilan", "zinc")
    added(home.holder, "Bilan ancien", "bilan", date=date(2025, 2, 2))
    who = standings(home)[reader]
    without = [ask(who, words) for words in QUESTIONS]
    secret = from_doctor(home, "Bilan secret", "ferritine, zinc, qzq")
    mark(secret, **marks or {"hidden": False})
    assert [ask(who, words) for words in QUESTIONS] == without
    assert secret in ids(ask(standings(home)["depositor"], "ferritine"))


def test_another_record_s_documents_answer_nothing(home: House) -> None:
    added(home.parent, "Carnet de Jules", "varicelle")
    added(home.holder, "Bilan", "autre")
    assert ask(home.holder, "varicelle").hits == ()
    assert len(ask(home.parent, "varicelle").hits) == 1


def test_a_search_by_anyone_but_the_holder_is_written_down_without_its_words(home: House) -> None:
    found = from_doctor(home, "Analyses", "ferritine")
    ask(home.holder, "ferritine")
    assert Action.DOCUMENTS_SEARCHED not in [entry.action for entry in trail(home.holder)]
    ask(home.doctor_here, "ferritine")
    ask(home.doctor_here, "introuvable")
    nothing, shown = trail(home.holder)[:2]
    assert (nothing.action, nothing.objects) == (Action.DOCUMENTS_SEARCHED, ())
    assert [thing["id"] for thing in shown.objects] == [str(found)]
    assert "ferritine" not in repr(shown)
    added(home.parent, "Carnet", "varicelle")
    ask(home.parent, "varicelle")
    assert trail(home.parent)[0].action is Action.DOCUMENTS_SEARCHED


def test_a_word_that_is_suggested_is_written_down_with_its_document(home: House) -> None:
    found = from_doctor(home, "Analyses", "ferritine")
    assert ask(home.doctor_here, "feritine").close == (("feritine", "ferritine"),)
    assert [thing["id"] for thing in trail(home.holder)[0].objects] == [str(found)]


def test_a_search_costs_as_many_statements_for_one_document_as_for_many(home: House) -> None:
    from_doctor(home, "Bilan 0", "ferritine")
    doctor = replace(home.doctor_here, never_read=False, visit_due=False)
    counts = []
    for _ in range(2):
        with statements() as one:
            ask(home.holder, "ferritine")
        with statements() as none:
            ask(home.holder, "zinc cuivre 2019")
        with statements() as watched:
            ask(doctor, "ferritine")
        counts.append((len(one), len(none), len(watched)))
        for number in range(1, 15):
            from_doctor(home, f"Bilan {number}", f"ferritine {number}")
    assert counts[0] == counts[1]
    assert counts[0][0] <= 2
    assert counts[0][1] <= 6
    assert counts[0][2] <= 6


@pytest.mark.parametrize("typed", ["", "   ", "?!…", "\u0301", "_"])
def test_a_question_needs_a_word(typed: str) -> None:
    with pytest.raises(InvalidError) as refused:
        asking.ask(typed)
    assert set(refused.value.problems) == {"q"}


def test_a_question_has_an_end() -> None:
    with pytest.raises(InvalidError):
        asking.ask("mot " * 60)


def test_an_unknown_category_or_period_is_none() -> None:
    assert asking.ask("genou", "99", "1875") == asking.ask("genou")


@pytest.mark.parametrize("typed", ["'; DROP TABLE", "%", "*", "(.*", "[a-", "\\", "מבחן", "検査", "🩺 sang", "a" * 200])
def test_whatever_is_typed_is_only_words(home: House, typed: str) -> None:
    added(home.holder, "Bilan", "ferritine")
    try:
        question = asking.ask(typed)
    except InvalidError:
        return
    assert search.search(home.holder, question).hits == ()


def test_words_of_other_scripts_are_found(home: House) -> None:
    found = added(home.holder, "בדיקת דם 🩸 検査", "x")
    assert ids(ask(home.holder, "בדיקת")) == [found]
    assert ids(ask(home.holder, "検査")) == [found]


def test_a_question_in_an_address_is_its_reader_s_for_some_hours(home: House, clock: FakeClock) -> None:
    asked = replace(
        asking.ask("ferritine", "42", "2025"), time=Time.WORDS, after=asking.Place(date(2025, 1, 1), UUID(int=7))
    )
    text = asking.sealed(home.holder, asked)
    assert asking.opened(home.holder, text) == asked
    assert asking.sealed(home.holder, asked) != text
    assert asking.opened(home.doctor_here, text) is None
    assert asking.opened(home.parent, text) is None
    for broken in ("", "x", text[:-6], "é", text[::-1], "A" * 5000):
        assert asking.opened(home.holder, broken) is None
    clock.advance(asking.KEPT)
    assert asking.opened(home.holder, text) is None
    clock.advance(-asking.KEPT - timedelta(hours=1))
    assert asking.opened(home.holder, text) is None


def test_the_length_of_an_address_does_not_tell_that_of_the_question(home: House) -> None:
    lengths = {len(asking.sealed(home.holder, asking.ask("a" * size))) for size in range(1, 9)}
    assert len(lengths) <= 2


@pytest.mark.parametrize("bounds", [frozenset(), frozenset({"first", "last", "class", "after"})])
def test_the_postings_lead_and_nothing_of_a_record_is_read_whole(home: House, bounds: frozenset[str]) -> None:
    from_doctor(home, "Bilan", "ferritine zinc")
    rule = visible(home.doctor_here)
    values: dict[str, Any] = {"record": home.holder.record_id, "limit": 10, **parameters(rule)}
    values |= {"words0": [b"x" * 8], "words1": [b"y" * 8, b"z" * 8], "id": UUID(int=1), "class_code": "42"}
    values |= dict.fromkeys(("first", "last", "day"), date(2025, 1, 1))
    found = plan(search._statement(shape(rule), 2, bounds), values)  # noqa: SLF001
    # What was found is sorted by its date: those are few.
    wrong = [fault.partition(":")[0] for fault in faults(found)]
    assert set(wrong) <= {"TEMP B-TREE", "Sort Key"}, found
    assert "word=?" in found or "word = " in found, found
