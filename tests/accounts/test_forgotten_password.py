"""A forgotten password: mailbox and second factor, both; unknown addresses look and cost alike (security.md R4, R5)."""

from datetime import timedelta
from itertools import product

import pyotp
import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from espace import clock as house_clock
from espace import crypto, db, outbox
from espace.accounts.models import Account, PasswordReset
from espace.accounts.services import account_rows, activation, identify, password_reset, recovery, sign_in
from espace.accounts.services.letter_proof import LetterError
from espace.accounts.services.sessions import pending
from espace.audit import services as audit
from espace.errors import InvalidError, NotFoundError, ThrottledError
from espace.identifiers import new_id
from espace.machines import Machines
from espace.outbox.models import Delivery
from espace.permissions import Visitor
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite

from .test_recovery import NEW_PASSWORD, letter_of, live, walk

PLACE = "/acces-perdu/mot-de-passe"


@pytest.fixture
def holder(machines: Machines) -> build.Citizen:
    """A person with an account."""
    return build.citizen()


def app_code(holder: build.Citizen) -> str:
    """The code the app shows now."""
    return str(pyotp.TOTP(holder.totp_secret).at(house_clock.now()))


def mailed(email: str) -> str:
    """The code in the last message to an address, once the worker has gone by."""
    outbox.on("accounts.reset-asked", password_reset.send_reset_code)
    with db.read() as tx:
        rows = tx.execute(select(Delivery.id, Delivery.payload).where(Delivery.topic == "accounts.reset-asked")).all()
        asked = [(row.id, crypto.unseal(tx, crypto.owners.OUTBOX, "outbox", row.id, row.payload)) for row in rows]
    for delivery_id, payload in asked:
        password_reset.send_reset_code(delivery_id, payload)
    codes = [mail["values"]["code"] for mail in build.mails_to(email) if mail["message"] == "reset-code"]
    return codes[-1] if codes else ""


def asked(browser: Browser, email: str) -> Page:
    """The page of the code, after an address was given."""
    return browser.submit(browser.get(PLACE).form("email"), {"email": email})


def proven(holder: build.Citizen) -> str:
    """A reset whose mail was read."""
    token = password_reset.ask(holder.email, "fr", build.VISITOR)
    password_reset.check_code(token, mailed(holder.email), build.VISITOR)
    return token


def test_both_proofs_lead_to_a_new_password_and_inside(app: Flask, holder: build.Citizen, clock: FakeClock) -> None:
    clock.advance(timedelta(minutes=1))
    old = holder.sign_in()
    browser = Browser(app)
    page = asked(browser, holder.email)
    page = browser.submit(page.form("code"), {"code": mailed(holder.email)})
    assert page.path == f"{PLACE}/preuve"
    page = browser.submit(page.form("code"), {"code": app_code(holder)})
    assert page.path == f"{PLACE}/nouveau"
    page = browser.submit(page.form("password"), {"password": "123456789012"})
    assert page.status == 422
    page = browser.submit(page.form("password"), {"password": NEW_PASSWORD})
    assert page.status == 200
    assert page.path == f"/dossiers/{holder.record_id}/"
    assert identify(old) is None, "every earlier session ends (R8)"
    assert pending(sign_in.check_password(holder.email, NEW_PASSWORD, build.VISITOR)) is not None
    with pytest.raises(InvalidError):
        sign_in.check_password(holder.email, build.PASSWORD, build.VISITOR)
    assert "security-change" in [mail["message"] for mail in build.mails_to(holder.email)]
    assert holder.account_id is not None
    rows = audit.entries(holder.account_id, mine=True, holder_actor_ids={holder.account_id}, before=None)
    assert audit.Action.PASSWORD_RESET in [row.action for row in rows]
    assert browser.get(f"{PLACE}/nouveau").path == PLACE, "it is over"


def test_no_step_is_skipped(app: Flask, holder: build.Citizen) -> None:
    browser = Browser(app)
    page = asked(browser, holder.email)
    for step in ("preuve", "nouveau"):
        assert browser.get(f"{PLACE}/{step}").path == f"{PLACE}/code"
        data = {"csrf_token": page.csrf_token, "code": "123456", "password": NEW_PASSWORD}
        assert browser.post(f"{PLACE}/{step}", data).path == f"{PLACE}/code"
    token = password_reset.ask(holder.email, "fr", build.VISITOR)
    for act in (
        lambda: password_reset.check_factor(token, app_code(holder), build.VISITOR),
        lambda: password_reset.choose_password(token, NEW_PASSWORD, build.VISITOR),
        lambda: password_reset.send_sms(token, build.VISITOR),
    ):
        with pytest.raises(NotFoundError):
            act()


@on_sqlite
def test_an_unknown_address_looks_alike(app: Flask, holder: build.Citizen) -> None:
    known, unknown = Browser(app, ip="198.51.100.1"), Browser(app, ip="198.51.100.2")
    other = "x" * (len(holder.email) - len("@exemple.test")) + "@exemple.test"
    seen: list[tuple[object, ...]] = []
    for browser, email in ((known, holder.email), (unknown, other)):
        first = browser.send(
            "POST", PLACE, data={"csrf_token": browser.get(PLACE).csrf_token, "email": email}, follow=False
        )
        page = browser.get(first.headers["Location"])
        wrong = browser.submit(page.form("code"), {"code": "000000"})
        cookies = [len(cookie) for cookie in (browser.cookie("nouveau-mot-de-passe") or "",)]
        seen.append((first.status, first.headers["Location"], page.text.replace(email, ""), cookies, wrong.status))
        seen[-1] += (wrong.text.replace(email, ""),)
    assert seen[0] == seen[1]
    assert mailed(other) == ""
    with db.read() as tx:
        sizes = [len(row.payload) for row in tx.execute(select(PasswordReset.payload)).all()]
        deliveries = tx.execute(select(Delivery.payload).where(Delivery.topic == "accounts.reset-asked")).all()
    assert len(set(sizes)) == 1
    assert len({len(row.payload) for row in deliveries}) == 1


def test_an_operators_address_is_nobodys(holder: build.Citizen) -> None:
    with db.write() as tx:
        tx.execute(update(Account).where(Account.id == holder.account_id).values(role="counter"))
    password_reset.ask(holder.email, "fr", build.VISITOR)
    assert mailed(holder.email) == ""


def test_codes_and_tickets_grow_old_and_work_once(holder: build.Citizen, clock: FakeClock) -> None:
    token = password_reset.ask(holder.email, "fr", build.VISITOR)
    code = mailed(holder.email)
    clock.advance(timedelta(minutes=10))
    with pytest.raises(InvalidError):
        password_reset.check_code(token, code, build.VISITOR)
    token = password_reset.ask(holder.email, "fr", build.VISITOR)
    code = mailed(holder.email)
    password_reset.check_code(token, code, build.VISITOR)
    with pytest.raises(NotFoundError):
        password_reset.check_code(token, code, build.VISITOR)
    other = password_reset.ask(holder.email, "fr", build.VISITOR)
    with pytest.raises(InvalidError):
        password_reset.check_code(other, code, build.VISITOR)
    clock.advance(timedelta(minutes=30))
    assert password_reset.current(token) is None
    clock.advance(timedelta(hours=-2))
    assert password_reset.current(token) is None, "a clock set back lengthens nothing"
    clock.advance(timedelta(hours=3))
    assert password_reset.sweep() == 3


def test_guesses_at_either_code_are_slowed_whatever_the_network(holder: build.Citizen) -> None:
    token = password_reset.ask(holder.email, "fr", build.VISITOR)
    for number in range(4):
        with pytest.raises(InvalidError):
            password_reset.check_code(token, "000000", Visitor(f"198.51.100.{number}"))
    with pytest.raises(ThrottledError):
        password_reset.check_code(token, "000000", Visitor("203.0.113.1"))


def test_guesses_at_the_second_factor_count_with_those_at_the_sign_in(holder: build.Citizen) -> None:
    token = proven(holder)
    for number in range(4):
        with pytest.raises(InvalidError):
            password_reset.check_factor(token, "000000", Visitor(f"198.51.100.{number}"))
    waiting = pending(sign_in.check_password(holder.email, build.PASSWORD, build.VISITOR))
    assert waiting is not None
    with pytest.raises(ThrottledError):
        sign_in.check_second_factor(waiting, "000000", Visitor("203.0.113.1"))


def test_an_app_code_shown_here_opens_nothing_elsewhere(holder: build.Citizen, clock: FakeClock) -> None:
    clock.advance(timedelta(minutes=1))
    token = proven(holder)
    code = app_code(holder)
    password_reset.check_factor(token, code, build.VISITOR)
    waiting = pending(sign_in.check_password(holder.email, build.PASSWORD, build.VISITOR))
    assert waiting is not None
    with pytest.raises(InvalidError):
        sign_in.check_second_factor(waiting, code, build.VISITOR)


def test_a_code_by_email_is_no_second_factor_here(app: Flask, holder: build.Citizen) -> None:
    assert holder.account_id is not None
    with db.write() as tx:
        held = account_rows.locked(tx, holder.account_id)
        account_rows.change(tx, held, totp_secret="", email_code=True)
    token = proven(holder)
    with pytest.raises(InvalidError):
        password_reset.check_factor(token, mailed(holder.email), build.VISITOR)
    browser = Browser(app)
    browser.set_cookie("nouveau-mot-de-passe", token)
    assert "e-mail" not in [form.action.rpartition("/")[2] for form in browser.get(f"{PLACE}/preuve").forms]


def test_of_two_tabs_that_finish_one_does(holder: build.Citizen, clock: FakeClock) -> None:
    clock.advance(timedelta(minutes=1))
    token = proven(holder)
    password_reset.check_factor(token, app_code(holder), build.VISITOR)
    password_reset.choose_password(token, NEW_PASSWORD, build.VISITOR)
    with pytest.raises(NotFoundError):
        password_reset.choose_password(token, "huit chaises contre le mur", build.VISITOR)


# What somebody may hold: read the mailbox, know the password, show the second factor, have the letter, wait unrefused.
# Each way meets every mix of what it asks for.
HELD = [(*one, *two) for one, two in zip(product((0, 1), repeat=3), [*product((0, 1), repeat=2)] * 2, strict=True)]


@on_sqlite
@pytest.mark.parametrize(("mailbox", "password", "second", "letter", "delay"), HELD)
def test_no_way_in_without_second_factor_or_delay(
    holder: build.Citizen, clock: FakeClock, mailbox: int, password: int, second: int, letter: int, delay: int
) -> None:
    """Every way is tried with everything held, and wrong guesses for the rest."""
    clock.advance(timedelta(minutes=1))
    entered = [
        _by_sign_in(holder, clock, password=bool(password), second=bool(second)),
        _by_reset(holder, clock, mailbox=bool(mailbox), second=bool(second)),
        _by_letter(holder, clock, letter=bool(letter), delay=bool(delay)),
    ]
    assert entered == [bool(password and second), bool(mailbox and second), bool(letter and delay)]


def _by_sign_in(holder: build.Citizen, clock: FakeClock, *, password: bool, second: bool) -> bool:
    clock.advance(timedelta(minutes=2))
    try:
        token = sign_in.check_password(holder.email, build.PASSWORD if password else "rien de tout cela", build.VISITOR)
        assert identify(token) is None, "one factor opens nothing"
        waiting = pending(token)
        assert waiting is not None
        entered = sign_in.check_second_factor(waiting, app_code(holder) if second else "000000", build.VISITOR)
    except InvalidError:
        return False
    return identify(entered.token) is not None


def _by_reset(holder: build.Citizen, clock: FakeClock, *, mailbox: bool, second: bool) -> bool:
    clock.advance(timedelta(minutes=2))
    token = password_reset.ask(holder.email, "fr", build.VISITOR)
    code = mailed(holder.email)
    try:
        password_reset.check_code(token, code if mailbox else "000000", build.VISITOR)
        assert identify(token) is None
        password_reset.check_factor(token, app_code(holder) if second else "000000", build.VISITOR)
        assert identify(token) is None
        entered = password_reset.choose_password(token, NEW_PASSWORD, build.VISITOR)
    except (InvalidError, NotFoundError):
        return False
    return identify(entered.token) is not None


def _by_letter(holder: build.Citizen, clock: FakeClock, *, letter: bool, delay: bool) -> bool:
    facts = letter_of(holder)
    try:
        if not letter:
            facts = type(facts)(facts.ins, "22222222", facts.birth_date)
        token = recovery.ask(facts, build.VISITOR)
        assert identify(token) is None
        if delay:
            live(clock, 72)
        else:
            live(clock, 71)
        step, _ = walk(recovery.go_on(token)[0], holder.email)
        assert identify(step) is None
        entered = activation.finish(step, "fr", build.VISITOR)
    except (LetterError, NotFoundError):
        return False
    return identify(entered.token) is not None


def test_nothing_readable_lies_in_a_reset(holder: build.Citizen) -> None:
    password_reset.ask(holder.email, "fr", build.VISITOR)
    with db.read() as tx:
        rows = tx.execute(select(PasswordReset.payload)).all()
    assert not [row for row in rows if holder.email.encode() in row.payload]
    with db.write() as tx:
        assert tx.execute(
            insert(PasswordReset).values(
                token_hash=crypto.token_hash("x"), id=new_id(), expires_at=house_clock.now(), payload=b""
            )
        )
    assert password_reset.current("x") is None
