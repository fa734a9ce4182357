"""What is not shown to whoever one looks as: under the list, and on a page of its own."""

from dataclasses import dataclass

from flask import Response, request

from espace.documents.services import Cursor
from espace.documents.services.library import unseen as service
from espace.documents.services.library.unseen import UnseenPage
from espace.permissions import Permission
from espace.web import paging
from espace.web.guards import requires, viewpoint
from espace.web.i18n import near_days
from espace.web.rendering import render
from espace.web.viewpoint import Viewpoint

from . import filters
from .filters import Asked
from .reasons import why_unseen


@dataclass(frozen=True, slots=True)
class Line:
    """One document they do not see. `change` is where the looker decides about it."""

    title: str
    day: str
    why: str
    change: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Some of them, how many in words' place, and the way to the others."""

    lines: list[Line]
    more: str

    @property
    def count(self) -> str:
        """How many there are, as far as they were looked at: « 10+ » when there are more."""
        return f"{len(self.lines)}+" if self.more else str(len(self.lines))


def below(here: Viewpoint, given: Asked) -> Shown | None:
    """What stands under the list; nothing for a view of one's own, or for who looks through no other eyes."""
    if here.own is None or here.is_veiled or given.view in (filters.NEW, filters.UNREAD, filters.FAVOURITES):
        return None
    found = service.unseen(here.standing, given.filter, limit=service.FIRST)
    more = given.address(here).replace("/documents", "/documents/non-montres", 1) if found.next else ""
    return Shown(_lines(found, here), more)


@requires(Permission.DOCUMENTS_READ)
def listing() -> Response:
    """All that is not shown to them, newest first; `avant` is the place of the last one seen."""
    here = viewpoint()
    given = filters.asked(request.args, here)
    day = paging.day_from(request.args.get("avant"))
    found = service.unseen(here.standing, given.filter, before=Cursor(*day) if day else None)
    more = ""
    if found.next:
        place = given.address(here, avant=paging.to_text(found.next.at, found.next.id))
        more = place.replace("/documents", "/documents/non-montres", 1)
    return render(
        "documents/unseen.html",
        fragments={"non-montres": "documents/_unseen_rows.html"},
        unseen=Shown(_lines(found, here), more),
        back=given.address(here),
        pages_on=True,
    )


def _lines(found: UnseenPage, here: Viewpoint) -> list[Line]:
    own = here.frame.base
    days = near_days([one.document.date for one in found.rows])
    return [
        Line(one.document.title, day, why_unseen(one.reason), f"{own}/documents/{one.document.id}/personnes")
        for one, day in zip(found.rows, days, strict=True)
    ]
