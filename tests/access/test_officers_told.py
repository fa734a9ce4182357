"""Privacy officers are told of what waits for them: the first of an hour at once, others together (R47, R52)."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from espace import assembly, outbox
from espace.access import services as access
from espace.access.services.emergencies import reviews
from espace.access.services.emergencies.reviews import Review
from espace.access.services.officers import AT_ONCE
from espace.access.services.watching import alerts
from espace.access.services.watching.alerts import Kind
from espace.identifiers import new_id
from espace.machines import Machines
from espace.permissions import Role
from tests.support import build, office
from tests.support.build import Caregiver
from tests.support.clock import FakeClock
from tests.support.office import Officer

from .emergencies import WORDS, opened


@pytest.fixture
def privacy(machines: Machines, clock: FakeClock) -> Officer:
    """The privacy officer, five minutes after nine."""
    clock.now = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
    access.ensure_matrix()
    return office.officer(Role.PRIVACY_OFFICER)


@pytest.fixture
def doctor(machines: Machines) -> Caregiver:
    """A doctor of an emergency ward."""
    return build.caregiver("Aubry", "Lucie", structure="CHU de la Loire")


def told(officer: Officer) -> Counter[str]:
    """How often each message was written to an officer, the invitation left aside."""
    return Counter(
        mail["message"] for mail in build.mails_to(officer.email) if mail["message"].startswith(("em", "abuse"))
    )


def at_the_end_of_the_hour(clock: FakeClock) -> None:
    """Carry out what is due at ten."""
    clock.now = datetime(2026, 11, 23, 10, 0, 1, tzinfo=UTC)
    assembly.handle_events()
    outbox.on("mail", lambda _id, _payload: None)
    while outbox.work():
        pass


def test_an_opening_is_told_at_once_without_a_word_of_it(privacy: Officer, doctor: Caregiver) -> None:
    clerk, root = office.officer(Role.COUNTER), office.officer(Role.ADMINISTRATOR)
    holder = build.citizen()
    opened(doctor, holder)
    (mail,) = [one for one in build.mails_to(privacy.email) if one["message"] == "emergency-waits"]
    assert mail["values"] == {}
    said = str(mail)
    assert not any(word in said for word in (doctor.facts.family_name, holder.email, "Fontenay", WORDS))
    assert not told(clerk) | told(root)


def test_many_in_an_hour_are_gathered(privacy: Officer, doctor: Caregiver, clock: FakeClock) -> None:
    for _ in range(AT_ONCE + 4):
        clock.advance(timedelta(minutes=1))
        opened(doctor, build.citizen())
    assert told(privacy) == {"emergency-waits": AT_ONCE}
    at_the_end_of_the_hour(clock)
    assert told(privacy) == {"emergency-waits": AT_ONCE, "emergencies-wait": 1}
    opened(doctor, build.citizen())  # another hour
    assert told(privacy)["emergency-waits"] == AT_ONCE + 1


def test_nothing_is_said_at_the_end_of_the_hour_of_what_was_settled(
    privacy: Officer, doctor: Caregiver, clock: FakeClock
) -> None:
    for _ in range(AT_ONCE + 1):
        opened(doctor, build.citizen())
    found, _ = reviews.queue(privacy.actor, settled=False)
    for one in found:
        reviews.decide(privacy.actor, one.record_id, one.id, Review.EXPECTED, "", version=one.version)
    at_the_end_of_the_hour(clock)
    assert told(privacy) == {"emergency-waits": AT_ONCE}


def test_opening_twice_tells_once(privacy: Officer, doctor: Caregiver) -> None:
    holder = build.citizen()
    opened(doctor, holder)
    opened(doctor, holder)
    assert told(privacy) == {"emergency-waits": 1}


def test_curiosity_is_gathered_and_volume_never(privacy: Officer, doctor: Caregiver, clock: FakeClock) -> None:
    for kind in (Kind.SNOOPING, Kind.DAY):
        for _ in range(AT_ONCE + 2):
            alerts.raise_alert(kind, doctor.id, clock.now.date(), {"records": 100}, new_id())
    assert told(privacy) == {"abuse-alert": AT_ONCE + AT_ONCE + 2}
    at_the_end_of_the_hour(clock)
    assert told(privacy) == {"abuse-alert": AT_ONCE + AT_ONCE + 2, "abuse-alerts": 1}
