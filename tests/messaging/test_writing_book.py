"""To whom a professional writes: from the message to the address book and back, and under which name."""

from uuid import uuid4

import pytest
from flask import Flask

from espace.access import services as access
from espace.messaging.services import boxes
from espace.messaging.services.boxes import Box
from espace.messaging.services.writing import drafts
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.build import Caregiver

from .letters import address_of, mailbox

COLLEAGUE = "jean.petit@hopital.mssante.fr"


@pytest.fixture
def doctor(app: Flask) -> Caregiver:
    """A professional with a mailbox here."""
    del app
    return build.caregiver("Morvan", "Hélène", mssante="helene.morvan@cabinets.espace.example")


@pytest.fixture
def box(doctor: Caregiver) -> Box:
    """Their mailbox."""
    return next(iter(boxes.boxes_of(doctor.actor)))


@pytest.fixture
def browser(app: Flask, doctor: Caregiver) -> Browser:
    """Theirs."""
    return doctor.browser(app)


def test_whom_one_finds_is_added_to_what_was_being_written(browser: Browser, box: Box) -> None:
    build.caregiver("Petit", "Jean", mssante=COLLEAGUE)
    form = browser.get(f"/pro/messages/{box.id}/ecrire").form("subject")
    typed = {"other": "un@clinique.mssante.fr", "subject": "Un avis", "text": "Cher confrère,"}
    book = browser.submit(form, typed, button="geste=annuaire", expect=200)
    assert book.h1 == "Annuaire"
    found = browser.submit(book.form("name"), {"name": "petit"}, expect=200)
    back = browser.submit(found.form("ref"), expect=200)
    values = back.form("subject").values
    assert values["subject"] == ["Un avis"]
    assert values["text"][0].strip() == "Cher confrère,"
    assert "un@clinique.mssante.fr" in values["other"][0]
    assert COLLEAGUE in values["other"][0]
    assert len(drafts.drafts(box)) == 1
    assert back.path == book.link("Votre message")


def test_an_empty_message_leaves_no_draft_behind(browser: Browser, box: Box) -> None:
    form = browser.get(f"/pro/messages/{box.id}/ecrire").form("subject")
    assert browser.submit(form, button="geste=annuaire", expect=200).h1 == "Annuaire"
    assert drafts.drafts(box) == []


def test_who_is_written_to_by_their_number_is_called_by_their_name(
    browser: Browser, doctor: Caregiver, box: Box
) -> None:
    """Only where the professional may open the patient's page: an address typed by chance tells no name."""
    access.ensure_matrix()
    known, stranger = build.citizen("Claire", "Fontenay"), build.citizen("Anne", "Secret")
    access.note_encounter(doctor.actor, known.record_id)
    asked = browser.get(f"/pro/patients/{known.record_id}/ecrire")
    form = next(one for one in asked.forms if one.action.endswith("/ecrire"))
    page = browser.submit(form, expect=200)
    assert "À Claire Fontenay" in page.text
    typed = {"subject": "Suivi", "text": "Bonjour."}
    sent = browser.submit(page.form("subject"), typed, button="geste=envoyer", expect=200)
    assert "Avec Claire Fontenay" in sent.text
    other = drafts.begin(box, drafts.Typed(to=(address_of(stranger).address,)))
    assert "Secret" not in browser.get(f"/pro/messages/{box.id}/ecrire/{other}").text


def test_a_draft_of_somebody_else_stays_as_it_is(app: Flask, browser: Browser, box: Box) -> None:
    other = build.caregiver("Roux", "Anne", mssante="anne.roux@cabinets.espace.example")
    (theirs,) = boxes.boxes_of(other.actor)
    kept = drafts.begin(theirs, drafts.Typed(text="À moi."))
    team = mailbox("equipe@cabinets.espace.example", "Équipe Petit")
    assert team.box_id is not None
    token = browser.get("/pro/messages/annuaire").csrf_token
    for mailbox_id, draft_id in ((theirs.id, kept), (box.id, kept), (box.id, uuid4())):
        said = {"ref": f"m-{team.box_id}", "mailbox": str(mailbox_id), "draft": str(draft_id), "csrf_token": token}
        browser.post("/pro/messages/annuaire/ecrire", said, expect=None)
    assert [one.typed.to for one in drafts.drafts(theirs)] == [()]
    assert browser.get("/pro/messages/annuaire?boite=../..&brouillon=x", expect=200).h1 == "Annuaire"
