"""What is asked of the list, in the words of its address and back; nothing medical but codes of kinds stands there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask_babel import gettext

from espace import clock
from espace.documents.services import CLASSES, Filter, types
from espace.documents.services.library.browsing import ARCHIVED, SUPERSEDED
from espace.web.forms import translated
from espace.web.i18n import bound, day_numeric, full_day
from espace.web.viewpoint import Viewpoint
from espace.words import N_, Message

from .words import kind_of

NEW, UNREAD, FAVOURITES, OLD_VERSIONS, IN_ARCHIVE = "nouveaux", "non-lus", "favoris", "versions", "archives"
VIEWS: dict[str, dict[str, Any]] = {
    "": {},
    NEW: {"new": True},
    UNREAD: {"unread": True},
    FAVOURITES: {"favourite": True},
    IN_ARCHIVE: {"state": ARCHIVED},
    OLD_VERSIONS: {"state": SUPERSEDED},
}
"""What the shortcuts ask for, by their word in the address (`vue`)."""

VIEW_WORDS: dict[str, Message] = {
    "": N_("All the documents"),
    NEW: N_("New since my last visit"),
    UNREAD: N_("Those I have not read"),
    FAVOURITES: N_("My favourites"),
    IN_ARCHIVE: N_("Archived documents"),
    OLD_VERSIONS: N_("Older versions"),
}
"""The same, in words."""

PERIODS: dict[str, Message] = {
    "1": N_("The last 12 months"),
    "2": N_("The last 2 years"),
    "5": N_("The last 5 years"),
}
"""Periods offered, by how many years they go back."""

BY_DATE = "date"
TIMELINE = "frise"
_KEYS = ("vue", "sorte", "type", "auteur", "dossier", "periode", "du", "au", "ordre", "forme")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for: the filter, and the words of the address that were understood."""

    filter: Filter
    words: Mapping[str, str]

    @property
    def view(self) -> str:
        """The shortcut in use."""
        return self.words.get("vue", "")

    @property
    def narrows(self) -> bool:
        """Whether anything but a shortcut and an order was asked for."""
        return any(key not in ("vue", "ordre", "forme") for key in self.words)

    @property
    def is_all(self) -> bool:
        """Whether every current document is asked for, in the usual order."""
        return self.words.keys() <= {"forme"}

    @property
    def timeline(self) -> bool:
        """Whether the documents stand on a timeline, instead of in a list."""
        return self.words.get("forme") == TIMELINE

    def view_address(self, here: Viewpoint, view: str) -> str:
        """A shortcut without any filter, in the form in use."""
        form = {"forme": TIMELINE} if self.timeline else {}
        return Asked(self.filter, {"vue": view, **form}).address(here)

    def address(self, here: Viewpoint, **changed: str) -> str:
        """The list with these words of the address changed; an empty one is left out."""
        words = {**self.words, **changed}
        kept = {key: words[key] for key in (*_KEYS, "avant", "suite", "annee") if words.get(key)}
        return f"{here.base}/documents" + (f"?{urlencode(kept)}" if kept else "")


def asked(arguments: Mapping[str, str], here: Viewpoint) -> Asked:
    """What the address asks for; what is not understood is left out, as if it were not there."""
    words = {key: value for key in _KEYS if (value := _understood(key, arguments.get(key, "").strip()))}
    if "du" in words or "au" in words:
        words.pop("periode", None)
    wanted: dict[str, Any] = {**VIEWS[words.get("vue", "")], **_days(words)}
    for key, name in (("sorte", "class_code"), ("type", "type_code")):
        if key in words:
            wanted[name] = words[key]
    for key, name in (("auteur", "author_id"), ("dossier", "folder_id")):
        if key in words:
            wanted[name] = UUID(words[key])
    plain = not words.keys() & {"sorte", "type", "auteur", "dossier"} and words.get("vue", "") == ""
    by_date = words.get("ordre") == BY_DATE or words.get("forme") == TIMELINE
    first = here.is_professional and plain and not by_date and bool(here.standing.usual_types)
    return Asked(Filter(**wanted, relevant_first=first), words)


def _understood(key: str, value: str) -> str:
    """The value as it is kept in addresses, "" for one that means nothing."""
    known: dict[str, Any] = {
        "vue": VIEWS,
        "sorte": CLASSES,
        "periode": PERIODS,
        "ordre": (BY_DATE,),
        "forme": (TIMELINE,),
    }
    if key in known:
        return value if value in known[key] else ""
    if key == "type":
        return value if value in types() else ""
    if key in ("du", "au"):
        return value if _day(value) else ""
    try:
        return str(UUID(value)) if value else ""
    except ValueError:
        return ""


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if len(value) == len("2026-11-23") else None
    except ValueError:
        return None


def _days(words: Mapping[str, str]) -> dict[str, date]:
    found: dict[str, date] = {}
    if "periode" in words:
        found["first_day"] = clock.today() - timedelta(days=round(365.25 * int(words["periode"])))
    for key, name in (("du", "first_day"), ("au", "last_day")):
        day = _day(words.get(key, ""))
        if day is not None:
            found[name] = day
    return found


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing the list was narrowed to, in words, and the address of the list without it."""

    words: str
    href: str


def chips(given: Asked, here: Viewpoint, *, author: str, folder: str) -> list[Chip]:
    """What the list was narrowed to; `author` and `folder` are the names of those asked for."""
    wanted, found = given.filter, []
    write = day_numeric if here.is_professional else full_day
    if wanted.class_code:
        found.append(Chip(translated(CLASSES[wanted.class_code]), given.address(here, sorte="")))
    if wanted.type_code:
        found.append(Chip(kind_of(wanted.type_code, here), given.address(here, type="")))
    if wanted.author_id:
        found.append(Chip(bound(author) or gettext("An author without document here"), given.address(here, auteur="")))
    if wanted.folder_id:
        found.append(Chip(gettext("Folder %(name)s", name=folder), given.address(here, dossier="")))
    if wanted.first_day:
        words = gettext("From %(day)s on", day=write(wanted.first_day))
        found.append(Chip(words, given.address(here, periode="", du="")))
    if wanted.last_day:
        words = gettext("Up to %(day)s", day=write(wanted.last_day))
        found.append(Chip(words, given.address(here, au="")))
    return found
