"""The second locks: added, changed, removed, never below one; recovery codes shown once (security.md R3, R4, R8)."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from espace import db
from espace.accounts.services import factors, identify, passkeys, second_steps
from espace.errors import InvalidError, NotFoundError
from espace.notifications.services import Channel, trouble
from espace.permissions import Role, Visitor
from espace.settings import Settings
from tests.support.browser_client import Page
from tests.support.build import mails_to
from tests.support.clock import FakeClock

from .authenticator import Authenticator
from .journey import recovery_codes, secret_on
from .keeper import PHONE, Keeper, app_code, keeper, operator, put

VISITOR = Visitor("192.0.2.9")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A house with a gateway for SMS."""
    return replace(settings, sms_url="http://127.0.0.1:9/sms")


@pytest.fixture
def claire(app: Flask) -> Keeper:
    """Claire Fontenay, signed in a moment ago; her second lock is an authenticator app."""
    return keeper(app)


def notices(who: Keeper) -> int:
    """How many notices of a change of security came by e-mail."""
    return sum(mail["message"] == "security-change" for mail in mails_to(who.email))


def add_passkey(who: Keeper, name: str = "") -> Page:
    """Press the button of the passkeys' page; the device answers."""
    page = who.page("cles")
    options = who.browser.post("/compte/securite/cles/defi", {"csrf_token": page.csrf_token}, expect=200, whole=False)
    answer = who.device.create(options.body.decode())
    return who.browser.submit(page.form("credential", "name"), {"credential": answer, "name": name}, expect=200)


def begin_app(who: Keeper) -> Page:
    """The page with the key of a new app."""
    return who.press("application", "new")


def test_another_app_takes_the_place_of_the_first(claire: Keeper) -> None:
    before, other = claire.facts["totp_secret"], claire.elsewhere()
    page = begin_app(claire)
    secret = secret_on(page)
    assert claire.facts["totp_secret"] == before, "the first works until the second is proven"
    assert secret_on(begin_app(claire)) == secret, "pressed twice, or reloaded: the same key"
    said = claire.browser.submit(page.form("code"), {"code": app_code(secret)}, expect=200).text
    assert "Votre application d'authentification est liée" in said
    assert claire.facts["totp_secret"] == secret != before
    assert identify(other) is None
    assert notices(claire) == 1
    assert claire.acts()[0] == "app-linked"


def test_the_code_that_linked_an_app_opens_nothing_more(claire: Keeper) -> None:
    page = begin_app(claire)
    secret = secret_on(page)
    code = app_code(secret)
    claire.browser.submit(page.form("code"), {"code": code}, expect=200)
    with db.write() as tx:
        assert factors.spend(tx, claire.account_id, secret, code) is None
    again = claire.browser.submit(page.form("code"), {"code": code}, expect=200)
    assert "Cette clé a plus de 30 minutes" in again.text
    assert claire.acts().count("app-linked") == 1


def test_a_key_is_over_after_half_an_hour(claire: Keeper, clock: FakeClock) -> None:
    begin_app(claire)
    secret = second_steps.app_under_way(claire.actor)
    assert secret is not None
    clock.advance(timedelta(minutes=30))
    claire.token = claire.elsewhere()
    with pytest.raises(InvalidError):
        second_steps.link_app(claire.actor, app_code(secret.secret), VISITOR)
    assert second_steps.app_under_way(claire.actor) is None


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "000000", "1234567", "9" * 400])
def test_a_wrong_code_links_nothing(claire: Keeper, typed: str) -> None:
    before = claire.facts["totp_secret"]
    claire.browser.submit(begin_app(claire).form("code"), {"code": typed}, expect=422)
    assert claire.facts["totp_secret"] == before


def test_the_last_lock_stays(claire: Keeper) -> None:
    assert "C'est votre seule deuxième serrure" in claire.press("application", "remove", expect=422).text
    assert claire.facts["totp_secret"]
    assert notices(claire) == 0


def test_recovery_codes_are_no_lock_of_their_own(claire: Keeper) -> None:
    assert factors.ways(claire.account_id).recovery_left == 10
    with pytest.raises(InvalidError):
        second_steps.remove_app(claire.actor)


def test_an_app_is_removed_once_there_is_another_lock(claire: Keeper) -> None:
    put(claire.account_id, phone=PHONE)
    assert "Les codes par SMS sont activés" in claire.press("sms", "on").text
    assert "Votre application d'authentification est retirée" in claire.press("application", "remove").text
    assert claire.facts["totp_secret"] == ""
    assert factors.ways(claire.account_id).all == ("sms",)
    assert "C'est votre seule deuxième serrure" in claire.press("sms", "off", expect=422).text
    assert claire.acts()[:2] == ["app-removed", "sms-code-on"]


def test_two_locks_removed_at_once_leave_one(claire: Keeper) -> None:
    put(claire.account_id, phone=PHONE, sms=True)
    actor = claire.actor

    def without_app() -> bool:
        try:
            second_steps.remove_app(actor)
        except InvalidError:
            return False
        return True

    def without_sms() -> bool:
        try:
            second_steps.switch_sms(actor, on=False)
        except InvalidError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(copy_context().run, act) for act in (without_app, without_sms)]
        assert sorted(job.result() for job in jobs) == [False, True]
    assert factors.ways(claire.account_id).count == 1


def test_codes_by_sms_need_a_number_and_a_gateway(claire: Keeper) -> None:
    page = claire.page("sms")
    assert "Donnez d'abord votre numéro de portable" in page.text
    page = claire.browser.post("/compte/securite/sms", {"csrf_token": page.csrf_token, "act": "on"}, expect=422)
    assert not claire.facts.get("sms")


def test_codes_by_e_mail_exist_only_where_the_house_allows_them(claire: Keeper) -> None:
    claire.browser.get("/compte/securite/code-par-e-mail", expect=404)
    token = claire.page("sms").csrf_token
    sent = {"csrf_token": token, "act": "on"}
    claire.browser.post("/compte/securite/code-par-e-mail", sent, expect=404)
    assert not claire.facts.get("email_code")
    put(claire.account_id, email_code=True)  # chosen while it was allowed
    assert "Les codes par e-mail sont arrêtés" in claire.press("code-par-e-mail", "off").text


def test_a_passkey_is_added_named_renamed_and_removed(claire: Keeper) -> None:
    other = claire.elsewhere()
    assert "Votre clé d'accès est prête" in add_passkey(claire, "Mon téléphone").text
    assert identify(other) is None
    [line] = passkeys.of(claire.account_id)
    assert (line.name, notices(claire)) == ("Mon téléphone", 1)
    page = claire.page(f"cles/{line.id}")
    page = claire.browser.submit(page.form("name"), {"name": "Téléphone <b>bleu</b>"}, expect=200)
    assert "Téléphone <b>bleu</b>" in page.text
    assert notices(claire) == 1, "a name opens nothing"
    claire.press(f"cles/{line.id}", "remove")
    assert passkeys.of(claire.account_id) == []
    assert claire.acts()[:3] == ["passkey-removed", "passkey-renamed", "passkey-added"]
    assert notices(claire) == 2


def test_several_passkeys_and_one_without_a_name(claire: Keeper) -> None:
    add_passkey(claire, "Mon téléphone")
    claire.device = Authenticator()
    add_passkey(claire)
    names = [line.name for line in passkeys.of(claire.account_id)]
    assert len(names) == 2
    assert factors.ways(claire.account_id).count == 3


def test_a_passkeys_answer_serves_once_and_for_its_owner_only(app: Flask, claire: Keeper) -> None:
    options = second_steps.passkey_options(claire.actor)
    answer = claire.device.create(options)
    jeanne = keeper(app)
    with pytest.raises(InvalidError):
        second_steps.add_passkey(jeanne.actor, answer, "")
    second_steps.add_passkey(claire.actor, answer, "")
    with pytest.raises(InvalidError):
        second_steps.add_passkey(claire.actor, answer, "")
    assert len(passkeys.of(claire.account_id)) == 1
    assert passkeys.of(jeanne.account_id) == []


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", "x" * 21_000, '{"id": 1}', '{"response": {}}'])
def test_what_is_no_passkey_is_refused(claire: Keeper, answer: str) -> None:
    page = claire.page("cles")
    claire.browser.submit(page.form("credential"), {"credential": answer}, expect=422)
    assert passkeys.of(claire.account_id) == []


def test_nobody_changes_the_passkey_of_another(app: Flask, claire: Keeper) -> None:
    jeanne = keeper(app)
    add_passkey(jeanne, "À Jeanne")
    [line] = passkeys.of(jeanne.account_id)
    claire.browser.get(f"/compte/securite/cles/{line.id}", expect=404)
    token = claire.page("cles").csrf_token
    for sent in ({"act": "remove"}, {"name": "À moi"}):
        claire.browser.post(f"/compte/securite/cles/{line.id}", {"csrf_token": token, **sent}, expect=404)
    assert [one.name for one in passkeys.of(jeanne.account_id)] == ["À Jeanne"]


def test_an_administrator_keeps_a_passkey(app: Flask) -> None:
    garance = operator(app, Role.ADMINISTRATOR)
    second_steps.add_passkey(garance.actor, garance.device.create(second_steps.passkey_options(garance.actor)), "Une")
    [line] = passkeys.of(garance.account_id)
    with pytest.raises(InvalidError):
        second_steps.remove_passkey(garance.actor, line.id)
    garance.device = Authenticator()
    second_steps.add_passkey(garance.actor, garance.device.create(second_steps.passkey_options(garance.actor)), "Deux")
    second_steps.remove_passkey(garance.actor, line.id)
    assert [one.name for one in passkeys.of(garance.account_id)] == ["Deux"]


def draw(who: Keeper) -> Page:
    """Press the button that draws ten codes."""
    page = who.page("codes")
    return who.browser.submit(page.forms[-1], expect=200)


def spends(who: Keeper, code: str) -> bool:
    """Whether a recovery code is still good; it is used up."""
    with db.write() as tx:
        return factors.spend(tx, who.account_id, "", code) == "recovery"


def test_new_codes_take_the_place_of_the_old_ones_once_they_are_kept(claire: Keeper) -> None:
    other = claire.elsewhere()
    first = recovery_codes(draw(claire))
    assert len(set(first)) == 10
    assert not spends(claire, first[0]), "not before they are kept"
    page = claire.page("codes/nouveaux")
    assert recovery_codes(page) == first, "reloaded: the same"
    text = claire.browser.get(page.link("Télécharger"), whole=False).body.decode()
    assert all(code in text for code in first)
    claire.browser.submit(page.form("kept"), {"kept": None}, expect=422)
    said = claire.browser.submit(page.form("kept"), {"kept": "y"}, expect=200).text
    assert "Vos 10 nouveaux codes servent" in said
    assert identify(other) is None
    assert claire.acts()[0] == "recovery-codes-renewed"
    assert claire.page("codes/nouveaux").path == "/compte/securite/codes", "shown once"
    claire.browser.get("/compte/securite/codes/nouveaux/texte", expect=404)
    assert spends(claire, first[0])
    assert not spends(claire, first[0])
    assert factors.recovery_codes_left(claire.account_id) == 9


def test_codes_kept_by_two_windows_are_kept_once(claire: Keeper) -> None:
    second_steps.draw_codes(claire.actor)
    actor = claire.actor

    def attempt() -> bool:
        try:
            second_steps.keep_codes(actor)
        except NotFoundError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(copy_context().run, attempt) for _ in range(2)]
        assert sorted(job.result() for job in jobs) == [False, True]
    assert factors.recovery_codes_left(claire.account_id) == 10


def test_few_codes_left_are_told(claire: Keeper) -> None:
    codes = recovery_codes(draw(claire))
    claire.browser.submit(claire.page("codes/nouveaux").form("kept"), {"kept": "y"}, expect=200)
    assert "code de secours" not in claire.browser.get("/compte").text
    for code in codes[:7]:
        assert spends(claire, code)
    assert "Il vous reste 3 codes de secours" in claire.browser.get("/compte").text
    for code in codes[7:]:
        assert spends(claire, code)
    assert "Il ne vous reste aucun code de secours" in claire.browser.get("/compte/securite").text


@pytest.mark.parametrize("place", ["telephone", "sms"])
def test_late_sms_are_told_where_they_matter(claire: Keeper, place: str) -> None:
    put(claire.account_id, phone=PHONE)
    assert "En ce moment, nos SMS ar" not in claire.page(place).text
    trouble.note(Channel.SMS)
    assert "En ce moment, nos SMS ar" in claire.page(place).text
