"""What a house chooses about messages by its settings is what happens: each with another value than the one given."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from espace import assembly, outbox
from espace import settings as bound
from espace.identifiers import new_id
from espace.machines import Machines
from espace.messaging.gateway import house, replies
from espace.messaging.gateway.peers import Peer
from espace.messaging.gateway.replies import ReplyError
from espace.messaging.services import boxes
from espace.messaging.services.outgoing import sendings
from espace.messaging.services.outgoing.sending import Outgoing, send, why
from espace.messaging.services.rights import Why
from espace.notifications import services as notifications
from espace.notifications.services import Channel, Event, Reach
from tests.support import build
from tests.support.build import Citizen
from tests.support.clock import FakeClock
from tests.support.ports import free_port

from .gate import SENDER
from .letters import DOCTOR, HOSPITAL, address_of, arrive, letter, own_box, practice_box
from .test_delivering_told import told
from .test_leaving import every, write


@pytest.fixture
def claire(machines: Machines) -> Citizen:
    """A person with an account; the house's events have their handlers."""
    assembly.handle_events()
    return build.citizen("Claire", "Fontenay", birth=date(1980, 3, 14))


def chosen(machines: Machines, **values: object) -> None:
    """The house chooses these."""
    bound.bind(replace(machines.settings, **values))  # type: ignore[arg-type]


@pytest.mark.parametrize("hours", [2, 72])
def test_after_how_long_an_unread_message_is_told_again(
    claire: Citizen, machines: Machines, clock: FakeClock, hours: int
) -> None:
    chosen(machines, unread_hours=hours)
    arrive(letter(address_of(claire)))
    clock.advance(timedelta(hours=hours, minutes=-1))
    outbox.work()
    assert told(claire) == ["new-message"]
    clock.advance(timedelta(minutes=2))
    outbox.work()
    assert told(claire) == ["new-message", "unread-message"]


def test_who_was_told_by_every_channel_already_hears_nothing_more(claire: Citizen, clock: FakeClock) -> None:
    account = claire.account_id
    reach = Reach(account, claire.email, "+33612345678", "fr")
    wishes = notifications.preferences_of(account, reach.phone)
    both = {**wishes.choices, Event.NEW_MESSAGE: frozenset({Channel.EMAIL, Channel.SMS})}
    notifications.choose(claire.actor, reach, replace(wishes, choices=both))
    arrive(letter(address_of(claire)))
    clock.advance(timedelta(hours=25))
    outbox.work()
    assert "unread-message" not in told(claire)


@pytest.mark.parametrize("hours", [3, 60])
def test_how_long_a_message_is_tried_again(machines: Machines, clock: FakeClock, hours: int) -> None:
    assembly.handle_events()
    chosen(machines, sending_hours=hours, smtp_port=free_port())
    box = practice_box()
    sent = write(box, HOSPITAL)
    states = []
    for _ in range(hours + 4):
        clock.advance(timedelta(hours=1))
        outbox.work()
        states.append(every(box, sent.message_id)[0].state)
    given_up = states.index(sendings.State.FAILED) + 1
    assert hours - 2 <= given_up <= hours + 1


def test_how_an_exchange_is_ended_from_a_mail_program(claire: Citizen, machines: Machines) -> None:
    box = own_box(claire)
    chosen(machines, closing_mark="#terminé")
    arrive(letter(address_of(claire), subject="[FIN] Votre consultation"))
    assert send(box, Outgoing(to=[DOCTOR.address], key=new_id(), text="Merci.")).new, "another house's mark"
    arrive(letter(address_of(claire), subject="#Terminé Votre consultation"))
    assert why(box, DOCTOR.address).why is Why.CLOSED


def test_how_many_unknown_addresses_an_operator_may_name(claire: Citizen, machines: Machines) -> None:
    chosen(machines, mail_misses_per_hour=3)
    peer = Peer(frozenset({"peer.test"}))
    said = []
    for _ in range(5):
        with pytest.raises(ReplyError) as refused:
            house.admit_recipient(peer, SENDER, boxes.patient_address(build.ins()))
        said.append(refused.value.reply)
    assert said[3:] == [replies.PROBED] * 2
    assert replies.PROBED not in said[:3]
