"""Searching in a record's documents. What is sought is posted, and stands unreadable in the address of its answer."""

from dataclasses import dataclass, replace
from datetime import date

from flask import Response, request
from flask_babel import gettext
from wtforms import SelectField, StringField

from espace.documents.services import CLASSES
from espace.documents.services.finding import asking
from espace.documents.services.finding import search as searching
from espace.documents.services.finding.asking import Period, Question, Time
from espace.documents.services.finding.search import Hit, Results
from espace.documents.services.finding.snippets import Pieces
from espace.interop import media
from espace.permissions import Permission
from espace.web.attempts import attempt, page, to
from espace.web.compression import leave_plain
from espace.web.forms import Form, translated
from espace.web.guards import asks, requires, viewpoint
from espace.web.i18n import month
from espace.web.viewpoint import Viewpoint
from espace.words import N_

from .words import Line, lines


class SearchForm(Form):
    """Words, and what they are sought in."""

    q = StringField()
    sorte = SelectField()
    periode = SelectField()

    def __init__(self, question: Question | None = None) -> None:
        super().__init__()
        self.q.label.text = translated(N_("Words to find"))
        self.sorte.label.text = translated(N_("Kind of document"))
        self.periode.label.text = translated(N_("Date"))
        every = translated(N_("All"))
        self.sorte.choices = [("", every), *((code, translated(words)) for code, words in CLASSES.items())]
        self.periode.choices = [("", every), *((code, _offered(code)) for code in asking.periods())]
        if question is not None:
            self.q.data, self.sorte.data, self.periode.data = question.text, question.class_code, question.period


@dataclass(frozen=True, slots=True)
class Found:
    """A hit, ready to be written: its line, its title, what its text and its remark say, the words it lacks."""

    line: Line
    href: str
    title: Pieces
    snippets: tuple[tuple[int, Pieces], ...]
    remark: Pieces
    missing: tuple[str, ...]


@requires(Permission.DOCUMENTS_READ)
def ask() -> Response:
    """The page of the search, with the answer to the question in `r`."""
    leave_plain()
    here = viewpoint()
    question = asking.opened(here.standing, request.args.get("r", ""))
    if question is None:
        return page("documents/search.html", SearchForm(), question=None, over="r" in request.args)
    results = searching.search(here.standing, question)
    return page(
        "documents/search.html",
        SearchForm(question),
        question=question,
        results=results,
        found=_found(results, here),
        period=_spoken(results.period),
        at_dates=results.time is Time.DATES,
        went_on=results.time is not Time.DATES and question.time is Time.DATES,
        page_size=searching.PAGE_SIZE,
        **_ways_on(here, question, results),
    )


@requires(Permission.DOCUMENTS_READ)
@asks
def asked() -> Response:
    """Take a question and lead to its answer, so that going back to it from a document asks nothing again."""
    leave_plain()
    here = viewpoint()
    given = request.form
    form = SearchForm()
    with attempt(form):
        question = asking.ask(given.get("q", ""), given.get("sorte", ""), given.get("periode", ""))
        return to(_address(here, question))
    return page("documents/search.html", form, question=None, over=False)


def _address(here: Viewpoint, question: Question) -> str:
    return f"{here.base}/documents/recherche?r={asking.sealed(here.standing, question)}"


def _ways_on(here: Viewpoint, question: Question, results: Results) -> dict[str, object]:
    """Where an answer leads: older documents, every date, every kind, a word that was meant."""
    wider = ""
    if question.class_code or question.period:
        wider = _address(here, replace(question, class_code="", period="", after=None))
    elif results.period and results.time is Time.DATES and asking.outside(question):
        wider = _address(here, replace(question, time=Time.IGNORED, after=None))
    meant = asking.corrected(question, results.close) if results.close else None
    return {
        "more": _address(here, replace(question, time=results.time, after=results.next)) if results.next else "",
        "wider": wider,
        "meant": meant.text if meant else "",
        "meant_at": _address(here, meant) if meant else "",
    }


def _found(results: Results, here: Viewpoint) -> list[Found]:
    written = lines([hit.document for hit in results.hits], here)
    return [_one(hit, line) for hit, line in zip(results.hits, written, strict=True)]


def _one(hit: Hit, line: Line) -> Found:
    """Only the pages of a PDF are pages one can open; a clinical document opens at its section."""
    paged = hit.document.body_media == media.PDF
    return Found(
        line=line,
        href=line.href + _place(hit),
        title=hit.title,
        snippets=tuple((one.page if paged else 0, one.pieces) for one in hit.snippets),
        remark=hit.remark,
        missing=hit.missing,
    )


def _place(hit: Hit) -> str:
    """Where in a document its first snippet stands, as an address ends with it."""
    first = hit.snippets[0].page if hit.snippets else 1
    if first <= 1:
        return ""
    if hit.document.body_media == media.PDF:
        return f"?page={first}"
    return f"#partie-{first - 1}" if hit.document.body_media == media.XML else ""  # the first page is the header


def _offered(code: str) -> str:
    """A period of the choice: a year, or all before one."""
    if code.startswith("-"):
        return str(gettext("Before %(year)s", year=int(code[1:]) + 1))
    return code


def _spoken(period: Period | None) -> str:
    """What words of time in a question were taken for."""
    if period is None:
        return ""
    if period.first is None and period.last is not None:
        return str(gettext("before %(year)s", year=period.last.year + 1))
    if period.last is None and period.first is not None:
        return str(gettext("since %(year)s", year=period.first.year))
    return _between(period.first or date.min, period.last or date.max)


def _between(first: date, last: date) -> str:
    return str(first.year) if first.month != last.month else month(first).lower()
