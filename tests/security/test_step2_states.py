"""A record that is shut is shut on every path; nothing enters it meanwhile; nobody comes back for somebody else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask

from espace import clock as clocks
from espace import db
from espace.access import services as access
from espace.access.services import Answer, ConsentState
from espace.access.services.decisions.carried import FormerAccess, carry_over
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.services.arriving import importing
from espace.documents.services.arriving.claimed import AsideError, RefusedFileError, prepared
from espace.errors import ConflictError, NotFoundError, TamperedError
from espace.family.services import relatives
from espace.interop.cda_write import wrap
from espace.people import services as people
from espace.permissions import Role
from espace.records import services as records
from espace.records.services import Part
from espace.records.services import erasure as erasures
from espace.records.services.transitions import enter, locked
from tests.documents.house import addition, header, pdf, prescription
from tests.house.test_routes import addresses
from tests.support import build, office
from tests.support.browser_client import Browser
from tests.support.canaries import found_in
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

CANARY = "Bilan de Plume-Canari"
SHUT = (records.OPPOSED, records.CLOSED, records.SUSPENDED, records.DECEASED, records.ERASED)


def shut(person: build.Citizen, state: str, clock: FakeClock) -> None:
    """Lead a person's record into a state in which nobody reads it."""
    officer = office.officer(Role.PRIVACY_OFFICER).actor
    match state:
        case records.OPPOSED:
            with db.write() as tx:  # as whoever objected by letter and activated their account afterwards
                enter(tx, locked(tx, person.record_id), records.OPPOSED, details={"by": Part.LETTER.value})
        case records.CLOSED | records.ERASED:
            records.close(person.actor, person.record_id)
        case records.SUSPENDED:
            records.suspend(officer, person.record_id, "Identité usurpée")
        case records.DECEASED:
            records.declare_death(officer, person.record_id, date(2026, 11, 20), "certificate")
    if state == records.ERASED:
        records.ask_erasure(person.actor, person.record_id)
        clock.advance(timedelta(days=100))
        assert erasures.erase_due() == 1


@pytest.fixture
def child(app: Flask) -> tuple[build.Citizen, build.Citizen, build.Caregiver]:
    """A girl of sixteen with an account whose record holds a document, its mother, and a doctor she authorised."""
    mother = build.citizen("Claire")
    made = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother,))
    build.document(mother.standing(made.record_id), CANARY)
    doctor = build.caregiver("Canarijaune", "Hortense")
    access.ensure_matrix()
    access.note_encounter(doctor.actor, made.record_id)
    standing = doctor.standing(made.record_id)
    assert standing is not None
    access.ask(standing, "Suivi")
    [line] = access.consents(mother.standing(made.record_id))
    access.answer(mother.standing(made.record_id), line.id, Answer.GRANT, version=line.version, days=365)
    return made, mother, doctor


@on_sqlite
@pytest.mark.parametrize("state", SHUT)
def test_no_path_reads_a_record_that_is_shut(
    app: Flask,
    child: tuple[build.Citizen, build.Citizen, build.Caregiver],
    clock: FakeClock,
    state: str,
) -> None:
    made, mother, doctor = child
    ids = build.ids_of(mother.standing(made.record_id))
    everybody: dict[str, Callable[[], Browser]] = {
        "holder": lambda: made.browser(app),
        "mother": lambda: mother.browser(app),
        "doctor": lambda: doctor.browser(app),
    }
    shut(made, state, clock)
    for name, come_in in everybody.items():
        browser = come_in()
        for rule, place in addresses(app, method="GET", ids=ids):
            if rule.rule.startswith(("/activation", "/acces-perdu", "/admin", "/invitation", "/static")):
                continue
            for headers in ({}, {"HX-Request": "true", "HX-Target": "documents"}):
                answer = browser.get(place, expect=None, follow=False, whole=False, headers=headers)
                assert not found_in(answer.body, [CANARY]), f"{state}: {name} reads {rule.rule}"
                if "record_id" in rule.arguments:
                    assert answer.status == 404, f"{state}: {name} {rule.rule} {answer.status}"
        token = browser.get("/connexion", expect=None).csrf_token
        for rule, place in addresses(app, method="POST", ids=ids):
            if "record_id" in rule.arguments:
                sent = browser.post(place, {"csrf_token": token}, follow=False)
                assert sent.status == 404, f"{state}: {name} {rule.rule} {sent.status}"


@pytest.mark.parametrize("state", SHUT)
def test_what_was_under_way_does_not_enter_a_record_shut_meanwhile(
    child: tuple[build.Citizen, build.Citizen, build.Caregiver], clock: FakeClock, state: str
) -> None:
    made, mother, doctor = child
    parent, caring = mother.standing(made.record_id), doctor.standing(made.record_id)
    assert caring is not None
    content = wrap(header(made, "1.2.250.1.999.5"), pdf("Importé"), "application/pdf")
    record, new = prepared(content)
    shut(made, state, clock)
    fresh = replace(parent, actor=replace(parent.actor, proved_at=clocks.now()))
    # Without a key nothing can be sealed at all.
    refusal = TamperedError if state == records.ERASED else NotFoundError
    with pytest.raises((refusal, NotFoundError)):
        documents.add(fresh, addition("Radio"))
    with pytest.raises((refusal, NotFoundError)):
        documents.deposit(caring, prescription("Ordonnance", representatives_see=True))
    if state != records.ERASED:
        waits = state in (records.SUSPENDED, records.DECEASED)
        with pytest.raises(AsideError if waits else RefusedFileError):
            importing.filed_once(record, new, Action.DOCUMENT_IMPORTED, content)
    if state in (records.OPPOSED, records.CLOSED):
        if state == records.OPPOSED:
            records.withdraw_opposition(made.actor, made.record_id, Part.HOLDER)
        else:
            records.reopen(made.actor, made.record_id)
        titles = [row.title for row in documents.page(parent).rows]
        assert titles == [CANARY]


def test_a_block_of_an_earlier_record_wins_over_a_line_that_widens(app: Flask) -> None:
    holder, doctor = build.citizen(), build.caregiver("Renard", "Thomas")
    since = clocks.now() - timedelta(days=2)
    for lines in ([False, True], [True, False]):
        carry_over(holder.record_id, [FormerAccess(doctor.facts, blocked, since) for blocked in lines])
        [line] = access.consents(holder.standing())
        assert line.state is ConsentState.BLOCKED


def test_a_parent_does_not_bring_back_who_decides_alone(app: Flask) -> None:
    mother = build.citizen("Claire")
    teen = build.citizen("Léa", birth=date(2010, 1, 5), parents=(mother,), activated=False, opened=False)
    records.oppose(records.bearer(people.person(teen.person_id)), teen.record_id, Part.LETTER)
    relatives.come_back(mother.actor, teen.record_id)  # before she has an account a parent may (rules.md MI-1)
    other = build.citizen("Ana", birth=date(2010, 1, 5), parents=(mother,))
    with db.write() as tx:
        enter(tx, locked(tx, other.record_id), records.OPPOSED, details={"by": Part.LETTER.value})
    with pytest.raises(ConflictError):
        relatives.come_back(mother.actor, other.record_id)
    assert records.record(other.record_id).state == records.OPPOSED
