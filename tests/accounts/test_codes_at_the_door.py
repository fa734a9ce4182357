"""Codes by SMS and by e-mail as second factor: sent, resent, spent once, slowed down, and what else there is (R3)."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from espace import outbox
from espace.accounts.services import factors
from espace.machines import Machines
from espace.settings import Settings
from tests.support.browser_client import Browser, Page
from tests.support.build import Citizen, citizen, mails_to
from tests.support.clock import FakeClock

from .doors import PHONE, account_of, code_of, give_password, set_facts, sms_to, waiting, with_sms

CODE, PROOF = "/connexion/code", "/connexion/preuve"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A house with a gateway that nobody answers at, which takes codes by e-mail."""
    return replace(settings, sms_url="http://127.0.0.1:9/sms", email_code_allowed=True)


@pytest.fixture
def claire(app: Flask) -> Citizen:
    """Claire, who has nothing but her telephone number."""
    return with_sms()


def last_sms() -> str:
    """The code of the last SMS."""
    return str(sms_to(PHONE)[-1]["values"]["code"])


def ask(browser: Browser, channel: str, base: str = CODE) -> Page:
    """Press the button that sends a code."""
    forms = browser.get(base).forms
    form = next(form for form in forms if form.action == f"{base}/envoi" and form.values["channel"] == [channel])
    return browser.submit(form)


def test_who_has_only_sms_gets_the_code_with_the_password(app: Flask, claire: Citizen) -> None:
    browser = waiting(app, claire)
    page = browser.get(CODE)
    assert page.h1 == "Recopiez le code reçu par SMS"
    assert "qui finit par 47" in page.text
    assert PHONE not in page.body.decode()
    assert len(sms_to(PHONE)) == 1
    entered = browser.submit(page.form("code"), {"code": f" {last_sms()} "}, expect=303, follow=False)
    assert entered.headers["Location"] == "/dossiers/"
    assert browser.get("/dossiers/").status == 200


def test_a_code_sent_works_once_and_in_the_sign_in_that_asked(app: Flask, claire: Citizen) -> None:
    first, second = waiting(app, claire), waiting(app, claire)
    code = sms_to(PHONE)[0]["values"]["code"]
    wrong = second.submit(second.get(CODE).form("code"), {"code": code}, expect=422)
    assert "n'est pas le code que nous avons" in wrong.text
    first.submit(first.get(CODE).form("code"), {"code": code}, expect=303, follow=False)
    third = waiting(app, claire)
    assert third.submit(third.get(CODE).form("code"), {"code": code}, expect=422)


def test_sent_again_the_one_before_no_longer_works(app: Flask, claire: Citizen) -> None:
    browser = waiting(app, claire)
    before = last_sms()
    assert "Un nouveau code" in ask(browser, "sms").text
    assert browser.submit(browser.get(CODE).form("code"), {"code": before}, expect=422)
    browser.submit(browser.get(CODE).form("code"), {"code": last_sms()}, expect=303, follow=False)


CLOCKS = [
    (timedelta(minutes=9, seconds=59), True),
    (timedelta(minutes=10), False),
    (timedelta(days=1), False),
    (-timedelta(minutes=1), False),
    (-timedelta(days=1), False),
]


@pytest.mark.parametrize(("moved", "works"), CLOCKS)
def test_a_code_lives_ten_minutes_whatever_the_clock_does(
    machines: Machines, clock: FakeClock, moved: timedelta, works: bool
) -> None:
    from espace.accounts.services import one_time

    subject = account_of(with_sms())
    one_time.send("second-factor", subject, subject, channel="sms", address=PHONE, locale="fr")
    clock.advance(moved)
    assert one_time.spend("second-factor", subject, last_sms()) is works
    clock.advance(-moved)
    assert one_time.spend("second-factor", subject, last_sms()) is not works


def test_sending_is_slowed_down_for_the_account_whoever_asks(app: Flask, claire: Citizen, clock: FakeClock) -> None:
    for number in range(3):
        give_password(Browser(app, ip=f"198.51.100.{number}"), claire.email, expect=200)
    fourth = Browser(app, ip="198.51.100.9")
    give_password(fourth, claire.email, expect=200)
    assert len(sms_to(PHONE)) == 4
    fifth = Browser(app, ip="198.51.100.10")
    page = give_password(fifth, claire.email, expect=200)
    assert len(sms_to(PHONE)) == 4, "the password lets in, but no SMS goes out"
    assert page.h1 == "Confirmez que c'est bien vous"
    assert ask(fifth, "sms").status == 429
    clock.advance(timedelta(seconds=30))
    assert ask(fifth, "sms").status == 200
    assert len(sms_to(PHONE)) == 5


def test_the_app_comes_first_and_sms_beside_it(app: Flask, client: Browser) -> None:
    person = citizen()
    set_facts(account_of(person), phone=PHONE, sms=True)
    browser = waiting(app, person)
    page = browser.get(CODE)
    assert page.h1 == "Recopiez le code de votre application"
    assert sms_to(PHONE) == [], "nobody asked for one"
    assert ask(browser, "sms").h1 == "Recopiez le code reçu par SMS"
    assert browser.submit(browser.get(CODE).form("code"), {"code": last_sms()}, expect=303, follow=False)


def test_while_a_code_is_awaited_the_app_and_a_recovery_code_still_open(app: Flask, clock: FakeClock) -> None:
    person = citizen()
    set_facts(account_of(person), phone=PHONE, sms=True)
    browser = waiting(app, person)
    ask(browser, "sms")
    clock.advance(timedelta(seconds=30))
    code = code_of(person.totp_secret)
    assert browser.submit(browser.get(CODE).form("code"), {"code": code}, expect=303, follow=False)


def test_e_mail_codes_only_where_the_operator_says_so(app: Flask, machines: Machines) -> None:
    person = with_sms(sms=False, email_code=True)
    browser = waiting(app, person)
    assert browser.get(CODE).h1 == "Recopiez le code reçu par e-mail"
    code = mails_to(person.email)[-1]["values"]["code"]
    assert browser.submit(browser.get(CODE).form("code"), {"code": code}, expect=303, follow=False)
    object.__setattr__(machines.settings, "email_code_allowed", False)
    sent = len(mails_to(person.email))
    other = waiting(app, person)
    assert other.get(CODE).h1 == "Confirmez que c'est bien vous"
    token = other.get(CODE).csrf_token
    page = other.post(f"{CODE}/envoi", {"csrf_token": token, "channel": "email"}, expect=422)
    assert "ne peut plus être envoyé" in page.text
    assert len(mails_to(person.email)) == sent


def test_a_step_up_can_be_shown_by_sms(app: Flask, claire: Citizen, clock: FakeClock) -> None:
    browser = claire.browser(app)
    clock.advance(timedelta(minutes=6))
    assert browser.get(PROOF).h1 == "Confirmez que c'est bien vous"
    ask(browser, "sms", PROOF)
    assert "qui finit par 47" in browser.get(PROOF).text
    wrong = browser.submit(browser.get(PROOF).form("code"), {"code": "000000"}, expect=422)
    assert "n'est pas le code que nous avons" in wrong.text
    browser.submit(browser.get(PROOF).form("code"), {"code": last_sms()}, expect=303, follow=False)
    with_code = browser.submit(browser.get(PROOF).form("code"), {"code": last_sms()}, expect=422)
    assert "n'est pas bon" in with_code.text or "n'est pas le code que nous avons" in with_code.text


def test_a_gateway_in_trouble_is_said_and_other_ways_offered(app: Flask, claire: Citizen, clock: FakeClock) -> None:
    browser = waiting(app, claire)
    for _ in range(6):
        outbox.work()
        clock.advance(timedelta(seconds=60))
    page = browser.get(CODE)
    assert "nos SMS arrivent en retard" in page.text
    assert "codes de secours" in page.text


def test_what_is_no_channel_is_not_found(app: Flask, claire: Citizen) -> None:
    browser = waiting(app, claire)
    token = browser.get(CODE).csrf_token
    for channel in ("", "pigeon", "app", "passkey"):
        assert browser.post(f"{CODE}/envoi", {"csrf_token": token, "channel": channel}).status == 404
    page = browser.post(f"{CODE}/envoi", {"csrf_token": token, "channel": "email"}, expect=422)
    assert "Choisissez un autre moyen" in page.text


WAYS = [
    ({"totp_secret": "A" * 32}, ("app",)),
    ({"totp_secret": "A" * 32, "sms": True, "phone": PHONE}, ("app", "sms")),
    ({"totp_secret": "", "sms": True, "phone": PHONE}, ("sms",)),
    ({"totp_secret": "", "sms": True}, ()),
    ({"totp_secret": "", "phone": PHONE}, ()),
    ({"totp_secret": "", "sms": True, "phone": PHONE, "email_code": True}, ("sms", "email")),
]


@pytest.mark.parametrize(("facts", "ways"), WAYS)
def test_ways_are_what_would_be_taken_now(machines: Machines, facts: dict[str, object], ways: tuple[str, ...]) -> None:
    account_id: UUID = account_of(citizen())
    set_facts(account_id, **facts)
    found = factors.ways(account_id)
    assert found.all == ways
    assert found.count == len(ways)
    assert found.recovery_left == 10
    assert found.sms == ("47" if "sms" in ways else "")


def test_nothing_is_left_of_a_code_in_the_page_or_the_address(app: Flask, claire: Citizen) -> None:
    browser = waiting(app, claire)
    assert last_sms() not in browser.get(CODE).body.decode()
