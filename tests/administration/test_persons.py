"""The privacy officer: the life of one record, each act confirmed, traced twice, nothing clinical (AC-10, AC-11)."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask

from espace import db
from espace.administration.services import persons, visits, waiting
from espace.administration.services.persons import Task
from espace.administration.services.visits import Identity, Purpose
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError, StepUpError
from espace.permissions import Actor
from espace.records import services as records
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock
from tests.support.office import Officer


def found(actor: Actor, one: build.Citizen) -> UUID:
    """A visit to a person."""
    return visits.find(actor, Purpose.PRIVACY, Identity(one.ins, one.birth_date))


def at_page(browser: Browser, one: build.Citizen) -> str:
    """Go to a person's page; gives its address."""
    page = browser.get("/admin/personnes")
    values = {"ins": one.ins, "birth_date": f"{one.birth_date:%d/%m/%Y}"}
    return browser.submit(page.form("ins"), values, expect=200).path


def state(one: build.Citizen) -> str:
    """Where the record stands."""
    return records.state_of(one.record_id).state


def test_a_record_is_suspended_and_given_back(app: Flask, privacy: Officer) -> None:
    person = build.citizen("Rose", "Guérin")
    build.document(person.standing(), "Bilan de Plume-Canari")
    browser = privacy.browser(app)
    place = at_page(browser, person)
    page = browser.get(f"{place}/suspendre")
    assert state(person) == records.ACTIVE
    values = {"kind": "fraud", "reason": "Une autre personne s'est présentée avec cette carte."}
    page = browser.submit(page.form("kind"), values, expect=200)
    assert page.path == place
    assert state(person) == records.SUSPENDED
    assert "Une autre personne" in page.text
    assert "Plume-Canari" not in page.text
    page = browser.get(f"{place}/lever")
    form = next(form for form in page.forms if form.action == f"{place}/lever")
    page = browser.submit(form, expect=200)
    assert state(person) == records.ACTIVE
    own = [
        entry.action for entry in audit.entries(person.record_id, mine=True, holder_actor_ids=[privacy.id], before=None)
    ]
    assert Action.RECORD_SUSPENDED in own
    assert Action.SUSPENSION_LIFTED in own
    house = [entry.action for entry in audit.office_acts()]
    assert Action.RECORD_SUSPENDED in house
    assert Action.SUSPENSION_LIFTED in house


@pytest.mark.parametrize(
    "values", [{}, {"kind": "envy", "reason": "x"}, {"kind": "fraud"}, {"kind": "fraud", "reason": "x" * 501}]
)
def test_a_suspension_needs_its_reason(app: Flask, privacy: Officer, values: dict[str, str]) -> None:
    person = build.citizen()
    browser = privacy.browser(app)
    place = at_page(browser, person)
    token = browser.get(f"{place}/suspendre").csrf_token
    browser.post(f"{place}/suspendre", {"csrf_token": token, **values}, expect=422)
    assert state(person) == records.ACTIVE
    assert Action.RECORD_SUSPENDED not in [entry.action for entry in audit.office_acts()]


def test_a_death_and_an_heir(app: Flask, privacy: Officer, clock: FakeClock) -> None:
    person, child = build.citizen("Yves", "Quéméner", sex="M"), build.citizen("Soazig", "Quéméner")
    browser = privacy.browser(app)
    place = at_page(browser, person)
    page = browser.get(f"{place}/deces")
    values = {"died_on": "2 novembre 2026", "evidence": "certificate"}
    page = browser.submit(page.form("died_on"), values, expect=200)
    assert state(person) == records.DECEASED
    page = browser.get(f"{place}/heritier")
    values = {
        "ins": child.ins,
        "birth_date": f"{child.birth_date:%d/%m/%Y}",
        "relationship": "child",
        "motive": "cause",
    }
    page = browser.submit(page.form("relationship"), values, expect=200)
    assert "Soazig Quéméner" in page.text
    assert [one.why for one in waiting.for_privacy()] == [waiting.Why.HEIR]
    line = records.heirs_of(person.record_id)[0]
    page = browser.get(f"{place}/heritiers/{line.id}")
    values = {"decision": "grant", "reason": "Livret de famille présenté."}
    browser.submit(page.form("decision"), values, expect=200)
    assert records.heir_until(person.record_id, child.person_id)
    assert waiting.for_privacy() == []
    page = browser.get(f"{place}/heritiers/{line.id}")
    assert not any("decision" in form.names for form in page.forms)


def test_a_death_declared_by_mistake_is_withdrawn(app: Flask, privacy: Officer, clock: FakeClock) -> None:
    person = build.citizen()
    visit = found(privacy.actor, person)
    persons.declare_death(privacy.actor, visit, date(2026, 11, 1), "certificate")
    stale = privacy.actor
    clock.advance(timedelta(minutes=6))
    with pytest.raises(StepUpError):
        persons.withdraw_death(stale, visit, "Erreur de la mairie.")
    assert Action.DEATH_WITHDRAWN not in [entry.action for entry in audit.office_acts()]
    persons.withdraw_death(privacy.actor, visit, "Erreur de la mairie.")
    assert state(person) == records.ACTIVE


def test_only_what_the_state_allows_is_offered(app: Flask, privacy: Officer) -> None:
    browser = privacy.browser(app)
    active, announced = build.citizen(), build.citizen(activated=False)
    for one, expected in (
        (active, {Task.SUSPEND, Task.DECLARE_DEATH}),
        (announced, {Task.SUSPEND, Task.DECLARE_DEATH}),
    ):
        place = at_page(browser, one)
        for task in Task:
            assert browser.get(f"{place}/{task}", expect=None).status == (200 if task in expected else 404)
        assert browser.get(f"{place}/heritier", expect=404).status == 404
        assert browser.get(f"{place}/supprimer", expect=404).status == 404


def test_an_objection_waits_and_is_decided(app: Flask, privacy: Officer) -> None:
    person = build.citizen()
    actor = person.actor
    visit = found(privacy.actor, person)
    persons.suspend(privacy.actor, visit, "fraud", "Deux personnes ont présenté cette carte.")
    assert waiting.for_privacy() == []  # it ends in six weeks: nothing to do yet
    records.object_to_suspension(actor, person.record_id, "Ce n'est pas moi.")
    (one,) = waiting.for_privacy()
    assert one.why is waiting.Why.OBJECTION
    browser = privacy.browser(app)
    page = browser.get("/admin/")
    assert person.name not in page.text
    form = next(form for form in page.forms if form.action.startswith("/admin/a-suivre/"))
    page = browser.submit(form, expect=200)
    assert "Ce n'est pas moi." in page.text
    persons.confirm(privacy.actor, UUID(page.path.rpartition("/")[2]), "Pièces vérifiées.")
    assert state(person) == records.CLOSED
    assert waiting.for_privacy() == []


def test_a_record_that_does_not_wait_is_not_opened_by_its_id(app: Flask, privacy: Officer) -> None:
    person = build.citizen()
    with pytest.raises(NotFoundError):
        waiting.open_waiting(privacy.actor, person.record_id)
    with pytest.raises(NotFoundError):
        persons.dossier(privacy.actor, person.record_id)


def test_other_roles_cannot_act_on_a_record(
    app: Flask, counter: Officer, administrator: Officer, privacy: Officer
) -> None:
    person = build.citizen()
    visit = found(privacy.actor, person)
    for officer in (counter, administrator):
        with pytest.raises(NotFoundError):
            persons.suspend(officer.actor, visit, "fraud", "x")
        with pytest.raises(NotFoundError):
            visits.find(officer.actor, Purpose.PRIVACY, Identity(person.ins, person.birth_date))


def test_an_unknown_heir_is_a_miss(app: Flask, privacy: Officer) -> None:
    person = build.citizen()
    visit = found(privacy.actor, person)
    persons.declare_death(privacy.actor, visit, date(2026, 11, 1), "certificate")
    with pytest.raises(InvalidError):
        persons.ask_for_heir(privacy.actor, visit, Identity(build.ins(), date(1980, 1, 1)), "child", "cause")
    acts = [entry.action for entry in audit.office_acts()]
    assert Action.OPERATOR_SEARCHED in acts


def test_no_page_without_its_row(app: Flask, privacy: Officer, monkeypatch: pytest.MonkeyPatch) -> None:
    person = build.citizen("Rose", "Guérin")
    browser = privacy.browser(app)
    place = at_page(browser, person)

    def broken(*_facts: object, **_more: object) -> None:
        raise OSError

    monkeypatch.setattr("espace.audit.services.office.record_many", broken)
    answer = browser.get(place, expect=None)
    assert answer.status == 500
    assert "Guérin" not in answer.text


def test_each_page_view_is_a_row_of_the_record(app: Flask, privacy: Officer) -> None:
    person = build.citizen()
    browser = privacy.browser(app)
    place = at_page(browser, person)
    browser.get(place)
    seen = [
        entry
        for entry in audit.entries(person.record_id, mine=True, holder_actor_ids=[privacy.id], before=None)
        if entry.action is Action.OPERATOR_PAGE_OPENED
    ]
    assert len(seen) == 2
    assert seen[0].actor_name == privacy.name


def test_the_activity_names_no_person_and_pages_older_acts(app: Flask, privacy: Officer, counter: Officer) -> None:
    person = build.citizen("Rose", "Guérin")
    for _ in range(25):
        visits.find(counter.actor, Purpose.COUNTER, Identity(person.ins, person.birth_date))
    with db.write():
        for _ in range(20):
            visits.find(privacy.actor, Purpose.PRIVACY, Identity(person.ins, person.birth_date))
    browser = privacy.browser(app)
    page = browser.get("/admin/activite")
    assert counter.name in page.text
    assert "Guérin" not in page.text
    assert person.ins not in page.text
    older = next(href for href in page.links.values() if "avant=" in href)
    assert browser.get(older).h1 == page.h1
    assert browser.get("/admin/activite?avant=zzz").status == 200
    assert next(entry.action for entry in audit.office_acts()) is Action.ACTIVITY_READ
