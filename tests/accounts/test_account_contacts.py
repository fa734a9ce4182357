"""Change of e-mail address, telephone and password: proven, told everywhere, and worth nothing to a thief (R5, R8)."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from espace.accounts.services import contacts, identify
from espace.errors import InvalidError
from espace.permissions import Visitor
from espace.settings import Settings
from tests.support.build import PASSWORD, mails_to
from tests.support.clock import FakeClock

from .keeper import PHONE, Keeper, keeper, mailed_code, put, texted_code, texts_to

NEW_EMAIL = "claire.nouvelle@exemple.fr"
NEW_PASSWORD = "sept merles au fond du jardin"
VISITOR = Visitor("192.0.2.9")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A house with a gateway for SMS."""
    return replace(settings, sms_url="http://127.0.0.1:9/sms")


@pytest.fixture
def claire(app: Flask) -> Keeper:
    """Claire Fontenay, signed in a moment ago."""
    return keeper(app)


def ask_email(who: Keeper, email: str = NEW_EMAIL, expect: int = 200) -> None:
    """Type a new address."""
    who.browser.submit(who.page("adresse").form("email"), {"email": email}, expect=expect)


def type_code(who: Keeper, place: str, code: str, expect: int = 200) -> str:
    """Type the code received; gives the words of the answer."""
    return who.browser.submit(who.page(f"{place}/code").form("code"), {"code": code}, expect=expect).text


def notices(email: str) -> int:
    """How many notices of a change of security an address got."""
    return sum(mail["message"] == "security-change" for mail in mails_to(email))


def test_a_new_address_is_taken_once_its_code_is_shown(claire: Keeper) -> None:
    other = claire.elsewhere()
    ask_email(claire)
    assert claire.facts["email"] == claire.email, "nothing changes before the code"
    said = type_code(claire, "adresse", mailed_code(NEW_EMAIL))
    assert "Votre nouvelle adresse est enregistrée" in said
    assert claire.facts["email"] == NEW_EMAIL
    assert identify(other) is None, "R8"
    assert identify(claire.token) is not None
    assert (notices(claire.email), notices(NEW_EMAIL)) == (1, 1)
    assert claire.acts()[0] == "email-changed"


def test_the_notice_says_neither_what_nor_which_address(claire: Keeper) -> None:
    ask_email(claire)
    type_code(claire, "adresse", mailed_code(NEW_EMAIL))
    for email in (claire.email, NEW_EMAIL):
        notice = next(mail for mail in mails_to(email) if mail["message"] == "security-change")
        assert notice["values"] == {}


def test_an_address_that_is_taken_is_told_to_its_reader_only(app: Flask, claire: Keeper) -> None:
    jeanne = keeper(app)
    contacts.ask_new_email(jeanne.actor, "jeanne.duval@exemple.fr")
    contacts.check_new_email(jeanne.actor, mailed_code("jeanne.duval@exemple.fr"), VISITOR)
    form = claire.page("adresse").form("email")
    free = claire.browser.submit(form, {"email": NEW_EMAIL}, expect=303, follow=False)
    taken = claire.browser.submit(form, {"email": "Jeanne.Duval@exemple.fr"}, expect=303, follow=False)
    assert free.headers["Location"] == taken.headers["Location"]
    said = type_code(claire, "adresse", mailed_code("Jeanne.Duval@exemple.fr"), expect=422)
    assert "Un autre espace utilise déjà cette adresse" in said
    assert claire.facts["email"] == claire.email


@pytest.mark.parametrize(
    "email", ["", "claire", "claire@exemple", "a b@exemple.fr", "x" * 600, "a@b.fr\r\nBcc: c@d.fr"]
)
def test_what_is_no_address_is_refused(claire: Keeper, email: str) -> None:
    ask_email(claire, email, expect=422)


def test_the_present_address_is_no_new_one(claire: Keeper) -> None:
    with pytest.raises(InvalidError):
        contacts.ask_new_email(claire.actor, claire.email.upper())


def test_a_code_works_once(claire: Keeper) -> None:
    ask_email(claire)
    code = mailed_code(NEW_EMAIL)
    contacts.check_new_email(claire.actor, code, VISITOR)
    with pytest.raises(InvalidError):
        contacts.check_new_email(claire.actor, code, VISITOR)


def test_only_the_last_code_works_and_it_may_be_sent_again(claire: Keeper) -> None:
    ask_email(claire)
    first = mailed_code(NEW_EMAIL)
    page = claire.page("adresse/code")
    again = next(form for form in page.forms if form.values.get("act") == ["again"])
    claire.browser.submit(again, expect=200)
    second = mailed_code(NEW_EMAIL)
    if first != second:
        type_code(claire, "adresse", first, expect=422)
    type_code(claire, "adresse", second)
    assert claire.facts["email"] == NEW_EMAIL


@pytest.mark.parametrize("jump", [timedelta(minutes=10), timedelta(days=1), timedelta(minutes=-1), timedelta(days=-1)])
def test_a_code_is_over_after_ten_minutes_and_no_clock_set_back_revives_it(
    claire: Keeper, clock: FakeClock, jump: timedelta
) -> None:
    ask_email(claire)
    code = mailed_code(NEW_EMAIL)
    clock.advance(jump)
    claire.token = claire.elsewhere()  # the session in use may be over too; the code is judged apart
    with pytest.raises(InvalidError):
        contacts.check_new_email(claire.actor, code, VISITOR)


def test_wrong_codes_are_slowed_down(claire: Keeper) -> None:
    ask_email(claire)
    right = mailed_code(NEW_EMAIL)
    wrong = "000000" if right != "000000" else "111111"
    answers = [
        claire.browser.submit(claire.page("adresse/code").form("code"), {"code": wrong}, expect=None).status
        for _ in range(5)
    ]
    assert answers[0] == 422
    assert answers[-1] == 429


def test_two_at_once_change_it_once(claire: Keeper) -> None:
    ask_email(claire)
    code, actor = mailed_code(NEW_EMAIL), claire.actor

    def attempt() -> bool:
        try:
            contacts.check_new_email(actor, code, VISITOR)
        except InvalidError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = [job.result() for job in [pool.submit(copy_context().run, attempt) for _ in range(2)]]
    assert sorted(done) == [False, True]
    assert claire.acts().count("email-changed") == 1


def test_two_accounts_cannot_take_one_address_at_once(app: Flask, claire: Keeper) -> None:
    jeanne = keeper(app)
    codes = []
    for who in (claire, jeanne):
        ask_email(who)
        codes.append(mailed_code(NEW_EMAIL))

    def attempt(who: Keeper, code: str) -> bool:
        try:
            contacts.check_new_email(who.actor, code, VISITOR)
        except InvalidError as error:
            return "email" not in error.problems
        return True

    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(copy_context().run, attempt, who, code)
            for who, code in zip((claire, jeanne), codes, strict=True)
        ]
        assert sorted(job.result() for job in jobs) == [False, True]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("06 39 98 00 47", "+33639980047"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0692 12 34 56", "+262692123456"),
        ("0639 01 23 45", "+262639012345"),
        ("0690.35.25.25", "+590690352525"),
        ("0694 20 12 34", "+594694201234"),
        ("0696-20-12-34", "+596696201234"),
        ("00262692123456", "+262692123456"),
    ],
)
def test_numbers_of_france_and_its_overseas_departments_are_taken(claire: Keeper, typed: str, number: str) -> None:
    claire.browser.submit(claire.page("telephone").form("phone"), {"phone": typed}, expect=200)
    assert "Votre nouveau numéro est enregistré" in type_code(claire, "telephone", texted_code(number))
    assert claire.facts["phone"] == number
    assert claire.acts()[0] == "phone-changed"


@pytest.mark.parametrize(
    "typed", ["", "12", "01 42 68 53 00", "abc", "+33", "06 12 34 56 7", "9" * 400, "0612345678;1"]
)
def test_what_is_no_mobile_number_is_refused(claire: Keeper, typed: str) -> None:
    claire.browser.submit(claire.page("telephone").form("phone"), {"phone": typed}, expect=422)


def test_a_changed_number_is_told_to_the_old_one_too(claire: Keeper) -> None:
    put(claire.account_id, phone=PHONE)
    contacts.ask_new_phone(claire.actor, "+33639980048")
    contacts.check_new_phone(claire.actor, texted_code("+33639980048"), VISITOR)
    for number in (PHONE, "+33639980048"):
        assert any(text["message"] == "security-change" for text in texts_to(number))
    assert notices(claire.email) == 1


def test_a_removed_number_takes_the_codes_by_sms_along(claire: Keeper) -> None:
    put(claire.account_id, phone=PHONE, sms=True)
    assert "Votre numéro est retiré" in claire.press("telephone", "remove").text
    assert (claire.facts["phone"], claire.facts["sms"]) == ("", False)
    assert any(text["message"] == "security-change" for text in texts_to(PHONE))


def test_a_number_that_is_the_last_second_lock_stays(claire: Keeper) -> None:
    put(claire.account_id, phone=PHONE, sms=True, totp_secret="")
    assert "C'est votre seule deuxième serrure" in claire.press("telephone", "remove", expect=422).text
    assert claire.facts["phone"] == PHONE


def change_password(who: Keeper, current: str, new: str, expect: int | None) -> str:
    """The form of the password."""
    typed = {"current": current, "password": new}
    return who.browser.submit(who.page("mot-de-passe").form("current"), typed, expect=expect).text


def test_a_new_password_ends_the_other_sessions_and_opens_the_door(claire: Keeper) -> None:
    other = claire.elsewhere()
    assert "Votre nouveau mot de passe est enregistré" in change_password(claire, PASSWORD, NEW_PASSWORD, 200)
    assert identify(other) is None
    assert notices(claire.email) == 1
    assert claire.acts()[0] == "password-changed"
    assert "Ce n'est pas votre mot de passe actuel" in change_password(claire, PASSWORD, NEW_PASSWORD + "x", 422)


@pytest.mark.parametrize(
    ("current", "new"),
    [
        ("pas le bon mot de passe", NEW_PASSWORD),
        (PASSWORD, PASSWORD),
        (PASSWORD, "court"),
        (PASSWORD, "motdepasse123"),
        (PASSWORD, "Claire Fontenay 1984"),
        (PASSWORD, "y" * 500),
        ("y" * 500, NEW_PASSWORD),
        ("", NEW_PASSWORD),
        (PASSWORD, ""),
    ],
)
def test_a_password_that_does_not_do_changes_nothing(claire: Keeper, current: str, new: str) -> None:
    before, other = claire.facts["password_hash"], claire.elsewhere()
    change_password(claire, current, new, 422)
    assert claire.facts["password_hash"] == before
    assert identify(other) is not None


def test_guesses_at_the_present_password_are_slowed_down(claire: Keeper) -> None:
    typed = {"current": "une autre phrase ici", "password": NEW_PASSWORD}
    answers = [
        claire.browser.submit(claire.page("mot-de-passe").form("current"), typed, expect=None).status for _ in range(5)
    ]
    assert (answers[0], answers[-1]) == (422, 429)
