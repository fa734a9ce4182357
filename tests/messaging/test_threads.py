"""A conversation, opened: who sees what of it, what reading marks, what is told of it."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import NotFoundError
from espace.identifiers import new_id
from espace.messaging.services.boxes import Box
from espace.messaging.services.reading import lists, threads
from espace.messaging.views.letters import paragraphs, split
from tests.support import build
from tests.support.clock import FakeClock

from .letters import messages
from .support import Home, conversation_of, home, seen_by

pytestmark = pytest.mark.usefixtures("machines")


def test_letters_stand_in_their_order_and_are_new_once(clock: FakeClock) -> None:
    claire = home()
    came = claire.receives("Un")
    clock.advance(timedelta(minutes=5))
    claire.receives("Deux", answers=messages(claire.box.id)[0][0].message_id)
    first = threads.thread(claire.box, conversation_of(came))
    assert [(one.facts.text, one.new) for one in first.letters] == [("Un", True), ("Deux", True)]
    again = threads.thread(claire.box, conversation_of(came))
    assert [one.new for one in again.letters] == [False, False]


def test_a_long_conversation_is_read_page_by_page(clock: FakeClock) -> None:
    claire = home()
    came = claire.receives("0")
    for number in range(1, 5):
        clock.advance(timedelta(minutes=1))
        claire.receives(str(number), answers=messages(claire.box.id)[0][0].message_id)
    last = threads.thread(claire.box, conversation_of(came), limit=2)
    assert [one.facts.text for one in last.letters] == ["3", "4"]
    assert last.earlier is not None
    before = threads.thread(claire.box, conversation_of(came), before=last.earlier, limit=2)
    assert [one.facts.text for one in before.letters] == ["1", "2"]


ACTS: list[Callable[[Box, UUID], Any]] = [
    threads.thread,
    threads.head,
    threads.archive,
    threads.mark_unread,
    lambda box, which: threads.whole(box, which, Action.MESSAGE_PRINTED),
]


@pytest.mark.parametrize("act", ACTS)
def test_a_conversation_of_another_box_does_not_exist(act: Callable[[Box, UUID], Any]) -> None:
    claire, nadia = home(), home("Nadia")
    came = claire.receives()
    with pytest.raises(NotFoundError):
        act(nadia.box, conversation_of(came))
    with pytest.raises(NotFoundError):
        act(claire.box, new_id())


def child_and_parent() -> tuple[Home, build.Citizen]:
    """A child whose parent reads for them."""
    mother = build.citizen("Marie")
    return Home(build.citizen("Jules", birth=date(2019, 4, 2), parents=[mother], activated=False)), mother


def test_a_parent_reads_for_a_child_leaves_a_row_and_sees_nothing_secret() -> None:
    child, mother = child_and_parent()
    arrived = child_receives(child, "Ouvert")
    secret = child_receives(child, "Gardé", secret=True)
    box = seen_by(mother.standing(child.person.record_id))
    assert [line.subject for line in lists.page(box).lines] == ["Ouvert"]
    assert lists.unread(box) == 1
    threads.thread(box, arrived)
    with pytest.raises(NotFoundError):
        threads.thread(box, secret)
    assert Action.MESSAGE_READ in acts_on(child)


def child_receives(child: Home, subject: str, *, secret: bool = False) -> UUID:
    """A letter comes into a child's box."""
    return conversation_of(child.receives(subject=subject, secret=secret))


def acts_on(child: Home) -> list[Action]:
    """What stands in the trail of a child's record."""
    told = audit.entries(child.person.record_id, mine=False, holder_actor_ids=(), before=None, limit=50)
    return [one.action for one in told]


@pytest.mark.parametrize(
    ("text", "own", "quoted"),
    [
        ("Merci.", "Merci.", ""),
        ("Merci.\n\nLe 3 mai, Dr X a écrit :\n> Bonjour", "Merci.", "Le 3 mai, Dr X a écrit :\n> Bonjour"),
        ("> tout est repris", "> tout est repris", ""),
        ("Oui.\n> Bonjour\n> à vous", "Oui.", "> Bonjour\n> à vous"),
    ],
)
def test_what_a_message_repeats_is_put_apart(text: str, own: str, quoted: str) -> None:
    assert split(text) == (own, quoted)


def test_a_text_keeps_its_paragraphs_and_lines() -> None:
    assert paragraphs("Bonjour,\n\n\nUn\nDeux\n") == (("Bonjour,",), ("Un", "Deux"))
