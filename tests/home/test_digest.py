"""Once a week, who had somebody in a record of theirs is told so: not who, nor what, nor how often."""

from datetime import date, timedelta

from espace.access.services import Answer
from espace.audit import services as audit
from espace.audit.services import Action
from espace.home.services.digest import Digest
from espace.machines import Machines
from espace.notifications import services as notifications
from espace.notifications.services import Channel, Event, Preferences
from espace.permissions import Actor, Relation
from tests.support import build
from tests.support.clock import FakeClock

SECRET = {"id": "9", "title": "Consultation", "type": "11502-2", "representatives_invisible": "yes"}


def _act(actor: Actor, person: build.Citizen, thing: dict[str, str] | None = None) -> None:
    things = [thing or {"id": "1", "title": "Bilan Zibeline"}]
    audit.record(actor, person.record_id, Action.DOCUMENT_OPENED, relation=Relation.PROFESSIONAL, objects=things)


def _waiting(person: build.Citizen) -> int:
    assert person.account_id is not None
    told = notifications.latest(person.account_id)
    return sum(one.event is Event.WEEK_OF_VISITS for one in told)


def test_one_message_waits_for_the_hour_of_the_week_whoever_came_how_often(
    machines: Machines, clock: FakeClock
) -> None:
    claire, doctor, nurse = build.citizen(), build.caregiver(), build.caregiver("Roy", "Ana")
    digest = Digest()
    assert digest.run() == 0
    for actor in (doctor.actor, nurse.actor, doctor.actor):
        _act(actor, claire)
    assert digest.run() == 1
    assert [digest.run(), Digest().run()] == [0, 0]
    assert claire.account_id is not None
    held = notifications.latest(claire.account_id)[0]
    assert held.state == "held"
    assert held.due_at.weekday() == 0
    clock.now = held.due_at
    reach = _reach(claire)
    notifications.send_held(reach, held.due_at)
    mail = build.mails_to(claire.email)[-1]
    assert mail["message"] == "week-of-visits"
    assert mail["values"] == {}
    clock.advance(timedelta(days=8))
    assert Digest().run() == 0


def _reach(person: build.Citizen) -> notifications.Reach:
    return notifications.Reach(person.account_id, person.email, "", "fr")


def test_nothing_is_told_of_ones_own_acts_nor_to_who_does_not_want_it(machines: Machines, clock: FakeClock) -> None:
    claire, ada, doctor = build.citizen(), build.citizen("Ada", "Roy"), build.caregiver()
    _act(claire.actor, claire)
    _act(doctor.actor, ada)
    none = Preferences(choices={Event.WEEK_OF_VISITS: frozenset[Channel]()})
    notifications.choose(ada.actor, _reach(ada), none)
    assert Digest().run() == 0


def test_parents_are_told_nothing_of_a_visit_that_was_all_secret(machines: Machines, clock: FakeClock) -> None:
    mother = build.citizen()
    teen = build.citizen("Léa", birth=date(2010, 6, 1), parents=(mother,))
    doctor = build.caregiver()
    build.consent(teen, doctor, Answer.GRANT)
    clock.advance(timedelta(days=9))
    _act(doctor.actor, teen, SECRET)
    assert Digest().run() == 1
    assert (_waiting(teen), _waiting(mother)) == (1, 0)
    _act(doctor.actor, teen)
    Digest().run()
    assert (_waiting(teen), _waiting(mother)) == (1, 1)
