"""Every page that people reach, examined: axe-core, narrow screens, spaced text, keyboard, console, no other site."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.papers import pdf

from . import correspondents, deciders, families, keepers, officers, practitioners, readers
from .announced import Newcomer, announce
from .crawling import Examiner, crawl
from .hands import DESK, AuthenticatorApp, Demo, new_hands, sign_in, sign_in_professional


@pytest.mark.parametrize("key", ["mother", "newcomer"])
def test_pages_of_a_person(key: str, demo: Demo, chromium: Browser, kept: Callable[[str], Any]) -> None:
    examiner = Examiner(new_hands(chromium, demo, f"pages-{key}", state=kept(key)))
    shapes = crawl(examiner, "/", "/dossiers/", "/connexion/preuve")
    print(f"\n{key}: {len(shapes)} shapes of pages, {examiner.looked} examined")
    examiner.conclude()


def test_pages_of_documents_for_who_keeps_them(
    demo: Demo, chromium: Browser, kept: Callable[[str], Any], apps: Callable[[str], AuthenticatorApp]
) -> None:
    mother = Examiner(new_hands(chromium, demo, "pages-documents", state=kept("mother")))
    readers.finds(mother.hands, demo, mother.look)
    own = readers.adds(mother.hands, demo, mother.look)
    readers.decides(mother.hands, demo, own, apps("mother"), mother.look)
    readers.reads_care(mother.hands, demo, apps("mother"), mother.look)
    mother.conclude()


def test_pages_of_documents_for_a_minor_and_a_tired_person(
    demo: Demo, chromium: Browser, kept: Callable[[str], Any], apps: Callable[[str], AuthenticatorApp]
) -> None:
    teen = Examiner(new_hands(chromium, demo, "pages-teen", state=kept("teen")))
    readers.teen_decides(teen.hands, demo, apps("teen"), teen.look)
    teen.conclude()
    retired = Examiner(new_hands(chromium, demo, "pages-retired", state=kept("retired")))
    readers.retired_searches(retired.hands, demo, retired.look)
    retired.conclude()


def test_pages_of_documents_for_a_doctor(demo: Demo, chromium: Browser, kept: Callable[[str], Any]) -> None:
    doctor = Examiner(new_hands(chromium, demo, "pages-doctor", size=DESK, state=kept("gp")))
    readers.doctor_decides(doctor.hands, demo, doctor.look)
    readers.doctor_keeps(doctor.hands, demo, doctor.look)
    doctor.conclude()


def test_pages_of_a_parent_on_a_childs_record(demo: Demo, chromium: Browser, kept: Callable[[str], Any]) -> None:
    child = demo.person("children", "child")["display_name"]
    examiner = Examiner(new_hands(chromium, demo, "pages-child", state=kept("second_parent")))
    examiner.hands.open("/dossiers/")
    examiner.hands.follow(child)
    examiner.hands.title_is(f"Le dossier de {child.split()[0]}")
    crawl(examiner, examiner.hands.page.url.removeprefix(demo.base_url))
    examiner.conclude()


def test_pages_of_a_professional(demo: Demo, chromium: Browser, kept: Callable[[str], Any]) -> None:
    hands = new_hands(chromium, demo, "pages-gp", size=DESK, state=kept("gp"))
    examiner = Examiner(hands)
    crawl(examiner, "/pro/")
    hands.open("/pro/patients")
    hands.fill("Matricule INS", "123")
    hands.fill("Date de naissance", "hier")
    hands.press("Ouvrir le dossier")
    hands.says_error("il en faut 15")
    examiner.look("search-refused")
    _deposit(examiner, demo.person("patients", "newcomer"))
    examiner.conclude()


def _deposit(examiner: Examiner, patient: dict[str, Any]) -> None:
    hands = examiner.hands
    hands.open("/pro/patients")
    hands.fill("Matricule INS", patient["ins"])
    hands.fill("Date de naissance", patient["birth_date"])
    hands.press("Ouvrir le dossier")
    hands.title_is("Page du patient")
    examiner.look("patient-without-access")
    hands.follow("Demander à lire le dossier")
    hands.title_is("Demander à lire le dossier")
    hands.press("Envoyer la demande")
    hands.says_error("")
    examiner.look("ask-refused")
    hands.page.get_by_role("navigation", name="Dossier de").get_by_role("link", name="Déposer").click()
    hands.title_is("Déposer un document")
    hands.press("Envoyer le fichier")
    hands.says_error("Choisissez d'abord un fichier")
    examiner.look("deposit-no-file")
    hands.attach("Choisir le document", "ordonnance.pdf", "application/pdf", pdf("Repos"))
    hands.press("Envoyer le fichier")
    hands.title_is("Relire et déposer")
    hands.fill("Date du document", "demain")
    hands.press(f"Déposer dans le dossier de {patient['display_name']}")
    hands.says_error("Écrivez la date")
    examiner.look("deposit-refused")
    hands.fill("Date du document", "01/06/2025")
    hands.press(f"Déposer dans le dossier de {patient['display_name']}")
    hands.title_is("Document déposé")
    examiner.look("deposited")


def test_pages_of_messages(demo: Demo, chromium: Browser, kept: Callable[[str], Any]) -> None:
    mother = Examiner(new_hands(chromium, demo, "pages-messages", state=kept("mother")))
    correspondents.writes_to_several(mother.hands, demo, mother.look)
    correspondents.files_an_attachment(mother.hands, demo, mother.look)
    mother.conclude()
    doctor = Examiner(new_hands(chromium, demo, "pages-mailbox", size=DESK, state=kept("gp")))
    correspondents.keeps_a_mailbox(doctor.hands, doctor.once)
    doctor.conclude()
    leader = Examiner(new_hands(chromium, demo, "pages-team", size=DESK))
    sign_in_professional(leader.hands, demo.person("professionals", "endocrinologist"))
    correspondents.leads_a_team(leader.hands, leader.once)
    leader.conclude()
    officer = Examiner(new_hands(chromium, demo, "pages-mail-services", size=DESK))
    officers.enter(officer.hands, demo, "administrator")
    correspondents.trusts_operators(officer.hands, officer.look)
    officer.conclude()


def test_pages_of_operators(demo: Demo, chromium: Browser, kept: Callable[[str], Any]) -> None:
    for walk in (officers.at_the_counter, officers.before_a_record, officers.among_operators):
        examiner = Examiner(new_hands(chromium, demo, f"pages-{walk.__name__}", size=DESK))
        walk(examiner.hands, demo, examiner.look)
        examiner.conclude()
    guest = Examiner(new_hands(chromium, demo, "pages-guest"))
    officers.as_a_guest(guest.hands, guest.look)
    guest.conclude()
    told = Examiner(new_hands(chromium, demo, "pages-told", state=kept("retired")))
    families.contests_a_link(told.hands, demo, told.look)
    told.conclude()


def test_pages_of_who_keeps_and_loses_an_account(
    demo: Demo, chromium: Browser, tmp_path: Path, apps: Callable[[str], AuthenticatorApp]
) -> None:
    person = demo.person("patients", keepers.WHO)
    child = Newcomer("Timéo", "Diallo", "M", date(2019, 4, 2), 871, parents=(person["ins"],))
    refusing = Newcomer("Odette", "Lambert", "F", date(1951, 9, 6), 872)
    announce(demo, tmp_path, child)
    [code] = announce(demo, tmp_path, refusing)
    owner = Examiner(new_hands(chromium, demo, "pages-owner"))
    sign_in(owner.hands, person, apps(person["key"]))
    keepers.decides_for_a_child(owner.hands, child.given, owner.look)
    keepers.changes_their_locks(owner.hands, owner.look)
    keepers.closes_and_comes_back(owner.hands, owner.look)
    other = Examiner(new_hands(chromium, demo, "pages-lost"))
    keepers.thinks_of_refusing(other.hands, replace(refusing, code=code), other.look)
    keepers.loses_everything(other.hands, owner.hands, demo, other.look, owner.look)
    keepers.forgets_the_password(other.hands, demo, apps(person["key"]), other.look)
    other.hands.open("/calendrier")
    other.look("outside")
    other.conclude()
    keepers.is_helped(owner.hands, owner.look)
    owner.conclude()


def test_pages_of_who_decides_about_accesses(
    demo: Demo, chromium: Browser, kept: Callable[[str], Any], apps: Callable[[str], AuthenticatorApp]
) -> None:
    mother, app = Examiner(new_hands(chromium, demo, "pages-decider", state=kept("mother"))), apps("mother")
    guest = Examiner(new_hands(chromium, demo, "pages-guest-of-a-link"))
    deciders.gives_access(mother.hands, demo, app, mother.look)
    deciders.proves_and_shares(mother.hands, demo, app, mother.once)
    deciders.shows_a_code(mother.hands, demo, app, mother.look)
    deciders.gives_a_link(mother.hands, guest.hands, demo, app, mother.look, guest.look)
    deciders.receives_a_file(mother.hands, guest.hands, demo, app, mother.look, guest.look)
    deciders.sees_as_others(mother.hands, demo, mother.look)
    guest.conclude()
    mother.conclude()


def test_pages_of_families(
    demo: Demo, chromium: Browser, kept: Callable[[str], Any], apps: Callable[[str], AuthenticatorApp]
) -> None:
    father = Examiner(new_hands(chromium, demo, "pages-father", state=kept("retired")))
    daughter = Examiner(new_hands(chromium, demo, "pages-daughter", state=kept("carer")))
    families.decides_about_a_carer(father.hands, demo, apps("retired"), father.once, father.look)
    families.asks_a_carer_why(father.hands, daughter.hands, demo, father.once, daughter.once)
    families.follows_a_link_for_another(daughter.hands, daughter.look)
    families.sees_them_grow(daughter.hands, demo, daughter.look)
    father.conclude()
    daughter.conclude()
    teen = Examiner(new_hands(chromium, demo, "pages-growing", state=kept("teen")))
    families.grows_up(teen.hands, demo, apps("teen"), teen.look)
    teen.conclude()


def test_pages_of_rare_acts_of_professionals(demo: Demo, chromium: Browser) -> None:
    doctor = Examiner(new_hands(chromium, demo, "pages-agreement", size=DESK))
    practitioners.writes_an_agreement_down(doctor.hands, demo, doctor.look)
    practitioners.explains_visits(doctor.hands, doctor.once)
    doctor.conclude()
    rescuer = Examiner(new_hands(chromium, demo, "pages-emergency", size=DESK))
    practitioners.opens_in_an_emergency(rescuer.hands, demo, rescuer.once, rescuer.look)
    rescuer.conclude()
    nurse = Examiner(new_hands(chromium, demo, "pages-secret", size=DESK))
    practitioners.keeps_a_visit_secret(nurse.hands, demo, nurse.look)
    nurse.conclude()
