"""The first page of the activation: number, birth date, card and code, with every mistake people make (AC-5, R5)."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask
from stdnum.fr import nir

from espace import outbox
from espace.accounts import services as accounts
from espace.accounts.services import letters
from espace.identifiers import OID_NIA, PROVISIONAL_CODE_LENGTH
from espace.machines import Machines
from espace.people import services as people
from espace.records import services as records
from espace.settings import Settings
from espace.web.identity_fields import BirthDateError, read_birth_date
from tests.support.browser_client import Browser, Page
from tests.support.build import Citizen, citizen, ins, mails_to
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .journey import Newcomer, activated, give_letter, newcomer

NOT_TOGETHER = "Ces informations ne vont pas ensemble"


@pytest.fixture
def claire(machines: Machines) -> Newcomer:
    """Claire Fontenay, with her letter."""
    return newcomer()


def person_with(**traits: Any) -> Newcomer:
    """A person announced with further facts, their record, their letter."""
    known: dict[str, Any] = {
        "birth_name": "Aubry",
        "first_names": ("Lise",),
        "sex": "F",
        "birth_date": date(1956, 3, 1),
    }
    facts = people.Traits(**(known | traits))
    person_id, _ = people.save_person(facts)
    record_id = records.open_record(person_id, delay=timedelta(0))
    made = Citizen(person_id, record_id, facts.ins, facts.display_name, facts.birth_date)
    return Newcomer(made, accounts.new_activation_code(person_id), facts.vitale_serial)


def keyed(body: str) -> str:
    """A number of 13 characters with its key."""
    return body + nir.calc_check_digits(body)


# What was typed


WRONG_NUMBERS = [
    ("2 84 05 75 056 001", "13 chiffres, il en faut 15"),
    ("28405750560014", "14 chiffres, il en faut 15"),
    ("284057505600142333", "18 chiffres"),
    ("28405750560AB42", "chiffres"),
    ("", "Écrivez votre numéro"),
]


@on_sqlite
def test_a_number_of_the_wrong_form_is_explained_and_everything_is_kept(client: Browser, claire: Newcomer) -> None:
    for number, sentence in WRONG_NUMBERS:
        page = give_letter(client, claire, 422, ins=number, vitale_serial="12 34")
        assert sentence in page.text, number
        values = page.form("ins").values
        assert values["ins"] == [number]
        assert values["birth_date"] == ["12/05/1984"]
        assert values["vitale_serial"] == ["12 34"]
        assert values["code"] == [claire.code]


@on_sqlite
def test_a_wrong_key_is_explained(client: Browser, claire: Newcomer) -> None:
    key = f"{(int(claire.person.ins[13:]) % 97) + 1:02d}"
    page = give_letter(client, claire, 422, ins=claire.person.ins[:13] + key)
    assert "les 2 derniers ne vont pas" in page.text


WRONG_DATES = [
    ("31/2/1984", "n'existe pas"),
    ("31 13 1984", "n'existe pas"),
    ("douze mai 1984", "avec le jour, le mois et"),
    ("12/05/84", "quatre chiffres"),
    ("120584", "quatre chiffres"),
    ("12/05/2884", "à venir"),
    ("12 1984", "avec le jour, le mois et"),
    ("1²/05/1984", "avec le jour, le mois et"),
    ("", "Écrivez votre date de naissance"),
    ("1" * 600, "trop longue"),
]


@on_sqlite
def test_a_date_that_cannot_be_is_explained(client: Browser, claire: Newcomer) -> None:
    for typed, sentence in WRONG_DATES:
        page = give_letter(client, claire, 422, birth_date=typed)
        assert sentence in page.text, typed
        assert "Date de naissance" in page.tree.xpath("string(//*[@id='summary'])"), typed


_DAY = date(1988, 3, 14)
_ORDERS = ["{d}{s}{m}{s}{y}", "{d:02}{s}{m:02}{s}{y}"]
_WORDS = ["mars", "Mars", "MARS", "mars.", "march", "mar"]


def test_a_birth_date_is_read_as_people_write_it(machines: Machines) -> None:
    written = [
        order.format(d=14, m=3, y=1988, s=mark) for order, mark in product(_ORDERS, ["/", " ", ".", "-", " / ", ", "])
    ]
    written += [f"{day} {month} 1988" for day, month in product(("14", "14th"), _WORDS)]
    written += ["14031988", "1988-03-14", "March 14, 1988", " 14/03/1988 ", "14\u00a003\u00a01988"]
    assert {text: read_birth_date(text) for text in written} == dict.fromkeys(written, _DAY)


MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
          "décembre", "fevrier", "aout", "decembre", "janv.", "févr.", "avr.", "juil.", "sept.", "oct.", "nov.", "déc.",
          "january", "february", "april", "may", "june", "july", "august", "september"]  # fmt: skip
NUMBERS = [*range(1, 13), 2, 8, 12, 1, 2, 4, 7, 9, 10, 11, 12, 1, 2, 4, 5, 6, 7, 8, 9]


def test_every_month_is_known_by_its_name(machines: Machines) -> None:
    for name, number in zip(MONTHS, NUMBERS, strict=True):
        assert read_birth_date(f"1er {name} 1950") == date(1950, number, 1), name


def test_no_other_text_is_a_birth_date(machines: Machines) -> None:
    for text in ("14 brumaire 1988", "14/03", "le 14 mars", "14/03/1988/2", "ma 3 1988", "1" * 9, "--", "14 0x3 1988"):
        with pytest.raises(BirthDateError):
            read_birth_date(text)


@on_sqlite
def test_a_code_of_the_wrong_length_is_counted(client: Browser, claire: Newcomer) -> None:
    assert len(claire.code) == PROVISIONAL_CODE_LENGTH
    assert "7 caractères" in give_letter(client, claire, 422, code=claire.code[:7]).text


@on_sqlite
def test_the_code_may_be_typed_in_groups_and_small_letters(client: Browser, claire: Newcomer) -> None:
    code = f" {claire.code[:4].lower()} - {claire.code[4:].lower()}"
    assert "Étape 2" in give_letter(client, claire, code=code).text


# The card


@on_sqlite
def test_the_serial_of_the_card_is_asked_from_who_has_one(client: Browser, machines: Machines) -> None:
    who = person_with(ins=ins(birth=date(1956, 3, 1)), vitale_serial="0987654321")
    answers = []
    for serial in ("", "0987654320", "0987654321 0"):
        page = give_letter(client, who, 422, vitale_serial=serial)
        answers.append(page.tree.xpath("string(//*[@id='summary'])"))
    assert len(set(answers)) == 1, "nothing tells that only the serial was wrong"
    assert NOT_TOGETHER in answers[0]
    assert "Étape 2" in give_letter(Browser(client.app, ip="192.0.2.3"), who, vitale_serial=" 09876 543-21").text


@on_sqlite
def test_who_has_no_card_on_file_may_leave_it_empty_or_not(client: Browser, claire: Newcomer, app: Flask) -> None:
    page = client.get("/activation")
    assert "Pas de carte Vitale ? Laissez vide." in page.text
    described = page.tree.xpath("//input[@name='vitale_serial']/@aria-describedby")[0]
    assert "Laissez vide" in page.tree.xpath(f"string(//*[@id='{described}'])")
    assert "Étape 2" in give_letter(client, claire).text
    assert "Étape 2" in give_letter(Browser(app), claire, vitale_serial="1234567890").text


@on_sqlite
def test_the_picture_of_the_card_says_in_words_what_it_shows(client: Browser, claire: Newcomer) -> None:
    page = client.get("/activation")
    captions = [each.text_content() for each in page.tree.xpath("//figure/figcaption")]
    assert captions == ["Avec photo\u00a0: debout, à droite de la photo", "Sans photo\u00a0: au dos"]
    assert len(page.tree.xpath("//figure/svg[@aria-hidden='true']")) == 2


# Whose letter


@on_sqlite
def test_the_letter_of_another_person_opens_nothing(client: Browser, claire: Newcomer, app: Flask) -> None:
    other = newcomer()
    page = give_letter(client, claire, 422, code=other.code)
    assert NOT_TOGETHER in page.text
    assert "Vérifiez que le courrier porte bien votre nom" in page.text
    unknown = give_letter(Browser(app, ip="192.0.2.4"), claire, 422, ins=ins(), code=other.code)
    assert page.tree.xpath("string(//*[@id='summary'])") == unknown.tree.xpath("string(//*[@id='summary'])")
    assert client.cookie("activation") is None
    assert "Étape 2" in give_letter(client, claire).text, "their own letters still work"
    assert "Étape 2" in give_letter(Browser(app), other).text


@on_sqlite
def test_twins_whose_letters_were_swapped_are_not_taken_for_each_other(client: Browser, machines: Machines) -> None:
    born = date(1991, 6, 2)
    facts: dict[str, Any] = {"birth_name": "Renaud", "birth_date": born, "sex": "F"}
    first = person_with(ins=keyed("2910675056201"), first_names=("Inès",), vitale_serial="1111111111", **facts)
    second = person_with(ins=keyed("2910675056202"), first_names=("Jade",), vitale_serial="2222222222", **facts)
    swapped = ((first, second), (second, first))
    for one, other in swapped:
        for borrowed in ({"code": other.code}, {"vitale_serial": other.serial}, {"ins": other.person.ins}):
            page = give_letter(Browser(client.app), one, 422, **borrowed)
            assert NOT_TOGETHER in page.text
            assert other.person.name.split()[0] not in page.text
    for one, _other in swapped:
        page = give_letter(Browser(client.app, ip="192.0.2.8"), one)
        assert page.path == "/activation/adresse"


@on_sqlite
def test_a_waiting_number_is_explained_by_what_was_typed_alone(client: Browser, claire: Newcomer) -> None:
    nia = keyed("7840575056001")
    page = give_letter(client, claire, 422, ins=nia)
    assert "Votre numéro commence par 7 : c'est un numéro d'attente" in page.text


@on_sqlite
def test_who_is_known_by_a_waiting_number_activates_with_it(client: Browser, machines: Machines) -> None:
    who = person_with(ins=keyed("8560399350007"), oid=OID_NIA)
    assert "Étape 2" in give_letter(client, who).text


@on_sqlite
def test_every_wrong_fact_costs_and_shows_the_same(client: Browser, machines: Machines, app: Flask) -> None:
    who = person_with(ins=ins(birth=date(1956, 3, 1)), vitale_serial="0987654321")
    changes = ({"ins": ins()}, {"birth_date": "2/3/1956"}, {"vitale_serial": "1"}, {"code": "AAAAAAAA"})
    seen = []
    for number, change in enumerate(changes):
        browser = Browser(app, ip=f"192.0.2.{number}")
        page = give_letter(browser, who, 422, **change)
        seen.append((page.tree.xpath("string(//*[@id='summary'])"), browser.cookie("activation")))
    assert len(set(seen)) == 1
    assert NOT_TOGETHER in seen[0][0]


# Codes


@on_sqlite
def test_an_expired_code_says_since_when_and_how_to_get_another(
    client: Browser, claire: Newcomer, clock: FakeClock
) -> None:
    clock.advance(timedelta(days=84))
    page = give_letter(client, claire, 422)
    assert "a expiré le 15 février 2027" in page.text
    assert page.link("Recevoir un nouveau code") == "/activation/nouveau-code"


@on_sqlite
def test_a_used_code_leads_to_signing_in(app: Flask) -> None:
    person = activated(app).person
    code = accounts.new_activation_code(person.person_id)
    assert letters.use(person.person_id)
    page = give_letter(Browser(app), Newcomer(person, code), 422)
    assert "a déjà servi" in page.text
    assert page.tree.xpath("//main//a[@href='/connexion']")


def ask_new_code(browser: Browser, who: Newcomer, **changed: str) -> Page:
    """Fill in and send the page that sends a new code."""
    form = browser.get("/activation/nouveau-code").form("ins", "birth_date")
    typed = {name: who.letter[name] for name in ("ins", "birth_date")}
    return browser.submit(form, {**typed, **changed}, expect=200)


@on_sqlite
def test_a_new_code_comes_to_the_address_on_file_and_replaces_the_old_one(
    client: Browser, claire: Newcomer, app: Flask
) -> None:
    page = ask_new_code(client, claire)
    assert "Si nous avons votre adresse" in page.text
    assert "Étape 2" in give_letter(client, claire).text, "the worker has not run: the letter still works"
    outbox.work()
    sent: list[Any] = mails_to(people.person(claire.person.person_id).email)
    assert [mail["message"] for mail in sent] == ["activation-code"]
    give_letter(Browser(app), claire, 422)
    assert "Étape 2" in give_letter(Browser(app), Newcomer(claire.person, sent[0]["values"]["code"])).text


class TestWithGateway:
    """A house that sends SMS."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """A gateway nobody needs to reach here."""
        return replace(settings, sms_url="http://127.0.0.1:9/sms")

    @on_sqlite
    def test_the_way_of_a_new_code_is_chosen(self, client: Browser, claire: Newcomer) -> None:
        page = client.get("/activation/nouveau-code")
        assert page.tree.xpath("//input[@name='channel']/@value") == ["email", "sms"]
        assert "Si nous avons votre adresse" in ask_new_code(client, claire, channel="sms").text
        assert "Si nous avons votre adresse" in ask_new_code(client, claire, channel="pigeon").text


@on_sqlite
def test_asking_for_a_code_tells_nothing_about_who_is_known(client: Browser, claire: Newcomer) -> None:
    answers = []
    for changed in ({}, {"birth_date": "12/05/1985"}, {"ins": ins()}):
        page = ask_new_code(client, claire, **changed)
        answers.append((page.status, len(page.body), page.h1))
    assert len(set(answers)) == 1


# Children


@on_sqlite
def test_a_child_is_led_to_a_parent_and_keeps_the_code(client: Browser, machines: Machines, clock: FakeClock) -> None:
    birth = clock.now.date().replace(year=clock.now.year - 16) + timedelta(days=1)
    child = citizen("Jules", birth=birth, activated=False)
    who = Newcomer(child, accounts.new_activation_code(child.person_id))
    page = give_letter(client, who, 403)
    assert "un enfant n'a pas de compte à lui" in page.text
    assert "Avant 16 ans" in page.text
    assert "à la page « Mes proches »" in page.text
    assert page.link("Ouvrir le profil de l'enfant") == "/compte/proches"
    clock.advance(timedelta(days=1))
    assert "Étape 2" in give_letter(client, who).text
