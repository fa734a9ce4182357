"""The pages one starts from: for anybody, for a person with children, for one who has nothing yet."""

import json
from datetime import date
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import event

from espace.audit import services as audit
from espace.audit.services import Action
from espace.machines import Machines
from tests.support import build
from tests.support.browser_client import Browser

PUBLIC = ("/", "/aide", "/accessibilite", "/confidentialite")


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_speak_both_languages_and_stay_light(client: Browser, path: str) -> None:
    packed = client.app.test_client().get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) <= 14 * 1024
    words = client.get(path)
    assert words.tree.get("lang") == "fr"
    english = client.get(words.link("English"))
    assert english.path == path
    assert english.tree.get("lang") == "en"
    assert english.h1 != words.h1 or path == "/aide"
    assert client.get(english.link("Français")).h1 == words.h1


@pytest.mark.parametrize(
    "place", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "x"]
)
def test_choosing_a_language_never_leads_elsewhere(client: Browser, place: str) -> None:
    page = client.get("/langue/en", follow=False, expect=303, query_string={"vers": place})
    assert page.headers["Location"] == "/"
    assert client.cookie("langue") == "en"
    client.get("/langue/tlh", expect=404)


def test_a_signed_in_person_starts_in_their_own_record(app: Flask) -> None:
    claire = build.citizen()
    page = claire.browser(app).get("/")
    assert page.path == f"/dossiers/{claire.record_id}/"
    assert page.h1 == "Bonjour Claire"
    assert page.title == "Accueil – Claire Fontenay – espace"
    assert "Lundi 23 novembre." in page.text
    assert len(page.body) <= 60 * 1024


def test_who_is_signed_in_reads_the_help_and_finds_the_way_back(app: Flask) -> None:
    browser = build.citizen().browser(app)
    for path in PUBLIC[1:]:
        page = browser.get(path)
        assert page.link("Revenir à mon espace") == "/"
        assert not page.tree.xpath("//header//a[@href='/connexion']")


def test_a_professional_starts_on_their_side(app: Flask) -> None:
    assert build.caregiver().browser(app).get("/").path.startswith("/pro/")


def test_children_stand_beside_oneself_each_in_their_colour(app: Flask) -> None:
    mother = build.citizen()
    jules = build.citizen("Jules", birth=date(2017, 3, 2), parents=(mother,), activated=False)
    nine = build.citizen("Nine", birth=date(2026, 4, 2), parents=(mother,), activated=False)
    browser = mother.browser(app)
    page = browser.get("/dossiers/")
    rows = page.tree.xpath("//ul[@class='rows']/li")
    assert [row.xpath("string(.//a)") for row in rows] == ["Claire Fontenay", "Jules Fontenay", "Nine Fontenay"]
    colours = [row.xpath("string(.//span[contains(@class,'av')]/@class)").split()[-1] for row in rows]
    assert len(set(colours)) == 3
    home = browser.get(page.link("Jules"))
    assert home.path == f"/dossiers/{jules.record_id}/"
    assert home.h1 == "Le dossier de Jules"
    assert "Vous agissez pour Jules" in home.text
    assert colours[1] in home.tree.xpath("string(//body/@class)")
    switcher = browser.get(f"/dossiers/{nine.record_id}/plus")
    assert "Nine Fontenay" in switcher.title
    assert switcher.link("Claire Fontenay") == f"/dossiers/{mother.record_id}/"


def test_a_stranger_finds_nothing_and_a_visitor_is_asked_to_sign_in(app: Flask) -> None:
    claire, stranger = build.citizen(), build.citizen("Zoé", "Nouvelle")
    for page in ("", "plus", "historique"):
        address = f"/dossiers/{claire.record_id}/{page}"
        stranger.browser(app).get(address, expect=404)
        build.caregiver().browser(app).get(address, expect=404)
        assert Browser(app).get(address, follow=False, expect=303).headers["Location"] == "/connexion"
        assert "Fontenay" not in stranger.browser(app).get(address, expect=404).text
        stranger.browser(app).get(f"/dossiers/{uuid4()}/{page}", expect=404)


def test_more_leads_to_every_page_of_the_record(app: Flask) -> None:
    claire = build.citizen()
    browser = claire.browser(app)
    page = browser.get(f"/dossiers/{claire.record_id}/plus")
    base = f"/dossiers/{claire.record_id}/"
    for address in {a for a in page.tree.xpath("//main//a/@href | //nav//a/@href") if a.startswith(base)}:
        browser.get(address)
    assert f"{base}historique" in page.links.values()
    assert page.form("csrf_token").action == "/deconnexion"


def test_machines_learn_whether_the_house_is_well(client: Browser, machines: Machines) -> None:
    assert client.get("/healthz").body == b"ok\n"
    assert json.loads(client.get("/readyz").body) == {"database": "ok", "keys": "ok", "storage": "ok"}
    machines.settings.key_file.rename(machines.settings.key_file.with_suffix(".away"))
    machines.storage.root = machines.storage.root / "gone"
    found = json.loads(client.get("/readyz", expect=503).body)
    assert found == {"database": "ok", "keys": "failing", "storage": "failing"}


def test_machines_find_what_they_look_for(client: Browser) -> None:
    assert "Expires: 2027-01-02T00:00:00Z" in client.get("/.well-known/security.txt").body.decode()
    manifest = client.get("/manifest.webmanifest")
    assert manifest.headers["Content-Type"] == "application/manifest+json"
    assert client.get(json.loads(manifest.body)["icons"][0]["src"]).status == 200
    assert "Disallow: /" in client.get("/robots.txt").body.decode()


def test_the_home_asks_the_database_as_often_whatever_the_record_holds(app: Flask, machines: Machines) -> None:
    claire, doctor = build.citizen(), build.caregiver()
    browser = claire.browser(app)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    database = machines.database
    # On PostgreSQL the reader is the writer with another option: it would be heard twice.
    for engine in (database.reader, database.writer) if database.is_sqlite else (database.writer,):
        event.listen(engine, "before_cursor_execute", note)
    counts = []
    for visits in (0, 20):
        for number in range(visits):
            audit.record(doctor.actor, claire.record_id, Action.DOCUMENT_OPENED, objects=[{"id": str(number)}])
        asked.clear()
        browser.get(f"/dossiers/{claire.record_id}/")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 6, asked
