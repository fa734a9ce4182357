"""Searching inside a record's documents: keyed postings find what may answer, the words themselves decide (design 3.6).

The policy stands in the statement, so a document that its reader may not see changes nothing: no answer, no snippet, no
count, no suggestion comes from it (security.md R13). A search by anyone but the holder leaves its row first (R25).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, tuple_, type_coerce

from espace import db
from espace.access.services import visible
from espace.audit.services import Action
from espace.db import Digest, Id
from espace.documents.models import Document, DocumentText, DocumentWord
from espace.documents.services.viewing.reading import DocumentFacts, leave, open_row, unwatched
from espace.documents.services.visibility import COLUMNS, conditions, parameters, shape, shareable
from espace.interop.media import XML
from espace.permissions import Standing

from .asking import Meaning, Period, Place, Question, Time, meaning
from .snippets import Pieces, Snippet, marked, snippets
from .stems import Term, fold, spans, words
from .texts import WORD_BYTES, Text, day_words, digest, kind_words, unpacked, word_key

PAGE_SIZE = 20
LOOKED_AT = 200
"""How many texts one request opens at most: beyond, the person says whether to go on with older ones."""
_VOCABULARY = 60
_LIKE = 0.75
_APART = 3  # letters more or less
STATES = ("current", "archived")


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that answers: its title and some of its text, what answers marked. `missing`: words it lacks.

    `remark` is that of its person, when it answers.
    """

    document: DocumentFacts
    title: Pieces
    snippets: tuple[Snippet, ...]
    remark: Pieces = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """What answers, newest first.

    `period` is what the words of time in the question speak of, and `time` how they were taken in the end.
    `partial`: nothing holds every word, these hold some. `next`: after which place older documents may answer.
    `close`: words of the record for words that stand nowhere, as (asked, written).
    """

    hits: tuple[Hit, ...] = ()
    next: Place | None = None
    period: Period | None = None
    time: Time = Time.DATES
    partial: bool = False
    close: tuple[tuple[str, str], ...] = ()


def search(standing: Standing, question: Question, *, for_link: bool = False) -> Results:
    """Answer a question with what this standing lets through, one row of the trail with what is shown.

    `for_link`: only what may go into a link.
    """
    with db.read() as tx:
        found, words_from = _Search(tx, standing, question, for_link=for_link).run()
    if not unwatched(standing):
        with db.write():
            leave(standing, Action.DOCUMENTS_SEARCHED, [*(hit.document for hit in found.hits), *words_from])
    return found


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A document that may answer, opened: what is said about it and its pages, folded when they are first needed."""

    document: DocumentFacts
    about: str
    pages: tuple[str, ...]

    def holds(self, asked: Sequence[Term]) -> list[Term]:
        """Which terms it answers."""
        about = fold(self.about)
        left = [term for term in asked if not term.is_in(about)]
        if not left:
            return list(asked)
        text = fold("\n".join(self.pages))
        missing = {term for term in left if not term.is_in(text)}
        return [term for term in asked if term not in missing]

    @property
    def everything(self) -> str:
        """All its words."""
        return "\n".join((self.about, *self.pages))

    def written(self, word: str) -> str:
        """A folded word of it as it is written there."""
        text = self.everything
        return next((text[a:b].lower() for a, b, _ in spans(text, [Term(word, (word,), whole=True)])), word)


class _Search:
    """One search: a few statements, however many documents there are."""

    def __init__(self, tx: Connection, standing: Standing, question: Question, *, for_link: bool) -> None:
        self._tx = tx
        self._standing = standing
        self._question = question
        self._for_link = for_link
        self._rule = visible(standing)
        self._key = word_key(tx, standing.record_id)
        self._meaning: Meaning = meaning(question)

    def run(self) -> tuple[Results, list[DocumentFacts]]:
        """What answers; and the documents whose words are suggested."""
        meant = self._meaning
        found = Results()
        tried = set()
        for way in meant.ways:
            if (way.terms, way.period) in tried:
                continue
            tried.add((way.terms, way.period))
            found = replace(self._every(way.terms, way.period), period=meant.spoken, time=way.time)
            if found.hits or found.next or self._question.after:
                return found, []
        if not meant.ways:
            return found, []
        last = meant.ways[-1]
        some = self._some(last.terms, last.period) if len(last.terms) > 1 else Results()
        close, words_from = self._close(last.terms, some)
        return replace(some, period=meant.spoken, time=last.time, close=close), words_from

    def _every(self, asked: Sequence[Term], period: Period | None) -> Results:
        """Documents that hold every word, up to a page of them or as many as one request opens."""
        hits: list[Hit] = []
        last, seen = None, 0
        for candidate in self._candidates(asked, period, LOOKED_AT):
            seen += 1
            if len(candidate.holds(asked)) == len(asked):
                if len(hits) == PAGE_SIZE:
                    return Results(tuple(hits), last)
                hits.append(_hit(candidate, asked, asked))
            last = Place(candidate.document.date, candidate.document.id)
        return Results(tuple(hits), last if seen == LOOKED_AT else None)

    def _some(self, asked: Sequence[Term], period: Period | None) -> Results:
        """Documents that hold some of the words, those that hold most of them first."""
        found = []
        for candidate in self._candidates(asked, period, LOOKED_AT, every=False):
            held = candidate.holds(asked)
            if held:
                found.append((held, candidate))
        found.sort(key=lambda one: -len(one[0]))  # stable: the newest stays first
        hits = tuple(_hit(candidate, asked, held) for held, candidate in found[:PAGE_SIZE])
        return Results(hits, partial=bool(hits))

    def _close(self, asked: Sequence[Term], some: Results) -> tuple[tuple[tuple[str, str], ...], list[DocumentFacts]]:
        """For each word that stands in none of the newest texts, a word like it that does."""
        lacking = [term for term in asked if all(term.word in hit.missing for hit in some.hits) and len(term.word) > 3]
        if not lacking:
            return (), []
        known: dict[str, _Candidate] = {}
        for candidate in self._candidates((), None, _VOCABULARY):
            for word in words(candidate.everything):
                known.setdefault(word, candidate)
        found, words_from = [], []
        for lost in lacking:
            near = [word for word in known if word[0] == lost.word[0] and abs(len(word) - len(lost.word)) < _APART]
            for best in get_close_matches(lost.word, near, 1, _LIKE):
                found.append((lost.word, known[best].written(best)))
                words_from.append(known[best].document)
        return tuple(found), words_from

    def _candidates(
        self, asked: Sequence[Term], period: Period | None, limit: int, *, every: bool = True
    ) -> Iterator[_Candidate]:
        """Documents that may answer, newest first."""
        if asked and not self._key:
            return  # no word of this record was ever posted
        groups = [term.buckets for term in asked if term.buckets]
        if not every:
            groups = [frozenset().union(*groups)] if groups else []
        record_id = self._standing.record_id
        values: dict[str, Any] = {"record": record_id, "limit": limit, **parameters(self._rule)}
        for number, group in enumerate(groups):
            values[f"words{number}"] = sorted(digest(self._key, word) for word in group)
        bounds = self._bounds(period, values)
        statement = _statement(shape(self._rule), len(groups), bounds)
        width = len(COLUMNS)
        for row in self._tx.execute(statement, values):
            document = open_row(self._tx, record_id, row[:width], places_kept=self._standing.places_kept)
            sealed = row[width]
            text = unpacked(self._tx, record_id, document.id, sealed) if sealed else Text("", ())
            # The header of a clinical document names places: who is not to learn them does not find it by them.
            headless = self._standing.places_kept and document.body_media == XML
            yield _Candidate(document, _about(document), ("", *text.pages[1:]) if headless else text.pages)

    def _bounds(self, period: Period | None, values: dict[str, Any]) -> frozenset[str]:
        found = {"link"} if self._for_link else set()
        if period and period.first:
            values["first"] = period.first
            found.add("first")
        if period and period.last:
            values["last"] = period.last
            found.add("last")
        if self._question.class_code:
            values["class_code"] = self._question.class_code
            found.add("class")
        if self._question.after:
            values |= {"day": self._question.after.day, "id": self._question.after.id}
            found.add("after")
        return frozenset(found)


def _about(document: DocumentFacts) -> str:
    """What is said about a document, and is found beside its text."""
    told = (document.title, document.author, document.structure, document.depositor, document.remark)
    return "\n".join((*told, kind_words(document.type_code), day_words(document.date)))


def _hit(candidate: _Candidate, asked: Sequence[Term], held: Sequence[Term]) -> Hit:
    document = candidate.document
    remark = marked(document.remark, held)
    return Hit(
        document,
        marked(document.title, held),
        snippets(candidate.pages, held) if held else (),
        remark if any(is_marked for _, is_marked in remark) else (),
        tuple(term.word for term in asked if term not in held),
    )


@lru_cache(maxsize=256)
def _statement(given: tuple[bool, ...], groups: int, bounds: frozenset[str]) -> Select[*tuple[Any, ...]]:
    """The newest documents that stand in every group of postings: found first, opened after."""
    found = select(Document.id, Document.date).where(
        Document.record_id == bindparam("record", type_=Id), Document.state.in_(STATES), *conditions(given)
    )
    for number in range(groups):
        posted = select(DocumentWord.document_id).where(
            DocumentWord.record_id == bindparam("record", type_=Id),
            DocumentWord.word.in_(bindparam(f"words{number}", expanding=True, type_=Digest(WORD_BYTES))),
        )
        found = found.where(Document.id.in_(posted))
    if "link" in bounds:
        found = found.where(*shareable())
    if "first" in bounds:
        found = found.where(Document.date >= bindparam("first"))
    if "last" in bounds:
        found = found.where(Document.date <= bindparam("last"))
    if "class" in bounds:
        found = found.where(Document.class_code == bindparam("class_code"))
    if "after" in bounds:
        place = tuple_(type_coerce(bindparam("day"), Document.date.type), bindparam("id", type_=Id))
        found = found.where(tuple_(Document.date, Document.id) < place)
    newest = found.order_by(Document.date.desc(), Document.id.desc()).limit(bindparam("limit")).subquery()
    statement: Select[*tuple[Any, ...]] = (
        select(*COLUMNS, DocumentText.payload)
        .join(newest, newest.c.id == Document.id)
        .outerjoin(DocumentText, (DocumentText.record_id == Document.record_id) & (DocumentText.id == Document.id))
        .where(Document.record_id == bindparam("record", type_=Id))
        .order_by(Document.date.desc(), Document.id.desc())
    )
    return statement
