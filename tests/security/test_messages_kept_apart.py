"""Messages of a child whose parents live apart, and of those whose access ended (security.md R15, R16)."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from flask import Flask

from espace import assembly, outbox
from espace import clock as our_clock
from espace.audit import services as audit
from espace.audit.services import Action
from espace.family.services import parents
from espace.family.services.carers import links
from espace.home.services import telling
from espace.interop.mail_letter import Part
from espace.messaging.services.boxes import box_of
from espace.messaging.services.outgoing import sending
from espace.messaging.services.outgoing.sending import Outgoing
from espace.messaging.services.reading import threads
from espace.permissions import Standing, Task
from espace.web import guards
from tests.family import caring
from tests.house.test_routes import address, addresses
from tests.messaging import letters
from tests.support import build, readers
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite
from tests.support.papers import pdf

from .test_pulse import ask, opened
from .test_separated_parents import Family, everything

PLACE = letters.HOSPITAL
INVITATION = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261201T090000Z\r\n"
    b"DTEND:20261201T093000Z\r\nSUMMARY:Consultation\r\nLOCATION:Villa Corail\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
TOLD_OF_PLACE = (PLACE.address, PLACE.name, "operateur.example")


@pytest.fixture
def home(app: Flask) -> Family:
    """Two parents who live apart, and their child."""
    return Family()


def _written(home: Family) -> UUID:
    """A letter of a hospital's ward, answered by the mother."""
    enclosed = Part("Compte rendu.pdf", "application/pdf", pdf("Consultation"))
    came = letters.arrive(
        letters.letter(letters.address_of(home.child), sender=PLACE, subject="Suites", parts=[enclosed])
    )
    conversation = came[0].conversation_id
    assert conversation is not None
    answer = Outgoing(to=[PLACE.address], key=uuid4(), subject="Suites", text="Merci.", conversation_id=conversation)
    sending.send(box_of(home.mother.standing(home.child.record_id)), answer)
    return conversation


def _pages(home: Family, who: build.Citizen, app: Flask, conversation: UUID) -> str:
    """All that one of the parents reads: pages, searches, what is taken away."""
    browser = who.browser(app)
    found = list(everything(browser, home, f"{home.base}/", f"{home.base}/messages", f"{home.base}/historique"))
    for tail in ("", "/imprimer", "/pdf", "/copie"):
        page = browser.get(f"{home.base}/messages/{conversation}{tail}", expect=None)
        found.append(page.body.decode("utf-8", "ignore"))
    return "\n".join(found)


def test_the_place_and_the_address_of_a_sender_are_kept_from_the_other_parent(app: Flask, home: Family) -> None:
    conversation = _written(home)
    open_to_all = _pages(home, home.father, app, conversation)
    assert all(word in open_to_all for word in (PLACE.name, "Suites")), "the canary would prove nothing"
    parents.choose_two_homes(home.mother.standing(home.child.record_id), on=True)
    masked = _pages(home, home.father, app, conversation)
    assert "Suites" in masked
    for word in TOLD_OF_PLACE:
        assert word not in masked, word
    assert PLACE.name in _pages(home, home.mother, app, conversation)


def test_an_invitation_tells_a_kept_place_by_no_way(app: Flask, home: Family) -> None:
    calendar = Part("invite.ics", "text/calendar", INVITATION)
    letters.arrive(letters.letter(letters.address_of(home.child), calendars=[calendar]))
    assembly.handle_events()
    outbox.work()
    ((attachment, _),) = letters.attachments(home.child.record_id)
    place = f"{home.base}/messages/pieces/{attachment}"
    father = home.father.browser(app)
    assert "Villa Corail" in father.get(place).text, "the canary would prove nothing"
    parents.choose_two_homes(home.mother.standing(home.child.record_id), on=True)
    page = father.get(place)
    assert "Villa Corail" not in page.text
    assert "/contenu" not in page.body.decode()
    assert father.get(f"{place}/contenu", expect=404).body
    assert b"Villa Corail" in home.mother.browser(app).get(f"{place}/contenu", expect=None).body


def test_a_search_for_a_kept_place_finds_nothing(app: Flask, home: Family) -> None:
    _written(home)
    parents.choose_two_homes(home.mother.standing(home.child.record_id), on=True)
    for who, finds in ((home.mother, True), (home.father, False)):
        browser = who.browser(app)
        ask = browser.get(f"{home.base}/messages/recherche")
        for words in ("cardiologie", "hopital"):
            data = {"csrf_token": ask.csrf_token, "q": words}
            found = browser.send("POST", f"{home.base}/messages/recherche", expect=None, data=data)
            assert ("Suites" in found.text) is finds, (who.name, words)


def test_each_parent_sees_what_the_other_did_with_messages(app: Flask, home: Family) -> None:
    conversation = _written(home)
    threads.thread(box_of(home.mother.standing(home.child.record_id)), conversation)
    threads.thread(box_of(home.father.standing(home.child.record_id)), conversation)
    rows = _rows(home.child.record_id)
    for who, other in ((home.father, home.mother), (home.mother, home.father)):
        told = telling.tellable(rows, who.standing(home.child.record_id))
        assert {Action.MESSAGE_READ} <= {entry.action for entry in told if entry.actor_id == other.account_id}
        text = who.browser(app).get(f"{home.base}/historique").text
        assert other.name in text
        assert "Suites" in text
    arrived = next(entry for entry in rows if entry.action is Action.MESSAGE_RECEIVED)
    assert arrived.detail == {"whom_place": PLACE.name}


def _rows(record_id: UUID) -> list[audit.Entry]:
    return list(audit.entries(record_id, mine=False, holder_actor_ids=[], before=None))


def _rows_about_messages(standing: Standing) -> list[Action]:
    return [
        entry.action for entry in telling.tellable(_rows(standing.record_id), standing) if "message" in entry.action
    ]


@on_sqlite
def test_a_row_about_a_secret_message_is_told_to_the_minor_alone(app: Flask) -> None:
    mother = build.citizen("Claire")
    teen = build.citizen("Léa", birth=our_clock.today().replace(year=2010), parents=(mother,))
    letters.arrive(letters.letter(letters.address_of(teen), subject="Zibeline"), secret=True)
    assert _rows_about_messages(teen.standing()) == [Action.MESSAGE_RECEIVED]
    assert _rows_about_messages(mother.standing(teen.record_id)) == []


# --- what ended is refused at the next request (R16)


def _routes(app: Flask, holder: build.Citizen, conversation: UUID) -> Iterator[tuple[str, str]]:
    """Every route on the messages of a record: method and address."""
    attachment = letters.attachments(holder.record_id)[0][0]
    ids = {"record_id": holder.record_id, "conversation_id": conversation, "attachment_id": attachment}
    for method in ("GET", "POST"):
        for rule, _ in addresses(app, method=method):
            if str(guards.declared(app.view_functions[rule.endpoint])).startswith("messages:"):
                yield method, address(rule.rule, ids)


def _asked(app: Flask, browser: Browser, holder: build.Citizen, conversation: UUID) -> dict[str, int]:
    token = {"csrf_token": browser.get("/compte/langue").csrf_token}
    return {
        f"{method} {place}": browser.send(
            method, place, expect=None, follow=False, data=token if method == "POST" else None
        ).status
        for method, place in _routes(app, holder, conversation)
    }


def test_a_carer_whose_help_ended_is_refused_at_the_next_request_everywhere(app: Flask) -> None:
    helped, carer = caring.helped_and_carer()
    given = caring.scope(Task.READ_MESSAGES, Task.WRITE_MESSAGES)
    made = caring.made(helped.standing(), carer, given)
    parts = [Part("Compte rendu.pdf", "application/pdf", pdf("Consultation"))]
    conversation = letters.arrive(letters.letter(letters.address_of(helped), parts=parts))[0].conversation_id
    assert conversation is not None
    browser = carer.browser(app)
    open_to = _asked(app, browser, helped, conversation)
    assert sum(status in (200, 303) for status in open_to.values()) > len(open_to) / 3, open_to
    links.end(helped.standing(), made.id)
    shut = _asked(app, browser, helped, conversation)
    assert set(shut.values()) == {404}, {place: status for place, status in shut.items() if status != 404}


def test_a_parent_whom_a_decision_stops_is_refused_at_the_next_request_everywhere(app: Flask, home: Family) -> None:
    conversation = _written(home)
    browser = home.father.browser(app)
    assert browser.get(f"{home.base}/messages", expect=None).status == 200
    readers.restrict(home.child, home.father, sees_before=None)
    assert set(_asked(app, browser, home.child, conversation).values()) == {404}


def test_an_open_page_of_messages_learns_that_it_may_not_show_them_any_more(app: Flask, clock: FakeClock) -> None:
    """The heartbeat of a page asks whether its reader still may see it."""
    helped, carer = caring.helped_and_carer()
    made = caring.made(helped.standing(), carer, caring.scope(Task.READ_MESSAGES))
    letters.arrive(letters.letter(letters.address_of(helped)))
    browser = carer.browser(app)
    place = opened(browser, f"/dossiers/{helped.record_id}/messages")
    assert ask(browser, place) == 204
    links.end(helped.standing(), made.id)
    assert ask(browser, place) != 204
