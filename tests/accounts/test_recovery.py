"""Lost access: the short way with both factors, the long way with a delay; no path enters without (security.md R4)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from espace import clock as house_clock
from espace import crypto, db
from espace.accounts import services as accounts
from espace.accounts.models import Recovery
from espace.accounts.services import (
    account_rows,
    activation,
    enrolling,
    identify,
    letters,
    password_reset,
    recovery,
)
from espace.accounts.services.drafts import Draft
from espace.accounts.services.letter_proof import Letter, LetterError
from espace.audit import services as audit
from espace.audit.services import Action
from espace.crypto.owners import OUTBOX
from espace.errors import NotFoundError, ThrottledError
from espace.machines import Machines
from espace.outbox.models import Delivery
from espace.permissions import Visitor
from espace.settings import Settings
from espace.web.guards import cookie_name
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock

NEW_PASSWORD = "cinq pommes dans le grenier"
HOUR = timedelta(hours=1)


@pytest.fixture
def holder(machines: Machines) -> build.Citizen:
    """A person with an account."""
    return build.citizen()


def letter_of(person: build.Citizen) -> Letter:
    """A fresh letter of a person."""
    return Letter(person.ins, accounts.new_activation_code(person.person_id), person.birth_date)


def live(clock: FakeClock, hours: int) -> None:
    """Let hours pass in a house that is up: its worker looks at the clock."""
    for _ in range(hours):
        clock.advance(HOUR)
        recovery.tick()


def links_to(address: str) -> list[str]:
    """The tokens of the links in the messages to an address."""
    found = [mail["values"].get("link", "") for mail in build.mails_to(address)]
    return [link.rpartition("/")[2] for link in found if link]


def walk(token: str, email: str) -> tuple[str, Draft]:
    """The steps after the delay, up to the last one."""
    enrolling.choose_password(token, NEW_PASSWORD, email)
    enrolling.give_email(token, email, "fr")
    enrolling.check_email_code(token, build.mails_to(email)[-1]["values"]["code"], build.VISITOR)
    draft = enrolling.choose_app(token)
    return token, enrolling.check_app_code(token, pyotp.TOTP(draft.totp_secret).at(house_clock.now()), build.VISITOR)


def ready(clock: FakeClock, holder: build.Citizen) -> str:
    """The token of a request that has waited long enough."""
    token = recovery.ask(letter_of(holder), build.VISITOR)
    live(clock, 72)
    return token


def actions(holder: build.Citizen) -> list[Action]:
    """The acts in the account's trail, the last first."""
    assert holder.account_id is not None
    found = []
    for mine in (True, False):
        found += audit.entries(holder.account_id, mine=mine, holder_actor_ids={holder.account_id}, before=None)
    return [entry.action for entry in sorted(found, key=lambda entry: entry.sequence, reverse=True)]


def test_the_delay_opens_the_way_to_new_keys_and_ends_the_old_ones(holder: build.Citizen, clock: FakeClock) -> None:
    old = holder.sign_in()
    token = ready(clock, holder)
    old = holder.sign_in()  # a session may be opened meanwhile
    step, draft = recovery.go_on(token)
    assert not draft.email
    step, draft = walk(step, "nouvelle@exemple.test")
    assert identify(old) is not None, "nothing ends before the end"
    entered = activation.finish(step, "fr", build.VISITOR)
    actor = identify(entered.token)
    assert actor is not None
    assert (actor.id, actor.recovery_at) == (holder.account_id, None)
    assert identify(old) is None
    account = accounts.account_of(holder.person_id)
    assert account is not None
    assert account.email == "nouvelle@exemple.test"
    assert actions(holder)[:2] == [Action.SIGNED_IN, Action.RECOVERY_DONE]
    assert build.mails_to(holder.email)[-1]["message"] == "security-change"
    with pytest.raises(NotFoundError):
        recovery.go_on(token)


def test_the_old_password_codes_and_devices_open_nothing_afterwards(
    app: Flask, holder: build.Citizen, clock: FakeClock
) -> None:
    step, _ = walk(recovery.go_on(ready(clock, holder))[0], holder.email)
    activation.finish(step, "fr", build.VISITOR)
    browser = Browser(app)
    form = browser.get("/connexion").form("email", "password")
    assert browser.submit(form, {"email": holder.email, "password": build.PASSWORD}).status == 422
    assert browser.submit(form, {"email": holder.email, "password": NEW_PASSWORD}).path == "/connexion/code"
    old = pyotp.TOTP(holder.totp_secret).at(clock.now + timedelta(seconds=60))
    clock.advance(timedelta(seconds=60))
    assert browser.submit(browser.get("/connexion/code").form("code"), {"code": old}).status == 422


@pytest.mark.parametrize("hours", [0, 1, 36, 71])
def test_nothing_goes_on_before_the_delay(holder: build.Citizen, clock: FakeClock, hours: int) -> None:
    letter = letter_of(holder)
    token = recovery.ask(letter, build.VISITOR)
    live(clock, hours)
    with pytest.raises(NotFoundError):
        recovery.go_on(token)
    with pytest.raises(LetterError):
        activation.begin(letter, build.VISITOR)


def test_the_same_letter_goes_on_after_the_delay_and_not_without_a_request(
    holder: build.Citizen, clock: FakeClock
) -> None:
    letter = letter_of(holder)
    with pytest.raises(LetterError):
        activation.begin(letter, build.VISITOR)
    recovery.ask(letter, build.VISITOR)
    live(clock, 72)
    token, _ = activation.begin(letter, build.VISITOR)
    step, _ = walk(token, holder.email)
    assert identify(activation.finish(step, "fr", build.VISITOR).token) is not None


def test_a_clock_that_jumps_gains_an_hour_at_most(holder: build.Citizen, clock: FakeClock) -> None:
    token = recovery.ask(letter_of(holder), build.VISITOR)
    clock.advance(timedelta(days=4))
    recovery.tick()
    with pytest.raises(NotFoundError):
        recovery.go_on(token)
    state = recovery.followed(token)
    assert state is not None
    assert state.ready_at == clock.now + timedelta(hours=71)
    live(clock, 71)
    recovery.go_on(token)


def test_a_clock_set_back_and_forth_gains_nothing_more(holder: build.Citizen, clock: FakeClock) -> None:
    token = recovery.ask(letter_of(holder), build.VISITOR)
    for _ in range(10):
        clock.advance(timedelta(days=-2))
        recovery.tick()
        clock.advance(timedelta(days=2))
        recovery.tick()
    with pytest.raises(NotFoundError):
        recovery.go_on(token)
    live(clock, 61)
    with pytest.raises(NotFoundError):
        recovery.go_on(token)


def test_a_second_request_changes_neither_the_delay_nor_who_was_told(holder: build.Citizen, clock: FakeClock) -> None:
    letter = letter_of(holder)
    first = recovery.ask(letter, build.VISITOR)
    told = len(build.mails_to(holder.email))
    live(clock, 30)
    before = recovery.followed(first)
    second = recovery.ask(letter, build.VISITOR)
    after = recovery.followed(second)
    assert before is not None
    assert after is not None
    assert (after.made_at, after.ready_at) == (before.made_at, before.ready_at)
    assert recovery.followed(first) is None, "one browser follows it"
    assert len(build.mails_to(holder.email)) == told
    with db.read() as tx:
        assert len(tx.execute(select(Recovery.id)).all()) == 1


def test_every_address_is_told_at_once_and_half_way(holder: build.Citizen, clock: FakeClock) -> None:
    recovery.ask(letter_of(holder), build.VISITOR)
    assert [mail["message"] for mail in build.mails_to(holder.email)][-1] == "recovery-asked"
    live(clock, 35)
    assert len(links_to(holder.email)) == 1
    live(clock, 1)
    assert [mail["message"] for mail in build.mails_to(holder.email)][-1] == "recovery-reminder"
    live(clock, 30)
    assert len(set(links_to(holder.email))) == 2, "once"
    assert all(len(token) >= 22 for token in links_to(holder.email)), "128 bits at least"


def test_no_link_lies_in_the_database(holder: build.Citizen) -> None:
    token = recovery.ask(letter_of(holder), build.VISITOR)
    link = links_to(holder.email)[0]
    with db.read() as tx:
        row = tx.execute(select(Recovery.cancel_hash, Recovery.resume_hash)).one()
    assert (row.cancel_hash, row.resume_hash) == (crypto.token_hash(link), crypto.token_hash(token))


@pytest.mark.parametrize("which", [0, 1])
def test_each_link_refuses_without_any_proof_and_kills_the_letter(
    app: Flask, holder: build.Citizen, clock: FakeClock, which: int
) -> None:
    letter = letter_of(holder)
    token = recovery.ask(letter, build.VISITOR)
    live(clock, 40)
    link = f"/acces-perdu/refuser/{links_to(holder.email)[which]}"
    browser = Browser(app)
    page = browser.get(link)
    assert recovery.followed(token) is not None, "looking refuses nothing"
    done = browser.submit(page.form("csrf_token"))
    assert done.status == 200
    assert recovery.followed(token) is None
    with pytest.raises(LetterError):
        recovery.ask(letter, build.VISITOR)
    assert actions(holder)[0] is Action.RECOVERY_CANCELLED
    assert build.mails_to(holder.email)[-1]["message"] == "recovery-cancelled"
    again = browser.get(link)
    assert "acces-perdu/refuser" not in str([form.action for form in again.forms])


def test_a_link_opens_nothing(app: Flask, holder: build.Citizen) -> None:
    recovery.ask(letter_of(holder), build.VISITOR)
    link = links_to(holder.email)[0]
    assert identify(link) is None
    assert recovery.followed(link) is None
    with pytest.raises(NotFoundError):
        recovery.go_on(link)
    browser = Browser(app)
    for name in (cookie_name(app), "acces-perdu", "activation", "nouveau-mot-de-passe"):
        browser.set_cookie(name, link)
    for place in ("/compte", "/acces-perdu/suivi", "/activation/codes", "/acces-perdu/mot-de-passe/nouveau"):
        assert browser.get(place).path != place


def test_every_open_session_says_it_and_refuses_it(app: Flask, holder: build.Citizen) -> None:
    browser = holder.browser(app)
    token = recovery.ask(letter_of(holder), build.VISITOR)
    page = browser.get(f"/dossiers/{holder.record_id}/")
    page = browser.get(page.link("Refuser"))
    page = browser.submit(next(form for form in page.forms if form.action == "/compte/acces-perdu"))
    assert page.status == 200
    assert recovery.followed(token) is None
    assert "/compte/acces-perdu" not in browser.get(f"/dossiers/{holder.record_id}/").links.values()


def test_somebody_else_refuses_nothing(app: Flask, holder: build.Citizen) -> None:
    token = recovery.ask(letter_of(holder), build.VISITOR)
    other = build.citizen("Paul", "Renard", sex="M").browser(app)
    other.post("/compte/acces-perdu", {"csrf_token": other.get("/compte/mode-prive").csrf_token})
    stranger = Browser(app)
    page = stranger.get("/acces-perdu/refuser/inconnu")
    stranger.post("/acces-perdu/refuser/inconnu", {"csrf_token": stranger.get("/acces-perdu/mot-de-passe").csrf_token})
    stranger.post("/acces-perdu/suivi/abandon", {"csrf_token": stranger.get("/acces-perdu/mot-de-passe").csrf_token})
    assert page.status == 200
    assert recovery.followed(token) is not None


def test_the_browser_that_asked_may_give_up(app: Flask, holder: build.Citizen) -> None:
    token = recovery.ask(letter_of(holder), build.VISITOR)
    browser = Browser(app)
    browser.set_cookie("acces-perdu", token)
    page = browser.get("/acces-perdu/suivi")
    browser.submit(next(form for form in page.forms if form.action.endswith("/abandon")))
    assert recovery.followed(token) is None


def test_letters_are_guessed_slowly_and_unknown_ones_answered_alike(holder: build.Citizen) -> None:
    answers: list[Any] = []
    for number in (holder.ins, build.ins(sex="M")):
        letter = Letter(number, "22222222", holder.birth_date)
        for tried in range(4):
            with pytest.raises(LetterError) as refused:
                recovery.ask(letter, Visitor(f"198.51.100.{tried}"))
            answers.append(refused.value.why)
        with pytest.raises(ThrottledError):
            recovery.ask(letter, Visitor("203.0.113.9"))
    assert set(answers) == {"unknown"}


def test_a_space_never_activated_has_no_access_to_find_back(app: Flask, machines: Machines) -> None:
    person = build.citizen(activated=False)
    with pytest.raises(recovery.NotActiveError):
        recovery.ask(letter_of(person), build.VISITOR)


def test_a_code_is_sent_to_the_account_and_to_nobody_else(holder: build.Citizen) -> None:
    from espace.accounts.services.recovery_notices import send_recovery_code
    from espace.identifiers import new_id

    known = {"ins": holder.ins, "birth_date": holder.birth_date.isoformat()}
    send_recovery_code(new_id(), known)
    code = build.mails_to(holder.email)[-1]["values"]["code"]
    assert letters.find(holder.person_id, code) is not None
    before = len(build.mails_to(holder.email))
    send_recovery_code(new_id(), {**known, "birth_date": "1990-01-01"})
    send_recovery_code(new_id(), {**known, "ins": build.ins()})
    assert len(build.mails_to(holder.email)) == before
    recovery.ask(Letter(holder.ins, code, holder.birth_date), build.VISITOR)


def test_who_does_not_come_back_is_forgotten(holder: build.Citizen, clock: FakeClock) -> None:
    token = ready(clock, holder)
    clock.advance(timedelta(days=31))
    with pytest.raises(NotFoundError):
        recovery.go_on(token)
    assert recovery.sweep() == 1


def test_the_whole_way_through_the_pages(app: Flask, holder: build.Citizen, clock: FakeClock) -> None:
    browser = Browser(app)
    page = browser.get(browser.get("/connexion").link("Je n'arrive plus"))
    page = browser.get(page.link("plus rien de tout cela"))
    code = accounts.new_activation_code(holder.person_id)
    typed = {"ins": holder.ins, "birth_date": "12/05/1984", "code": code}
    wrong = browser.submit(page.form("ins", "code"), {**typed, "code": "22222222"})
    assert wrong.status == 422
    page = browser.submit(wrong.form("ins", "code"), typed)
    assert page.path == "/acces-perdu/suivi"
    assert "jeudi 26 novembre" in page.text
    early = browser.post("/acces-perdu/suivi", {"csrf_token": page.csrf_token})
    assert early.path == "/acces-perdu/suivi"
    live(clock, 72)
    page = browser.get("/acces-perdu/suivi")
    page = browser.submit(next(form for form in page.forms if form.action == "/acces-perdu/suivi"))
    assert page.path == "/activation/adresse"


def sent_by_sms() -> list[tuple[str, str]]:
    """(number, message) of every SMS that waits to be sent."""
    with db.read() as tx:
        rows = tx.execute(select(Delivery.id, Delivery.payload).where(Delivery.topic == "sms").order_by(Delivery.id))
        opened = [crypto.unseal(tx, OUTBOX, "outbox", row.id, row.payload) for row in rows.all()]
    return [(payload["to"], payload["message"]) for payload in opened]


class TestWithTelephone:
    """A house that sends SMS, and a person who gave a number."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, sms_url="http://127.0.0.1:9/sms")

    @pytest.fixture
    def holder(self, holder: build.Citizen) -> build.Citizen:
        assert holder.account_id is not None
        with db.write() as tx:
            account_rows.change(tx, account_rows.locked(tx, holder.account_id), phone="+33612345678", sms=True)
        return holder

    def test_the_number_is_told_twice_and_gets_no_link(self, holder: build.Citizen, clock: FakeClock) -> None:
        recovery.ask(letter_of(holder), build.VISITOR)
        live(clock, 72)
        assert sent_by_sms() == [("+33612345678", "account-recovery")] * 2

    def test_the_number_just_lost_is_told_at_the_end(self, holder: build.Citizen, clock: FakeClock) -> None:
        step, _ = walk(recovery.go_on(ready(clock, holder))[0], "nouvelle@exemple.test")
        activation.finish(step, "fr", build.VISITOR)
        assert ("+33612345678", "security-change") in sent_by_sms()

    def test_a_code_by_sms_is_a_second_factor_of_a_forgotten_password(self, holder: build.Citizen) -> None:
        token = password_reset.ask(holder.email, "fr", build.VISITOR)
        ticket = password_reset.current(token)
        assert ticket is not None
        with db.write() as tx:
            password_reset._keep(tx, token, ticket, "proof")  # noqa: SLF001 - the mail was read
        password_reset.send_sms(token, build.VISITOR)
        with db.read() as tx:
            row = tx.execute(select(Delivery.id, Delivery.payload).where(Delivery.topic == "sms")).one()
            code = crypto.unseal(tx, OUTBOX, "outbox", row.id, row.payload)["values"]["code"]
        other = password_reset.ask(holder.email, "fr", build.VISITOR)
        with pytest.raises(NotFoundError):
            password_reset.check_factor(other, code, build.VISITOR)
        password_reset.check_factor(token, code, build.VISITOR)
