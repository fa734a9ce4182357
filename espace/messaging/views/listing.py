"""The list of a box's conversations, its mark in the navigation, and its card on the record's home."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, g, request

from espace.messaging.services.boxes import Box, BoxKind, box_of
from espace.messaging.services.reading import lists
from espace.messaging.services.reading.lists import Assigned, Folder, Line, Place
from espace.messaging.services.writing import drafts
from espace.permissions import Permission, Standing
from espace.web import paging
from espace.web.guards import requires
from espace.web.i18n import instant, instants
from espace.web.rendering import render
from espace.web.viewpoint import Veiled, Viewpoint, veiled
from espace.words import N_

from .here import here

DRAFTS = "brouillons"
FOLDERS = (
    (Folder.INBOX, N_("Received messages")),
    (Folder.UNREAD, N_("Unread messages")),
    (Folder.SENT, N_("Sent messages")),
    (Folder.ARCHIVED, N_("Archived messages")),
)
TEAM = ((Assigned.ANYBODY, N_("Everybody's")), (Assigned.MINE, N_("Mine")), (Assigned.NOBODY, N_("Nobody's")))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a list asks for."""

    base: str
    folder: Folder
    assigned: Assigned

    def address(self, **given: str) -> str:
        """The address of this list, with other words for some."""
        words = {"vue": self.folder.value, "qui": self.assigned.value} | given
        told = {name: word for name, word in words.items() if word and (name, word) != ("vue", Folder.INBOX.value)}
        return f"{self.base}?{urlencode(told)}" if told else self.base


@requires(Permission.MESSAGES_READ)
@veiled(Veiled.MASKED)
def listing() -> Response:
    """Conversations, the newest first, as the address asks for them; `avant` is the place of the last one seen."""
    place = here()
    # Under a veil nothing is asked for: a folder would tell what its rows are.
    given: Mapping[str, str] = {} if place.is_veiled else request.args
    if given.get("vue") == DRAFTS:
        return _drafts()
    asked = _asked(place.base, given)
    before = paging.instant_from(given.get("avant"))
    page = lists.page(
        place.box,
        asked.folder,
        before=Place(*before) if before else None,
        assigned=asked.assigned,
    )
    return render(
        "messaging/list.html",
        fragments={"conversations": "messaging/_rows.html"},
        here=place,
        asked=asked,
        folders=FOLDERS,
        team=TEAM if place.box.kind in (BoxKind.ORG, BoxKind.CAB) else (),
        lines=page.lines,
        when=_when(page.lines),
        first=before is None,
        more=asked.address(avant=paging.to_text(*page.next)) if page.next else "",
        page_size=lists.PAGE_SIZE,
        unread=_unread(place.box),
        drafts_kept=drafts.count(place.box) if place.box.may_write else 0,
        many=lists.MANY,
    )


def _when(lines: Sequence[Line]) -> dict[datetime, str]:
    """The instants of a list in words."""
    told = list({at for line in lines for at in (line.at, line.said_at)})
    return dict(zip(told, instants(told), strict=True))


def _drafts() -> Response:
    place = here()
    return render(
        "messaging/drafts.html",
        here=place,
        asked=_asked(place.base, {}),
        folders=FOLDERS,
        drafts=drafts.drafts(place.box),
    )


def _asked(base: str, given: Mapping[str, str]) -> Asked:
    def word(name: str, kind: type[Folder] | type[Assigned], otherwise: str) -> str:
        wanted = given.get(name, "")
        return wanted if wanted in [one.value for one in kind] else otherwise

    return Asked(base, Folder(word("vue", Folder, Folder.INBOX)), Assigned(word("qui", Assigned, Assigned.ANYBODY)))


def unread_badge(standing: Standing) -> int:
    """How many conversations hold something unread, beside the line of the navigation."""
    return _unread(box_of(standing))


def _unread(box: Box) -> int:
    """How much is unread, for the card and the navigation of a page: as the request found it, or as it left it."""
    counted: dict[UUID, int] = g.setdefault("mail_unread", {})
    if box.id not in counted:
        counted[box.id] = lists.unread_then(box)
    return counted[box.id]


def count_again(box: Box) -> None:
    """See that the page tells how much is unread now: something of it was read in this request."""
    g.setdefault("mail_unread", {})[box.id] = lists.unread(box)


def unread_card(point: Viewpoint) -> dict[str, object] | None:
    """How much is unread, on the record's home, and from whom the newest is; nothing while there is none."""
    box = box_of(point.standing)
    count = _unread(box)
    if not count:
        return None
    newest = None if point.is_veiled else lists.newest_unread(box)
    when = instant(newest.at) if newest else ""
    return {"count": count, "many": lists.MANY, "newest": newest, "when": when}
