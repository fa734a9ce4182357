"""Acts as visits: one person and one sitting, pages that tear none in two, filters that work without script."""

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import event

from espace import db
from espace.access import services as access
from espace.access.services import Answer
from espace.access.services.decisions import grants
from espace.audit import services as audit
from espace.audit.services import Action, Entry
from espace.home import services
from espace.home.services import Filter, What, Who
from espace.home.services.visits import SITTING, clean_cut, grouped
from espace.machines import Machines
from espace.permissions import Actor, ActorKind, Relation
from tests.support import build
from tests.support.clock import FakeClock

START = datetime(2026, 11, 17, 13, 0, tzinfo=UTC)
PAPER = {"id": "1", "title": "Bilan sanguin"}
HOUSE = UUID(int=0)


def _entry(number: int, actor: UUID, minutes: int, kind: ActorKind = ActorKind.PROFESSIONAL) -> Entry:
    at = START + timedelta(minutes=minutes)
    relation = "professional" if kind is ActorKind.PROFESSIONAL else ""
    return Entry(number, at, Action.DOCUMENT_OPENED, kind.value, actor, "Dr A", "10", "", relation, (), {})


def _act(
    actor: Actor, person: build.Citizen, action: Action, *things: Mapping[str, str], relation: Relation | None = None
) -> None:
    audit.record(actor, person.record_id, action, relation=relation or Relation.PROFESSIONAL, objects=things)


def _random_acts(seed: int) -> list[Entry]:
    """A trail of some people who come and go, newest first."""
    dice = random.Random(seed)
    people = [uuid4() for _ in range(dice.randint(1, 4))]
    minute, acts = 0, []
    for number in range(1, dice.randint(2, 120)):
        minute += dice.choice((0, 1, 2, 10, 29, 31, 90))
        kind = ActorKind.SYSTEM if dice.random() < 0.1 else ActorKind.PROFESSIONAL
        acts.append(_entry(number, HOUSE if kind is ActorKind.SYSTEM else dice.choice(people), minute, kind))
    return acts[::-1]


@pytest.mark.parametrize("seed", range(60))
def test_every_act_is_in_one_visit_of_one_person_without_a_long_pause(seed: int) -> None:
    acts = _random_acts(seed)
    visits = grouped(acts)
    assert sorted(act.sequence for visit in visits for act in visit.acts) == sorted(act.sequence for act in acts)
    assert [visit.newest.sequence for visit in visits] == sorted((v.newest.sequence for v in visits), reverse=True)
    for visit in visits:
        assert len({act.actor_id for act in visit.acts}) == 1
        times = [act.at for act in visit.acts]
        assert all(later - earlier <= SITTING for later, earlier in pairwise(times))
        if visit.newest.actor_kind == ActorKind.SYSTEM:
            assert len(visit.acts) == 1


@pytest.mark.parametrize("seed", range(60))
def test_a_page_ends_where_no_visit_is_torn(seed: int) -> None:
    acts = _random_acts(seed)
    for least in (1, 5, 30):
        cut = clean_cut(acts, least, is_all=True)
        assert cut >= min(least, len(acts))
        before, after = grouped(acts[:cut]), grouped(acts[cut:])
        assert len(before) + len(after) == len(grouped(acts))


def test_a_sitting_is_told_in_one_sentence_with_its_why_and_unfolds(app: Flask, clock: FakeClock) -> None:
    clock.now = START - timedelta(days=20)
    claire, doctor = build.citizen(), build.caregiver()
    build.consent(claire, doctor, Answer.GRANT, days=90)
    clock.now = START
    actor = doctor.standing(claire.record_id).actor  # type: ignore[union-attr]
    for number in range(3):
        _act(actor, claire, Action.DOCUMENT_OPENED, {"id": str(number), "title": f"Feuille {number}"})
        clock.advance(timedelta(minutes=3))
    _act(actor, claire, Action.DOCUMENT_DEPOSITED, {"id": "9", "title": "Ordonnance"})
    page = claire.browser(app).get(f"/dossiers/{claire.record_id}/historique")
    assert "Dr Hélène Morvan a ouvert 3 documents et déposé 1 document." in page.text
    assert "De 14 h à 14 h 09, avec votre accord du 28 octobre 2026. Médecin, Cabinet des Tilleuls" in page.text
    assert "Voir chaque geste" in page.text
    assert "« Feuille 2 »" in page.text


def test_the_day_of_a_consent_is_said_as_the_parents_own_or_not(app: Flask, clock: FakeClock) -> None:
    mother, doctor = build.citizen(), build.caregiver()
    child = build.citizen("Jules", birth=date(2017, 3, 2), parents=(mother,), activated=False)
    access.ensure_matrix()
    grants.give(mother.standing(child.record_id), doctor.id, days=90)
    standing = doctor.standing(child.record_id)
    assert standing is not None
    _act(standing.actor, child, Action.DOCUMENTS_LISTED)
    told = mother.browser(app).get(f"/dossiers/{child.record_id}/historique").text
    assert "avec l'accord du" in told


@pytest.fixture
def lived(machines: Machines, clock: FakeClock) -> tuple[build.Citizen, build.Caregiver, build.Citizen]:
    """A child whose parents and doctor did something of every kind."""
    mother, father = build.citizen(), build.citizen("Mathieu", "Lecomte", sex="M")
    child = build.citizen("Jules", birth=date(2017, 3, 2), parents=(mother, father), activated=False)
    doctor = build.caregiver()
    clock.advance(timedelta(hours=2))
    _act(doctor.actor, child, Action.DOCUMENT_OPENED, PAPER)
    clock.advance(timedelta(days=10))
    _act(doctor.actor, child, Action.DOCUMENT_DEPOSITED, {"id": "2", "title": "Ordonnance"})
    _act(father.actor, child, Action.DOWNLOADED, PAPER, relation=Relation.REPRESENTATIVE)
    _act(father.actor, child, Action.CONSENT_GIVEN, relation=Relation.REPRESENTATIVE)
    return child, doctor, mother


WANTED: dict[str, tuple[Filter, set[Action]]] = {
    "care": (Filter(who=Who.CARE), {Action.DOCUMENT_OPENED, Action.DOCUMENT_DEPOSITED}),
    "relatives": (Filter(who=Who.RELATIVES), {Action.DOWNLOADED, Action.CONSENT_GIVEN}),
    "reading": (Filter(what=What.READING), {Action.DOCUMENT_OPENED}),
    "deposits": (Filter(what=What.DEPOSITS), {Action.DOCUMENT_DEPOSITED}),
    "rights of relatives": (Filter(who=Who.RELATIVES, what=What.RIGHTS), {Action.CONSENT_GIVEN}),
    "exports": (Filter(what=What.EXPORTS), {Action.DOWNLOADED}),
}


@pytest.mark.parametrize("asked", WANTED)
def test_a_filter_shows_what_it_says_and_nothing_else(
    lived: tuple[build.Citizen, build.Caregiver, build.Citizen], asked: str
) -> None:
    child, _, mother = lived
    wanted, expected = WANTED[asked]
    found = services.history(mother.standing(child.record_id), mine=False, wanted=wanted)
    assert {act.action for act in found.acts} == expected


def test_filters_go_by_period_and_by_person(
    lived: tuple[build.Citizen, build.Caregiver, build.Citizen], clock: FakeClock
) -> None:
    child, doctor, mother = lived
    standing = mother.standing(child.record_id)
    lately = Filter(actor_id=doctor.id, since=clock.now - timedelta(days=1))
    assert [act.action for act in services.history(standing, mine=False, wanted=lately).acts] == [
        Action.DOCUMENT_DEPOSITED
    ]
    before = Filter(actor_id=doctor.id, until=clock.now - timedelta(days=1))
    assert [act.action for act in services.history(standing, mine=False, wanted=before).acts] == [
        Action.DOCUMENT_OPENED
    ]
    assert {one.name for one in services.known(standing)} == {"Dr Hélène Morvan", "Mathieu Lecomte"}


def test_filters_work_by_their_form_without_script(
    app: Flask, lived: tuple[build.Citizen, build.Caregiver, build.Citizen]
) -> None:
    child, doctor, mother = lived
    browser = mother.browser(app)
    form = browser.get(f"/dossiers/{child.record_id}/historique/filtrer")
    assert "Dr Hélène Morvan, médecin" in form.text
    base = f"/dossiers/{child.record_id}/historique"
    page = browser.get(f"{base}?qui=&par=&personne={doctor.id}&quoi=depots&quand=7&du=&au=")
    assert "Filtré : Dr Hélène Morvan, Documents ajoutés ou modifiés, Les 7 derniers jours" in page.text
    assert "Mathieu" not in page.response.text.split("<main")[1]
    for bad in ("par=x", "personne=x", "quoi=x", "quand=x", "du=x", "au=0000-00-00", "personne=" + str(uuid4())):
        browser.get(f"{base}?{bad}")
    assert "Rien ne correspond" in browser.get(f"{base}?personne={uuid4()}").text
    for days in ("du=1999-01-01&au=2199-12-31", "du=2199-12-31&au=1999-01-01"):
        page = browser.get(f"{base}?{days}")
        assert "Filtré : du 1er janvier 1999 au 31 décembre 2199" in page.text.replace("\xa0", " "), "either way round"
        assert "Dr Hélène Morvan" in page.response.text.replace("&nbsp;", " ").split("<main")[1]
    for days, said in (("du=1999-01-01", "depuis le 1er janvier 1999"), ("au=2199-12-31", "jusqu'au 31 décembre 2199")):
        assert said in browser.get(f"{base}?{days}").text


def test_own_sign_ins_are_found_by_their_filter(app: Flask, clock: FakeClock) -> None:
    claire = build.citizen()
    browser = claire.browser(app)
    page = browser.get(f"/dossiers/{claire.record_id}/historique?qui=moi&quoi=connexions")
    assert "Vous avez activé votre espace." in page.text


def test_a_page_asks_as_many_statements_for_few_acts_as_for_many(machines: Machines, clock: FakeClock) -> None:
    mother, father = build.citizen(), build.citizen("Mathieu", "Lecomte", sex="M")
    child = build.citizen("Jules", birth=date(2017, 3, 2), parents=(mother, father), activated=False)
    doctor = build.caregiver()
    figures = []
    for many in (60, 240):
        for number in range(many):
            _act(doctor.actor, child, Action.DOCUMENT_OPENED, {"id": str(number), "title": "Bilan"})
            _act(mother.actor, child, Action.RECORD_HOME_OPENED, relation=Relation.REPRESENTATIVE)
            clock.advance(timedelta(hours=1))
        standing = mother.standing(child.record_id)
        services.history(standing, mine=False)  # keys are opened once
        asked = [_statements(lambda: services.history(standing, mine=mine)) for mine in (False, True)]  # noqa: B023
        asked.append(_statements(lambda: services.last_visits(standing)))  # noqa: B023
        figures.append(asked)
    assert figures[0] == figures[1]


def _statements(act: object) -> int:
    count = 0

    def note(*_facts: object) -> None:
        nonlocal count
        count += 1

    engines = {db.current().reader, db.current().writer}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        act()  # type: ignore[operator]
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
    return count
