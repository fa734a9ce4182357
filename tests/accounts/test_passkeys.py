"""Passkeys, both ceremonies, with an authenticator in software: what is believed, and what never (security.md R3)."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from espace import crypto, db
from espace.accounts.models import OneTimeCode, Passkey
from espace.accounts.services import passkeys
from espace.accounts.services.passkeys import CopiedError, NewPasskey, OverError, PasskeyError
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.machines import Machines
from espace.settings import Settings
from tests.support.build import Citizen, citizen
from tests.support.clock import FakeClock

from .authenticator import PRESENT, VERIFIED, Authenticator, octets, text


@pytest.fixture
def claire(machines: Machines) -> Citizen:
    """Someone with an account."""
    return citizen()


def account(person: Citizen) -> UUID:
    """Their account's id."""
    assert person.account_id is not None
    return person.account_id


def make(person: Citizen, device: Authenticator, name: str = "Téléphone", count: int = 1) -> UUID:
    """Add a passkey to somebody's account."""
    options, _challenge = passkeys.registration(account(person), person.email, passkeys.credential_ids(account(person)))
    made = passkeys.verify_registration(account(person), device.create(options, count=count), name)
    with db.write() as tx:
        return passkeys.keep(tx, account(person), made)


def show(device: Authenticator, ceremony: UUID | None = None, person: Citizen | None = None) -> tuple[UUID, UUID]:
    """Have a device show its last passkey, and check it."""
    ceremony = ceremony or new_id()
    options = passkeys.authentication(ceremony, account(person) if person else None)
    return passkeys.recognise(ceremony, passkeys.read_answer(device.get(options)))


def test_a_passkey_is_made_named_and_shown(claire: Citizen, clock: FakeClock) -> None:
    device = Authenticator()
    made = make(claire, device, "  Mon   téléphone ")
    clock.advance(timedelta(days=1))
    assert show(device) == (account(claire), made)
    (line,) = passkeys.of(account(claire))
    assert (line.id, line.name, line.used_at) == (made, "Mon téléphone", clock.now)
    assert line.made_at == clock.now - timedelta(days=1)


def test_it_must_be_one_the_device_finds_by_itself_after_asking_for_a_finger(claire: Citizen) -> None:
    made = json.loads(passkeys.registration(account(claire), claire.email, [b"one"])[0])
    assert made["rp"] == {"name": "espace", "id": "localhost"}
    asked = made["authenticatorSelection"]
    assert (asked["residentKey"], asked["requireResidentKey"], asked["userVerification"]) == (
        "required",
        True,
        "required",
    )
    assert [octets(each["id"]) for each in made["excludeCredentials"]] == [b"one"]
    assert account(claire).bytes not in octets(made["user"]["id"]), "the handle tells nothing"
    shown = json.loads(passkeys.authentication(new_id()))
    assert shown["userVerification"] == "required"
    assert shown["allowCredentials"] == [], "any passkey of this house will do"


def test_after_a_password_only_the_account_s_own_passkeys_are_offered(claire: Citizen) -> None:
    devices = [Authenticator(), Authenticator()]
    for device in devices:
        make(claire, device)
    allowed = json.loads(passkeys.authentication(new_id(), account(claire)))["allowCredentials"]
    assert {octets(each["id"]) for each in allowed} == {device.keys[0].credential_id for device in devices}
    assert set(allowed[0]["transports"]) == {"internal", "hybrid"}


FALSE_DEVICES: dict[str, Callable[[Authenticator], None]] = {
    "another site": lambda device: setattr(device, "origin", "http://localhost.example:8000"),
    "another port": lambda device: setattr(device, "origin", "http://localhost:8001"),
    "https instead": lambda device: setattr(device, "origin", "https://localhost:8000"),
    "another relying party": lambda device: setattr(device, "rp_id", "example"),
    "nobody verified": lambda device: setattr(device, "flags", PRESENT),
    "nobody present": lambda device: setattr(device, "flags", VERIFIED),
}


@pytest.mark.parametrize("lie", FALSE_DEVICES)
def test_a_device_elsewhere_or_unattended_is_not_believed(claire: Citizen, lie: str) -> None:
    false = Authenticator()
    FALSE_DEVICES[lie](false)
    with pytest.raises(InvalidError):
        make(claire, false)
    assert passkeys.of(account(claire)) == []
    true = Authenticator()
    make(claire, true)
    FALSE_DEVICES[lie](true)
    with pytest.raises(PasskeyError):
        show(true)


def test_one_ceremony_is_not_the_other(claire: Citizen) -> None:
    device = Authenticator()
    options, _challenge = passkeys.registration(account(claire), claire.email, [])
    with pytest.raises(InvalidError):
        passkeys.verify_registration(account(claire), device.create(options, kind="webauthn.get"))
    make(claire, device)
    ceremony = new_id()
    answer = device.get(passkeys.authentication(ceremony), kind="webauthn.create")
    with pytest.raises(PasskeyError):
        passkeys.recognise(ceremony, passkeys.read_answer(answer))
    made_for_registration = device.get(passkeys.registration(account(claire), claire.email, [])[0])
    with pytest.raises(OverError):
        passkeys.recognise(account(claire), passkeys.read_answer(made_for_registration))


def test_an_answer_counts_once_and_where_it_was_asked_for(claire: Citizen) -> None:
    device, ceremony = Authenticator(), new_id()
    make(claire, device)
    answer = passkeys.read_answer(device.get(passkeys.authentication(ceremony)))
    with pytest.raises(OverError):
        passkeys.recognise(new_id(), answer)
    assert passkeys.recognise(ceremony, answer)[0] == account(claire)
    with pytest.raises(OverError):
        passkeys.recognise(ceremony, answer)


def test_a_challenge_nobody_gave_out_is_worth_nothing(claire: Citizen) -> None:
    device, ceremony = Authenticator(), new_id()
    make(claire, device)
    passkeys.authentication(ceremony)
    own = json.dumps({"challenge": text(b"chosen by the attacker himself!!")})
    with pytest.raises(OverError):
        passkeys.recognise(ceremony, passkeys.read_answer(device.get(own)))


def test_a_wrong_answer_spends_the_challenge_too(claire: Citizen) -> None:
    device, ceremony = Authenticator(), new_id()
    make(claire, device)
    options = passkeys.authentication(ceremony)
    device.flags = PRESENT
    wrong = passkeys.read_answer(device.get(options))
    device.flags = PRESENT | VERIFIED
    with pytest.raises(PasskeyError):
        passkeys.recognise(ceremony, wrong)
    with pytest.raises(OverError):
        passkeys.recognise(ceremony, passkeys.read_answer(device.get(options)))


CLOCKS = [
    (timedelta(minutes=4, seconds=59), True),
    (timedelta(minutes=5), False),
    (timedelta(hours=1), False),
    (timedelta(days=1), False),
    (-timedelta(hours=1), False),
    (-timedelta(days=1), False),
]


@pytest.mark.parametrize(("moved", "counts"), CLOCKS)
def test_a_challenge_lives_five_minutes_whatever_the_clock_does(
    claire: Citizen, clock: FakeClock, moved: timedelta, counts: bool
) -> None:
    device, ceremony = Authenticator(), new_id()
    make(claire, device)
    options = passkeys.authentication(ceremony)
    clock.advance(moved)
    answer = passkeys.read_answer(device.get(options))
    if counts:
        assert passkeys.recognise(ceremony, answer)[0] == account(claire)
        return
    with pytest.raises(OverError):
        passkeys.recognise(ceremony, answer)
    clock.advance(-moved)
    with pytest.raises(OverError):
        passkeys.recognise(ceremony, answer)


def test_a_counter_that_goes_back_is_a_copy(claire: Citizen) -> None:
    device = Authenticator()
    made = make(claire, device)
    stolen = device.keys[0].copy()
    show(device)
    show(device)
    thief = Authenticator(keys=[stolen])
    with pytest.raises(CopiedError) as told:
        show(thief)
    assert (told.value.account_id, told.value.passkey_id) == (account(claire), made)
    assert show(device) == (account(claire), made), "the owner still enters"


def test_a_device_without_counter_is_believed_as_often_as_it_likes(claire: Citizen) -> None:
    device = Authenticator()
    make(claire, device, count=0)
    assert show(device) == show(device)


def test_a_counter_that_stops_counting_is_a_copy_too(claire: Citizen) -> None:
    device = Authenticator()
    make(claire, device)
    show(device)
    device.keys[0].count = 0
    with pytest.raises(CopiedError):
        show(device)


def test_an_unknown_passkey_and_one_with_another_secret_are_the_same_answer(claire: Citizen) -> None:
    device = Authenticator()
    make(claire, device)
    unknown = Authenticator()
    unknown.create(passkeys.registration(account(claire), claire.email, [])[0])
    forged = Authenticator(keys=[replace(unknown.keys[0], credential_id=device.keys[0].credential_id)])
    said = []
    for wrong in (unknown, forged):
        with pytest.raises(PasskeyError) as refused:
            show(wrong)
        said.append((type(refused.value), str(refused.value)))
    assert said[0] == said[1] == (PasskeyError, "")


def test_a_handle_of_somebody_else_is_not_believed(claire: Citizen) -> None:
    device, ceremony = Authenticator(), new_id()
    make(claire, device)
    answer = device.get(passkeys.authentication(ceremony), user=b"somebody else")
    with pytest.raises(PasskeyError):
        passkeys.recognise(ceremony, passkeys.read_answer(answer))


def test_what_was_made_for_one_account_is_not_kept_for_another(claire: Citizen) -> None:
    other = citizen("Paul", "Renard", sex="M")
    device = Authenticator()
    options, _challenge = passkeys.registration(account(claire), claire.email, [])
    with pytest.raises(InvalidError):
        passkeys.verify_registration(account(other), device.create(options))
    make(claire, device)
    kept = device.keys[-1]
    again = NewPasskey(kept.credential_id, kept.public, 1, (), kept.user, "volée")
    with pytest.raises(InvalidError), db.write() as tx:
        passkeys.keep(tx, account(other), again)
    assert show(device)[0] == account(claire)


def test_a_removed_passkey_opens_nothing(claire: Citizen) -> None:
    device = Authenticator()
    made = make(claire, device)
    with db.write() as tx:
        passkeys.drop(tx, account(claire), made)
    with pytest.raises(PasskeyError):
        show(device)
    with pytest.raises(NotFoundError), db.write() as tx:
        passkeys.drop(tx, account(claire), made)


def test_names_can_change_and_must_be_names(claire: Citizen) -> None:
    made = make(claire, Authenticator(), "")
    passkeys.rename(account(claire), made, "Ordinateur")
    assert [line.name for line in passkeys.of(account(claire))] == ["Ordinateur"]
    for wrong in ("", "   ", "x" * 61):
        with pytest.raises(InvalidError) as refused:
            passkeys.rename(account(claire), made, wrong)
        assert refused.value.problems.keys() == {"name"}
    other = citizen("Paul", "Renard", sex="M")
    with pytest.raises(NotFoundError):
        passkeys.rename(account(other), made, "À moi")


def test_twenty_passkeys_are_enough(claire: Citizen) -> None:
    for _ in range(passkeys.MOST):
        make(claire, Authenticator())
    with pytest.raises(InvalidError):
        make(claire, Authenticator())


@dataclass
class Broken:
    """One way to break an answer."""

    what: str
    by: Callable[[dict[str, object]], object]


BROKEN = [
    Broken("no id", lambda answer: answer.pop("rawId")),
    Broken("another id", lambda answer: answer.update(id="AAAA")),
    Broken("an empty id", lambda answer: answer.update(rawId="", id="")),
    Broken("an endless id", lambda answer: answer.update(rawId="A" * 4000, id="A" * 4000)),
    Broken("no response", lambda answer: answer.pop("response")),
    Broken("a list", lambda answer: answer.update(response=[])),
    Broken("another type", lambda answer: answer.update(type="password")),
    Broken("no client data", lambda answer: answer.update(response={"authenticatorData": "AAAA"})),
    Broken("signs beyond ASCII", lambda answer: answer.update(rawId="é")),
    *(
        Broken(f"{name} cut", lambda answer, name=name: answer["response"].update({name: answer["response"][name][:9]}))  # type: ignore[misc]
        for name in ("clientDataJSON", "authenticatorData", "signature")
    ),
    *(
        Broken(f"{name} of another kind", lambda answer, name=name: answer["response"].update({name: 7}))  # type: ignore[misc]
        for name in ("clientDataJSON", "authenticatorData", "signature", "userHandle")
    ),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda each: each.what)
def test_a_broken_answer_is_refused_in_words(claire: Citizen, broken: Broken) -> None:
    device, ceremony = Authenticator(), new_id()
    make(claire, device)
    answer = json.loads(device.get(passkeys.authentication(ceremony)))
    broken.by(answer)
    with pytest.raises(PasskeyError):
        passkeys.recognise(ceremony, passkeys.read_answer(json.dumps(answer)))
    with pytest.raises(InvalidError):
        passkeys.verify_registration(account(claire), json.dumps(answer))


@pytest.mark.parametrize("nothing", ["", "null", "[]", "{}", '"text"', "{" * 5000, "x" * 30_000, '{"rawId": {}}'])
def test_what_is_no_answer_at_all_is_refused_in_words(claire: Citizen, nothing: str) -> None:
    with pytest.raises(PasskeyError):
        passkeys.read_answer(nothing)
    with pytest.raises(InvalidError):
        passkeys.verify_registration(account(claire), nothing)


def test_nothing_of_a_passkey_stands_readable_in_the_database(claire: Citizen) -> None:
    device = Authenticator()
    make(claire, device, "Téléphone de Claire")
    passkeys.authentication(new_id())
    with db.read() as tx:
        rows = [tuple(row) for row in tx.execute(select(Passkey.__table__)).all()]
        rows += [tuple(row) for row in tx.execute(select(OneTimeCode.__table__)).all()]
    stored = b"".join(cell if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row)
    key = device.keys[0]
    for secret in (key.credential_id, key.public, key.user, "Téléphone".encode()):
        assert secret not in stored
    assert crypto.blind("passkey", key.credential_id.hex()) in stored


@pytest.mark.parametrize(
    ("address", "possible"),
    [
        ("https://espace.example", True),
        ("http://localhost:8000", True),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000", False),
    ],
)
def test_browsers_allow_passkeys_at_names_only(settings: Settings, address: str, possible: bool) -> None:
    assert replace(settings, base_url=address).passkeys_possible is possible
