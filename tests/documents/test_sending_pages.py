"""A document's versions, its ways in, and its archive, as they stand on pages, for those who see it and no other."""

from dataclasses import replace
from io import BytesIO
from uuid import UUID, uuid4
from zipfile import ZipFile

from flask import Flask
from sqlalchemy import update

from espace import db
from espace.access.services import Answer
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.models import Document
from espace.documents.services.arriving.importing import FILES, Outcome, taken_in
from espace.documents.services.entries.folding import Source
from espace.interop import xdm
from espace.interop.cda_write import wrap
from tests.support import build
from tests.support.browser_client import Browser, Page, Upload

from .house import House, addition, deposited, header, pdf, trail
from .viewing import own, seen_by_doctor


def _links(page: Page) -> str:
    """Where the links of a page lead."""
    return " ".join(map(str, page.tree.xpath("//a/@href")))


def _versions(home: House) -> tuple[UUID, UUID]:
    made = []
    for number in (1, 2):
        given = replace(header(home.mother, f"1.2.{number}", set_id="1.2.9", version=number), title=f"Bilan {number}")
        (taken,) = taken_in(wrap(given, pdf(given.title), "application/pdf"), FILES, "x.xml")
        assert taken.document_id is not None
        made.append(taken.document_id)
    return made[0], made[1]


def test_the_archive_is_saved_under_its_name_and_never_kept(home: House, mother: Browser) -> None:
    found = documents.add(home.holder, addition("Prise de sang <b>")).id
    answer = mother.get(own(home, found, "/xdm"))
    headers = answer.response.headers
    assert headers["Content-Type"] == "application/zip"
    assert headers["Content-Disposition"] == 'attachment; filename="IHE_XDM.ZIP"'
    assert "no-store" in headers["Cache-Control"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    content = answer.response.get_data()
    assert xdm.read(content).faults == ()
    with ZipFile(BytesIO(content)) as archive:
        index = archive.read("INDEX.HTM").decode()
        assert "Prise de sang &lt;b&gt;" in index
        assert 'lang="fr"' in index
        assert "http" not in index.replace("http-equiv", "")
        assert "dossier de santé" in archive.read("README.TXT").decode()
    assert taken_in(content, FILES, "x.zip")[0].outcome is Outcome.KNOWN


def test_a_professional_who_takes_it_away_leaves_a_row(home: House, doctor: Browser) -> None:
    found = deposited(home.doctor_here)
    doctor.get(seen_by_doctor(home, found, "/xdm"))
    assert trail(home.holder)[0].action is Action.DOWNLOADED


def test_what_one_may_not_see_has_no_archive(home: House, mother: Browser, doctor: Browser) -> None:
    own_one = documents.add(home.holder, addition()).id
    secret = deposited(home.doctor_here, "Annonce", patient_invisible=True)
    with db.write() as tx:
        tx.execute(update(Document).where(Document.id == own_one).values(hidden=True))
    for browser, address in (
        (doctor, seen_by_doctor(home, own_one, "/xdm")),
        (mother, own(home, secret, "/xdm")),
        (mother, own(home, uuid4(), "/xdm")),
        (mother, f"/dossiers/{home.child.record_id}/documents/{own_one}/xdm"),
    ):
        assert browser.get(address, expect=404).status == 404
    assert mother.post(own(home, own_one, "/xdm"), {}, expect=405).status == 405


def test_an_older_version_leads_to_the_newest(home: House, mother: Browser, doctor: Browser) -> None:
    first, second = _versions(home)
    for browser, address in ((mother, own(home, first)), (doctor, seen_by_doctor(home, first))):
        page = browser.get(address)
        assert "Une version plus récente l'a remplacé." in page.text
        assert f"/documents/{second}" in _links(page)
    page = mother.get(own(home, second))
    assert "Version 2, affichée ici" in page.text
    assert "Une version plus récente" not in page.text


def test_every_way_it_came_is_told(home: House, mother: Browser) -> None:
    body = pdf("Ordonnance")
    content = wrap(header(home.mother), body, "application/pdf")
    (taken,) = taken_in(content, FILES, "x.xml")
    taken_in(content, Source("mail", "labo@example.org"), "m")
    deposited(home.doctor_here, "La même", content=body)
    page = mother.get(own(home, taken.document_id or uuid4()))
    assert "Reçu par messagerie sécurisée de labo@example.org" in page.text
    assert "Déposé par Dr" in page.text
    assert "La même" in page.text


def test_a_professional_replaces_their_deposit_on_pages(home: House, doctor: Browser, mother: Browser) -> None:
    first = deposited(home.doctor_here, "Ordonnance")
    page = doctor.get(seen_by_doctor(home, first))
    assert f"/documents/{first}/remplacer" in _links(page)
    page = doctor.get(seen_by_doctor(home, first, "/remplacer"))
    assert "Ordonnance" in page.text
    page = doctor.submit(page.form("file"), {"file": None}, expect=422)
    page = doctor.submit(page.form("file"), {"file": Upload("b.pdf", pdf("deux"), "application/pdf")}, expect=200)
    form = page.form("type_code", "title")
    page = doctor.submit(form, {"title": "Ordonnance corrigée"}, expect=200)
    assert page.h1 == "Document déposé"
    (row,) = documents.page(home.holder).rows
    assert (row.title, row.version) == ("Ordonnance corrigée", 2)
    assert "Ordonnance corrigée" in mother.get(own(home, row.id)).text
    assert (
        "plus récente" in doctor.get(seen_by_doctor(home, first, "/remplacer")).text
    )  # too late: there is a newer one


def test_nobody_replaces_what_another_deposited(home: House, app: Flask, doctor: Browser) -> None:
    other = build.caregiver("Le Gall", "Yann")
    build.consent(home.mother, other, Answer.GRANT)
    first = deposited(home.doctor_here)
    elsewhere = other.browser(app)
    page = elsewhere.get(seen_by_doctor(home, first))
    assert "/remplacer" not in _links(page)
    elsewhere.get(seen_by_doctor(home, first, "/remplacer"), expect=404)
    doctor.get(seen_by_doctor(home, documents.add(home.holder, addition()).id, "/remplacer"), expect=404)


def test_what_named_a_copy_leads_to_the_entry_that_keeps_it(home: House, mother: Browser, doctor: Browser) -> None:
    body = pdf("Ordonnance")
    copy = documents.add(home.holder, addition("La mienne", body, type_code="DOCPAT02")).id
    (taken,) = taken_in(wrap(header(home.mother), body, "application/pdf"), FILES, "x.xml")
    for browser, address in ((mother, own(home, copy)), (doctor, seen_by_doctor(home, copy))):
        assert browser.get(address).path.endswith(f"/documents/{taken.document_id}")
    with db.write() as tx:
        tx.execute(update(Document).values(hidden=True))
    doctor.get(seen_by_doctor(home, copy), expect=404)
    mother.get(own(home, copy, "/contenu"), expect=404)
