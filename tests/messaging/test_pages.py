"""The pages of messages in a browser: reading, answering, writing, searching, taking away."""

from dataclasses import replace
from datetime import date
from io import BytesIO
from uuid import UUID
from zipfile import ZipFile

import pytest
from flask import Flask

from espace.documents import services as documents
from espace.interop import mail_read
from espace.interop.mail_letter import Part
from espace.interop.media import PDF
from espace.messaging.services.facts import MessageFacts
from espace.messaging.services.reading import lists
from espace.messaging.services.reading.lists import Folder
from espace.messaging.services.writing import drafts
from espace.settings import Settings
from tests.support import build
from tests.support.browser_client import Browser, Form, Page, Upload
from tests.support.papers import pdf

from .letters import DOCTOR, HOSPITAL, address_of, arrive, letter, messages
from .support import Home, conversation_of, home

SENT = "Votre message est en route"


@pytest.fixture
def claire(app: Flask) -> Home:
    """A person with an empty box."""
    return home()


@pytest.fixture
def browser(app: Flask, claire: Home) -> Browser:
    """Claire's."""
    return claire.person.browser(app)


def test_an_empty_box_says_what_will_stand_there(browser: Browser, claire: Home) -> None:
    page = browser.get(claire.at())
    assert page.status == 200
    assert not page.tree.xpath("//ul[@class='rows after']")
    assert "15" in page.text


def test_the_list_leads_to_the_letters_and_the_badge_goes_once_they_are_read(browser: Browser, claire: Home) -> None:
    came = claire.receives("Bonjour,\n\nTout va bien.\n> Ma question", subject="Vos résultats")
    listed = browser.get(claire.at())
    assert "Vos résultats" in listed.text
    assert DOCTOR.name in listed.text
    assert listed.tree.xpath("//nav//span[@class='dot']")
    page = browser.get(claire.at(conversation_of(came)))
    assert "Tout va bien." in page.text
    assert page.tree.xpath("//details/pre[contains(., 'Ma question')]")
    assert not browser.get(claire.at()).tree.xpath("//nav//span[@class='dot']")


def test_what_could_not_be_read_is_said_beside_the_words_once(browser: Browser, claire: Home) -> None:
    given = replace(letter(address_of(claire.person)), faults=("structure", "encoding", "no-date", "charset"))
    (came,) = arrive(given)
    page = browser.get(claire.at(conversation_of(came)))
    said = [one.text_content().strip() for one in page.tree.xpath("//article/p[@class='says']")]
    assert len(said) == 2, "two codes say the same, and one changes nothing for who reads"
    assert "abîmée" in said[0]
    assert "lettres" in said[1]
    (sound,) = arrive(letter(address_of(claire.person)))
    assert not browser.get(claire.at(conversation_of(sound))).tree.xpath("//article/p[@class='says']")


def test_the_card_on_the_home_leads_to_what_is_unread(browser: Browser, claire: Home) -> None:
    came = claire.receives(subject="Nouvelle")
    place = f"/dossiers/{claire.person.record_id}/"
    href = claire.at(conversation_of(came))
    assert browser.get(place).tree.xpath("//section//a[@href=$href]", href=href)


def answering(browser: Browser, claire: Home, conversation_id: UUID) -> tuple[Page, Form]:
    """The page of a conversation and the form of its answer."""
    page = browser.get(claire.at(conversation_id))
    return page, page.form("draft", "text")


def sent_from(claire: Home) -> list[MessageFacts]:
    """What left the box."""
    return [said for said, row in messages(claire.box.id) if row.outgoing]


def test_an_answer_is_sent_once_however_often_it_is_pressed(browser: Browser, claire: Home) -> None:
    _, form = answering(browser, claire, conversation_of(claire.receives()))
    first = browser.submit(form, {"text": "Merci, docteur."}, button="geste=envoyer")
    browser.submit(form, {"text": "Merci, docteur."}, button="geste=envoyer")
    assert SENT in first.text
    assert "Merci, docteur." in first.text
    assert [(one.text, one.subject) for one in sent_from(claire)] == [("Merci, docteur.", "Re: Votre consultation")]


def test_what_is_sent_again_with_other_words_is_another_message(browser: Browser, claire: Home) -> None:
    _, form = answering(browser, claire, conversation_of(claire.receives()))
    browser.submit(form, {"text": "Oui."}, button="geste=envoyer")
    browser.submit(form, {"text": "Non."}, button="geste=envoyer")
    assert [one.text for one in sent_from(claire)] == ["Oui.", "Non."]


def test_an_empty_answer_is_said_beside_the_field_and_nothing_leaves(browser: Browser, claire: Home) -> None:
    _, form = answering(browser, claire, conversation_of(claire.receives()))
    page = browser.submit(form, {"text": "  "}, button="geste=envoyer", expect=422)
    assert page.tree.xpath("//textarea[@aria-invalid='true']")
    assert not sent_from(claire)


def test_a_draft_with_its_files_is_kept_found_again_and_leaves_whole(browser: Browser, claire: Home) -> None:
    conversation_id = conversation_of(claire.receives())
    _, form = answering(browser, claire, conversation_id)
    file = Upload("analyse.pdf", pdf("Mon analyse"), PDF)
    page = browser.submit(form, {"text": "Voici mon analyse.", "file": file}, button="geste=joindre")
    assert "analyse.pdf" in page.text
    assert "Voici mon analyse." in page.form("draft", "text").values["text"][0]
    assert "Voici mon analyse." in browser.get(claire.at() + "?vue=brouillons").text
    browser.submit(page.form("draft", "text"), button="geste=envoyer")
    assert [(one.text, one.files) for one in sent_from(claire)] == [("Voici mon analyse.", 1)]
    assert drafts.count(claire.box) == 0


def test_what_script_keeps_is_said_and_stands_in_the_page_when_it_is_opened_again(
    browser: Browser, claire: Home
) -> None:
    conversation_id = conversation_of(claire.receives())
    page, form = answering(browser, claire, conversation_id)
    data = {name: list(held) for name, held in form.values.items()} | {"text": "À moitié écr"}
    kept = browser.send(
        "POST", form.action, data=data, headers={"HX-Request": "true", "HX-Target": "garde"}, whole=False, expect=200
    )
    assert "Brouillon gardé" in kept.text
    assert answering(browser, claire, conversation_id)[1].values["text"][0].strip() == "À moitié écr"
    assert page.tree.xpath("//textarea[@hx-post]")


def test_a_new_message_goes_to_who_wrote_before_and_is_confirmed_for_several(browser: Browser, claire: Home) -> None:
    claire.receives()
    claire.receives(sender=HOSPITAL, subject="Rendez-vous")
    page = browser.get(claire.at("ecrire"))
    form = page.form("draft", "to")
    every = page.tree.xpath("//input[@name='to']/@value")
    assert len(every) == 2
    asked = browser.submit(form, {"to": every, "subject": "Question", "text": "Quand venir ?"}, button="geste=envoyer")
    assert not sent_from(claire)
    assert DOCTOR.name in asked.text
    assert HOSPITAL.name in asked.text
    confirm = next(one for one in asked.forms if one.action.endswith("/envoyer"))
    assert SENT in browser.submit(confirm).text
    browser.submit(confirm)
    assert [len(one.to) for one in sent_from(claire)] == [2]


def test_nobody_is_offered_while_nobody_wrote_and_nothing_can_be_forced(browser: Browser, claire: Home) -> None:
    page = browser.get(claire.at("ecrire"))
    assert not page.tree.xpath("//textarea")
    data = {"csrf_token": page.csrf_token, "to": DOCTOR.address, "other": DOCTOR.address, "text": "Bonjour"}
    refused = browser.post(claire.at("ecrire"), data, expect=422)
    assert not sent_from(claire)
    assert refused.status == 422


def test_a_closed_exchange_says_so_and_offers_no_answer(browser: Browser, claire: Home, settings: Settings) -> None:
    came = claire.receives()
    first = messages(claire.box.id)[0][0].message_id
    claire.receives("Suivi terminé.", subject=f"{settings.closing_mark} Votre consultation", answers=first)
    page = browser.get(claire.at(conversation_of(came)))
    assert not page.tree.xpath("//textarea")
    assert "a terminé cet échange" in page.text
    assert page.tree.xpath("//a[@href='tel:15']")
    claire.receives("Encore une chose.", answers=first)
    assert browser.get(claire.at(conversation_of(came))).tree.xpath("//textarea")


def test_words_are_found_marked_and_kept_nowhere(browser: Browser, claire: Home) -> None:
    came = claire.receives("Votre cholestérol est normal.", subject="Bilan")
    claire.receives("Rien à voir.", subject="Autre")
    form = browser.get(claire.at()).form("q")
    page = browser.submit(form, {"q": "cholesterol"})
    assert page.tree.xpath("//mark/text()") == ["cholestérol"]
    assert page.tree.xpath("//h3/a[starts-with(@href, $place)]", place=claire.at(conversation_of(came)))
    assert "Autre" not in page.text
    assert browser.post(claire.at("recherche"), {"csrf_token": page.csrf_token, "q": "?"}, expect=422).status == 422


def test_a_conversation_is_printed_and_taken_away_whole(browser: Browser, claire: Home) -> None:
    came = claire.receives("Bonjour", parts=[Part("note.pdf", PDF, pdf("Une note"))])
    place = claire.at(conversation_of(came))
    assert "Bonjour" in browser.get(f"{place}/imprimer").text
    assert browser.get(f"{place}/pdf").body.startswith(b"%PDF-")
    with ZipFile(BytesIO(browser.get(f"{place}/copie").body)) as archive:
        (name,) = archive.namelist()
        read = mail_read.read(archive.read(name))
    assert (read.text.strip(), [part.name for part in read.parts]) == ("Bonjour", ["note.pdf"])


def test_an_attachment_is_looked_at_and_taken_away(browser: Browser, claire: Home) -> None:
    file = pdf("Feuille de soins")
    came = claire.receives(parts=[Part("feuille.pdf", PDF, file)])
    page = browser.get(claire.at(conversation_of(came)))
    (place,) = page.tree.xpath("//div[@class='attach']//a[starts-with(., 'feuille')]/@href")
    assert browser.get(place).tree.xpath("//figure//img")
    assert browser.get(f"{place}/contenu").body == file


def test_archiving_and_marking_unread_are_done_from_the_page(browser: Browser, claire: Home) -> None:
    came = claire.receives()
    page = browser.get(claire.at(conversation_of(came)))
    unread = next(one for one in page.forms if one.action.endswith("/non-lu"))
    browser.submit(unread)
    assert lists.unread(claire.box) == 1
    browser.submit(next(one for one in page.forms if one.action.endswith("/archiver")))
    assert not lists.page(claire.box).lines
    assert lists.page(claire.box, Folder.ARCHIVED).lines


def test_a_draft_that_is_thrown_away_is_gone(browser: Browser, claire: Home) -> None:
    claire.receives()
    drafts.begin(claire.box, drafts.Typed(subject="À jeter"))
    page = browser.get(claire.at() + "?vue=brouillons")
    browser.submit(next(one for one in page.forms if one.action.endswith("/jeter")))
    assert drafts.drafts(claire.box) == []


def test_private_mode_shows_no_word_of_a_message(browser: Browser, claire: Home) -> None:
    came = claire.receives("Votre test est positif.", subject="Résultat du test")
    form = next(one for one in browser.get("/compte/mode-prive").forms if one.action == "/compte/mode-prive")
    browser.submit(form)
    drafts.begin(claire.box, drafts.Typed(subject="Résultat du test"))
    shown = (claire.at(), claire.at() + "?vue=brouillons", claire.at(conversation_of(came)))
    for place in (*shown, f"/dossiers/{claire.person.record_id}/"):
        page = browser.get(place)
        assert "positif" not in page.text
        assert "Résultat du test" not in page.text
        assert DOCTOR.name not in page.text


def test_an_attachment_goes_into_the_record_in_one_press_and_once(browser: Browser, claire: Home) -> None:
    came = claire.receives(parts=[Part("feuille.pdf", PDF, pdf("Feuille de soins"))])
    page = browser.get(claire.at(conversation_of(came)))
    (href,) = page.tree.xpath("//div[@class='attach']/a[@class='btn second small']/@href")
    form = browser.get(href).form("title", "type_code")
    filed = browser.submit(form, {"type_code": "DOCPAT04"})
    assert filed.path.startswith(f"/dossiers/{claire.person.record_id}/documents/")
    assert browser.submit(form, {"type_code": "DOCPAT04"}).path == filed.path
    again = browser.get(claire.at(conversation_of(came)))
    assert again.tree.xpath("//div[@class='attach']/a/@href")[-1] == filed.path


def test_documents_of_the_record_go_with_a_message(browser: Browser, claire: Home) -> None:
    said = documents.AddDocument("Ma prise de sang", date(2026, 3, 4), "DOCPAT04", pdf("Fer"))
    documents.add(claire.person.standing(), said)
    _, form = answering(browser, claire, conversation_of(claire.receives()))
    pick = browser.submit(form, {"text": "Voici."}, button="geste=documents")
    assert "Ma prise de sang" in pick.text
    ticked = pick.tree.xpath("//input[@name='documents']/@value")
    back = browser.submit(pick.form("documents"), {"documents": ticked}, button="geste=choisir")
    assert "Ma prise de sang" in back.text
    browser.submit(back.form("draft", "text"), button="geste=envoyer")
    assert [(one.text, one.files) for one in sent_from(claire)] == [("Voici.", 1)]


def test_a_document_of_somebody_else_never_goes_with_a_message(browser: Browser, claire: Home) -> None:
    nadia = build.citizen("Nadia")
    foreign = documents.add(nadia.standing(), documents.AddDocument("À elle", date(2026, 3, 4), "DOCPAT04", pdf("x")))
    _, form = answering(browser, claire, conversation_of(claire.receives()))
    data = {name: list(held) for name, held in form.values.items()}
    data |= {"text": ["Voici."], "documents": [str(foreign.id)], "geste": ["envoyer"]}
    browser.post(form.action, data)
    assert not sent_from(claire)


def test_a_reading_is_confirmed_by_choice_alone(browser: Browser, claire: Home) -> None:
    given = replace(letter(address_of(claire.person)), wants_receipt=DOCTOR.address)
    which = conversation_of(arrive(given)[0])
    page = browser.get(claire.at(which))
    form = next(one for one in page.forms if one.action.endswith("/accuse"))
    after = browser.submit(form, button="geste=taire")
    assert not [one for one in after.forms if one.action.endswith("/accuse")]
