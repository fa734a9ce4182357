"""The pages of carers, walked as people do: asked, answered, narrowed, ended while a page is open."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from espace.family.services.carers import links
from tests.support import build
from tests.support.browser_client import Browser, Page, Upload
from tests.support.clock import FakeClock

from .caring import ADD, READ, deliver, helped_and_carer, invited, made, scope, titles, token_to

Typed = dict[str, str | list[str] | Upload | None]
FILLED: Typed = {"name": "Soazig Diallo", "tasks": ["read-documents"], "subjects": ["psychiatry"]}


def _ask(browser: Browser, base: str, **values: str) -> Page:
    """Fill the form in and read the summary, then send the invitation."""
    form = browser.get(f"{base}/acces/aidants/ajouter").form("name", "last_day")
    check = browser.submit(form, {**FILLED, **values})
    return browser.submit(check.form("seen"))


def test_asking_reads_as_a_sentence_and_the_yes_opens_the_record(app: Flask) -> None:
    helped, carer = helped_and_carer()
    build.document(helped.standing(), "Compte rendu annuel")
    base, browser, other = f"/dossiers/{helped.record_id}", helped.browser(app), carer.browser(app)
    form = browser.get(f"{base}/acces/aidants/ajouter").form("name", "last_day")
    check = browser.submit(form, {**FILLED, "email": "soazig@exemple.fr"})
    assert (
        "Soazig Diallo peut lire les documents, sauf la psychiatrie et la psychologie, jusqu'au 24 mai 2027"
        in check.text
    )
    asked = invited(helped.standing(), carer, scope(READ, without=["psychiatry"]))
    page = other.get(f"/compte/proches/invitations/lien/{token_to(carer.email)}")
    assert page.path == f"/compte/proches/invitations/{asked}"
    assert "psychiatrie" not in page.text, "what is kept is never said to the carer"
    done = other.submit(page.form("answer"), button="answer=yes")
    assert "Vous aidez Yves" in done.text
    home = other.get(f"{base}/")
    assert "Vous agissez" in home.text
    assert "pour Yves" in home.text
    assert "Compte rendu annuel" in other.get(f"{base}/documents").text
    assert "psychiatrie" not in other.get("/compte/proches").text
    shown = browser.get(f"{base}/acces/aidants").text
    assert "sauf la psychiatrie" in shown


def test_the_answer_of_the_form_is_the_same_for_known_and_unknown(app: Flask) -> None:
    helped, carer = helped_and_carer()
    base, browser = f"/dossiers/{helped.record_id}", helped.browser(app)
    said = []
    for number, born in ((carer.ins, "07/05/1979"), (build.ins(), "07/05/1979"), (carer.ins, "08/05/1979")):
        page = _ask(browser, base, way="identity", ins=number, birth_date=born)
        said.append(
            (page.status, page.text.partition("<main")[2].count("Soazig Diallo"), page.tree.xpath("string(//main//h1)"))
        )
    assert len({one[0] for one in said}) == 1
    flashed = [one[2] for one in said]
    assert len(set(flashed)) == 1
    deliver()
    assert len([one for one in build.mails_to(carer.email) if one["message"] == "carer-invitation"]) == 1


def test_a_wrong_account_an_old_link_and_an_invented_one_are_answered_alike(app: Flask, clock: FakeClock) -> None:
    helped, carer = helped_and_carer()
    thief = build.citizen("Ondine", "Perrot").browser(app)
    asked = invited(helped.standing(), carer, scope(READ))
    place = "/compte/proches/invitations"
    token = token_to(carer.email)
    answers = [thief.get(f"{place}/{end}", expect=404) for end in (f"lien/{token}", "lien/invente", str(asked))]
    answers.append(thief.get(f"{place}/{helped.record_id}", expect=404))
    assert len({page.tree.xpath("string(//main)") for page in answers}) == 1
    assert "Yves" not in answers[0].text
    own = carer.browser(app)
    own.submit(own.get(f"{place}/{asked}").form("answer"), button="answer=yes")
    replayed = own.get(f"{place}/lien/{token}", expect=404)
    assert replayed.tree.xpath("string(//main)") == answers[0].tree.xpath("string(//main)")
    again = own.post(f"{place}/{asked}", {"csrf_token": replayed.csrf_token, "answer": "yes"})
    assert again.status == 404
    anonymous = Browser(app).get(f"{place}/lien/{token}", follow=False, expect=303)
    assert anonymous.headers["Location"].endswith("/connexion")


def test_the_help_ended_while_a_page_is_open_opens_nothing_more(app: Flask) -> None:
    helped, carer = helped_and_carer()
    document = build.document(helped.standing(), "Lettre")
    one = made(helped.standing(), carer, scope(READ, ADD))
    base, theirs = f"/dossiers/{helped.record_id}", carer.browser(app)
    listed = theirs.get(f"{base}/documents")
    adding = theirs.get(f"{base}/documents/ajouter")
    links.end(helped.standing(), one.id)
    assert listed.status == 200
    for place in ("/", "/documents", f"/documents/{document}", f"/documents/{document}/contenu", "/plus"):
        theirs.get(f"{base}{place}", expect=404)
    token = adding.csrf_token
    assert theirs.post(f"{base}/documents/ajouter", {"csrf_token": token}).status == 404
    assert "Yves" not in theirs.get("/dossiers/").text


def test_two_browsers_the_second_sees_how_things_stand(app: Flask) -> None:
    helped, carer = helped_and_carer()
    one = made(helped.standing(), carer, scope(READ, ADD))
    place = f"/dossiers/{helped.record_id}/acces/aidants/{one.id}"
    first, second = helped.browser(app), helped.browser(app)
    forms = [each.get(f"{place}/reduire").form("version") for each in (first, second)]
    assert "C'est fait" in first.submit(forms[0], {"tasks": ["read-documents"]}).text
    late = second.submit(forms[1], {"tasks": ["add-documents"]})
    assert late.path == place
    assert "rien n'a été changé" in late.text
    assert links.carer(helped.standing(), one.id).scope.tasks == {READ}


@pytest.mark.parametrize("version", ["9" * 400, "-1", "0", "x", ""])
def test_a_page_that_was_never_ours_changes_nothing(app: Flask, version: str) -> None:
    helped, carer = helped_and_carer()
    one = made(helped.standing(), carer, scope(READ, ADD))
    browser = helped.browser(app)
    form = browser.get(f"/dossiers/{helped.record_id}/acces/aidants/{one.id}/reduire").form("version")
    late = browser.submit(form, {"tasks": ["read-documents"], "version": version}, expect=None)
    assert late.status in (200, 409, 422)
    assert links.carer(helped.standing(), one.id).scope.tasks == {READ, ADD}


def test_narrowing_and_ending_need_no_proof_and_widening_leads_to_it(app: Flask, clock: FakeClock) -> None:
    helped, carer = helped_and_carer()
    one = made(helped.standing(), carer, scope(READ, ADD))
    base, browser = f"/dossiers/{helped.record_id}/acces/aidants", helped.browser(app)
    clock.advance(timedelta(minutes=6))
    for place in (f"{base}/ajouter", f"{base}/{one.id}/elargir"):
        asked = browser.get(place, follow=False, expect=303)
        assert asked.headers["Location"].endswith("/connexion/preuve")
    form = browser.get(f"{base}/{one.id}/reduire").form("version")
    wider = browser.send("POST", form.action, data={**form.values, "last_day": "2027-11-01"}, follow=False)
    assert wider.headers["Location"].endswith("/connexion/preuve"), "a form that narrows cannot be bent to widen"
    assert (
        "C'est fait" in browser.submit(form, {"tasks": ["read-documents"], "subjects": ["psychiatry", "genetics"]}).text
    )
    page = browser.get(f"{base}/{one.id}")
    ended = browser.submit(next(form for form in page.forms if form.action.endswith("/fin")))
    assert "ne voit plus rien" in ended.text
    assert links.carer(helped.standing(), one.id).is_over


def test_mistakes_are_said_beside_their_fields_and_nothing_typed_is_lost(app: Flask) -> None:
    helped, _ = helped_and_carer()
    base, browser = f"/dossiers/{helped.record_id}", helped.browser(app)
    form = browser.get(f"{base}/acces/aidants/ajouter").form("name", "last_day")
    wrong: tuple[tuple[Typed, str], ...] = (
        ({"email": "pas une adresse"}, "Écrivez une adresse e-mail entière"),
        ({"email": "a@exemple.fr", "last_day": ""}, "elle a toujours une fin"),
        ({"email": "a@exemple.fr", "last_day": "2029-01-01"}, "au plus tard"),
        ({"email": "a@exemple.fr", "tasks": []}, "Choisissez au moins une chose"),
        ({"way": "identity", "ins": "12", "birth_date": "07/05/1979"}, "13 chiffres"),
        ({"way": "identity", "ins": build.ins(), "birth_date": "demain"}, "date"),
    )
    for values, sentence in wrong:
        page = browser.submit(form, {**FILLED, **values}, expect=422)
        assert sentence in page.text, (values, page.tree.xpath("string(//*[@id='summary'])"))
        assert page.form("name").values["name"] == ["Soazig Diallo"]


def test_what_a_carer_does_is_written_with_both_names(app: Flask) -> None:
    helped, carer = helped_and_carer()
    build.document(helped.standing(), "Lettre du cardiologue")
    one = made(helped.standing(), carer, scope(READ, ADD))
    base, theirs = f"/dossiers/{helped.record_id}", carer.browser(app)
    theirs.get(f"{base}/documents")
    build.document(carer.standing(helped.record_id), "Photo de l'ordonnance")
    mine = helped.browser(app)
    for place in ("/historique", f"/acces/aidants/{one.id}/releve"):
        text = mine.get(f"{base}{place}").text
        assert "Soazig Diallo" in text, place
        assert "pour Yves" in text, place
    receipt = mine.get(f"{base}/acces/aidants/{one.id}/releve").text
    assert "Photo de l'ordonnance" in receipt
    for place in ("/historique", "/acces", "/acces/aidants", f"/acces/aidants/{one.id}/releve"):
        theirs.get(f"{base}{place}", expect=404)


def test_a_carer_stops_helping_in_one_tap(app: Flask) -> None:
    helped, carer = helped_and_carer()
    made(helped.standing(), carer, scope(READ))
    browser = carer.browser(app)
    page = browser.get("/compte/proches")
    assert "Yves Quéméner" in page.text
    stopped = browser.submit(next(form for form in page.forms if form.action.endswith("/fin")))
    assert "Vous n'aidez plus Yves" in stopped.text
    browser.get(f"/dossiers/{helped.record_id}/", expect=404)


def test_parents_name_a_carer_for_their_child_and_each_sees_it(app: Flask) -> None:
    mother, carer = helped_and_carer()
    father = build.citizen("Karim", "Benali", sex="M")
    child = build.citizen(
        "Jules", parents=(mother, father), activated=False, birth=mother.birth_date.replace(year=2017)
    )
    one = made(mother.standing(child.record_id), carer, scope(READ))
    place = f"/dossiers/{child.record_id}/acces/aidants"
    browser = father.browser(app)
    page = browser.get(f"{place}/{one.id}")
    assert "Soazig" in page.text
    browser.submit(next(form for form in page.forms if form.action.endswith("/fin")))
    assert links.carer(mother.standing(child.record_id), one.id).is_over


@pytest.mark.parametrize("tasks", [(READ,), (ADD,), (READ, ADD)])
def test_each_task_alone_serves_its_own_pages(app: Flask, tasks: tuple[object, ...]) -> None:
    helped, carer = helped_and_carer()
    build.document(helped.standing(), "Lettre")
    made(helped.standing(), carer, replace(scope(READ), tasks=frozenset(tasks)))  # type: ignore[arg-type]
    base, browser = f"/dossiers/{helped.record_id}", carer.browser(app)
    browser.get(f"{base}/")
    browser.get(f"{base}/documents", expect=200 if READ in tasks else 404)
    browser.get(f"{base}/documents/ajouter", expect=200 if ADD in tasks else 404)
    if READ in tasks:
        assert titles(carer.standing(helped.record_id)) == {"Lettre"}


def test_ones_own_carers_are_found_from_the_page_of_relatives(app: Flask) -> None:
    helped, _carer = helped_and_carer()
    browser = helped.browser(app)
    page = browser.get("/compte/proches")
    assert browser.get(page.link("Être aidé par un proche")).path == f"/dossiers/{helped.record_id}/acces/aidants"


def test_what_follows_from_ending_the_help_is_said_before_either_presses(app: Flask) -> None:
    helped, carer = helped_and_carer()
    made(helped.standing(), carer, scope(READ))
    theirs = carer.browser(app).get("/compte/proches")
    button = theirs.tree.xpath("//button[contains(., 'Ne plus aider')]")[0]
    said = theirs.tree.get_element_by_id(button.get("aria-describedby")).text_content()
    assert "vous ne voyez plus rien de ce dossier" in said
    mine = helped.browser(app).get(f"/dossiers/{helped.record_id}/acces/aidants")
    assert "cette personne ne voit et ne fait plus rien ici, dès maintenant" in mine.text
