"""A professional's first page: what waits for them is said there, and each record as it stands open."""

from flask import Flask

from espace.access import services as access
from espace.access.services import Answer
from espace.audit import services as audit
from espace.audit.services import Action
from espace.home import services
from espace.home.services import Decision, Filter, Reply
from espace.permissions import Relation
from espace.professional.services.search import my_patients
from tests.access.emergencies import opened
from tests.support import build
from tests.support.marks import on_sqlite


@on_sqlite
def test_the_first_page_says_which_visits_are_to_be_explained_and_by_when(app: Flask) -> None:
    access.ensure_matrix()
    claire, doctor = build.citizen(), build.caregiver()
    build.consent(claire, doctor, Answer.GRANT)
    visitor = doctor.standing(claire.record_id)
    assert visitor is not None
    audit.record(visitor.actor, claire.record_id, Action.DOCUMENT_OPENED, relation=Relation.PROFESSIONAL)
    assert "visite à expliquer" not in doctor.browser(app).get("/pro/").text
    standing = claire.standing()
    visits = services.history(standing, mine=False, wanted=Filter()).visits
    newest = next(one.newest.sequence for one in visits if one.is_access)
    services.answer_visit(standing, newest, Reply(Decision.ASK))
    page = doctor.browser(app).get("/pro/")
    assert page.links["1 visite à expliquer"] == "/pro/explications"
    assert "Réponse attendue avant le" in page.text


@on_sqlite
def test_who_presses_twice_reads_that_the_answer_stands_and_a_stranger_finds_nothing(app: Flask) -> None:
    access.ensure_matrix()
    claire, doctor = build.citizen(), build.caregiver()
    build.consent(claire, doctor, Answer.GRANT)
    visitor, standing = doctor.standing(claire.record_id), claire.standing()
    assert visitor is not None
    audit.record(visitor.actor, claire.record_id, Action.DOCUMENT_OPENED, relation=Relation.PROFESSIONAL)
    visits = services.history(standing, mine=False, wanted=Filter()).visits
    newest = next(one.newest.sequence for one in visits if one.is_access)
    place = f"/pro/explications/{services.answer_visit(standing, newest, Reply(Decision.ASK)).id}"
    browser = doctor.browser(app)
    form = browser.get(place).form("words")
    assert "Votre réponse est envoyée." in browser.submit(form, {"words": "Suivi."}).text
    assert "Une réponse déjà envoyée reste valable." in browser.submit(form, {"words": "Suivi."}).text
    assert browser.get(place).path == "/pro/explications"
    build.caregiver("Aubry", "Lucie").browser(app).get(place, expect=404)


@on_sqlite
def test_a_visit_contested_without_a_question_stays_unknown_to_its_visitor(app: Flask) -> None:
    access.ensure_matrix()
    claire, doctor = build.citizen(), build.caregiver()
    build.consent(claire, doctor, Answer.GRANT)
    visitor, standing = doctor.standing(claire.record_id), claire.standing()
    assert visitor is not None
    audit.record(visitor.actor, claire.record_id, Action.DOCUMENT_OPENED, relation=Relation.PROFESSIONAL)
    visits = services.history(standing, mine=False, wanted=Filter()).visits
    newest = next(one.newest.sequence for one in visits if one.is_access)
    contested = services.answer_visit(standing, newest, Reply(Decision.CONTEST)).id
    doctor.browser(app).get(f"/pro/explications/{contested}", expect=404)


def test_a_record_open_by_an_emergency_is_no_deposit_only(app: Flask) -> None:
    access.ensure_matrix()
    claire, doctor = build.citizen(), build.caregiver("Aubry", "Lucie")
    standing = opened(doctor, claire)
    (line,) = my_patients(standing.actor)
    assert line.has_access
    assert line.until == standing.ends_at
    page = doctor.browser(app).get("/pro/")
    assert "Dépôt seulement" not in page.text
    assert "Jusqu'à aujourd'hui à" in page.text  # a day alone would promise more than some hours
