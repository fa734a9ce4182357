"""The whole journey, as people make it: a phone of 360 × 740, in French, with script, without, and by keyboard alone.

Nothing here knows an address of a record or a name of a field: only what is written on the screen.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, expect

from espace.access.services.matrix import PACKAGED
from tests.support.papers import jpeg, pdf

from .activating import Journey, activates_her_space
from .announced import Newcomer, announce, command_line, importable, located_photo, title_of, write_documents
from .hands import Demo, Hands, mail, new_hands, plain, sign_in_professional

PHOTO, PRESCRIPTION, CHILDS_PHOTO = "Radio de mon poignet", "Ordonnance du test", "Dessin du test"


@pytest.fixture(
    params=[
        pytest.param((True, False, "cardiologist", "G15_10", 701), id="script"),
        pytest.param((False, False, "dentist", "G15_40", 711), id="no-script"),
        # Half again as long as the others: `tests/browser/test_keyboard.py` goes the most used ways at each change.
        pytest.param((True, True, "samu", "G15_10", 721), id="keyboard", marks=pytest.mark.exhaustive),
    ],
)
def journey(request: pytest.FixtureRequest, demo: Demo, chromium: Browser, tmp_path: Path) -> Iterator[Journey]:
    """Somebody whom the insurer has just announced, with the letter they received."""
    script, keyboard, key, profession, order = request.param
    person = Newcomer("Maëlle", "Vasseur", "F", date(1990, 4, 17), order, serial=f"{order}0000001")
    [code] = announce(demo, tmp_path, person)
    professional = demo.person("professionals", key)
    made = Journey(demo, chromium, tmp_path, script, replace(person, code=code), professional, profession, keyboard)
    yield made
    made.put_away()


def test_a_person_comes_in_reads_decides_and_acts_for_her_child(journey: Journey, kept: Callable[[str], Any]) -> None:
    activates_her_space(journey)
    _reads_what_arrived(journey)
    _adds_a_photo(journey)
    _professional_is_refused_and_asks(journey)
    _she_answers(journey)
    _professional_reads_what_the_matrix_allows(journey)
    _professional_deposits(journey)
    _she_is_told_and_finds_who_did_what(journey)
    _she_takes_the_access_back(journey)
    _acts_for_her_child(journey, kept("newcomer"))
    _signs_out_for_good(journey)


# Documents


def _all_titles(hands: Hands) -> list[str]:
    """Every document of the list, the older ones asked for too."""
    titles: list[str] = []
    while True:
        rows = hands.main().get_by_role("heading", level=3)
        shown = [plain(title) for title in rows.all_inner_texts()]
        titles += [title for title in shown if title not in titles]
        more = hands.main().get_by_role("link", name="documents de plus")
        if not more.count():
            return titles
        hands.use(more)
        expect(rows).not_to_have_count(len(shown))


def _only(hands: Hands, kind: str) -> None:
    """Narrow the list to one kind of document."""
    hands.follow("Filtrer par sorte, auteur ou date")
    hands.title_is("Filtrer les documents")
    hands.choose("Sorte de document", kind)
    hands.press("Afficher ces documents")
    hands.title_is("Documents")


def _open_document(hands: Hands, title: str) -> None:
    hands.follow(title, exact=True)
    hands.title_is(title)


def _is_painted(picture: Locator) -> None:
    expect(picture).to_be_visible()
    expect(picture).not_to_have_js_property("naturalWidth", 0)


def _reads_what_arrived(journey: Journey) -> None:
    phone, person = journey.phone, journey.person
    kinds = write_documents(journey.folder / "post", person)
    said = command_line(journey.demo, "import", "documents", str(journey.folder / "post"))
    assert str(len(kinds)) in said
    phone.go("Dossier")
    phone.title_is("Documents")
    assert sorted(_all_titles(phone)) == sorted(title_of(kind) for kind in kinds)
    by_code = {kind.code: title_of(kind) for kind in kinds}
    _only(phone, "Ordonnances")
    expect(phone.main().get_by_role("link", name=by_code["11502-2"], exact=True)).to_have_count(0)
    phone.shot("06-prescriptions")
    _open_document(phone, by_code["57833-6"])
    _is_painted(phone.page.get_by_role("img", name="Page 1 sur 1"))
    phone.unfold("Lire le texte de la page 1")
    phone.reads("Ordonnance 1")
    phone.shot("07-pdf")
    phone.go("Dossier")
    phone.title_is("Documents")
    _only(phone, "Imagerie")
    _open_document(phone, by_code["18748-4"])
    _is_painted(phone.page.get_by_role("img", name="Page 1 sur 1"))
    phone.go("Dossier")
    phone.title_is("Documents")
    _only(phone, "Comptes rendus")
    _open_document(phone, by_code["11502-2"])
    phone.reads("tout va bien")


def _add(phone: Hands, name: str, content: bytes, title: str, kind: str) -> None:
    phone.go("Dossier")
    phone.title_is("Documents")
    phone.follow("Ajouter un document")
    phone.title_is("Ajouter un document")
    phone.attach("Choisir un ou plusieurs fichiers", name, "image/jpeg", content)
    if not phone.script:
        phone.press("Continuer avec ces fichiers")
    phone.title_is("Vérifiez, puis ajoutez")
    _is_painted(phone.page.get_by_role("img", name="Votre document"))
    phone.choose("Qu'est-ce que c'est ?", kind)
    phone.fill("Date inscrite sur le document", "2025-07-07")
    phone.fill("Titre (facultatif)", title)
    phone.press("Ajouter le document")
    phone.title_is(title)


def _adds_a_photo(journey: Journey) -> None:
    phone = journey.phone
    assert b"APPAREIL-TEMOIN" in located_photo()
    kind = "Une image du corps (radio, échographie, IRM)"
    _add(phone, "poignet.jpg", located_photo(), PHOTO, kind)
    phone.reads("Le document est rangé dans le dossier.")
    _is_painted(phone.page.get_by_role("img", name="Page 1 sur 1"))
    href = phone.main().get_by_role("link", name="Télécharger (JPEG").get_attribute("href")
    received = phone.context.request.get(f"{phone.base_url}{href}")
    assert received.headers["content-type"] == "image/jpeg"
    assert b"APPAREIL-TEMOIN" not in received.body()
    assert b"Exif" not in received.body()
    assert dict(Image.open(io.BytesIO(received.body())).getexif()) == {}


# A professional


def _professional_is_refused_and_asks(journey: Journey) -> None:
    desk, person = journey.desk, journey.person
    sign_in_professional(desk, journey.professional)
    desk.fill("Matricule INS", person.ins)
    desk.fill("Date de naissance", "18/04/1990")
    desk.press("Ouvrir le dossier")
    desk.says_error("Aucun dossier n'est ouvert pour ce matricule et cette date de naissance.")
    desk.fill("Date de naissance", "17/04/1990")
    desk.press("Ouvrir le dossier")
    desk.title_is("Page du patient")
    desk.reads("Vous pouvez déposer, pas lire")
    expect(desk.page.get_by_role("link", name="Documents")).to_have_count(0)
    assert "Papier" not in desk.main().inner_text()
    desk.shot("08-refused")
    here = desk.page.url
    assert desk.open(f"{here.removeprefix(desk.base_url)}documents") == 404
    desk.title_is("Cette page n'existe pas, ou n'est pas pour vous")
    desk.page.goto(here)
    desk.follow("Demander à lire le dossier")
    desk.fill("Pourquoi vous demandez", "pour préparer votre rendez-vous du 2 décembre")
    desk.press("Envoyer la demande")
    desk.reads("Votre demande est notée.")


def _she_answers(journey: Journey) -> None:
    phone = journey.phone
    _says_nothing(journey, mail(phone, journey.email, "Une demande vous attend"))
    phone.go("Accueil")
    phone.reads(f"{journey.doctor} demande à lire ce dossier")
    phone.shot("09-asked")
    phone.follow("Répondre à la demande")
    phone.title_is(f"Accès : {journey.doctor}")
    phone.reads("pour préparer votre rendez-vous du 2 décembre")
    phone.reads(f"Si vous acceptez, {journey.doctor} verra :")
    phone.reads("Ce que vous cachez reste invisible.")
    phone.choose("Pendant combien de temps", "3 mois")
    phone.shot("10-answer")
    phone.press("Accepter la demande")
    _prove(journey)
    phone.reads(f"C'est fait. {journey.doctor} voit ce dossier dès maintenant.")
    phone.shot("11-allowed")


def _prove(journey: Journey) -> None:
    """When the last proof is old, giving more access asks for another one, then for the same press again."""
    phone = journey.phone
    asked, done = phone.page.get_by_label("Code", exact=True), phone.page.get_by_text("C'est fait.")
    expect(asked.or_(done).first).to_be_visible()
    if asked.count():
        phone.fill("Code", journey.app.code())
        phone.press("Confirmer que c'est moi")
        phone.title_is(f"Accès : {journey.doctor}")
        phone.press("Accepter la demande")


def _readable(profession: str) -> set[str]:
    with PACKAGED.open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["profession_code"] == profession]
    return {row["document_type_code"] for row in rows if row["read"] == "yes"}


def _professional_reads_what_the_matrix_allows(journey: Journey) -> None:
    desk, readable = journey.desk, _readable(journey.profession)
    desk.page.reload()
    desk.follow("Lire les documents")
    desk.title_is("Documents")
    shown = [title_of(kind) for kind in importable() if kind.code in readable]
    shown += [PHOTO] if "DOCPAT04" in readable else []
    assert sorted(_all_titles(desk)) == sorted(shown)
    unseen = [kind for kind in importable() if kind.code not in readable]
    assert unseen, "the table opens everything to this profession: the test shows nothing"
    desk.shot("12-professional-list")
    _only(desk, "Ordonnances")
    _open_document(desk, title_of(next(kind for kind in importable() if kind.code == "57833-6")))
    _is_painted(desk.page.get_by_role("img", name="Page 1 sur 1"))
    _cannot_open(journey, title_of(unseen[0]))


def _cannot_open(journey: Journey, title: str) -> None:
    """The address of a document the matrix closes, taken from her own list, leads the professional nowhere."""
    phone, desk = journey.phone, journey.desk
    phone.go("Dossier")
    phone.title_is("Documents")
    _all_titles(phone)
    link = phone.main().get_by_role("link", name=title, exact=True)
    if not link.count():  # without script it stood on the first of the pages
        phone.follow("Revenir aux documents les plus récents")
        expect(link).to_have_count(1)
    document_id = (link.get_attribute("href") or "").rpartition("/")[2]
    list_url = desk.page.url.rpartition("/")[0]
    assert desk.open(f"{list_url.removeprefix(desk.base_url)}/{document_id}") == 404
    desk.page.go_back()


def _professional_deposits(journey: Journey) -> None:
    desk = journey.desk
    desk.go("Déposer", bar="Dossier de")
    desk.title_is("Déposer un document")
    desk.attach("Choisir le document", "ordonnance.pdf", "application/pdf", pdf("Repos et marche"))
    desk.press("Envoyer le fichier")
    desk.title_is("Relire et déposer")
    desk.shot("13-deposit")
    chosen = desk.page.get_by_label("Sorte de document")
    assert chosen.locator("option:checked").inner_text() == "Prescription de produits de santé"
    desk.fill("Titre que lira le patient", PRESCRIPTION)
    desk.press(f"Déposer dans le dossier de {journey.person.name}")
    desk.title_is("Document déposé")
    desk.shot("14-receipt")


def _says_nothing(journey: Journey, letter: str) -> None:
    """A mail names nobody and holds no word of health (R52)."""
    words = plain(letter).replace(journey.email, "").casefold()
    named = [*journey.person.name.split(), *journey.doctor.split()[1:], "ordonnance", "radio", "médecin", "dentist"]
    assert [word for word in named if word.casefold() in words] == []


def _she_is_told_and_finds_who_did_what(journey: Journey) -> None:
    phone = journey.phone
    _says_nothing(journey, mail(phone, journey.email, "Du nouveau dans votre espace"))
    phone.go("Accueil")
    _open_document(phone, PRESCRIPTION)
    _is_painted(phone.page.get_by_role("img", name="Page 1 sur 1"))
    phone.go("Plus")
    phone.follow("Historique", exact=True)
    phone.title_is("Historique")
    phone.unfold("Voir chaque geste")
    told = plain(phone.main().inner_text())
    read = title_of(next(kind for kind in importable() if kind.code == "57833-6"))
    assert f"{journey.doctor} a déposé le document « {PRESCRIPTION} »." in told
    assert f"{journey.doctor} a ouvert le document « {read} »." in told
    assert f"{journey.doctor} a demandé à lire ce dossier. Rien ne lui a été montré." in told
    phone.shot("15-history")
    phone.follow("Moi")
    phone.unfold("Voir chaque geste")
    phone.reads(f"Vous avez donné un accès à ce dossier : {journey.doctor}.")


def _she_takes_the_access_back(journey: Journey) -> None:
    phone, desk = journey.phone, journey.desk
    desk.go("Documents", bar="Dossier de")
    desk.title_is("Documents")
    phone.go("Accès")
    phone.title_is("Qui voit ce dossier")
    phone.follow("Modifier ou retirer")
    phone.reads(f"{journey.doctor} ne verra plus rien, dès maintenant.")
    phone.shot("16-end-access")
    phone.press("Retirer l'accès maintenant")
    phone.reads(f"C'est fait. {journey.doctor} ne voit plus rien, dès maintenant.")
    answer = desk.page.reload()
    assert answer
    assert answer.status == 404
    assert "Papier" not in desk.main().inner_text()


# A child


def _acts_for_her_child(journey: Journey, stranger: Any) -> None:
    phone, mother = journey.phone, journey.person
    child = Newcomer("Timéo", mother.family, "M", date(2018, 3, 9), mother.order + 1, parents=(mother.ins,))
    announce(journey.demo, journey.folder, child)
    _opens_the_profile(phone, child)
    phone.title_is(f"Le dossier de {child.given}")
    acting = phone.page.get_by_role("region", name=f"Vous agissez pour {child.given}")
    expect(acting).to_be_visible()
    phone.shot("17-child")
    place = phone.page.url.removeprefix(phone.base_url)
    _add(phone, "dessin.jpg", jpeg(), CHILDS_PHOTO, "Autre chose")
    expect(acting).to_be_visible()
    phone.go("Dossier")
    phone.title_is("Documents")
    assert _all_titles(phone) == [CHILDS_PHOTO]
    other = new_hands(journey.chromium, journey.demo, "stranger", script=journey.script, state=stranger)
    for path in (place, f"{place}documents", f"{place}historique", f"{place}acces"):
        assert other.open(path) == 404
        assert child.given not in other.page.content()
    other.close()


def _opens_the_profile(phone: Hands, child: Newcomer) -> None:
    phone.go("Plus")
    phone.follow("Compte et sécurité")
    phone.follow("Mes proches")
    phone.title_is("Mes proches")
    phone.follow(f"Ouvrir le profil de {child.given}")
    phone.title_is(f"Ouvrir le profil de {child.given}")
    phone.tick("J'accepte les conditions d'utilisation")
    phone.press("Ouvrir ce profil")


def _signs_out_for_good(journey: Journey) -> None:
    phone = journey.phone
    phone.go("Plus")
    phone.press("Se déconnecter")
    phone.title_is("Se connecter")
    phone.page.go_back()
    phone.title_is("Se connecter")
    assert journey.person.family not in phone.page.content()
    phone.shot("18-signed-out")


def test_the_second_parent_acts_for_the_same_child(demo: Demo, chromium: Browser, kept: Callable[[str], Any]) -> None:
    child = demo.person("children", "child")
    given = child["display_name"].split()[0]
    for key in ("mother", "second_parent"):
        phone = new_hands(chromium, demo, f"parents-{key}", state=kept(key))
        phone.open("/dossiers/")
        phone.title_is("Quel dossier ouvrir ?")
        phone.shot("01-records")
        phone.follow(child["display_name"])
        phone.title_is(f"Le dossier de {given}")
        expect(phone.page.get_by_role("region", name=f"Vous agissez pour {given}")).to_be_visible()
        _add(phone, f"{key}.jpg", jpeg(width=100 + len(key)), f"Photo de {key}", "Autre chose")
        phone.go("Dossier")
        phone.title_is("Documents")
        assert f"Photo de {key}" in _all_titles(phone)
        phone.close()
