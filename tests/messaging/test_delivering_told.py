"""Who learns that a message came, and who must not: content-free, never the parents of a secret one (R52, R13)."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from espace import assembly, clock, crypto, db, outbox
from espace.audit import services as audit
from espace.audit.services import Action
from espace.crypto.owners import OUTBOX
from espace.interop.mail_letter import Address
from espace.machines import Machines
from espace.messaging.services import boxes
from espace.messaging.services.boxes import Box
from espace.messaging.services.incoming import correspondents
from espace.messaging.services.outgoing.sending import Outgoing, send
from espace.messaging.services.reading import threads
from espace.messaging.services.rights import Why, may_write
from espace.outbox.models import Delivery
from tests.support import build
from tests.support.build import Citizen
from tests.support.clock import FakeClock

from .letters import DOCTOR, HOSPITAL, address_of, arrive, conversations, letter, mailbox, messages

MESSAGES = frozenset({"new-message", "unread-message", "failed-message", "linked-news"})
GONE = Address("personne@cabinets.espace.example")
"""A mailbox of this house that is not there any more."""


@pytest.fixture
def claire(machines: Machines) -> Citizen:
    """A mother with an account; the house's events have their handlers."""
    assembly.handle_events()
    return build.citizen("Claire", "Fontenay", birth=date(1980, 3, 14))


@pytest.fixture
def jules(claire: Citizen) -> Citizen:
    """Her son of sixteen, who has an account of his own."""
    return build.citizen("Jules", "Fontenay", sex="M", birth=date(2010, 7, 2), parents=[claire])


def told(person: Citizen) -> list[str]:
    """What a person was written of messages, oldest first."""
    return [one["message"] for one in build.mails_to(person.email) if one["message"] in MESSAGES]


def test_the_person_is_told_that_a_message_came_and_nothing_of_it(claire: Citizen) -> None:
    arrive(letter(address_of(claire), subject="Cancer", text="Votre biopsie"))
    assert told(claire) == ["new-message"]
    with db.read() as tx:
        rows = tx.execute(select(Delivery.id, Delivery.payload)).all()
        posted = str([crypto.unseal(tx, OUTBOX, "outbox", row.id, row.payload) for row in rows])
    for word in ("Cancer", "biopsie", "Le Goff", DOCTOR.address, "hopital"):
        assert word not in posted


def test_the_same_message_again_tells_nobody(claire: Citizen) -> None:
    one = letter(address_of(claire))
    for _ in range(3):
        arrive(one)
    assert told(claire) == ["new-message"]


def test_a_space_that_waits_for_its_person_receives_and_tells_nobody(machines: Machines) -> None:
    paul = build.citizen("Paul", "Roux", activated=False)
    arrive(letter(address_of(paul)))
    assert len(messages(paul.record_id)) == 1
    with db.read() as tx:
        assert tx.execute(select(Delivery.id).where(Delivery.topic == "mail")).all() == []


def test_the_parents_of_a_child_are_told_of_news(claire: Citizen, jules: Citizen) -> None:
    arrive(letter(address_of(jules)))
    assert (told(jules), told(claire)) == (["new-message"], ["linked-news"])


def test_a_secret_message_is_told_to_the_minor_alone(claire: Citizen, jules: Citizen) -> None:
    arrive(letter(address_of(jules)), secret=True)
    assert (told(jules), told(claire)) == (["new-message"], [])


def test_an_adult_has_nobody_to_keep_a_message_from(claire: Citizen) -> None:
    arrive(letter(address_of(claire)), secret=True)
    assert [row.secret for _, row in conversations(claire.record_id)] == [False]


def test_what_nobody_read_after_a_day_is_told_once_more(claire: Citizen, clock: FakeClock) -> None:
    arrive(letter(address_of(claire)))
    for _ in range(3):
        clock.advance(timedelta(hours=25))
        outbox.work()
    assert told(claire) == ["new-message", "unread-message"]


def test_what_was_read_meanwhile_is_not_told_again(claire: Citizen, clock: FakeClock) -> None:
    (done,) = arrive(letter(address_of(claire)))
    assert done.conversation_id is not None
    threads.thread(boxes.box_of(claire.standing()), done.conversation_id)
    clock.advance(timedelta(hours=25))
    outbox.work()
    assert told(claire) == ["new-message"]


def answer(person: Citizen) -> None:
    """A person answers who has no mailbox any more; the worker learns it."""
    send(boxes.box_of(person.standing()), Outgoing(to=(GONE,), key=uuid4(), subject="Suivi", text="Bonjour."))
    outbox.work()


def test_who_wrote_is_told_that_it_did_not_arrive(claire: Citizen) -> None:
    arrive(letter(address_of(claire), sender=GONE))
    answer(claire)
    assert told(claire) == ["new-message", "failed-message"]


def test_what_a_minor_wrote_in_secret_and_did_not_arrive_is_told_to_them_alone(claire: Citizen, jules: Citizen) -> None:
    (done,) = arrive(letter(address_of(jules), sender=GONE), secret=True)
    answering = Outgoing(
        to=(GONE,), key=uuid4(), subject="Suivi", text="Bonjour.", conversation_id=done.conversation_id, secret=True
    )
    send(boxes.box_of(jules.standing()), answering)
    outbox.work()
    assert (told(jules), told(claire)) == (["new-message", "failed-message"], [])


def test_a_secret_message_that_waits_reminds_no_parent(claire: Citizen, jules: Citizen, clock: FakeClock) -> None:
    arrive(letter(address_of(jules)), secret=True)
    clock.advance(timedelta(hours=25))
    outbox.work()
    assert told(jules) == ["new-message", "unread-message"]
    assert told(claire) == []


def parent_box(claire: Citizen, jules: Citizen) -> Box:
    """The son's box, as his mother may use it."""
    return boxes.box_of(claire.standing(jules.record_id))


def test_a_secret_answer_leaves_an_open_conversation_as_it_was(claire: Citizen, jules: Citizen) -> None:
    one = letter(address_of(jules))
    arrive(one)
    before = conversations(jules.record_id)
    second = letter(address_of(jules), answers=one.message_id, text="Entre nous.")
    arrive(second, secret=True)
    third = letter(address_of(jules), answers=second.message_id, references=[one.message_id], text="Encore.")
    arrive(third)
    fourth = letter(address_of(jules), answers=one.message_id, text="Pour tous.")
    open_one, secret_one = conversations(jules.record_id)
    assert [open_one] == before
    assert (secret_one[1].secret, secret_one[0].follows) == (True, str(open_one[1].id))
    arrive(fourth)
    places = [row.conversation_id for _, row in messages(jules.record_id)]
    assert places == [open_one[1].id, secret_one[1].id, secret_one[1].id, open_one[1].id]
    assert [row.secret for _, row in messages(jules.record_id)] == [False, True, True, False]


def test_parents_learn_nothing_of_whom_a_minor_exchanges_secret_messages_with(claire: Citizen, jules: Citizen) -> None:
    arrive(letter(address_of(jules)), secret=True)
    parent, own = parent_box(claire, jules), boxes.box_of(jules.standing())
    assert correspondents.known(parent) == []
    assert [one.address for one in correspondents.known(own)] == [DOCTOR.address]
    assert may_write(correspondents.exchange(parent, DOCTOR.address)).why is Why.NEVER_WROTE
    assert may_write(correspondents.exchange(own, DOCTOR.address)).why is Why.WROTE_BEFORE
    rows = audit.entries(jules.record_id, mine=False, holder_actor_ids=[], before=None, limit=50)
    marked = [one.objects[0] for one in rows if one.action is Action.MESSAGE_RECEIVED]
    assert [thing.get("representatives_invisible") for thing in marked] == ["yes"]


def test_an_exchange_ended_secretly_stays_open_for_parents_and_one_ended_openly_is_ended_for_all(
    claire: Citizen, jules: Citizen
) -> None:
    arrive(letter(address_of(jules)))
    arrive(letter(address_of(jules)), secret=True)
    parent, own = parent_box(claire, jules), boxes.box_of(jules.standing())

    def both() -> list[Why]:
        return [may_write(correspondents.exchange(box, DOCTOR.address)).why for box in (parent, own)]

    arrive(letter(address_of(jules), subject="[FIN] Suivi"), secret=True)
    assert both() == [Why.WROTE_BEFORE, Why.WROTE_BEFORE]
    arrive(letter(address_of(jules), subject="[FIN] Suivi"))
    assert both() == [Why.CLOSED, Why.CLOSED]
    arrive(letter(address_of(jules)))
    assert both() == [Why.WROTE_BEFORE, Why.WROTE_BEFORE]


def test_whoever_reads_up_to_a_limit_knows_only_who_wrote_before(claire: Citizen, clock: FakeClock) -> None:
    arrive(letter(address_of(claire)))
    clock.advance(timedelta(days=1))
    limit = clock_now()
    clock.advance(timedelta(days=1))
    arrive(letter(address_of(claire), sender=HOSPITAL))
    arrive(letter(address_of(claire), subject="[FIN]"))
    limited = replace(boxes.box_of(claire.standing()), arrived_before=limit)
    (one,) = correspondents.known(limited)
    assert (one.address, one.closed_at) == (DOCTOR.address, None)
    assert one.last_at < limit


def clock_now() -> Any:
    """The house's time."""
    return clock.now()


def test_who_writes_is_called_as_the_directory_says(claire: Citizen) -> None:
    found = build.caregiver("Morvan", "Hélène", mssante="helene.morvan@aura.mssante.fr")
    sender = replace(DOCTOR, address="Helene.Morvan@aura.mssante.fr", name="Votre banque")
    arrive(letter(address_of(claire), sender=sender))
    ((said, row),) = conversations(claire.record_id)
    assert (said.with_name, said.with_role) == (found.facts.display_name, found.facts.plain_label)
    ((written, _),) = messages(claire.record_id)
    assert (written.sender.name, written.sender.role) == (said.with_name, said.with_role), "on each letter too"
    (one,) = correspondents.known(boxes.box_of(claire.standing()))
    assert one.professional_id == found.id
    assert row.correspondent_id == one.id


def test_patients_stand_apart_in_a_mailbox_even_when_one_answers_the_others_letter(
    claire: Citizen, jules: Citizen
) -> None:
    team = mailbox()
    assert team.box_id is not None
    to = replace(HOSPITAL, address=team.address)
    one = letter(to, sender=address_of(claire))
    arrive(one)
    arrive(letter(to, sender=address_of(jules), answers=one.message_id))
    arrive(letter(to, sender=HOSPITAL, answers=one.message_id))
    with_whom = [said.with_address for said, _ in conversations(team.box_id)]
    assert with_whom == [address_of(claire).address, address_of(jules).address]
