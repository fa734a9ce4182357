"""Activation, as pages: on one phone, left and resumed, with every mistake on the way (rules.md AC-5)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from espace import db, outbox
from espace.accounts import services as accounts
from espace.accounts.models import Account, Enrolment, RecoveryCode
from espace.audit import services as audit
from espace.machines import Machines
from espace.people import services as people
from espace.records import services as records
from tests.support.browser_client import Browser
from tests.support.build import citizen, ins, mails_to
from tests.support.clock import FakeClock

from .journey import (
    EMAIL,
    Newcomer,
    activated,
    app_code,
    choose_password,
    give_email,
    give_letter,
    give_password,
    keep_codes,
    link_app,
    newcomer,
    recovery_codes,
    secret_on,
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
    assert "Étape 2 sur 5" in page.text
    assert "étape 2" in page.title
    page = give_email(client)
    assert "Étape 3 sur 5" in page.text
    page = choose_password(client)
    assert "Étape 4 sur 5" in page.text
    assert page.tree.xpath("//img/@src")[0].startswith("data:image/svg+xml")
    assert page.link("Ouvrir mon application").startswith("otpauth://totp/espace")
    link_app(client)
    page = client.get("/activation/codes")
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
    choose_password(client)
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


WRONG_NUMBERS = [
    ("2 84 05 75 056 001", "13 chiffres, il en faut 15"),
    ("28405750560014", "14 chiffres, il en faut 15"),
    ("284057505600142333", "18 chiffres"),
    ("28405750560AB42", "chiffres"),
    ("", "Écrivez votre numéro"),
]


def test_a_number_of_the_wrong_form_is_explained_and_kept(client: Browser, claire: Newcomer) -> None:
    for number, sentence in WRONG_NUMBERS:
        page = give_letter(client, claire, 422, ins=number)
        assert sentence in page.text, number
        values = page.form("ins").values
        assert values["ins"] == [number]
        assert values["year"] == ["1984"]
        assert values["code"] == [claire.code]


def test_a_wrong_key_is_explained(client: Browser, claire: Newcomer) -> None:
    key = f"{(int(claire.person.ins[13:]) % 97) + 1:02d}"
    page = give_letter(client, claire, 422, ins=claire.person.ins[:13] + key)
    assert "les 2 derniers ne vont pas" in page.text


WRONG_DATES = [
    ({"day": "31", "month": "2"}, "n'existe pas"),
    ({"day": "douze"}, "en chiffres"),
    ({"year": "84"}, "quatre chiffres"),
    ({"year": "2884"}, "à venir"),
    ({"month": ""}, "en chiffres"),
    ({"day": "²"}, "en chiffres"),
]


def test_a_date_that_cannot_be_is_explained(client: Browser, claire: Newcomer) -> None:
    for changed, sentence in WRONG_DATES:
        page = give_letter(client, claire, 422, **changed)
        assert sentence in page.text, changed
        assert "Date de naissance" in page.tree.xpath("string(//*[@id='summary'])"), changed


def test_a_code_of_the_wrong_length_is_counted(client: Browser, claire: Newcomer) -> None:
    assert "7 caractères" in give_letter(client, claire, 422, code=claire.code[:7]).text


def test_the_code_may_be_typed_in_groups_and_small_letters(client: Browser, claire: Newcomer) -> None:
    code = f" {claire.code[:4].lower()} - {claire.code[4:].lower()}"
    assert "Étape 2" in give_letter(client, claire, code=code).text


def test_an_expired_code_says_since_when_and_how_to_get_another(
    client: Browser, claire: Newcomer, clock: FakeClock
) -> None:
    clock.advance(timedelta(days=42))
    page = give_letter(client, claire, 422)
    assert "a expiré le 4 janvier 2027" in page.text
    assert page.link("Recevoir un nouveau code") == "/activation/nouveau-code"


def test_a_used_code_leads_to_signing_in(app: Flask, client: Browser) -> None:
    who = newcomer()
    for step in (lambda: give_letter(client, who), lambda: give_email(client), lambda: choose_password(client)):
        step()
    link_app(client)
    keep_codes(client, follow=False)
    page = give_letter(Browser(app), who, 422)
    assert "a déjà servi" in page.text
    assert page.tree.xpath("//main//a[@href='/connexion']")


def test_a_new_code_comes_to_the_address_on_file_and_replaces_the_old_one(
    client: Browser, claire: Newcomer, app: Flask
) -> None:
    form = client.get("/activation/nouveau-code").form("ins", "year")
    typed = {name: value for name, value in claire.letter.items() if name != "code"}
    page = client.submit(form, typed, expect=200)
    assert "Si nous avons votre adresse" in page.text
    assert "Étape 2" in give_letter(client, claire).text, "the worker has not run: the letter still works"
    outbox.work()
    sent: list[Any] = mails_to(people.person(claire.person.person_id).email)
    assert [mail["message"] for mail in sent] == ["activation-code"]
    give_letter(Browser(app), claire, 422)
    assert "Étape 2" in give_letter(Browser(app), Newcomer(claire.person, sent[0]["values"]["code"])).text


def test_asking_for_a_code_tells_nothing_about_who_is_known(client: Browser, claire: Newcomer) -> None:
    answers = []
    for typed in (claire.letter, {**claire.letter, "year": "1985"}, {**claire.letter, "ins": ins()}):
        form = client.get("/activation/nouveau-code").form("ins", "year")
        page = client.submit(form, {k: v for k, v in typed.items() if k != "code"}, expect=200)
        answers.append((page.status, len(page.body), page.h1))
    assert len(set(answers)) == 1


def test_an_activation_left_half_way_goes_on_with_the_same_browser(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    client.submit(client.get("/activation/adresse").form("email"), {"email": EMAIL}, expect=200)
    again = client.get("/activation")
    assert again.link("Reprendre où j'en étais") == "/activation/adresse/code"
    assert again.form("ins").values["ins"][0].replace(" ", "") == claire.person.ins
    assert claire.code not in again.body.decode()
    assert client.get("/activation/adresse").form("email").values["email"] == [EMAIL]


def test_an_activation_goes_on_with_another_device_and_the_letter(
    client: Browser, claire: Newcomer, app: Flask
) -> None:
    give_letter(client, claire)
    give_email(client)
    choose_password(client)
    secret = secret_on(client.get("/activation/application"))
    tablet = Browser(app, ip="192.0.2.9")
    page = give_letter(tablet, claire)
    assert "Étape 4 sur 5" in page.text
    assert secret_on(page) == secret
    assert tablet.get("/activation/adresse").form("email").values["email"] == [EMAIL]
    assert "redonnez les trois informations" in client.get("/activation/application").text
    link_app(tablet)
    keep_codes(tablet, 303, follow=False)
    assert accounts.account_of(claire.person.person_id) is not None


def test_going_back_keeps_what_was_typed(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    give_email(client)
    choose_password(client)
    page = client.get("/activation/mot-de-passe")
    assert "Votre mot de passe est choisi" in page.text
    page = client.submit(page.form("password"), {"password": ""}, expect=200)
    assert "Étape 4" in page.text
    page = client.submit(client.get("/activation/adresse").form("email"), {}, expect=200)
    assert "Étape 4" in page.text, "the same address needs no second code"
    assert len(mails_to(EMAIL)) == 1


def test_another_address_is_verified_before_it_counts(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    give_email(client)
    choose_password(client)
    link_app(client)
    other = "autre@exemple.fr"
    client.submit(client.get("/activation/adresse").form("email"), {"email": other}, expect=200)
    assert "étape 2" in client.get("/activation/codes").title
    give_email(client, other)
    keep_codes(client, 303, follow=False)
    assert accounts.mail_addresses([claire.person.person_id]) == [(other, "fr")]


def test_no_step_opens_without_the_letter_or_before_its_turn(client: Browser, claire: Newcomer, app: Flask) -> None:
    fresh = Browser(app)
    give_letter(fresh, claire)
    for path in ("adresse", "adresse/code", "mot-de-passe", "application", "codes", "codes/texte"):
        stranger = client.get(f"/activation/{path}", follow=False, expect=303)
        assert stranger.headers["Location"] == "/activation"
        if path != "adresse":
            early = fresh.get(f"/activation/{path}", follow=False, expect=303)
            assert early.headers["Location"] == "/activation/adresse"


def test_a_forgotten_phone_asks_for_the_letter_after_a_day(client: Browser, claire: Newcomer, clock: FakeClock) -> None:
    give_letter(client, claire)
    clock.advance(timedelta(hours=24))
    gone = client.get("/activation/adresse", follow=False, expect=303)
    assert gone.headers["Location"] == "/activation"
    assert "Étape 2" in give_letter(client, claire).text


WRONG_ADDRESSES = [
    ("claire", "Il manque le signe"),
    ("claire@exemple", "Il manque la fin de l'adresse"),
    ("claire fontenay@exemple.fr", "vérifiez chaque signe"),
    ("claire@exemple.fr\r\nBcc: autre@exemple.fr", "vérifiez"),
    ("", "Écrivez votre adresse"),
    ("x" * 600, "trop longue"),
]


def test_an_address_that_cannot_be_is_explained(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    for address, sentence in WRONG_ADDRESSES:
        page = client.submit(client.get("/activation/adresse").form("email"), {"email": address}, expect=422)
        assert sentence in page.text, address
        assert mails_to(address) == []


def test_the_code_by_mail_works_for_ten_minutes_and_once(client: Browser, claire: Newcomer, clock: FakeClock) -> None:
    give_letter(client, claire)
    client.submit(client.get("/activation/adresse").form("email"), {"email": EMAIL}, expect=200)
    first = mails_to(EMAIL)[-1]["values"]["code"]
    page = client.get("/activation/adresse/code")
    clock.advance(timedelta(minutes=10))
    late = client.submit(page.form("code"), {"code": first}, expect=422)
    assert "plus de 10 minutes" in late.text
    again = client.submit(late.forms[1], expect=200)
    assert "nouveau code est envoyé" in again.text
    second = mails_to(EMAIL)[-1]["values"]["code"]
    if first != second:
        assert "Ce n'est pas le code" in client.submit(again.form("code"), {"code": first}, expect=422).text
    assert "Étape 3" in client.submit(again.form("code"), {"code": f" {second[:3]} {second[3:]}"}, expect=200).text


def test_an_address_that_opens_another_space_is_said_only_to_who_reads_it(app: Flask, client: Browser) -> None:
    activated(app)
    other = newcomer()
    give_letter(client, other)
    page = client.submit(client.get("/activation/adresse").form("email"), {"email": EMAIL.title()}, expect=200)
    assert "Recopiez le code" in page.h1, "nothing is told before the mailbox is shown to be theirs"
    code = mails_to(EMAIL.title().rpartition("@")[0] + "@exemple.fr")[-1]["values"]["code"]
    page = client.submit(page.form("code"), {"code": code}, expect=422)
    assert "Un autre espace utilise déjà cette adresse" in page.text
    give_email(client, "autre@exemple.fr")
    assert "Étape 3" in client.get("/activation/mot-de-passe").text


def test_a_child_is_led_to_a_parent_and_keeps_the_code(client: Browser, machines: Machines, clock: FakeClock) -> None:
    birth = clock.now.date().replace(year=clock.now.year - 16) + timedelta(days=1)
    child = citizen("Jules", birth=birth, activated=False)
    who = Newcomer(child, accounts.new_activation_code(child.person_id))
    page = give_letter(client, who, 403)
    assert "un enfant n'a pas de compte à lui" in page.text
    assert "Avant 16 ans" in page.text
    clock.advance(timedelta(days=1))
    assert "Étape 2" in give_letter(client, who).text


def test_of_two_browsers_that_finish_at_once_one_opens_the_space(client: Browser, claire: Newcomer, app: Flask) -> None:
    give_letter(client, claire)
    give_email(client)
    choose_password(client)
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


def test_both_boxes_are_asked_for(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    give_email(client)
    choose_password(client)
    link_app(client)
    page = client.submit(client.get("/activation/codes").form("kept", "terms"), {}, expect=422)
    assert "Gardez d'abord vos codes" in page.text
    assert "Sans votre accord" in page.text
    assert len(recovery_codes(page)) == 10


def test_a_refused_password_is_never_sent_back(client: Browser, claire: Newcomer) -> None:
    give_letter(client, claire)
    give_email(client)
    page = client.submit(
        client.get("/activation/mot-de-passe").form("password"), {"password": "fontenay1984"}, expect=422
    )
    assert "fontenay1984" not in page.body.decode()
    assert "Ce mot de passe contient votre nom" in page.text


def test_a_wrong_code_of_the_app_is_explained(client: Browser, claire: Newcomer, clock: FakeClock) -> None:
    give_letter(client, claire)
    give_email(client)
    page = choose_password(client)
    secret = secret_on(page)
    stale = app_code(secret)
    clock.advance(timedelta(minutes=2))
    assert "code du moment" in client.submit(page.form("code"), {"code": stale}, expect=422).text
    page = client.submit(page.form("code"), {"code": "12a45"}, expect=422)
    assert "que des chiffres" in page.text
    assert secret_on(page) == secret
