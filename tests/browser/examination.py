"""What any page must stand up to: accessibility, narrow screens, spaced text, the keyboard, a quiet console."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import axe_playwright_python
from playwright.sync_api import Page, ViewportSize

from .hands import DESK, PHONE, SHOWN, Hands

_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_BY_COLOUR = ["color-contrast", "link-in-text-block"]
Theme = Literal["light", "dark"]
WIDTHS = (1280, 768, 360, 320)
"""From wide to narrow: the narrowest is looked at with spaced text, too."""
_MOST_STOPS = 160

# WCAG 1.4.12, put in as the browser's own tools would: the page's policy allows no style from elsewhere.
_SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
    word-spacing: .16em !important } p { margin-block-end: 2em !important }`);
  document.adoptedStyleSheets = [sheet];
}"""
_PLAIN = "() => { document.adoptedStyleSheets = []; }"
_TOO_WIDE = """() => {
  const page = document.scrollingElement, right = page.clientWidth;
  if (page.scrollWidth <= right) return [];
  return [...document.querySelectorAll("body *")].filter(each => each.getBoundingClientRect().right > right + 1)
    .map(each => each.outerHTML.slice(0, 120)).slice(0, 4);
}"""
_RUN = """async ([tags, rules]) => {
  const options = rules ? {runOnly: {type: "rule", values: rules}} : {runOnly: {type: "tag", values: tags}};
  const found = await axe.run(document, {...options, resultTypes: ["violations"]});
  return found.violations.map(each => each.id + ": " + each.nodes.slice(0, 3).map(
    node => node.target + " " + node.html.slice(0, 160) + " " + [...node.any, ...node.all, ...node.none].map(
      check => check.message).join("; ")).join(" | "));
}"""
# What has the focus: whether one sees it, and what is wrong with how it looks.
_FOCUSED = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return null;
  window.stops ??= new Set();
  if (window.stops.has(here)) return null;
  window.stops.add(here);
  const name = here.outerHTML.slice(0, 120);
  const ringed = each => {
    const style = getComputedStyle(each);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const row = here.closest(".row");
  if (!ringed(here) && !(row && ringed(row))) return "no ring: " + name;
  const box = [...here.getClientRects()].find(each => each.width > 1 && each.height > 1);
  if (!box) return "not to be seen: " + name;
  const x = box.left + box.width / 2;
  const y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
  if (box.bottom <= 0 || box.top >= innerHeight || x < 0 || x > innerWidth) return "off the screen: " + name;
  const hit = document.elementFromPoint(x, y);
  if (!hit || !(here.contains(hit) || hit.contains(here) || hit.closest("label")?.control === here))
    return "under " + (hit?.outerHTML ?? "").slice(0, 80) + ": " + name;
  return "";
}"""


@dataclass(frozen=True)
class Fault:
    """Something wrong with a page."""

    page: str
    kind: str
    what: str


def examine(hands: Hands, place: str) -> list[Fault]:
    """Look at the page that is open from every side; gives what is wrong with it."""
    page = hands.page
    size = page.viewport_size
    found = [Fault(place, f"axe {theme}", what) for theme, what in _axe(page)]
    found += [Fault(place, "too wide", what) for what in _too_wide(page)]
    page.set_viewport_size(PHONE)
    found += [Fault(place, "keyboard", what) for what in _keyboard(page)]
    if size is not None:
        page.set_viewport_size(size)
    return found


def _axe(page: Page) -> list[tuple[str, str]]:
    page.evaluate(_AXE)
    wrong: list[tuple[str, str]] = []
    themes: tuple[tuple[Theme, list[str] | None], ...] = (("light", None), ("dark", _BY_COLOUR))
    for theme, rules in themes:
        page.emulate_media(color_scheme=theme)
        wrong += [(theme, what) for what in page.evaluate(_RUN, [_TAGS, rules])]
    page.emulate_media(color_scheme="light")
    return wrong


def _too_wide(page: Page) -> list[str]:
    wrong = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 740})
        wrong += [f"at {width}: {what}" for what in page.evaluate(_TOO_WIDE)]
    page.evaluate(_SPACED)
    wrong += [f"at {WIDTHS[-1]} with spaced text: {what}" for what in page.evaluate(_TOO_WIDE)]
    page.evaluate(_PLAIN)
    return wrong


def _keyboard(page: Page) -> list[str]:
    """Every stop of the Tab key, in a phone's window with its bars."""
    page.evaluate("() => { document.activeElement?.blur?.(); scrollTo(0, 0); window.stops = new Set(); }")
    wrong: list[str] = []
    for _ in range(_MOST_STOPS):
        page.keyboard.press("Tab")
        seen: str | None = page.evaluate(_FOCUSED)
        if seen is None:
            break
        wrong += [seen] if seen else []
    return wrong


def portraits(hands: Hands, what: str) -> None:
    """Two pictures for the eye, where it wants any: a phone in daylight, a desk in the dark; then stand at the desk."""
    if not SHOWN:
        if hands.page.viewport_size != DESK:
            hands.page.set_viewport_size(DESK)
        return
    views: tuple[tuple[str, ViewportSize, Theme], ...] = (("phone", PHONE, "light"), ("desk-dark", DESK, "dark"))
    hands.page.evaluate("() => { document.activeElement?.blur?.(); scrollTo(0, 0); }")
    for name, size, theme in views:
        hands.page.set_viewport_size(size)
        hands.page.emulate_media(color_scheme=theme)
        hands.shot(f"{what}-{name}")
    hands.page.emulate_media(color_scheme="light")
