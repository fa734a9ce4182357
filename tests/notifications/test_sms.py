"""SMS: a real conversation with a gateway that works, is down, slow, confused or dishonest (docs/sms.md)."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import phonenumbers
import pytest
from sqlalchemy import select

from espace import db, outbox, settings
from espace.errors import InvalidError, SettingsError
from espace.notifications import services as notifications
from espace.notifications.services import Channel, Event, numbers, send_sms, sms, sms_in_trouble, trouble
from espace.outbox.models import Delivery
from espace.settings import Settings
from tests.support.clock import FakeClock

from .conftest import PHONE, Member, states
from .gateway import TOKEN, Gateway

DAY = timedelta(days=1)


def waiting() -> list[tuple[str, str, int]]:
    """(state, error, tries) of the deliveries of SMS."""
    with db.read() as tx:
        found = tx.execute(select(Delivery.state, Delivery.error, Delivery.attempts).where(Delivery.topic == "sms"))
        return [(row.state, row.error, row.attempts) for row in found]


def test_the_request_is_the_documented_one(claire: Member, gateway: Gateway) -> None:
    with db.write():
        send_sms(PHONE, "fr", "code", code="042917")
        assert gateway.asked == [], "nothing leaves before the commit"
    outbox.work()
    (body,) = gateway.asked
    assert body.keys() == {"id", "from", "to", "text"}
    assert (UUID(body["id"]).version, body["from"], body["to"]) == (7, "espace", PHONE)
    assert "042917" in body["text"]
    assert gateway.paths == ["/sms"]
    (headers,) = gateway.headers
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Content-Type"] == "application/json"
    assert waiting() == [("done", "", 1)]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 409])
def test_what_was_taken_is_done(claire: Member, gateway: Gateway, status: int) -> None:
    gateway.status = status
    notifications.notify(claire.reach, Event.SECURITY_CHANGE)
    outbox.work()
    assert ("security-change", "sms", "sent") in states(claire.id)
    assert not sms_in_trouble()


@pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 403, 404, 405, 408, 429, 500, 502, 503])
def test_a_gateway_that_does_not_work_is_asked_again_with_the_same_id(
    claire: Member, gateway: Gateway, clock: FakeClock, status: int
) -> None:
    gateway.status, gateway.location = status, gateway.url.replace("/sms", "/elsewhere")
    send_sms(PHONE, "fr", "code", code="042917")
    outbox.work()
    assert waiting() == [("waiting", "GatewayError", 1)]
    assert sms_in_trouble()
    assert gateway.paths == ["/sms"], "a redirect is not followed: the code goes to the gateway named, or nowhere"
    gateway.status = 202
    clock.advance(timedelta(seconds=10))
    outbox.work()
    first, second = gateway.asked
    assert first == second
    assert waiting() == [("done", "", 2)]
    assert not sms_in_trouble()


@pytest.mark.parametrize("status", [400, 422])
def test_a_number_the_gateway_will_never_serve_is_not_asked_again(
    claire: Member, gateway: Gateway, status: int
) -> None:
    gateway.status = status
    notifications.notify(claire.reach, Event.SECURITY_CHANGE)
    outbox.work()
    assert ("security-change", "sms", "failed") in states(claire.id)
    assert waiting() == [("done", "", 1)]
    assert not sms_in_trouble(), "one number says nothing of the others"


def test_a_slow_gateway_is_left(
    claire: Member, gateway: Gateway, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms, "TIMEOUT_SECONDS", 0.05)
    gateway.wait = 0.3
    send_sms(PHONE, "fr", "code", code="042917")
    outbox.work()
    assert waiting() == [("waiting", "GatewayError", 1)]
    assert sms_in_trouble()


def test_a_gateway_that_is_not_there_is_trouble_for_ten_minutes(
    told: Settings, clock: FakeClock, claire: Member, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.bind(replace(told, sms_url="http://127.0.0.1:1/"))
    assert not sms_in_trouble()
    send_sms(PHONE, "fr", "code", code="042917", until=clock.now + timedelta(minutes=10))
    outbox.work()
    assert sms_in_trouble()
    clock.advance(timedelta(minutes=11))
    outbox.work()
    assert waiting() == [("done", "", 2)], "a code that comes too late is not sent"
    assert not sms_in_trouble(), "somebody may try again, and finds out"
    clock.advance(-DAY)
    assert not sms_in_trouble()
    said = capfd.readouterr()
    assert not any(word in said.out + said.err for word in (PHONE, "042917", TOKEN))


REFUSED = [
    "+33112345678",  # a line in a house
    "+33899123456",  # premium
    "+33812345678",
    "+44712345678",
    "+12025550123",
    "+882161234567",  # satellite
    "+37061234567",
    "+339",
    "+0000000000",
    "+",
    "",
    "+33612345678;+33712345678",
]


@pytest.mark.parametrize("region", Settings().sms_regions_list)
def test_mobiles_of_france_and_overseas_are_served(told: Settings, region: str) -> None:
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    assert numbers.is_served(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))


def test_numbers_kept_for_fiction_are_served_on_a_loopback_only(told: Settings) -> None:
    assert numbers.is_served(PHONE)
    settings.bind(replace(told, base_url="https://espace.example", sms_url="https://sms.example"))
    assert not numbers.is_served(PHONE)


@pytest.mark.parametrize("number", REFUSED)
def test_dear_numbers_and_other_countries_are_not(told: Settings, claire: Member, number: str) -> None:
    assert not numbers.is_served(number)
    with pytest.raises((InvalidError, ValueError)):
        send_sms(number, "fr", "code", code="042917")
    notifications.notify(replace(claire.reach, phone="+44712345678"), Event.SECURITY_CHANGE)
    assert ("security-change", "sms", "failed") in states(claire.id)
    assert waiting() == []


def test_other_regions_may_be_named(told: Settings) -> None:
    settings.bind(replace(told, sms_regions="be, ch"))
    assert numbers.is_served("+32470123456")
    assert not numbers.is_served("+33612345678")
    for wrong in ("", "France", "33", "F"):
        with pytest.raises(SettingsError):
            replace(told, sms_regions=wrong)


def test_ten_a_day_to_one_number(claire: Member, gateway: Gateway, clock: FakeClock) -> None:
    for _ in range(10):
        send_sms(PHONE, "fr", "code", code="042917")
    with pytest.raises(InvalidError):
        send_sms(PHONE, "fr", "code", code="042917")
    send_sms("+33612345678", "fr", "code", code="042917")
    notifications.notify(claire.reach, Event.SECURITY_CHANGE)
    assert ("security-change", "sms", "failed") in states(claire.id)
    assert ("security-change", "email", "waiting") in states(claire.id)
    clock.advance(-timedelta(hours=12))
    with pytest.raises(InvalidError):
        send_sms(PHONE, "fr", "code", code="042917")
    clock.advance(timedelta(hours=36, seconds=1))
    send_sms(PHONE, "fr", "code", code="042917")
    outbox.work()
    assert len(gateway.asked) == 12


def test_what_is_rolled_back_is_not_counted(claire: Member, gateway: Gateway) -> None:
    def undone() -> None:
        with db.write():
            send_sms(PHONE, "fr", "code", code="042917")
            raise ZeroDivisionError

    for _ in range(12):
        with pytest.raises(ZeroDivisionError):
            undone()
    send_sms(PHONE, "fr", "code", code="042917")


def test_counts_are_swept(claire: Member, clock: FakeClock) -> None:
    send_sms(PHONE, "fr", "code", code="042917")
    assert numbers.sweep() == 0
    clock.advance(DAY)
    assert numbers.sweep() == 1


def test_a_code_on_its_way_is_listed_for_its_account(claire: Member, gateway: Gateway, clock: FakeClock) -> None:
    send_sms(PHONE, "fr", "code", code="042917", subject_id=claire.id)
    gateway.status = 503
    send_sms(PHONE, "fr", "code", code="042918", subject_id=claire.id, until=clock.now + timedelta(minutes=10))
    outbox.work()
    assert sorted(states(claire.id)) == [("code", "sms", "waiting"), ("code", "sms", "waiting")]
    gateway.status = 202
    clock.advance(timedelta(minutes=11))
    outbox.work()
    assert sorted(states(claire.id)) == [("code", "sms", "failed"), ("code", "sms", "sent")]


@pytest.mark.parametrize("channel", list(Channel))
def test_no_channel_is_in_trouble_at_first(told: Settings, channel: Channel) -> None:
    assert not trouble.is_on(channel)
