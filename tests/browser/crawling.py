"""Walks over pages: which ones are examined, and which routes of the house were reached by it."""

import re
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import parse_qsl, urlsplit

from werkzeug.routing import MapAdapter

from espace import assembly

from .examination import Fault, examine, portraits
from .hands import Hands

_IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TOKEN = re.compile(
    r"^(/acces-perdu/refuser/|/compte/proches/invitations/lien/|/depot/|/partage/|/dossiers/\*/historique/visites/"
    r"|/dossiers/\*/voir-comme/)[^/]+"
)
_NOT_PAGES = ("/contenu", "/original", "/xdm", "/images/", "/static/", "/langue/", "/codes/texte")
_PAPER = re.compile(r"/messages/(.*/)?(pdf|copie)$")
"""A conversation taken away is a file."""
_KNOWN_OF = re.compile(
    r"^/(?!dossiers/|compte/proches)|/voir-comme/|/filtrer|/historique|/acces/(?!parents)|/soins|/documents[/?]"
)
"""Pages that look alike whoever opens them: for who comes second, only what the first did not show is examined."""
_ASKED_OF = re.compile(r"/filtrer$|/voir-comme/")
"""Pages that are drawn alike whatever was asked for in their address."""
_SAMPLES = {"/dossiers/*/acces/*": 5, "/dossiers/*/documents/*": 2, "/dossiers/*/messages/*": 3, "/pro/messages/*/*": 2}
"""Pages that look different from one thing to the next: how many of them are examined."""
# Each element of the page as its parent's and its own tag, classes and state: what decides how it looks and behaves.
_SKELETON = """() => {
  const name = each => each.localName + [...each.classList].sort().map(one => "." + one).join("") + ["type", "role",
    "aria-current", "aria-invalid", "aria-live", "open", "disabled"].filter(one => each.hasAttribute(one)).map(
    one => `[${one}=${each.getAttribute(one)}]`).join("");
  const above = each => each === document.body ? "body" : name(each);
  return [...new Set([...document.querySelectorAll("body *:not(svg *)")].map(
    each => above(each.parentElement) + ">" + name(each)))];
}"""

examined: set[str] = set()
"""The routes whose pages were examined: `/dossiers/*/documents/*`."""
_skeletons: dict[str, set[str]] = {}
"""What the examined pages of each route showed."""


@cache
def _routes() -> MapAdapter:
    return assembly.lay_out(is_demo=True).url_map.bind("localhost")


def masked(rule: str) -> str:
    """A route without the names of its parts: `/dossiers/*/documents/*`."""
    return re.sub(r"<[^>]+>", "*", rule)


def route(url: str) -> str:
    """The route behind an address, as the house itself finds it; the address where there is none."""
    path = urlsplit(url).path
    adapter = _routes()
    if not adapter.test(path, "GET"):
        return path
    rule, _ = adapter.match(path, "GET", return_rule=True)
    return masked(rule.rule)


def shape(url: str) -> str:
    """An address with its identifiers replaced and the names of what it asks: `/dossiers/*/documents?avant`."""
    parts = urlsplit(url)
    path = _TOKEN.sub(r"\1*", _IDENTIFIER.sub("*", parts.path))
    keys = sorted({key for key, _ in parse_qsl(parts.query)})
    return f"{path}?{'&'.join(keys)}" if keys else path


@dataclass
class Examiner:
    """Looks at pages one by one and keeps what is wrong with them."""

    hands: Hands
    faults: list[Fault] = field(default_factory=list)
    looked: int = 0

    def look(self, what: str) -> None:
        """Examine the page that is open and keep its picture."""
        here = route(self.hands.page.url)
        _skeletons.setdefault(here, set()).update(self._skeleton())
        self.faults += examine(self.hands, f"{self.hands.name} {what}")
        portraits(self.hands, what)
        examined.add(here)
        self.looked += 1

    def once(self, what: str) -> None:
        """Examine the page that is open, unless one like it was."""
        if self.shows_more():
            self.look(what)

    def shows_more(self) -> bool:
        """Whether anything on the page that is open stands on no page of its route that was examined."""
        return not self._skeleton() <= _skeletons.get(route(self.hands.page.url), set())

    def _skeleton(self) -> set[str]:
        return set(self.hands.page.evaluate(_SKELETON))

    def conclude(self) -> None:
        """Say everything that was found at once."""
        lines = dict.fromkeys(f"{fault.page}: {fault.kind}: {fault.what}" for fault in self.faults)
        assert not lines, "\n".join(lines)
        self.hands.close()


def _is_file(place: str) -> bool:
    """Whether an address leads to a file or a picture, which no page shows."""
    return any(part in place for part in _NOT_PAGES) or _PAPER.search(place) is not None


def crawl(examiner: Examiner, *starts: str) -> list[str]:
    """Open every page that links lead to, each shape once or as often as it deserves; gives the shapes.

    Each is examined, but for two sorts of which only those are that show an element which no examined page of their
    route showed: pages that another person of the cast was shown already and that look alike whoever opens them, and
    pages of which much is asked at once (several choices, a filter through another's eyes). So nothing is skipped
    unseen: every page is opened, answers 200, and is compared.
    """
    hands, waiting, times, before = examiner.hands, list(starts), dict[str, int](), frozenset(examined)
    while waiting:
        place = waiting.pop(0)
        mould, path = shape(place), shape(place).partition("?")[0]
        if times.get(mould, 0) >= _SAMPLES.get(mould, 1) or _is_file(place):
            continue
        times[mould] = times.get(mould, 0) + 1
        status = hands.open(place)
        assert status == 200, f"{place} answers {status}"
        came = shape(hands.page.url).partition("?")[0]
        was_here = came != path and route(hands.page.url) in examined  # it led to another page, which was examined
        is_known = "&" in mould or ("?" in mould and _ASKED_OF.search(path) is not None)
        is_known = is_known or (route(hands.page.url) in before and _KNOWN_OF.search(mould) is not None)
        if (is_known and examiner.shows_more()) or not (is_known or was_here):
            name = re.sub(r"\W+", "-", mould.replace("*", "x")).strip("-") or "first"
            examiner.look(f"{name}-{times[mould]}")
        links = hands.page.locator("a[href^='/']").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        waiting += [link.partition("#")[0] for link in dict.fromkeys(links)]
    return sorted(times)
