"""The narrative of a CDA section (CDA R2, 4.3.5) as nodes of a closed list: nothing of it reaches a page by itself.

An element of the standard becomes the node of its meaning; any other gives its words only. No attribute is carried
over: addresses are checked, identifiers replaced by ours, styles taken from a list (security.md R36).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias
from urllib.parse import urlsplit

from lxml import etree

from .cda_nodes import Cell, Inside, Node, Note, Table
from .cda_xml import Element, attribute, name_of, unturned

Pieces: TypeAlias = Iterable[Node | Table | str]

MAX_NODES = 40_000
MAX_LETTERS = 1_500_000
_MAX_DEPTH = 30
_MAX_SPAN = 100
_MAX_NOTES = 1000
_SPACES = re.compile(r"\s+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}")
_BLOCKS = frozenset({"paragraph", "list", "table", "part", "caption", "picture"})
_STYLES = {
    "bold": "b",
    "italics": "i",
    "italic": "i",
    "underline": "u",
    "emphasis": "em",
    "strikethrough": "s",
    "strikeout": "s",
}
_ORDERED = {"arabic": "1", "littleroman": "i", "bigroman": "I", "littlealpha": "a", "bigalpha": "A"}
_RULES = {"lrule": "rl", "rrule": "rr", "toprule": "rt", "botrule": "rb"}
_ALIGNED = {"right": "end", "center": "mid", "char": "end"}
_MUTE = frozenset({"script", "style", "object", "embed", "iframe"})
"""Elements of other standards whose words are no words for people."""
_GROUPS = ("thead", "tbody", "tfoot", "tr")
_PLACES = frozenset({*_GROUPS, "caption", "col", "colgroup", "th", "td", "item"})
_LONG = 80
_WIDE = 4  # columns: more than a phone shows side by side
_REVISED = {"delete": "del", "insert": "ins"}


@dataclass(slots=True)
class Scribe:
    """What is known while the narrative of one document is read: what leads where, the notes, and what is left."""

    pictures: dict[str, int]
    """Number of an attachment by the identifiers that mean it."""
    ids: dict[str, Element] = field(default_factory=dict)
    anchors: dict[str, str] = field(default_factory=dict)
    nodes: int = MAX_NODES
    letters: int = MAX_LETTERS
    shown: set[int] = field(default_factory=set)
    _noted: dict[Element, int] = field(default_factory=dict)
    _marks: dict[int, int] = field(default_factory=dict)

    def survey(self, root: Element) -> None:
        """Learn which elements have an identifier, and which of them something in the text leads to."""
        wanted = set()
        for element in root.iter(etree.Element):
            own = attribute(element, "ID")
            if own:
                self.ids.setdefault(own, element)
            if element.tag == "linkHtml" and attribute(element, "href").startswith("#"):
                wanted.add(attribute(element, "href")[1:])
        found = (own for own in self.ids if own in wanted)
        self.anchors = {own: f"ici-{number}" for number, own in enumerate(found, 1)}

    @property
    def is_spent(self) -> bool:
        """Whether the document is longer than what is shown of one."""
        return self.nodes <= 0 or self.letters <= 0

    def read(self, text: Element | None) -> Inside:
        """What stands in a `text` element, a note or a cell."""
        return () if text is None else self._inside(text, 0)

    def notes(self) -> tuple[Note, ...]:
        """The notes that were met, in their order; notes met inside notes come after."""
        found: list[Note] = []
        while len(found) < min(len(self._noted), _MAX_NOTES):
            element = list(self._noted)[len(found)]
            found.append(Note(len(found) + 1, self._inside(element, 0), 0))
        return tuple(Note(note.number, note.inside, self._marks.get(note.number, 0)) for note in found)

    def _inside(self, element: Element, depth: int) -> Inside:
        found: list[Node | Table | str] = []
        self._say(found, element.text)
        for child in element.iterchildren():
            if self.is_spent:
                break
            if isinstance(child.tag, str):
                found.extend(self._node(child, depth + 1))
            self._say(found, child.tail)
        return _without_gaps(found)

    def _say(self, found: list[Node | Table | str], words: str | None) -> None:
        if words and self.letters > 0:
            folded = _SPACES.sub(" ", unturned(words[: self.letters]))
            self.letters -= len(folded)
            found.append(folded)

    def _node(self, element: Element, depth: int) -> Pieces:
        self.nodes -= 1
        name = name_of(element)
        if name.rpartition("}")[2].lower() in _MUTE:
            return ()
        if depth > _MAX_DEPTH:
            words: list[Node | Table | str] = []
            self._say(words, " ".join(map(str, element.itertext())))
            return words
        reader = self._READERS.get(name)
        if reader is not None:
            return reader(self, element, depth)
        return self._inside(element, depth)  # not of the standard: its words alone

    def _common(self, element: Element) -> dict[str, Any]:
        language = attribute(element, "language")
        return {
            "anchor": self._anchor(element),
            "lang": language if _LANGUAGE.fullmatch(language) else "",
        }

    def _anchor(self, element: Element) -> str:
        own = attribute(element, "ID")
        return self.anchors.get(own, "") if own and self.ids.get(own) is element else ""

    def _paragraph(self, element: Element, depth: int) -> Pieces:
        caption, inside = self._with_caption(element, depth)
        kind = "part" if _holds_blocks(inside) else "paragraph"
        return [*caption, Node(kind, inside, **self._common(element))]

    def _content(self, element: Element, depth: int) -> Pieces:
        inside = self._inside(element, depth)
        common = self._common(element)
        if _holds_blocks(inside):
            return [Node("part", inside, **common)]
        styles = [_STYLES[word] for word in _style_words(element) if word in _STYLES]
        if attribute(element, "revised") in _REVISED:
            styles.append(_REVISED[attribute(element, "revised")])
        for style in dict.fromkeys(styles):
            inside = (Node("styled", inside, style=style),)
        if common["anchor"] or common["lang"]:
            return [Node("span", inside, **common)]
        return inside

    def _raised(self, element: Element, depth: int) -> Pieces:
        return [Node("styled", self._inside(element, depth), style=name_of(element))]

    def _break(self, _element: Element, _depth: int) -> Pieces:
        return [Node("break")]

    def _caption(self, element: Element, depth: int) -> Pieces:
        inside = self._inside(element, depth)
        return [Node("caption", inside, **self._common(element))] if _says(inside) else []

    def _with_caption(self, element: Element, depth: int) -> tuple[Inside, Inside]:
        """What a block is called, and what is in it."""
        inside = self._inside(element, depth)
        first = next((each for each in inside if not (isinstance(each, str) and not each.strip())), None)
        if isinstance(first, Node) and first.kind == "caption":
            return (first,), tuple(each for each in inside if each is not first)
        return (), inside

    def _list(self, element: Element, depth: int) -> Pieces:
        caption: Inside = ()
        items: list[Node | Table | str] = []
        for child in element.iterchildren(etree.Element):
            if self.is_spent:
                break
            if child.tag == "caption":
                caption = (*caption, *self._caption(child, depth))
            elif child.tag == "item":
                self.nodes -= 1
                before, inside = self._with_caption(child, depth + 1)
                items.append(Node("item", (*before, *inside), **self._common(child)))
        strays = self._astray(element, depth)
        if not items:
            return [*caption, *strays]
        words = _style_words(element)
        marker = next((_ORDERED[word] for word in words if word in _ORDERED), "")
        if not marker and attribute(element, "listType").lower() == "ordered":
            marker = "1"
        return [*caption, Node("list", tuple(items), style=marker, **self._common(element)), *strays]

    def _link(self, element: Element, depth: int) -> Pieces:
        inside = self._inside(element, depth)
        wanted = attribute(element, "href")
        if not _says(inside):
            inside = (wanted[:200],)
        if wanted.startswith("#"):
            anchor = self.anchors.get(wanted[1:])
            return [Node("link", inside, href=f"#{anchor}")] if anchor and not _holds_blocks(inside) else inside
        host = _outside(wanted)
        return [Node("link", inside, href=wanted, host=host)] if host and not _holds_blocks(inside) else inside

    def _footnote(self, element: Element, _depth: int) -> Pieces:
        return self._mark(element)

    def _footnote_mark(self, element: Element, _depth: int) -> Pieces:
        noted = self.ids.get(attribute(element, "IDREF"))
        return self._mark(noted) if noted is not None and noted.tag == "footnote" else []

    def _mark(self, noted: Element) -> Pieces:
        if noted not in self._noted and len(self._noted) >= _MAX_NOTES:
            return self._inside(noted, _MAX_DEPTH)
        number = self._noted.setdefault(noted, len(self._noted) + 1)
        turn = self._marks[number] = self._marks.get(number, 0) + 1
        return [Node("mark", number=number, turn=turn)]

    def _pictures(self, element: Element, depth: int) -> Pieces:
        caption = tuple(each for child in element.findall("caption") for each in self._inside(child, depth))
        found: list[Node | Table | str] = []
        for own in attribute(element, "referencedObject").split()[:_MAX_SPAN]:
            number = self.pictures.get(own)
            if number is not None:
                self.shown.add(number)
                found.append(Node("picture", caption, number=number))
        return found or caption

    def _table(self, element: Element, depth: int) -> Pieces:
        head: list[tuple[Cell, ...]] = []
        groups: list[tuple[tuple[Cell, ...], ...]] = []
        caption: Inside = ()
        loose: list[tuple[Cell, ...]] = []
        for child in element.iterchildren(etree.Element):
            if self.is_spent:
                break
            if child.tag == "caption":
                caption = (*caption, *self._inside(child, depth))
            elif child.tag == "thead":
                head += self._rows(child, depth, is_head=True)
            elif child.tag in ("tbody", "tfoot"):
                groups.append(self._rows(child, depth))
            elif child.tag == "tr":
                loose.append(self._row(child, depth, is_head=False))
        if loose:
            groups.append(tuple(loose))
        if not head and groups and groups[0] and len(groups[0]) > 1 and all(c.scope for c in groups[0][0]):
            head, groups[0] = [tuple(_over_columns(c) for c in groups[0][0])], groups[0][1:]
        rows = [*head, *(row for group in groups for row in group)]
        columns = max((sum(cell.across for cell in row) for row in rows), default=0)
        strays = self._strays(element, depth)
        if not columns:
            return [*caption, *strays]
        kept = tuple(filter(None, groups))
        labels = _labels(head, kept, columns)
        table = Table(tuple(head), kept, columns, caption, **self._common(element), labels=labels)
        return [table, *strays]

    def _strays(self, element: Element, depth: int) -> Inside:
        """Words that stand in a table but in no cell, or in a list but in no item: none may be lost."""
        found: list[Node | Table | str] = []
        for inner in element.iterchildren(*_GROUPS) if element.tag == "table" else ():
            for part in (inner, *inner.iterchildren("tr")):
                found += self._astray(part, depth)
        return (*self._astray(element, depth), *found)

    def _astray(self, element: Element, depth: int) -> Inside:
        found: list[Node | Table | str] = []
        if (element.text or "").strip():
            self._say(found, element.text)
        for child in element.iterchildren():
            if isinstance(child.tag, str) and child.tag not in _PLACES and not self.is_spent:
                found += self._node(child, depth + 1)
            if (child.tail or "").strip():
                self._say(found, child.tail)
        return tuple(found)

    def _rows(self, group: Element, depth: int, *, is_head: bool = False) -> tuple[tuple[Cell, ...], ...]:
        rows = (self._row(row, depth, is_head=is_head) for row in group.iterchildren("tr") if not self.is_spent)
        return tuple(filter(None, rows))

    def _row(self, row: Element, depth: int, *, is_head: bool) -> tuple[Cell, ...]:
        anchor = self._anchor(row)
        cells = []
        for cell in row.iterchildren("th", "td"):
            self.nodes -= 1
            made = self._cell(cell, depth + 2, is_head=is_head)
            cells.append(made)
            if self.is_spent:
                break
        if anchor and cells and not cells[0].anchor:
            first = cells[0]
            cells[0] = Cell(first.inside, first.scope, first.across, first.down, first.style, anchor)
        return tuple(cells)

    def _cell(self, cell: Element, depth: int, *, is_head: bool) -> Cell:
        across, down = _span(cell, "colspan"), _span(cell, "rowspan")
        scope = ""
        if is_head:
            scope = "colgroup" if across > 1 else "col"
        elif cell.tag == "th":
            scope = "rowgroup" if down > 1 else "row"
        words = [_RULES[word] for word in _style_words(cell) if word in _RULES]
        words += filter(None, [_ALIGNED.get(attribute(cell, "align").lower())])
        before = self.letters
        inside = self._inside(cell, depth)
        if before - self.letters > _LONG:
            words.append("long")
        for style in dict.fromkeys(_STYLES[word] for word in _style_words(cell) if word in _STYLES):
            inside = inside if _holds_blocks(inside) else (Node("styled", inside, style=style),)
        return Cell(inside, scope, across, down, " ".join(dict.fromkeys(words)), self._anchor(cell))

    _READERS: ClassVar[dict[str, Callable[["Scribe", Element, int], Pieces]]] = {
        "paragraph": _paragraph,
        "content": _content,
        "sub": _raised,
        "sup": _raised,
        "br": _break,
        "caption": _caption,
        "list": _list,
        "linkHtml": _link,
        "footnote": _footnote,
        "footnoteRef": _footnote_mark,
        "renderMultiMedia": _pictures,
        "table": _table,
    }


def _holds_blocks(inside: Inside) -> bool:
    return any(map(_is_block, inside))


def _is_block(each: Node | Table | str | None) -> bool:
    return isinstance(each, Table) or (isinstance(each, Node) and each.kind in _BLOCKS)


def _without_gaps(found: list[Node | Table | str]) -> Inside:
    """Spaces that only set blocks apart in the file are nobody's words."""
    if not any(map(_is_block, found)):
        return tuple(found)
    around = [None, *found, None]
    return tuple(
        each
        for before, each, after in zip(around, found, around[2:], strict=False)
        if not (each == " " and (before is None or after is None or _is_block(before) or _is_block(after)))
    )


def _says(inside: Inside) -> bool:
    return any(not isinstance(each, str) or each.strip() for each in inside)


def _style_words(element: Element) -> list[str]:
    return (attribute(element, "styleCode") + " " + attribute(element, "emphasis")).lower().split()[:12]


def _span(cell: Element, name: str) -> int:
    value = attribute(cell, name)
    return min(max(int(value), 1), _MAX_SPAN) if re.fullmatch(r"\d{1,4}", value, re.ASCII) else 1


def _labels(
    head: list[tuple[Cell, ...]], groups: tuple[tuple[tuple[Cell, ...], ...], ...], columns: int
) -> tuple[str, ...]:
    """The headings of a wide and plain table: one row of headings, and a cell below each."""
    rows = [*head, *(row for group in groups for row in group)]
    is_plain = len(head) == 1 and all(len(row) == columns for row in rows)
    if columns < _WIDE or not is_plain or any(cell.across * cell.down > 1 for row in rows for cell in row):
        return ()
    return tuple(" ".join(_words(cell.inside).split()) for cell in head[0])


def _words(inside: Inside) -> str:
    return "".join(
        each if isinstance(each, str) else _words(each.inside) if isinstance(each, Node) else "" for each in inside
    )


def _over_columns(cell: Cell) -> Cell:
    scope = "colgroup" if cell.across > 1 else "col"
    return Cell(cell.inside, scope, cell.across, cell.down, cell.style, cell.anchor)


def _outside(address: str) -> str:
    """The host that an address of the web leads to; nothing for any other address."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return ""
    is_plain = address.isascii() and address.isprintable() and not set(address) & set(" \\\"'<>`")
    is_web = parts.scheme in ("http", "https") and "@" not in parts.netloc
    return host if is_plain and is_web and len(address) <= 2000 and _HOST.fullmatch(host) else ""
