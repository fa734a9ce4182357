"""Documents in words, for the one who reads: their lines in a list, and what is said of how they are shared.

Words are found here once per page, not once per row in a template.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask_babel import gettext

from espace import clock
from espace.documents.services import CLASS_WORDS, DocumentFacts, Seen, type_label, type_words
from espace.documents.services.deciding.deleting import came_through_account
from espace.documents.services.types import PATIENT_TITLES
from espace.web.forms import translated
from espace.web.i18n import bound, day_numeric, near_days
from espace.web.viewpoint import Viewpoint
from espace.words import N_, Message

_TYPE_ICONS = {"11502-2": "flask", "11369-6": "syringe", "87273-9": "syringe", "96874-3": "syringe"}
_BY_PATIENT = N_("Added by the patient")
_BY_PARENT = N_("Added by a parent")
_BY_EITHER = N_("Added by the patient or a parent")
_GUEST = N_("Left by a guest, not verified")
_HIDDEN = N_("Hidden from professionals")
_AWAITS = N_("Not announced to the patient yet")
_SECRET = N_("Not visible to the parents")
_ARCHIVED = N_("Archived")
_SUPERSEDED = N_("Older version")
_LATER = N_("The patient reads it later")
_NEW = N_("New")
_UNREAD = N_("Not read yet")
_FAVOURITE = N_("Favourite")
_CLASS_ICONS = {"42": "pill", "43": "pill", "10": "steth", "31": "scan"}


@dataclass(frozen=True, slots=True)
class Mark:
    """A badge: its words, its kind and its icon."""

    word: str
    kind: str
    icon: str


@dataclass(frozen=True, slots=True)
class Line:
    """One document in a list, ready to be written. `about` says what it is and from whom."""

    href: str
    title: str
    about: str
    day: str
    iso: str
    icon: str
    marks: tuple[Mark, ...]
    kind: str = ""
    many: bool = False


_NOT_SEEN = Seen()


def lines(rows: Sequence[DocumentFacts], here: Viewpoint, seen: Mapping[UUID, Seen] | None = None) -> list[Line]:
    """Documents as `here` sees them, with what `seen` says of each; under a veil, only that there are some."""
    if here.is_veiled:
        return [_masked(row, here) for row in rows]
    kinds: dict[str, str] = {}
    authors: dict[str, str] = {}
    badges: dict[tuple[object, ...], tuple[Mark, ...]] = {}
    seen = seen or {}
    now = clock.now()
    days = [row.date for row in rows]
    written = map(day_numeric, days) if here.is_professional else near_days(days)
    found = []
    for row, day in zip(rows, written, strict=True):
        kind = kinds.get(row.class_code) or kinds.setdefault(row.class_code, translated(CLASS_WORDS[row.class_code]))
        mine = seen.get(row.id, _NOT_SEEN)
        waits = row.held_until is not None and row.held_until > now
        closed = (row.hidden, row.patient_invisible, row.representatives_invisible, waits)
        added = _who_added(row, here) if row.by_patient else None
        sharing = (added, row.state, *closed, mine)
        if sharing not in badges:
            badges[sharing] = (*_own_marks(mine), *marks(row, here))
        found.append(
            Line(
                href=f"{here.base}/documents/{row.id}",
                title=row.title,
                about=kind + _from(row, here, authors),
                day=day,
                iso=row.date.isoformat(),
                icon=icon_of(row),
                marks=badges[sharing],
                kind=" unread" if mine.unread else "",
                many=mine.further > 0,
            )
        )
    return found


def _own_marks(mine: Seen) -> list[Mark]:
    """What the reader has not read, what came several times, what they starred."""
    found = []
    if mine.unread:
        found.append(Mark(translated(_NEW), "new", "") if mine.new else Mark(translated(_UNREAD), "", "mail"))
    if mine.further:
        words = gettext("Received %(count)s times, kept once", count=mine.further + 1)
        found.append(Mark(words, "", "stack"))
    if mine.favourite:
        found.append(Mark(translated(_FAVOURITE), "", "star"))
    return found


def _masked(row: DocumentFacts, here: Viewpoint) -> Line:
    day = row.date
    href = f"{here.base}/documents/{row.id}"
    return Line(href, gettext("Document"), "", near_days([day])[0], day.isoformat(), "file", ())


def _from(document: DocumentFacts, here: Viewpoint, known: dict[str, str]) -> str:
    if document.by_patient:
        name = document.depositor
        if name not in known:
            by_reader = not here.is_professional and name == here.actor.name
            known[name] = gettext(", added by you") if by_reader else gettext(", added by %(name)s", name=name)
        return known[name]
    author = document.author or document.structure
    return f", {bound(author)}" if author else ""


def kind_of(type_code: str, here: Viewpoint) -> str:
    """A kind of document: its official label for professionals, plain words for everybody else."""
    if here.is_professional:
        return type_label(type_code)
    own = PATIENT_TITLES.get(type_code)
    return translated(own) if own else type_words(type_code)


def icon_of(document: DocumentFacts) -> str:
    """The icon of its kind; what a person added is a person's, whatever it is (rules.md CO-13)."""
    if document.by_patient:
        return "person"
    return _TYPE_ICONS.get(document.type_code) or _CLASS_ICONS.get(document.class_code, "file")


def _who_added(document: DocumentFacts, here: Viewpoint) -> Message:
    """Who on the person's side added it. Before the account was kept, the name was: it may be that of a parent."""
    if document.for_other:
        return _BY_PARENT
    is_theirs = document.adder or not came_through_account(document) or document.depositor == here.standing.holder_name
    return _BY_PATIENT if is_theirs else _BY_EITHER


def marks(document: DocumentFacts, here: Viewpoint) -> tuple[Mark, ...]:
    """What must be said before it is opened (rules.md CO-13, AR-15, AR-18); what is current has no label."""
    found = []
    if document.by_patient and here.is_professional:
        found.append(Mark(translated(_who_added(document, here)), "tip", "person"))
    if document.guest:
        found.append(Mark(translated(_GUEST), "warn", "person"))
    if document.hidden:
        found.append(Mark(translated(_HIDDEN), "", "eye-off"))
    if document.patient_invisible:
        found.append(Mark(translated(_AWAITS), "warn", "eye-off"))
    if document.representatives_invisible:
        found.append(Mark(translated(_SECRET), "", "eye-off"))
    if document.held_until is not None and here.is_professional and document.held_until > clock.now():
        found.append(Mark(translated(_LATER), "", "clock"))
    if document.state == "archived":
        found.append(Mark(translated(_ARCHIVED), "", "folder"))
    if document.state == "superseded":
        found.append(Mark(translated(_SUPERSEDED), "warn", "stack"))
    return tuple(found)
