"""Looking changes nothing: a GET of any address leaves every table as it was, but for a short list (design 3.8)."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, Table, event, select

from espace import db
from espace.access.services import Answer
from espace.administration.services import visits
from espace.administration.services.visits import Identity, Purpose
from espace.machines import Machines
from espace.permissions import Role
from tests.support import build, office
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite
from tests.support.rows import fill

from .test_routes import addresses

# What a GET may change: a column of rows that are there already, or (`+`) new rows.
SEEN = {"sessions.seen_at"}  # at most once a minute
READING = {"+audit_events", "audit_heads.sequence", "audit_heads.link", "audit_heads.changed_at", "+audit_heads"}
# Shown to the holder beside the professional's name; the first reading of all is told (AR-25).
VISIT = {"+access_visits", "access_visits.visited_at", "access_visits.known_at", "+notices", "+outbox"}

REACHED = {"+access_reaches", "access_reaches.last_at"}  # which records a professional reached (R48)

# The reader's own: what they opened, and when they looked at the list (once in ten minutes at most).
MARKED = {
    "+document_marks",
    "document_marks.read_at",
    "+document_readers",
    "document_readers.visited_at",
    "document_readers.previous_visit_at",
}

# Addresses whose GET does something, with why.
ACTS = {
    "/pro/connexion": {"+one_time_codes"},  # leaves for the provider: state and nonce are kept until it is back
    "/pro/connexion/retour": {"+sessions", "+one_time_codes", "-one_time_codes", *READING},
}

OWN_DOWNLOADS = ("/telecharger", "/original")  # the holder's own exports are acts of the trail (design 3.5)

Rows = list[tuple[Any, ...]]
State = dict[str, Rows]


def state() -> State:
    """Table -> its rows as the database holds them, of the whole database."""
    with db.read() as tx, closing(tx.connection.cursor()) as cursor:
        found: State = {}
        for name, statement in _statements().items():
            cursor.execute(statement)
            found[name] = list(cursor.fetchall())
        return found


@cache
def _statements() -> dict[str, str]:
    """Table -> the statement that gives its rows: to put them together took longer than to ask them."""
    return {table.name: str(select(table)) for table in db.Base.metadata.sorted_tables}


def changes(before: State, after: State) -> set[str]:
    """What differs: `table.column`, `+table` for new rows, `-table` for rows that are gone."""
    found: set[str] = set()
    for name in after:
        if before[name] != after[name]:
            found |= _changes_of(db.Base.metadata.tables[name], before[name], after[name])
    return found


def _changes_of(table: Table, before: Rows, after: Rows) -> set[str]:
    keys = [place for place, column in enumerate(table.columns) if column.primary_key]
    old, new = ({tuple(row[place] for place in keys): row for row in rows} for rows in (before, after))
    found = set()
    if new.keys() - old.keys():
        found.add(f"+{table.name}")
    if old.keys() - new.keys():
        found.add(f"-{table.name}")
    for key in new.keys() & old.keys():
        pairs = zip(table.columns, old[key], new[key], strict=True)
        found |= {f"{table.name}.{column.name}" for column, was, value in pairs if was != value}
    return found


@contextmanager
def _compiled_once() -> Iterator[None]:
    """Every statement sent meanwhile is one that SQLAlchemy keeps: put together anew, one costs milliseconds."""
    anew: set[str] = set()

    def note(*sent: Any) -> None:
        statement, context = sent[2], sent[4]
        if getattr(context, "compiled", None) is not None and context.compiled.cache_key is None:
            anew.add(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert anew == set()


@_compiled_once()
def _look_everywhere(browser: Browser, clock: FakeClock, ids: dict[str, Any], allowed: set[str]) -> dict[str, set[str]]:
    """Every address, opened and asked for as a fragment; gives what each changed beyond what is allowed."""
    wrong: dict[str, set[str]] = {}
    after = state()
    for rule, place in addresses(browser.app, method="GET", ids=ids):
        before = after
        for headers in ({}, {"HX-Request": "true", "HX-Target": "anything"}):
            clock.advance(timedelta(seconds=61))
            page = browser.get(place, expect=None, follow=False, whole=False, headers=headers)
            assert page.status < 500, f"{rule.rule}: {page.text[:300]}"
        browser.send("HEAD", place, follow=False, whole=False)
        after = state()
        found = changes(before, after) - allowed - ACTS.get(rule.rule, set())
        if found:
            wrong[rule.rule] = found
    return wrong


@pytest.fixture
def holder(machines: Machines) -> build.Citizen:
    """A person with a document in their record."""
    made = build.citizen()
    build.document(made.standing())
    build.care_line(made)
    return made


@on_sqlite
def test_the_holder_looks_at_everything_and_nothing_changes(
    app: Flask, clock: FakeClock, holder: build.Citizen
) -> None:
    build.consent(holder, build.caregiver())
    ids = build.ids_of(holder.standing())
    wrong = _look_everywhere(holder.browser(app), clock, ids, SEEN | MARKED)
    for rule in wrong:
        if rule.endswith(OWN_DOWNLOADS):
            wrong[rule] -= READING
    assert {rule: found for rule, found in wrong.items() if found} == {}


@on_sqlite
def test_a_professional_looks_at_everything_and_only_the_trail_grows(
    app: Flask, clock: FakeClock, holder: build.Citizen
) -> None:
    doctor = build.caregiver()
    build.consent(holder, doctor, Answer.GRANT)
    ids = build.ids_of(holder.standing())
    assert _look_everywhere(doctor.browser(app), clock, ids, SEEN | READING | VISIT | MARKED | REACHED) == {}


@on_sqlite
def test_a_visitor_looks_at_everything_and_nothing_changes(app: Flask, clock: FakeClock, holder: build.Citizen) -> None:
    assert _look_everywhere(Browser(app), clock, build.ids_of(holder.standing()), set()) == {}


@on_sqlite
@pytest.mark.parametrize("role", Role)
def test_an_operator_looks_at_everything_and_only_the_trail_grows(
    app: Flask, clock: FakeClock, holder: build.Citizen, role: Role
) -> None:
    officer = office.officer(role)
    ids = build.ids_of(holder.standing()) | {"operator_id": office.officer(Role.COUNTER).id}
    if role is not Role.ADMINISTRATOR:
        purpose = Purpose.COUNTER if role is Role.COUNTER else Purpose.PRIVACY
        ids["visit_id"] = visits.find(officer.actor, purpose, Identity(holder.ins, holder.birth_date))
    assert _look_everywhere(officer.browser(app), clock, ids, SEEN | READING) == {}


def test_a_change_is_seen(machines: Machines) -> None:
    before = state()
    persons = db.Base.metadata.tables["persons"]
    with db.write() as tx:
        fill(tx, [persons])
    after = state()
    assert changes(before, after) == {"+persons"}
    assert changes(after, before) == {"-persons"}
    place = list(persons.columns.keys()).index("payload")
    [row] = after["persons"]
    other = (*row[:place], b"other", *row[place + 1 :])
    assert changes(after, {**after, "persons": [other]}) == {"persons.payload"}
