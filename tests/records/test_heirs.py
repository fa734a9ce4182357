"""A dead person's record: nobody reads it but granted heirs, read-only, traced, for some weeks (AC-11)."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, update

from espace import db
from espace.access import services as access
from espace.audit.services import Action, entries
from espace.documents import services as documents
from espace.documents.models import Document
from espace.errors import ConflictError, InvalidError, NotFoundError, StepUpError
from espace.permissions import Permission, Relation, Role
from espace.records import services as records
from espace.records.models import Heir
from espace.records.services import HeirRequest
from espace.settings import Settings
from tests.support import build
from tests.support.build import Citizen
from tests.support.clock import FakeClock

from .lives import operator

REQUEST = HeirRequest(uuid4(), "child", "cause")
MARKS = ("hidden", "patient_invisible", "representatives_invisible")


@pytest.fixture
def yves(app: Flask) -> Citizen:
    """Who dies, with one document of each visibility."""
    access.ensure_matrix()
    person = build.citizen("Yves", "Quéméner", sex="M", birth=date(1952, 8, 19))
    for mark in ("plain", *MARKS):
        document_id = build.document(person.standing(), f"Document {mark}")
        if mark != "plain":
            with db.write() as tx:
                tx.execute(update(Document).where(Document.id == document_id).values(**{mark: True}))
    return person


@pytest.fixture
def soazig(app: Flask) -> Citizen:
    """His daughter."""
    return build.citizen("Soazig", "Quéméner", birth=date(1979, 5, 7))


def die(person: Citizen) -> None:
    """The house learns of it."""
    records.declare_death(operator(), person.record_id, date(2026, 11, 20), "certificate")


def granted(yves: Citizen, soazig: Citizen) -> None:
    """The request of his daughter, decided."""
    die(yves)
    request = replace(REQUEST, person_id=soazig.person_id)
    heir = records.ask_for_heir(operator(Role.COUNTER), yves.record_id, request)
    assert access.standing(soazig.actor, yves.record_id) is None, "asking opens nothing"
    records.decide_heir(operator(), yves.record_id, heir, grant=True, reason="Livret de famille")


def test_an_heir_reads_what_was_not_hidden_and_changes_nothing(yves: Citizen, soazig: Citizen) -> None:
    granted(yves, soazig)
    found = access.standing(soazig.actor, yves.record_id)
    assert found is not None
    assert (found.relation, found.rights) == (
        Relation.HEIR,
        frozenset({Permission.RECORD_HOME, Permission.DOCUMENTS_READ}),
    )
    assert [row.title for row in documents.page(found).rows] == ["Document plain"]
    with pytest.raises(NotFoundError):
        access.consents(found)


def test_each_reading_of_an_heir_leaves_a_row(app: Flask, yves: Citizen, soazig: Citizen) -> None:
    granted(yves, soazig)
    browser = soazig.browser(app)
    base = f"/dossiers/{yves.record_id}"
    page = browser.get(f"{base}/")
    assert "héritier" in page.text
    browser.get(f"{base}/documents")
    browser.get(f"{base}/plus")
    for place in ("acces", "historique", "documents/ajouter"):
        browser.get(f"{base}/{place}", expect=404)
    rows = entries(yves.record_id, mine=True, holder_actor_ids=[soazig.actor.id], before=None)
    assert {row.action for row in rows} >= {Action.RECORD_HOME_OPENED, Action.DOCUMENTS_LISTED}
    assert {row.relation for row in rows} == {"heir"}


def test_the_heirs_own_list_says_as_what_and_until_when(
    app: Flask, yves: Citizen, soazig: Citizen, settings: Settings
) -> None:
    granted(yves, soazig)
    page = soazig.browser(app).get("/dossiers/")
    assert "héritier jusqu'au" in page.text
    card = next(card for card in access.my_records(soazig.actor) if card.relation is Relation.HEIR)
    assert card.until is not None
    assert settings.heir_days == 90


def test_reading_ends_after_its_weeks_with_an_error_and_with_erasure(
    yves: Citizen, soazig: Citizen, clock: FakeClock, settings: Settings
) -> None:
    granted(yves, soazig)
    clock.advance(timedelta(days=settings.heir_days) - timedelta(microseconds=1))
    assert access.standing(soazig.actor, yves.record_id) is not None
    clock.advance(timedelta(microseconds=1))
    assert access.standing(soazig.actor, yves.record_id) is None
    assert all(card.relation is not Relation.HEIR for card in access.my_records(soazig.actor))


def test_nothing_remains_of_heirs_once_the_archive_ends(yves: Citizen, soazig: Citizen, clock: FakeClock) -> None:
    granted(yves, soazig)
    clock.advance(timedelta(days=3660))
    assert records.erase_due() == 1
    with db.read() as tx:
        assert tx.execute(select(Heir.id)).first() is None


def test_an_error_about_the_death_ends_what_heirs_were_given(yves: Citizen, soazig: Citizen) -> None:
    granted(yves, soazig)
    records.withdraw_death(operator(), yves.record_id, "Homonyme")
    assert access.standing(soazig.actor, yves.record_id) is None
    assert yves.standing().relation is Relation.HOLDER
    assert [line.state for line in records.heirs_of(yves.record_id)] == ["ended"]
    die(yves)
    assert access.standing(soazig.actor, yves.record_id) is None, "a second declaration gives nothing back"


def test_nobody_acts_through_a_dead_persons_account(yves: Citizen, soazig: Citizen) -> None:
    child = build.citizen("Jules", birth=date(2017, 6, 1), parents=[soazig], activated=False)
    granted(yves, soazig)
    die(soazig)
    for record_id in (child.record_id, yves.record_id, soazig.record_id):
        assert access.standing(soazig.actor, record_id) is None
    assert access.my_records(soazig.actor) == []


def test_a_dead_persons_account_stays_nobodys_once_the_record_is_erased(soazig: Citizen, clock: FakeClock) -> None:
    child = build.citizen("Lina", birth=date(2026, 6, 1), parents=[soazig], activated=False)
    die(soazig)
    clock.advance(timedelta(days=3660))
    assert records.erase_due() == 1
    assert access.standing(soazig.actor, child.record_id) is None
    with pytest.raises(ConflictError):
        records.begin_anew(soazig.actor)


def test_a_refusal_and_its_reason_are_kept_and_a_new_request_is_possible(yves: Citizen, soazig: Citizen) -> None:
    die(yves)
    request = replace(REQUEST, person_id=soazig.person_id)
    heir = records.ask_for_heir(operator(), yves.record_id, request)
    with pytest.raises(ConflictError):
        records.ask_for_heir(operator(), yves.record_id, request)
    records.decide_heir(operator(fresh=False), yves.record_id, heir, grant=False, reason="Pas de preuve")
    line = records.heirs_of(yves.record_id)[0]
    assert (line.state, line.reason, line.name) == ("refused", "Pas de preuve", soazig.name)
    assert access.standing(soazig.actor, yves.record_id) is None
    with pytest.raises(ConflictError):
        records.decide_heir(operator(), yves.record_id, heir, grant=True, reason="Finalement")
    records.ask_for_heir(operator(), yves.record_id, request)


def test_who_may_ask_and_decide(yves: Citizen, soazig: Citizen) -> None:
    request = replace(REQUEST, person_id=soazig.person_id)
    with pytest.raises(NotFoundError):
        records.ask_for_heir(operator(), yves.record_id, request)  # he lives
    die(yves)
    with pytest.raises(NotFoundError):
        records.ask_for_heir(operator(Role.ADMINISTRATOR), yves.record_id, request)
    with pytest.raises(NotFoundError):
        records.ask_for_heir(soazig.actor, yves.record_id, request)
    heir = records.ask_for_heir(operator(Role.COUNTER), yves.record_id, request)
    for role in (Role.COUNTER, Role.ADMINISTRATOR):
        with pytest.raises(NotFoundError):
            records.decide_heir(operator(role), yves.record_id, heir, grant=True, reason="Oui")
    with pytest.raises(StepUpError):
        records.decide_heir(operator(fresh=False), yves.record_id, heir, grant=True, reason="Oui")
    with pytest.raises(InvalidError):
        records.decide_heir(operator(), yves.record_id, heir, grant=True, reason=" ")
    with pytest.raises(NotFoundError):
        records.decide_heir(operator(), yves.record_id, uuid4(), grant=True, reason="Oui")
    assert access.standing(soazig.actor, yves.record_id) is None


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"relationship": "friend"}, "relationship"), ({"motive": "curious"}, "motive"), ({"person_id": None}, "ins")],
)
def test_a_request_that_makes_no_sense(
    yves: Citizen, soazig: Citizen, changed: dict[str, str | None], field: str
) -> None:
    die(yves)
    values = {name: value or yves.person_id for name, value in changed.items()}
    request = replace(REQUEST, **({"person_id": soazig.person_id} | values))  # type: ignore[arg-type]
    with pytest.raises(InvalidError) as refused:
        records.ask_for_heir(operator(), yves.record_id, request)
    assert set(refused.value.problems) == {field}
    with pytest.raises(NotFoundError):
        records.ask_for_heir(operator(), yves.record_id, REQUEST)


@pytest.mark.parametrize(
    ("day", "evidence", "field"),
    [
        (date(2026, 11, 24), "certificate", "died_on"),
        (date(1952, 8, 18), "certificate", "died_on"),
        (date(2026, 11, 20), "a friend told us", "evidence"),
    ],
)
def test_a_death_that_makes_no_sense(yves: Citizen, day: date, evidence: str, field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        records.declare_death(operator(), yves.record_id, day, evidence)
    assert set(refused.value.problems) == {field}
    assert records.record(yves.record_id).state == "active"
