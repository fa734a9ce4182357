"""What a profession sees, as a sentence and as a list (look: rights are sentences)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from espace.access.services import Sight, sight

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

TELLING = {
    "68599-0": _l("psychiatric summaries"),
    "89601-9": _l("medical certificates"),
    "PRESC-AAT": _l("sick leaves"),
    "68817-6": _l("children's health checks"),
    "28653-4": _l("social care documents"),
    "83901-9": _l("psychological assessments"),
    "51969-4": _l("genetic results"),
    "75496-0": _l("requests for remote care"),
    "80788-3": _l("support plans"),
    "80771-9": _l("school care plans"),
    "PIECE-IDENTITE": _l("copies of identity papers"),
    "ATTEST-RESID": _l("proofs of residence"),
}
"""Kinds that professions are often closed to, by their plain name: first those people would want to know of."""

FEW = 3
"""As many examples are given, and as few kinds unseen leave « nearly all »."""


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
    found = sight(profession_code)

    def extent(code: str) -> Extent:
        return Extent.NONE if not found[code].seen else Extent.SOME if found[code].unseen else Extent.ALL

    return [CategoryLine(str(label), extent(code)) for code, label in CATEGORIES.items()]


def seen_in_words(profession_code: str) -> str:
    """« presque tous les documents, sauf … » when hardly a kind is closed; else the categories that are open.

    A category of which less than half the kinds is open is told apart: it would promise too much.
    """
    found = {code: each for code, each in sight(profession_code).items() if code in CATEGORIES}
    opened = [code for code in CATEGORIES if found[code].seen]
    if not opened:
        return str(gettext("no document"))
    closed = sum(len(each.unseen) for each in found.values())
    if not closed:
        return str(gettext("all documents"))
    if closed <= FEW:
        return str(gettext("nearly all documents, except %(what)s", what=_closed(found)))
    mostly = [code for code in opened if len(found[code].seen) >= len(found[code].unseen)]
    whole = _categories([str(CATEGORIES[code]) for code in mostly])
    part = _categories([str(CATEGORIES[code]) for code in opened if code not in mostly])
    if whole and part:
        return str(gettext("%(whole)s, and some documents among: %(part)s", whole=whole, part=part))
    return whole or str(gettext("only some documents among: %(part)s", part=part))


def unseen_in_words(profession_code: str) -> str:
    """« les synthèses psychiatriques, … et 4 autres sortes »; empty when the sentence of what is seen says it."""
    found = {code: each for code, each in sight(profession_code).items() if code in CATEGORIES}
    closed = sum(len(each.unseen) for each in found.values())
    if closed <= FEW or not any(each.seen for each in found.values()):
        return ""
    return _closed(found)


def _closed(found: Mapping[str, Sight]) -> str:
    """What is closed, at most three by name: categories closed altogether, then kinds; the others counted."""
    left = {code for each in found.values() for code in each.unseen}
    names = [(str(label), found[code].unseen) for code, label in CATEGORIES.items() if not found[code].seen]
    kept = frozenset[str]().union(*(types for _, types in names))
    names += [(str(label), frozenset({code})) for code, label in TELLING.items() if code in left - kept]
    said = names[:FEW]
    others = len(left.difference(*(types for _, types in said)))
    counted = [ngettext("%(num)d other kind", "%(num)d other kinds", others)] if others else []
    return listed([*(name for name, _ in said), *counted])


def _categories(labels: list[str]) -> str:
    others = len(labels) - FEW
    if others > 1:
        labels = [*labels[:FEW], ngettext("%(num)d other category", "%(num)d other categories", others)]
    return listed(labels) if labels else ""


def listed(words: Sequence[str]) -> str:
    """« a, b et c »."""
    if len(words) == 1:
        return words[0]
    return str(gettext("%(first)s and %(last)s", first=", ".join(words[:-1]), last=words[-1]))
