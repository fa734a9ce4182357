"""The coded entries of a CDA section, in words: what a machine reads, so that people may compare it with the text."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from .cda_xml import Element, When, attribute, below, schema_type, text_of, when_of, wording

MAX_ENTRIES = 3000
_MAX_DEPTH = 10
_STATEMENTS = (
    "act",
    "encounter",
    "observation",
    "organizer",
    "procedure",
    "substanceAdministration",
    "supply",
)
_PLANNED = frozenset({"INT", "RQO", "PRP", "PRMS", "ARQ", "APT", "GOL"})
_ENDED = frozenset({"completed", "active", "new", "normal"})
_SYSTEMS = {
    "2.16.840.1.113883.6.1": "LOINC",
    "2.16.840.1.113883.6.96": "SNOMED CT",
    "2.16.840.1.113883.6.3": "CIM-10",
    "2.16.840.1.113883.6.90": "ICD-10-CM",
    "2.16.840.1.113883.6.73": "ATC",
    "2.16.840.1.113883.6.88": "RxNorm",
    "2.16.840.1.113883.12.292": "CVX",
    "1.2.250.1.213.2.3.1": "CIP",
    "1.2.250.1.213.2.3.2": "UCD",
    "1.2.250.1.213.1.1.4.322": "TA_ASIP",
    "1.2.250.1.213.2.5": "CCAM",
}
_OF_THE_STANDARD = "2.16.840.1.113883.5."
_ABSENT = frozenset({"UNK", "NASK", "ASKU", "NAV"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One coded statement. `answer` is a yes or a no, `every` how often something is taken.

    `is_unknown` says that the value is stated to be unknown.
    """

    label: str
    values: tuple[str, ...] = ()
    answer: bool | None = None
    when: When | None = None
    every: str = ""
    code: str = ""
    system: str = ""
    status: str = ""
    usual: str = ""
    is_planned: bool = False
    is_denied: bool = False
    is_unknown: bool = False
    inside: "tuple[Entry, ...]" = ()


@dataclass(slots=True)
class Reader:
    """Reads the entries of one document; `ids` are the elements of the narrative that entries point to."""

    ids: Mapping[str, Element]
    left: int = MAX_ENTRIES
    _told_of: dict[str, str] = field(default_factory=dict)

    @property
    def is_spent(self) -> bool:
        """Whether there are more entries than are shown of one document."""
        return self.left <= 0

    def read(self, section: Element) -> tuple[Entry, ...]:
        """The entries of a section, without those of the sections inside it."""
        found: list[Entry] = []
        for entry in section.findall("entry"):
            found += self._statements(entry, 0)
        return tuple(found)

    def _statements(self, holder: Element, depth: int) -> list[Entry]:
        found: list[Entry] = []
        for child in holder.iterchildren(*_STATEMENTS):
            if self.left <= 0:
                break
            self.left -= 1
            found += self._statement(child, depth)
        return found

    def _statement(self, act: Element, depth: int) -> list[Entry]:
        inside: list[Entry] = []
        if depth < _MAX_DEPTH:
            for relation in act.iterchildren("entryRelationship", "component"):
                inside += self._statements(relation, depth + 1)
        coded = _thing(act)
        label = self._wording(coded) or self._wording(act.find("code"))
        if coded is None or not attribute(coded, "code"):
            coded = act.find("code")
        values, answer, unknown = self._values(act)
        if not values and answer is None and not inside:
            values = tuple(filter(None, [self._told(act)]))
        if not label and not values and answer is None:
            return inside  # a bracket without words: what it holds stands for itself
        return [
            Entry(
                label=label,
                values=values,
                answer=answer,
                when=_time(act),
                every=_period(act),
                code=attribute(coded, "code") if label else "",
                system=_system(coded) if label else "",
                status=_status(act),
                usual=_usual(act),
                is_planned=attribute(act, "moodCode") in _PLANNED,
                is_denied=attribute(act, "negationInd") == "true",
                is_unknown=unknown,
                inside=tuple(inside),
            )
        ]

    def _wording(self, code: Element | None) -> str:
        """A code in words, those of the narrative where it points there; else the code itself."""
        if code is None:
            return ""
        said = wording(code) or self._pointed(code.find("originalText"))
        qualified = [wording(each.find("value")) for each in code.findall("qualifier")]
        said = ", ".join(filter(None, [said, *qualified]))
        if not said and attribute(code, "codeSystem").startswith(_OF_THE_STANDARD):
            return ""  # a bracket of the standard itself (CONC, ASSERTION): no word for people
        return said or attribute(code, "code")

    def _told(self, act: Element) -> str:
        return self._pointed(act.find("text")) or text_of(act.find("text"))

    def _pointed(self, text: Element | None) -> str:
        own = attribute(below(text, "reference"), "value")
        if not own.startswith("#"):
            return ""
        if own not in self._told_of:
            self._told_of[own] = text_of(self.ids.get(own[1:]))
        return self._told_of[own]

    def _values(self, act: Element) -> tuple[tuple[str, ...], bool | None, bool]:
        """What was found (and how it is judged), how much is given, and by which way."""
        said: list[str] = []
        answer: bool | None = None
        unknown = False
        for value in act.findall("value"):
            if schema_type(value) == "BL" and attribute(value, "value"):
                answer = attribute(value, "value") == "true"
                continue
            unknown = unknown or attribute(value, "nullFlavor") in _ABSENT
            said.append(self._value(value))
        said += [wording(code) for code in act.findall("interpretationCode")]
        said += [_amount(dose) for dose in act.findall("doseQuantity")]
        said += [self._wording(way) for way in act.findall("routeCode")]
        said += [self._wording(part) for part in act.iterchildren("targetSiteCode", "approachSiteCode", "methodCode")]
        quantity = act.find("quantity")
        said += [] if quantity is None else [_amount(quantity)]
        kept = tuple(dict.fromkeys(each for each in said if each))
        return kept, answer, unknown and not kept and answer is None

    def _value(self, value: Element) -> str:
        kind = schema_type(value)
        if kind in ("CD", "CE", "CO", "CV", "CS"):
            return self._wording(value)
        if kind in ("TS", "IVL_TS"):
            return _written(when_of(value)) or _amount(value)
        if kind in ("ST", "ED", "SC"):
            return self._pointed(value) or ("" if attribute(value, "representation") == "B64" else text_of(value))
        return _amount(value) or self._wording(value) or text_of(value)


def _thing(act: Element) -> Element | None:
    """The code of what is given or used: a medicine, a vaccine, a device."""
    for path in (
        "consumable/manufacturedProduct/manufacturedMaterial",
        "product/manufacturedProduct/manufacturedMaterial",
        "participant[@typeCode='DEV']/participantRole/playingDevice",
        "participant[@typeCode='CSM']/participantRole/playingEntity",
    ):
        thing = act.find(path)
        if thing is None:
            continue
        code = thing.find("code")
        if wording(code) or attribute(code, "code"):
            return code
        name = thing.find("name")
        if text_of(name):
            named = etree.Element("code")
            named.set("displayName", text_of(name))
            return named
    return None


def _amount(value: Element) -> str:
    """`7.2 g/L`, `60 – 100 /min`, `1 / 2`: a quantity, an interval or a ratio as it was written."""
    plain = attribute(value, "value")
    if plain:
        unit = attribute(value, "unit") or attribute(value, "currency")
        return f"{plain} {unit}" if unit and unit != "1" else plain
    low, high = value.find("low"), value.find("high")
    ends = [_amount(end) for end in (low, high) if end is not None]
    if low is not None and high is not None and len(list(filter(None, ends))) > 1:
        same = attribute(low, "unit") == attribute(high, "unit")
        return f"{attribute(low, 'value') if same else ends[0]} – {ends[1]}"
    width = value.find("width")
    if width is not None:
        return _amount(width)
    if any(ends):
        return f"{'≥' if ends[0] and low is not None else '≤'} {''.join(ends)}"
    top, bottom = value.find("numerator"), value.find("denominator")
    if top is not None and bottom is not None:
        return " / ".join(filter(None, [_amount(top), _amount(bottom)]))
    return ""


def _time(act: Element) -> When | None:
    for element in act.findall("effectiveTime"):
        found = when_of(element)
        if found is not None:
            return found
    return None


def _period(act: Element) -> str:
    """How often something is taken: `12 h`."""
    period = act.find("effectiveTime/period")
    return "" if period is None else _amount(period)


def _written(when: When | None) -> str:
    """A date inside a value, in figures: these are read by eye beside a code, not spoken."""
    if when is None:
        return ""
    day = when.at.date() if when.at else when.day
    start = day.strftime("%d/%m/%Y") if day else when.text
    return f"{start} – {_written(when.until)}" if when.until else start


def _system(code: Element | None) -> str:
    oid = attribute(code, "codeSystem")
    return _SYSTEMS.get(oid) or attribute(code, "codeSystemName")[:40]


def _status(act: Element) -> str:
    word = attribute(act.find("statusCode"), "code").lower()
    return "" if word in _ENDED else word[:20]


def _usual(act: Element) -> str:
    """The range in which a result is usual."""
    for ranged in act.findall("referenceRange/observationRange"):
        value = ranged.find("value")
        said = (_amount(value) if value is not None else "") or text_of(ranged.find("text"))
        if said:
            return said
    return ""
