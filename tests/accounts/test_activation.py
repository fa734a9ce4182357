"""Activation, as pages: from the letter to the record, left, resumed, done twice at once (rules.md AC-5)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from espace import crypto, db, outbox
from espace.accounts import services as accounts
from espace.accounts.models import Account, Enrolment, RecoveryCode
from espace.accounts.services import drafts
from espace.audit import services as audit
from espace.machines import Machines
from espace.records import services as records
from tests.support.browser_client import Browser
from tests.support.build import PASSWORD, mails_to
from tests.support.clock import FakeClock

from .journey import (
    EMAIL,
    Newcomer,
    activated,
    app_code,
    choose_app,
    give_address,
    give_email,
    give_letter,
    give_password,
    keep_codes,
    link_app,
    newcomer,
    recovery_codes,
    secret_on,
    sent_code,
)


@pytest.fixture
def claire(machines: Machines) -> Newcomer:
    """Claire Fontenay, with her letter."""
    return newcomer()


def count(model: type) -> int:
    """How many rows a table has."""
    with db.read() as tx:
        return tx.execute(select(func.count()).select_from(model)).scalar_one()


def test_a_space_is_activated_on_six_screens(client: Browser, claire: Newcomer) -> None:
    page = give_letter(client, claire)
    assert "Étape 2 sur 4" in page.text
    assert "étape 2" in page.title
    page = give_address(client)
    assert "Recopiez le code reçu" in page.h1
    page = client.submit(page.form("code"), {"code": sent_code()}, expect=200)
    assert "Étape 3 sur 4" in page.text
    assert page.path == "/activation/securite"
    page = choose_app(client)
    assert page.tree.xpath("//img/@src")[0].startswith("data:image/svg+xml")
    assert page.link("Ouvrir mon application").startswith("otpauth://totp/espace")
    link_app(client)
    page = client.get("/activation/codes")
    assert "Étape 4 sur 4" in page.text
    codes = recovery_codes(page)
    assert len(set(codes)) == 10
    text = client.get("/activation/codes/texte")
    assert all(code in text.body.decode() for code in codes)
    assert "attachment" in text.headers["Content-Disposition"]
    assert keep_codes(client, 303, follow=False).headers["Location"] == "/"
    assert client.get("/compte").status == 200
    account = accounts.account_of(claire.person.person_id)
    assert account is not None
    assert (account.email, account.locale) == (EMAIL, "fr")
    assert accounts.mail_addresses([claire.person.person_id]) == [(EMAIL, "fr")]
    assert count(RecoveryCode) == 10
    assert count(Enrolment) == 0


def test_the_record_s_home_shows_the_first_steps_for_a_week(
    client: Browser, claire: Newcomer, clock: FakeClock
) -> None:
    give_letter(client, claire)
    give_email(client)
    secret = link_app(client)
    keep_codes(client, 303, follow=False)
    home = f"/dossiers/{claire.person.record_id}/"
    page = client.get(home)
    assert "les premiers pas" in page.text
    for words in ("Lire mes documents", "Ajouter un document", "Décider qui voit mon dossier"):
        client.get(page.link(words))
    clock.advance(timedelta(days=7))
    page = give_password(client, EMAIL)
    client.submit(page.form("code"), {"code": app_code(secret)}, follow=False)
    assert "les premiers pas" not in client.get(home).text


def test_the_record_becomes_active_when_the_worker_hears_of_it(client: Browser, claire: Newcomer, app: Flask) -> None:
    activated_person = activated(app).person
    found = records.record_of(activated_person.person_id)
    assert found is not None
    assert found.state == "open"
    outbox.work()
    found = records.record_of(activated_person.person_id)
    assert found is not None
    assert found.state == "active"


def test_the_activation_stands_in_the_account_s_trail(app: Flask) -> None:
    person = activated(app).person
    account = accounts.account_of(person.person_id)
    assert account is not None
    found = audit.entries(account.id, mine=True, holder_actor_ids=[account.id], before=None)
    assert [(entry.action, entry.actor_name) for entry in found] == [(audit.Action.ACTIVATED, "Claire Fontenay")]


def test_an_activation_left_half_way_goes_on_with_the_same_browser(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    give_address(client)
    again = client.get("/activation")
    assert again.link("Reprendre où j'en étais") == "/activation/adresse/code"
    assert again.form("ins").values["ins"][0].replace(" ", "") == claire.person.ins
    assert again.form("ins").values["birth_date"] == ["12/05/1984"]
    assert claire.code not in again.body.decode()
    assert client.get("/activation/adresse").form("email").values["email"] == [EMAIL]


def test_an_activation_goes_on_with_another_device_and_the_letter(
    client: Browser, claire: Newcomer, app: Flask
) -> None:
    give_letter(client, claire)
    give_email(client)
    secret = secret_on(choose_app(client))
    tablet = Browser(app, ip="192.0.2.9")
    page = give_letter(tablet, claire)
    assert page.path == "/activation/application"
    assert secret_on(page) == secret
    assert tablet.get("/activation/adresse").form("email").values["email"] == [EMAIL]
    assert "Redonnez les informations de votre courrier" in client.get("/activation/application").text
    link_app(tablet)
    keep_codes(tablet, 303, follow=False)
    assert accounts.account_of(claire.person.person_id) is not None


@pytest.mark.parametrize("step", ["adresse", "adresse/code", "securite", "application"])
def test_each_page_may_be_left_and_says_so(client: Browser, claire: Newcomer, app: Flask, step: str) -> None:
    give_letter(client, claire)
    if step != "adresse":
        give_address(client)
    if step in ("securite", "application"):
        client.submit(client.get("/activation/adresse/code").form("code"), {"code": sent_code()}, expect=200)
    if step == "application":
        choose_app(client)
    page = client.get(f"/activation/{step}")
    assert page.path == f"/activation/{step}"
    assert "Vous pouvez vous arrêter là" in page.text
    assert give_letter(Browser(app), claire).path == f"/activation/{step}"


def test_going_back_keeps_what_was_typed(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    give_email(client)
    link_app(client)
    page = client.get("/activation/adresse")
    assert "Votre mot de passe est choisi" in page.text
    assert page.form("email").values["email"] == [EMAIL]
    page = client.submit(page.form("password"), {"password": ""}, expect=200)
    assert page.path == "/activation/codes", "the same address needs no second code"
    assert len(mails_to(EMAIL)) == 1
    page = client.get("/activation/securite")
    assert page.link("Continuer avec elle") == "/activation/codes"
    codes = recovery_codes(client.get("/activation/codes"))
    link_app_again = choose_app(client)
    assert link_app_again.path == "/activation/application"
    assert recovery_codes(client.get("/activation/codes")) == codes


def test_each_half_of_the_second_page_is_kept_when_the_other_is_wrong(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    page = give_address(client, "claire@exemple", expect=422)
    assert "Il manque la fin de l'adresse" in page.text
    assert "Votre mot de passe est choisi" in page.text
    assert PASSWORD not in page.body.decode()
    page = client.submit(page.form("email"), {"email": EMAIL, "password": ""}, expect=200)
    assert page.path == "/activation/adresse/code"
    page = give_address(client, "autre@exemple.fr", "court", expect=422)
    assert page.form("email").values["email"] == ["autre@exemple.fr"]
    assert mails_to("autre@exemple.fr") == []


def test_another_address_is_verified_before_it_counts(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    give_email(client)
    link_app(client)
    other = "autre@exemple.fr"
    give_address(client, other, "")
    assert client.get("/activation/codes").path == "/activation/adresse/code"
    page = client.submit(client.get("/activation/adresse/code").form("code"), {"code": sent_code(other)}, expect=200)
    assert page.path == "/activation/codes"
    keep_codes(client, 303, follow=False)
    assert accounts.mail_addresses([claire.person.person_id]) == [(other, "fr")]


STEPS = ("adresse", "adresse/code", "securite", "application", "sms", "codes", "codes/texte")


def test_no_step_opens_without_the_letter_or_before_its_turn(client: Browser, claire: Newcomer, app: Flask) -> None:
    fresh = Browser(app)
    give_letter(fresh, claire)
    for path in STEPS:
        stranger = client.get(f"/activation/{path}", follow=False, expect=303)
        assert stranger.headers["Location"] == "/activation"
        if path != "adresse":
            early = fresh.get(f"/activation/{path}", follow=False, expect=303)
            assert early.headers["Location"] == "/activation/adresse"
    give_email(fresh)
    for path in ("application", "sms", "codes"):
        early = fresh.get(f"/activation/{path}", follow=False, expect=303)
        assert early.headers["Location"] == "/activation/securite"


def test_nothing_is_taken_before_its_turn(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    token = client.get("/activation/adresse").csrf_token
    posts = ("application", "sms", "e-mail", "cle", "cle/defi")
    for path in posts:
        data = {"csrf_token": token, "phone": "0612345678", "credential": "{}"}
        answer = client.send("POST", f"/activation/securite/{path}", data=data, expect=303, follow=False)
        assert answer.headers["Location"] == "/activation/adresse"
    answer = client.send(
        "POST", "/activation/codes", data={"csrf_token": token, "kept": "y", "terms": "y"}, follow=False
    )
    assert answer.headers["Location"] == "/activation/adresse"
    assert count(Account) == 0


def test_a_forgotten_phone_asks_for_the_letter_after_a_day(client: Browser, claire: Newcomer, clock: FakeClock) -> None:
    give_letter(client, claire)
    clock.advance(timedelta(hours=24))
    gone = client.get("/activation/adresse", follow=False, expect=303)
    assert gone.headers["Location"] == "/activation"
    assert "Étape 2" in give_letter(client, claire).text


def test_a_clock_set_back_lengthens_nothing(client: Browser, claire: Newcomer, clock: FakeClock) -> None:
    give_letter(client, claire)
    give_address(client)
    code = sent_code()
    clock.advance(timedelta(hours=-3))
    page = client.submit(client.get("/activation/adresse/code").form("code"), {"code": code}, expect=422)
    assert "plus de 10 minutes" in page.text
    client.submit(page.forms[1], expect=429)
    clock.advance(timedelta(seconds=30))
    again = client.submit(page.forms[1], expect=200)
    client.submit(again.form("code"), {"code": sent_code()}, expect=200)
    clock.advance(timedelta(days=-2))
    assert client.get("/activation/securite").path == "/activation", "the letter is asked for again"


def test_of_two_browsers_that_finish_at_once_one_opens_the_space(client: Browser, claire: Newcomer, app: Flask) -> None:
    give_letter(client, claire)
    give_email(client)
    link_app(client)
    form = client.get("/activation/codes").form("kept", "terms")
    twin = Browser(app)
    for name in ("activation", "form"):
        twin.set_cookie(name, client.cookie(name) or "")
    with ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(lambda b: b.submit(form, {"kept": "y", "terms": "y"}, follow=False), (client, twin)))
    assert sorted(page.headers["Location"] for page in pages) in (
        ["/", "/connexion"],
        ["/", "/activation"],  # the other had not begun when the first was done
    )
    assert count(Account) == 1
    assert count(RecoveryCode) == 10


def test_a_code_sent_twice_at_once_is_taken_once_and_refuses_nobody(
    client: Browser, claire: Newcomer, app: Flask
) -> None:
    give_letter(client, claire)
    form = give_address(client).form("code")
    twin = Browser(app)
    for name in ("activation", "form"):
        twin.set_cookie(name, client.cookie(name) or "")
    code = sent_code()
    with ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(lambda b: b.submit(form, {"code": code}, follow=False), (client, twin)))
    assert [page.headers["Location"] for page in pages] == ["/activation/securite"] * 2


def test_a_form_sent_twice_sends_one_code_and_a_page_loaded_again_none(
    client: Browser, claire: Newcomer, clock: FakeClock
) -> None:
    give_letter(client, claire)
    for _ in range(2):
        give_address(client)
        client.get("/activation/adresse/code")
    assert len(mails_to(EMAIL)) == 1
    clock.advance(timedelta(seconds=30))
    give_address(client)
    assert len(mails_to(EMAIL)) == 2


def test_both_boxes_are_asked_for(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    give_email(client)
    link_app(client)
    page = client.submit(client.get("/activation/codes").form("kept", "terms"), {}, expect=422)
    assert "Gardez d'abord vos codes" in page.text
    assert "Sans votre accord" in page.text
    assert len(recovery_codes(page)) == 10


def test_a_refused_password_is_never_sent_back(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    page = give_address(client, password="fontenay1984", expect=422)
    assert "fontenay1984" not in page.body.decode()
    assert "Ce mot de passe contient votre nom" in page.text
    assert mails_to(EMAIL) == []


def test_an_activation_begun_under_an_earlier_version_goes_on(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    person_id = claire.person.person_id
    old = {
        "email": EMAIL, "is_verified": True, "code_hash": "", "code_sent_at": "", "password_hash": "x",
        "totp_secret": "A" * 32, "totp_step": 0, "recovery_codes": [],
    }  # fmt: skip
    with db.write() as tx:
        sealed = crypto.seal(tx, person_id, "enrolments", person_id, old)
        tx.execute(Enrolment.__table__.update().values(step="password", payload=sealed))  # type: ignore[attr-defined]
    draft = drafts.current(client.cookie("activation") or "")
    assert draft is not None
    assert draft.step is drafts.Step.SECURITY
    assert client.get("/activation").link("Reprendre") == "/activation/securite"
