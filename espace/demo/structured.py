"""Clinical documents of the demo with their own narrative (CDA level 3): sections, tables, coded values beside them."""

from lxml import etree

from espace.interop.cda import CDA, CdaHeader
from espace.interop.cda_write import wrap

from .papers import Block, Paper

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_LOINC = "2.16.840.1.113883.6.1"


def document(header: CdaHeader, paper: Paper) -> bytes:
    """The whole document: the header as our own writer makes it, the body from the paper's blocks."""
    root = etree.fromstring(wrap(header, b"-", "text/plain"))
    component = root.find(f"{{{CDA}}}component")
    if component is None:
        raise ValueError("no body")
    component.clear()
    body = _add(component, "structuredBody")
    for title, blocks in _parts(paper):
        _section(body, title, blocks, paper.day.strftime("%Y%m%d"))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _parts(paper: Paper) -> list[tuple[str, list[Block]]]:
    """Blocks by section: each heading begins one."""
    parts: list[tuple[str, list[Block]]] = []
    for block in paper.blocks:
        if block["kind"] == "heading":
            parts.append((block["text"], []))
        else:
            if not parts:
                parts.append(("", []))
            parts[-1][1].append(block)
    return parts


def _section(body: etree._Element, title: str, blocks: list[Block], day: str) -> None:
    section = _add(_add(body, "component"), "section")
    if title:
        _add(section, "title").text = title
    narrative = _add(section, "text")
    for block in blocks:
        _narrate(narrative, block)
    for block in blocks:
        for code, name, value, unit in block.get("codes", ()):
            _observe(section, code, name, value, unit, day)


def _narrate(narrative: etree._Element, block: Block) -> None:
    if block["kind"] == "text":
        _add(narrative, "paragraph").text = block["text"]
    elif block["kind"] == "list":
        listed = _add(narrative, "list", listType="unordered")
        for words in block["items"]:
            _add(listed, "item").text = words
    elif block["kind"] == "prescription":
        _table(narrative, ["Produit", "Comment le prendre"], block["items"])
    else:
        _table(narrative, block["head"], block["rows"])


def _table(narrative: etree._Element, head: list[str], rows: list[list[str]]) -> None:
    table = _add(narrative, "table")
    line = _add(_add(table, "thead"), "tr")
    for name in head:
        _add(line, "th").text = name
    body = _add(table, "tbody")
    for row in rows:
        line = _add(body, "tr")
        for place, words in enumerate(row):
            cell = _add(line, "td")
            if place == 1 and len(row) > 2:  # what was measured stands out
                _add(cell, "content", styleCode="Bold").text = words
            else:
                cell.text = words


def _observe(section: etree._Element, code: str, name: str, value: str, unit: str, day: str) -> None:
    observation = _add(_add(section, "entry"), "observation", classCode="OBS", moodCode="EVN")
    _add(observation, "code", code=code, codeSystem=_LOINC, codeSystemName="LOINC", displayName=name)
    _add(observation, "statusCode", code="completed")
    _add(observation, "effectiveTime", value=day)
    measured = _add(observation, "value", value=value, unit=unit)
    measured.set(f"{{{_XSI}}}type", "PQ")


def _add(parent: etree._Element, name: str, /, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{CDA}}}{name}", attrib=attributes)
