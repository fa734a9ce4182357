"""What a profession sees, as a sentence and as a list (look: rights are sentences)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from espace.access.services import Did, How, Outlook, Sight, Step, sight
from espace.access.services.matrix import Matrix
from espace.web.forms import translated
from espace.web.i18n import full_day
from espace.words import N_, Message

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


def seen_in_words(profession_code: str, table: Matrix | None = None) -> str:
    """« presque tous les documents, sauf … » when hardly a kind is closed; else the categories that are open.

    `table`: the table in use, for who says it of several professions and has it at hand.

    A category of which less than half the kinds is open is told apart: it would promise too much.
    """
    found = {code: each for code, each in sight(profession_code, table).items() if code in CATEGORIES}
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


def unseen_in_words(profession_code: str, table: Matrix | None = None) -> str:
    """« les synthèses psychiatriques, … et 4 autres sortes »; empty when the sentence of what is seen says it."""
    found = {code: each for code, each in sight(profession_code, table).items() if code in CATEGORIES}
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


@dataclass(frozen=True, slots=True)
class OutlookLine:
    """One category, how much of it a profession reads, and how much it usually adds."""

    label: str
    read: Extent
    deposited: Extent


def outlook_lines(found: Mapping[str, Outlook]) -> list[OutlookLine]:
    """Every category in the order in which people care."""
    return [
        OutlookLine(
            str(label),
            _extent(bool(found[code].seen), not found[code].unseen),
            _extent(bool(found[code].deposited), found[code].deposited == found[code].seen | found[code].unseen),
        )
        for code, label in CATEGORIES.items()
    ]


def _extent(some: bool, whole: bool) -> Extent:  # noqa: FBT001 - two facts
    return Extent.NONE if not some else Extent.ALL if whole else Extent.SOME


_SOURCES: dict[str, Message] = {
    "official": N_("read in an official text"),
    "reported": N_("reported by the press of the professions"),
    "inferred": N_("deduced by us, to be verified"),
}


def sources_in_words(found: Mapping[str, Outlook]) -> list[str]:
    """How sure the table is of what it says of a profession, the surest first."""
    known = frozenset[str]().union(*(each.sources for each in found.values())) if found else frozenset()
    return [translated(words) for source, words in _SOURCES.items() if source in known]


_DID: dict[Did, Message] = {
    Did.ASKED: N_("Access asked for by %(name)s"),
    Did.GIVEN: N_("Access given by %(name)s"),
    Did.COLLECTED: N_("Agreement written down by %(name)s"),
    Did.PROLONGED: N_("Access prolonged by %(name)s"),
    Did.LIMITED: N_("Access shortened by %(name)s"),
    Did.REFUSED: N_("Request refused by %(name)s"),
    Did.ENDED: N_("Access ended by %(name)s"),
    Did.BLOCKED: N_("Blocked by %(name)s"),
    Did.UNBLOCKED: N_("Unblocked by %(name)s"),
}
HOW: dict[How, Message] = {
    How.SPACE: N_("in the space"),
    How.ASSISTED: N_("in the space, with a helper"),
    How.SAID: N_("in words, face to face"),
    How.PHONE: N_("by telephone"),
    How.WRITTEN: N_("on paper"),
}


def step_in_words(step: Step) -> str:
    """« Accord noté par Dr Hélène Morvan, de vive voix, jusqu'au 4 mars 2027 »."""
    said = [gettext(_DID[step.did].msgid, name=step.by)]
    if step.did is Did.COLLECTED:
        said.append(translated(HOW[step.how]))
    if step.helper:
        said.append(gettext("with the help of %(name)s", name=step.helper))
    if step.until:
        said.append(gettext("until %(day)s", day=full_day(step.until)))
    return ", ".join(said)
