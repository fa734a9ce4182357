"""The pages of professional mailboxes, walked and filled by those who work in them."""

from datetime import date
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from espace import db, outbox
from espace.access import services as access
from espace.access.services import Answer
from espace.messaging.models import Conversation
from espace.messaging.services import boxes
from espace.messaging.services.boxes import Box
from espace.messaging.services.practice import members, preferring, templates, tokens
from espace.messaging.services.practice.templates import Template
from espace.messaging.services.reading import lists
from espace.messaging.services.reading.lists import Folder
from espace.messaging.services.writing import drafts
from tests.support import build
from tests.support.browser_client import Browser, Form, Page
from tests.support.build import Caregiver, Citizen
from tests.support.crawl import crawl
from tests.support.marks import on_sqlite

from .mailboxes import doctor, own_box, ward

pytestmark = on_sqlite


def at(page: Page, action: str) -> Form:
    """The form of a page that is sent there."""
    found = [form for form in page.forms if form.action == action]
    assert found, f"no form of {page.path} is sent to {action}: {[form.action for form in page.forms]}"
    return found[0]


def fill(browser: Browser, place: str, *, expect: int | None = None, **values: str) -> Page:
    """Open a page and send its own form with these values."""
    return browser.submit(at(browser.get(place), place), values, expect=expect)


def _conversation(box: Box) -> UUID:
    return lists.page(box, Folder.SENT).lines[0].id


def _write_from_page(browser: Browser, patient: Citizen, text: str) -> None:
    """From the page of a patient to the message sent, as somebody with one mailbox does."""
    page = fill(browser, f"/pro/patients/{patient.record_id}/ecrire")
    browser.submit(at(page, page.path), {"subject": "Votre bilan", "text": text}, button="geste=envoyer")


def _patient_of(who: Caregiver) -> Citizen:
    patient = build.citizen("Claire", "Fontenay")
    build.consent(patient, who, Answer.GRANT)
    return patient


def test_every_page_of_a_team_s_mailbox_is_found_by_links(app: Flask) -> None:
    leader = doctor()
    doctor("Le Goff", "Jeanne", own=False)
    facts = ward(leader)
    templates.save(boxes.box_of_mailbox(leader.actor, facts.id), Template("Rendez-vous", "", "Bonjour"))
    tokens.make(leader.actor, facts.id, "Laboratoire")
    seen = {page.path for page in crawl(leader.browser(app), "/pro/")}
    base = f"/pro/messages/{facts.id}"
    assert {
        "/pro/messages",
        "/pro/messages/annuaire",
        "/pro/messages/nouvelle-boite",
        f"{base}/reglages",
        f"{base}/reglages/equipe",
        f"{base}/reglages/equipe/ajouter",
        f"{base}/reglages/programmes",
        f"{base}/reglages/programmes/nouveau",
        f"{base}/reglages/fermer",
        f"{base}/reglages/historique",
        f"{base}/modeles",
        f"{base}/modeles/nouveau",
    } <= seen


def test_who_has_one_mailbox_is_led_to_it_and_who_has_none_reads_why(app: Flask) -> None:
    one, away, none = doctor(), doctor("Petit", "Luc", domain="hopital.mssante.fr"), doctor("Roux", "Jean", own=False)
    page = one.browser(app).get("/pro/messages")
    assert page.path == f"/pro/messages/{own_box(one).id}"
    assert "luc.petit@hopital.mssante.fr" in away.browser(app).get("/pro/messages").text
    assert none.browser(app).get("/pro/messages").path == "/pro/messages"


def test_a_mailbox_is_made_chosen_for_and_closed_by_its_forms(app: Flask) -> None:
    leader, colleague = doctor(), doctor("Petit", "Luc")
    browser, new = leader.browser(app), "/pro/messages/nouvelle-boite"
    wrong = fill(browser, new, expect=422, kind="ORG", local="postmaster", name="Pédiatrie")
    assert at(wrong, new).values["name"] == ["Pédiatrie"]
    page = fill(browser, new, kind="ORG", local="pediatrie", name="Pédiatrie")
    base = page.path.removesuffix("/reglages/equipe")
    own = at(browser.get(f"{base}/reglages"), f"{base}/reglages")
    assert not {"address", "local", "domain", "kind"} & own.names
    page = fill(browser, f"{base}/reglages/equipe/ajouter", professional=str(colleague.id))
    assert "Luc Petit" in page.text
    fill(browser, f"{base}/reglages", expect=422, reply_days="beaucoup")
    fill(browser, f"{base}/reglages", expect=422, absent_from="2026-13-45")
    days = {"absent_from": "2026-11-01", "absent_until": "2026-12-31", "absence": "Voyez le Dr Petit."}
    browser.submit(at(browser.get(f"{base}/reglages"), f"{base}/reglages"), {"reply_days": "3"} | days)
    facts = boxes.mailbox_of(leader.actor, UUID(base.rpartition("/")[2]))
    assert (facts.reply_days, facts.absence) == (3, "Voyez le Dr Petit.")
    stale = browser.submit(own, {"name": "Autre nom"})
    assert "Autre nom" not in stale.text
    fill(browser, f"{base}/reglages/fermer")
    browser.get(base, expect=404)
    assert fill(browser, f"/pro/messages/fermees/{facts.id}").path == base


def test_a_token_is_shown_once(app: Flask) -> None:
    leader = doctor()
    browser = leader.browser(app)
    base = f"/pro/messages/{own_box(leader).id}/reglages/programmes"
    page = fill(browser, f"{base}/nouveau", name="Thunderbird")
    secret = next(word for word in page.text.split() if tokens.mailbox_with_token(leader.facts.mssante, word))
    for place in (base, f"{base}/nouveau"):
        assert secret not in browser.get(place).text
    listed = browser.get(base)
    browser.submit(next(form for form in listed.forms if form.action.endswith("/fin")))
    assert tokens.mailbox_with_token(leader.facts.mssante, secret) is None


def test_a_line_of_the_address_book_leads_to_a_message_with_its_address(app: Flask) -> None:
    writer, other = doctor(), doctor("Petit", "Luc", domain="hopital.mssante.fr")
    facts = ward(other, "urgences", "Urgences")
    browser, book = writer.browser(app), "/pro/messages/annuaire"
    fill(browser, book, expect=422, name=" ")
    for name, address in (("petit", other.facts.mssante), ("urgences", facts.address)):
        found = fill(browser, book, name=name)
        page = browser.submit(at(found, f"{book}/ecrire"))
        assert at(page, page.path).values["other"] == [address]
        assert "@" not in page.path


def test_a_message_to_a_patient_begins_on_their_page_and_nowhere_else(app: Flask) -> None:
    helene = doctor()
    patient, stranger = _patient_of(helene), build.citizen("Anne", "Roux")
    browser = helene.browser(app)
    links = browser.get(f"/pro/patients/{patient.record_id}/").links
    assert f"/pro/patients/{patient.record_id}/ecrire" in links.values()
    _write_from_page(browser, patient, "Vos résultats sont bons.")
    outbox.work()
    (line,) = lists.page(boxes.box_of(patient.standing()), Folder.INBOX).lines
    assert line.unread
    browser.get(f"/pro/patients/{stranger.record_id}/ecrire", expect=404)


def test_the_mailbox_one_prefers_is_proposed_to_write_from(app: Flask) -> None:
    leader = doctor()
    browser, patient, team = leader.browser(app), _patient_of(leader), ward(leader)
    place = f"/pro/patients/{patient.record_id}/ecrire"
    assert at(browser.get(place), place).values["mailbox"] == [str(own_box(leader).id)]
    preferring.prefer(leader.actor, team.id)
    assert at(browser.get(place), place).values["mailbox"] == [str(team.id)]


def test_who_of_a_team_answers_is_chosen_in_the_conversation(app: Flask) -> None:
    leader, colleague = doctor(own=False), doctor("Petit", "Luc", own=False)
    patient, facts = _patient_of(leader), ward(leader)
    members.add(leader.actor, facts.id, colleague.id)
    browser = leader.browser(app)
    _write_from_page(browser, patient, "Bonjour")
    place = f"/pro/messages/{facts.id}/{_conversation(boxes.box_of_mailbox(leader.actor, facts.id))}"
    page = browser.get(place)
    assert "Dr Hélène Morvan" in page.text  # who of the team wrote stands in the words
    late = colleague.browser(app)
    slower = at(late.get(place), f"{place}/repondant")
    browser.submit(at(page, f"{place}/repondant"), button=f"who={leader.id}")
    told = late.submit(slower, button=f"who={colleague.id}")
    assert "Dr Hélène Morvan répond" in told.text
    (mine,) = lists.page(boxes.box_of_mailbox(leader.actor, facts.id), Folder.SENT, assigned=lists.Assigned.MINE).lines
    assert str(mine.id) in place


def test_a_template_fills_what_is_written_and_keeps_what_stood_there(app: Flask) -> None:
    helene = doctor()
    patient, box = _patient_of(helene), own_box(helene)
    one = templates.save(box, Template("Bilan", "Votre bilan", "Bonjour {nom_patient},\n{signature}"))
    browser = helene.browser(app)
    page = fill(browser, f"/pro/patients/{patient.record_id}/ecrire")
    form = at(page, page.path)
    form.element.set("action", f"/pro/messages/{box.id}/modeles/utiliser")  # as its button does
    browser.submit(form, {"text": "Avant.", "modele": str(one)})
    (draft,) = drafts.drafts(box)
    assert draft.typed.subject == "Votre bilan"
    assert draft.typed.text.startswith("Avant.\n\nBonjour Claire")
    assert draft.typed.text.endswith("Dr Hélène Morvan")
    assert draft.typed.to == (boxes.patient_address(patient.ins),)


def test_who_answers_for_a_mailbox_reads_who_did_what_in_it(app: Flask) -> None:
    leader, colleague = doctor(own=False), doctor("Petit", "Luc", own=False)
    facts = ward(leader)
    members.add(leader.actor, facts.id, colleague.id)
    for _ in range(40):
        tokens.end(leader.actor, facts.id, tokens.make(leader.actor, facts.id, "Laboratoire").id)
    browser, place = leader.browser(app), f"/pro/messages/{facts.id}/reglages/historique"
    pages = [browser.get(place)]
    while older := next((one for one in pages[-1].links.values() if "avant=" in one), ""):
        pages.append(browser.get(older))
    assert len(pages) == 3
    assert sum(page.text.count("« Laboratoire »") for page in pages) == 80
    assert "Dr Luc Petit" in pages[-1].text


def test_what_is_begun_in_secret_connection_stays_kept_from_the_parents(app: Flask) -> None:
    helene, mother = doctor(), build.citizen("Anne", "Roux")
    teen = build.citizen("Zoé", "Roux", birth=date(2011, 3, 4), parents=[mother])
    access.note_encounter(helene.actor, teen.record_id)
    browser, base = helene.browser(app), f"/pro/patients/{teen.record_id}"
    browser.submit(at(browser.get(f"{base}/connexion-secrete"), f"{base}/connexion-secrete"))
    page = fill(browser, f"{base}/ecrire")
    form = at(page, page.path)
    leave = browser.send("POST", f"{base}/connexion-secrete/fin", data={"csrf_token": page.csrf_token}, follow=False)
    assert leave.status == 303  # the draft outlives the secret connection, and stays what it was
    browser.submit(form, {"subject": "Vos résultats", "text": "Passez me voir."}, button="geste=envoyer")
    outbox.work()
    assert lists.page(boxes.box_of(mother.standing(teen.record_id)), Folder.INBOX).lines == ()
    (theirs,) = lists.page(boxes.box_of(teen.standing()), Folder.INBOX).lines
    with db.read() as tx:
        assert set(tx.execute(select(Conversation.secret)).scalars()) == {True}
    assert theirs.unread
    (mine,) = boxes.boxes_of(helene.actor)
    sent = browser.get(f"/pro/messages/{mine.id}?vue=envoyes")
    assert "Invisible pour les parents" in sent.text, "who wrote it sees at a glance that it stays between them"
