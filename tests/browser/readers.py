"""What readers do with documents and care, step by step, each page examined on the way: finding, keeping, deciding."""

import re
from collections.abc import Callable

from playwright.sync_api import FilePayload, expect

from tests.support.papers import jpeg, pdf

from .hands import PATIENCE, AuthenticatorApp, Demo, Hands

Look = Callable[[str], None]


def record_of(demo: Demo, key: str) -> str:
    """The documents of somebody's record, seen by themself."""
    return f"/dossiers/{demo.person('patients', key)['record']}/documents"


def _seek(hands: Hands, place: str, field: str, words: str) -> None:
    """Type words into the search of a page and send them."""
    hands.open(place)
    typed = hands.main().locator(f"input[name={field}]")
    typed.fill(words)
    with hands.page.expect_navigation():
        typed.press("Enter")


def titled(hands: Hands, base: str, title: str) -> str:
    """The address of the document of this title, found by a search."""
    _seek(hands, f"{base}/recherche", "q", title)
    link = hands.main().locator("h3 a", has_text=re.compile(rf"^\W*{re.escape(title)}\W*$")).first
    expect(link).to_be_visible(timeout=PATIENCE)
    return str(link.get_attribute("href")).partition("?")[0].partition("#")[0]


def enter(hands: Hands, place: str, app: AuthenticatorApp) -> None:
    """Open the page of an act that widens; when the last proof is old, another one is given first."""
    hands.open(place)
    proves(hands, app)
    assert hands.page.url == hands.base_url + place


def proves(hands: Hands, app: AuthenticatorApp) -> None:
    """Show the second factor again, when it is asked for; whatever was asked for before follows."""
    if "/connexion/preuve" in hands.page.url:
        hands.fill("Code", app.code())
        with hands.page.expect_navigation():
            hands.press("Confirmer que c'est moi")
        hands.keep()  # a proof gives the session a new token, and the one before opens nothing any more (R7)


def _send(hands: Hands, act: str) -> None:
    """Press the button of the form that does this act."""
    with hands.page.expect_navigation():
        hands.main().locator(f"form[action$='/{act}'] button[type=submit]").last.click()


def finds(hands: Hands, demo: Demo, look: Look) -> None:
    """As the mother: her list from its sides, her folders, her searches."""
    base = record_of(demo, "mother")
    for view in ("nouveaux", "favoris", "archives", "versions"):
        hands.open(f"{base}?vue={view}")
        look(f"documents-{view}")
    hands.open(f"{base}?sorte=42&periode=1")
    look("documents-narrowed-to-nothing")
    _seek(hands, f"{base}/recherche", "q", "TSH")
    look("documents-found")
    _seek(hands, f"{base}/recherche", "q", "introuvable bilan")
    look("documents-not-found")
    hands.open(f"{base}/dossiers")
    hands.press("Créer le classeur")
    hands.says_error("")
    look("folders-refused")
    hands.open(titled(hands, base, "Certificat médical, course à pied"))
    look("document-favourite")
    hands.main().locator("details:has(form[action$='/dossier']) summary").click()
    name = hands.main().locator("form[action$='/dossier'] [name=name]")
    name.evaluate("each => each.removeAttribute('maxlength')")  # as another program would send it
    name.fill("x" * 61)
    _send(hands, "dossier")
    hands.says_error("")
    look("document-put-refused")


def adds(hands: Hands, demo: Demo, look: Look) -> str:
    """As the mother: two photos, a form sent too soon, the document, and the page for a new version of it.

    Gives the document's address.
    """
    base = record_of(demo, "mother")
    hands.open(f"{base}/ajouter")
    hands.attach("Choisir un ou plusieurs fichiers", "carnet.jpg", "image/jpeg", jpeg())
    hands.title_is("Vérifiez, puis ajoutez")
    look("adding-one")
    hands.unfold("Ajouter une autre page")
    more = FilePayload(name="suite.jpg", mimeType="image/jpeg", buffer=jpeg(100, 140))
    hands.main().locator("#file").set_input_files(more)
    expect(hands.main().locator("figure")).to_have_count(2, timeout=PATIENCE)
    hands.press("Ajouter le document")
    hands.says_error("")
    look("adding-refused")
    hands.choose("Qu'est-ce que c'est ?", "Autre chose")
    hands.fill("Date inscrite sur le document", "2025-07-07")
    hands.fill("Titre (facultatif)", "Carnet de la carte")
    hands.press("Ajouter le document")
    hands.title_is("Carnet de la carte")
    place = hands.page.url.removeprefix(hands.base_url).partition("?")[0]
    for step in ("", "?zoom=2", "/imprimer", "/remplacer"):
        hands.open(place + step)
        look(f"own-document{re.sub('[^a-z]+', '-', step)}")
    return place


def decides(hands: Hands, demo: Demo, own: str, app: AuthenticatorApp, look: Look) -> None:
    """As the mother: what each decision about a document changes, in words; `own` is one she added."""
    base = record_of(demo, "mother")
    hands.open(f"{base}/tout-cacher")
    look("hide-all")
    enter(hands, f"{base}/tout-montrer", app)
    look("show-all")
    for place in (f"{base}/delais", *_of_the_shown(hands, base)):
        hands.open(place)
        look(place.rpartition("/")[2])
    enter(hands, f"{own}/supprimer", app)
    look("delete")
    _send(hands, "supprimer")
    hands.says_error("")
    look("delete-refused")
    hidden = titled(hands, base, "Bilan bucco-dentaire")
    hands.open(hidden)
    look("document-hidden")
    enter(hands, f"{hidden}/montrer", app)
    look("show")


def _of_the_shown(hands: Hands, base: str) -> tuple[str, ...]:
    place = titled(hands, base, "Passage aux urgences")
    return f"{place}/cacher", f"{place}/remarque"


def reads_care(hands: Hands, demo: Demo, app: AuthenticatorApp, look: Look) -> None:
    """As the mother: her care searched, then the line that she keeps to herself."""
    base = record_of(demo, "mother").removesuffix("documents") + "soins"
    hands.open(f"{base}?sorte=dental")
    look("care-filtered")
    _seek(hands, f"{base}/recherche", "mots", "zzzz")
    look("care-not-found")
    _seek(hands, f"{base}/recherche", "mots", "entretien de suivi")
    look("care-found")
    visit = str(hands.main().locator("#soins a").first.get_attribute("href")).partition("?")[0]
    hands.open(visit)
    look("care-hidden")
    enter(hands, f"{visit}/montrer", app)
    look("care-show")


def retired_searches(hands: Hands, demo: Demo, look: Look) -> None:
    """A tired person's own words, and a result that waits for the doctor."""
    base = record_of(demo, "retired")
    _seek(hands, f"{base}/recherche", "q", "cholestérol de l'an dernier")
    look("cholesterol")
    hands.open(f"{base}/delais")
    look("waiting-results")


def teen_decides(hands: Hands, demo: Demo, app: AuthenticatorApp, look: Look) -> None:
    """A minor with an account of their own: a secret document, and the page that opens it to the parents."""
    base = record_of(demo, "teen")
    secret = titled(hands, base, "Entretien de suivi")
    hands.open(secret)
    look("secret-document")
    enter(hands, f"{secret}/parents", app)
    look("open-to-parents")


def doctor_decides(hands: Hands, demo: Demo, look: Look) -> None:
    """As the doctor: what came in, a search, an announcement, and a deposit of theirs that parents do not see."""
    mother = f"/pro/patients/{demo.person('patients', 'mother')['record']}/documents"
    _seek(hands, f"{mother}/recherche", "q", "TSH")
    look("doctor-found")
    hands.open(f"{mother}?ordre=date")
    look("doctor-by-date")
    retired = f"/pro/patients/{demo.person('patients', 'retired')['record']}/documents"
    waiting = titled(hands, retired, "Compte rendu à annoncer")
    hands.open(waiting)
    look("doctor-unannounced")
    hands.open(f"{waiting}/annoncer")
    _send(hands, "annoncer")
    hands.says_error("")
    look("doctor-announce-refused")
    _deposits_in_secret(hands, demo)
    look("doctor-secret-document")
    place = hands.page.url.removeprefix(hands.base_url)
    for act in ("parents", "supprimer", "remplacer"):
        hands.open(f"{place}/{act}")
        look(f"doctor-{act}")


def doctor_keeps(hands: Hands, demo: Demo, look: Look) -> None:
    """As the doctor: a folder of theirs, the timeline, a filter that finds nothing, the care history searched."""
    base = f"/pro/patients/{demo.person('patients', 'mother')['record']}"
    folders = f"{base}/documents/dossiers"
    _seek(hands, folders, "name", "Thyroïde, à suivre")
    look("doctor-folders")
    kept = hands.main().locator(f"a[href^='{folders}/']").last
    hands.open(str(kept.get_attribute("href")))
    look("doctor-folder")
    hands.open(f"{base}/documents?forme=frise")
    look("doctor-timeline")
    hands.open(f"{base}/documents?sorte=42&periode=1")
    look("doctor-narrowed-to-nothing")
    for words in ("consultation", "zzzz"):
        _seek(hands, f"{base}/soins/recherche", "mots", words)
        look(f"doctor-care-{words}")


def _deposits_in_secret(hands: Hands, demo: Demo) -> None:
    base = f"/pro/patients/{demo.person('children', 'child')['record']}"
    hands.open(f"{base}/deposer")
    hands.attach("Choisir le document", "ordonnance.pdf", "application/pdf", pdf("Repos à la maison"))
    hands.press("Envoyer le fichier")
    hands.title_is("Relire et déposer")
    hands.fill("Titre que lira le patient", "Repos de la carte")
    hands.main().locator("[name=representatives_see]").last.check()
    hands.main().locator("form button[type=submit]", has_text="Déposer dans le dossier").click()
    hands.title_is("Document déposé")
    hands.open(f"{base}/documents")
    hands.follow("Repos de la carte")  # at the top of the list; the worker has not read its words yet
    hands.title_is("Repos de la carte")
