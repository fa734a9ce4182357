"""Searching in 2,000 documents of three pages: a word of one, a word of all, two words, and a word of none."""

from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from typing import Any
from uuid import UUID

from espace.accounts import services as accounts
from espace.documents.services.finding import asking, search, texts
from espace.permissions import Standing

from .measure import timed

PAGES = 3
WORDS = 420
"""On a page: some 2,600 characters, as a report written closely has."""
RARE = "tocophérol"
"""Stands in one document."""
_COMMON_WORDS = (
    "patient consultation traitement examen clinique tension artérielle douleur résultat normale contrôle suivi prise"
    " jour semaine mois matin soir comprimé dose antécédents familial chirurgie hospitalisation service docteur madame"
    " monsieur bilan sanguin glycémie créatinine cholestérol hémoglobine leucocytes plaquettes numération imagerie"
    " radiographie échographie scanner thorax abdomen genou épaule rachis cervical lombaire droit gauche bilatéral"
    " absence anomalie lésion fracture inflammation infection antibiotique paracétamol allergie vaccination rappel"
    " conclusion motif histoire maladie cardiaque pulmonaire rénal hépatique neurologique cutané digestif fièvre toux"
    " fatigue sommeil appétit poids taille activité physique tabac alcool alimentation conseil ordonnance traitant"
)
_SYLLABLES = ("ba", "cre", "di", "flo", "gu", "lé", "mi", "no", "pra", "ri", "su", "té", "vo", "cha", "bru", "phy")


def pages(count: int) -> Iterator[tuple[str, ...]]:
    """The words of `count` documents, each another, some words more frequent than others."""
    draw = Random(20260101)  # noqa: S311 - words to measure with, no secret
    names = ["".join(draw.choices(_SYLLABLES, k=draw.randint(2, 4))) for _ in range(4000)]
    known = [*_COMMON_WORDS.split(), *names]
    weights = [1 / (rank + 3) for rank in range(len(known))]
    for number in range(count):
        text = iter(draw.choices(known, weights, k=PAGES * WORDS))
        made = [" ".join(islice(text, WORDS)) for _ in range(PAGES)]
        if number == count // 2:
            made[-1] += f" {RARE} 12,4 mg"
        yield tuple(made)


def fill(holder: Standing, document_ids: list[UUID]) -> None:
    """Give documents their words, as the worker does when they are filed."""
    for number, text in enumerate(pages(len(document_ids))):
        texts.keep(holder.record_id, document_ids[number], text)


def questions() -> dict[str, str]:
    """What is asked -> by which words."""
    return {
        "a word of one document": RARE,
        "a word of every document": "consultation",
        "two words": "échographie cholestérol",
        "a word of none": "tocilizumab",
    }


def address(standing: Standing, words: str) -> str:
    """Where a question is answered, below the documents of its record."""
    return f"recherche?r={asking.sealed(standing, asking.ask(words))}"


def parts(standing: Standing, token: str, words: str, rounds: int) -> dict[str, float]:
    """The session query, and the search without any page around it; CPU ms each."""
    acts: dict[str, Callable[[], Any]] = {
        "session query": lambda: accounts.identify(token),
        "search": lambda: search.search(standing, asking.ask(words)),
    }
    return {name: timed(act, rounds).cpu for name, act in acts.items()}
