"""Words as a search sees them: without accents or capitals, their plural beside their singular, found by their start.

Pure: text in, words out. `fold` is how a text is compared, `buckets` how its words are looked up in the index, and
`understand` what a person's question means.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

SHORT, LONG = 3, 5
"""How many letters of a word stand in the index: a question shorter than LONG is looked up by SHORT letters."""
MAX_TERMS = 12
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
"""The French months, as they stand in documents."""

_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")
_MARKS = re.compile(r"[\u0300-\u036f]+")
_JOINED = (("œ", "oe"), ("Œ", "oe"), ("æ", "ae"), ("Æ", "ae"))
_SMALL_WORDS = (
    "a ai au aux avec c ca car ce ces cet cette chez ci d dans de des dont du elle elles en est et eu fait fois il ils"
    " j je l la le les leur leurs lui m ma mais me mes moi mon n ne nos notre nous on ont ou par pas plus pour qu que"
    " qui quoi s sa sans se ses si son sont sous sur t ta te tes toi ton tous tout toute toutes tu un une vos votre"
    " vous y"
)
_SMALL = frozenset(_SMALL_WORDS.split())
"""Words that stand in nearly every text: neither kept nor asked for."""
_ASKING_WORDS = (
    "cherche chercher dernier derniere dernieres derniers document documents quand recent recente recentes recents"
    " retrouver trouve trouver voir"
)
_ASKING = frozenset(_ASKING_WORDS.split())
"""Words of the question rather than of what is sought: the newest comes first anyway."""


def fold(text: str) -> str:
    """A text without accents, capitals and ligatures: what two writings of one word have in common."""
    if not text.isascii():
        for joined, letters in _JOINED:
            text = text.replace(joined, letters)
        text = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    return text.casefold()


def words(text: str) -> list[str]:
    """The folded words of a text, in their order."""
    return _WORD.findall(fold(text))


def is_small(word: str) -> bool:
    """Whether a folded word stands in nearly every text."""
    return word in _SMALL


def index_words(text: str) -> set[str]:
    """What the index keeps of a text: the starts of its words; short ones whole."""
    found: set[str] = set()
    for word in set(words(text)):
        if word in _SMALL or len(word) < 2:
            continue
        found.add(word[:SHORT])
        if len(word) >= LONG:
            found.add(word[:LONG])
    return found


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a question. A word of a text answers when it starts with one of `starts`; `whole`: when it is one."""

    word: str
    starts: tuple[str, ...]
    whole: bool

    def fits(self, word: str) -> bool:
        """Whether a folded word answers."""
        return word in self.starts if self.whole else word.startswith(self.starts)

    def is_in(self, folded: str) -> bool:
        """Whether a folded text holds a word that answers."""
        return any(start in folded for start in self.starts) and _pattern(self).search(folded) is not None

    @property
    def buckets(self) -> frozenset[str]:
        """Where the index keeps the texts that may answer; none for a single letter or a small word."""
        if self.word in _SMALL or len(self.word) < 2:
            return frozenset()
        return frozenset(start[:LONG] if len(start) >= LONG else start[:SHORT] for start in self.starts)


@lru_cache(maxsize=512)
def _pattern(term: Term) -> re.Pattern[str]:
    starts = "|".join(re.escape(start) for start in term.starts)
    return re.compile(rf"(?<![^\W_])(?:{starts})" + (r"(?![^\W_])" if term.whole else ""))


def term(word: str) -> Term:
    """What a folded word asks for: itself, its singular and its plural. Under three letters only whole words answer."""
    found = {word, *_numbers(word)}
    whole = min(map(len, found)) < SHORT
    if not whole:  # a start says what longer ones say again
        found = {one for one in found if not any(one != other and one.startswith(other) for other in found)}
    return Term(word, tuple(sorted(found)), whole)


_ODD = {"oeil": ("yeux",), "yeux": ("oeil",), "ciel": ("cieux",), "cieux": ("ciel",)}


def _numbers(word: str) -> Iterable[str]:
    """The other numbers of a French word: `hopitaux` -> `hopital`, `resultats` -> `resultat`."""
    if word in _ODD:
        yield from _ODD[word]
    if len(word) < 3 or not word.isalpha():
        return
    if word.endswith("aux") and len(word) > 3:
        yield word[:-3] + "al"
        yield word[:-3] + "ail"
        yield word[:-1]
    elif word.endswith("al"):
        yield word[:-1] + "ux"
    elif word.endswith("ail"):
        yield word[:-2] + "ux"
    elif word[-1] in "sx" and len(word) > SHORT and not word.endswith("ss"):
        yield word[:-1]


def terms(asked: Iterable[str]) -> tuple[Term, ...]:
    """The terms of folded words: without small words and words of asking, unless nothing else is left."""
    every = list(dict.fromkeys(asked))[: 4 * MAX_TERMS]
    telling = [word for word in every if word not in _SMALL and word not in _ASKING]
    kept = telling or [word for word in every if word not in _SMALL] or every
    return tuple(term(word) for word in kept[:MAX_TERMS])


def spans(text: str, asked: Iterable[Term]) -> list[tuple[int, int, Term]]:
    """Where the words of a text as written answer: start, end, and the term that each answers."""
    asked = tuple(asked)
    found = []
    for match in _WORD.finditer(text):
        folded = fold(match[0])
        answered = next((one for one in asked if one.fits(folded)), None)
        if answered is not None:
            found.append((match.start(), match.end(), answered))
    return found
