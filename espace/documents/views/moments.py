"""The timeline of a record's documents: months on a rail, what one day brought from one hand as one moment of care.

Built of the rows of one page and of nothing else: what a reader may not see changes no moment (security.md R13).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from flask_babel import gettext

from espace.documents.services import CLASS_WORDS, Cursor, DocumentFacts, Page
from espace.web.forms import translated
from espace.web.i18n import bound, day_numeric, full_day, month, month_short
from espace.web.viewpoint import Viewpoint
from espace.words import N_, Message

from .filters import Asked
from .words import Line, lines

_KINDS: tuple[tuple[frozenset[str], Message], ...] = (
    (frozenset({"15507-7", "60280-5"}), N_("Emergency visit of %(day)s")),
    (frozenset({"34874-8", "77436-4"}), N_("Operation of %(day)s")),
    (frozenset({"15508-5"}), N_("Birth of %(day)s")),
    (frozenset({"34112-3", "11490-0"}), N_("Hospital, documents of %(day)s")),
    (frozenset({"11488-4", "34749-2", "78513-9", "93024-8", "59283-2"}), N_("Consultation of %(day)s")),
    (frozenset({"18748-4"}), N_("Imaging of %(day)s")),
    (frozenset({"11502-2"}), N_("Tests of %(day)s")),
    (frozenset({"87273-9"}), N_("Vaccination of %(day)s")),
)
"""What a moment was, by the types its documents are of: the first that holds names it."""

_OTHER = N_("Documents of %(day)s")


@dataclass(frozen=True, slots=True)
class Moment:
    """What one day brought from one hand. `title` is empty where one document speaks for itself."""

    title: str
    number: str
    month: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Month:
    """Moments under one title. `goes_on`: the page before began it."""

    title: str
    moments: list[Moment]
    goes_on: bool


def months(page: Page, before: Cursor | None, here: Viewpoint, given: Asked) -> list[Month]:
    """A page as moments by month; in the order of arrival there are no months to stand on."""
    shown = {row.id: line for row, line in zip(page.rows, lines(list(page.rows), here, page.seen), strict=True)}
    last = gettext("Last arrived first")
    begun = "" if before is None else last if given.filter.by_arrival else month(before.at)
    found: list[Month] = []
    for title, rows in groupby(page.rows, key=lambda row: last if given.filter.by_arrival else month(row.date)):
        moments = [_moment(some, [shown[row.id] for row in some], here) for some in _together(list(rows))]
        found.append(Month(title, moments, not found and title == begun))
    return found


def _together(rows: Sequence[DocumentFacts]) -> list[list[DocumentFacts]]:
    """Rows of one day that share an author or a place, where the first of them stands."""
    found: list[list[DocumentFacts]] = []
    of: dict[tuple[date, bool, str], list[DocumentFacts]] = {}
    for row in rows:
        keys = [(row.date, row.by_patient, name.casefold()) for name in _hands(row) if name]
        some = next((of[key] for key in keys if key in of), None)
        if some is None:
            some = []
            found.append(some)
        some.append(row)
        of.update(dict.fromkeys(keys, some))
    return found


def _hands(row: DocumentFacts) -> tuple[str, ...]:
    return (row.depositor,) if row.by_patient else (row.author, row.structure)


def _moment(rows: Sequence[DocumentFacts], shown: list[Line], here: Viewpoint) -> Moment:
    first = rows[0]
    number, short = str(first.date.day), month_short(first.date)
    if len(rows) == 1:
        return Moment("", number, short, shown)
    hands = {row.depositor if row.by_patient else row.author or row.structure for row in rows}
    if len(hands) == 1:  # whose they are stands above them, once
        shown = [
            replace(line, about=translated(CLASS_WORDS[row.class_code])) for row, line in zip(rows, shown, strict=True)
        ]
    return Moment(_kind(rows, here) + _whose(rows, hands, here), number, short, shown)


def _kind(rows: Sequence[DocumentFacts], here: Viewpoint) -> str:
    """What the moment was, as far as its documents tell: what a person added tells nothing of a care."""
    day = day_numeric(rows[0].date) if here.is_professional else full_day(rows[0].date)
    codes = set() if rows[0].by_patient else {row.type_code for row in rows}
    named = next((words for types, words in _KINDS if types & codes), _OTHER)
    return str(gettext(str(named), day=day))


def _whose(rows: Sequence[DocumentFacts], hands: set[str], here: Viewpoint) -> str:
    first = rows[0]
    if first.by_patient:
        if not here.is_professional and first.depositor == here.actor.name:
            return str(gettext(", all added by you"))
        return str(gettext(", all added by %(name)s", name=first.depositor))
    name = next(iter(hands)) if len(hands) == 1 else next((row.structure for row in rows if row.structure), "")
    return f", {bound(name)}" if name else ""
