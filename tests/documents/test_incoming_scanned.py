"""What comes in by files and by professionals is shown to the scanner: a hit or its absence files nothing (R38)."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from espace import db
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.models import Document, Quarantined
from espace.documents.services.adding import waiting
from espace.documents.services.arriving.importing import FILES, Outcome, taken_in
from espace.errors import InvalidError
from espace.interop.cda_write import wrap
from espace.professional.services import drafts
from espace.professional.services.drafts import Confirmation
from espace.settings import Settings
from tests.support import build
from tests.support.scanner import EICAR, Scanner
from tests.support.scanner import scanner as scanner_on

from .house import TODAY, House, deposited, header, pdf, trail


@pytest.fixture
def peer() -> Iterator[Scanner]:
    with scanner_on() as made:
        yield made


@pytest.fixture
def settings(settings: Settings, peer: Scanner) -> Settings:
    return replace(settings, scanner_url=peer.url)


def _rows(model: type[Document | Quarantined]) -> int:
    with db.read() as tx:
        return tx.execute(select(func.count()).select_from(model)).scalar_one()


def _away(peer: Scanner) -> None:
    peer.answer = b"stream: lookup ERROR\0"


def test_a_file_that_is_clean_is_filed_and_was_looked_at(home: House, peer: Scanner) -> None:
    content = wrap(header(home.mother), pdf(), "application/pdf")
    assert taken_in(content, FILES, "x.xml")[0].outcome is Outcome.FILED
    assert peer.seen == [content]


def test_a_harmful_file_waits_and_is_not_filed(home: House) -> None:
    (taken,) = taken_in(EICAR, FILES, "x.xml")
    assert (taken.outcome, taken.reason) == (Outcome.ASIDE, "virus")
    assert (_rows(Document), _rows(Quarantined)) == (0, 1)


def test_while_nobody_can_say_files_wait_and_are_filed_when_they_come_again(home: House, peer: Scanner) -> None:
    content = wrap(header(home.mother), pdf(), "application/pdf")
    _away(peer)
    assert taken_in(content, FILES, "x.xml")[0].reason == "scanner-down"
    peer.answer = None
    assert taken_in(content, FILES, "x.xml")[0].outcome is Outcome.FILED
    assert (_rows(Document), _rows(Quarantined)) == (1, 0)


def test_a_deposit_is_looked_at_and_a_harmful_one_is_told_and_traced(home: House, peer: Scanner) -> None:
    deposited(home.doctor_here)
    assert peer.seen == [pdf("Ordonnance")]
    with pytest.raises(InvalidError) as caught:
        drafts.start(home.doctor_here, EICAR, "eicar.txt")
    assert list(caught.value.problems) == ["file"]
    assert (_rows(Document), _rows(Quarantined)) == (1, 1)
    assert trail(home.holder)[0].action is Action.DOCUMENT_REFUSED


SAID = Confirmation(type_code="57833-6", title="Ordonnance", date=TODAY)


def test_a_deposit_waits_for_the_scanner_and_is_filed_by_itself_as_it_was_confirmed(home: House, peer: Scanner) -> None:
    _away(peer)
    draft_id = drafts.start(home.doctor_here, pdf("Ordonnance"), "o.pdf")
    waits = drafts.confirm(home.doctor_here, draft_id, SAID)
    assert drafts.confirm(home.doctor_here, draft_id, SAID) == waits
    assert [(one.id, one.title, one.harmful) for one in drafts.aside(home.doctor_here)] == [
        (waits, "Ordonnance", False)
    ]
    assert waiting.waiting(home.holder) == []
    assert (_rows(Document), _rows(Quarantined), waiting.retry()) == (0, 1, 0)
    assert "new-document" not in [mail["message"] for mail in build.mails_to(home.mother.email)]
    entry = trail(home.holder)[0]
    assert (entry.action, entry.objects[0]["title"]) == (Action.DOCUMENT_SET_ASIDE, "")  # it may be a held result
    peer.answer = None
    assert (waiting.retry(), waiting.retry()) == (1, 0)
    (filed,) = documents.page(home.holder).rows
    at_once = documents.document(home.holder, deposited(home.doctor_here, "Une autre"))
    kept = documents.document(home.holder, filed.id)
    for fact in ("author", "structure", "depositor", "professional_id", "origin", "media", "body_media", "version"):
        assert getattr(kept, fact) == getattr(at_once, fact), fact
    assert b"ClinicalDocument" in b"".join(documents.original(home.holder, filed.id).reader.read())
    assert [mail["message"] for mail in build.mails_to(home.mother.email)].count("new-document") >= 1
    assert drafts.aside(home.doctor_here) == []
    assert deposited(home.doctor_here, "Ordonnance", date=TODAY) == filed.id  # the same once more


def test_what_the_patient_must_not_see_yet_waits_unseen_and_a_harmful_one_is_told(home: House, peer: Scanner) -> None:
    _away(peer)
    deposited(home.doctor_here, "CANARY", patient_invisible=True)
    assert trail(home.holder)[0].objects[0]["patient_invisible"] == "yes"
    peer.answer = None
    assert waiting.retry() == 1
    assert documents.page(home.holder).rows == ()
    _away(peer)
    deposited(home.doctor_here, "Later known")
    peer.answer = b"stream: Later-Known FOUND\0"
    assert waiting.retry() == 0
    assert [(one.title, one.harmful) for one in drafts.aside(home.doctor_here)] == [("Later known", True)]
    assert _rows(Document) == 1


def test_a_newer_version_that_waited_takes_its_place(home: House, peer: Scanner) -> None:
    first = deposited(home.doctor_here)
    _away(peer)
    deposited(home.doctor_here, "Ordonnance corrigée", replaces=first)
    peer.answer = None
    assert waiting.retry() == 1
    (row,) = documents.page(home.holder).rows
    assert (row.title, documents.document(home.holder, first).state) == ("Ordonnance corrigée", "superseded")


def test_the_depositor_is_told_on_the_receipt_and_on_the_patients_page(home: House, peer: Scanner, app: Flask) -> None:
    _away(peer)
    draft_id = drafts.start(home.doctor_here, pdf("Ordonnance"), "o.pdf")
    drafts.confirm(home.doctor_here, draft_id, SAID)
    browser, base = home.doctor.browser(app), f"/pro/patients/{home.mother.record_id}/"
    for page in (browser.get(f"{base}deposer/{draft_id}/recu"), browser.get(base)):
        assert "Pas encore dans le dossier" in page.text
        assert "antivirus ne répond pas" in page.text
    peer.answer = None
    assert waiting.retry() == 1
    assert browser.get(f"{base}deposer/{draft_id}/recu").h1 == "Document déposé"
    assert "antivirus" not in browser.get(base).text
