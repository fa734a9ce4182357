"""What the narrative of a clinical document is made of once it is read: nodes of a closed list."""

from dataclasses import dataclass
from typing import TypeAlias

Inside: TypeAlias = tuple["Node | Table | str", ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One piece of narrative.

    `kind`: paragraph, part (a block), span, styled (`style`: b, i, u, em, s, sub, sup, del, ins), break, caption,
    list (`style`: a marker of HTML when it is ordered), item, link (`href` within the page or outside; `host` names
    the place outside), mark (of note `number`, for the `turn`th time), picture (`number` of an attachment).
    """

    kind: str
    inside: Inside = ()
    anchor: str = ""
    lang: str = ""
    style: str = ""
    href: str = ""
    host: str = ""
    number: int = 0
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell; `scope` is that of a heading (col, colgroup, row, rowgroup), empty for a value."""

    inside: Inside
    scope: str = ""
    across: int = 1
    down: int = 1
    style: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: heading rows, then groups of rows. `columns` is the widest row's number of columns.

    `labels` are the words of the headings, of a plain table of many columns: on a narrow page its rows stand as lists.
    """

    head: tuple[tuple[Cell, ...], ...]
    groups: tuple[tuple[tuple[Cell, ...], ...], ...]
    columns: int
    caption: Inside = ()
    anchor: str = ""
    lang: str = ""
    labels: tuple[str, ...] = ()
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote, with how many places of the text lead to it."""

    number: int
    inside: Inside
    marks: int
