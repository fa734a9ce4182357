"""Every route of professional mailboxes before everybody who might ask for it: one generated table."""

from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select

from espace import clock, db
from espace.access.services.watching import suspensions
from espace.access.services.watching.suspensions import Cause
from espace.errors import NotFoundError
from espace.messaging.models import (
    Conversation,
    Draft,
    Mailbox,
    MailboxMember,
    MailboxTemplate,
    MailboxToken,
    Message,
)
from espace.messaging.services import boxes
from espace.messaging.services.outgoing import sending
from espace.messaging.services.outgoing.sending import Outgoing
from espace.messaging.services.practice import mailboxes, members, templates, tokens
from espace.messaging.services.practice.templates import Template
from espace.people.models import Practice
from espace.permissions import SYSTEM, Role
from tests.house.test_routes import address, declarations
from tests.support import build, office
from tests.support.browser_client import Browser, Page
from tests.support.build import Caregiver
from tests.support.marks import on_sqlite

from .mailboxes import doctor, ward

pytestmark = on_sqlite
ROOT = "/pro/messages/<uuid:mailbox_id>"
LEADS = (
    "/reglages/fermer",
    "/reglages/historique",
    "/reglages/programmes",
    "/equipe/ajouter",
    "/retirer",
    "/responsable",
)
"""What only who answers for the mailbox comes to."""
EVERYBODY = ("leader", "member", "colleague", "elsewhere", "former", "left", "stopped", "patient", "operator", "nobody")


class House:
    """A mailbox with all it may hold, and everybody around it."""

    def __init__(self) -> None:
        self.leader, self.member = doctor(own=False), doctor("Petit", "Luc", own=False)
        self.facts = ward(self.leader)
        self.box = boxes.box_of_mailbox(self.leader.actor, self.facts.id)
        members.add(self.leader.actor, self.facts.id, self.member.id)
        self.patient = build.citizen("Claire", "Fontenay")
        out = Outgoing(to=(boxes.patient_address(self.patient.ins),), key=uuid4(), subject="Suivi", text="Bonjour")
        self.ids: dict[str, object] = {
            "mailbox_id": self.facts.id,
            "conversation_id": sending.send(self.box, out).conversation_id,
            "template_id": templates.save(self.box, Template("Bilan", "", "Bonjour")),
            "token_id": tokens.make(self.leader.actor, self.facts.id, "Laboratoire").id,
            "professional_id": self.member.id,
            "draft_id": uuid4(),
            "attachment_id": uuid4(),
            "number": 1,
        }

    def browser(self, app: Flask, who: str) -> Browser:
        """Somebody of `EVERYBODY`, signed in as far as they can."""
        return getattr(self, f"_{who}")(app)

    def _leader(self, app: Flask) -> Browser:
        return self.leader.browser(app)

    def _member(self, app: Flask) -> Browser:
        return self.member.browser(app)

    def _colleague(self, app: Flask) -> Browser:
        return doctor("Aubry", "Lucie", own=False).browser(app)

    def _elsewhere(self, app: Flask) -> Browser:
        return doctor("Roux", "Jean", structure="Clinique", finess="350000002").browser(app)

    def _former(self, app: Flask) -> Browser:
        one = self._worked_here()
        browser = one.browser(app)
        members.remove(self.leader.actor, self.facts.id, one.id)
        return browser

    def _left(self, app: Flask) -> Browser:
        one = self._worked_here()
        browser = one.browser(app)
        with db.write() as tx:
            tx.execute(delete(Practice).where(Practice.professional_id == one.id))
        return browser

    def _stopped(self, app: Flask) -> Browser:
        one = self._worked_here()
        browser = one.browser(app)
        suspensions.stop(SYSTEM, one.id, Cause.VOLUME)
        return browser

    def _patient(self, app: Flask) -> Browser:
        return self.patient.browser(app)

    def _operator(self, app: Flask) -> Browser:
        return office.officer(Role.PRIVACY_OFFICER).browser(app)

    def _nobody(self, app: Flask) -> Browser:
        return Browser(app)

    def _worked_here(self) -> Caregiver:
        one = doctor("Garnier", "Paul", own=False)
        with db.write() as tx:
            tx.execute(
                insert(MailboxMember).values(mailbox_id=self.facts.id, professional_id=one.id, since=clock.now())
            )
        return one


def _routes(app: Flask, method: str) -> list[str]:
    """The routes of one mailbox."""
    named = [rule.partition(" ") for rule in declarations(app)]
    assert len(named) > 100
    return sorted(rule for kind, _, rule in named if kind == method and rule.startswith(ROOT))


def _rows() -> list[list[tuple[object, ...]]]:
    """What mailboxes and their boxes hold."""
    tables = (Mailbox, MailboxMember, Message, MailboxTemplate, MailboxToken, Conversation, Draft)
    with db.read() as tx:
        return [sorted((tuple(row) for row in tx.execute(select(one.__table__))), key=repr) for one in tables]


def _sent(browser: Browser, method: str, place: str) -> Page:
    """What answers, with the token of a form where the browser has a page that gives one."""
    if method == "GET":
        return browser.send("GET", place, follow=False, whole=False)
    page = browser.send("GET", "/pro/aide", follow=False, whole=False)
    data = {"csrf_token": page.csrf_token} if page.status == 200 else {}
    return browser.send("POST", place, data=data, follow=False, whole=False)


@pytest.mark.parametrize("who", [one for one in EVERYBODY if one not in ("leader", "member")])
def test_nobody_from_outside_comes_to_any_page_of_a_mailbox_nor_changes_anything(app: Flask, who: str) -> None:
    house = House()
    browser, before = house.browser(app, who), _rows()
    at_the_door = who in ("stopped", "nobody")
    for method in ("GET", "POST"):
        for rule in _routes(app, method):
            page = _sent(browser, method, address(rule, house.ids))
            if at_the_door:
                assert page.headers.get("Location", "").endswith("/pro/connexion") or page.status == 404, rule
            else:
                assert page.status == 404, f"{who}: {method} {rule} answers {page.status}"
            assert house.facts.name not in page.body.decode(errors="replace")
    assert _rows() == before


def test_who_works_in_a_mailbox_reads_it_and_decides_nothing_about_it(app: Flask) -> None:
    house = House()
    reader, leader = house.browser(app, "member"), house.browser(app, "leader")
    for rule in _routes(app, "GET"):
        place = address(rule, house.ids)
        theirs, ours = (one.send("GET", place, follow=False).status for one in (reader, leader))
        is_leads = any(part in rule for part in LEADS)
        assert theirs == (404 if is_leads else ours), rule
        nothing_there = "<uuid:draft_id>" in rule or "<uuid:attachment_id>" in rule or rule.endswith("/reouvrir")
        assert ours < 400 or nothing_there, f"{rule}: {ours}"
    before = _rows()
    for rule in _routes(app, "POST"):
        if any(part in rule for part in LEADS) or rule == f"{ROOT}/reglages":
            assert _sent(reader, "POST", address(rule, house.ids)).status == 404, rule
    assert _rows() == before


@pytest.mark.parametrize("who", EVERYBODY)
def test_pages_without_a_mailbox_are_for_professionals(app: Flask, who: str) -> None:
    house = House()
    browser = house.browser(app, who)
    for place in ("/pro/messages", "/pro/messages/boites", "/pro/messages/annuaire", "/pro/messages/nouvelle-boite"):
        page = browser.send("GET", place, follow=False, whole=False)
        if who in ("patient", "operator"):
            assert page.status == 404
        elif who in ("stopped", "nobody"):
            assert page.headers["Location"].endswith("/pro/connexion")
        else:
            assert page.status < 400


@pytest.mark.parametrize("who", ["leader", "member", "colleague", "elsewhere", "patient", "operator"])
def test_a_closed_mailbox_is_there_for_who_may_open_it_again_and_for_nobody_else(app: Flask, who: str) -> None:
    house = House()
    browser = house.browser(app, who)
    mailboxes.close(house.leader.actor, house.facts.id)
    place = f"/pro/messages/fermees/{house.facts.id}"
    page = browser.send("GET", place, follow=False, whole=False)
    assert page.status == (200 if who == "leader" else 404)
    if who != "leader":
        assert _sent(browser, "POST", place).status == 404
    with pytest.raises(NotFoundError):
        boxes.mailbox_of(house.leader.actor, house.facts.id)


@pytest.mark.parametrize("who", ["elsewhere", "patient", "operator", "nobody"])
def test_who_has_no_right_on_a_patient_s_page_begins_no_message_from_it(app: Flask, who: str) -> None:
    house = House()
    browser, before = house.browser(app, who), _rows()
    place = f"/pro/patients/{house.patient.record_id}/ecrire"
    for method in ("GET", "POST"):
        assert _sent(browser, method, place).status in (303, 404)
    assert _rows() == before
