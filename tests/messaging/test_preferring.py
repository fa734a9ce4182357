"""Of several mailboxes a professional prefers one: it opens first, and colleagues find its address (MS-8)."""

from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete

from espace import db
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import NotFoundError
from espace.messaging.services.boxes import MailboxFacts
from espace.messaging.services.practice import choosing, directory, mailboxes, members, preferring
from espace.messaging.services.practice.choosing import Choices
from espace.people.models import Practice
from tests.support.build import Caregiver

from .mailboxes import doctor, own_box, ward
from .test_mailboxes_pages import at

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def helene() -> Caregiver:
    """A professional with a mailbox of her own."""
    found = doctor()
    mailboxes.open_own(found.facts)
    return found


@pytest.fixture
def team(helene: Caregiver) -> MailboxFacts:
    """The mailbox of a team for which she answers."""
    return ward(helene)


def address_of(who: Caregiver) -> str:
    """The address colleagues find for somebody."""
    found = directory.line(f"p-{who.id}")
    assert found is not None
    assert [line.address for line in directory.search(who.facts.family_name).lines if not line.is_place] == [
        found.address
    ]
    return found.address


def test_what_is_preferred_is_the_address_that_colleagues_find(helene: Caregiver, team: MailboxFacts) -> None:
    assert preferring.preferred(helene.actor) is None
    assert address_of(helene) == helene.facts.mssante
    preferring.prefer(helene.actor, team.id)
    assert preferring.preferred(helene.actor) == team.id
    assert address_of(helene) == team.address
    preferring.prefer(helene.actor, own_box(helene).id)
    assert address_of(helene) == helene.facts.mssante, "one is preferred at a time"
    preferring.prefer_none(helene.actor)
    assert preferring.preferred(helene.actor) is None
    told = audit.entries(team.id, mine=True, holder_actor_ids=[helene.id], before=None)
    assert [one.action for one in told].count(Action.MAILBOX_PREFERRED) == 1


def test_it_is_an_address_for_who_has_none_of_their_own(team: MailboxFacts, helene: Caregiver) -> None:
    luc = doctor("Petit", "Luc", own=False)
    members.add(helene.actor, team.id, luc.id)
    assert address_of(luc) == ""
    preferring.prefer(luc.actor, team.id)
    assert address_of(luc) == team.address


def test_on_the_red_list_it_opens_first_and_is_shown_to_nobody(helene: Caregiver, team: MailboxFacts) -> None:
    preferring.prefer(helene.actor, team.id)
    choosing.change(helene.actor, team.id, Choices(name=team.name, listed=False), version=team.version)
    assert preferring.preferred(helene.actor) == team.id
    assert address_of(helene) == helene.facts.mssante


@pytest.mark.parametrize("what", ["closed", "taken out", "left the place"])
def test_it_holds_while_one_works_there(helene: Caregiver, team: MailboxFacts, what: str) -> None:
    luc = doctor("Petit", "Luc")
    members.add(helene.actor, team.id, luc.id)
    preferring.prefer(luc.actor, team.id)
    if what == "closed":
        mailboxes.close(helene.actor, team.id)
    elif what == "taken out":
        members.remove(helene.actor, team.id, luc.id)
    else:
        with db.write() as tx:
            tx.execute(delete(Practice).where(Practice.professional_id == luc.id))
    assert preferring.preferred(luc.actor) is None
    assert address_of(luc) == luc.facts.mssante


def test_nobody_prefers_the_mailbox_of_others(team: MailboxFacts) -> None:
    stranger = doctor("Roux", "Jean")
    with pytest.raises(NotFoundError):
        preferring.prefer(stranger.actor, team.id)
    with pytest.raises(NotFoundError):
        preferring.prefer(replace(stranger.actor, name="Hélène Morvan"), UUID(int=7))


def test_messages_open_at_the_preferred_mailbox_and_the_list_stays_found(
    app: Flask, helene: Caregiver, team: MailboxFacts
) -> None:
    browser = helene.browser(app)
    listed = browser.get("/pro/messages")
    assert listed.path == "/pro/messages", "with several and no preference, one chooses"
    browser.submit(at(listed, f"/pro/messages/{team.id}/preferer"), {})
    assert browser.get("/pro/messages").path == f"/pro/messages/{team.id}"
    listed = browser.get("/pro/messages/boites")
    assert "Préférée" in listed.text
    browser.submit(at(listed, "/pro/messages/sans-preference"), {})
    assert browser.get("/pro/messages").path == "/pro/messages"
