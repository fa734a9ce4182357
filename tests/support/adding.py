"""A person adds a document through its two pages: the file, then what is said of it."""

from collections.abc import Mapping

from .browser_client import Browser, Page, Upload

SAID = {"title": "Prise de sang", "date": "2026-11-20", "type_code": "DOCPAT05"}


def add(browser: Browser, place: str, file: Upload, said: Mapping[str, str] | None = None) -> Page:
    """Send a file to the page at `place`, then its description; gives the last answer, its redirect not followed."""
    checking = browser.submit(browser.get(place).form("file", "camera"), {"file": file})
    if checking.status != 200:
        return checking
    return browser.submit(
        checking.form("title", "geste"), {**SAID, **(said or {})}, button="geste=ajouter", follow=False
    )
