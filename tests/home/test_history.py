"""Who did what: each reader sees the acts they may know of, page by page, and reading for another is itself an act."""

from collections.abc import Mapping
from datetime import date, timedelta

from flask import Flask

from espace.audit import services as audit
from espace.audit.services import Action
from espace.home import services
from espace.permissions import Actor, Relation
from tests.support import build
from tests.support.clock import FakeClock

PAPER = {"id": "1", "title": "Bilan sanguin"}


def _act(
    actor: Actor, person: build.Citizen, action: Action, *things: Mapping[str, str], relation: Relation | None = None
) -> None:
    audit.record(actor, person.record_id, action, relation=relation or Relation.PROFESSIONAL, objects=things)


def test_others_and_oneself_stand_apart_in_sentences_grouped_by_day(app: Flask, clock: FakeClock) -> None:
    claire, doctor = build.citizen(), build.caregiver()
    clock.advance(timedelta(days=3))
    _act(doctor.actor, claire, Action.DOCUMENT_OPENED, PAPER)
    clock.advance(timedelta(minutes=18))
    _act(doctor.actor, claire, Action.DOCUMENT_OPENED, {"id": "2", "title": "Échographie"})
    clock.advance(timedelta(days=1))
    _act(claire.actor, claire, Action.DOCUMENT_ADDED, PAPER, relation=Relation.HOLDER)
    browser = claire.browser(app)
    page = browser.get(f"/dossiers/{claire.record_id}/historique")
    assert "Hier" in page.text
    assert "Dr Hélène Morvan a ouvert 2 documents." in page.text
    assert "De 10 h à 10 h 18. Médecin, Cabinet des Tilleuls" in page.text
    assert "a ouvert le document « Bilan sanguin »." in page.text  # unfolded
    assert "a ouvert le document « Échographie »." in page.text
    assert "Vous avez" not in page.text
    mine = browser.get(page.link("Moi"))
    assert "Aujourd'hui CF Vous avez ajouté le document « Bilan sanguin »." in mine.text
    assert "Morvan" not in mine.text


def test_older_acts_follow_page_by_page_and_none_is_lost(app: Flask) -> None:
    claire, doctor = build.citizen(), build.caregiver()
    titles = [f"Feuille {number:02d}" for number in range(70)]
    for number, title in enumerate(titles):
        _act(doctor.actor, claire, Action.DOCUMENT_DEPOSITED, {"id": str(number), "title": title})
    browser = claire.browser(app)
    page = browser.get(f"/dossiers/{claire.record_id}/historique")
    text = page.text
    fragment = browser.fragment(page.link("Voir plus ancien"), "history")
    assert "<html" not in fragment.response.text
    while "Voir plus ancien" in page.links:
        page = browser.get(page.link("Voir plus ancien"))
        text += page.text
    assert [title for title in titles if text.count(title) != 1] == []


def test_a_bad_cursor_is_the_first_page(app: Flask) -> None:
    claire = build.citizen()
    browser = claire.browser(app)
    first = browser.get(f"/dossiers/{claire.record_id}/historique").text
    assert "Voir" in first or "Le service" in first
    for bad in ("x", "-1", "9" * 30, "1e9", ""):
        browser.get(f"/dossiers/{claire.record_id}/historique?avant={bad}")


def test_a_parent_acts_for_the_child_and_leaves_a_trace(app: Flask) -> None:
    mother, father = build.citizen(), build.citizen("Mathieu", "Lecomte", sex="M")
    child = build.citizen("Jules", birth=date(2017, 3, 2), parents=(mother, father), activated=False)
    page = father.browser(app).get(f"/dossiers/{child.record_id}/historique")
    assert "Vous agissez pour Jules" in page.text
    told = mother.browser(app).get(f"/dossiers/{child.record_id}/historique").text
    assert "Mathieu Lecomte a lu cet historique." in told
    assert "pour Jules Fontenay" in told
    assert "Le service a rattaché Mathieu Lecomte à ce dossier, comme parent." in told
    mine = mother.browser(app).get(f"/dossiers/{child.record_id}/historique?qui=moi").text
    assert "Vous avez lu cet historique." in mine


def test_the_holder_leaves_no_trace_by_reading(app: Flask) -> None:
    claire = build.citizen()
    browser = claire.browser(app)
    before = audit.entries(claire.record_id, mine=True, holder_actor_ids={claire.actor.id}, before=None)
    browser.get(f"/dossiers/{claire.record_id}/")
    browser.get(f"/dossiers/{claire.record_id}/historique?qui=moi")
    assert audit.entries(claire.record_id, mine=True, holder_actor_ids={claire.actor.id}, before=None) == before


def test_what_must_not_be_known_is_not_told_by_the_history(app: Flask) -> None:
    mother, doctor = build.citizen(), build.caregiver()
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother,))
    unannounced = {"id": "8", "title": "Compte rendu de biopsie", "patient_invisible": "yes"}
    secret = {"id": "9", "title": "Consultation gardée secrète", "representatives_invisible": "yes"}
    _act(doctor.actor, teen, Action.DOCUMENT_DEPOSITED, unannounced)
    _act(doctor.actor, teen, Action.DOCUMENT_DEPOSITED, secret)
    _act(doctor.actor, teen, Action.DOCUMENTS_LISTED, PAPER, unannounced, secret)
    hers = services.history(teen.standing(), mine=False).acts
    theirs = services.history(mother.standing(teen.record_id), mine=False).acts
    assert [(e.action, [o["id"] for o in e.objects]) for e in hers][:2] == [
        (Action.DOCUMENTS_LISTED, ["1", "9"]),
        (Action.DOCUMENT_DEPOSITED, ["9"]),
    ]
    assert (theirs[0].action, [o["id"] for o in theirs[0].objects]) == (Action.DOCUMENTS_LISTED, ["1"])
    assert Action.DOCUMENT_DEPOSITED not in [e.action for e in theirs]
    home = mother.browser(app).get(f"/dossiers/{teen.record_id}/").text
    assert "gardée secrète" not in home
    assert "biopsie" not in home
