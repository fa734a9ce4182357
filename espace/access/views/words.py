"""What a profession sees, as a sentence and as a list (look: rights are sentences)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from espace.access.services import readable_categories

CATEGORIES = {
    "42": _l("prescriptions"),
    "10": _l("results and reports"),
    "31": _l("medical images"),
    "11": _l("summaries and vaccinations"),
    "43": _l("medicines given by pharmacies"),
    "45": _l("treatments given by carers"),
    "44": _l("care plans"),
    "52": _l("certificates"),
    "90": _l("documents added by the person"),
    "60": _l("refunds"),
    "95": _l("administrative papers"),
}
"""The eleven categories of the matrix (JDV_J06), in the order in which people care; technical ones are not said."""

FEW = 3


class Extent(StrEnum):
    """How much of a category is seen."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class CategoryLine:
    """One category, and how much of it a profession sees."""

    label: str
    extent: Extent


def categories_seen(profession_code: str) -> list[CategoryLine]:
    """Every category, with how much of it the profession sees."""
    seen = readable_categories(profession_code)

    def extent(code: str) -> Extent:
        return Extent.NONE if code not in seen else Extent.ALL if seen[code] else Extent.SOME

    return [CategoryLine(str(label), extent(code)) for code, label in CATEGORIES.items()]


def seen_in_words(profession_code: str) -> str:
    """« les ordonnances et les certificats », « presque tous les documents, sauf les remboursements »."""
    lines = categories_seen(profession_code)
    present = [line.label for line in lines if line.extent is not Extent.NONE]
    missing = [line.label for line in lines if line.extent is Extent.NONE]
    if not present:
        return str(gettext("no document"))
    if not missing:
        whole = all(line.extent is Extent.ALL for line in lines)
        return str(gettext("all documents") if whole else gettext("nearly all documents"))
    if len(missing) <= FEW:
        return str(gettext("nearly all documents, except %(what)s", what=listed(missing)))
    return listed(present)


def listed(words: Sequence[str]) -> str:
    """« a, b et c »."""
    if len(words) == 1:
        return words[0]
    return str(gettext("%(first)s and %(last)s", first=", ".join(words[:-1]), last=words[-1]))
