"""A new provisional code: by the channel chosen, to the contact on file, and nothing at all for who may have none."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from espace import crypto, db
from espace.accounts.services import letters, send_new_code
from espace.crypto.owners import OUTBOX
from espace.identifiers import new_id
from espace.machines import Machines
from espace.outbox.models import Delivery
from espace.people import services as people
from espace.settings import Settings
from tests.support import build
from tests.support.build import Citizen
from tests.support.clock import FakeClock

EMAIL, MOBILE, FIXED = "ana@exemple.test", "+33612345678", "+33241000000"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, sms_url="http://127.0.0.1:9/sms")


def someone(*, email: str = "", phone: str = "", birth: date = date(1984, 5, 12), activated: bool = False) -> Citizen:
    """A person with these contacts on file."""
    made = build.citizen("Ana", birth=birth, activated=activated)
    people.save_person(replace(people.person(made.person_id), email=email, phone=phone))
    return made


def asked(person: Citizen, channel: str | None, birth: date | None = None) -> list[tuple[str, dict[str, Any]]]:
    """What goes out after a new code was asked for: topic and payload."""
    payload = {"ins": person.ins, "birth_date": (birth or person.birth_date).isoformat()}
    before = {delivery for delivery, _, _ in _waiting()}
    send_new_code(new_id(), payload | ({"channel": channel} if channel else {}))
    return [(topic, payload) for delivery, topic, payload in _waiting() if delivery not in before]


def _waiting() -> list[tuple[Any, str, dict[str, Any]]]:
    with db.read() as tx:
        rows = tx.execute(
            select(Delivery.id, Delivery.topic, Delivery.payload)
            .where(Delivery.topic.in_(["mail", "sms"]))
            .order_by(Delivery.id)
        )
        return [(row.id, row.topic, crypto.unseal(tx, OUTBOX, "outbox", row.id, row.payload)) for row in rows.all()]


@pytest.mark.usefixtures("machines")
@pytest.mark.parametrize(
    ("email", "phone", "channel", "goes_by"),
    [
        (EMAIL, MOBILE, "email", "mail"),
        (EMAIL, MOBILE, "sms", "sms"),
        (EMAIL, MOBILE, None, "mail"),
        (EMAIL, "", "sms", "mail"),  # the chosen one is not on file: the other
        ("", MOBILE, "email", "sms"),
        (EMAIL, FIXED, "sms", "mail"),  # an SMS does not reach a fixed line
        ("", FIXED, "sms", None),
        ("", "", "email", None),
    ],
)
def test_the_channel_chosen_else_the_other(email: str, phone: str, channel: str | None, goes_by: str | None) -> None:
    person = someone(email=email, phone=phone)
    out = asked(person, channel)
    assert [topic for topic, _ in out] == ([goes_by] if goes_by else [])
    for _, payload in out:
        assert payload["to"] in (EMAIL, MOBILE)
        assert payload["message"] == "activation-code"
        assert letters.find(person.person_id, payload["values"]["code"])
        assert person.ins not in str(payload)
        assert "Ana" not in str(payload)
    assert letters.has_valid_code(person.person_id) is bool(goes_by)


@pytest.mark.usefixtures("machines")
def test_who_may_have_none_gets_nothing() -> None:
    person = someone(email=EMAIL, phone=MOBILE)
    assert asked(person, "email", birth=date(1984, 5, 13)) == []
    assert asked(replace(person, ins=build.ins()), "email") == []
    assert asked(someone(email=EMAIL, phone=MOBILE, activated=True), "sms") == []


@pytest.mark.usefixtures("machines")
def test_a_childs_code_goes_to_the_contact_its_parents_gave() -> None:
    child = someone(email=EMAIL, birth=date(2019, 2, 28))
    ((topic, payload),) = asked(child, "email")
    assert (topic, payload["to"]) == ("mail", EMAIL)


@pytest.mark.usefixtures("machines")
def test_an_earlier_code_stops_working() -> None:
    person = someone(email=EMAIL)
    first = letters.new_activation_code(person.person_id)
    asked(person, "email")
    assert letters.find(person.person_id, first) is None


def test_an_sms_that_would_come_after_its_code_expired_is_dropped(
    machines: Machines, clock: FakeClock, settings: Settings
) -> None:
    ((_, payload),) = asked(someone(phone=MOBILE), "sms")
    assert payload["until"] == (clock() + timedelta(days=settings.activation_code_life)).isoformat()


class TestWithoutGateway:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, sms_url="")

    @pytest.mark.usefixtures("machines")
    def test_e_mail_is_used_instead(self) -> None:
        assert [topic for topic, _ in asked(someone(email=EMAIL, phone=MOBILE), "sms")] == ["mail"]
        assert asked(someone(phone=MOBILE), "sms") == []
