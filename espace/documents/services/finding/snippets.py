"""The few words of a text around what was sought, with what answers marked."""

from collections.abc import Sequence
from dataclasses import dataclass

from .stems import Term, fold, spans

Pieces = tuple[tuple[str, bool], ...]
"""A text in pieces, each with whether it is marked."""

MOST = 2
_WIDTH = 170
_LEAD = 45
_AROUND = 4000
_FULL_LINE = 55  # letters: a shorter one ends where its writer ended it, as the rows of a table do
_BREAK = "\x1f"
_COMPARED = 40  # places of a page, for the best of them


@dataclass(frozen=True, slots=True)
class Snippet:
    """Some words of page `page` (from 1)."""

    page: int
    pieces: Pieces


def marked(text: str, asked: Sequence[Term]) -> Pieces:
    """A short text, whole, with what answers marked."""
    text = text.replace(_BREAK, " ")
    return _pieces(text, [(start, end) for start, end, _ in spans(text, asked)])


def snippets(pages: Sequence[str], asked: Sequence[Term]) -> tuple[Snippet, ...]:
    """Where the pages answer best: first where most terms stand together, then where a further one does."""
    left = list(asked)
    found: list[Snippet] = []
    folded = [fold(page) for page in pages]
    while left and len(found) < MOST:
        worth = [sum(term.is_in(page) for term in left) for page in folded]
        if not any(worth):
            break
        number = worth.index(max(worth))
        made, told = _around(pages[number], left, asked)
        found.append(Snippet(number + 1, made))
        left = [term for term in left if term not in told]
    return tuple(found)


def _around(page: str, left: Sequence[Term], asked: Sequence[Term]) -> tuple[Pieces, set[Term]]:
    """The words around the place where most of `left` stand close, and which terms they show."""
    begin = _near(page, left)
    page = _with_breaks(page[begin : begin + _AROUND + _WIDTH])
    places = spans(page, asked)
    wanted = [place for place in places if place[2] in left][:_COMPARED]
    if not wanted:
        return _closed(((_flat(page[:_WIDTH]), False),), after=" …"), set(left)
    best = max(wanted, key=lambda one: (len(_terms_from(wanted, one[0])), -one[0]))
    start, end = _bounds(page, best[0])
    while start < best[0] and page[start].isspace():
        start += 1
    inside = [place for place in places if start <= place[0] and place[1] <= end]
    pieces = _pieces(page[start:end], [(a - start, b - start) for a, b, _ in inside])
    told = {term for _, _, term in inside} | {best[2]}
    return _closed(pieces, "… " if start + begin else "", " …" if end < len(page) else ""), told


def _near(page: str, left: Sequence[Term]) -> int:
    """Where the piece of a long page begins that holds one of `left`; pieces overlap by the length of a snippet."""
    for begin in range(0, len(page), _AROUND):
        folded = fold(page[begin : begin + _AROUND + _WIDTH])
        if any(term.is_in(folded) for term in left):
            return begin
    return 0


def _terms_from(places: Sequence[tuple[int, int, Term]], start: int) -> set[Term]:
    return {term for a, b, term in places if a >= start and b <= start + _WIDTH - _LEAD}


def _bounds(page: str, place: int) -> tuple[int, int]:
    """From some words before a place to some words after it, no word cut that need not be."""
    start = max(0, place - _LEAD, page.rfind(_BREAK, 0, place))  # a row of a table begins with itself
    while 0 < start < place and not page[start - 1].isspace():
        start += 1
    longest = end = min(len(page), start + _WIDTH)
    while place < end < len(page) and not page[end].isspace():
        end -= 1
    return start, end if end > place else longest


def _pieces(text: str, places: Sequence[tuple[int, int]]) -> Pieces:
    found, at = [], 0
    for start, end in places:
        found += [(_flat(text[at:start]), False), (_flat(text[start:end]), True)]
        at = end
    found.append((_flat(text[at:]), False))
    return tuple((words, is_marked) for words, is_marked in found if words)


def _with_breaks(page: str) -> str:
    """The same letters in the same places, each end of a short line marked: two rows must not be read as one."""
    lines = page.replace(_BREAK, " ").split("\n")
    ends = [_BREAK if len(line) < _FULL_LINE else " " for line in lines[:-1]]
    return "".join(line + end for line, end in zip(lines, [*ends, ""], strict=True))


def _flat(text: str) -> str:
    """On one line, its spaces at both ends kept as one, and a dot between short lines."""
    kept = [" ".join(part.split()) for part in text.split(_BREAK)]
    inside = " · ".join(part for part in kept if part)
    if not inside:
        return " · " if _BREAK in text else " " if text else ""
    before = " · " if not kept[0] else " " if text[0].isspace() else ""
    after = " · " if not kept[-1] else " " if text[-1].isspace() else ""
    return before + inside + after


def _closed(pieces: Pieces, before: str = "", after: str = "") -> Pieces:
    return tuple(piece for piece in ((before, False), *pieces, (after, False)) if piece[0])
