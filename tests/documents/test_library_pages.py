"""The library in a browser without a screen: shortcuts, filters, folders, a star; for the person and a professional."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from espace.access.services import Answer
from espace.documents import services as documents
from espace.documents.services.library import folders, readers
from espace.documents.views.filters import VIEWS
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.clock import FakeClock

from .house import House, addition, change, deposited, titles

REPORT = "11488-4"


def own(home: House, rest: str = "") -> str:
    return f"/dossiers/{home.mother.record_id}/documents{rest}"


def seen_by_doctor(home: House, rest: str = "") -> str:
    return f"/pro/patients/{home.mother.record_id}/documents{rest}"


@pytest.fixture
def shelf(home: House) -> dict[str, UUID]:
    return {
        "Radio": documents.add(home.holder, addition("Radio", date=date(2026, 3, 4))).id,
        "Ordonnance": deposited(home.doctor_here, "Ordonnance", date=date(2026, 11, 2)),
        "Compte rendu": deposited(home.doctor_here, "Compte rendu", type_code=REPORT, date=date(2019, 11, 3)),
    }


# -- looking ----------------------------------------------------------------------------------------------------------


def test_what_is_new_is_counted_and_leaves_when_read(
    home: House, app: Flask, mother: Browser, shelf: dict[str, UUID], clock: FakeClock
) -> None:
    page = mother.get(own(home))
    assert "3 documents depuis 2019. 2 nouveaux documents ces 30 derniers jours." in page.text
    assert [" ".join(one.text_content().split()) for one in page.tree.xpath("//nav[@class='seg after']/a")] == [
        "Tous",
        "Nouveaux 2",
        "Non lus 2",
        "Favoris",
    ]
    assert sum(one.text_content() == "Nouveau" for one in page.tree.xpath("//span[@class='badge new']")) == 2
    mother.get(own(home, f"/{shelf['Ordonnance']}"))
    page = mother.get(own(home))
    assert "unread" not in page.tree.xpath("//li[.//h3[contains(., 'Ordonnance')]]/@class")[0]
    assert titles(mother.get(page.link("Non lus 1"))) == ["Compte rendu"]
    clock.advance(timedelta(hours=2))
    page = home.mother.browser(app).get(own(home))
    assert "nouveau" not in page.text.split("Filtrer")[0]
    assert "Non lu" in page.text


def test_everything_can_count_as_read(home: House, mother: Browser, shelf: dict[str, UUID]) -> None:
    page = mother.get(own(home, "?vue=non-lus"))
    done = mother.submit(page.forms[-1])
    assert "Tous les documents sont marqués comme lus." in done.text
    assert "Vous avez tout lu" in mother.get(own(home, "?vue=non-lus")).text


@pytest.mark.parametrize("view", [view for view in VIEWS if view])
def test_each_way_to_look_says_what_it_means_when_it_is_empty(home: House, mother: Browser, view: str) -> None:
    page = mother.get(own(home, f"?vue={view}"))
    empty = page.tree.xpath("//*[@class='empty']")
    assert len(empty) == 1
    assert empty[0].xpath(".//a/@href") == [own(home)]


def test_the_filter_offers_what_is_there_and_says_what_it_leaves_out(
    home: House, mother: Browser, shelf: dict[str, UUID]
) -> None:
    page = mother.get(own(home))
    choosing = mother.get(page.link("Filtrer par sorte, auteur ou date"))
    offered = choosing.tree.xpath("//select[@name='sorte']/option/text()")
    assert offered == ["Toutes", "Ordonnances", "Comptes rendus", "Documents personnels"]
    assert choosing.tree.xpath("//select[@name='auteur']/option/text()") == ["Tous", "Dr\u00a0Hélène Morvan"]
    found = mother.submit(choosing.form("sorte"), {"sorte": "10"})
    assert titles(found) == ["Compte rendu"]
    assert "Comptes rendus" in found.text
    recent = mother.get(own(home, "?periode=1"))
    assert titles(recent) == ["Ordonnance", "Radio"]
    assert "Les documents plus anciens ne sont pas affichés." in recent.text
    assert titles(mother.get(recent.link("Afficher aussi les plus anciens"))) == [
        "Ordonnance",
        "Radio",
        "Compte rendu",
    ]
    nothing = mother.get(own(home, "?sorte=31"))
    assert "Aucun document ne correspond" in nothing.text


@pytest.mark.parametrize(
    "query",
    [
        "?vue=tout&sorte=zz&type=x&auteur=1&dossier=&periode=999&du=hier&au=2026-13-45&ordre=z&suite=9&avant=%00",
        "?du=20260101&au=99999-01-01",
        "?avant=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&suite=1",
        "?vue=nouveaux&avant=//////////////////////////////8=",
        "?auteur=%27%3B--&vue[]=a&vue=",
    ],
)
def test_an_address_that_means_nothing_shows_the_list(
    home: House, mother: Browser, doctor: Browser, shelf: dict[str, UUID], query: str
) -> None:
    for browser, path in ((mother, own(home, query)), (doctor, seen_by_doctor(home, query))):
        assert browser.get(path).status == 200
        assert browser.fragment(path, "documents").status == 200


def test_an_author_of_whom_one_sees_nothing_has_no_name(home: House, mother: Browser, shelf: dict[str, UUID]) -> None:
    author = documents.document(home.holder, shelf["Ordonnance"]).author_id
    assert "Dr Hélène Morvan" in mother.get(own(home, f"?auteur={author}")).text
    for name in ("Ordonnance", "Compte rendu"):
        change(shelf[name], patient_invisible=True)
    hidden = mother.get(own(home, f"?auteur={author}"))
    assert "Morvan" not in hidden.text
    stranger = mother.get(own(home, f"?auteur={uuid4()}"))
    assert [part for part in hidden.text.split() if str(author) not in part] == stranger.text.split()


def test_states_are_said_to_professionals_and_what_is_current_says_nothing(
    home: House, doctor: Browser, shelf: dict[str, UUID]
) -> None:
    start = {"hidden": False, "patient_invisible": False, "state": "current"}
    cases: dict[str, tuple[dict[str, Any], list[str]]] = {
        "?ordre=date": ({}, []),
        "?ordre=": ({"hidden": True}, ["Caché aux professionnels"]),
        "?vue=": ({"patient_invisible": True}, ["Pas encore annoncé au patient"]),
        "?vue=archives": ({"state": "archived"}, ["Archivé"]),
        "?vue=versions": ({"state": "superseded"}, ["Ancienne version"]),
    }
    for query, (values, words) in cases.items():
        change(shelf["Ordonnance"], **{**start, **values})
        page = doctor.get(seen_by_doctor(home, query))
        marks = page.tree.xpath("//li[.//h3[contains(., 'Ordonnance')]]//span[starts-with(@class,'badge')]")
        assert [one.text_content().strip() for one in marks] == words, query


def test_professionals_read_who_on_the_patient_s_side_added_a_document(
    home: House, app: Flask, doctor: Browser, shelf: dict[str, UUID]
) -> None:
    teen = build.citizen("Lou", "Fontenay", birth=date(2010, 2, 3), parents=[home.mother])
    build.consent(teen, home.doctor, Answer.GRANT)
    places = {
        documents.add(home.mother.standing(teen.record_id), addition("Photo")).id: (teen, "Ajouté par un parent"),
        documents.add(teen.standing(), addition("Cahier")).id: (teen, "Ajouté par le patient"),
        shelf["Radio"]: (home.mother, "Ajouté par le patient"),
    }
    for one, (person, said) in places.items():
        base = f"/pro/patients/{person.record_id}/documents"
        listed = doctor.get(base).tree.xpath(f"//li[.//a[contains(@href, '{one}')]]//span[starts-with(@class,'badge')]")
        assert [mark.text_content().strip() for mark in listed][-1] == said
        shown = doctor.get(f"{base}/{one}").tree.xpath("//div[@class='page-head']//span[starts-with(@class,'badge')]")
        assert [mark.text_content().strip() for mark in shown] == [said]


# -- a professional ---------------------------------------------------------------------------------------------------


def test_a_professional_gets_what_concerns_their_profession_first_and_everything_after(
    home: House, doctor: Browser, shelf: dict[str, UUID]
) -> None:
    page = doctor.get(seen_by_doctor(home))
    assert [one.text_content() for one in page.tree.xpath("//h2[@class='year']")] == [
        "D'abord, pour votre profession",
        "Les autres documents",
    ]
    assert titles(page) == ["Ordonnance", "Compte rendu", "Radio"]
    assert "il peut en exister d'autres" in page.text
    plain = doctor.get(page.link("Tout remettre par date"))
    assert titles(plain) == ["Ordonnance", "Radio", "Compte rendu"]
    assert titles(doctor.get(plain.link("Mettre d'abord ce qui concerne votre profession"))) == titles(page)


def test_a_long_list_in_two_parts_is_walked_to_its_end(home: House, doctor: Browser) -> None:
    for number in range(62):
        deposited(home.doctor_here, f"Ordonnance {number}", date=date(2026, 1, 1) - timedelta(days=number))
    for number in range(182):  # the second part alone goes over several pages
        documents.add(home.holder, addition(f"Radio {number}", date=date(2026, 1, 1) - timedelta(days=number)))
    path, walked = seen_by_doctor(home), []
    for _ in range(6):
        page = doctor.get(path)
        walked += titles(page)
        following = [href for words, href in page.links.items() if words.startswith("Voir 60")]
        if not following:
            break
        path = following[0]
    assert walked == [f"Ordonnance {n}" for n in range(62)] + [f"Radio {n}" for n in range(182)]


def test_the_patient_s_page_says_what_came_in_since_the_last_visit(
    home: House, app: Flask, doctor: Browser, shelf: dict[str, UUID], clock: FakeClock
) -> None:
    place = f"/pro/patients/{home.mother.record_id}/"
    assert "nouveau" not in doctor.get(place).text, "they never looked at the documents before"
    doctor.get(seen_by_doctor(home))
    clock.advance(timedelta(hours=2))
    documents.add(home.holder, addition("Scanner"))
    again = home.doctor.browser(app)
    assert "1 nouveau document depuis votre visite du 23 novembre 2026." in again.get(place).text


# -- keeping ----------------------------------------------------------------------------------------------------------


def test_a_star_and_a_folder_from_a_document_s_page(home: House, mother: Browser, shelf: dict[str, UUID]) -> None:
    place = own(home, f"/{shelf['Radio']}")
    starred = mother.submit(mother.get(place).form("favori"))
    assert "Le document est dans vos favoris." in starred.text
    assert titles(mother.get(own(home, "?vue=favoris"))) == ["Radio"]
    filed = mother.submit(starred.form("name"), {"name": "Genou"})
    assert "Le document est rangé dans le classeur Genou." in filed.text
    assert titles(mother.get(filed.link("Genou"))) == ["Radio"]
    out = mother.submit(filed.form("dossier"), {"dossier": ""})
    assert "Le document n'est plus rangé dans un classeur." in out.text
    assert mother.submit(out.form("favori")).status == 200
    assert titles(mother.get(own(home, "?vue=favoris"))) == []


def test_folders_are_made_renamed_and_deleted(home: House, mother: Browser, shelf: dict[str, UUID]) -> None:
    page = mother.get(own(home, "/dossiers"))
    assert "Aucun classeur" in page.text
    page = mother.submit(page.form("name"), {"name": "Cœur"})
    assert "Le classeur Cœur est prêt." in page.text
    one = mother.get(page.link("Modifier Cœur"))
    refused = mother.submit(one.form("name"), {"name": " "})
    assert refused.status == 422
    assert refused.title.startswith("Erreur")
    renamed = mother.submit(refused.form("name"), {"name": "Cœur et vaisseaux"})
    assert "Cœur et vaisseaux" in renamed.text
    ending = mother.get(renamed.link("Modifier Cœur et vaisseaux"))
    gone = mother.submit(ending.forms[-1])
    assert "Le classeur est supprimé." in gone.text
    assert "Cœur et vaisseaux" not in mother.get(own(home, "/dossiers")).text


def test_a_folder_s_fault_is_said_on_a_page_that_keeps_what_was_typed(
    home: House, mother: Browser, shelf: dict[str, UUID]
) -> None:
    place = own(home, f"/{shelf['Radio']}")
    form = mother.get(place).form("name")
    refused = mother.submit(form, {"name": "x" * 61})
    assert refused.status == 422
    assert "Ce nom a 61 caractères, il en faut 60 au plus." in refused.text
    assert refused.tree.xpath("//input[@name='name']/@value") == ["x" * 61]


def test_nobody_acts_on_another_s_folders_or_unseen_documents(
    home: House, app: Flask, mother: Browser, doctor: Browser, shelf: dict[str, UUID]
) -> None:
    mine = folders.new_folder(home.holder, "Cœur")
    stranger = build.citizen("Yves", "Personne").browser(app)
    token = mother.get(own(home)).csrf_token
    change(shelf["Ordonnance"], patient_invisible=True)
    for path, values in (
        (f"/dossiers/{mine.id}", {"name": "Pris"}),
        (f"/dossiers/{mine.id}/supprimer", {}),
        (f"/{shelf['Radio']}/favori", {"favori": "1"}),
        (f"/{shelf['Radio']}/dossier", {"name": "Mien"}),
        ("/lus", {}),
        ("/dossiers", {"name": "Mien"}),
    ):
        theirs = stranger.post(own(home, path), {"csrf_token": token, **values})
        assert theirs.status in (400, 404)
        assert stranger.get(own(home, path), expect=None).status in (404, 405)
    for path in (f"/dossiers/{mine.id}", f"/dossiers/{uuid4()}"):
        assert doctor.get(seen_by_doctor(home, path), expect=404).status == 404
    assert doctor.get(seen_by_doctor(home, f"?dossier={mine.id}"), expect=404).status == 404
    token = doctor.get(seen_by_doctor(home)).csrf_token
    for path, values in (
        (f"/{shelf['Radio']}/dossier", {"dossier": str(mine.id)}),
        (f"/dossiers/{mine.id}/supprimer", {}),
    ):
        assert doctor.post(seen_by_doctor(home, path), {"csrf_token": token, **values}).status == 404
    token = mother.get(own(home)).csrf_token
    for unseen in (shelf["Ordonnance"], uuid4()):
        for act, values in (
            ("favori", {"favori": "1"}),
            ("dossier", {"name": "Mien"}),
            ("dossier", {"name": "x" * 99}),
        ):
            assert mother.post(own(home, f"/{unseen}/{act}"), {"csrf_token": token, **values}).status == 404
    assert [one.name for one in folders.folders(home.holder)] == ["Cœur"]
    assert not readers.mark(home.doctor_here, shelf["Radio"]).folder_id


def test_a_parent_and_the_professional_keep_their_own_order(home: House, app: Flask, doctor: Browser) -> None:
    found = deposited(home.doctor_at_child, representatives_see=True)
    parent = home.mother.browser(app)
    place = f"/dossiers/{home.child.record_id}/documents"
    parent.submit(parent.get(f"{place}/{found}").form("favori"))
    assert titles(parent.get(f"{place}?vue=favoris")) == ["Ordonnance"]
    mine = deposited(home.doctor_here)
    doctor.submit(doctor.get(seen_by_doctor(home, f"/{mine}")).form("favori"))
    assert titles(doctor.get(seen_by_doctor(home, "?vue=favoris"))) == ["Ordonnance"]
    assert titles(parent.get(own(home, "?vue=favoris"))) == []
