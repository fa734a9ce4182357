"""Words and questions: what a search takes for the same, and what it understands of time."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espace import clock
from espace.documents.services.finding import asking, stems
from espace.documents.services.finding.asking import Period, Question, Time, meaning
from espace.documents.services.finding.snippets import marked, snippets
from espace.documents.services.finding.stems import fold, index_words, term, terms, words

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    with clock.bound(lambda: MONDAY):
        yield


def finds(asked: str, text: str) -> bool:
    """Whether a one-word question is answered by a text: by its postings and by its words alike."""
    (one,) = terms(words(asked))
    kept = index_words(text)
    answered = one.is_in(fold(text))
    if answered:
        assert not one.buckets or kept & one.buckets, f"{asked} stands in {text} and is not posted so"
    return answered


SAME = [
    ("cholesterol", "cholestérol", "CHOLESTÉROL", "Cholestérol"),
    ("hôpital", "hopitaux", "HÔPITAL", "hôpitaux"),
    ("résultat", "resultats", "RÉSULTATS"),
    ("œil", "oeil", "yeux", "ŒIL"),
    ("genou", "genoux", "GENOU"),
    ("travail", "travaux", "TRAVAIL"),
    ("os", "OS"),
    ("eau", "eaux"),
    ("irm", "IRM", "I\u0301RM"),
    ("vertébral", "vertébraux"),
    ("journal", "journaux"),
    ("mal", "maux"),
    ("fibrose", "ﬁbrose", "Fibroses"),
]


@pytest.mark.parametrize(("asked", "text"), [pair for same in SAME for pair in product(same, same)])
def test_accents_capitals_and_plurals_do_not_matter(asked: str, text: str) -> None:
    assert finds(asked, f"Un mot, puis {text}: voilà.")


@pytest.mark.parametrize("start", ["cho", "chol", "chole", "cholest", "cholesterol"])
def test_the_start_of_a_word_is_enough_from_three_letters_on(start: str) -> None:
    assert finds(start, "Cholestérol LDL")
    assert not finds(start[1:], "Cholestérol LDL")


def test_two_letters_are_a_word_of_their_own() -> None:
    assert finds("os", "fracture d'un os long")
    assert not finds("os", "ostéopathie")


@pytest.mark.parametrize("other", ["holesterol", "cholecystite", "resultante-x", "hopi tal"])
def test_other_words_do_not_answer(other: str) -> None:
    assert not finds("cholestérol", other)


@given(st.text(max_size=200))
def test_any_text_is_folded_and_posted_without_a_fault(text: str) -> None:
    for word in words(text):
        assert fold(word) == word or not word.isascii()
    assert all(len(one) <= stems.LONG for one in index_words(text))
    marked(text, terms(words(text)))


@given(st.text(min_size=1, max_size=40), st.text(max_size=120))
def test_what_is_marked_is_the_text_itself(asked: str, text: str) -> None:
    pieces = marked(text, terms(words(asked)))
    assert "".join("".join(piece.split()) for piece, _ in pieces) == "".join(text.split())


@given(st.lists(st.text(max_size=300), max_size=4), st.text(min_size=1, max_size=20))
def test_snippets_are_short_and_of_their_page(pages: list[str], asked: str) -> None:
    for one in snippets(pages, terms(words(asked))):
        assert 1 <= one.page <= len(pages)
        assert sum(len(piece) for piece, _ in one.pieces) <= 260


def test_a_snippet_of_a_very_long_page_stands_around_its_word() -> None:
    page = "œuvre " * 50_000 + "cholestérol total " + "suite " * 50_000
    (one,) = snippets([page], terms(["cholesterol"]))
    assert ("cholestérol", True) in one.pieces


def test_a_snippet_of_a_table_begins_with_the_row_that_answers() -> None:
    page = "Bilan lipidique\nAnalyse Résultat Précédent\nCholestérol total 1,77 g/L 1,91\nTriglycérides 1,22 g/L 1,27"
    (one,) = snippets([page], terms(["cholesterol"]))
    said = "".join(words for words, _ in one.pieces)
    assert said == "… Cholestérol total 1,77 g/L 1,91 · Triglycérides 1,22 g/L 1,27"


def test_two_words_far_apart_give_two_snippets() -> None:
    found = snippets(["alpha " + "x " * 400, "rien", "beta"], terms(["alpha", "beta"]))
    assert [one.page for one in found] == [1, 3]


def test_small_words_are_not_asked_for_unless_alone() -> None:
    assert [one.word for one in terms(words("le bilan de mon genou"))] == ["bilan", "genou"]
    assert [one.word for one in terms(words("ma dernière ordonnance"))] == ["ordonnance"]
    assert [one.word for one in terms(words("de la"))] == ["de", "la"]
    assert term("de").buckets == frozenset()


def test_very_many_words_are_a_bounded_question() -> None:
    assert len(terms(f"mot{number}" for number in range(1000))) == stems.MAX_TERMS


YEAR = Period(date(2025, 1, 1), date(2025, 12, 31))
UNDERSTOOD = {
    "cholestérol de l'an dernier": (["cholesterol"], YEAR),
    "le bilan de l'année dernière": (["bilan"], YEAR),
    "bilan l’an passé": (["bilan"], YEAR),
    "bilan 2025": (["bilan"], YEAR),
    "2025": ([], YEAR),
    "radio de mars 2024": (["radio"], Period(date(2024, 3, 1), date(2024, 3, 31))),
    "vaccin de cette année": (["vaccin"], Period(date(2026, 1, 1), date(2026, 12, 31))),
    "ordonnance du mois dernier": (["ordonnance"], Period(date(2026, 10, 1), date(2026, 10, 31))),
    "opéré il y a deux ans": (["opere"], Period(date(2024, 1, 1), date(2024, 12, 31))),
    "il y a 3 mois": ([], Period(date(2026, 8, 1), date(2026, 8, 31))),
    "scanner avant 2020": (["scanner"], Period(None, date(2019, 12, 31))),
    "scanner depuis 2020": (["scanner"], Period(date(2020, 1, 1), None)),
    "2024 ou 2025": (["2024", "2025"], None),
    "facture 3025": (["facture", "3025"], None),
    "cholestérol": (["cholesterol"], None),
}


@pytest.mark.parametrize("text", list(UNDERSTOOD))
def test_words_of_time_are_a_period(text: str) -> None:
    first = meaning(Question(text)).ways[0]
    assert ([one.word for one in first.terms], first.period) == UNDERSTOOD[text]
    for time in (Time.WORDS, Time.IGNORED):
        assert all(way.period is None for way in meaning(Question(text, time=time)).ways)


@given(st.text(alphabet="il y a dernier an annee mois mars 2025 1900 avant depuis cette ce 9999", max_size=80))
def test_no_words_of_time_are_a_fault(text: str) -> None:
    found = meaning(Question(text)).spoken
    if found and found.first and found.last:
        assert found.first <= found.last


def test_a_year_stays_a_word_where_no_date_answers() -> None:
    def ways(text: str) -> list[list[str]]:
        return [[one.word for one in way.terms] for way in meaning(Question(text)).ways]

    assert ways("vaccin 2015") == [["vaccin"], ["vaccin", "2015"], ["vaccin"]]
    assert ways("vaccin de l'an dernier") == [["vaccin"], ["vaccin"], ["vaccin"]]
    assert ways("vaccin") == [["vaccin"]]
    assert ways("2015") == [[], ["2015"]]


def test_a_correction_keeps_the_rest_of_the_question() -> None:
    found = asking.corrected(Question("colesterol de l'an dernier"), [("colesterol", "cholestérol")])
    assert found.text == "cholestérol de l'an dernier"
