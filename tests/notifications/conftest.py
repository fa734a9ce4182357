"""A house with a mail server and a gateway on the loopback, and one person in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import pytest

from espace import crypto, db, outbox, settings
from espace.identifiers import new_id
from espace.machines import Machines
from espace.notifications import services as notifications
from espace.notifications.services import Reach
from espace.permissions import Actor, ActorKind

from .gateway import TOKEN, Gateway, running
from .mailserver import MailServer
from .mailserver import running as mail_running

PHONE = "+33639981234"
EMAIL = "claire.fontenay@exemple.fr"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway for SMS."""
    with running() as found:
        yield found


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server on the loopback."""
    server = MailServer()
    controller = mail_running(server)
    yield server
    controller.stop()


@dataclass
class Member:
    """Somebody with an account, as the notifications know them: an id, a key, addresses."""

    id: UUID
    reach: Reach

    @property
    def actor(self) -> Actor:
        """Acting themselves."""
        return Actor(ActorKind.PATIENT, self.id, "Claire Fontenay")

    def choose(self, **wishes: object) -> None:
        """Choose on the page."""
        now = notifications.preferences_of(self.id, self.reach.phone)
        notifications.choose(self.actor, self.reach, replace(now, **wishes))  # type: ignore[arg-type]


@pytest.fixture
def told(machines: Machines, gateway: Gateway, server: MailServer) -> settings.Settings:
    """The house, told where its mail server and its gateway are; its events carried out as in the assembly."""
    given = replace(machines.settings, smtp_port=server.port, sms_url=gateway.url, sms_token=TOKEN)
    settings.bind(given)
    return given


@pytest.fixture
def claire(told: settings.Settings) -> Member:
    """Somebody reached by both channels."""
    subject_id = new_id()
    with db.write() as tx:
        crypto.new_owner_key(tx, subject_id)
    member = Member(subject_id, Reach(subject_id, EMAIL, PHONE, "fr"))
    for topic, handler in handlers(lambda: member.reach).items():
        outbox.on(topic, handler)
    return member


def handlers(reach: Callable[[], Reach]) -> dict[str, outbox.Handler]:
    """Who carries out what, with one person in the house."""

    def tell(_delivery_id: UUID, payload: dict[str, str]) -> None:
        subject_id, until = notifications.due_of(payload)
        assert subject_id == reach().subject_id
        notifications.send_held(reach(), until)

    return {
        "mail": notifications.deliver_mail,
        "sms": notifications.deliver_sms,
        notifications.DUE_TOPIC: tell,
    }


def states(subject_id: UUID) -> list[tuple[str, str, str]]:
    """(event, channel, state) of what somebody was told, newest first."""
    return [(one.event.value, one.channel.value, one.state) for one in notifications.latest(subject_id)]


def due_times(subject_id: UUID) -> list[datetime]:
    """When what is held goes out."""
    return [one.due_at for one in notifications.latest(subject_id) if one.state == "held"]
