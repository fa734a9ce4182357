"""Searching inside messages: what is found, what is not, and what a reader may not find."""

from datetime import date, timedelta

import pytest

from espace.errors import InvalidError
from espace.interop.mail_letter import Part
from espace.interop.media import PDF
from espace.messaging.services.boxes import Box
from espace.messaging.services.reading import searching
from tests.documents.house import statements
from tests.support import build
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite
from tests.support.papers import pdf

from .support import Home, home, seen_by

pytestmark = pytest.mark.usefixtures("machines")


def found(box: Box, text: str) -> list[str]:
    """The subjects of what answers, marks left out."""
    results = searching.search(box, searching.ask(text))
    return ["".join(words for words, _ in hit.subject) for hit in results.hits]


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("cholestérol", True),
        ("CHOLESTEROL", True),
        ("choles", True),
        ("cholestérol normal", True),
        ("cholestérol élevé", False),
        ("goff", True),
        ("feuille", True),
        ("bilan", True),
        ("ostérol", False),
    ],
)
def test_words_are_found_wherever_they_stand(text: str, answers: bool) -> None:
    claire = home()
    part = Part("feuille.pdf", PDF, pdf("x"))
    claire.receives("Votre cholestérol est normal.", subject="Bilan", parts=[part])
    claire.receives("Rien.", subject="Autre")
    assert ("Bilan" in found(claire.box, text)) is answers


@pytest.mark.parametrize("text", ["", "  ", "?!", "x" * 201])
def test_what_cannot_be_sought_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        searching.ask(text)


def test_a_secret_message_is_found_by_the_minor_alone() -> None:
    mother = build.citizen("Marie")
    teen = Home(build.citizen("Lina", birth=date(2010, 4, 2), parents=[mother]))
    teen.receives("Une contraception", subject="Gardé", secret=True)
    assert found(teen.box, "contraception") == ["Gardé"]
    assert found(seen_by(mother.standing(teen.person.record_id)), "contraception") == []


def test_nothing_of_another_box_is_found_and_no_address_of_another_reader_opens() -> None:
    claire, nadia = home(), home("Nadia")
    claire.receives("Un secret", subject="À Claire")
    assert found(nadia.box, "secret") == []
    sealed = searching.sealed(claire.box, searching.ask("secret"))
    assert searching.opened(claire.box, sealed) == searching.Question("secret")
    assert searching.opened(nadia.box, sealed) is None
    assert searching.opened(claire.box, sealed[:-2]) is None
    assert "secret" not in sealed


def test_the_address_of_an_answer_is_over_after_some_hours(clock: FakeClock) -> None:
    claire = home()
    box = claire.box
    sealed = searching.sealed(box, searching.ask("bonjour"))
    clock.advance(searching.KEPT + timedelta(seconds=1))
    assert searching.opened(box, sealed) is None


def test_answers_go_on_where_they_stopped(clock: FakeClock) -> None:
    claire = home()
    for number in range(searching.PAGE_SIZE + 5):
        claire.receives("Un rappel", subject=f"Rappel {number}")
        clock.advance(timedelta(minutes=1))
    question = searching.ask("rappel")
    first = searching.search(claire.box, question)
    following = searching.following(question, first)
    assert following is not None
    second = searching.search(claire.box, following)
    assert searching.following(following, second) is None
    ids = [hit.message_id for hit in (*first.hits, *second.hits)]
    assert len(ids) == len(set(ids)) == searching.PAGE_SIZE + 5


@on_sqlite
def test_a_search_costs_the_same_for_one_and_for_twenty(clock: FakeClock) -> None:
    claire = home()
    counts = []
    for many in (1, 19):
        for number in range(many):
            claire.receives("Un rappel", subject=f"Rappel {number}")
            clock.advance(timedelta(minutes=1))
        box = claire.box
        found(box, "rappel")
        with statements() as sent:
            found(box, "rappel")
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 4
