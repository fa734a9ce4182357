"""The second factor chosen while activating: passkey, SMS, app, e-mail where allowed (rules.md SE-1; R3)."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import phonenumbers
import pytest
from flask import Flask
from sqlalchemy import func, select

from espace import crypto, db, outbox
from espace.accounts import services as accounts
from espace.accounts.models import Account
from espace.accounts.services import factors, passkeys
from espace.crypto.owners import OUTBOX
from espace.identifiers import WrongPhoneError, parse_mobile
from espace.machines import Machines
from espace.outbox.models import Delivery
from espace.settings import Settings
from tests.support.browser_client import Browser, Page
from tests.support.build import mails_to
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .authenticator import PRESENT, Authenticator
from .doors import options, touch
from .journey import (
    EMAIL,
    Newcomer,
    app_code,
    choose_app,
    give_email,
    give_letter,
    keep_codes,
    link_app,
    newcomer,
    recovery_codes,
    secret_on,
)

TROUBLE = "Nos SMS ne partent pas en ce moment"
PHONE, WRITTEN = "+33612345678", "06 12 34 56 78"
CHOICE = "/activation/securite"
NOBODY_ANSWERS = "http://127.0.0.1:9/sms"


@pytest.fixture(params=[NOBODY_ANSWERS], ids=["gateway"])
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """A house with a gateway, at whose address nobody answers: what is sent waits in the outbox."""
    return replace(settings, sms_url=request.param)


@pytest.fixture
def claire(machines: Machines) -> Newcomer:
    """Claire Fontenay, with her letter."""
    return newcomer()


@pytest.fixture
def at_the_choice(client: Browser, claire: Newcomer) -> Browser:
    """Her browser, before the choice of a second factor."""
    give_letter(client, claire)
    give_email(client)
    return client


def account_facts(who: Newcomer) -> dict[str, Any]:
    """What the payload of somebody's account says."""
    with db.read() as tx:
        row = tx.execute(select(Account.id, Account.payload).where(Account.person_id == who.person.person_id)).one()
        return dict(crypto.unseal(tx, row.id, "accounts", row.id, row.payload))


def sms_to(number: str) -> list[str]:
    """The codes sent by SMS to a number, oldest first."""
    with db.read() as tx:
        rows = tx.execute(select(Delivery.id, Delivery.payload).where(Delivery.topic == "sms").order_by(Delivery.id))
        opened = [crypto.unseal(tx, OUTBOX, "outbox", row.id, row.payload) for row in rows.all()]
    return [payload["values"]["code"] for payload in opened if payload["to"] == number]


def choose_sms(browser: Browser, phone: str = WRITTEN, expect: int = 200) -> Page:
    """Give a number on the page of the choice."""
    form = browser.get("/activation/securite").form("phone")
    return browser.submit(form, {"phone": phone}, expect=expect)


def make_passkey(browser: Browser, device: Authenticator) -> str:
    """What the device answers when the button is pressed."""
    return device.create(options(browser, CHOICE, f"{CHOICE}/cle"))


def send_passkey(browser: Browser, answer: str) -> Page:
    """Send what a device answered, as the script does."""
    return browser.submit(browser.get(CHOICE).form("credential"), {"credential": answer})


def finish(browser: Browser) -> None:
    """Keep the codes and come in."""
    assert keep_codes(browser, 303, follow=False).headers["Location"] == "/"


# SMS


def test_a_code_by_sms_is_a_second_factor(at_the_choice: Browser, claire: Newcomer) -> None:
    page = choose_sms(at_the_choice)
    assert "06 12 34 56 78" in page.text
    assert "Étape 3 sur 4" in page.text
    [code] = sms_to(PHONE)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert "Ce n'est pas le code" in at_the_choice.submit(page.form("code"), {"code": wrong}, expect=422).text
    page = at_the_choice.submit(page.form("code"), {"code": f"{code[:3]} {code[3:]}"}, expect=200)
    assert len(recovery_codes(page)) == 10
    finish(at_the_choice)
    facts = account_facts(claire)
    assert (facts["phone"], facts["sms"], facts["email_code"], facts["totp_secret"]) == (PHONE, True, False, "")
    account = accounts.account_of(claire.person.person_id)
    assert account is not None
    assert factors.ways(account.id).all == ("sms",)


@on_sqlite
def test_a_code_by_sms_works_for_ten_minutes_and_once(at_the_choice: Browser, clock: FakeClock) -> None:
    page = choose_sms(at_the_choice)
    [first] = sms_to(PHONE)
    clock.advance(timedelta(minutes=10))
    late = at_the_choice.submit(page.form("code"), {"code": first}, expect=422)
    assert "plus de 10 minutes" in late.text
    again = at_the_choice.submit(late.forms[1], expect=200)
    assert "nouveau code est envoyé" in again.text
    second = sms_to(PHONE)[-1]
    page = at_the_choice.submit(again.form("code"), {"code": second}, expect=200)
    assert page.path == "/activation/codes"


@on_sqlite
def test_an_sms_is_sent_once_for_a_form_sent_twice_or_a_page_loaded_again(
    at_the_choice: Browser, claire: Newcomer, app: Flask
) -> None:
    form = at_the_choice.get("/activation/securite").form("phone")
    for _ in range(2):
        assert at_the_choice.submit(form, {"phone": WRITTEN}, expect=200).path == "/activation/sms"
        at_the_choice.get("/activation/sms")
    assert len(sms_to(PHONE)) == 1
    assert give_letter(Browser(app), claire).path == "/activation/sms", "another device goes on there"


@on_sqlite
def test_a_number_is_changed_by_going_back_and_only_the_proven_one_counts(
    at_the_choice: Browser, claire: Newcomer, clock: FakeClock
) -> None:
    choose_sms(at_the_choice, "06 12 34 56 79")
    assert at_the_choice.get("/activation/securite").form("phone").values["phone"] == ["06 12 34 56 79"]
    page = choose_sms(at_the_choice)
    [old], [code] = sms_to("+33612345679"), sms_to(PHONE)
    if old != code:
        at_the_choice.submit(page.form("code"), {"code": old}, expect=422)
    at_the_choice.submit(page.form("code"), {"code": code}, expect=200)
    choose_sms(at_the_choice, "07 55 55 55 55")  # typed, never proven
    assert at_the_choice.get("/activation/codes").path == "/activation/sms"
    link_app(at_the_choice)
    finish(at_the_choice)
    assert account_facts(claire)["phone"] == ""


@on_sqlite
def test_a_code_by_sms_sent_twice_at_once_refuses_nobody(at_the_choice: Browser, app: Flask) -> None:
    form = choose_sms(at_the_choice).form("code")
    twin = Browser(app)
    for name in ("activation", "form"):
        twin.set_cookie(name, at_the_choice.cookie(name) or "")
    [code] = sms_to(PHONE)
    with ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(lambda b: b.submit(form, {"code": code}, follow=False), (at_the_choice, twin)))
    assert [page.headers["Location"] for page in pages] == ["/activation/codes"] * 2


@on_sqlite
def test_guesses_at_the_code_of_an_sms_are_slowed_down(at_the_choice: Browser) -> None:
    page = choose_sms(at_the_choice)
    [code] = sms_to(PHONE)
    guesses = [f"{(int(code) + more) % 10**6:06d}" for more in range(1, 7)]
    statuses = [at_the_choice.submit(page.form("code"), {"code": guess}).status for guess in guesses]
    assert statuses[:3] == [422] * 3
    assert 429 in statuses


@on_sqlite
def test_when_the_gateway_is_down_the_other_ways_are_offered_in_words(at_the_choice: Browser, claire: Newcomer) -> None:
    page = choose_sms(at_the_choice)
    outbox.work()  # nobody answers at the gateway's address
    again = at_the_choice.get("/activation/sms")
    assert TROUBLE in again.text
    assert "/activation/securite" in again.links.values()
    choice = at_the_choice.get("/activation/securite")
    assert TROUBLE in choice.text
    assert not [form for form in choice.forms if "phone" in form.names]
    assert "Une application d'authentification" in choice.text
    refused = at_the_choice.send("POST", "/activation/sms/renvoi", data={"csrf_token": page.csrf_token}, expect=422)
    assert TROUBLE in refused.text
    link_app(at_the_choice)
    finish(at_the_choice)
    assert account_facts(claire)["sms"] is False


@on_sqlite
@pytest.mark.parametrize("settings", [""], indirect=True, ids=["no gateway"])
def test_without_a_gateway_no_sms_is_spoken_of(at_the_choice: Browser) -> None:
    page = at_the_choice.get("/activation/securite")
    assert "SMS" not in page.text
    data = {"csrf_token": page.csrf_token, "phone": WRITTEN}
    refused = at_the_choice.send("POST", "/activation/securite/sms", data=data, expect=422)
    assert "Aucun SMS ne part d'ici" in refused.text


# Telephone numbers


@pytest.mark.parametrize("region", ["FR", "GP", "MQ", "GF", "RE", "YT", "PM", "NC", "PF", "WF"])
def test_mobile_numbers_of_every_territory_are_read_as_they_are_dialled_there(region: str, machines: Machines) -> None:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert number is not None
    whole, local, away = (
        phonenumbers.format_number(number, form)
        for form in (
            phonenumbers.PhoneNumberFormat.E164,
            phonenumbers.PhoneNumberFormat.NATIONAL,
            phonenumbers.PhoneNumberFormat.INTERNATIONAL,
        )
    )
    assert parse_mobile(whole) == whole
    assert parse_mobile(away) == whole
    assert parse_mobile(whole.replace("+", "00")) == whole
    if len(re.sub(r"\D", "", local)) > 6:
        assert parse_mobile(local) == whole
        return
    with pytest.raises(WrongPhoneError) as wrong:  # six digits may be somebody's elsewhere: the prefix is asked for
        parse_mobile(local)
    assert wrong.value.why == "local"


def test_saint_pierre_is_also_dialled_with_ten_digits(machines: Machines) -> None:
    assert parse_mobile("0508 55 12 34") == "+508551234"


WRONG_PHONES = [
    ("01 23 45 67 89", "ne reçoit pas de SMS"),
    ("0262 12 34 56", "ne reçoit pas de SMS"),
    ("55 12 34", "indicatif"),
    ("0612", "n'est pas un numéro de téléphone"),
    ("douze", "n'est pas un numéro de téléphone"),
    ("06 12 34 56 7", "n'est pas un numéro de téléphone"),
    ("06123456789", "n'est pas un numéro de téléphone"),
    ("+33 6 12 34 56 78 Bcc: x", "n'est pas un numéro de téléphone"),
    ("", "Écrivez votre numéro de téléphone portable"),
    ("6" * 600, "trop longue"),
]


@on_sqlite
def test_a_number_that_receives_no_sms_is_explained_and_kept(at_the_choice: Browser) -> None:
    for typed, sentence in WRONG_PHONES:
        page = choose_sms(at_the_choice, typed, expect=422)
        assert sentence in page.text, typed
        assert page.form("phone").values["phone"] == [typed], typed


@on_sqlite
def test_an_overseas_number_receives_its_code(at_the_choice: Browser) -> None:
    page = choose_sms(at_the_choice, "0692 12 34 56")
    assert "+262 692 12 34 56" in page.text or "0692 12 34 56" in page.text
    assert len(sms_to("+262692123456")) == 1


# Authenticator app


@on_sqlite
def test_a_wrong_code_of_the_app_is_explained(at_the_choice: Browser, clock: FakeClock) -> None:
    page = choose_app(at_the_choice)
    secret = secret_on(page)
    stale = app_code(secret)
    clock.advance(timedelta(minutes=2))
    assert "code du moment" in at_the_choice.submit(page.form("code"), {"code": stale}, expect=422).text
    page = at_the_choice.submit(page.form("code"), {"code": "12a45"}, expect=422)
    assert "que des chiffres" in page.text
    assert secret_on(page) == secret


@on_sqlite
def test_an_app_that_was_never_proven_opens_nothing(at_the_choice: Browser, claire: Newcomer) -> None:
    choose_app(at_the_choice)
    page = choose_sms(at_the_choice)
    at_the_choice.submit(page.form("code"), {"code": sms_to(PHONE)[0]}, expect=200)
    finish(at_the_choice)
    assert account_facts(claire)["totp_secret"] == ""


# E-mail


@on_sqlite
def test_a_code_by_e_mail_is_refused_where_the_operator_does_not_allow_it(
    at_the_choice: Browser, claire: Newcomer
) -> None:
    page = at_the_choice.get("/activation/securite")
    assert "Choisir l'e-mail" not in page.text
    answer = at_the_choice.send(
        "POST", "/activation/securite/e-mail", data={"csrf_token": page.csrf_token}, expect=303, follow=False
    )
    assert answer.headers["Location"] == "/activation"
    assert give_letter(at_the_choice, claire).path == "/activation/securite"


class TestEmailAllowed:
    """A house whose operator takes codes by e-mail as second factor."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """The operator's word."""
        return replace(settings, email_code_allowed=True)

    @on_sqlite
    def test_it_is_offered_last_and_says_that_it_protects_less(self, at_the_choice: Browser, claire: Newcomer) -> None:
        page = at_the_choice.get("/activation/securite")
        assert "Cela protège moins" in page.text
        form = next(form for form in page.forms if form.action.endswith("/e-mail"))
        page = at_the_choice.submit(form, expect=200)
        assert len(recovery_codes(page)) == 10
        finish(at_the_choice)
        account = accounts.account_of(claire.person.person_id)
        assert account is not None
        assert factors.ways(account.id).all == ("email",)
        assert len(mails_to(EMAIL)) == 2  # the address was verified once, the space is active


# Passkey


def test_a_passkey_is_a_second_factor_on_five_screens_and_signs_in_later(
    at_the_choice: Browser, claire: Newcomer, app: Flask
) -> None:
    device = Authenticator()
    page = send_passkey(at_the_choice, make_passkey(at_the_choice, device))
    assert page.path == "/activation/codes"
    finish(at_the_choice)
    account = accounts.account_of(claire.person.person_id)
    assert account is not None
    assert factors.ways(account.id).all == ("passkey",)
    assert passkeys.credential_ids(account.id) == [device.keys[0].credential_id]
    later = Browser(app)
    touch(later, device, "/connexion", "/connexion/cle", expect=303)
    assert later.get("/compte").status == 200


@on_sqlite
def test_the_passkey_s_button_waits_for_a_script(at_the_choice: Browser) -> None:
    page = at_the_choice.get("/activation/securite")
    form = page.tree.xpath("//form[@data-passkey]")[0]
    assert form.get("hidden") is not None
    assert [each.get("type") for each in page.tree.xpath("//form[not(@hidden)]//button")] == ["submit"] * 2


@on_sqlite
def test_a_passkey_that_is_not_right_is_explained_and_nothing_is_kept(at_the_choice: Browser, clock: FakeClock) -> None:
    good = make_passkey(at_the_choice, Authenticator())
    clock.advance(timedelta(minutes=5))
    wrong = {
        "nothing": "",
        "no JSON": "{",
        "a list": "[]",
        "too late": good,
        "endless": "x" * 30_000,
        "elsewhere": make_passkey(at_the_choice, Authenticator(origin="https://espace.example")),
        "nobody looked": make_passkey(at_the_choice, Authenticator(flags=PRESENT)),
    }
    for why, credential in wrong.items():
        page = send_passkey(at_the_choice, credential)
        assert page.status == 422, why
        assert page.tree.xpath("//*[@id='summary']"), why
        assert at_the_choice.get("/activation/codes").path == "/activation/securite", why


@on_sqlite
def test_a_passkey_sent_twice_counts_once_and_another_person_s_answer_not_at_all(
    at_the_choice: Browser, claire: Newcomer, app: Flask
) -> None:
    good = make_passkey(at_the_choice, Authenticator())
    other = Browser(app, ip="192.0.2.77")
    give_letter(other, newcomer())
    give_email(other, "autre@exemple.fr")
    assert send_passkey(other, good).status == 422
    own = make_passkey(at_the_choice, Authenticator())
    assert [send_passkey(at_the_choice, own).status for _ in range(2)] == [200, 422]
    finish(at_the_choice)
    account = accounts.account_of(claire.person.person_id)
    assert account is not None
    assert len(passkeys.of(account.id)) == 1


@on_sqlite
def test_every_factor_that_was_proven_is_kept(at_the_choice: Browser, claire: Newcomer) -> None:
    page = send_passkey(at_the_choice, make_passkey(at_the_choice, Authenticator()))
    codes = recovery_codes(page)
    link_app(at_the_choice)
    page = choose_sms(at_the_choice)
    page = at_the_choice.submit(page.form("code"), {"code": sms_to(PHONE)[0]}, expect=200)
    assert recovery_codes(page) == codes
    finish(at_the_choice)
    account = accounts.account_of(claire.person.person_id)
    assert account is not None
    assert factors.ways(account.id).all == ("passkey", "app", "sms")


@on_sqlite
def test_nobody_comes_in_without_a_second_factor(at_the_choice: Browser) -> None:
    page = at_the_choice.get("/activation/securite")
    data = {"csrf_token": page.csrf_token, "kept": "y", "terms": "y"}
    answer = at_the_choice.send("POST", "/activation/codes", data=data, expect=303, follow=False)
    assert answer.headers["Location"] == "/activation/securite"
    with db.read() as tx:
        assert tx.execute(select(func.count()).select_from(Account)).scalar_one() == 0
