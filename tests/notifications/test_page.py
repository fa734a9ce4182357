"""The page of the notifications: what is chosen counts, what protects cannot be switched off, strangers see nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from espace import crypto, db, outbox
from espace.accounts.models import Account
from espace.accounts.services import notify
from espace.audit import services as audit
from espace.machines import Machines
from espace.notifications import services as notifications
from espace.notifications.services import FREE, PROTECTIVE, Channel, Event, Quiet, Rhythm
from espace.people import services as people
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock

from .conftest import PHONE, states
from .gateway import TOKEN, Gateway
from .mailserver import MailServer

PLACE = "/compte/notifications"
BOXES = [f"on_{event.value.replace('-', '_')}" for event in FREE]


@pytest.fixture
def machines(machines: Machines, gateway: Gateway, server: MailServer) -> Machines:
    """A house with a mail server and a gateway."""
    given = replace(machines.settings, smtp_port=server.port, sms_url=gateway.url, sms_token=TOKEN)
    found = replace(machines, settings=given)
    found.bind()
    return found


@pytest.fixture
def claire(app: Flask) -> build.Citizen:
    """Somebody with an account."""
    return build.citizen()


def with_phone(person: build.Citizen) -> build.Citizen:
    """Their number put on file, as the page of the account does."""
    account_id = person.account_id
    assert account_id is not None
    with db.write() as tx:
        sealed = tx.execute(select(Account.payload).where(Account.id == account_id)).scalar_one()
        held = crypto.unseal(tx, account_id, "accounts", account_id, sealed) | {"phone": PHONE}
        tx.execute(
            update(Account)
            .where(Account.id == account_id)
            .values(payload=crypto.seal(tx, account_id, "accounts", account_id, held))
        )
    return person


def wishes_of(person: build.Citizen) -> notifications.Preferences:
    """What somebody chose."""
    return notifications.preferences_of(person.account_id)


def chosen(browser: Browser, **changes: str | list[str]) -> None:
    """Send the page's form with changes."""
    browser.submit(browser.get(PLACE).form("rhythm"), changes, expect=200)


def test_what_is_ticked_is_kept_and_shown(app: Flask, claire: build.Citizen) -> None:
    browser = with_phone(claire).browser(app)
    everything = {name: ["email", "sms"] for name in BOXES}
    chosen(browser, rhythm="weekly", hour="7", weekday="2", quiet="both", quiet_from="20", quiet_to="9", **everything)
    found = wishes_of(claire)
    assert all(found.channels(event) == frozenset(Channel) for event in FREE)
    assert (found.rhythm, found.hour, found.weekday) == (Rhythm.WEEKLY, 7, 2)
    assert (found.quiet, found.quiet_from.hour, found.quiet_to.hour) == (Quiet.BOTH, 20, 9)
    form = browser.get(PLACE).form("rhythm")
    assert {name: form.values[name] for name in BOXES} == everything
    chosen(browser, **{name: [] for name in BOXES})
    assert not any(wishes_of(claire).channels(event) for event in FREE)


def test_what_protects_is_said_with_its_reason_and_has_no_box(app: Flask, claire: build.Citizen) -> None:
    page = claire.browser(app).get(PLACE)
    names = {name for form in page.forms for name in form.names}
    for event in PROTECTIVE:
        said = notifications.words(event, "fr")
        assert " ".join(said.why.split()) in page.text
        assert f"on_{event.value.replace('-', '_')}" not in names
    assert page.text.count("Par e-mail, toujours") == len(PROTECTIVE)


@pytest.mark.parametrize("event", PROTECTIVE)
def test_nothing_sent_by_hand_switches_off_what_protects(app: Flask, claire: build.Citizen, event: Event) -> None:
    browser = claire.browser(app)
    form = browser.get(PLACE).form("rhythm")
    name = f"on_{event.value.replace('-', '_')}"
    browser.post(PLACE, {**form.values, name: "", f"{name}_email": ""})
    assert Channel.EMAIL in wishes_of(claire).channels(event)


def test_sms_are_offered_with_a_number_and_a_gateway_only(app: Flask, claire: build.Citizen) -> None:
    browser = claire.browser(app)
    assert "Par SMS" not in browser.get(PLACE).text
    assert "ajoutez votre numéro" in browser.get(PLACE).text
    page = with_phone(claire).browser(app).get(PLACE)
    assert page.text.count("Par SMS") >= len(FREE)
    assert "ajoutez votre numéro" not in page.text


WRONG = [
    {"hour": "24"},
    {"hour": "sept"},
    {"weekday": "9"},
    {"rhythm": "hourly"},
    {"quiet": "all"},
    {"quiet_from": "-1"},
    {"zone": "Mars/Olympus"},
    {"zone": ""},
    {"version": "x"},
    {"version": "9" * 400},
    {"version": "-1"},
    {"quiet_from": "9" * 400},
    {"hour": "9" * 5000},
    {"on_new_document": "pigeon"},
    {"on_new_document": ["email", "email", "fax"]},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_the_page_does_not_offer_is_refused(
    app: Flask, claire: build.Citizen, wrong: dict[str, str | list[str]]
) -> None:
    browser = claire.browser(app)
    form = browser.get(PLACE).form("rhythm")
    page = browser.post(PLACE, {**form.values, **wrong})
    assert page.status == 422
    assert wishes_of(claire).version == 0


def test_two_pages_open_at_once(app: Flask, claire: build.Citizen) -> None:
    first, second = claire.browser(app), claire.browser(app)
    forms = [one.get(PLACE).form("rhythm") for one in (first, second)]
    first.submit(forms[0], {"hour": "6"})
    assert second.submit(forms[1], {"hour": "9"}).status == 409
    assert wishes_of(claire).hour == 6


def test_a_trial_comes_and_is_listed(app: Flask, claire: build.Citizen, server: MailServer, gateway: Gateway) -> None:
    browser = with_phone(claire).browser(app)
    form = next(form for form in browser.get(PLACE).forms if form.action.endswith("/essai"))
    page = browser.submit(form)
    assert "En route" in page.text
    outbox.work()
    page = browser.get(PLACE)
    assert page.text.count("Un message d'essai") == 2
    assert "En route" not in page.text
    assert [letter["To"] for letter in server.letters if "essai" in letter["Subject"]] == [claire.email]
    assert len(gateway.asked) == 1


def test_trials_are_slowed_then_over_for_the_day(app: Flask, claire: build.Citizen, clock: FakeClock) -> None:
    browser = claire.browser(app)
    form = next(form for form in browser.get(PLACE).forms if form.action.endswith("/essai"))
    statuses = [browser.submit(form).status for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    for wanted in (200, 422):
        clock.advance(timedelta(minutes=2))
        page = browser.submit(form)
        assert page.status == wanted
    assert "Cinq messages d'essai" in page.text
    assert sum(event == "trial" for event, _, _ in states(claire.actor.id)) == 5


def test_nobody_else_sees_or_changes_anything(app: Flask, claire: build.Citizen) -> None:
    doctor = build.caregiver().browser(app)
    assert Browser(app).get(PLACE).path == "/connexion"
    assert Browser(app).post(PLACE, {}).path != PLACE
    assert doctor.get(PLACE, expect=None).status == 404
    assert doctor.post(PLACE, {"csrf_token": "x"}).status in (400, 404)
    other = build.citizen("Paul")
    chosen(other.browser(app), hour="5")
    assert wishes_of(claire).version == 0


def test_the_choice_is_in_the_account_s_trail_without_its_content(app: Flask, claire: build.Citizen) -> None:
    chosen(claire.browser(app), rhythm="daily")
    assert claire.account_id is not None
    entries = audit.entries(claire.account_id, mine=True, holder_actor_ids=[claire.account_id], before=None)
    assert audit.Action.NOTIFICATIONS_CHOSEN in [one.action for one in entries]
    assert "daily" not in str(entries)


def test_people_are_told_once_each_and_without_account_only_what_must_be(claire: build.Citizen) -> None:
    paul = build.citizen("Paul", activated=False)
    notify([claire.person_id, claire.person_id, paul.person_id], Event.NEW_DOCUMENT)
    notify([claire.person_id, paul.person_id], Event.RECORD_STATE)
    messages = [mail["message"] for mail in build.mails_to(claire.email)]
    assert [messages.count(one) for one in ("new-document", "record-state")] == [1, 1]
    address = people.person(paul.person_id).email
    assert [mail["message"] for mail in build.mails_to(address)] == ["record-state"]


def test_english_is_spoken_to_who_chose_it(app: Flask, claire: build.Citizen) -> None:
    browser = claire.browser(app)
    browser.submit(browser.get("/compte/langue").form("locale"), {"locale": "en"})
    page = browser.get(PLACE)
    assert notifications.words(Event.NEW_DEVICE, "en").why in page.text
