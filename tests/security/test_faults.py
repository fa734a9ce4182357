"""Whatever breaks inside, people get a plain page with a mark, and nothing is half-written (security.md R59, L5).

A fault is put into the n-th place that enters a service, for n = 1, 2, 3 …, until the request goes through without it.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, select

import espace
from espace import db, storage
from espace.access.services import Answer
from espace.documents.models import Document, Quarantined
from espace.professional.models import Draft
from tests.house.test_canaries import _typed
from tests.house.test_get_writes import MARKED, REACHED, VISIT, changes, state
from tests.house.test_routes import addresses
from tests.support import build
from tests.support.browser_client import Browser, Form, Page
from tests.support.marks import on_sqlite

from .relations import TITLE

CANARY = "Canari-9f3b"
_ROOT = str(Path(espace.__file__).parent)
_MAX = 120
ACCOUNT = ("/compte/langue", "/compte/securite/codes", "/compte/securite/application")
# What stays of a request that failed: a try that was counted, a statement that was frozen before its deposit.
_KEPT = {"+throttles", "throttles.failures", "throttles.changed_at", "throttles.next_at", "sessions.seen_at"}
# A professional's first reading is told to the person (rules.md AR-25).
_READ = {"+audit_events", "audit_heads.sequence", "audit_heads.link", "access_consents.last_visit_at"}
_READ |= {"+notices", "+outbox"}
_FROZEN = {"deposit_drafts.payload"}
_DEPOSITED = {"+documents", "+audit_events", "audit_heads.sequence", "audit_heads.link", "+notices", "+outbox"}
_DEPOSITED |= {"+document_authors"}


class PlantedError(Exception):
    """The fault."""


class _Fault:
    """Fails at the n-th place that enters a service from another file; what comes again from there counts once."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.struck = False
        self._entries: set[tuple[CodeType, CodeType, int]] = set()

    def __call__(self, frame: FrameType, kind: str, _argument: Any) -> None:
        if kind != "call" or self.struck:
            return
        code, caller = frame.f_code, frame.f_back
        entered = code.co_filename.startswith(_ROOT) and "services" in code.co_filename[len(_ROOT) :]
        if not entered or code.co_name.startswith(("_", "<")) or caller is None:
            return
        if caller.f_code.co_filename == code.co_filename:
            return
        self._entries.add((code, caller.f_code, caller.f_lineno))
        if len(self._entries) == self.left:
            self.struck = True
            raise PlantedError(CANARY)


@contextmanager
def _planted(fault: _Fault) -> Iterator[None]:
    before = sys.gettrace()
    sys.settrace(fault)
    try:
        yield
    finally:
        sys.settrace(before)


def _strike(send: Callable[[], Page], *, writes: bool = False) -> tuple[int, Page]:
    """Send with a fault ever further in, checking each answer; gives how many faults, and the answer without one."""
    wholes: set[frozenset[str]] = set()
    for number in range(1, _MAX):
        before, fault = state() if writes else {}, _Fault(number)
        with _planted(fault):
            answer = send()
        if not fault.struck:
            return number - 1, answer
        check_failed(answer)
        if not writes:
            continue
        left = changes(before, state()) - _KEPT
        if left:  # the fault came after the act was committed: it must have been committed whole
            wholes.add(frozenset(left))
        assert len(wholes) <= 1, f"fault {number} of {answer.path} left {left}, others {wholes}"
        assert stray_files() == set()
    raise AssertionError("the faults have no end")


def check_failed(answer: Page) -> None:
    """What people see of a failure: plain words and a mark, nothing of the program, of data or of the fault."""
    assert answer.status >= 400, f"{answer.path}: {answer.status}"  # 404: it struck while the error was put in words
    text = answer.response.get_data(as_text=True)
    for word in (CANARY, "PlantedError", "Traceback", ".py", "espace/", "sqlalchemy", "sqlite", "psycopg", TITLE):
        assert word not in text, f"{answer.path} tells {word}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    if answer.status >= 500:
        assert re.search(r"\b[0-9A-Z]{4} ?[0-9A-Z]{4}\b", answer.text), "no mark to tell the help desk"


def stray_files() -> set[str]:
    """Files in the storage that no row names."""
    with db.read() as tx:
        named = {str(one) for one in tx.execute(select(Document.file_id)).scalars()}
        named |= {str(one) for one in tx.execute(select(Document.body_file_id)).scalars()}
        named |= {str(one) for one in tx.execute(select(Draft.file_id)).scalars()}
        named |= {str(one) for one in tx.execute(select(Quarantined.file_id)).scalars()}
    files = {path for path in storage.current().root.rglob("*") if path.is_file()}
    return {
        path.name for path in files if not any(one in path.name or one.replace("-", "") in path.name for one in named)
    }


@pytest.fixture
def people(app: Flask) -> tuple[build.Citizen, dict[str, Browser]]:
    """A person with a document, the doctor they authorised, and a visitor."""
    holder, doctor = build.citizen(), build.caregiver()
    build.consent(holder, doctor, Answer.GRANT)
    build.document(holder.standing(), TITLE)
    return holder, {"/dossiers": holder.browser(app), "/pro": doctor.browser(app), "": Browser(app)}


@on_sqlite
def test_a_page_that_breaks_anywhere_says_so_and_nothing_else(
    app: Flask, people: tuple[build.Citizen, dict[str, Browser]]
) -> None:
    holder, browsers = people
    struck = 0
    for rule, place in addresses(app, method="GET", ids=build.ids_of(holder.standing())):
        browser = browsers["/pro" if rule.rule.startswith("/pro/") else "/dossiers"]

        def look(place: str = place, browser: Browser = browser) -> Page:
            return browser.get(place, expect=None, follow=False)

        before = state()
        faults, _ = _strike(look)
        assert changes(before, state()) <= _KEPT | _READ | VISIT | REACHED | MARKED, rule.rule
        struck += faults
    print(f"{struck} faults")
    assert struck > 150


def _acts(browser: Browser, *places: str) -> Iterator[Form]:
    """Every form of these pages that is sent here."""
    for place in places:
        for form in browser.get(place).forms:
            if form.method == "POST" and "deconnexion" not in form.action:
                yield form


def _filled(form: Form) -> dict[str, Any]:
    """Answers a person could give."""
    values = _typed(form)
    for choice in form.element.xpath(".//select"):
        values[choice.get("name")] = str(choice.xpath(".//option/@value")[-1])
    for name in ("birth_date",):
        if name in values:
            values[name] = "12/05/1984"
    if "date" in values and "patient_sees" in form.names:
        values["date"] = "20/11/2026"
    return values


@on_sqlite
def test_an_act_that_breaks_anywhere_leaves_nothing_half_written(
    people: tuple[build.Citizen, dict[str, Browser]],
) -> None:
    holder, browsers = people
    build.consent(holder, build.caregiver("Roy", "Ana"))
    record, patient = f"/dossiers/{holder.record_id}", f"/pro/patients/{holder.record_id}"
    asked = build.ids_of(holder.standing())["consent_id"]
    done = struck = 0
    for browser, places in (
        (browsers["/dossiers"], (f"{record}/documents/ajouter", f"{record}/acces/{asked}", *ACCOUNT)),
        (browsers["/pro"], ("/pro/patients", f"{patient}/deposer")),
        (browsers[""], ("/connexion", "/activation", "/activation/nouveau-code")),
    ):
        for form in list(_acts(browser, *places)):
            button = next(iter(form.element.xpath(".//button[@name]")), None)
            pressed = f"{button.get('name')}={button.get('value')}" if button is not None else None
            values = _filled(form)

            def send(
                form: Form = form, browser: Browser = browser, pressed: str | None = pressed, values: Any = values
            ) -> Page:
                return browser.submit(form, values, button=pressed, follow=False)

            faults, answer = _strike(send, writes=True)
            assert answer.status in (303, 409, 422), f"{form.action}: {answer.status}"
            done += answer.status in (303, 409)  # 409: the fault came after the decision was kept
            struck += faults
    print(f"{struck} faults, {done} acts done at last")
    assert done >= 3
    assert struck > 60


def _failing_statement(number: int) -> tuple[Callable[..., None], list[int]]:
    left = [number]

    def fail(_connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        left[0] -= not statement.startswith("SELECT")
        if left[0] == 0:
            left[0] = -_MAX
            raise PlantedError(CANARY)

    return fail, left


def test_a_deposit_cut_at_any_statement_ends_as_one_document(people: tuple[build.Citizen, dict[str, Browser]]) -> None:
    """Whatever statement fails, sending it again ends with one document, one act and one letter."""
    holder, browsers = people
    browser, patient = browsers["/pro"], f"/pro/patients/{holder.record_id}"
    letters = len(build.mails_to(holder.email))
    (form,) = _acts(browser, f"{patient}/deposer")
    kept = _cut_everywhere(lambda: browser.submit(form, _filled(form), follow=False))
    confirm = browser.get(kept.headers["Location"]).form("title", "date")
    done = _cut_everywhere(lambda: browser.submit(confirm, _filled(confirm), follow=False))
    browser.get(done.headers["Location"], expect=200)
    titles = [row.title for row in _documents(holder)]
    assert len(titles) == 2
    assert len(build.mails_to(holder.email)) == letters + 1
    assert stray_files() == set()


def _documents(holder: build.Citizen) -> Any:
    from espace.documents import services as documents

    return documents.page(holder.standing()).rows


def _cut_everywhere(send: Callable[[], Page]) -> Page:
    """Send with the n-th writing statement failing, for n = 1, 2, 3 …, until none fails."""
    engines = {db.current().writer}
    for number in range(1, _MAX):
        fail, left = _failing_statement(number)
        before = state()
        for engine in engines:
            event.listen(engine, "before_cursor_execute", fail)
        try:
            answer = send()
        finally:
            for engine in engines:
                event.remove(engine, "before_cursor_execute", fail)
        if left[0] > 0:
            return answer
        check_failed(answer)
        assert changes(before, state()) - _KEPT - _FROZEN in (set(), _DEPOSITED)
        assert stray_files() == set()
    raise AssertionError("the statements have no end")
