"""The same pages below a mailbox of professionals, and who may not open whose."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from espace import outbox
from espace.identifiers import new_id
from espace.interop.mail_letter import Address
from espace.messaging.services.boxes import MailboxFacts
from espace.messaging.services.practice import choosing
from espace.messaging.services.practice.choosing import Choices
from espace.messaging.services.reading import lists
from espace.messaging.services.writing import drafts
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.build import Caregiver
from tests.support.clock import FakeClock

from . import mailboxes
from .letters import DOCTOR, address_of, arrive, letter, messages
from .support import Home, conversation_of, home


@pytest.fixture
def leader(app: Flask) -> Caregiver:
    """Who answers for the ward."""
    return mailboxes.doctor()


@pytest.fixture
def ward(leader: Caregiver) -> MailboxFacts:
    """A team's mailbox."""
    return mailboxes.ward(leader)


def writes(patient: Home, ward: MailboxFacts, text: str = "Bonjour, une question ?") -> UUID:
    """A patient's letter comes into the mailbox."""
    (one,) = arrive(
        letter(Address(ward.address, ward.name), sender=address_of(patient.person), subject="Question", text=text)
    )
    return conversation_of(one)


def test_a_team_reads_answers_and_the_patient_receives(app: Flask, leader: Caregiver, ward: MailboxFacts) -> None:
    claire = home()
    which = writes(claire, ward)
    browser = leader.browser(app)
    listed = browser.get(f"/pro/messages/{ward.id}")
    assert "Question" in listed.text
    page = browser.get(f"/pro/messages/{ward.id}/{which}")
    browser.submit(page.form("draft", "text"), {"text": "Voici la réponse."}, button="geste=envoyer")
    outbox.work()
    received = [said.text for said, row in messages(claire.box.id) if not row.outgoing]
    assert len(received) == 1
    assert received[0].startswith("Voici la réponse.")


def test_a_patient_reads_when_a_team_answers_who_answers_for_it_and_that_it_is_away(
    app: Flask, leader: Caregiver, ward: MailboxFacts, clock: FakeClock
) -> None:
    claire = home()
    which = conversation_of(claire.receives(sender=Address(ward.address, ward.name)))
    browser = claire.person.browser(app)
    silent = browser.get(claire.at(which))
    assert leader.facts.display_name in silent.text
    for words in ("Répond en général", "Absence jusqu'au"):
        assert words not in silent.text
    today = clock.now.date()
    chosen = Choices(
        name=ward.name,
        reply_days=3,
        absence="Voyez le Dr Petit.",
        absent_from=today,
        absent_until=today + timedelta(days=4),
    )
    choosing.change(leader.actor, ward.id, chosen, version=ward.version)
    thread = browser.get(claire.at(which)).text
    for words in ("Répond en général sous 3 jours", "Absence jusqu'au", "Voyez le Dr Petit."):
        assert words in thread
    clock.advance(timedelta(days=6))
    over = claire.person.browser(app).get(claire.at(which)).text
    assert "Répond en général sous 3 jours" in over
    assert "Voyez le Dr Petit." not in over


def test_a_colleague_is_written_to_at_a_typed_address(app: Flask, leader: Caregiver, ward: MailboxFacts) -> None:
    browser = leader.browser(app)
    form = browser.get(f"/pro/messages/{ward.id}/ecrire").form("draft", "other")
    wrong = browser.submit(form, {"other": "pas une adresse", "text": "Bonjour"}, button="geste=envoyer")
    assert "pas" in wrong.text
    ok = {"other": "paul.le-goff@hopital.operateur.example", "subject": "Avis", "text": "Cher confrère"}
    browser.submit(form, ok, button="geste=envoyer", expect=200)
    assert [said.subject for said, row in messages(ward.id) if row.outgoing] == ["Avis"]


TAILS = ("", "/{thread}", "/{thread}/imprimer", "/{thread}/pdf", "/{thread}/copie", "/ecrire", "/recherche")


@pytest.mark.parametrize("tail", TAILS)
def test_nobody_else_opens_a_page_of_the_mailbox(app: Flask, leader: Caregiver, ward: MailboxFacts, tail: str) -> None:
    claire = home()
    place = f"/pro/messages/{ward.id}" + tail.format(thread=writes(claire, ward))
    stranger = mailboxes.doctor("Renard", "Thomas", structure="AUTRE CABINET", finess="350000999")
    assert leader.browser(app).get(place).status == 200
    assert stranger.browser(app).get(place, expect=404).status == 404
    assert claire.person.browser(app).get(place, expect=404).status == 404
    assert Browser(app).get(place, expect=None, follow=False).status in (302, 303)


@pytest.mark.parametrize("tail", TAILS)
def test_nobody_else_opens_a_page_of_a_person(app: Flask, leader: Caregiver, tail: str) -> None:
    claire, nadia = home(), build.citizen("Nadia")
    place = claire.at() + tail.format(thread=conversation_of(claire.receives()))
    assert claire.person.browser(app).get(place).status == 200
    for stranger in (nadia.browser(app), leader.browser(app)):
        assert stranger.get(place, expect=404).status == 404
    assert Browser(app).get(place, expect=None, follow=False).status in (302, 303)


ACTS = ("/{thread}", "/{thread}/archiver", "/{thread}/desarchiver", "/{thread}/non-lu", "/{thread}/renvoyer", "/ecrire")


@pytest.mark.parametrize("tail", ACTS)
def test_a_stranger_changes_nothing(app: Flask, tail: str) -> None:
    claire, nadia = home(), home("Nadia")
    which = conversation_of(claire.receives())
    browser = nadia.person.browser(app)
    token = browser.get(nadia.at()).csrf_token or ""
    data = {"csrf_token": token, "text": "Bonjour", "message": str(new_id())}
    assert browser.post(claire.at() + tail.format(thread=which), data, expect=404).status == 404
    # Another's conversation below one's own box does not exist either.
    if "{thread}" in tail:
        assert browser.post(nadia.at() + tail.format(thread=which), data, expect=404).status == 404
    assert lists.unread(claire.box) == 1
    assert drafts.drafts(nadia.box) == []


def test_a_form_without_its_token_does_nothing(app: Flask) -> None:
    claire = home()
    which = conversation_of(claire.receives())
    claire.person.browser(app).post(claire.at(which), {"text": "Bonjour", "geste": "envoyer"})
    assert not [said for said, row in messages(claire.box.id) if row.outgoing]


def test_an_answer_goes_to_who_wrote_last_and_the_others_on_request(
    app: Flask, leader: Caregiver, ward: MailboxFacts
) -> None:
    claire = home()
    team = Address(ward.address, ward.name)
    first = letter(team, address_of(claire.person), subject="Résultats")
    which = conversation_of(arrive(first)[0])
    arrive(letter(team, DOCTOR, sender=address_of(claire.person), subject="Re", answers=first.message_id))
    browser = leader.browser(app)
    page = browser.get(f"/pro/messages/{ward.id}/{which}")
    assert f"Envoyer à {claire.person.name}" in page.text
    form = page.form("draft", "text")
    everybody = browser.submit(
        form, {"text": "Oui.", "to": page.tree.xpath("//input[@name='to']/@value")}, button="geste=envoyer"
    )
    browser.submit(next(one for one in everybody.forms if one.action.endswith("/envoyer")))
    (sent,) = [said for said, row in messages(ward.id) if row.outgoing]
    assert [one.address for one in sent.to] == [address_of(claire.person).address, DOCTOR.address]
