"""Reading any CDA R2 document leniently: elements by their local names, texts folded, dates as precise as written.

`cda` reads what is to be filed and refuses what it does not understand; here a document that is filed already is to be
shown, whatever country wrote it: what is not understood is left out or shown as it was written, never an error.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TypeAlias

from lxml import etree

from espace.clock import HOME_ZONE

from .cda import CDA, CdaError, harmless_tree

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml's own name for its type

_SCHEMA_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_SCOPES = ("", f"{{{CDA}}}")
_ROOTS = frozenset({"ClinicalDocument", "component", "structuredBody", "section"})
_TIME = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.\d+)?([+-]\d{4})?", re.ASCII)
_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_MAX_LINE = 500
_MAX_PARTS = 20
_BLANKS = 50  # characters read for each that is kept: the others are the spaces of an indented file


@dataclass(frozen=True, slots=True)
class When:
    """A moment or a period as precisely as it was written: an instant (UTC), else a civil day, else the bare text.

    `until` is the end of a period; a period without a beginning has none of `at`, `day` and `text`.
    """

    at: datetime | None = None
    day: date | None = None
    text: str = ""
    until: "When | None" = None

    @property
    def starts(self) -> bool:
        """Whether there is a moment, or the beginning of a period."""
        return bool(self.at or self.day or self.text)


def plain_tree(content: bytes) -> Element:
    """The tree of a document, or of a part of one, with the names of CDA's elements bare (`section`, `text` …).

    Raises:
        CdaError: `too-large`, `not-xml`, `dtd`, `too-deep`; `not-cda` when it is neither.
    """
    root = harmless_tree(content)
    for element in root.iter(etree.Element):
        tag = str(element.tag)
        if tag.startswith(_SCOPES[1]):
            element.tag = tag[len(_SCOPES[1]) :]
    if root.tag not in _ROOTS or (root.tag == "component" and root.find("section") is None):
        raise CdaError("not-cda")
    return root


def name_of(element: Element) -> str:
    """The bare name of an element of CDA; that of another vocabulary begins with a brace."""
    return str(element.tag)


def attribute(element: Element | None, name: str) -> str:
    """An attribute without spaces around it; empty when there is none."""
    return "" if element is None else (element.get(name) or "").strip()


def below(element: Element | None, path: str) -> Element | None:
    """The first element at `path` below another that may be missing."""
    return None if element is None else element.find(path)


def text_of(element: Element | None, limit: int = _MAX_LINE) -> str:
    """The words inside an element, spaces folded, `limit` characters at most."""
    if element is None:
        return ""
    words = " ".join(unturned(_beginning(element, limit * _BLANKS)).split())
    return words if len(words) <= limit else words[:limit].rstrip() + "…"


def _beginning(element: Element, left: int) -> str:
    """The first `left` characters inside an element: what is cut off anyhow is not read."""
    found: list[str] = []
    for piece in element.itertext():
        found.append(str(piece)[:left])
        left -= len(found[-1])
        if left <= 0:
            break
    return "".join(found)


def unturned(words: str) -> str:
    """Words without the marks that turn the order in which others are read: figures must stand as they were written."""
    return words.translate(_TURNING)


def schema_type(element: Element) -> str:
    """What `xsi:type` says a value is (PQ, CD …), without its prefix."""
    return (element.get(_SCHEMA_TYPE) or "").rpartition(":")[2].strip()


def wording(code: Element | None) -> str:
    """What a code means in words: its display name, what was written first, a translation's; else nothing."""
    if code is None:
        return ""
    named = attribute(code, "displayName") or text_of(code.find("originalText"))
    if named:
        return named
    return next((attribute(each, "displayName") for each in code.findall("translation") if each.get("displayName")), "")


def when_of(element: Element | None) -> When | None:
    """An instant (`value`) or a period (`low`, `high`); None when nothing is said."""
    if element is None:
        return None
    value = attribute(element, "value") or attribute(below(element, "center"), "value")
    if value:
        return moment(value)
    low, high = attribute(below(element, "low"), "value"), attribute(below(element, "high"), "value")
    if not (low or high):
        return None
    start = moment(low) if low else When()
    end = moment(high) if high else None
    if end and (start.at, start.day, start.text) == (end.at, end.day, end.text):
        end = None
    return When(start.at, start.day, start.text, end)


def moment(value: str) -> When:
    """`20230414111500+0200` as precisely as it was written; what is no date stays the text it was."""
    found = _TIME.fullmatch(value)
    if found is None:
        return When(text=value[:40])
    year, month, of_month, hour, minute, second, zone = found.groups()
    try:
        if of_month is None:
            return When(text=f"{month}/{year}" if month else year)
        day = date(int(year), int(month), int(of_month))
        if minute is None:
            return When(day=day)
        where = HOME_ZONE if zone is None else _offset(zone)
        local = datetime(day.year, day.month, day.day, int(hour), int(minute), int(second or 0), tzinfo=where)
        return When(at=local.astimezone(UTC))
    except (ValueError, OverflowError):
        return When(text=value[:40])


def _offset(zone: str) -> timezone:
    span = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    return timezone(-span if zone[0] == "-" else span)


def person_name(name: Element | None) -> str:
    """A person's name as it is said: title, given names, family name; the names in use before those of birth."""
    if name is None:
        return ""
    parts = [child for child in name.iterchildren(etree.Element) if name_of(child) in _NAME_PARTS]
    if not parts:
        return text_of(name)
    in_use = {part.tag for part in parts if "CL" in attribute(part, "qualifier").split()}
    kept = [
        part for part in parts[:_MAX_PARTS] if part.tag not in in_use or "CL" in attribute(part, "qualifier").split()
    ]
    if "given" not in in_use:
        kept = _without_repeats(kept)
    said = {rank: [text_of(part) for part in kept if part.tag == rank] for rank in _NAME_PARTS}
    titles = [word for word in said["suffix"] if word.rstrip(".").casefold() in _TITLES]  # France writes them there
    after = [word for word in said["suffix"] if word not in titles]
    return " ".join(filter(None, [*titles, *said["prefix"], *said["given"], *said["family"], *after]))


_TITLES = frozenset({"dr", "pr", "me"})
_NAME_PARTS = ("prefix", "given", "family", "suffix")


def _without_repeats(parts: list[Element]) -> list[Element]:
    """Of birth first names written twice (all of them, and the first one alone), the one alone (interop.md 1)."""
    alone = [part for part in parts if part.tag == "given" and "BR" in attribute(part, "qualifier").split()]
    return [part for part in parts if part.tag != "given" or not alone or part in alone]


def address_lines(address: Element | None) -> tuple[str, ...]:
    """A postal address, line by line."""
    if address is None:
        return ()
    lines = [text_of(line) for line in address.findall("streetAddressLine")]
    if not lines:
        lines = [_joined(address, ("houseNumber", "streetNameType", "streetName", "streetNameBase"))]
    lines += [_joined(address, ("additionalLocator", "unitID")), _joined(address, ("postalCode", "city", "state"))]
    lines.append(text_of(address.find("country")))
    return tuple(line for line in lines if line)[:_MAX_PARTS] or tuple(filter(None, [text_of(address)]))


def _joined(element: Element, names: tuple[str, ...]) -> str:
    return " ".join(filter(None, (text_of(element.find(name)) for name in names)))


def telecoms(element: Element | None) -> tuple[str, ...]:
    """Telephone numbers and addresses by which somebody is reached, without their schemes."""
    if element is None:
        return ()
    found = [attribute(each, "value") for each in element.findall("telecom")]
    bare = [value.partition(":")[2].strip() if value.lower().startswith(_SCHEMES) else value for value in found]
    return tuple(dict.fromkeys(value[:_MAX_LINE] for value in bare if value))[:_MAX_PARTS]


_SCHEMES = ("tel:", "mailto:", "fax:", "sip:")
