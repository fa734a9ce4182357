"""A deposit sent on from its receipt by who may not read the record, and the attending doctor who is offered first."""

from datetime import timedelta

import pytest
from flask import Flask

from espace import outbox
from espace.access import services as access
from espace.audit import services as audit
from espace.audit.services import Action
from espace.messaging.services import boxes
from espace.permissions import Permission
from tests.support import build
from tests.support.browser_client import Browser, Page, Upload
from tests.support.build import Citizen
from tests.support.clock import FakeClock
from tests.support.papers import pdf

from .letters import attachments, mailbox, messages
from .test_letters import REPORT, Practice, practice
from .test_letters_pages import address


@pytest.fixture
def claire(app: Flask) -> Citizen:
    """A person with an account, in a house whose pages are served."""
    del app
    return build.citizen("Claire", "Fontenay")


@pytest.fixture
def ward(claire: Citizen) -> Practice:
    """A doctor of a hospital with a mailbox here, whom the patient never let read."""
    return depositor(claire)


def depositor(patient: Citizen) -> Practice:
    """A professional with a mailbox here who deposits for this patient, and reads nothing."""
    access.ensure_matrix()
    who = build.caregiver("Aubry", "Lucie", mssante="lucie.aubry@cabinets.espace.example")
    access.note_encounter(who.actor, patient.record_id)
    standing = who.standing(patient.record_id)
    assert standing is not None
    assert not standing.may(Permission.DOCUMENTS_READ)
    (box,) = boxes.boxes_of(who.actor)
    return Practice(who, box, standing)


def deposit_by_hand(browser: Browser, claire: Citizen) -> Page:
    """Deposit a discharge letter as people do; the page of its receipt."""
    form = browser.get(f"/pro/patients/{claire.record_id}/deposer").form("file")
    file = Upload("lettre.pdf", pdf("Lettre de sortie"), "application/pdf")
    review = browser.submit(form, {"file": file}, expect=200)
    said = {"type_code": REPORT, "title": "Lettre de sortie", "date": "2026-11-20"}
    return browser.submit(review.form("type_code", "title"), said, expect=200)


def test_who_deposits_without_consent_sends_it_to_the_doctor_and_the_patient(
    app: Flask, claire: Citizen, ward: Practice
) -> None:
    doctor = mailbox("jean.petit@cabinets.espace.example", "Dr Jean Petit")
    browser = ward.who.browser(app)
    page = browser.get(deposit_by_hand(browser, claire).link("Envoyer une copie"))
    assert page.link("Page du patient") == f"/pro/patients/{claire.record_id}/"  # its own page is closed to them
    typed = {"patient": "y", "addresses": "jean.petit@cabinets.espace.example"}
    sent = browser.submit(page.form("words", "patient"), typed, expect=200)
    assert "Le patient reçoit aussi la copie" in sent.text  # its message stands in another conversation
    outbox.work()
    assert doctor.box_id is not None
    for box_id in (doctor.box_id, claire.record_id):
        assert [facts.name for _, facts in attachments(box_id)] == ["IHE_XDM.ZIP", "Lettre de sortie.pdf"]
    trail = audit.entries(claire.record_id, mine=False, holder_actor_ids=[claire.actor.id], before=None)
    assert {Action.MESSAGE_SENT, Action.DOWNLOADED} <= {one.action for one in trail}


def test_what_is_kept_from_the_patient_is_not_sent_to_them_by_its_depositor(
    app: Flask, claire: Citizen, ward: Practice
) -> None:
    place = address(claire, ward.deposit(patient_invisible=True))
    browser = ward.who.browser(app)
    form = browser.get(place).form("words")
    assert "patient" not in form.names
    said = {"patient": "y", "words": "Bonjour.", "csrf_token": form.values["csrf_token"][0]}
    assert browser.post(place, said, expect=422).status == 422
    assert messages(ward.box.id) == []


def test_a_deposit_is_at_hand_for_a_day_and_for_its_depositor_only(
    app: Flask, claire: Citizen, ward: Practice, clock: FakeClock
) -> None:
    document_id = ward.deposit()
    place = address(claire, document_id)
    other = build.caregiver("Roux", "Anne", mssante="anne.roux@cabinets.espace.example")
    access.note_encounter(other.actor, claire.record_id)
    other.browser(app).get(place, expect=404)
    others = build.document(claire.standing())
    ward.who.browser(app).get(address(claire, others), expect=404)
    clock.advance(timedelta(hours=25))
    access.note_encounter(ward.who.actor, claire.record_id)
    ward.who.browser(app).get(place, expect=404)


def test_the_attending_doctor_is_offered_first_to_who_reads_the_record(app: Flask) -> None:
    number = build.rpps()
    patient = build.citizen("Claire", "Fontenay", attending_rpps=number)
    attending = build.caregiver("Kermarec", "Yann", number=number, mssante="yann.kermarec@hopital.mssante.fr")
    doctor = practice(patient)
    browser, place = doctor.who.browser(app), address(patient, doctor.deposit())
    page = browser.get(place)
    assert "Dr Yann Kermarec, médecin traitant du patient" in page.text
    browser.submit(page.form("words"), {"refs": f"p-{attending.id}"}, expect=200)
    ((said, _),) = messages(doctor.box.id)
    assert [one.address for one in said.to] == ["yann.kermarec@hopital.mssante.fr"]


def test_who_only_deposits_is_not_told_who_the_attending_doctor_is(app: Flask) -> None:
    number = build.rpps()
    patient = build.citizen("Claire", "Fontenay", attending_rpps=number)
    build.caregiver("Kermarec", "Yann", number=number, mssante="yann.kermarec@hopital.mssante.fr")
    doctor = depositor(patient)
    assert "Kermarec" not in doctor.who.browser(app).get(address(patient, doctor.deposit())).text
