"""The list of a record's documents, by year, and its card on the record's home."""

from itertools import groupby
from urllib.parse import urlencode

from flask import Response, request

from espace.documents import services as documents
from espace.documents.services import CLASSES, PAGE_SIZE, Cursor, DocumentFacts, Filter, Page
from espace.permissions import Permission
from espace.web import paging
from espace.web.guards import requires, viewpoint
from espace.web.rendering import render
from espace.web.viewpoint import Veiled, Viewpoint, veiled

from .words import Line, lines

CARD_ROWS = 3


@requires(Permission.DOCUMENTS_READ)
@veiled(Veiled.MASKED)
def listing() -> Response:
    """Documents, newest first: `sorte` is a category, `avant` the place of the last one seen."""
    here = viewpoint()
    wanted = "" if here.is_veiled else request.args.get("sorte", "")  # a category would tell what the rows are
    class_code = wanted if wanted in CLASSES else None
    before = paging.day_from(request.args.get("avant"))
    wanted_ones = Filter(class_code=class_code or "")
    page = documents.page(here.standing, wanted_ones, before=Cursor(*before) if before else None)
    return render(
        "documents/list.html",
        fragments={"documents": "documents/_years.html"},
        years=_years(page.rows, here),
        start=page.rows[0].id if before and page.rows else "",
        goes_on=before[0].year if before else None,
        first=before is None,
        more=_more(page, class_code, here),
        page_size=PAGE_SIZE,
        classes=CLASSES,
        class_code=class_code,
    )


def latest_card(here: Viewpoint) -> dict[str, object] | None:
    """The newest documents, on the record's home; nothing while there is none."""
    rows = documents.latest(here.standing, CARD_ROWS)
    return {"lines": lines(rows, here)} if rows else None


def _years(rows: tuple[DocumentFacts, ...], here: Viewpoint) -> list[tuple[int, list[Line]]]:
    return [(year, lines(list(group), here)) for year, group in groupby(rows, key=lambda row: row.date.year)]


def _more(page: Page, class_code: str | None, here: Viewpoint) -> str:
    if page.next is None:
        return ""
    kept = {"sorte": class_code} if class_code else {}
    return f"{here.base}/documents?{urlencode({**kept, 'avant': paging.to_text(page.next.at, page.next.id)})}"
