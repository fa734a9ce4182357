"""What a person asks of the search: words, a kind, a period. The way it travels in an address tells nothing of it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import orjson

from espace import clock, crypto, db
from espace.documents.services.types import CLASSES
from espace.errors import InvalidError, TamperedError
from espace.permissions import Standing
from espace.words import N_

from .stems import MONTHS, Term, fold, is_small, spans, terms, words

MAX_LENGTH = 200
KEPT = timedelta(hours=12)
"""How long the address of an answer may be opened again, by who asked."""
YEARS_OFFERED = 5
_PURPOSE = ("document_searches", "question")
_PADDED = 64
_FOLDED_MONTHS = tuple(fold(month) for month in MONTHS)
_LAST = frozenset({"dernier", "derniere", "passe", "passee", "precedent", "precedente"})
_BOUNDS = ("avant", "depuis", "apres")
_NUMBERS = ("un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included; None: without end on that side."""

    first: date | None
    last: date | None


class Place(NamedTuple):
    """The day and id of the last document looked at."""

    day: date
    id: UUID


class Time(StrEnum):
    """What words of time in a question are taken for: its dates, words like others, or nothing."""

    DATES = "dates"
    WORDS = "words"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: the words as typed, a category (or ""), a period of `periods` (or ""), and after which place."""

    text: str
    class_code: str = ""
    period: str = ""
    time: Time = Time.DATES
    after: Place | None = None


class Way(NamedTuple):
    """One way to take a question: its terms, within a period or without."""

    time: Time
    terms: tuple[Term, ...]
    period: Period | None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a question means: the ways to take it, best first, and the period that its words speak of."""

    ways: tuple[Way, ...]
    spoken: Period | None


def ask(text: str, class_code: str = "", period: str = "") -> Question:
    """A question as it was typed.

    Raises:
        InvalidError: when there is nothing to look for, or too much.
    """
    text = " ".join(text.split())
    if len(text) > MAX_LENGTH:
        raise InvalidError({"q": N_("Write a few words: at most %(limit)d characters.", limit=MAX_LENGTH)})
    if not words(text):
        raise InvalidError({"q": N_("Write at least one word, for example “cholesterol”.")})
    known = class_code if class_code in CLASSES else ""
    return Question(text, known, period if period in periods() else "")


def periods() -> dict[str, Period]:
    """The periods offered beside the words: the last years, then all that is older. They depend on the day alone."""
    year = clock.today().year
    oldest = year - YEARS_OFFERED + 1
    found = {str(one): _year(one) for one in range(year, oldest - 1, -1)}
    return {**found, f"-{oldest - 1}": Period(None, date(oldest - 1, 12, 31))}


def sealed(standing: Standing, question: Question) -> str:
    """A question as it may stand in an address: for this reader and record only, for some hours, unreadable (R20)."""
    facts = [question.text, question.class_code, question.period, question.time, question.after, clock.now()]
    plain = orjson.dumps(facts, default=list)
    padded = plain + b" " * (-len(plain) % _PADDED)
    with db.read() as tx:
        made = crypto.seal_bytes(tx, standing.record_id, *_PURPOSE, standing.actor.id, padded)
    return urlsafe_b64encode(made).decode().rstrip("=")


def opened(standing: Standing, text: str) -> Question | None:
    """The question in an address; None for one that is not this reader's, or is over."""
    try:
        made = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        with db.read() as tx:
            plain = crypto.unseal_bytes(tx, standing.record_id, *_PURPOSE, standing.actor.id, made)
    except (NotBase64Error, ValueError, TamperedError):
        return None
    asked, class_code, period, time, after, at = orjson.loads(plain)
    asked_at = datetime.fromisoformat(at)
    if not asked_at <= clock.now() < asked_at + KEPT:
        return None
    place = Place(date.fromisoformat(after[0]), UUID(after[1])) if after else None
    return Question(asked, class_code, period, Time(time), place)


def outside(question: Question) -> bool:
    """Whether a question has words left when those of time are ignored."""
    return any(way.time is Time.IGNORED for way in meaning(question).ways)


def corrected(question: Question, close: Sequence[tuple[str, str]]) -> Question:
    """The same question with words that stand in the record, for words that stand nowhere."""
    text = question.text
    for lost, written in close:
        for start, end, _ in reversed(spans(text, [Term(lost, (lost,), whole=True)])):
            text = text[:start] + written + text[end:]
    return replace(question, text=text[:MAX_LENGTH], after=None)


def meaning(question: Question) -> Meaning:
    """What a question means on this day: « cholestérol de l'an dernier » is a word, and a year.

    Where nothing answers at those dates, the time may stand in a text as a word, or be remembered wrong.
    """
    asked = words(question.text)
    spoken, used = _period_in(asked)
    relative = _relative(asked)[1]
    bounds = frozenset(at for at in used if asked[at] in _BOUNDS)
    plain, as_words = _terms(asked, used), _terms(asked, relative | bounds)
    chosen = periods().get(question.period)
    if chosen:
        return Meaning((Way(Time.WORDS, as_words, chosen),), None)
    ways = [Way(Time.DATES, plain, spoken), Way(Time.WORDS, as_words, None), Way(Time.IGNORED, plain, None)]
    wanted = [way for way in ways if question.time in (way.time, Time.DATES) and (way.terms or way.period)]
    if spoken is None:
        wanted = wanted[:1]
    return Meaning(tuple(wanted), spoken)


def _terms(asked: Sequence[str], used: frozenset[int]) -> tuple[Term, ...]:
    """The terms of what is left once the words of time are taken away: words like « de » are then no question."""
    kept = [word for number, word in enumerate(asked) if number not in used]
    if used and all(map(is_small, kept)):
        return ()
    return terms(kept)


def _period_in(asked: Sequence[str]) -> tuple[Period | None, frozenset[int]]:
    """The one period that words speak of, and which of them do; none when they speak of several."""
    found = _relative(asked)
    if found[0] is None:
        found = _written(asked)
    return found


_Spoken = tuple[Period | None, frozenset[int]]


def _relative(asked: Sequence[str]) -> _Spoken:
    """`l'an dernier`, `cette année`, `le mois passé`, `il y a deux ans`."""
    today = clock.today()
    for at, word in enumerate(asked):
        before, after = asked[at - 1] if at else "", asked[at + 1] if at + 1 < len(asked) else ""
        article = {at - 1} if before in ("l", "le") else set()
        if word in ("an", "annee") and after in _LAST:
            return _year(today.year - 1), frozenset({at, at + 1} | article)
        if word == "mois" and after in _LAST:
            return _month(today, 1), frozenset({at, at + 1} | article)
        if word == "annee" and before == "cette":
            return _year(today.year), frozenset({at, at - 1})
        if word == "mois" and before == "ce":
            return _month(today, 0), frozenset({at, at - 1})
        if word in ("an", "ans", "mois") and at > 3 and tuple(asked[at - 4 : at - 1]) == ("il", "y", "a"):
            ago = _number(before)
            if ago is not None:
                period = _month(today, ago) if word == "mois" else _year(today.year - ago)
                return period, frozenset(range(at - 4, at + 1))
    return None, frozenset()


def _written(asked: Sequence[str]) -> _Spoken:
    """`2025`, `mars 2025`, `avant 2020`, `depuis 2022`."""
    years = [at for at, word in enumerate(asked) if len(word) == 4 and word.isdecimal() and word.isascii()]
    years = [at for at in years if 1900 <= int(asked[at]) <= clock.today().year]
    if len(years) != 1:
        return None, frozenset()
    (at,), before = years, asked[years[0] - 1] if years[0] else ""
    year = int(asked[at])
    if before in _FOLDED_MONTHS:
        return _month(date(year, _FOLDED_MONTHS.index(before) + 1, 1), 0), frozenset({at, at - 1})
    if before == "avant":
        return Period(None, date(year - 1, 12, 31)), frozenset({at, at - 1})
    if before in _BOUNDS:
        return Period(date(year, 1, 1), None), frozenset({at, at - 1})
    return _year(year), frozenset({at})


def _number(word: str) -> int | None:
    if word in _NUMBERS:
        return _NUMBERS.index(word) + 1
    return int(word) if word.isdecimal() and word.isascii() and 0 < int(word) < 100 else None


def _year(year: int) -> Period:
    return Period(date(year, 1, 1), date(year, 12, 31))


def _month(day: date, ago: int) -> Period:
    """The month of `day`, or one before it."""
    year, month = divmod(day.year * 12 + day.month - 1 - ago, 12)
    return Period(date(year, month + 1, 1), date(year, month + 1, monthrange(year, month + 1)[1]))
