"""A FranceConnect-style identity as first proof, against a provider that is not ours (npm: oidc-provider)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from espace import clock as clocks
from espace import db
from espace.accounts.models import Account, Session
from espace.interop import openid
from espace.people import services as people
from espace.records import services as records
from espace.settings import Settings
from tests.support import build
from tests.support.browser_client import Browser, Page
from tests.support.clock import FakeClock
from tests.support.marks import on_sqlite
from tests.support.oidc import Peer, running

CALLBACK = "http://localhost:8000/connexion/identite/retour"
SECRET = "un secret entre serveurs, assez long"
BIRTH = date(1984, 5, 12)
CLAIRE = {
    "family_name": "FONTENAY",
    "given_name": "Claire Louise",
    "birthdate": BIRTH.isoformat(),
    "gender": "female",
    "birthplace": "75056",
}
WRONG: dict[str, dict[str, Any]] = {
    "another name": {"family_name": "FONTANEL"},
    "another first name": {"given_name": "Louise Claire"},
    "a first name that only begins alike": {"given_name": "Claireline"},
    "another day": {"birthdate": "1984-05-13"},
    "another sex": {"gender": "male"},
    "another birthplace": {"birthplace": "13055"},
    "no name": {"family_name": ""},
    "no first name": {"given_name": ""},
    "no birth date": {"birthdate": ""},
    "no sex": {"gender": ""},
}
ACCOUNTS = {
    "claire": CLAIRE,
    "twin": CLAIRE | {"given_name": "Adèle"},
    "lower": CLAIRE | {"acr": "eidas0"},
    **{why: CLAIRE | change for why, change in WRONG.items()},
}


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    """The provider, once for all tests here."""
    with running(
        callback=CALLBACK, client_id="espace", client_secret=SECRET, acr="eidas1", accounts=ACCOUNTS
    ) as provider:
        openid.forget()
        yield provider


@pytest.fixture
def clock() -> FakeClock:
    """The provider lives in real time."""
    return FakeClock(clocks.system_clock())


@pytest.fixture
def settings(settings: Settings, peer: Peer) -> Settings:
    """The house with this provider."""
    return replace(settings, identity_issuer=peer.issuer, identity_client_secret=SECRET)


def leave(browser: Browser, page: Page, values: dict[str, str] | None = None) -> str:
    """Press the button of `page` that leaves; gives the provider's address."""
    form = next(form for form in page.forms if form.action == page.path)
    gone = browser.submit(form, values, expect=303, follow=False)
    return str(gone.headers["Location"])


def come_back(browser: Browser, peer: Peer, address: str, login: str, expect: int = 200) -> Page:
    """Prove oneself at the provider and follow the way back."""
    back = urlsplit(peer.prove(address, login))
    return browser.get(f"{back.path}?{back.query}", expect=expect)


def link(app: Flask, peer: Peer, citizen: build.Citizen, login: str = "claire", expect: int = 200) -> Browser:
    """Link the identity to an account, from its security page."""
    browser = citizen.browser(app)
    address = leave(browser, browser.get("/compte/securite/identite"))
    come_back(browser, peer, address, login, expect)
    return browser


def linked(citizen: build.Citizen) -> bool:
    """Whether an outside identity opens this account."""
    with db.read() as tx:
        row = tx.execute(select(Account.provider_index).where(Account.id == citizen.account_id)).one()
    return row.provider_index is not None


@pytest.fixture
def claire(app: Flask) -> build.Citizen:
    """Somebody with an account."""
    return build.citizen("Claire", "Fontenay", birth=BIRTH)


def test_the_identity_stands_in_for_the_password_and_never_for_the_second_proof(
    app: Flask, client: Browser, peer: Peer, claire: build.Citizen, clock: FakeClock
) -> None:
    link(app, peer, claire)
    assert linked(claire)
    page = come_back(client, peer, leave(client, client.get("/connexion/identite")), "claire")
    assert page.path == "/connexion/code"
    with db.read() as tx:
        assert "password" in tx.execute(select(Session.stage)).scalars().all()
    client.get("/compte", expect=303, follow=False)  # one proof opens nothing
    clock.advance(timedelta(seconds=31))
    code = pyotp.TOTP(claire.totp_secret).at(clock.now)
    assert client.submit(page.form("code"), {"code": code}).path == "/compte"  # where one was going


def test_each_door_leads_there(app: Flask, client: Browser, claire: build.Citizen) -> None:
    assert client.get("/connexion").link("Continuer avec FranceConnect") == "/connexion/identite"
    assert client.get("/activation").link("FranceConnect") == "/activation/identite"
    assert claire.browser(app).get("/compte/securite").link("FranceConnect") == "/compte/securite/identite"


def test_the_link_can_be_ended(app: Flask, client: Browser, peer: Peer, claire: build.Citizen) -> None:
    browser = link(app, peer, claire)
    page = browser.get("/compte/securite/identite")
    ending = next(form for form in page.forms if form.action.endswith("/fin"))
    browser.submit(ending, expect=200)
    assert not linked(claire)
    address = leave(client, client.get("/connexion/identite"))
    come_back(client, peer, address, "claire", expect=403)
    client.get("/compte", expect=303, follow=False)


@on_sqlite
@pytest.mark.parametrize("login", ["twin", *WRONG])
def test_only_one_s_own_identity_can_be_linked(app: Flask, peer: Peer, claire: build.Citizen, login: str) -> None:
    person = people.person(claire.person_id)
    people.save_person(replace(_traits(person), birth_place="75056"))
    link(app, peer, claire, login, expect=403)
    assert not linked(claire)


def _traits(person: people.Person) -> people.Traits:
    return people.Traits(**{name: getattr(person, name) for name in people.Traits.__dataclass_fields__})


def test_an_identity_opens_one_space_only(app: Flask, peer: Peer, claire: build.Citizen) -> None:
    namesake = build.citizen("Claire", "Fontenay", birth=BIRTH)
    link(app, peer, claire)
    link(app, peer, namesake, expect=409)
    assert not linked(namesake)


@on_sqlite
def test_a_lower_level_of_assurance_opens_nothing(app: Flask, peer: Peer, claire: build.Citizen) -> None:
    link(app, peer, claire, "lower", expect=400)
    assert not linked(claire)


def test_linking_and_its_end_ask_for_a_fresh_proof(app: Flask, claire: build.Citizen, clock: FakeClock) -> None:
    browser = claire.browser(app)
    token = browser.get("/compte/securite/identite").csrf_token
    clock.advance(timedelta(minutes=5))
    leaving = browser.post("/compte/securite/identite", {"csrf_token": token}, expect=303, follow=False)
    assert leaving.headers["Location"] == "/connexion/preuve"
    browser.post("/compte/securite/identite/fin", {"csrf_token": token}, expect=403)
    browser.get("/compte/securite/identite", expect=303, follow=False)


def test_a_space_is_activated_without_the_letter(client: Browser, peer: Peer) -> None:
    someone = build.citizen("Claire", "Fontenay", birth=BIRTH, activated=False)
    address = leave(client, client.get("/activation/identite"), {"ins": someone.ins})
    page = come_back(client, peer, address, "claire")
    assert page.path == "/activation/adresse"
    again = Browser(client.app)  # begun there, taken up here with the same proof
    address = leave(again, again.get("/activation/identite"), {"ins": someone.ins})
    assert come_back(again, peer, address, "claire").path == "/activation/adresse"
    assert client.get("/activation/adresse").path == "/activation"


def test_the_proof_of_an_activation_opens_the_account_afterwards(client: Browser, peer: Peer) -> None:
    someone = build.citizen("Claire", "Fontenay", birth=BIRTH, activated=False)
    address = leave(client, client.get("/activation/identite"), {"ins": someone.ins})
    come_back(client, peer, address, "claire")
    done = build.finish_activation(client.cookie("activation") or "", someone, "claire@exemple.test")
    assert linked(done)
    assert records.record(someone.record_id).state in (records.OPEN, records.ACTIVE)


def test_an_unknown_number_and_a_wrong_identity_are_answered_alike(client: Browser, peer: Peer) -> None:
    someone = build.citizen("Claire", "Fontenay", birth=BIRTH, activated=False)
    told = []
    for number, login in ((build.ins(birth=BIRTH), "claire"), (someone.ins, "twin")):
        address = leave(client, client.get("/activation/identite"), {"ins": number})
        page = come_back(client, peer, address, login, expect=403)
        told.append((page.text, sorted(page.headers.keys())))
    assert told[0] == told[1]
    assert client.get("/activation/adresse").path == "/activation"


@on_sqlite
def test_a_number_that_is_none_is_told_beside_its_field(client: Browser, peer: Peer) -> None:
    page = client.submit(client.get("/activation/identite").form("ins"), {"ins": "12"}, expect=422)
    assert 'value="12"' in page.body.decode()


def test_a_return_serves_once_in_the_browser_that_left(
    app: Flask, client: Browser, peer: Peer, claire: build.Citizen, clock: FakeClock
) -> None:
    link(app, peer, claire)
    back = urlsplit(peer.prove(leave(client, client.get("/connexion/identite")), "claire"))
    Browser(app).get(f"{back.path}?{back.query}", expect=400)  # stolen on the way
    client.get(f"{back.path}?{back.query}", expect=400)  # it served already
    late = urlsplit(peer.prove(leave(client, client.get("/connexion/identite")), "claire"))
    clock.advance(timedelta(minutes=10))
    client.get(f"{late.path}?{late.query}", expect=400)
    for query in ("", "state=x&code=y", "code=y", "error=access_denied"):
        client.get(f"/connexion/identite/retour?{query}", expect=400)
    client.get("/compte", expect=303, follow=False)


@on_sqlite
def test_a_link_begun_in_one_session_does_not_end_in_another(app: Flask, peer: Peer, claire: build.Citizen) -> None:
    thief = build.citizen("Claire", "Fontenay", birth=BIRTH)
    browser = claire.browser(app)
    back = urlsplit(peer.prove(leave(browser, browser.get("/compte/securite/identite")), "claire"))
    # The same browser, handed over: its form cookie stays, its session is another's.
    from espace.web.guards import cookie_name

    browser.set_cookie(cookie_name(app), thief.sign_in())
    browser.get(f"{back.path}?{back.query}", expect=403)
    assert not linked(thief)
    assert not linked(claire)


@on_sqlite
def test_numbers_are_not_tried_one_after_the_other(client: Browser, peer: Peer) -> None:
    number = build.ins(birth=BIRTH)
    statuses = [
        client.submit(client.get("/activation/identite").form("ins"), {"ins": number}, follow=False).status
        for _ in range(6)
    ]
    assert statuses[0] == 303
    assert statuses[-1] == 429


@on_sqlite
class TestAway:
    """A house whose provider does not answer."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, identity_issuer="http://127.0.0.1:9")

    def test_it_is_said_with_the_other_ways(self, client: Browser) -> None:
        page = client.get("/connexion/identite", expect=503)
        assert page.link("Activer avec mon courrier") == "/activation"


class TestWithout:
    """A house without such a provider, as houses are unless told otherwise."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, identity_issuer="")

    def test_there_is_no_such_door(self, app: Flask, client: Browser, claire: build.Citizen) -> None:
        for path in ("/connexion/identite", "/activation/identite", "/connexion/identite/retour"):
            client.get(path, expect=404)
        claire.browser(app).get("/compte/securite/identite", expect=404)
        assert "FranceConnect" not in client.get("/connexion").text + client.get("/activation").text
