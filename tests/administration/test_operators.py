"""Operators: invited, enrolled once, proposed and confirmed by two, disabled at once (security.md R3, R5, R6, R17)."""

from datetime import timedelta

import pyotp
import pytest
from flask import Flask

from espace import clock as clocks
from espace.accounts.services import invitations, operator_rows, operators
from espace.accounts.services.operator_rows import OperatorState
from espace.accounts.services.operators import NewOperator
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import InvalidError, NotFoundError, StepUpError, ThrottledError
from espace.permissions import Actor, ActorKind, Role
from tests.support import build, office
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock
from tests.support.office import Officer

NEW = NewOperator("Zoé Leroux", "zoe.leroux@maison.exemple.fr", Role.COUNTER)


def invited_code(email: str) -> str:
    """The code of the last invitation sent to an address."""
    mail = [mail for mail in build.mails_to(email) if mail["message"] == "operator-invitation"][-1]
    return str(mail["values"]["code"])


def test_an_invited_operator_signs_in_and_lands_in_the_office(app: Flask, administrator: Officer) -> None:
    browser = administrator.browser(app)
    page = browser.get("/admin/operateurs/inviter")
    page = browser.submit(page.form("email"), {"name": NEW.name, "email": NEW.email, "role": "counter"}, expect=200)
    assert page.h1 == NEW.name
    code = invited_code(NEW.email)
    assert code.replace(" ", "") not in page.text.replace(" ", "")
    guest = Browser(app)
    page = guest.submit(guest.get("/invitation").form("code"), {"email": NEW.email, "code": code}, expect=200)
    page = guest.submit(page.form("password"), {"password": office.PASSWORD}, expect=200)
    secret = page.tree.xpath("string(//*[@id='key'])").replace(" ", "")
    page = guest.submit(page.form("code"), {"code": pyotp.TOTP(secret).at(clocks.now())}, expect=200)
    page = guest.submit(page.form("kept"), {"kept": "y"}, expect=200)
    assert page.path == "/connexion"
    page = guest.submit(page.form("password"), {"email": NEW.email, "password": office.PASSWORD}, expect=200)
    recovery = pyotp.TOTP(secret).at(clocks.now() + timedelta(seconds=30))
    page = guest.submit(page.form("code"), {"code": recovery}, expect=200)
    assert page.path == "/admin/"
    assert guest.get("/admin/operateurs", expect=404).status == 404
    again = Browser(app)
    page = again.submit(again.get("/invitation").form("code"), {"email": NEW.email, "code": code}, expect=422)
    assert again.get("/invitation/mot-de-passe").path == "/invitation"


def test_unknown_and_known_addresses_read_the_same(app: Flask, administrator: Officer) -> None:
    operators.invite(administrator.actor, NEW)
    seen: list[tuple[str, list[str]]] = []
    for email in (NEW.email, "personne@maison.exemple.fr", administrator.email):
        guest = Browser(app, ip=f"192.0.2.{len(seen) + 10}")
        page = guest.submit(guest.get("/invitation").form("code"), {"email": email, "code": "AAAA2222AAAA"}, expect=422)
        seen.append((page.tree.xpath("string(//*[@id='summary'])"), sorted(page.headers.keys())))
    assert seen[0] == seen[1] == seen[2]


def test_guesses_of_a_code_are_slowed(app: Flask, administrator: Officer) -> None:
    operators.invite(administrator.actor, NEW)
    refused = []
    for _ in range(5):
        with pytest.raises((InvalidError, ThrottledError)) as error:
            invitations.begin(NEW.email, "AAAA2222AAAA", office.VISITOR)
        refused.append(error.type)
    assert ThrottledError in refused


def test_an_invitation_ends_and_a_new_one_replaces_it(app: Flask, administrator: Officer, clock: FakeClock) -> None:
    made = operators.invite(administrator.actor, NEW)
    first = invited_code(NEW.email)
    operators.invite_again(administrator.actor, made)
    second = invited_code(NEW.email)
    with pytest.raises(InvalidError):
        invitations.begin(NEW.email, first, office.VISITOR)
    token = invitations.begin(NEW.email, second, office.VISITOR)
    clock.advance(invitations.LIFE)
    assert invitations.current(token) is None
    with pytest.raises(InvalidError):
        invitations.begin(NEW.email, second, office.VISITOR)
    clock.advance(-invitations.LIFE - timedelta(days=1))
    assert invitations.current(token) is None  # a clock set back revives nothing


def test_of_two_browsers_the_last_to_begin_goes_on(app: Flask, administrator: Officer) -> None:
    operators.invite(administrator.actor, NEW)
    code = invited_code(NEW.email)
    first = invitations.begin(NEW.email, code, office.VISITOR)
    second = invitations.begin(NEW.email, code, office.VISITOR)
    with pytest.raises(NotFoundError):
        invitations.choose_password(first, office.PASSWORD)
    invitations.choose_password(second, office.PASSWORD)


def test_nobody_finishes_with_something_missing(app: Flask, administrator: Officer) -> None:
    operators.invite(administrator.actor, NEW)
    token = invitations.begin(NEW.email, invited_code(NEW.email), office.VISITOR)
    with pytest.raises(NotFoundError):
        invitations.check_app_code(token, "000000", office.VISITOR)
    invitations.choose_password(token, office.PASSWORD)
    with pytest.raises(InvalidError):
        invitations.check_app_code(token, "000000", office.VISITOR)
    with pytest.raises(NotFoundError):
        invitations.finish(token)
    browser = Browser(app)
    for place in ("/invitation/mot-de-passe", "/invitation/application", "/invitation/codes"):
        assert browser.get(place).path == "/invitation"


def test_a_second_administrator_confirms(app: Flask, administrator: Officer) -> None:
    alone = NewOperator("Paul Henri", "paul.henri@maison.exemple.fr", Role.ADMINISTRATOR)
    second = operators.invite(administrator.actor, alone)  # the only administrator cannot be asked to wait for another
    assert operator_rows.operator(second).state is OperatorState.INVITED
    office.join(alone.email, invited_code(alone.email))
    third = operators.invite(
        administrator.actor, NewOperator("Anne Le Bris", "anne@maison.exemple.fr", Role.ADMINISTRATOR)
    )
    assert operator_rows.operator(third).state is OperatorState.PROPOSED
    assert not build.mails_to("anne@maison.exemple.fr")
    with pytest.raises(InvalidError):
        operators.confirm(administrator.actor, third)
    other = Officer(second, alone.name, alone.email, Role.ADMINISTRATOR, "")
    operators.confirm(other.actor, third)
    assert operator_rows.operator(third).state is OperatorState.INVITED
    office.join("anne@maison.exemple.fr", invited_code("anne@maison.exemple.fr"))
    assert operator_rows.operator(third).state is OperatorState.ACTIVE


def test_a_promotion_waits_for_a_second_administrator(app: Flask, administrator: Officer, counter: Officer) -> None:
    other = office.officer(Role.ADMINISTRATOR, "Paul Henri")
    operators.change_role(administrator.actor, counter.id, Role.ADMINISTRATOR)
    assert operator_rows.operator(counter.id).role is Role.COUNTER
    operators.withdraw(administrator.actor, counter.id)
    assert operator_rows.operator(counter.id).proposed is None
    operators.change_role(administrator.actor, counter.id, Role.ADMINISTRATOR)
    operators.confirm(other.actor, counter.id)
    assert operator_rows.operator(counter.id).role is Role.ADMINISTRATOR


def test_nobody_disables_themself_nor_the_last_administrator(app: Flask, administrator: Officer) -> None:
    with pytest.raises(InvalidError):
        operators.disable(administrator.actor, administrator.id)
    other = office.officer(Role.ADMINISTRATOR, "Paul Henri")
    operators.disable(administrator.actor, other.id)
    with pytest.raises(InvalidError):
        operators.disable(other_actor(other), administrator.id)
    with pytest.raises(InvalidError):
        operators.change_role(other_actor(other), administrator.id, Role.COUNTER)


def other_actor(other: Officer) -> Actor:
    """An actor kept from before they were disabled."""
    return Actor(ActorKind.OPERATOR, other.id, other.name, role=other.role, proved_at=clocks.now())


def test_who_is_disabled_is_out_at_once(app: Flask, administrator: Officer, counter: Officer) -> None:
    inside = counter.browser(app)
    assert inside.get("/admin/guichet").status == 200
    operators.disable(administrator.actor, counter.id)
    assert inside.get("/admin/guichet").path == "/connexion"
    guest = Browser(app)
    page = guest.get("/connexion")
    values = {"email": counter.email, "password": office.PASSWORD}
    assert guest.submit(page.form("password"), values).status == 422
    operators.enable(administrator.actor, counter.id)
    page = guest.get("/connexion")
    assert guest.submit(page.form("password"), values, expect=200).path == "/connexion/code"


def test_another_role_takes_effect_at_once(app: Flask, administrator: Officer, counter: Officer) -> None:
    inside = counter.browser(app)
    operators.change_role(administrator.actor, counter.id, Role.PRIVACY_OFFICER)
    assert inside.get("/admin/").path == "/connexion"
    assert counter.browser(app).get("/admin/personnes").status == 200
    assert counter.browser(app).get("/admin/guichet", expect=404).status == 404


def test_what_widens_asks_for_a_fresh_proof(
    app: Flask, administrator: Officer, counter: Officer, clock: FakeClock
) -> None:
    actor = administrator.actor
    clock.advance(timedelta(minutes=6))
    for act in (
        lambda: operators.invite(actor, NEW),
        lambda: operators.invite_again(actor, counter.id),
        lambda: operators.confirm(actor, counter.id),
        lambda: operators.enable(actor, counter.id),
        lambda: operators.change_role(actor, counter.id, Role.PRIVACY_OFFICER),
    ):
        with pytest.raises(StepUpError):
            act()
    operators.disable(actor, counter.id)  # narrowing never asks


def test_only_administrators_touch_operators(app: Flask, privacy: Officer, counter: Officer) -> None:
    patient = build.citizen()
    for actor in (privacy.actor, counter.actor, patient.actor):
        for act in (
            lambda actor=actor: operators.invite(actor, NEW),
            lambda actor=actor: operators.disable(actor, counter.id),
            lambda actor=actor: operators.withdraw(actor, counter.id),
            lambda actor=actor: operators.make_from_host(actor, NEW),
        ):
            with pytest.raises(NotFoundError):
                act()


def test_a_patients_account_is_no_operator(app: Flask, administrator: Officer) -> None:
    patient = build.citizen()
    assert patient.account_id is not None
    with pytest.raises(NotFoundError):
        operators.disable(administrator.actor, patient.account_id)


def test_an_address_serves_one_account(app: Flask, administrator: Officer, counter: Officer) -> None:
    taken = NewOperator("Zoé Leroux", counter.email.upper(), Role.COUNTER)
    with pytest.raises(InvalidError) as refused:
        operators.invite(administrator.actor, taken)
    assert "email" in refused.value.problems


def test_each_change_is_in_the_trail_and_told(app: Flask, administrator: Officer, privacy: Officer) -> None:
    made = operators.invite(administrator.actor, NEW)
    operators.withdraw(administrator.actor, made)
    acts = [entry.action for entry in audit.office_acts()]
    assert acts[:2] == [Action.OPERATOR_WITHDRAWN, Action.OPERATOR_INVITED]
    assert build.mails_to(privacy.email)[-1]["message"] == "operators-changed"
    with pytest.raises(NotFoundError):
        operator_rows.operator(made)
    assert operators.invite(administrator.actor, NEW)  # the address is free again


def test_roles_come_from_nowhere_but_the_list(app: Flask, administrator: Officer) -> None:
    browser = administrator.browser(app)
    page = browser.get("/admin/operateurs/inviter")
    data = {"csrf_token": page.csrf_token, "name": "Zoé", "email": NEW.email, "role": "patient"}
    assert browser.post("/admin/operateurs/inviter", data, expect=422).status == 422
    data |= {"role": "counter", "disabled_at": "", "person_id": "1", "totp_secret": "A", "state": "active"}
    browser.post("/admin/operateurs/inviter", data, expect=200)
    made = next(each for each in operator_rows.operators() if each.email == NEW.email)
    assert made.state is OperatorState.INVITED
