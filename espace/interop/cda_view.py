"""Any CDA R2 document, levels 1 to 3, as plain data ready to be shown: who, for whom, when, and what it says.

Nothing of the document runs or is fetched (security.md R36): sections, tables and lists become the nodes of
`cda_narrative`, coded entries those of `cda_entries`, embedded files are numbered and taken out one by one.
"""

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass, replace

from . import media as medias
from .cda import CdaError
from .cda_entries import Entry, Reader
from .cda_header import Actor, CdaHead, Order, Patient, Service, head_of
from .cda_narrative import Scribe
from .cda_nodes import Cell, Inside, Node, Note, Table
from .cda_words import lines_of
from .cda_xml import Element, When, attribute, below, plain_tree, text_of, wording

__all__ = [
    "Actor",
    "Attachment",
    "CdaHead",
    "CdaView",
    "Cell",
    "Entry",
    "Node",
    "Note",
    "Order",
    "Patient",
    "Section",
    "Service",
    "Table",
    "When",
    "attachment",
    "body",
    "head",
    "is_readable",
    "plain_text",
    "read",
]

_FIRST_LEVEL = 2
_LAST_LEVEL = 6
_MAX_SECTIONS = 500
_MAX_DEPTH = 12
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the document. `media` is what its bytes are, not what was declared; `size` is in octets.

    `is_elsewhere`: it was not sent with the document, and is not fetched. `is_shown`: the text shows it at its place.
    """

    number: int
    media: str
    size: int
    title: str = ""
    is_elsewhere: bool = False
    is_shown: bool = False

    @property
    def is_picture(self) -> bool:
        """Whether it is shown as a picture, else offered as a file."""
        return self.media in medias.IMAGES


@dataclass(frozen=True, slots=True)
class Section:
    """A section. `level` is that of its heading (2 to 6); `anchor` is the same that `plain_text` counts by."""

    title: str
    level: int
    anchor: str
    narrative: Inside = ()
    entries: tuple[Entry, ...] = ()
    sections: "tuple[Section, ...]" = ()
    lang: str = ""
    attachments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CdaView:
    """A document as it is shown. `is_cut`: it is longer than what is shown of one.

    `body` is `structured`, or, of a document around a file, `inside` or `elsewhere` (not sent with it), or `none`.
    """

    head: CdaHead
    sections: tuple[Section, ...]
    notes: tuple[Note, ...]
    attachments: tuple[Attachment, ...]
    body: str
    is_cut: bool

    def attachment(self, number: int) -> Attachment:
        """One of the attachments, by its number from 1."""
        return self.attachments[number - 1]


def read(content: bytes) -> CdaView:
    """Read a document for showing it. Whatever its templates say, what is of the standard is shown.

    Raises:
        CdaError: `too-large`, `not-xml`, `dtd`, `too-deep` or `not-cda`.
    """
    root = plain_tree(content)
    holders = _holders(root)
    scribe = Scribe(_pictures(root, holders))
    scribe.survey(root)
    reader = Reader(scribe.ids)
    sections = _Sections(scribe, reader, holders).read(root)
    shown = scribe.shown
    found = tuple(_attachment(number, holder, shown) for number, holder in enumerate(holders, 1))
    return CdaView(
        head=head_of(root),
        sections=sections,
        notes=scribe.notes(),
        attachments=found,
        body=_body(root),
        is_cut=scribe.is_spent or reader.is_spent,
    )


def unplaced(head: CdaHead) -> CdaHead:
    """A header that names who took part, and neither where nor how they are reached."""
    actors = tuple(
        replace(actor, organisation="", address=(), telecoms=())
        for actor in head.actors
        if actor.name or actor.function
    )
    return replace(head, actors=actors, place="")


def is_readable(content: bytes) -> bool:
    """Whether this is a document, or a part of one, that `read` can show."""
    try:
        plain_tree(content)
    except CdaError:
        return False
    return True


def body(content: bytes) -> bytes:
    """The file that a document of level 1 is around, empty when there is none inside. Raises as `read`."""
    return _bytes(plain_tree(content).find("component/nonXMLBody/text"))


def head(content: bytes) -> CdaHead:
    """The header of a document alone. Raises as `read`."""
    return head_of(plain_tree(content))


def plain_text(content: bytes) -> list[str]:
    """The words of a document for a search: its header, then one text for each section in the order of `read`.

    The text at index n is that of the section whose anchor is `partie-n`; nested sections count after their parent.

    Raises:
        CdaError: as `read`.
    """
    root = plain_tree(content)
    about = head_of(root)
    first = [about.title, about.kind, *(a.name for a in about.actors), *(a.organisation for a in about.actors)]
    around = below(root, "component/nonXMLBody/text")
    if around is not None and attribute(around, "representation") != "B64":
        first.append(text_of(around, medias.MAX_PIXELS))
    texts = ["\n".join(dict.fromkeys(filter(None, first)))]
    reader = Reader({})
    for section in _in_order(root):
        said = [text_of(section.find("title")), lines_of(section.find("text"))]
        if not said[1]:
            said += _entry_words(reader.read(section))
        texts.append("\n".join(filter(None, said)))
    return texts


def attachment(content: bytes, number: int) -> tuple[str, bytes]:
    """A file inside a document: what its bytes are, and the bytes.

    Raises:
        CdaError: as `read`.
        LookupError: when there is no such file, or it was not sent with the document.
    """
    holders = _holders(plain_tree(content))
    if not 1 <= number <= len(holders):
        raise LookupError
    inside = _bytes(holders[number - 1].find("value"))
    if not inside:
        raise LookupError
    return medias.sniff(inside) or UNKNOWN, inside


def _in_order(root: Element) -> list[Element]:
    """Sections as they are numbered: each before those inside it."""
    return [] if root.tag == "section" and root.find("text") is None else list(_all_sections(root))


def _all_sections(root: Element) -> list[Element]:
    found = [root] if root.tag == "section" else []
    found += [section for section in root.iterfind(".//section") if section is not root]
    return found[:_MAX_SECTIONS]


class _Sections:
    """Reads the sections of one document, one after the other."""

    def __init__(self, scribe: Scribe, reader: Reader, holders: list[Element]) -> None:
        self._scribe = scribe
        self._reader = reader
        self._numbers = {holder: number for number, holder in enumerate(holders, 1)}
        self._count = 0

    def read(self, root: Element) -> tuple[Section, ...]:
        """The sections at the top of a document, or of a part of one."""
        if root.tag == "section":
            tops = [root]
        else:
            body = root.find("component/structuredBody") if root.tag == "ClinicalDocument" else root
            if body is not None and body.tag == "component":
                tops = body.findall("section")
            else:
                tops = [] if body is None else body.findall("component/section")
        return tuple(filter(None, (self._section(top, _FIRST_LEVEL, 0) for top in tops)))

    def _section(self, section: Element, level: int, depth: int) -> Section | None:
        if self._count >= _MAX_SECTIONS or depth > _MAX_DEPTH:
            return None
        self._count += 1
        anchor = f"partie-{self._count}"
        title = text_of(section.find("title"), 300) or wording(section.find("code"))
        narrative = self._scribe.read(section.find("text"))
        entries = self._reader.read(section)
        below_level = min(level + 1, _LAST_LEVEL) if title else level
        inner = (self._section(each, below_level, depth + 1) for each in section.findall("component/section"))
        return Section(
            title=title,
            level=level,
            anchor=anchor,
            narrative=narrative,
            entries=entries,
            sections=tuple(filter(None, inner)),
            lang=_language(section),
            attachments=self._left_over(section),
        )

    def _left_over(self, section: Element) -> tuple[int, ...]:
        """Files of the entries that the text of the section does not show at a place of its own."""
        mine = (holder for entry in section.findall("entry") for holder in entry.iter("observationMedia"))
        numbers = (self._numbers[holder] for holder in mine if holder in self._numbers)
        return tuple(number for number in numbers if number not in self._scribe.shown)


def _holders(root: Element) -> list[Element]:
    return list(root.iter("observationMedia"))[:_MAX_SECTIONS]


def _pictures(root: Element, holders: list[Element]) -> dict[str, int]:
    """Numbers of embedded files by what the text calls them: their own identifier, or that of a region of them."""
    numbers = {holder: number for number, holder in enumerate(holders, 1)}
    found = {attribute(holder, "ID"): number for holder, number in numbers.items() if attribute(holder, "ID")}
    for region in root.iter("regionOfInterest"):
        inside = next(region.iter("observationMedia"), None)
        if inside is not None and attribute(region, "ID"):
            found.setdefault(attribute(region, "ID"), numbers.get(inside, 1))
    return found


def _attachment(number: int, holder: Element, shown: set[int]) -> Attachment:
    value = holder.find("value")
    inside = _bytes(value)
    title = text_of(below(value, "thumbnail/reference")) or wording(holder.find("code"))
    if not inside:
        return Attachment(number, UNKNOWN, 0, title, is_elsewhere=True, is_shown=number in shown)
    return Attachment(number, medias.sniff(inside) or UNKNOWN, len(inside), title, is_shown=number in shown)


def _bytes(value: Element | None) -> bytes:
    """The bytes of an embedded file; none when it is only referred to, packed, or not decodable."""
    if value is None or value.get("compression"):
        return b""
    if attribute(value, "representation") != "B64":
        return (value.text or "").strip().encode()
    try:
        return b64decode(re.sub(r"\s+", "", value.text or ""), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _body(root: Element) -> str:
    if root.tag != "ClinicalDocument" or root.find("component/structuredBody") is not None:
        return "structured"
    text = root.find("component/nonXMLBody/text")
    if text is None:
        return "none"
    return "elsewhere" if text.find("reference") is not None or not (text.text or "").strip() else "inside"


def _language(section: Element) -> str:
    language = attribute(section.find("languageCode"), "code")
    return language if _LANGUAGE.fullmatch(language) else ""


def _entry_words(entries: tuple[Entry, ...]) -> list[str]:
    found: list[str] = []
    for entry in entries:
        found.append(" ".join([entry.label, *entry.values]))
        found += _entry_words(entry.inside)
    return found
