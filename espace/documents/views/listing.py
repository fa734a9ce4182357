"""The list of a record's documents, and its card on the record's home."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext, ngettext

from espace import clock
from espace.documents import services as documents
from espace.documents.services import CLASSES, PAGE_SIZE, Cursor, DocumentFacts, Page
from espace.documents.services.deciding import delays
from espace.documents.services.library import choosing, overview, readers
from espace.documents.services.library.overview import MANY, Latest, Overview
from espace.errors import NotFoundError
from espace.permissions import Permission
from espace.web import paging
from espace.web.forms import translated
from espace.web.guards import requires, viewpoint
from espace.web.i18n import full_day
from espace.web.rendering import render
from espace.web.viewpoint import Veiled, Viewpoint, veiled

from . import filters, moments, unseen
from .filters import Asked
from .words import Line, lines

CARD_ROWS = 3


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one title: a year, or what they have in common. `goes_on`: the page before began it."""

    title: str
    lines: list[Line]
    goes_on: bool


@requires(Permission.DOCUMENTS_READ)
@veiled(Veiled.MASKED)
def listing() -> Response:
    """Documents, newest first, as the address asks for them; `avant` is the place of the last one seen."""
    here = viewpoint()
    # Under a veil nothing is asked for: a category would tell what the rows are.
    given = filters.asked({} if here.is_veiled else request.args, here)
    around = None if here.is_veiled else overview.overview(here.standing)
    folder = _folder_name(given, around)
    before = _place(given)
    page = documents.page(
        here.standing,
        given.filter,
        before=before,
        reader=around.reader if around else None,
        whole_days=given.timeline and not given.filter.by_arrival,
    )
    if around:
        readers.note_visit(here.standing, around.reader)
    return render(
        "documents/list.html",
        fragments={"documents": "documents/_timeline.html" if given.timeline else "documents/_years.html"},
        groups=moments.months(page, before, here, given) if given.timeline else _groups(page, given, before, here),
        start=page.rows[0].id if before and page.rows else "",
        first=before is None,
        more=_more(page, given, here),
        page_size=PAGE_SIZE,
        asked=given,
        around=around,
        unseen=unseen.below(here, given) if before is None else None,
        **(_around(given, around, page, folder, here) if around else {}),
    )


def latest_card(here: Viewpoint) -> dict[str, object] | None:
    """The newest documents, on the record's home, and how many are new; nothing while there is none."""
    if here.is_veiled:
        rows = documents.latest(here.standing, CARD_ROWS)
        return {"lines": lines(rows, here), "news": ""} if rows else None
    found = overview.latest(here.standing, CARD_ROWS)
    return {"lines": lines(found.rows, here, found.seen), "news": _news(found)} if found else None


def _folder_name(given: Asked, around: Overview | None) -> str:
    """The name of the folder asked for; one that is not this reader's does not exist."""
    wanted = given.filter.folder_id
    if wanted is None or around is None:
        return ""
    names = {one.id: one.name for one in around.folders}
    if wanted not in names:
        raise NotFoundError
    return names[wanted]


def _place(given: Asked) -> Cursor | None:
    """Where the page goes on."""
    text = request.args.get("avant")
    if given.timeline and not text and not given.filter.by_arrival:
        return _year_end(request.args.get("annee", ""))
    part = int(given.filter.relevant_first and request.args.get("suite") == "1")
    if given.filter.by_arrival:
        found = paging.instant_from(text)
        return Cursor(*found) if found else None
    day = paging.day_from(text)
    return Cursor(*day, part) if day else None


def _year_end(text: str) -> Cursor | None:
    """The place before which a year and those before it stand."""
    try:
        return Cursor(date(int(text) + 1, 1, 1), UUID(int=0)) if len(text) == len("2026") else None
    except ValueError:
        return None


def _groups(page: Page, given: Asked, before: Cursor | None, here: Viewpoint) -> list[Group]:
    """The rows under their titles."""

    def title(row: DocumentFacts) -> str:
        if given.filter.by_arrival:
            return str(titles[0])
        if given.filter.relevant_first:
            return str(titles[1] if page.seen[row.id].relevant else titles[2])
        return str(row.date.year)

    titles = (
        gettext("Last arrived first"),
        gettext("First, for your profession"),
        gettext("The other documents"),
    )
    found: list[Group] = []
    for name, rows in groupby(page.rows, key=title):
        goes_on = not found and before is not None and name == _title_before(before, given, titles)
        found.append(Group(name, lines(list(rows), here, page.seen), goes_on))
    return found


def _title_before(before: Cursor, given: Asked, titles: Sequence[str]) -> str:
    if given.filter.by_arrival:
        return titles[0]
    return titles[1 + before.part] if given.filter.relevant_first else str(before.at.year)


def _more(page: Page, given: Asked, here: Viewpoint) -> str:
    if page.next is None:
        return ""
    place = paging.to_text(page.next.at, page.next.id)
    return given.address(here, avant=place, suite="1" if page.next.part else "")


def _around(given: Asked, around: Overview, page: Page, folder: str, here: Viewpoint) -> dict[str, Any]:
    """What stands above and beside the rows."""
    author = choosing.author_name(here.standing, given.filter.author_id) if given.filter.author_id else ""
    return {
        "size": _size(page, given, around),
        "news": _news(around) if given.is_all else "",
        "chips": filters.chips(given, here, author=author, folder=folder),
        "shortcuts": _shortcuts(given, around, here),
        "years": _years(given, around),
        "chosen_year": request.args.get("annee", ""),
        "classes": [
            (translated(words), given.address(here, sorte=code), code == given.filter.class_code)
            for code, words in CLASSES.items()
            if code in around.classes
        ],
        "waiting": delays.waiting(here.standing) if around.waits and given.is_all else None,
    }


def _years(given: Asked, around: Overview) -> list[int]:
    """The years a timeline may be opened at, from now back to the oldest document of this reader's list."""
    if not given.timeline or given.filter.by_arrival or around.oldest is None:
        return []
    return list(range(clock.today().year, around.oldest.year - 1, -1))


def _size(page: Page, given: Asked, around: Overview) -> str:
    """How many documents there are, exact only while that costs nothing."""
    if around.oldest is None or not given.is_all or request.args.keys() & {"avant", "annee"}:
        return ""
    year = around.oldest.year
    if page.next:
        return str(gettext("More than %(count)s documents since %(year)s.", count=PAGE_SIZE, year=year))
    return str(
        ngettext("%(num)d document since %(year)s.", "%(num)d documents since %(year)s.", len(page.rows), year=year)
    )


def _news(around: Overview | Latest) -> str:
    """How many documents came in since the last visit, in words."""
    if not around.new:
        return ""
    last = around.reader.last_visit_at
    if around.new > MANY:
        if last:
            return str(
                gettext(
                    "More than %(count)s new documents since your visit of %(when)s.", count=MANY, when=full_day(last)
                )
            )
        return str(gettext("More than %(count)s new documents in the last 30 days.", count=MANY))
    if last:
        return str(
            ngettext(
                "%(num)d new document since your visit of %(when)s.",
                "%(num)d new documents since your visit of %(when)s.",
                around.new,
                when=full_day(last),
            )
        )
    return str(
        ngettext("%(num)d new document in the last 30 days.", "%(num)d new documents in the last 30 days.", around.new)
    )


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One way to look at the list; `count` is empty where nothing is counted."""

    words: str
    href: str
    count: str
    current: bool


def _shortcuts(given: Asked, around: Overview, here: Viewpoint) -> list[Shortcut]:
    """Everything, what is new, what was not read, one's favourites."""

    def one(words: str, view: str, count: int = 0) -> Shortcut:
        counted = "" if not count else f"{MANY}+" if count > MANY else str(count)
        return Shortcut(words, given.view_address(here, view), counted, given.view == view)

    return [
        one(gettext("All of them"), ""),
        one(gettext("New ones"), filters.NEW, around.new),
        one(gettext("Not read"), filters.UNREAD, around.unread),
        one(gettext("Favourites"), filters.FAVOURITES),
    ]
