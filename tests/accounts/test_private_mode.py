"""Private mode and the veil: neutral names, masked lists, a quick way out; what is veiled is not sent (R53)."""

import re
from datetime import date, timedelta

import pytest
from flask import Flask

from espace.access.services import Answer
from espace.accounts.services import assistance, identify, private_mode
from espace.accounts.services.assistance import Helper
from espace.audit import services as audit
from espace.documents import services as documents
from espace.documents.services import CLASSES
from espace.errors import RefusedError
from espace.machines import Machines
from espace.web.guards import cookie_name
from tests.house.test_routes import addresses
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.canaries import found_in
from tests.support.clock import FakeClock
from tests.support.crawl import crawl
from tests.support.marks import on_sqlite

CANARY = "Bilan canarivert"
DOCTOR = ("Canarijaune", "Hortense")
CANARIES = [CANARY, "Canarijaune", "Cabinet Canaribleu"]


@pytest.fixture
def holder(machines: Machines) -> build.Citizen:
    """A person whose record holds a document, an access and a history that name things."""
    made = build.citizen()
    build.document(made.standing(), CANARY, date(2026, 11, 2))
    doctor = build.caregiver(*DOCTOR, structure="Cabinet Canaribleu")
    build.consent(made, doctor, Answer.GRANT)
    standing = doctor.standing(made.record_id)
    assert standing is not None
    documents.page(standing)
    return made


def private(holder: build.Citizen) -> str:
    """A session in private mode."""
    token = holder.sign_in()
    actor = identify(token)
    assert actor is not None
    private_mode.choose(actor, on=True)
    return token


def assisted(holder: build.Citizen) -> str:
    """A session beside a helper."""
    token = holder.sign_in()
    actor = identify(token)
    assert actor is not None
    assistance.start(actor, Helper("Marc", "Petit", ""), "4871")
    return token


def browser_of(app: Flask, token: str) -> Browser:
    """A browser with this session."""
    browser = Browser(app)
    browser.set_cookie(cookie_name(app), token)
    return browser


def test_it_is_kept_by_the_account_and_reaches_every_open_session(holder: build.Citizen) -> None:
    other = holder.sign_in()
    token = private(holder)
    for one in (token, other):
        actor = identify(one)
        assert actor is not None
        assert (actor.is_private, actor.is_veiled) == (True, True)
    assert private_mode.is_chosen(holder.actor)
    private_mode.choose(holder.actor, on=False)
    for one in (token, other):
        actor = identify(one)
        assert actor is not None
        assert (actor.is_private, actor.is_veiled) == (False, False)
    assert holder.account_id is not None
    rows = audit.entries(holder.account_id, mine=True, holder_actor_ids={holder.account_id}, before=None, limit=3)
    assert [row.action for row in rows][:2] == [audit.Action.PRIVATE_MODE_OFF, audit.Action.PRIVATE_MODE_ON]


def test_the_pages_switch_it_and_the_tab_says_nothing(app: Flask, holder: build.Citizen) -> None:
    browser = holder.browser(app)
    page = browser.get("/compte/mode-prive")
    page = browser.send("POST", "/compte/mode-prive", data={"csrf_token": page.csrf_token, "on": "1"}, whole=False)
    assert page.status == 200
    for place in ("/dossiers/", "/compte", f"/dossiers/{holder.record_id}/acces", "/aide", "/introuvable"):
        page = browser.get(place, expect=None, whole=False)
        assert page.title == "Mes pages"
        icon = page.tree.xpath("//link[@rel='icon']/@href")[0]
        assert "circle" in icon
        assert "M4 2h4v24" not in icon, "not the mark of the house"
        assert [form for form in page.forms if form.action == "/depart"]


def test_lists_hide_their_words_until_shown_for_five_minutes(
    app: Flask, holder: build.Citizen, clock: FakeClock
) -> None:
    browser = browser_of(app, private(holder))
    place = f"/dossiers/{holder.record_id}/documents"
    page = browser.get(place, whole=False)
    assert CANARY not in page.text
    assert "2 novembre" in page.text
    shown = browser.send("POST", "/compte/mode-prive/montrer", data=dict(page.form("place").values), whole=False)
    assert shown.path == place
    assert CANARY in shown.text
    clock.advance(timedelta(minutes=4, seconds=59))
    assert CANARY in browser.get(place, whole=False).text
    clock.advance(timedelta(seconds=1))
    assert CANARY not in browser.get(place, whole=False).text


def test_a_category_does_not_tell_what_the_rows_are(app: Flask, holder: build.Citizen) -> None:
    browser = browser_of(app, private(holder))
    answers = set()
    for code in CLASSES:
        page = browser.get(f"/dossiers/{holder.record_id}/documents?sorte={code}", whole=False)
        answers.add(re.sub(r'nonce="[^"]*"|value="[^"]{40,}"', "", page.body.decode()))
    assert len(answers) == 1


def test_the_quick_way_out_ends_the_session_and_names_nothing(app: Flask, holder: build.Citizen) -> None:
    token = private(holder)
    browser = browser_of(app, token)
    page = browser.get(f"/dossiers/{holder.record_id}/", whole=False)
    form = next(form for form in page.forms if form.action == "/depart")
    assert form.element.get("data-leave") == "/calendrier"
    out = browser.send("POST", "/depart", data=dict(form.values), whole=False)
    assert (out.status, out.path, out.title) == (200, "/calendrier", "Calendrier de novembre 2026")
    assert "espace" not in out.text
    assert "espace" not in out.title
    assert out.tree.xpath("//script") == []
    assert identify(token) is None
    assert browser.get("/dossiers/").path == "/connexion"


@pytest.mark.parametrize("month", ["2026-12", "1900-01", "9999-99", "2026-13", "", "x", "0001-01", "２０２６-11"])
def test_the_calendar_has_every_month_asked_for(client: Browser, month: str) -> None:
    page = client.get("/calendrier", query_string={"mois": month}, whole=False)
    assert len(page.tree.xpath("//tbody/tr")) in (4, 5, 6)


def test_beside_a_helper_the_button_of_private_mode_shows_nothing(app: Flask, holder: build.Citizen) -> None:
    private(holder)
    token = assisted(holder)
    browser = browser_of(app, token)
    page = browser.get(f"/dossiers/{holder.record_id}/documents", whole=False)
    data = {"csrf_token": page.csrf_token, "place": f"/dossiers/{holder.record_id}/documents"}
    assert browser.send("POST", "/compte/mode-prive/montrer", data=data, whole=False).status == 403
    actor = identify(token)
    assert actor is not None
    assert actor.is_veiled
    with pytest.raises(RefusedError):
        private_mode.show(actor)
    private_mode.choose(actor, on=False)
    actor = identify(token)
    assert actor is not None
    assert actor.is_veiled, "switching private mode off lifts no helper's veil"


@on_sqlite
@pytest.mark.parametrize("begin", [private, assisted])
def test_no_word_of_the_record_is_sent_under_a_veil(
    app: Flask, holder: build.Citizen, begin: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(begin)
    token = begin(holder)
    ids = build.ids_of(holder.standing())
    browser = browser_of(app, token)
    # Whole pages are looked at for what they send, not for their titles, which are all alike here.
    monkeypatch.setattr("tests.support.browser_client._head_faults", lambda _page: [])
    seen = 0
    for rule, place in addresses(app, method="GET", ids=ids):
        for query in ("", "?qui=moi", "?original=1", "?page=1"):
            answers = [browser.get(place + query, expect=None, follow=False, whole=False)]
            for target in ("documents", "history", "anything"):
                answers += [browser.fragment(place + query, target, expect=None, follow=False)]
            for answer in answers:
                seen += 1
                headers = str(answer.headers).encode()
                assert found_in(answer.body + headers, CANARIES) == [], f"{rule.rule}{query}"
    for page in crawl(browser, f"/dossiers/{holder.record_id}/"):
        assert found_in(page.body, CANARIES) == [], page.path
    for rule, place in addresses(app, method="POST", ids=ids):
        if rule.rule.startswith("/dossiers/"):
            answer = browser.post(place, {"csrf_token": browser.get("/compte").csrf_token}, follow=False, whole=False)
            assert found_in(answer.body, CANARIES) == [], rule.rule
            assert answer.status in (403, 404), rule.rule
    assert seen > 100


@on_sqlite
def test_without_a_veil_the_same_words_are_there(app: Flask, holder: build.Citizen) -> None:
    """The canaries are alive: the crawl above would see them."""
    found: set[str] = set()
    for page in crawl(holder.browser(app), f"/dossiers/{holder.record_id}/"):
        found |= set(found_in(page.body, CANARIES))
    assert found == set(CANARIES)


@on_sqlite
def test_each_page_of_a_record_shown_beside_a_helper_leaves_a_row(
    app: Flask, holder: build.Citizen, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = assisted(holder)
    actor = identify(token)
    assert actor is not None
    browser = browser_of(app, token)
    monkeypatch.setattr("tests.support.browser_client._head_faults", lambda _page: [])
    silent: set[str] = set()
    for rule, place in addresses(app, method="GET", ids=build.ids_of(holder.standing())):
        if not rule.rule.startswith("/dossiers/<"):
            continue
        assistance.show(actor, "4871", build.VISITOR)
        before = rows_of(holder)
        page = browser.get(place, expect=None, follow=False, whole=False)
        if page.status == 200 and not rule.rule.endswith(SHARES_A_ROW) and rows_of(holder) == before:
            silent.add(rule.rule)
    assert silent == SAYS_NOTHING, "these pages show a record beside a helper and leave no row, or did"


# What shares the row of the page it stands on, or that of the same document taken another way (design 3.5).
SHARES_A_ROW = ("/pages/<int:number>", "/original", "/xdm")
# Pages of a record on which nothing of it stands but one's own words.
SAYS_NOTHING = {
    "/dossiers/<uuid:record_id>/plus",
    "/dossiers/<uuid:record_id>/acces/donner",
    "/dossiers/<uuid:record_id>/acces/professions",
    "/dossiers/<uuid:record_id>/documents/ajouter",
    "/dossiers/<uuid:record_id>/documents/dossiers",
    "/dossiers/<uuid:record_id>/documents/recherche",
    "/dossiers/<uuid:record_id>/voir-comme/<string:eyes>/documents/recherche",
    "/dossiers/<uuid:record_id>/documents/tout-cacher",
    "/dossiers/<uuid:record_id>/messages/recherche",
}


def rows_of(holder: build.Citizen) -> int:
    """How many acts beside a helper the record's trail tells."""
    ids = {holder.account_id} if holder.account_id else set()
    found = audit.entries(holder.record_id, mine=True, holder_actor_ids=ids, before=None, limit=500)
    return len([row for row in found if row.actor_helper])
