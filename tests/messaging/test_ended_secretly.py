"""An exchange that a professional ends with a minor in secret says nothing to the parents (rules.md MS-5, R13)."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid4

import pytest

from espace import assembly, outbox
from espace.errors import InvalidError
from espace.machines import Machines
from espace.messaging.services.boxes import Box
from espace.messaging.services.outgoing import sendings
from espace.messaging.services.outgoing.sending import Outgoing, send
from espace.messaging.services.outgoing.sendings import State
from espace.messaging.services.reading import threads
from espace.messaging.services.writing import closing
from tests.support import build

from .letters import address_of, own_box, practice_box


@dataclass
class Care:
    """A minor, their parent, a professional here who writes to the minor openly and in secret."""

    minor: Box
    parent: Box
    doctor: Box
    address: str
    open: UUID
    secret: UUID


@pytest.fixture
def care(machines: Machines) -> Care:
    """One open and one secret conversation, as the professional's mailbox has them."""
    assembly.handle_events()
    claire = build.citizen("Claire", "Fontenay")
    child = build.citizen("Jules", "Fontenay", sex="M", birth=date(2011, 5, 2), parents=[claire])
    doctor, to = practice_box(), address_of(child).address
    begun = [
        send(doctor, Outgoing(to=(to,), key=uuid4(), subject="Suivi", text="Bonjour.", secret=secret)).conversation_id
        for secret in (False, True)
    ]
    outbox.work()
    return Care(own_box(child), replace(own_box(child), sees_secret=False), doctor, to, *begun)


def written(box: Box, to: Box, *, secret: bool = False) -> State:
    """What becomes of a message."""
    sent = send(box, Outgoing(to=(to.address,), key=uuid4(), subject="Question", text="Bonjour.", secret=secret))
    outbox.work()
    return sendings.of_messages(box.id, [sent.message_id])[sent.message_id][0].state


def test_a_secret_end_leaves_the_open_exchange_as_it_was(care: Care) -> None:
    closing.end(care.doctor, care.secret, "Je pars.")
    outbox.work()
    assert written(care.parent, care.doctor) is State.SENT
    assert not threads.head(care.doctor, care.open).is_closed
    assert threads.head(care.doctor, care.secret).is_closed
    ours = [closing.state(care.doctor, care.address, secret=one).may_reopen for one in (False, True)]
    assert ours == [False, True]
    assert written(care.minor, care.doctor, secret=True) is State.FAILED


def test_an_open_end_ends_both_and_each_opens_again_by_itself(care: Care) -> None:
    closing.end(care.doctor, care.open, "Je pars.")
    outbox.work()
    for box in (care.parent, care.minor):
        with pytest.raises(InvalidError):
            written(box, care.doctor)
    closing.reopen(care.doctor, care.secret, "Me revoici.")
    outbox.work()
    assert written(care.minor, care.doctor, secret=True) is State.SENT
    with pytest.raises(InvalidError):
        written(care.parent, care.doctor)
