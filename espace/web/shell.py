"""What every page's frame needs: who looks, from where, and the lines of navigation they may follow."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from flask import current_app, g, request

from . import pulse
from .assets import source
from .guards import current_actor
from .rooms import NavEntry
from .viewpoint import Viewpoint

SEE_AS = "/voir-comme/"
"""Where one chooses through whose eyes to look at a record."""


@dataclass(slots=True)
class Line:
    """One line of the navigation, ready to be written. `current` is '', 'page' or 'true' (a page beneath it).

    `news` is how much waits there, 0 for nothing.
    """

    href: str
    label: str
    icon: str
    current: str = ""
    news: int = 0
    below: list["Line"] = field(default_factory=list)


def initials(name: str) -> str:
    """« CF » for « Claire Fontenay »: the first letters of the first and the last word; a title does not count."""
    words = [word for word in name.split() if word not in ("Dr", "Dre", "Pr", "Pre", "M.", "Mme")]
    return "".join(word[0].upper() for word in (words[:1] + words[1:][-1:]))


def page_context() -> dict[str, Any]:
    """What Flask hands to every template beside the view's own data."""
    viewpoint: Viewpoint | None = g.get("viewpoint")
    if viewpoint is None:
        return {"actor": current_actor(), "path": request.path, "pulse": pulse.of_page()}
    return {
        "actor": viewpoint.frame.actor,
        "path": request.path,
        "viewpoint": viewpoint,
        "pulse": pulse.of_page(),
        **_lines(viewpoint),
    }


def _lines(viewpoint: Viewpoint) -> dict[str, list[Line]]:
    """The navigation; through another's eyes that of who looks, and the pages that can be looked at so."""
    if viewpoint.own is None:
        return {"navigation": _with_news(navigation(viewpoint, request.path), viewpoint)}
    own = viewpoint.own
    return {
        "navigation": _with_news(navigation(own, f"{own.base}{SEE_AS}"), own),
        "seen_lines": navigation(viewpoint, request.path),
    }


def _with_news(lines: list[Line], viewpoint: Viewpoint) -> list[Line]:
    """The lines with how much waits behind each."""
    asked = {viewpoint.base + entry.path: entry.news for entry in current_app.extensions["navigation"] if entry.news}
    for line in lines:
        if line.href in asked:
            line.news = asked[line.href](viewpoint.standing)
    return lines


def navigation(viewpoint: Viewpoint, path: str) -> list[Line]:
    """The lines this viewpoint may follow, in order; those of absent rooms do not exist.

    People get main lines with others beneath them (five fit a phone's bar); professionals get one flat row.
    """
    here = viewpoint.standing
    entries: list[NavEntry] = [
        entry
        for entry in current_app.extensions["navigation"]
        if here.may(entry.permission) and (entry.serves is None or entry.serves(here))
    ]
    if viewpoint.own is not None:
        return _flat([entry for entry in entries if entry.mirrored], viewpoint.base, path)
    if viewpoint.is_professional:
        return _flat(entries, viewpoint.base, path)
    mains = {entry.path for entry in entries if not entry.under}
    # A line whose main line is absent stands by itself.
    lines = {entry.path: _line(entry, viewpoint.base) for entry in entries if entry.under not in mains}
    for entry in entries:
        if entry.under in mains:
            lines[entry.under].below.append(_line(entry, viewpoint.base))
    for line in lines.values():
        _mark(line.below, path)
    _mark(list(lines.values()), path)
    for line in lines.values():
        if not line.current and any(other.current for other in line.below):
            line.current = "true"
    return list(lines.values())


def _flat(entries: list[NavEntry], base: str, path: str) -> list[Line]:
    # A sub-line says more than the main line of the same path.
    subs = {entry.path for entry in entries if entry.under}
    found = [_line(entry, base) for entry in entries if entry.under or entry.path not in subs]
    _mark(found, path)
    return found


def _line(entry: NavEntry, base: str) -> Line:
    return Line(base + entry.path, str(entry.label), entry.icon)


def _mark(lines: list[Line], path: str) -> None:
    """Mark the line that leads here, or the longest one that leads above here."""
    above = [line for line in lines if not line.href.endswith("/") and path.startswith(line.href + "/")]
    exact = next((line for line in lines if path.rstrip("/") == line.href.rstrip("/")), None)
    if exact is not None:
        exact.current = "page"
    elif above:
        max(above, key=lambda line: len(line.href)).current = "true"


def here_label() -> str:
    """What the navigation calls the page of a record that is asked for, or "" for one it does not lead to."""
    viewpoint: Viewpoint = g.viewpoint
    lines = navigation(viewpoint, request.path)
    current = [line for main in lines for line in (*main.below, main) if line.current]
    return max(current, key=lambda line: len(line.href)).label if current else ""


PLAIN_ICON = quote(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6" fill="#888"/></svg>',
    safe=" =:/",
)
"""An icon that says nothing, for private mode (security.md R53)."""


def favicon() -> str:
    """The mark as the body of a data address: one request fewer."""
    return quote(source("mark.svg").decode().strip(), safe=" =:/")
