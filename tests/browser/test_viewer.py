"""A document in a real browser: enlarged by fingers, by links and by keys, printed, and opened in its own viewer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Dialog, Page, expect

from espace.interop import drawing

from .hands import DESK, PHONE, Demo, Hands, awaited, new_hands

Kept = Callable[[str], Any]


def _first_drawn(hands: Hands, demo: Demo) -> str:
    """The address of the newest document whose pages are pictures."""
    record = demo.person("patients", "mother")["record"]
    hands.open(f"/dossiers/{record}/documents")
    for link in [link.get_attribute("href") for link in hands.page.locator("ul.docs h3 a").all()]:
        hands.open(link or "")
        if hands.page.locator("figure.sheet > img").count() and hands.page.get_by_text("Ouvrir le fichier").count():
            return link or ""
    raise AssertionError("no document of the mother's has pages")


def _sideways(page: Page) -> int:
    """How far the page itself moves sideways, in pixels."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_pages_are_enlarged_by_links_and_read_by_keys_without_script(demo: Demo, chromium: Browser, kept: Kept) -> None:
    hands = new_hands(chromium, demo, "viewer", script=False, state=kept("mother"), keyboard=True)
    _first_drawn(hands, demo)
    for times in (2, 3):
        hands.follow("Agrandir les pages")
        hands.page.wait_for_url(f"**zoom={times}*")
        assert _sideways(hands.page) <= 0, "only the window of a page moves"
    window = hands.page.locator("figure .roll").first
    hands.reach(window)
    hands.page.keyboard.press("ArrowRight")
    awaited(lambda: "moved" if window.evaluate("each => each.scrollLeft") else None, "the other side of the page")
    summary = hands.page.locator("figure summary").first
    if summary.count():
        hands.use(summary)
        expect(hands.page.locator("figure pre").first).to_be_visible()
    hands.shot("enlarged")
    hands.close()


def test_what_fingers_enlarge_is_drawn_finer(demo: Demo, chromium: Browser, kept: Kept) -> None:
    context = chromium.new_context(
        viewport=PHONE, has_touch=True, is_mobile=True, locale="fr-FR", storage_state=kept("mother")
    )
    hands = Hands(context.new_page(), context, demo.base_url, "viewer-touch", [])
    _first_drawn(hands, demo)
    hands.page.evaluate("document.querySelector('figure').scrollIntoView()")
    wire = context.new_cdp_session(hands.page)
    middle = PHONE["width"] // 2
    with hands.page.expect_request("**/pages/1?zoom=2"):
        for apart in range(20, 170, 10):
            points = [{"x": middle + side * apart, "y": 300, "id": number} for number, side in enumerate((-1, 1))]
            kind = "touchStart" if apart == 20 else "touchMove"
            wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert hands.page.evaluate("visualViewport.scale") > 1.4
    hands.close()


def test_the_whole_document_comes_out_on_paper_with_whose_it_is(demo: Demo, chromium: Browser, kept: Kept) -> None:
    hands = new_hands(chromium, demo, "viewer", size=DESK, state=kept("mother"))
    _first_drawn(hands, demo)
    hands.follow("Imprimer")
    expect(hands.page.get_by_role("button", name="Imprimer ces pages")).to_be_visible()
    hands.page.wait_for_load_state("networkidle")
    sheets = hands.page.locator("figure.sheet img").count()
    paper = drawing.words(hands.page.pdf(format="A4"), drawing.PDF)
    assert len(paper) == sheets, "a page of the document is a sheet of paper"
    assert all("Claire Fontenay" in words for words in paper)
    assert "Accueil" not in " ".join(paper)
    hands.close()


@contextmanager
def _opened_apart(hands: Hands) -> Iterator[tuple[Page, list[str]]]:
    """The page of the browser's own viewer, and the boxes that something in it opened."""
    boxes: list[str] = []
    with hands.context.expect_page() as opening:
        hands.page.get_by_role("link", name="Ouvrir le fichier dans le navigateur").click()
    page = opening.value

    def close(box: Dialog) -> None:
        boxes.append(box.message)
        box.dismiss()

    page.on("dialog", close)
    page.wait_for_load_state()
    yield page, boxes
    page.close()


def test_the_browser_s_own_viewer_shows_the_file_and_runs_nothing(demo: Demo, chromium: Browser, kept: Kept) -> None:
    hands = new_hands(chromium, demo, "viewer", size=DESK, state=kept("mother"))
    address = _first_drawn(hands, demo)
    answer = hands.context.request.get(f"{demo.base_url}{address}/original")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"].startswith("inline")
    with _opened_apart(hands) as (page, boxes):
        assert page.url.endswith("/original")
        assert page.evaluate("window.opener") is None
        assert boxes == []
    hands.context.close()
