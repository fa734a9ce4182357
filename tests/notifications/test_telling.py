"""Telling: at once, after the quiet hours, gathered; once each, over restarts and clocks that jump (security.md L7)."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from espace import db, outbox
from espace.clock import HOME_ZONE
from espace.errors import ConflictError, InvalidError
from espace.notifications import services as notifications
from espace.notifications.models import Notice, Preference
from espace.notifications.services import FREE, PROTECTIVE, Channel, Event, Quiet, Reach, Rhythm, mail
from espace.outbox.models import Delivery
from tests.support.clock import FakeClock

from .conftest import EMAIL, Member, due_times, states
from .gateway import Gateway
from .mailserver import MailServer

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOTH = frozenset(Channel)
NIGHT = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)  # 23:30 in Paris
MORNING = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)  # 8:00 in Paris


def pass_time(clock: FakeClock, by: timedelta, step: timedelta = timedelta(minutes=10)) -> None:
    """Let time pass with a worker running."""
    end = clock.now + by
    while clock.now < end:
        clock.now = min(end, clock.now + step)
        work()


def work() -> None:
    """Carry out what is due, and what that makes due."""
    while outbox.work():
        pass


@pytest.mark.parametrize("event", [one for one in Event if one not in (Event.CODE, Event.WEEK_OF_VISITS)])
def test_without_choices_mails_leave_at_once_and_sms_only_protect(
    claire: Member, event: Event, server: MailServer, gateway: Gateway
) -> None:
    notifications.notify(claire.reach, event)
    work()
    assert [letter["To"] for letter in server.letters] == [EMAIL]
    rule = notifications.RULES[event]
    assert len(gateway.asked) == (Channel.SMS in rule.fixed | rule.default)
    assert {state for _, _, state in states(claire.id)} == {"sent"}


def test_a_news_nobody_wants_is_not_written_anywhere(claire: Member, server: MailServer) -> None:
    claire.choose(choices={Event.NEW_DOCUMENT: frozenset()})
    notifications.notify(claire.reach, Event.NEW_DOCUMENT)
    work()
    assert (server.letters, states(claire.id)) == ([], [])


@pytest.mark.parametrize("event", PROTECTIVE)
def test_what_protects_comes_whatever_was_chosen(
    claire: Member, event: Event, clock: FakeClock, server: MailServer
) -> None:
    nothing = dict.fromkeys((*FREE, *PROTECTIVE), frozenset[Channel]())
    claire.choose(choices=nothing, quiet=Quiet.BOTH, quiet_from=time(0), quiet_to=time(23), rhythm=Rhythm.WEEKLY)
    clock.now = NIGHT
    notifications.notify(claire.reach, event)
    work()
    assert len(server.letters) == 1


def test_an_sms_of_the_night_comes_in_the_morning(claire: Member, clock: FakeClock, gateway: Gateway) -> None:
    claire.choose(choices={Event.ACCESS_ASKED: BOTH})
    clock.now = NIGHT
    notifications.notify(claire.reach, Event.ACCESS_ASKED)
    work()
    assert gateway.asked == []
    assert states(claire.id) == [("access-asked", "sms", "held"), ("access-asked", "email", "sent")]
    assert due_times(claire.id) == [MORNING]
    pass_time(clock, MORNING - NIGHT - timedelta(minutes=10))
    assert gateway.asked == []
    pass_time(clock, timedelta(minutes=10))
    assert len(gateway.asked) == 1
    assert "demande" in gateway.texts[0]
    pass_time(clock, 3 * DAY, HOUR)
    assert len(gateway.asked) == 1


def test_several_news_of_the_night_make_one_sms(claire: Member, clock: FakeClock, gateway: Gateway) -> None:
    claire.choose(choices=dict.fromkeys(FREE, BOTH))
    clock.now = NIGHT
    soon = [event for event in FREE if event is not Event.WEEK_OF_VISITS]
    for event in (*soon, *soon):
        notifications.notify(claire.reach, event)
    pass_time(clock, DAY)
    assert gateway.texts == ["espace : il y a du nouveau. Pour le lire, connectez-vous sur le site."]
    assert {state for _, _, state in states(claire.id)} == {"sent"}


def test_news_of_a_day_are_gathered_at_its_hour(claire: Member, clock: FakeClock, server: MailServer) -> None:
    claire.choose(rhythm=Rhythm.DAILY, hour=18)
    for event in (Event.NEW_DOCUMENT, Event.NEW_DOCUMENT, Event.LINKED_NEWS):
        notifications.notify(claire.reach, event)
        clock.advance(HOUR)
        work()
    assert server.letters == []
    pass_time(clock, DAY)
    (letter,) = server.letters
    text = letter.get_content()
    assert text.count("Un nouveau document") == 1, "how many is nobody's business in a mailbox"
    assert "Du nouveau pour un proche" in text
    assert server_hours(server, clock) == [18]


def server_hours(server: MailServer, clock: FakeClock) -> list[int]:
    """At what hours in Paris the letters were asked for."""
    found = []
    for letter in server.letters:
        at = letter["Date"].datetime
        assert at <= clock.now
        found.append((at + HOUR).hour)  # winter time
    return found


@pytest.mark.parametrize("rhythm", [Rhythm.DAILY, Rhythm.WEEKLY])
@pytest.mark.parametrize("start", [datetime(2026, 3, 27, 12, tzinfo=UTC), datetime(2026, 10, 23, 12, tzinfo=UTC)])
@pytest.mark.parametrize("hour", [2, 3, 18])
def test_a_fortnight_over_a_changing_night_loses_and_doubles_nothing(
    claire: Member, clock: FakeClock, server: MailServer, start: datetime, rhythm: Rhythm, hour: int
) -> None:
    clock.now = start
    claire.choose(rhythm=rhythm, hour=hour, weekday=6)
    for _ in range(14):
        notifications.notify(claire.reach, Event.NEW_DOCUMENT)
        pass_time(clock, DAY, HOUR / 2)
    pass_time(clock, 7 * DAY, HOUR)
    assert len(server.letters) == (14 if rhythm is Rhythm.DAILY else 3)
    at = [letter["Date"].datetime for letter in server.letters]
    apart = [after - before for before, after in pairwise(at)]
    wanted = DAY if rhythm is Rhythm.DAILY else 7 * DAY
    assert all(abs(one - wanted) <= 2 * HOUR for one in apart)
    assert {state for _, _, state in states(claire.id)} == {"sent"}


JUMPS = [-DAY, -HOUR, -timedelta(minutes=1), timedelta(minutes=1), HOUR, DAY, timedelta(days=4000)]


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_and_is_put_right_tells_each_thing_once(
    claire: Member, clock: FakeClock, server: MailServer, gateway: Gateway, jump: timedelta
) -> None:
    claire.choose(rhythm=Rhythm.DAILY, hour=18, choices={Event.ACCESS_ASKED: BOTH, Event.NEW_DOCUMENT: BOTH})
    clock.now = NIGHT
    notifications.notify(claire.reach, Event.ACCESS_ASKED)
    notifications.notify(claire.reach, Event.NEW_DOCUMENT)
    clock.advance(jump)
    work()
    clock.advance(-jump)
    notifications.wake_late()
    work()
    pass_time(clock, 3 * DAY, HOUR)
    told = sorted(letter["Subject"] for letter in server.letters)
    assert told == ["Du nouveau dans votre espace", "Une demande vous attend"]
    # Put off to the same morning by the wrong clock, both come in one SMS.
    assert len(gateway.asked) == (1 if jump >= DAY else 2)
    assert {state for _, _, state in states(claire.id)} == {"sent"}


def test_a_worker_that_slept_through_the_day_does_not_ring_at_night(
    claire: Member, clock: FakeClock, gateway: Gateway
) -> None:
    claire.choose(rhythm=Rhythm.DAILY, hour=18, choices={Event.NEW_DOCUMENT: BOTH})
    notifications.notify(claire.reach, Event.NEW_DOCUMENT)
    clock.now = NIGHT
    work()
    assert gateway.asked == []
    pass_time(clock, DAY)
    assert len(gateway.asked) == 1


def test_a_gateway_that_comes_back_at_night_does_not_ring_either(
    claire: Member, clock: FakeClock, gateway: Gateway
) -> None:
    claire.choose(choices={Event.ACCESS_ASKED: BOTH})
    clock.now = NIGHT - 2 * HOUR - timedelta(minutes=40)  # 20:50 in Paris
    gateway.status = 503
    notifications.notify(claire.reach, Event.ACCESS_ASKED)
    work()
    gateway.status = 202
    asked = len(gateway.asked)
    clock.now = NIGHT
    work()
    assert len(gateway.asked) == asked
    assert states(claire.id)[0] == ("access-asked", "sms", "held")
    pass_time(clock, DAY)
    assert len(gateway.asked) == asked + 1
    assert states(claire.id)[0] == ("access-asked", "sms", "sent")


def test_what_is_taken_twice_is_told_once(claire: Member, clock: FakeClock, server: MailServer) -> None:
    claire.choose(rhythm=Rhythm.DAILY, hour=18)
    notifications.notify(claire.reach, Event.NEW_DOCUMENT)
    clock.advance(DAY)
    for _ in range(3):
        notifications.send_held(claire.reach, clock.now)
    work()
    assert len(server.letters) == 1


def test_what_was_cut_half_way_is_told_by_the_next_worker(
    claire: Member, clock: FakeClock, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    claire.choose(rhythm=Rhythm.DAILY, hour=18)
    notifications.notify(claire.reach, Event.NEW_DOCUMENT)
    clock.advance(DAY)

    def cut(*_given: object) -> None:
        raise OSError("cut")

    monkeypatch.setattr(mail, "post", cut)
    work()
    assert (server.letters, states(claire.id)) == ([], [("new-document", "email", "held")])
    monkeypatch.undo()
    pass_time(clock, HOUR)
    assert len(server.letters) == 1


def test_a_lost_call_is_made_good(claire: Member, clock: FakeClock, server: MailServer) -> None:
    claire.choose(rhythm=Rhythm.DAILY, hour=18)
    notifications.notify(claire.reach, Event.NEW_DOCUMENT)
    with db.write() as tx:
        tx.execute(update(Delivery).values(state="failed"))
    assert notifications.wake_late() == 0
    clock.advance(DAY)
    assert notifications.wake_late() == 1
    assert notifications.wake_late() == 1
    work()
    assert len(server.letters) == 1
    assert notifications.wake_late() == 0


Change = Callable[[Member], None]
CHANGES: list[tuple[Change, int]] = [
    (lambda one: one.choose(rhythm=Rhythm.NOW), 1),
    (lambda one: one.choose(choices={Event.NEW_DOCUMENT: frozenset()}), 0),
    (lambda one: one.choose(hour=10), 0),
    (lambda one: one.choose(rhythm=Rhythm.WEEKLY, weekday=0, hour=11), 0),
]


@pytest.mark.parametrize(("change", "at_once"), CHANGES)
def test_what_waits_follows_new_choices(
    claire: Member, clock: FakeClock, server: MailServer, change: Change, at_once: int
) -> None:
    claire.choose(rhythm=Rhythm.DAILY, hour=18)
    notifications.notify(claire.reach, Event.NEW_DOCUMENT)
    change(claire)
    work()
    assert len(server.letters) == at_once
    pass_time(clock, 8 * DAY, HOUR)
    wanted = Event.NEW_DOCUMENT in notifications.preferences_of(claire.id).choices
    assert len(server.letters) == (0 if wanted else 1)


def test_news_go_to_the_address_of_the_hour_they_are_told(claire: Member, clock: FakeClock, server: MailServer) -> None:
    claire.choose(rhythm=Rhythm.DAILY, hour=18)
    notifications.notify(claire.reach, Event.NEW_DOCUMENT)
    claire.reach = Reach(claire.id, "claire.nouvelle@exemple.fr", "", "en")
    pass_time(clock, DAY)
    (letter,) = server.letters
    assert (letter["To"], letter["Content-Language"]) == ("claire.nouvelle@exemple.fr", "en")


def test_choices_made_on_two_pages_do_not_overwrite_each_other(claire: Member) -> None:
    first = notifications.preferences_of(claire.id)
    claire.choose(hour=7)
    with pytest.raises(ConflictError):
        notifications.choose(claire.actor, claire.reach, first)
    second = notifications.preferences_of(claire.id)
    claire.choose(hour=8)
    with pytest.raises(ConflictError):
        notifications.choose(claire.actor, claire.reach, second)
    assert notifications.preferences_of(claire.id).hour == 8


@pytest.mark.parametrize(
    "wrong",
    [
        {"hour": 24},
        {"hour": -1},
        {"weekday": 7},
        {"zone": "Europe/Moscow"},
        {"zone": "../../etc/passwd"},
        {"choices": {Event.TRIAL: BOTH}},
    ],
)
def test_what_is_not_offered_is_refused(claire: Member, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidError):
        claire.choose(**wrong)
    assert notifications.preferences_of(claire.id).version == 0


def test_neither_choices_nor_notices_can_be_read_in_the_database(claire: Member) -> None:
    claire.choose(rhythm=Rhythm.DAILY)
    notifications.notify(claire.reach, Event.NEW_DOCUMENT)
    with db.read() as tx:
        kept = [*tx.execute(select(Preference.payload)).scalars(), *tx.execute(select(Notice.payload)).scalars()]
    assert not any(word in payload for payload in kept for word in (b"daily", b"new-document", b"email"))


def test_who_has_no_account_is_told_only_what_must_be(claire: Member, server: MailServer) -> None:
    stranger = Reach(None, "paul@exemple.fr", "", "fr")
    notifications.notify(stranger, Event.CODE_PRINTED)
    with pytest.raises(ValueError, match="no account"):
        notifications.notify(stranger, Event.NEW_DOCUMENT)
    work()
    assert [letter["To"] for letter in server.letters] == ["paul@exemple.fr"]
    assert states(claire.id) == []


def test_what_could_not_be_delivered_is_said_so(claire: Member, clock: FakeClock, server: MailServer) -> None:
    server.refuse = 1000
    notifications.notify(claire.reach, Event.RECORD_STATE)
    work()
    assert states(claire.id) == [("record-state", "email", "waiting")]
    pass_time(clock, DAY)
    assert states(claire.id) == [("record-state", "email", "failed")]


def test_old_notices_are_swept_and_those_of_who_leaves_forgotten(claire: Member, clock: FakeClock) -> None:
    claire.choose(hour=7)
    for _ in range(30):
        notifications.notify(claire.reach, Event.RECORD_STATE)
    assert len(notifications.latest(claire.id)) == 20
    clock.advance(91 * DAY)
    notifications.notify(claire.reach, Event.RECORD_STATE)
    notifications.sweep()
    assert len(notifications.latest(claire.id)) == 1
    notifications.forget(claire.id)
    assert (states(claire.id), notifications.preferences_of(claire.id).version) == ([], 0)


def test_five_trials_a_day(claire: Member, clock: FakeClock, gateway: Gateway) -> None:
    for _ in range(5):
        notifications.send_trial(claire.reach)
        clock.advance(timedelta(minutes=1))
    with pytest.raises(InvalidError):
        notifications.send_trial(claire.reach)
    work()
    assert len(gateway.asked) == 5
    clock.advance(DAY)
    notifications.send_trial(claire.reach)


def test_a_ward_that_reads_for_the_first_time_all_day_makes_one_mail_an_hour(
    claire: Member, clock: FakeClock, server: MailServer
) -> None:
    for _ in range(12):
        notifications.notify(claire.reach, Event.FIRST_ACCESS)
        pass_time(clock, timedelta(minutes=10))
    pass_time(clock, DAY)
    assert len(server.letters) in (2, 3)
    assert {state for _, _, state in states(claire.id)} == {"sent"}


def test_the_visits_of_the_week_wait_for_their_day_and_hour(
    claire: Member, clock: FakeClock, server: MailServer
) -> None:
    claire.choose(weekday=3, hour=9)
    notifications.notify(claire.reach, Event.WEEK_OF_VISITS)
    (due,) = due_times(claire.id)
    assert (due.astimezone(HOME_ZONE).weekday(), due.astimezone(HOME_ZONE).hour) == (3, 9)
    assert server.letters == []
    pass_time(clock, due - clock.now)
    assert len(server.letters) == 1
