"""Signing in, as pages: two factors, rotation, devices, what an unknown address sees (security.md R3-R8)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from espace import crypto, db, outbox
from espace.accounts import services as accounts
from espace.accounts.models import Account, Device
from espace.accounts.services import factors, sessions
from espace.audit import services as audit
from espace.crypto import passwords as hashing
from espace.identifiers import new_id
from espace.machines import Machines
from espace.web.guards import cookie_name, declared
from tests.support.browser_client import Browser, Page
from tests.support.build import PASSWORD, mails_to
from tests.support.clock import FakeClock

from .journey import Member, activated, app_code, give_password, sign_in


@pytest.fixture
def member(app: Flask) -> Member:
    """Claire, who activated her space on another device."""
    return activated(app)


_SAMPLES = {"uuid": "00000000-0000-7000-8000-000000000000", "int": "1"}


def account_id(member: Member) -> Any:
    """The account behind a member."""
    found = accounts.account_of(member.person.person_id)
    assert found is not None
    return found.id


def test_two_factors_lead_to_where_one_was_going(client: Browser, member: Member, clock: FakeClock) -> None:
    assert client.get("/compte").h1 == "Se connecter"
    assert sign_in(client, member, clock).headers["Location"] == "/compte"
    page = client.get("/compte")
    assert "Claire Fontenay" in page.text
    assert member.email in page.text
    assert factors.recovery_codes_left(account_id(member)) == 10


def test_a_recovery_code_stands_in_for_the_app_once(client: Browser, member: Member, app: Flask) -> None:
    typed = member.recovery[0].lower().replace("-", " ")
    page = give_password(client, member.email, expect=200)
    assert client.submit(page.form("code"), {"code": typed}, follow=False).headers["Location"] == "/dossiers/"
    assert factors.recovery_codes_left(account_id(member)) == 9
    other = Browser(app)
    page = give_password(other, member.email, expect=200)
    assert "n'est pas bon" in other.submit(page.form("code"), {"code": member.recovery[0]}, expect=422).text


def test_a_code_of_the_app_works_once(client: Browser, member: Member, app: Flask, clock: FakeClock) -> None:
    clock.advance(timedelta(minutes=5))
    code = app_code(member.secret)
    page = give_password(client, member.email, expect=200)
    client.submit(page.form("code"), {"code": code}, expect=303, follow=False)
    other = Browser(app)
    page = give_password(other, member.email, expect=200)
    assert "n'est pas bon" in other.submit(page.form("code"), {"code": code}, expect=422).text
    clock.advance(timedelta(seconds=30))
    assert other.submit(page.form("code"), {"code": code}, expect=422)
    assert other.submit(page.form("code"), {"code": app_code(member.secret)}, expect=303, follow=False)


def test_with_one_factor_no_route_opens_but_the_second_factor(client: Browser, member: Member, app: Flask) -> None:
    give_password(client, member.email, expect=200)
    closed = [
        rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and declared(app.view_functions[rule.endpoint]) != "public"
    ]
    assert closed
    for rule in closed:
        path = re.sub(r"<(?:(\w+)[^:>]*:)?\w+>", lambda found: _SAMPLES.get(found[1], "x"), rule.rule)
        answer = client.get(path, follow=False, expect=303)
        assert answer.headers["Location"] in ("/connexion", "/pro/connexion"), rule.rule


def test_every_step_gets_a_new_token(client: Browser, member: Member, clock: FakeClock, app: Flask) -> None:
    name = cookie_name(app)
    client.set_cookie(name, "chosen-by-an-attacker")
    clock.advance(timedelta(seconds=30))
    page = give_password(client, member.email, expect=200)
    waiting = client.cookie(name)
    assert waiting != "chosen-by-an-attacker"
    client.submit(page.form("code"), {"code": app_code(member.secret)}, expect=303, follow=False)
    full = client.cookie(name)
    assert full != waiting
    assert waiting
    assert full
    assert sessions.pending(waiting) is None
    assert accounts.identify(waiting) is None
    clock.advance(timedelta(seconds=30))
    form = client.get("/connexion/preuve").form("code")
    client.submit(form, {"code": app_code(member.secret)}, expect=303, follow=False)
    proved = client.cookie(name)
    assert proved
    assert accounts.identify(full) is None
    actor = accounts.identify(proved)
    assert actor is not None
    assert actor.proved_at == clock.now


def test_a_wrong_proof_changes_nothing(client: Browser, member: Member, clock: FakeClock) -> None:
    sign_in(client, member, clock)
    page = client.submit(client.get("/connexion/preuve").form("code"), {"code": "000000"}, expect=422)
    assert "n'est pas bon" in page.text
    assert client.get("/compte").h1 == "Compte"


def test_the_second_factor_is_awaited_for_ten_minutes(client: Browser, member: Member, clock: FakeClock) -> None:
    page = give_password(client, member.email, expect=200)
    clock.advance(timedelta(minutes=10))
    late = client.submit(page.form("code"), {"code": app_code(member.secret)}, follow=False)
    assert late.headers["Location"] == "/connexion"


def alerts(member: Member) -> int:
    """How many messages tell of a new device."""
    found: list[Any] = mails_to(member.email)
    return sum(mail["message"] == "new-device" for mail in found)


def test_a_new_device_is_told_by_mail_and_a_known_one_is_not(client: Browser, member: Member, clock: FakeClock) -> None:
    sign_in(client, member, clock)
    assert alerts(member) == 1
    client.submit(client.get("/deconnexion").form("csrf_token"))
    sign_in(client, member, clock)
    assert alerts(member) == 1
    with db.read() as tx:
        assert len(tx.execute(select(Device.token_hash)).all()) == 2  # the phone of the activation, and this one


def test_signing_out_ends_the_session_and_clears_the_browser(
    client: Browser, member: Member, clock: FakeClock, app: Flask
) -> None:
    sign_in(client, member, clock)
    token = client.cookie(cookie_name(app))
    asked = client.get("/deconnexion")
    assert client.get("/compte").h1 == "Compte", "a link alone signs nobody out"
    answer = client.submit(asked.form("csrf_token"), follow=False, expect=303)
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert token
    assert accounts.identify(token) is None
    assert "Vous êtes déconnecté de ce navigateur." in client.get("/connexion").text
    assert client.get("/compte").h1 == "Se connecter"


def test_another_device_is_signed_out_from_the_account(
    client: Browser, member: Member, app: Flask, clock: FakeClock
) -> None:
    other = Browser(app)
    sign_in(other, member, clock)
    sign_in(client, member, clock)
    page = client.get("/compte/appareils")
    endings = [form for form in page.forms if "/sessions/" in form.action]
    assert len(endings) == 2  # the activation's browser and the other
    for form in endings:
        client.submit(form, expect=200)
    assert other.get("/compte").h1 == "Se connecter"
    assert client.get("/compte").h1 == "Compte"
    foreign = endings[0].action
    assert client.post(foreign, {"csrf_token": page.csrf_token}).status == 404


def test_the_language_follows_the_account(client: Browser, member: Member, clock: FakeClock) -> None:
    sign_in(client, member, clock)
    form = client.get("/compte/langue").form("locale")
    assert client.submit(form, {"locale": "en"}, expect=200).h1 == "Account"
    assert accounts.mail_addresses([member.person.person_id]) == [(member.email, "en")]
    page = client.submit(client.get("/compte/langue").form("locale"), {"locale": "tlh"}, expect=422)
    assert "Choose one of these languages" in page.text


def test_the_account_s_trail_tells_of_sign_ins_and_refusals(client: Browser, member: Member, clock: FakeClock) -> None:
    give_password(client, member.email, "pas le bon mot de passe", expect=422)
    sign_in(client, member, clock)
    client.submit(client.get("/deconnexion").form("csrf_token"))
    outbox.work()
    owner = account_id(member)
    mine = audit.entries(owner, mine=True, holder_actor_ids=[owner], before=None)
    others = audit.entries(owner, mine=False, holder_actor_ids=[owner], before=None)
    A = audit.Action  # noqa: N806 - shorter in the list below
    assert [entry.action for entry in mine] == [A.SIGNED_OUT, A.SIGNED_IN, A.ACTIVATED]
    assert [entry.action for entry in others] == [A.SIGN_IN_REFUSED]


class CountingHasher(crypto.Hasher):
    """The tests' light hasher, counting its work."""

    def __init__(self) -> None:
        super().__init__(memory_kib=64, time_cost=1, lanes=1)
        self.checked: list[bool] = []

    def verify(self, password: str, stored: str | None) -> bool:
        """Count, then check."""
        found = super().verify(password, stored)
        self.checked.append(found)
        return found


def shape(page: Page) -> tuple[Any, ...]:
    """What an onlooker sees of an answer, but for the values that are fresh each time."""
    headers = {k: v for k, v in page.headers.items() if k not in ("Content-Security-Policy", "Set-Cookie")}
    return page.status, len(page.body), tuple(sorted(headers.items()))


@pytest.fixture
def hasher() -> CountingHasher:
    """The hasher of this house."""
    return CountingHasher()


@pytest.fixture
def counted(machines: Machines, hasher: CountingHasher) -> Machines:
    """The house with its work counted."""
    object.__setattr__(machines, "hasher", hasher)
    machines.bind()
    return machines


def test_an_unknown_address_sees_and_costs_the_same(
    counted: Machines, hasher: CountingHasher, app: Flask, clock: FakeClock
) -> None:
    known = [f"claire{number:02}@exemple.fr" for number in range(10)]
    for email in known:
        some_account(email)
    seen: dict[bool, set[Any]] = {True: set(), False: set()}
    work: dict[bool, list[int]] = {True: [], False: []}
    for number in range(10):
        for is_known in (True, False):
            email = known[number] if is_known else f"absent{number:02}@exemple.fr"
            before = len(hasher.checked)
            browser = Browser(app, ip=f"198.51.100.{number}")
            page = give_password(browser, email, "un mot de passe inventé")
            seen[is_known].add(shape(page))
            work[is_known].append(len(hasher.checked) - before)
    assert seen[True] == seen[False]
    assert len(seen[True]) == 1
    assert work[True] == work[False] == [1] * 10
    assert not any(hasher.checked)


def some_account(email: str) -> None:
    """An account with a password, without the walk through activation."""
    from espace.accounts.services.sign_in import email_index
    from espace.identifiers import new_id

    identifier = new_id()
    stored = crypto.hasher().hash(PASSWORD)
    with db.write() as tx:
        crypto.new_owner_key(tx, identifier)
        payload = {"email": email, "password_hash": stored, "totp_secret": "A" * 32}
        tx.execute(
            insert(Account).values(
                id=identifier,
                person_id=new_id(),
                email_index=email_index(email),
                locale="fr",
                created_at=identifier_time(),
                last_totp_step=0,
                payload=crypto.seal(tx, identifier, "accounts", identifier, payload),
            )
        )


def identifier_time() -> Any:
    """Now, by the house's clock."""
    from espace import clock

    return clock.now()


def test_an_overlong_password_is_refused_before_any_hashing(
    counted: Machines, hasher: CountingHasher, app: Flask
) -> None:
    member = activated(app)
    hasher.checked.clear()
    for email in (member.email, "absent@exemple.fr"):
        page = give_password(Browser(app), email, "x" * 129)
        assert page.status == 422
        assert "trop long" in page.text
    assert hasher.checked == []


def test_an_old_hash_is_made_anew_at_the_next_sign_in(client: Browser, member: Member) -> None:
    owner = account_id(member)

    def stored() -> str:
        with db.read() as tx:
            payload = tx.execute(select(Account.payload).where(Account.id == owner)).scalar_one()
            return str(crypto.unseal(tx, owner, "accounts", owner, payload)["password_hash"])

    assert "m=64,t=1,p=1" in stored()
    hashing.bind(stronger := crypto.Hasher(memory_kib=128, time_cost=1, lanes=1))
    from espace.accounts.services import sign_in as service
    from espace.permissions import Visitor

    service.check_password(member.email, PASSWORD, Visitor("192.0.2.1"))
    assert "m=128,t=1,p=1" in stored()
    assert stronger.verify(PASSWORD, stored())


def test_what_was_typed_stays_but_the_password(client: Browser, member: Member) -> None:
    page = give_password(client, member.email, "pas le bon mot de passe", expect=422)
    values = page.form("email").values
    assert values["email"] == [member.email]
    assert "pas le bon" not in page.body.decode()
    fields = {f.get("name"): f.get("autocomplete") for f in page.tree.xpath("//main//input")}
    assert fields["email"] == "username"
    assert fields["password"] == "current-password"
    code = give_password(client, member.email, expect=200).tree.xpath("//input[@name='code']")[0]
    assert code.get("autocomplete") == "one-time-code"


def test_a_session_gone_in_the_middle_of_a_form_leads_back_to_it(app: Flask, clock: FakeClock) -> None:
    member, browser = activated(app), Browser(app)
    form = f"/dossiers/{member.person.record_id}/documents/ajouter"
    page = browser.post(form, {"title": "Prise de sang"}, expect=200)
    assert page.path == "/connexion"
    assert "rien n'a été envoyé" in page.text
    assert sign_in(browser, member, clock).headers["Location"] == form


def test_an_act_without_a_page_of_its_own_leads_to_the_sign_in_only(app: Flask) -> None:
    page = Browser(app).post(f"/compte/appareils/sessions/{new_id()}/fin", {}, expect=200)
    assert page.path == "/connexion"
    assert "rien n'a été changé" in page.text
