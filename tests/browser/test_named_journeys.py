"""Two journeys the house was asked for by name: a hospital report read and a prescription deposited, and an acute
situation with a doctor who is not the attending one. Each by everybody it concerns, at a desk and on a telephone.
"""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, expect

from tests.support.papers import pdf

from . import officers
from .hands import DESK, Demo, Hands, mail, new_hands, plain, sign_in_professional

Kept = Callable[[str], Any]
REPORT, PRESCRIPTION = "Compte rendu d'hospitalisation", "Ordonnance après l'hôpital"
LETTER = "Lettre de liaison à la sortie"
WORDS = "Malaise dans la rue, il ne répond plus."
QUESTION = "Je ne connais pas ce médecin."
BAR = "Dossier d'Yves Quéméner"
ANSWER = "Le motif est écrit et une seule lettre a été lue : la visite est régulière."


def _identity(hands: Hands, person: dict[str, Any], button: str) -> None:
    hands.fill("Matricule INS", person["ins"])
    hands.fill("Date de naissance", "/".join(reversed(person["birth_date"].split("-"))))
    hands.press(button)


def _finds(hands: Hands, words: str, title: str) -> None:
    """Search in the documents of the list that is open, and open the one of this title."""
    box = hands.main().get_by_role("searchbox").first
    box.fill(words)
    box.press("Enter")
    hands.title_is("Chercher dans les documents")
    hands.follow(title)
    hands.title_is(title)


def _history(phone: Hands) -> str:
    """All that the first page of the history tells, every act of each visit unfolded."""
    phone.go("Plus")
    phone.follow("Historique", exact=True)
    phone.title_is("Historique")
    for each in phone.main().locator("summary", has_text="Voir chaque geste").all():
        each.click()
    return plain(phone.main().inner_text())


def _says_nothing(letter: str, *kept: str) -> None:
    """A mail says that something happened, never what, to whom, or by whom (R52)."""
    said = plain(letter).casefold()
    assert [word for word in kept if word.casefold() in said] == []


def test_a_hospital_report_is_read_and_a_prescription_deposited(demo: Demo, chromium: Browser, kept: Kept) -> None:
    yves, morvan = demo.person("patients", "retired"), demo.person("professionals", "gp")
    desk = new_hands(chromium, demo, "hospital-desk", size=DESK)
    sign_in_professional(desk, morvan)
    _identity(desk, yves, "Ouvrir le dossier")
    desk.title_is("Page du patient")
    desk.shot("1-patient")
    desk.follow("Lire les documents")
    desk.title_is("Documents")
    _finds(desk, "compte rendu d'hospitalisation", REPORT)
    expect(desk.main().locator("img[src*='/pages/1'], article, section").first).to_be_visible()
    desk.shot("2-report")
    desk.go("Déposer", bar=BAR)
    desk.title_is("Déposer un document")
    desk.attach("Choisir le document", "ordonnance.pdf", "application/pdf", pdf("Paracétamol, trois fois par jour"))
    desk.press("Envoyer le fichier")
    desk.title_is("Relire et déposer")
    chosen = desk.page.get_by_label("Sorte de document").locator("option:checked")
    expect(chosen).to_have_text("Prescription de produits de santé")
    desk.fill("Titre que lira le patient", PRESCRIPTION)
    desk.press("Déposer dans le dossier d'Yves Quéméner")
    desk.title_is("Document déposé")
    desk.shot("3-deposited")

    phone = new_hands(chromium, demo, "hospital-phone", state=kept("retired"))
    letter = mail(phone, yves["email"], "Du nouveau dans votre espace")
    _says_nothing(letter, "Morvan", "Quéméner", "ordonnance", "paracétamol", "médecin")
    phone.open(f"/dossiers/{yves['record']}/")
    phone.title_is("Bonjour Yves")
    phone.shot("1-home")
    phone.follow(PRESCRIPTION)
    phone.title_is(PRESCRIPTION)
    expect(phone.page.get_by_role("img", name="Page 1 sur 1")).not_to_have_js_property("naturalWidth", 0)
    phone.shot("2-prescription")
    told = _history(phone)
    assert f"Dr Hélène Morvan a ouvert le document « {REPORT} »." in told
    assert f"Dr Hélène Morvan a déposé le document « {PRESCRIPTION} »." in told
    phone.shot("3-history")
    desk.close()
    phone.close()


def test_an_acute_situation_with_a_doctor_who_is_not_the_attending_one(
    demo: Demo, chromium: Browser, kept: Kept
) -> None:
    yves = demo.person("patients", "retired")
    desk = new_hands(chromium, demo, "acute-desk", size=DESK)
    attending = new_hands(chromium, demo, "acute-attending", size=DESK, state=kept("gp"))
    office = new_hands(chromium, demo, "acute-office", size=DESK)
    phone = new_hands(chromium, demo, "acute-phone", state=kept("retired"))
    _opens_for_a_reason(desk, demo, yves)
    _reads_below_the_banner(desk)
    _others_are_told(phone, attending, demo, yves)
    _officer_reviews(office, demo)
    _patient_contests(phone, yves)
    _officer_answers(office)
    phone.page.reload()
    phone.reads(ANSWER)
    phone.shot("4-answered")
    _ends_it(desk, yves)
    for hands in (desk, attending, office, phone):
        hands.close()


def _opens_for_a_reason(desk: Hands, demo: Demo, yves: dict[str, Any]) -> None:
    sign_in_professional(desk, demo.person("professionals", "cardiologist"))
    desk.go("Urgences", bar="Navigation principale")
    desk.follow("Ouvrir un dossier en urgence")
    desk.title_is("Ouvrir un dossier en urgence")
    _identity(desk, yves, "Continuer vers le motif")
    desk.title_is("Ouvrir en urgence")
    here = desk.page.url.removeprefix(desk.base_url).removesuffix("/urgence")
    before = desk.context.request.get(f"{desk.base_url}{here}/documents", max_redirects=0)
    assert before.status == 404, "identified, and nothing opened"
    desk.press("Continuer")
    desk.says_error("Écrivez ce qui se passe en une phrase")
    expect(desk.page.get_by_role("alert")).to_contain_text("Choisissez pourquoi la personne ne peut pas")
    desk.page.get_by_label("La personne est inconsciente").check()
    desk.fill("Ce qui se passe, avec vos mots", WORDS)
    desk.shot("1-reason")
    desk.press("Continuer")
    desk.title_is("Ouvrir le dossier d'Yves Quéméner ?")
    desk.shot("2-confirm")
    desk.use(desk.page.get_by_role("button", name=re.compile("^Ouvrir jusqu'à")))
    desk.title_is("Documents")


def _reads_below_the_banner(desk: Hands) -> None:
    """On every page of the record: who, why, until when, and the way to end it (rules.md AR-11)."""
    banner = desk.page.get_by_role("region", name="Accès d'urgence")
    pages = desk.page.get_by_role("navigation", name=BAR).get_by_role("link")
    assert pages.count() >= 4
    for number in range(pages.count()):
        with desk.page.expect_navigation():
            pages.nth(number).click()
        expect(banner).to_contain_text("Dr Karim Belhadj")
        expect(banner).to_contain_text(WORDS)
        expect(banner).to_contain_text(re.compile(r"jusqu'à \d+\sh"))
        expect(banner.get_by_role("button")).to_be_visible()
    desk.go("Documents", bar=BAR)
    desk.title_is("Documents")
    _finds(desk, "lettre de liaison", LETTER)
    expect(banner).to_contain_text(WORDS)
    desk.shot("3-letter")
    desk.page.set_viewport_size({"width": 360, "height": 740})
    expect(banner).to_be_in_viewport()
    desk.shot("3-letter-phone")
    desk.page.set_viewport_size(DESK)


def _others_are_told(phone: Hands, attending: Hands, demo: Demo, yves: dict[str, Any]) -> None:
    told = mail(phone, yves["email"], "Une ouverture en urgence")
    _says_nothing(told, "Belhadj", "Quéméner", "malaise", "inconscient", "cardio")
    told = mail(phone, demo.person("professionals", "gp")["mssante"], "Une ouverture en urgence vous concerne")
    _says_nothing(told, "Belhadj", "Quéméner", "malaise", "inconscient", "cardio")
    attending.open("/pro/urgences")
    attending.reads("Yves Quéméner")
    attending.reads("Dr Karim Belhadj")
    attending.shot("told")


def _officer_reviews(office: Hands, demo: Demo) -> None:
    officers.enter(office, demo, "privacy_officer")
    office.open("/admin/urgences")
    office.shot("1-queue")
    office.follow("Dr Karim Belhadj")
    office.title_is("Ouverture par Dr Karim Belhadj")
    case = plain(office.main().inner_text())
    assert "La personne est inconsciente" in case
    assert "Documents lus 1" in case
    for kept_back in (WORDS, LETTER, "Quéméner"):
        assert kept_back not in case, "the officer sees how much, never what"
    office.page.get_by_label(re.compile("^Attendu")).check()
    office.fill("Pourquoi, en une ou deux phrases", "Le motif correspond à une seule lettre lue.")
    office.shot("2-review")
    office.press("Noter la décision")
    office.reads("Votre décision est enregistrée.")


def _patient_contests(phone: Hands, yves: dict[str, Any]) -> None:
    phone.open(f"/dossiers/{yves['record']}/")
    phone.title_is("Bonjour Yves")
    phone.shot("1-home")
    phone.follow("Dr Karim Belhadj")
    phone.title_is(re.compile("^Visite.* Dr Karim Belhadj"))
    phone.reads(WORDS)
    phone.unfold("Voir chaque geste")
    phone.reads(LETTER)
    phone.shot("2-visit")
    phone.unfold("Contester cette visite")
    phone.fill("Ce qui ne va pas (facultatif)", QUESTION)
    phone.press("Contester cette visite")
    phone.reads("Où cela en est")
    phone.reads(QUESTION)
    phone.shot("3-contested")


def _officer_answers(office: Hands) -> None:
    office.open("/admin/contestations")
    office.main().locator("a[href^='/admin/contestations/']").last.click()
    office.title_is("Une visite contestée")
    office.reads(QUESTION)
    office.shot("3-contest")
    office.page.locator("[name=outcome]").first.check()
    office.page.locator("[name=words]").first.fill(ANSWER)
    office.main().locator("form button[type=submit]").first.click()
    office.reads(ANSWER)
    office.shot("4-answered")


def _ends_it(desk: Hands, yves: dict[str, Any]) -> None:
    desk.page.get_by_role("region", name="Accès d'urgence").get_by_role("button").click()
    desk.title_is(re.compile("Page du patient|Urgences"))
    place = f"{desk.base_url}/pro/patients/{yves['record']}/documents"
    assert desk.context.request.get(place, max_redirects=0).status == 404
    desk.shot("4-ended")
