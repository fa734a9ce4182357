"""What a document seems to be, read from its own words: a kind, a title, a day. Always a proposal, never a decision.

The words of kinds are those of the packaged tables (document_types.csv, plain_titles.csv) and plain French forms of
them. The title is the kind's own: nothing of the text, which may name somebody, is put into it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from espace import clock
from espace.documents.services.types import PATIENT_TYPES, plain_title, types
from espace.errors import BusyError

from .stems import MONTHS, fold, is_small, words
from .texts import pages_of

_PAGES = 3
_HEAD_LINES = 15
_MAX_LINES = 200
_SHORT_LINE = 6  # words

_FORMS: dict[str, tuple[str, ...]] = {
    "11502-2": (
        "laboratoire d'analyses",
        "laboratoire de biologie",
        "biologie médicale",
        "analyses de biologie",
        "compte rendu d'analyses",
        "compte rendu de biologie",
        "résultats d'examens biologiques",
        "examens biologiques",
        "résultats de laboratoire",
        "examens de laboratoire",
    ),
    "18748-4": ("radiographie", "échographie", "scanner", "irm", "imagerie par résonance magnétique"),
    "57833-6": ("prescription médicale", "prescription médicamenteuse"),
    "11490-0": ("lettre de liaison", "lettre de sortie"),
    "34112-3": ("compte rendu hospitalier", "compte rendu de séjour"),
    "15507-7": ("passage aux urgences", "compte rendu des urgences"),
    "PRESC-AAT": ("avis d'arrêt de travail", "prolongation d'arrêt de travail"),
    "96349-6": ("cher confrère", "chère consœur", "courrier d'adressage"),
    "89601-9": ("je soussigné certifie", "certificat"),
    "11369-6": ("carnet de vaccination", "carnet de vaccinations"),
    "87273-9": ("attestation de vaccination",),
    "56446-8": ("convocation", "confirmation de rendez-vous"),
}
_TOO_GENERAL = frozenset({"bilan", "synthese"})

_OF_CLASS = {
    "42": "DOCPAT02",
    "43": "DOCPAT02",
    "45": "DOCPAT02",
    "10": "DOCPAT03",
    "11": "DOCPAT03",
    "31": "DOCPAT04",
    "52": "DOCPAT07",
    "95": "DOCPAT09",
    "60": "DOCPAT09",
}
_OF_TYPE = {
    "11502-2": "DOCPAT05",
    "11369-6": "DOCPAT06",
    "87273-9": "DOCPAT06",
    "96874-3": "DOCPAT06",
    "60591-5": "DOCPAT01",
    "SYNTH": "DOCPAT01",
}


_Day = date  # the name of a field hides it below


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a file seems to be; None where nothing is clear.

    `kind` is the official type (11502-2), `type_code` the one of `PATIENT_TYPES` under which its person would add it.
    """

    title: str | None = None
    type_code: str | None = None
    date: _Day | None = None
    kind: str | None = None


def propose(content: bytes, media: str, *, born: date | None = None) -> Proposal:
    """What a file seems to be. A picture has no words: nothing is proposed. `born` is never taken for its day."""
    try:
        pages = pages_of(content, media, _PAGES)
    except BusyError:  # nobody waits for a proposal
        return Proposal()
    return propose_from(pages, born=born)


def propose_from(pages: Iterable[str], *, born: date | None = None) -> Proposal:
    """The same, of words that were read already."""
    text = "\n".join(list(pages)[:_PAGES])
    kind = _kind(text.splitlines()[:_MAX_LINES])
    title = plain_title(kind) if kind else None
    if title and title.startswith("CR "):
        title = title.replace("CR", "Compte rendu", 1)
    return Proposal(title, patient_type(kind) if kind else None, _day(text, born), kind)


def patient_type(kind: str) -> str:
    """Under which of `PATIENT_TYPES` a person adds a document of this official type."""
    known = types().get(kind)
    found = _OF_TYPE.get(kind) or _OF_CLASS.get(known.class_code if known else "", "EXPPAT_2")
    return found if found in PATIENT_TYPES else "EXPPAT_2"


def _kind(lines: list[str]) -> str | None:
    """The kind whose words stand most like a heading; the one named with most words when several do."""
    best: tuple[int, str | None] = (1, None)
    written = (line for line in map(_plain, lines) if line)
    for number, line in enumerate(written):
        padded = f" {line} "
        length = line.count(" ") + 1
        for phrase, (code, count) in _phrases().items():
            if f" {phrase} " not in padded:
                continue
            starts = line.startswith(phrase) and number < _HEAD_LINES and length <= max(_SHORT_LINE, count)
            if count == 1 and not starts:
                continue
            weight = 4 if starts and 2 * count >= length else 3 if starts else 2 if number < _HEAD_LINES else 1
            if weight * count > best[0]:
                best = (weight * count, code)
    return best[1]


@cache
def _phrases() -> dict[str, tuple[str, int]]:
    """Words of a kind, without small ones and plurals -> its code, and how many words they are."""
    found: dict[str, tuple[str, int]] = {}

    def learn(phrase: str, code: str) -> None:
        plain = _plain(phrase)
        if plain and plain not in _TOO_GENERAL:
            found.setdefault(plain, (code, plain.count(" ") + 1))

    for code, forms in _FORMS.items():
        for form in forms:
            learn(form, code)
    for code, kind in types().items():
        if code in PATIENT_TYPES or kind.class_code == "90":
            continue  # the names of what patients deposit stand on no document
        learn(plain_title(code), code)
        learn(re.sub(r"\(.*?\)", "", kind.label.replace("CR ", "Compte rendu ", 1)), code)
    return found


def _plain(line: str) -> str:
    """Words without accents, small words, plurals and dates."""
    kept = (word for word in words(line) if not is_small(word) and not word[0].isdigit() and word not in _FOLDED_MONTHS)
    return " ".join(word[:-1] if len(word) > 3 and word[-1] in "sx" else word for word in kept)


_FOLDED_MONTHS = tuple(fold(month) for month in MONTHS)
_SHORT_MONTHS = ("janv", "fevr", "mars", "avr", "mai", "juin", "juil", "aout", "sept", "oct", "nov", "dec")
_DIGITS = re.compile(r"(?<![\d./-])(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?![./-]?\d)")
_ISO = re.compile(r"(?<![\d./-])(\d{4})-(\d{2})-(\d{2})(?!\d)")
_WRITTEN = re.compile(
    rf"(?<![\d./-])(\d{{1,2}})(?:er)?\s+({'|'.join((*_FOLDED_MONTHS, *_SHORT_MONTHS))})\.?\s+(\d{{4}})(?!\d)"
)
_NEAR = 48  # characters before a date that tell what it is the date of
_HINTS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"\bnee?s?\b|naissance|\bddn\b|\bnais"), -20),
    (re.compile(r"valable|validite|jusqu|expire|prochain|rendez.vous|\brdv\b|\bau\W*$|renouvel|antecedent"), -6),
    (re.compile(r"prelev|examen|realise|effectue|consultation|vue? le|acte"), 3),
    (re.compile(r"\bdates?\b|fait a|etabli|redige|delivre|ordonnance|compte rendu"), 2),
    (re.compile(r"imprime|impression|edite|edition"), -1),
    (re.compile(r"\b(?:le|du)\W*$"), 2),
)


def _day(text: str, born: date | None) -> date | None:
    """The day a text speaks of: the one its words call its date; never one to come, nor a birth."""
    folded = fold(text)
    best: tuple[int, date | None] = (-5, None)
    before = 0
    for start, end, found in sorted(_dates(folded)):
        near = _near(folded, before, start)
        before = end
        if found > clock.today() or found == born or (born and found < born):
            continue
        worth = sum(value for hint, value in _HINTS if hint.search(near))
        if worth > best[0]:
            best = (worth, found)
    return best[1]


def _near(folded: str, before: int, start: int) -> str:
    """The words that lead to a date: those of its line, or of the line above when it stands alone."""
    near = folded[max(before, start - _NEAR) : start]
    line = near.rpartition("\n")[2]
    return line if line.strip(" \t:-") else near


def _dates(folded: str) -> Iterator[tuple[int, int, date]]:
    """Every real date of a text: where it starts, where it ends."""
    for match in _DIGITS.finditer(folded):
        day, separator, month, year = match.groups()
        if len(year) == 4 or separator == "/":
            yield from _made(match, int(year), int(month), int(day))
    for match in _ISO.finditer(folded):
        yield from _made(match, *map(int, match.groups()))
    for match in _WRITTEN.finditer(folded):
        day, name, year = match.groups()
        number = next(n for n, short in enumerate(_SHORT_MONTHS, 1) if name.startswith(short))
        yield from _made(match, int(year), number, int(day))


def _made(match: re.Match[str], year: int, month: int, day: int) -> Iterator[tuple[int, int, date]]:
    """A real day, a year of two digits taken in this century unless that is to come."""
    if year < 100:
        year += 2000 if year + 2000 <= clock.today().year else 1900
    try:
        found = date(year, month, day)
    except ValueError:
        return
    if year >= 1900:
        yield match.start(), match.end(), found
