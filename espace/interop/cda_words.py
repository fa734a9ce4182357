"""The words of a clinical document alone, section by section: what a search reads."""

from lxml import etree

from .cda_xml import Element, unturned

_ENDS_LINE = frozenset({"paragraph", "item", "tr", "table", "list", "br", "caption", "footnote", "renderMultiMedia"})
_LINE = "\x1e"  # a character that XML cannot carry: line breaks of the file are mere spaces
_ENDS_WORD = frozenset({"td", "th"})


def lines_of(text: Element | None) -> str:
    """The words of a narrative alone, line by line: what a search reads."""
    if text is None:
        return ""
    found: list[str] = []
    for event, element in etree.iterwalk(text, events=("start", "end")):
        if event == "start":
            if isinstance(element.tag, str):
                found.append(element.text or "")
            continue
        if element.tag in _ENDS_LINE:
            found.append(_LINE)
        elif element.tag in _ENDS_WORD:
            found.append(" ")
        if element is not text:
            found.append(element.tail or "")
    lines = (" ".join(line.split()) for line in unturned("".join(found)).split(_LINE))
    return "\n".join(line for line in lines if line)
