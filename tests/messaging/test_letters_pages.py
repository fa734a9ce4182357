"""The page from which a document is sent on: found colleagues, the patient, once, and for nobody else."""

from uuid import UUID

import pytest
from flask import Flask

from espace import outbox
from espace.access import services as access
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.build import Citizen

from .letters import attachments, mailbox, messages
from .test_letters import Practice, practice


@pytest.fixture
def claire(app: Flask) -> Citizen:
    """A person with an account, in a house whose pages are served."""
    del app
    return build.citizen("Claire", "Fontenay")


@pytest.fixture
def doctor(claire: Citizen) -> Practice:
    """A doctor with a mailbox here, whom the patient lets read."""
    return practice(claire)


def address(patient: Citizen, document_id: UUID) -> str:
    """The page of the copy."""
    return f"/pro/patients/{patient.record_id}/documents/{document_id}/copie"


def test_from_a_document_to_a_team_and_the_patient(app: Flask, claire: Citizen, doctor: Practice) -> None:
    team = mailbox("secretariat@cabinets.espace.example", "Cabinet des Tilleuls")
    browser = doctor.who.browser(app)
    place = address(claire, doctor.deposit(title="Compte rendu"))
    page = browser.get(browser.get(place.removesuffix("/copie")).link("Envoyer une copie"))
    assert "Compte rendu" in page.text
    form = page.form("words", "patient")
    typed = {"patient": "y", "addresses": "secretariat@cabinets.espace.example"}
    sent = browser.submit(form, typed, expect=200)
    assert sent.path.startswith(f"/pro/messages/{doctor.box.id}/")
    browser.submit(form, typed, expect=200)  # a page loaded again
    outbox.work()
    assert team.box_id is not None
    for box_id in (team.box_id, claire.record_id):
        assert len(messages(box_id)) == 1
        assert [facts.name for _, facts in attachments(box_id)] == ["IHE_XDM.ZIP", "Compte rendu.pdf"]


def test_a_colleague_is_found_by_name_and_stays_chosen(app: Flask, claire: Citizen, doctor: Practice) -> None:
    colleague = build.caregiver("Petit", "Jean", mssante="jean.petit@hopital.mssante.fr")
    build.caregiver("Petit", "Paul")  # has no address
    browser = doctor.who.browser(app)
    form = browser.get(address(claire, doctor.deposit())).form("words")
    found = browser.submit(form, {"name": "petit", "words": "Mes mots."}, button="look=1", expect=200)
    form = found.form("words")
    assert form.values["words"][0].strip() == "Mes mots."
    assert "Dr Jean Petit" in found.text
    assert "Dr Paul Petit" not in found.text
    assert messages(doctor.box.id) == []  # looking sends nothing
    ticked = {"refs": f"p-{colleague.id}", "name": "personne"}
    again = browser.submit(form, ticked, button="look=1", expect=200).form("words")
    assert again.values["refs"] == [f"p-{colleague.id}"]
    browser.submit(again, expect=200)
    ((said, _),) = messages(doctor.box.id)
    assert [(one.address, one.name) for one in said.to] == [("jean.petit@hopital.mssante.fr", "Dr Jean Petit")]


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(app: Flask, claire: Citizen, doctor: Practice) -> None:
    browser = doctor.who.browser(app)
    form = browser.get(address(claire, doctor.deposit())).form("words")
    answer = browser.submit(form, {"words": "Mes mots à moi."}, expect=422)
    assert answer.form("words").values["words"][0].strip() == "Mes mots à moi."
    browser.submit(form, {"name": " "}, button="look=1", expect=422)
    browser.submit(form, {"addresses": "pas une adresse"}, expect=422)
    assert messages(doctor.box.id) == []


def test_who_has_no_mailbox_here_reads_what_to_do(app: Flask, claire: Citizen, doctor: Practice) -> None:
    other = build.caregiver("Roux", "Anne")
    build.consent(claire, other, access.Answer.GRANT)
    page = other.browser(app).get(address(claire, doctor.deposit()))
    assert page.link("Mes boîtes") == "/pro/messages"
    assert not any("words" in form.names for form in page.forms)


@pytest.mark.parametrize("who", ["stranger", "patient", "nobody"])
def test_nobody_else_sends_it(app: Flask, claire: Citizen, doctor: Practice, who: str) -> None:
    place = address(claire, doctor.deposit())
    browsers = {
        "stranger": build.caregiver("Autre", "Anne", mssante="anne.autre@cabinets.espace.example").browser(app),
        "patient": claire.browser(app),
        "nobody": Browser(app),
    }
    token = browsers["patient"].get("/compte").csrf_token if who == "patient" else ""
    answers = (
        browsers[who].get(place, expect=None, follow=False),
        browsers[who].post(place, {"patient": "y", "words": "Bonjour.", "csrf_token": token}, follow=False),
    )
    assert all(answer.status in (302, 303, 400, 401, 403, 404) for answer in answers)
    outbox.work()
    assert messages(claire.record_id) == []
