"""The words of a message: from plain text, or from HTML, of which nothing but its words, lists and links is kept."""

import html
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from .mail_charset import decoded, known, seen, unflowed
from .mail_headers import Valued

MAX_TEXT = 100_000
"""Characters shown with a message; the whole of a longer one goes with it as a file."""
MAX_BYTES = 1024 * 1024
"""How much of a part is read for its words."""
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_NEW_LINE = (
    "address article aside blockquote body center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr"
    " html li main nav ol p pre section table tbody tfoot thead tr ul"
)
_BLANK_LINE = "p h1 h2 h3 h4 h5 h6 ul ol table blockquote pre dl hr"
_LEFT_OUT = (
    "script style head title template noscript object embed applet iframe svg math select textarea audio video map"
    " frame frameset meta link base"
)
_BLOCKS, _APART, _UNSHOWN = (frozenset(tags.split()) for tags in (_NEW_LINE, _BLANK_LINE, _LEFT_OUT))
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_LINK = re.compile(r"(?:https?://|mailto:|tel:)[!-~]{1,1000}", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\n\r\f\xa0]+")
_TAG = re.compile(r"<[^<>]*>")
_MANY_LINES = re.compile(r"\n(?:[ \t>]*\n){2,}")


def plain(content: bytes, kind: Valued) -> str:
    """The words of a text/plain part."""
    text = seen(decoded(content[:MAX_BYTES], kind.parameters.get("charset", "")))
    if kind.parameters.get("format", "").lower() == "flowed":
        text = unflowed(text, delete_space=kind.parameters.get("delsp", "").lower() == "yes")
    return text.strip("\n")


def of_html(content: bytes, kind: Valued) -> str:
    """The words of a text/html part: paragraphs, lists, quotations and links as text."""
    charset = kind.parameters.get("charset", "")
    if not known(charset) and (found := _META.search(content[:4096])):
        charset = found[1].decode("ascii")
    text = decoded(content[:MAX_BYTES], charset).replace("\0", "")
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return ""
    if root is None:
        return ""
    if any("depth" in error.message for error in parser.error_log):
        return seen(html.unescape(_SPACES.sub(" ", _TAG.sub(" ", text)))).strip()
    writer = _Writer()
    for event, element in etree.iterwalk(root, events=("start", "end")):
        writer.take(event, element)
    return writer.text()


class _Writer:
    """Writes the text of a page while its elements are walked through."""

    def __init__(self) -> None:
        self._lines: list[str] = [""]
        self._depth = 0
        self._lists: list[int] = []
        self._hidden: Any = None
        self._kept = 0
        self._links: list[tuple[str, int, int]] = []

    def take(self, event: str, element: Any) -> None:
        """An element begins or ends."""
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            if self._hidden is None and (tag in _UNSHOWN or _is_hidden(element)):
                self._hidden = element
            if self._hidden is None:
                self._start(tag, element)
                self._add(element.text, as_it_stands=self._kept > 0)
            return
        if self._hidden is None:
            self._end(tag)
        elif self._hidden is element:
            self._hidden = None
        if self._hidden is None:
            self._add(element.tail, as_it_stands=self._kept > 0)

    def text(self) -> str:
        """What was written."""
        lines = [line.rstrip() for line in self._lines]
        while lines and not lines[-1].strip(" >"):
            lines.pop()
        return _MANY_LINES.sub("\n\n", seen("\n".join(lines))).strip("\n")

    def _start(self, tag: str, element: Any) -> None:
        if tag == "br":
            self._line()
        elif tag in _BLOCKS:
            self._block(tag)
        if tag == "blockquote":
            self._depth += 1
            self._lines[-1] = self._margin()
        elif tag == "pre":
            self._kept += 1
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else -1)
        elif tag == "hr":
            self._lines[-1] += "---"
            self._line()
        else:
            self._start_within(tag, element)

    def _start_within(self, tag: str, element: Any) -> None:
        if tag == "li":
            self._lines[-1] += self._bullet()
        elif tag in ("td", "th") and not self._is_fresh():
            self._lines[-1] += "\t"
        elif tag == "img" and element.get("alt"):
            self._add(f" {element.get('alt')} ", as_it_stands=False)
        elif tag == "a":
            target = (element.get("href") or "").strip()
            self._links.append((target if _LINK.fullmatch(target) else "", len(self._lines), len(self._lines[-1])))

    def _end(self, tag: str) -> None:
        if tag == "pre":
            self._kept -= 1
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "a" and self._links:
            self._link(*self._links.pop())
        if tag == "blockquote":
            self._depth -= 1
        if tag in _BLOCKS and tag != "hr":
            self._block(tag)

    def _link(self, target: str, line: int, place: int) -> None:
        words = self._lines[-1][place:] if line == len(self._lines) else ""
        bare = target.removeprefix("mailto:").removeprefix("tel:")
        same = words.strip().rstrip("/").lower() in (target.rstrip("/").lower(), bare.lower(), bare[8:].lower())
        if target and not same:
            self._lines[-1] += f" <{target}>" if words.strip() else f"<{target}>"

    def _block(self, tag: str) -> None:
        """A paragraph begins or ends here."""
        if not self._is_fresh():
            self._line()
        if tag in _APART and len(self._lists) < 2 and len(self._lines) > 1 and self._lines[-2].strip(" >"):
            self._line()
        self._lines[-1] = self._margin()

    def _line(self) -> None:
        self._lines.append(self._margin())

    def _margin(self) -> str:
        return f"{'>' * min(self._depth, 10)} " if self._depth else ""

    def _is_fresh(self) -> bool:
        return not self._lines[-1].strip(" >")

    def _bullet(self) -> str:
        indent = "  " * min(max(len(self._lists) - 1, 0), 8)
        if self._lists and self._lists[-1] >= 0:
            self._lists[-1] += 1
            return f"{indent}{self._lists[-1]}. "
        return f"{indent}- "

    def _add(self, words: str | None, *, as_it_stands: bool) -> None:
        if not words:
            return
        if as_it_stands:
            first, *rest = words.replace("\r", "").split("\n")
            self._lines[-1] += first
            self._lines += (self._margin() + each for each in rest)
            return
        shown = _SPACES.sub(" ", words)
        if shown.startswith(" ") and (not self._lines[-1] or self._lines[-1].endswith((" ", "\t"))):
            shown = shown[1:]
        self._lines[-1] += shown


def _is_hidden(element: Any) -> bool:
    return "hidden" in element.attrib or bool(_HIDDEN.search(element.get("style") or ""))


def joined(texts: Iterator[str] | list[str]) -> str:
    """Texts that follow each other in a message."""
    return "\n\n".join(each for each in texts if each.strip())
