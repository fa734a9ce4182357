"""A structured document on its page, and the files inside it: whose they are, how they come, what trace they leave."""

from base64 import b64encode
from uuid import UUID

import pytest
from flask import Flask

from espace.access.services import Answer
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.services.arriving.importing import take_in
from espace.documents.services.finding import texts
from espace.people import services as people
from tests.support import build
from tests.support.clinical import PNG, clinical, patient, section
from tests.support.papers import pdf

_MEDIA = (
    """<entry><observationMedia ID="{name}"><value representation="B64">{content}</value></observationMedia></entry>"""
)
_SHOWN = '<renderMultiMedia referencedObject="a"><caption>Courbe</caption></renderMultiMedia>'


@pytest.fixture
def holder(app: Flask) -> build.Citizen:
    """Whose document it is."""
    return build.citizen()


@pytest.fixture
def filed(holder: build.Citizen) -> UUID:
    """A structured document with a picture in its text, a PDF beside it, and a script that says it is a picture."""
    hostile = b64encode(b"<html><script>alert(1)</script></html>").decode()
    entries = "".join(
        _MEDIA.format(name=name, content=content)
        for name, content in (("a", PNG), ("b", b64encode(pdf("Inner")).decode()), ("c", hostile))
    )
    known = people.person(holder.person_id)
    whom = patient(known.ins, known.birth_name, f"{known.birth_date:%Y%m%d}", known.sex)
    assert take_in(clinical(section(f"<paragraph>Cholestérol élevé</paragraph>{_SHOWN}", entries), whom))
    [row] = documents.page(holder.standing()).rows
    return row.id


def test_its_sections_stand_on_its_page_and_its_file_is_given_as_it_came(
    app: Flask, holder: build.Citizen, filed: UUID
) -> None:
    browser = holder.browser(app)
    base = f"/dossiers/{holder.record_id}/documents/{filed}"
    page = browser.get(base)
    assert "Cholestérol élevé" in page.text
    [picture] = [image for image in page.tree.iter("img") if "/images/" in image.get("src", "")]
    assert picture.get("src") == f"{base}/images/1"
    [first] = [link for link in page.tree.iter("a") if link.get("class") == "btn"]
    assert first.get("href") == f"{base}/imprimer"  # nobody reads XML: it stands apart, for software
    assert page.link("Télécharger le fichier d'origine (CDA)") == f"{base}/contenu"
    whole = browser.get(f"{base}/contenu?original=1")
    assert whole.body.startswith(b"<?xml")
    assert whole.headers["Content-Disposition"].startswith("attachment")


def test_a_picture_inside_is_drawn_anew_and_other_files_are_only_saved(
    app: Flask, holder: build.Citizen, filed: UUID
) -> None:
    browser = holder.browser(app)
    base = f"/dossiers/{holder.record_id}/documents/{filed}/images"
    drawn = browser.get(f"{base}/1")
    assert (drawn.headers["Content-Type"], drawn.body[8:12]) == ("image/webp", b"WEBP")
    kinds = {}
    for number in (2, 3):
        saved = browser.get(f"{base}/{number}")
        kinds[number] = saved.headers["Content-Type"]
        assert saved.headers["Content-Disposition"].startswith("attachment;")
        assert "sandbox" in saved.headers["Content-Security-Policy"]
        assert saved.headers["X-Content-Type-Options"] == "nosniff"
    assert kinds == {2: "application/pdf", 3: "application/octet-stream"}
    for place in ("0", "4", "99999999999999999999", "-1", "x"):
        browser.get(f"{base}/{place}", expect=404)


def test_only_who_sees_the_document_sees_what_is_inside(app: Flask, holder: build.Citizen, filed: UUID) -> None:
    stranger = build.citizen("Paul", "Autre")
    for record in (holder.record_id, stranger.record_id):
        stranger.browser(app).get(f"/dossiers/{record}/documents/{filed}/images/1", expect=404)
    other = build.document(holder.standing(), "Scanner")
    holder.browser(app).get(f"/dossiers/{holder.record_id}/documents/{other}/images/1", expect=404)


def test_a_professional_s_reading_is_written_down_before_anything_is_sent(
    app: Flask, holder: build.Citizen, filed: UUID
) -> None:
    doctor = build.caregiver()
    base = f"/pro/patients/{holder.record_id}/documents/{filed}/images"
    doctor.browser(app).get(f"{base}/1", expect=404)
    build.consent(holder, doctor, Answer.GRANT)
    browser = doctor.browser(app)
    browser.get(f"{base}/2")
    acts = [e.action for e in audit.entries(holder.record_id, mine=False, holder_actor_ids=(), before=None)]
    assert acts.count(Action.DOWNLOADED) == 1
    browser.get(f"{base}/1")
    browser.get(f"{base}/1")
    acts = [e.action for e in audit.entries(holder.record_id, mine=False, holder_actor_ids=(), before=None)]
    assert acts.count(Action.DOCUMENT_OPENED) == 1


def test_a_search_leads_to_the_section_that_holds_the_word(app: Flask, holder: build.Citizen) -> None:
    known = people.person(holder.person_id)
    whom = patient(known.ins, known.birth_name, f"{known.birth_date:%Y%m%d}", known.sex)
    body = section("<paragraph>Rien</paragraph>") + section("<paragraph>Ferritine basse</paragraph>", title="Fer")
    take_in(clinical(body, whom))
    [row] = documents.page(holder.standing()).rows
    texts.index(holder.record_id, row.id)
    browser = holder.browser(app)
    form = browser.get(f"/dossiers/{holder.record_id}/documents/recherche").form("q")
    found = browser.submit(form, {"q": "ferritine"})
    [place] = [href for href in found.links.values() if str(row.id) in href]
    address, _, anchor = place.partition("#")
    assert anchor == "partie-2"
    assert "Fer" in browser.get(address).tree.get_element_by_id(anchor).text_content()


def test_a_part_of_a_document_and_one_without_a_title_are_shown_too(app: Flask, holder: build.Citizen) -> None:
    known = people.person(holder.person_id)
    whom = patient(known.ins, known.birth_name, f"{known.birth_date:%Y%m%d}", known.sex)
    take_in(clinical(section("x", title=""), whom, title=""))
    [row] = documents.page(holder.standing()).rows
    assert row.title
    holder.browser(app).get(f"/dossiers/{holder.record_id}/documents/{row.id}")
