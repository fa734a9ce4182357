"""Every page that links lead to exists, keeps the rules of `browser_client.check_page`, and has no dead button."""

from datetime import date

import pytest
from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound

from espace.access.services import Answer
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.crawl import crawl
from tests.support.marks import on_sqlite

pytestmark = on_sqlite


def dead_forms(page: Page, app: Flask) -> list[str]:
    """Forms of a page that are sent nowhere."""
    found = []
    for form in page.forms:
        try:
            app.url_map.bind("").match(form.action.partition("?")[0].partition("#")[0], method=form.method)
        except (NotFound, MethodNotAllowed):
            found.append(f"{page.path}: {form.method} {form.action}")
    return found


def _walk(app: Flask, browser: Browser, *starts: str) -> set[str]:
    seen = set()
    for page in crawl(browser, *starts):
        if page.is_html:
            seen.add(page.path)
            assert dead_forms(page, app) == []
    return seen


def test_a_visitor_finds_every_page(app: Flask) -> None:
    seen = _walk(app, Browser(app), "/")
    assert {"/", "/connexion", "/activation", "/aide"} <= seen


def test_a_mother_finds_every_page_of_hers_and_of_her_child(app: Flask) -> None:
    mother = build.citizen()
    child = build.citizen("Léo", birth=date(2019, 3, 4), sex="M", parents=[mother], activated=False)
    build.consent(mother, build.caregiver())
    seen = _walk(app, mother.browser(app), "/")
    for record in (mother.record_id, child.record_id):
        for place in ("", "documents", "acces", "historique"):
            assert f"/dossiers/{record}/{place}" in seen


@pytest.mark.parametrize("answer", [None, Answer.GRANT, Answer.REFUSE, Answer.BLOCK])
def test_a_professional_finds_every_page(app: Flask, answer: Answer | None) -> None:
    holder, doctor = build.citizen(), build.caregiver()
    build.consent(holder, doctor, answer)
    seen = _walk(app, doctor.browser(app), "/", f"/pro/patients/{holder.record_id}/")
    assert {"/pro/", "/pro/patients", f"/pro/patients/{holder.record_id}/"} <= seen


def test_a_dead_link_and_a_dead_form_are_seen(app: Flask, client: Browser) -> None:
    page = client.get("/connexion")
    page.tree.xpath("//form")[0].set("action", "/nowhere")
    assert dead_forms(page, app)
    with pytest.raises(AssertionError, match="answers 404"):
        list(crawl(client, "/nowhere"))
