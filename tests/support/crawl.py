"""Walks a site as somebody would: every link of every page, every form."""

from collections.abc import Iterator
from urllib.parse import urldefrag, urlsplit

from .browser_client import Browser, Page

_LINKS = "//a/@href | //link[not(@rel='icon')]/@href | //iframe/@src | //img/@src | //script/@src"
_ELSEWHERE = ("mailto:", "tel:", "sms:", "data:", "otpauth:")


def places(page: Page) -> Iterator[str]:
    """Where the links of a page lead on this site."""
    for href in page.tree.xpath(_LINKS):
        target = urldefrag(str(href)).url
        if not target or target.startswith(_ELSEWHERE):
            continue
        parts = urlsplit(target)
        if parts.netloc:
            here = page.response.request.host_url.rstrip("/")
            assert f"{parts.scheme}://{parts.netloc}" == here, f"leads away: {href}"
        path = parts.path or page.path
        assert path.startswith("/"), f"{page.path} leads to {href}, which depends on where one stands"
        yield path + (f"?{parts.query}" if parts.query else "")


def crawl(browser: Browser, *starts: str, limit: int = 300) -> Iterator[Page]:
    """Every page that links lead to from `starts`, each address once; a link that leads nowhere fails."""
    waiting = [(start, "the start") for start in starts]
    known = set(starts)
    while waiting and limit:
        place, origin = waiting.pop(0)
        limit -= 1
        page = browser.get(place, expect=None)
        assert page.status < 400, f"{origin} leads to {place}, which answers {page.status}: {page.text[:200]}"
        yield page
        if not page.is_html:
            continue
        for found in places(page):
            if found not in known:
                known.add(found)
                waiting.append((found, page.path))
