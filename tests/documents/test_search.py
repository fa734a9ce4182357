"""Finding a document by its words: what answers, to whom, and what stands readable nowhere."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from espace import clock, crypto, db
from espace.access.services import Answer
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.models import Document, DocumentText, DocumentWord
from espace.documents.services import asking, search, texts
from espace.documents.services.asking import Question
from espace.documents.services.search import Hit, Results
from espace.errors import InvalidError
from espace.permissions import Relation, Standing
from tests.support import build, canaries

from .house import House, addition, deposited, pdf, statements, trail


def added(standing: Standing, title: str, *pages: str, **changes: object) -> UUID:
    """A document in the record, its words read."""
    found = documents.add(standing, addition(title, pdf(*pages), **changes)).id
    texts.index(standing.record_id, found)
    return found


def ask(standing: Standing, text: str, **changes: object) -> Results:
    return search.search(standing, replace(asking.ask(text), **changes))


def ids(results: Results) -> list[UUID]:
    return [hit.document.id for hit in results.hits]


def said(hit: Hit) -> str:
    return " | ".join("".join(f"<{words}>" if is_marked else words for words, is_marked in one.pieces) for one in hit.snippets)


def test_a_word_of_the_third_page_is_found_and_shown_with_its_page(home: House) -> None:
    found = added(home.holder, "Bilan", "Laboratoire", "Numeration", "Taux de cholesterol total : 2,10 g/L")
    added(home.holder, "Radio", "Genou droit")
    results = ask(home.holder, "cholestérol")
    assert ids(results) == [found]
    (snippet,) = results.hits[0].snippets
    assert snippet.page == 3
    assert said(results.hits[0]) == "Taux de <cholesterol> total : 2,10 g/L"
