"""What the pages of messages ask of the database: as much for one conversation as for sixty, found by its indexes."""

import pytest
from flask import Flask

from espace.interop.mail_letter import Address
from espace.messaging.services import sight
from espace.messaging.services.boxes import box_of
from espace.messaging.services.reading import lists, threads
from espace.messaging.services.reading.list_statements import Assigned, Folder, page_statement, unread_statement
from espace.messaging.services.reading.lists import MANY
from tests.documents.house import statements
from tests.documents.plans import plan
from tests.support.browser_client import Browser
from tests.support.marks import on_sqlite

from . import mailboxes
from .letters import HOSPITAL, address_of, arrive, letter
from .support import Home, conversation_of, home


@pytest.fixture
def claire(app: Flask) -> Home:
    """A person with an empty box."""
    return home()


@pytest.fixture
def browser(app: Flask, claire: Home) -> Browser:
    """Claire's."""
    return claire.person.browser(app)


def asked(browser: Browser, path: str) -> int:
    """How many statements a page asks, once keys are opened and what was new is read."""
    browser.get(path)
    with statements() as sent:
        browser.get(path)
    return sum(not one.startswith(("BEGIN", "COMMIT", "SAVEPOINT")) for one in sent)


def test_pages_cost_as_many_statements_for_one_conversation_as_for_sixty(browser: Browser, claire: Home) -> None:
    """performance.md: a home of six statements at most, whatever waits in the messages."""
    opened = conversation_of(claire.receives(subject="Analyses"))
    claire.receives(subject="Ordonnance")
    record = f"/dossiers/{claire.person.record_id}"
    pages = {f"{record}/": 6, f"{record}/documents": 4, claire.at(): 7, claire.at(opened): 9}
    few = [asked(browser, path) for path in pages]
    for number in range(60):
        claire.receives(subject=f"Message {number}")
    assert [asked(browser, path) for path in pages] == few
    assert all(count <= most for count, most in zip(few, pages.values(), strict=True)), few


def test_the_badge_is_counted_with_the_standing_and_anew_once_something_was_read(
    browser: Browser, claire: Home
) -> None:
    came = claire.receives()
    dot = "//nav//span[@class='dot']"
    assert browser.get(f"/dossiers/{claire.person.record_id}/documents").tree.xpath(dot)
    assert not browser.get(claire.at(conversation_of(came))).tree.xpath(dot), "it is read by this very page"


def test_what_is_counted_with_the_standing_is_what_its_reader_sees(app: Flask) -> None:
    claire = home()
    standing = claire.person.standing
    assert lists.unread_then(box_of(standing())) == 0
    first = claire.receives()
    claire.receives(subject="Archivé")
    threads.archive(claire.box, conversation_of(claire.receives(subject="Rangé")))
    box = box_of(standing())
    assert box.standing is not None
    assert box.standing.counted == (2, 2)
    assert lists.unread_then(box) == lists.unread(box) == 2
    threads.thread(claire.box, conversation_of(first))
    assert lists.unread_then(box) == 2, "as it was when the standing was judged"
    assert lists.unread_then(box_of(standing())) == 1


@on_sqlite
@pytest.mark.usefixtures("machines")
def test_what_a_list_or_the_badge_shows_is_found_in_its_index() -> None:
    """SQLite keeps no statistics: what a statement says decides, and nothing else of the box may be gone through."""
    box = home().box
    values = sight.parameters(box)
    counted = plan(unread_statement(sight.shape(box)), values | {"limit": MANY})
    assert "ix_mail_conversations_unread" in counted
    for folder, index in {Folder.INBOX: "in", Folder.UNREAD: "unread", Folder.SENT: "out"}.items():
        statement = page_statement(sight.shape(box), folder, Assigned.ANYBODY, after=False)
        found = plan(statement, values | {"limit": 41})
        assert f"ix_mail_conversations_{index}" in found, found
        assert "TEMP B-TREE" not in found, found


def test_a_thread_costs_as_many_statements_for_one_other_recipient_as_for_thirty(
    browser: Browser, claire: Home
) -> None:
    """Whom an answer to all would go to is asked at once, and only who wrote before is offered."""
    claire.receives(sender=HOSPITAL)
    counts = []
    for many in (1, 30):
        others = [Address(f"autre{number}@hopital.operateur.example", f"Autre {number}") for number in range(many)]
        came = arrive(letter(address_of(claire.person), HOSPITAL, *others, subject="À plusieurs"))[0]
        path = claire.at(conversation_of(came))
        counts.append(asked(browser, path))
        page = browser.get(path)
        assert HOSPITAL.name in page.text
        offered = page.tree.xpath("//form//input[@name='to']/@value")
        assert len(offered) == 1, offered
    assert counts[0] == counts[1]


def test_a_page_of_a_mailbox_looks_once_whether_one_belongs_to_it(app: Flask) -> None:
    leader = mailboxes.doctor()
    browser, path = leader.browser(app), f"/pro/messages/{mailboxes.ward(leader).id}"
    for page in (path, f"{path}/ecrire"):
        with statements() as sent:
            browser.get(page)
        assert len([one for one in sent if "FROM mailboxes" in one and "mailboxes.closed_at IS NULL" in one]) == 1
