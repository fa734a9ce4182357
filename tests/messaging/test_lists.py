"""The list of messages: its folders, its pages, what its lines say, and what they cost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from espace.interop.mail_letter import Address
from espace.machines import Machines
from espace.messaging.services.reading import lists, threads
from espace.messaging.services.reading.lists import Folder
from tests.documents.house import statements
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .letters import DOCTOR, HOSPITAL, messages
from .support import conversation_of, home

pytestmark = pytest.mark.usefixtures("machines")


def subjects(page: lists.Page) -> list[str]:
    """What a page lists."""
    return [line.subject for line in page.lines]


def test_what_came_last_stands_first_and_says_who_wrote_what(clock: FakeClock) -> None:
    claire = home()
    claire.receives("Une réponse est-elle possible ?", subject="Premier")
    clock.advance(timedelta(hours=1))
    claire.receives("Tout va bien.", subject="Second", sender=HOSPITAL)
    found = lists.page(claire.box)
    assert subjects(found) == ["Second", "Premier"]
    second, first = found.lines
    assert (second.name, second.excerpt, second.unread, second.asks) == (HOSPITAL.name, "Tout va bien.", True, False)
    assert first.asks
    assert lists.unread(claire.box) == 2


def test_a_conversation_that_was_read_leaves_the_unread_ones() -> None:
    claire = home()
    one = conversation_of(claire.receives(subject="Lu"))
    claire.receives(subject="Pas lu")
    threads.thread(claire.box, one)
    assert subjects(lists.page(claire.box, Folder.UNREAD)) == ["Pas lu"]
    assert lists.unread(claire.box) == 1
    threads.mark_unread(claire.box, one)
    assert lists.unread(claire.box) == 2


def test_what_is_archived_leaves_the_list_and_comes_back_with_a_new_message() -> None:
    claire = home()
    came = claire.receives(subject="Rangé")
    threads.archive(claire.box, conversation_of(came))
    assert subjects(lists.page(claire.box)) == []
    assert subjects(lists.page(claire.box, Folder.ARCHIVED)) == ["Rangé"]
    first = threads.thread(claire.box, conversation_of(came)).letters[0].facts.message_id
    claire.receives(subject="Re: Rangé", answers=first)
    assert subjects(lists.page(claire.box)) == ["Rangé"]


def test_pages_follow_each_other_without_a_gap_or_a_double(clock: FakeClock) -> None:
    claire = home()
    for number in range(7):
        claire.receives(subject=f"Message {number}")
        if number % 2:
            clock.advance(timedelta(minutes=1))
    seen, before = [], None
    while True:
        page = lists.page(claire.box, before=before, limit=3)
        seen += subjects(page)
        before = page.next
        if before is None:
            break
    assert sorted(seen) == [f"Message {number}" for number in range(7)]


@on_sqlite
def test_a_page_costs_the_same_for_one_and_for_sixty(machines: Machines, clock: FakeClock) -> None:
    claire = home()
    counts = []
    for many in (1, 60):
        for number in range(many):
            claire.receives(subject=f"Message {number}")
            clock.advance(timedelta(minutes=1))
        box = claire.box
        lists.page(box, limit=60)
        with statements() as sent:
            lists.page(box, limit=60)
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 4


def test_who_has_no_name_is_called_by_their_address() -> None:
    claire = home()
    claire.receives(sender=Address("secretariat@hopital.operateur.example"))
    (line,) = lists.page(claire.box).lines
    assert line.name == "secretariat@hopital.operateur.example"
    newest = lists.newest_unread(claire.box)
    assert newest is not None
    assert newest.name == line.name


def test_an_excerpt_is_what_was_written_and_not_what_it_repeats() -> None:
    assert lists.excerpt("Merci.\n> Bonjour\n> à vous\n") == "Merci."
    assert lists.excerpt("mot " * 100).endswith("…")
    assert len(lists.excerpt("mot " * 100)) <= lists.EXCERPT


@pytest.mark.parametrize("folder", [Folder.INBOX, Folder.UNREAD])
def test_who_reads_up_to_a_limit_sees_a_list_as_it_was_then(clock: FakeClock, folder: Folder) -> None:
    claire = home()
    old = claire.receives("Première", subject="Ancien")
    clock.advance(timedelta(hours=1))
    claire.receives("Autre", subject="Milieu")
    limit = clock.now + timedelta(minutes=1)
    limited = replace(claire.box, arrived_before=limit)
    before = lists.page(limited, folder)
    clock.advance(timedelta(days=1))
    claire.receives("Suite", answers=messages(claire.box.id)[0][0].message_id)
    claire.receives("Nouveau", subject="Récent")
    assert lists.page(limited, folder) == before
    assert subjects(before) == ["Milieu", "Ancien"]
    assert lists.unread(limited) == 2
    assert [one.facts.text for one in threads.thread(limited, conversation_of(old)).letters] == ["Première"]
    assert lists.unread(limited) == 2  # whom a decision limits marks nothing
    threads.thread(claire.box, conversation_of(old))
    assert lists.unread(limited) == 1


def test_one_side_has_one_name_whatever_its_program_calls_it() -> None:
    """Only somebody else's words in a conversation bear a name of their own."""
    claire = home()
    claire.receives(sender=DOCTOR, subject="Suivi")
    said = messages(claire.box.id)[0][0].message_id
    for sender, is_other in ((replace(DOCTOR, name="Cabinet 3"), False), (HOSPITAL, True)):
        claire.receives("Suite", sender=sender, answers=said)
        line = next(one for one in lists.page(claire.box).lines if one.subject == "Suivi")
        assert (line.by != line.name) is is_other, sender
