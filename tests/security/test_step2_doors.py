"""Attacks on the doors of step 2: old locks, borrowed drafts, floods of messages, twins, one rogue administrator."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from espace import clock as clocks
from espace import crypto, db, outbox
from espace import settings as house
from espace.accounts.services import (
    account_rows,
    activation,
    assistance,
    contacts,
    enrolling,
    identify,
    letters,
    one_time,
    operator_rows,
    operators,
    outside_identity,
    password_reset,
    recovery,
    recovery_notices,
    second_steps,
    send_new_code,
)
from espace.accounts.services.assistance import Helper
from espace.accounts.services.letter_proof import Letter
from espace.accounts.services.operator_rows import OperatorState
from espace.accounts.services.outside import Back, TripRefusedError
from espace.crypto.owners import OUTBOX
from espace.errors import InvalidError, NotFoundError, StepUpError, ThrottledError
from espace.identifiers import new_id
from espace.machines import Machines
from espace.notifications.services import send_sms
from espace.outbox.models import Delivery
from espace.people import services as people
from espace.permissions import Actor, Role
from espace.settings import Settings
from tests.support import build, office
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock

PHONE = "+33612345678"
NEW_PASSWORD = "cinq pommes dans le grenier"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A house that sends SMS."""
    return replace(settings, sms_url="http://127.0.0.1:9/sms", administrator_passkey=False)


@pytest.fixture
def holder(machines: Machines) -> build.Citizen:
    """A person with an account and an app."""
    return build.citizen()


def account_of(person: build.Citizen) -> UUID:
    assert person.account_id is not None
    return person.account_id


def sent(topic: str) -> list[dict[str, object]]:
    """What waits to go out."""
    with db.read() as tx:
        rows = tx.execute(select(Delivery.id, Delivery.payload).where(Delivery.topic == topic).order_by(Delivery.id))
        return [crypto.unseal(tx, OUTBOX, "outbox", row.id, row.payload) for row in rows.all()]


def both_proofs_shown(person: build.Citizen, clock: FakeClock) -> str:
    """A forgotten password whose mail was read and whose second factor was shown: only the password is missing."""
    clock.advance(timedelta(minutes=1))
    outbox.on("accounts.reset-asked", password_reset.send_reset_code)
    token = password_reset.ask(person.email, "fr", build.VISITOR)
    with db.read() as tx:
        rows = tx.execute(select(Delivery.id, Delivery.payload).where(Delivery.topic == "accounts.reset-asked")).all()
        last = crypto.unseal(tx, OUTBOX, "outbox", rows[-1].id, rows[-1].payload)
    password_reset.check_code(token, last["code"], build.VISITOR)
    password_reset.check_factor(token, pyotp.TOTP(person.totp_secret).at(clocks.now()), build.VISITOR)
    return token


def fresh_letter(person: build.Citizen) -> Letter:
    return Letter(person.ins, letters.new_activation_code(person.person_id), person.birth_date)


def remade(person: build.Citizen, clock: FakeClock) -> None:
    """The whole long way of a lost access, up to new keys; the thief's proofs are shown just before its end."""
    token = recovery.ask(fresh_letter(person), build.VISITOR)
    for _ in range(72):
        clock.advance(timedelta(hours=1))
        recovery.tick()
    steps, _draft = recovery.go_on(token)
    enrolling.choose_password(steps, "trois poires sur la commode", person.email)
    enrolling.give_email(steps, person.email, "fr")
    enrolling.check_email_code(steps, build.mails_to(person.email)[-1]["values"]["code"], build.VISITOR)
    draft = enrolling.choose_app(steps)
    enrolling.check_app_code(steps, pyotp.TOTP(draft.totp_secret).at(clocks.now()), build.VISITOR)
    thief = both_proofs_shown(person, clock)
    activation.finish(steps, "fr", build.VISITOR)
    with pytest.raises(NotFoundError):
        password_reset.choose_password(thief, NEW_PASSWORD, build.VISITOR)


def test_a_lost_access_made_anew_ends_a_thief_s_half_made_password_too(holder: build.Citizen, clock: FakeClock) -> None:
    remade(holder, clock)


@pytest.mark.parametrize("lock", ["password", "app", "phone", "email"])
def test_a_half_made_password_dies_with_each_lock_that_changes(
    holder: build.Citizen, clock: FakeClock, lock: str
) -> None:
    account = account_of(holder)
    with db.write() as tx:
        account_rows.change(tx, account_rows.locked(tx, account), phone=PHONE, sms=True)
    thief = both_proofs_shown(holder, clock)
    actor = holder.actor
    if lock == "password":
        contacts.change_password(actor, build.PASSWORD, "trois poires sur la commode", build.VISITOR)
    elif lock == "app":
        second_steps.remove_app(actor)
    elif lock == "phone":
        contacts.remove_phone(actor)
    else:
        contacts.ask_new_email(actor, "neuve@exemple.test")
        code = build.mails_to("neuve@exemple.test")[-1]["values"]["code"]
        contacts.check_new_email(actor, code, build.VISITOR)
    with pytest.raises(NotFoundError):
        password_reset.choose_password(thief, NEW_PASSWORD, build.VISITOR)


def test_without_a_change_the_half_made_password_is_made(holder: build.Citizen, clock: FakeClock) -> None:
    """The tests above can fail."""
    assert password_reset.choose_password(both_proofs_shown(holder, clock), NEW_PASSWORD, build.VISITOR).token


def test_who_knows_a_number_and_a_birth_date_uses_up_nobody_s_sms(holder: build.Citizen, clock: FakeClock) -> None:
    with db.write() as tx:
        account_rows.change(tx, account_rows.locked(tx, account_of(holder)), phone=PHONE, sms=True)
    asked = {"ins": holder.ins, "birth_date": holder.birth_date.isoformat()}
    codes = set()
    for _ in range(30):
        recovery_notices.send_recovery_code(new_id(), asked)
        clock.advance(timedelta(minutes=1))
        codes |= {mail["values"]["code"] for mail in build.mails_to(holder.email) if mail["message"] == "recovery-code"}
    assert len(codes) == 3, "neither a flood of mails nor a code that changes all the time"
    assert len([each for each in sent("sms") if each["to"] == PHONE]) == 3
    for _ in range(7):  # what is left of the number's day is the person's
        one_time.send("a-purpose", new_id(), account_of(holder), channel="sms", address=PHONE, locale="fr")
    letter = fresh_letter(holder)
    recovery.ask(letter, build.VISITOR)
    assert "recovery-asked" in [mail["message"] for mail in build.mails_to(holder.email)]
    assert sent("sms")[-1]["message"] == "account-recovery", "the warning reaches the telephone all the same (R4)"


@pytest.mark.parametrize("phone", ["+447911123456", "+33612345679"])
def test_a_telephone_that_gets_no_sms_holds_up_no_lost_access(
    holder: build.Citizen, clock: FakeClock, phone: str
) -> None:
    other = build.citizen("Ana")
    for person in (holder, other):
        people.save_person(replace(people.person(person.person_id), phone=phone))
        for _ in range(11):
            with suppress(InvalidError):
                send_sms(phone, "fr", "account-recovery")
        recovery.ask(fresh_letter(person), build.VISITOR)
    for _ in range(40):
        clock.advance(timedelta(hours=1))
        recovery.tick()
    for person in (holder, other):
        assert "recovery-reminder" in [mail["message"] for mail in build.mails_to(person.email)]


def test_a_letter_s_code_is_not_replaced_all_day(machines: Machines, clock: FakeClock) -> None:
    person = build.citizen("Ana", activated=False)
    people.save_person(replace(people.person(person.person_id), email="ana@exemple.test", phone=PHONE))
    asked = {"ins": person.ins, "birth_date": person.birth_date.isoformat()}
    for number in range(20):
        send_new_code(new_id(), asked | {"channel": "sms" if number % 2 else "email"})
        clock.advance(timedelta(minutes=1))
    told = [mail["values"]["code"] for mail in build.mails_to("ana@exemple.test")]
    told += [str(each["values"]["code"]) for each in sent("sms") if isinstance(each["values"], dict)]
    assert len(told) == 3
    assert any(letters.find(person.person_id, code) for code in told), "the last one sent stays good"
    clock.advance(timedelta(days=1))
    send_new_code(new_id(), asked)
    assert len(build.mails_to("ana@exemple.test")) + len(sent("sms")) == 4


def test_one_account_does_not_send_codes_to_a_thousand_telephones(holder: build.Citizen, clock: FakeClock) -> None:
    reached = 0
    for number in range(60):
        clock.advance(timedelta(minutes=1))
        actor = holder.actor
        try:
            contacts.ask_new_phone(actor, f"+336123456{number:02d}")
            reached += 1
        except (InvalidError, ThrottledError):
            continue
    assert reached == 2 * house.current().sms_per_day


def _back(actor: Actor, **claims: str) -> Back:
    person = people.person(actor.person_id) if actor.person_id else None
    assert person is not None
    whole = {
        "sub": "abc",
        "family_name": person.birth_name,
        "given_name": person.first_names[0],
        "birthdate": person.birth_date.isoformat(),
        "gender": {"F": "female", "M": "male"}[person.sex],
    }
    return Back(whole | claims, {"act": "link", "session": str(actor.session_id)})


def test_an_identity_linked_or_unlinked_ends_the_other_sessions_and_is_told(holder: build.Citizen) -> None:
    actor = holder.actor
    acts: list[Callable[[], None]] = [
        lambda: outside_identity.link(actor, _back(actor)),
        lambda: outside_identity.unlink(actor),
    ]
    for number, act in enumerate(acts, start=1):
        elsewhere = holder.sign_in()
        act()
        assert identify(elsewhere) is None
        told = [mail["message"] for mail in build.mails_to(holder.email)]
        assert told.count("security-change") == number


@pytest.mark.parametrize(
    ("ours", "told", "fits"),
    [
        ("Marie", "Marie-Claire", False),
        ("Marie", "Marie -Claire Louise", False),
        ("Marie", "MARIE\u2010CLAIRE", False),
        ("Marie", "Marie Claire", True),
        ("Marie", "marie", True),
        ("Marie-Claire", "Marie-Claire Louise", True),
        ("Marie-Claire", "Marie Claire", True),
        ("Marie-Claire", "Marie Louise", False),
        ("Marie-Claire", "Marie", False),
        ("Marie", "", False),
    ],
)
def test_a_twin_whose_name_begins_alike_is_somebody_else(
    machines: Machines, ours: str, told: str, *, fits: bool
) -> None:
    actor = build.citizen(ours).actor
    if fits:
        outside_identity.link(actor, _back(actor, given_name=told))
    else:
        with pytest.raises(TripRefusedError):
            outside_identity.link(actor, _back(actor, given_name=told))


def test_what_the_person_proved_while_alone_opens_no_lock_to_their_helper(holder: build.Citizen) -> None:
    token = holder.sign_in()
    actor = identify(token)
    assert actor is not None
    assistance.start(actor, Helper("Marc", "Petit", ""), "4871")
    beside = identify(token)
    assert beside is not None
    assistance.show(beside, "4871", build.VISITOR)
    unlocked = identify(token)
    assert unlocked is not None
    assert not unlocked.is_veiled
    acts: list[Callable[[], object]] = [
        lambda: second_steps.passkey_options(unlocked),
        lambda: second_steps.draw_codes(unlocked),
        lambda: contacts.ask_new_email(unlocked, "aidant@exemple.test"),
        lambda: contacts.remove_phone(unlocked),
    ]
    for act in acts:
        with pytest.raises(StepUpError):
            act()


def test_an_administrator_alone_does_not_bring_another_one_back(app: Flask) -> None:
    first, second = office.officer(Role.ADMINISTRATOR), office.officer(Role.ADMINISTRATOR, "Paul Henri")
    third = office.officer(Role.ADMINISTRATOR, "Anne Le Bris")
    operators.disable(first.actor, third.id)
    operators.enable(first.actor, third.id)
    assert operator_rows.operator(third.id).state is OperatorState.DISABLED
    for act in (operators.confirm, operators.enable):
        with pytest.raises((InvalidError, NotFoundError)):
            act(first.actor, third.id)
    page = second.browser(app).get(f"/admin/operateurs/{third.id}/confirmation")
    second.browser(app).submit(page.forms[0], expect=None)
    operators.confirm(second.actor, third.id)
    assert operator_rows.operator(third.id).state is OperatorState.ACTIVE


def test_what_was_proposed_for_somebody_dies_when_they_are_shut_out(app: Flask) -> None:
    first, second = office.officer(Role.ADMINISTRATOR), office.officer(Role.ADMINISTRATOR, "Paul Henri")
    clerk = office.officer(Role.COUNTER)
    operators.change_role(first.actor, clerk.id, Role.ADMINISTRATOR)
    operators.disable(first.actor, clerk.id)
    with pytest.raises(InvalidError):
        operators.confirm(second.actor, clerk.id)
    assert operator_rows.operator(clerk.id).role is Role.COUNTER


def test_keys_planted_in_a_draft_are_shown_to_who_takes_it_up(app: Flask) -> None:
    person = build.citizen("Ana", birth=date(1961, 2, 3), activated=False)
    letter = fresh_letter(person)
    thief, _draft = activation.begin(letter, build.VISITOR)
    enrolling.choose_password(thief, NEW_PASSWORD, "voleur@exemple.test")
    enrolling.give_email(thief, "voleur@exemple.test", "fr")
    enrolling.check_email_code(thief, build.mails_to("voleur@exemple.test")[-1]["values"]["code"], build.VISITOR)
    draft = enrolling.choose_app(thief)
    enrolling.check_app_code(thief, pyotp.TOTP(draft.totp_secret).at(clocks.now()), build.VISITOR)
    token, taken = activation.begin(letter, build.VISITOR)
    assert taken.taken_up
    with pytest.raises(NotFoundError):
        activation.finish(thief, "fr", build.VISITOR)
    browser = Browser(app)
    browser.set_cookie("activation", token)
    page = browser.get("/activation/codes")
    if page.path != "/activation/codes":
        pytest.fail(page.path)
    assert "voleur@exemple.test" in page.text
    assert "application d'authentification" in page.text.replace("&#39;", "'")
