"""Pages of the care history, in a browser without a screen: read, looked through, hidden and shown again."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask

from espace.access import services as access
from espace.assembly import serve
from espace.documents.services import care_history
from espace.machines import Machines
from espace.settings import Settings
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock

from .care_files import bring, line
from .house import House, titles, trail


@pytest.fixture
def cared(home: House) -> House:
    bring(
        line(home.mother, "R1", "2026-09-14", visit="V1", label="Consultation de suivi"),
        line(home.mother, "R2", "2026-09-14", visit="V1", kind="procedure", label="Tracé du cœur"),
        line(home.mother, "R3", "2026-10-02", kind="medicines", label="<b>Pommade</b>", place="Pharmacie"),
    )
    return home


@pytest.fixture
def mother(cared: House, app: Flask) -> Browser:
    return cared.mother.browser(app)


@pytest.fixture
def doctor(cared: House, app: Flask) -> Browser:
    return cared.doctor.browser(app)


def own(home: House, rest: str = "") -> str:
    return f"/dossiers/{home.mother.record_id}/soins{rest}"


def seen_by_doctor(home: House, rest: str = "") -> str:
    return f"/pro/patients/{home.mother.record_id}/soins{rest}"


def test_the_list_leads_from_month_to_visit_to_line(cared: House, mother: Browser) -> None:
    page = mother.get(own(cared))
    assert titles(page) == ["<b>Pommade</b>", "Consultation de suivi"]
    assert [found.text_content() for found in page.tree.xpath("//h2[@class='year']")] == [
        "Octobre 2026",
        "Septembre 2026",
    ]
    assert "60,00 €, 38,00 € remboursés" in page.text
    visit = mother.get(page.tree.xpath("//h3/a[contains(., 'suivi')]/@href")[0])
    assert "Soins du 14 septembre 2026" in visit.text
    assert "Tracé du cœur" in visit.text
    assert visit.tree.xpath("//dd[.='R2']")


def test_the_page_is_found_from_the_record(cared: House, mother: Browser, doctor: Browser) -> None:
    for browser, base in ((mother, own(cared)), (doctor, seen_by_doctor(cared))):
        page = browser.get(base.removesuffix("soins") + "documents")
        assert base in page.tree.xpath("//nav//a/@href")
    assert own(cared) in mother.get(own(cared).removesuffix("soins") + "plus").tree.xpath("//main//a/@href")


def test_a_kind_and_a_period_are_chosen_without_script(cared: House, mother: Browser) -> None:
    form = mother.get(own(cared)).form("sorte", "depuis")
    assert [option.get("value") for option in form.element.xpath(".//select[@id='sorte']/option")] == [
        "",
        "consultation",
        "procedure",
        "medicines",
    ]
    assert titles(mother.submit(form, {"sorte": "medicines", "depuis": "3"})) == ["<b>Pommade</b>"]
    assert "Aucun soin de cette sorte" in mother.get(own(cared, "?sorte=dental")).text
    for odd in ("?sorte=x", "?depuis=7", "?depuis=x", "?avant=%00", "?avant=" + "A" * 400):
        assert len(titles(mother.get(own(cared, odd)))) == 2, odd


def test_what_is_looked_for_stands_in_no_address(cared: House, mother: Browser) -> None:
    form = mother.get(own(cared)).form("mots")
    page = mother.submit(form, {"mots": "  COEUR "})
    assert page.path == own(cared, "/recherche")
    assert titles(page) == ["Tracé du cœur"]
    assert "1 ligne trouvée" in page.text
    nothing = mother.submit(page.form("mots"), {"mots": "<script>alert(1)"})
    assert "Rien trouvé" in nothing.text
    assert mother.submit(page.form("mots"), {"mots": " "}).path == own(cared)
    assert mother.get(own(cared, "/recherche")).path == own(cared)


def test_an_empty_history_says_what_will_come(home: House, app: Flask) -> None:
    page = home.mother.browser(app).get(own(home))
    assert page.tree.xpath("//*[@class='empty']")
    assert not page.tree.xpath("//input[@id='mots']")


def test_a_line_is_hidden_then_shown_again_from_its_visit(cared: House, mother: Browser, doctor: Browser) -> None:
    visit = mother.get(own(cared)).tree.xpath("//h3/a[contains(., 'suivi')]/@href")[0]
    page = mother.submit(mother.get(visit).form("ligne"), {})
    assert "Plus aucun professionnel ne voit cette ligne" in page.text
    assert titles(doctor.get(seen_by_doctor(cared))) == ["<b>Pommade</b>", "Tracé du cœur"]
    confirm = mother.get(page.tree.xpath("//a[contains(@href, '/montrer')]/@href")[0])
    assert "Montrer cette ligne aux professionnels" in confirm.text
    mother.submit(confirm.form("ligne"), {})
    assert "Consultation de suivi" in doctor.get(seen_by_doctor(cared)).text


def test_the_whole_visit_is_hidden_with_its_consequence_in_words(
    cared: House, mother: Browser, doctor: Browser
) -> None:
    visit = mother.get(own(cared)).tree.xpath("//h3/a[contains(., 'Pommade')]/@href")[0]
    page = mother.get(visit)
    assert "aucun professionnel ne les verra plus, pas même le médecin traitant" in page.text
    hide = next(form for form in page.forms if form.action.endswith("/masquer"))
    assert "Aucun professionnel, pas même le médecin traitant." in mother.submit(hide, {}).text
    gone = doctor.get(visit.replace("/dossiers/", "/pro/patients/"), expect=404)
    assert gone.status == doctor.get(seen_by_doctor(cared, f"/{uuid4()}"), expect=404).status
    assert "Caché aux professionnels" in mother.get(own(cared)).text


def test_showing_leads_to_a_proof_before_anything_is_asked(cared: House, mother: Browser, clock: FakeClock) -> None:
    (_, visit) = care_history.history(cared.holder).visits
    care_history.hide(cared.holder, visit.id)
    clock.advance(timedelta(minutes=6))
    assert mother.get(own(cared, f"/{visit.id}/montrer")).path == "/connexion/preuve"
    assert mother.post(own(cared, f"/{visit.id}/montrer"), {}).status in (303, 400)
    assert all(line.hidden for line in care_history.visit(cared.holder, visit.id).lines)


def test_a_profession_that_does_not_read_reimbursements_finds_no_way_there(home: House, app: Flask) -> None:
    bring(line(home.mother))
    optician = build.caregiver("Quéré", "Anne", profession="28")
    build.consent(home.mother, optician, access.Answer.GRANT)
    browser = optician.browser(app)
    page = browser.get(f"/pro/patients/{home.mother.record_id}/documents")
    assert not [href for href in page.tree.xpath("//a/@href") if "soins" in href]
    for place in ("", "/recherche", f"/{uuid4()}"):
        assert browser.get(seen_by_doctor(home, place), expect=None, follow=False).status in (303, 404)
    assert browser.get(seen_by_doctor(home), expect=404).status == 404


def test_strangers_and_wrong_doors_find_nothing(cared: House, app: Flask, mother: Browser, doctor: Browser) -> None:
    (visit, _) = care_history.history(cared.holder).visits
    stranger = build.citizen("Ana", "Roy").browser(app)
    for rest in ("", f"/{visit.id}", f"/{visit.id}/montrer", "/recherche"):
        stranger.get(own(cared, rest), expect=404)
    for who, base in ((stranger, own), (doctor, own), (doctor, seen_by_doctor)):
        for act in ("masquer", "montrer"):
            assert who.post(base(cared, f"/{visit.id}/{act}"), {}).status in (400, 404, 405)
    child = cared.child.record_id
    assert mother.get(f"/dossiers/{child}/soins/{visit.id}", expect=404).status == 404
    assert not visit.all_hidden


def test_a_forged_line_names_nothing(cared: House, mother: Browser) -> None:
    (visit, _) = care_history.history(cared.holder).visits
    form = next(f for f in mother.get(own(cared, f"/{visit.id}")).forms if f.action.endswith("/masquer"))
    csrf = form.values["csrf_token"][0]
    for odd in ("x", str(uuid4()), "\x00"):
        mother.post(own(cared, f"/{visit.id}/masquer"), {"csrf_token": csrf, "ligne": odd}, expect=404)


def test_more_visits_come_as_a_fragment(home: House, app: Flask) -> None:
    bring(*(line(home.mother, f"R{n}", "2026-09-14", visit=f"V{n}", label=f"Soin {n}") for n in range(70)))
    browser = home.mother.browser(app)
    page = browser.get(own(home))
    assert len(titles(page)) == 60
    (more,) = page.tree.xpath("//a[@data-more]/@href")
    part = browser.get(more, whole=False, headers={"HX-Request": "true", "HX-Target": "soins"})
    assert len(part.tree.xpath("//h3")) == 10
    whole = browser.get(more)
    assert len(titles(whole)) == 10
    assert len(page.body) < 120_000


def test_the_months_in_words_follow_the_setting(
    cared: House, app: Flask, settings: Settings, machines: Machines
) -> None:
    assert "depuis 24 mois" in cared.mother.browser(app).get(own(cared)).text
    shorter = replace(machines, settings=replace(settings, care_history_months=6))
    assert "depuis 6 mois" in cared.mother.browser(serve(app, shorter)).get(own(cared)).text


def test_a_veiled_session_gets_nothing(cared: House, mother: Browser) -> None:
    page = mother.get("/compte/mode-prive")
    form = next((f for f in page.forms if "mode-prive" in f.action), None)
    assert form is not None
    mother.submit(form, {})
    veiled = mother.get(own(cared), expect=None)
    assert "Pommade" not in veiled.text


def test_the_trail_tells_the_doctor_looked(cared: House, doctor: Browser, mother: Browser) -> None:
    doctor.get(seen_by_doctor(cared))
    assert trail(cared.holder)[0].action == "care-read"
    assert (
        "a regardé l'historique de soins : 3 lignes."
        in mother.get(own(cared).removesuffix("soins") + "historique").text
    )
