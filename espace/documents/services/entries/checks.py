"""What is asked of every document before it is filed: its title, its day, and what its decoder says of it."""

from datetime import date

from espace import clock, settings
from espace.interop.media import MediaError
from espace.people import services as people
from espace.permissions import Relation, Standing
from espace.words import N_, Message, one_line

MAX_TITLE = 120
MEGABYTE = 1_000_000
MAX_UPLOAD = 25 * 1024 * 1024
MAX_STORED = 5 * 1024 * 1024
"""Sizes of design 9: what may be sent, and what a person may keep."""

_EARLIEST = date(1900, 1, 1)

_SENTENCES: dict[str, Message] = {
    "empty": N_("This file is empty. Choose another one."),
    "unknown-type": N_("This kind of file cannot be read here. Choose a PDF, a picture or a text."),
    "broken": N_("This file is damaged. Save or scan it again, then choose it."),
    "truncated": N_("The end of this file is missing. Save or send it again, then choose it."),
    "two-in-one": N_("This file hides another one. Save it again as a PDF, then choose it."),
    "encrypted": N_("This PDF is locked by a password. Save it without the password, then choose it."),
    "no-page": N_("This PDF has no page. Choose another one."),
    "too-many-pages": N_("This PDF has more than 3,000 pages. Choose a shorter one."),
    "too-many-pixels": N_("This picture has more than 50 million points. Take it again at a lower quality."),
    "too-heavy": N_("This picture stays too heavy, even reduced. Take it again at a lower quality."),
    "too-many-frames": N_("This picture has more than 100 pages. Send it in several parts."),
    "crowded": N_("This PDF is made of too many pieces. Print it to a new PDF, then choose it."),
    "busy": N_("Too many files are being looked at now. Wait a minute, then send this one again."),
    "active": N_("This PDF holds a program that cannot be removed. Print it to a new PDF, then choose it."),
}


def why_refused(error: MediaError) -> Message:
    """The sentence shown beside the file for what the decoder found."""
    return _SENTENCES[error.kind]


def too_heavy(size: int, limit: int) -> Message:
    """The sentence for a file of `size` bytes where `limit` are allowed."""
    weight, most = -(-size // MEGABYTE), limit // MEGABYTE
    return N_(
        "This file weighs %(weight)d MB, %(over)d too many. Choose a lighter one.",
        weight=weight,
        over=max(weight - most, 1),
    )


def clean_title(title: str) -> str:
    """A title on one line, without characters that cannot be shown."""
    return one_line(title)


def check_title(title: str) -> Message | None:
    """What is wrong with a title, if anything."""
    if not title:
        return N_("Write a title, for example “Blood test”.")
    if len(title) > MAX_TITLE:
        return N_("This title has %(count)d characters, at most %(limit)d fit.", count=len(title), limit=MAX_TITLE)
    return None


def check_day(day: date, holder_birth: str) -> Message | None:
    """What is wrong with the day of a document: it cannot lie ahead, nor before the person's birth."""
    if day > clock.today():
        return N_("This date is in the future. Write the date that stands on the document.")
    birth = date.fromisoformat(holder_birth) if holder_birth else _EARLIEST
    if day < birth:
        return N_("This date is before the person's birth. Check the year.")
    return None


def may_keep_secret(standing: Standing) -> bool:
    """Whether this is a minor in their own record, who may keep a document from their parents (rules.md MI-6)."""
    return standing.relation is Relation.HOLDER and is_minor(standing)


def is_minor(standing: Standing) -> bool:
    """Whether the record is a minor's."""
    if not standing.holder_birth:
        return False
    birth = date.fromisoformat(standing.holder_birth)
    return people.age_on(birth, clock.today()) < settings.current().majority_age
