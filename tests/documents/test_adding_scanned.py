"""What people add is shown to the scanner: harmful files are set aside, a scanner that is away loses nothing (R38)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask

from espace import db
from espace.audit.services import Action
from espace.crypto.owners import QUARANTINE
from espace.documents import services as documents
from espace.documents.models import Quarantined
from espace.documents.services.adding import adding_drafts, composing, scanning, waiting
from espace.documents.services.adding.own import Described
from espace.documents.services.adding.pieces import Upload
from espace.documents.services.forgetting import forget_record
from espace.errors import InvalidError
from espace.settings import Settings
from tests.support import build
from tests.support.clock import FakeClock
from tests.support.scanner import EICAR, Scanner
from tests.support.scanner import scanner as scanner_on

from .house import House, addition, files_of, pdf, picture, trail

INFECTED = pdf("a")[:-6] + b"%" + EICAR + b"\n%%EOF\n"
SAID = Described(title="Prise de sang", date=date(2026, 3, 4), type_code="DOCPAT05")


@pytest.fixture
def peer() -> Iterator[Scanner]:
    with scanner_on() as found:
        yield found


@pytest.fixture
def settings(settings: Settings, peer: Scanner) -> Settings:
    return replace(settings, scanner_url=peer.url)


def away(peer: Scanner) -> int:
    """Switch the scanner off; gives its port."""
    peer.shutdown()
    peer.server_close()
    return int(peer.server_address[1])


def set_aside(record_id: UUID) -> list[str]:
    """The reasons under which something of this record is set aside."""
    with db.read() as tx:
        from sqlalchemy import select

        return list(tx.execute(select(Quarantined.reason).where(Quarantined.record_id == record_id)).scalars())


def test_a_clean_file_is_added_at_once_and_seen_once(home: House, peer: Scanner) -> None:
    given = picture()
    begun = composing.begin(home.holder, [Upload("a.jpg", given)])
    assert begun.draft_id
    done = composing.complete(home.holder, begun.draft_id, SAID)
    assert (done.new, done.waits) == (True, False)
    assert peer.seen == [given]


def test_a_harmful_file_is_refused_in_words_and_set_aside(home: House, peer: Scanner) -> None:
    begun = composing.begin(home.holder, [Upload("ok.jpg", picture()), Upload("facture.pdf", INFECTED)])
    assert [one.name for one in begun.refused] == ["facture.pdf"]
    assert "antivirus" in begun.refused[0].why
    assert begun.draft_id
    assert len(adding_drafts.draft(home.holder, begun.draft_id).pieces) == 1
    assert set_aside(home.mother.record_id) == [scanning.VIRUS]
    assert [(one.title, one.harmful) for one in waiting.waiting(home.holder)] == [("facture.pdf", True)]
    composing.begin(home.holder, [Upload("encore.pdf", INFECTED)])
    assert set_aside(home.mother.record_id) == [scanning.VIRUS]  # once
    with pytest.raises(InvalidError) as caught:
        documents.add(home.holder, addition(content=INFECTED))
    assert list(caught.value.problems) == ["file"]
    assert documents.page(home.holder).rows == ()


def test_while_the_scanner_is_away_a_document_waits_and_is_filed_when_it_is_back(
    home: House, peer: Scanner, clock: FakeClock
) -> None:
    port = away(peer)
    begun = composing.begin(home.holder, [Upload("a.jpg", picture()), Upload("b.jpg", picture((90, 90)))])
    assert begun.draft_id
    done = composing.complete(home.holder, begun.draft_id, SAID)
    assert done.waits
    assert documents.page(home.holder).rows == ()
    assert set_aside(home.mother.record_id) == [scanning.DOWN]
    assert composing.complete(home.holder, begun.draft_id, SAID) == done  # a second click
    assert waiting.retry() == 0
    assert [one.harmful for one in waiting.waiting(home.holder)] == [False]
    with scanner_on(port):
        assert waiting.retry() == 1
    (found,) = documents.page(home.holder).rows
    assert (found.title, found.by_patient, found.depositor, found.pages) == (
        "Prise de sang",
        True,
        "Claire Fontenay",
        2,
    )
    assert waiting.waiting(home.holder) == []
    assert files_of(home.mother.record_id) == 1
    assert files_of(QUARANTINE) == 0
    assert [entry.action for entry in trail(home.holder)][:2] == [Action.DOCUMENT_ADDED, Action.DOCUMENT_SET_ASIDE]


def test_what_waited_and_is_harmful_is_never_filed_and_forgotten_in_the_end(
    home: House, peer: Scanner, clock: FakeClock
) -> None:
    port = away(peer)
    documents.add(home.holder, addition(content=pdf("words")))
    with scanner_on(port) as back:
        back.answer = b"stream: Later-Known FOUND\0"
        assert waiting.retry() == 0
    assert [one.harmful for one in waiting.waiting(home.holder)] == [True]
    assert documents.page(home.holder).rows == ()
    clock.advance(timedelta(days=31))
    assert waiting.sweep() == 1
    assert files_of(home.mother.record_id) == 0


def test_the_worker_stops_at_the_first_that_nobody_can_look_at(home: House, peer: Scanner) -> None:
    port = away(peer)
    for name in ("a", "b", "c"):
        assert documents.add(home.holder, addition(name, pdf(name))).waits
    with scanner_on(port) as back:
        back.answer = b"INSTREAM size limit exceeded. ERROR\0"
        assert waiting.retry() == 0
        assert len(back.seen) == 1
        back.answer = None
        assert waiting.retry() == 3
        assert waiting.retry() == 0


def test_what_waits_is_its_persons_alone(home: House, peer: Scanner, app: Flask) -> None:
    father = build.citizen("Marc", "Fontenay", sex="M")
    child = build.citizen("Zoé", "Fontenay", birth=date(2018, 5, 4), parents=[home.mother, father], activated=False)
    away(peer)
    place = f"/dossiers/{child.record_id}/documents/ajouter"
    assert documents.add(home.mother.standing(child.record_id), addition("Radio de Zoé")).waits
    assert "Radio de Zoé" in home.mother.browser(app).get(place).text
    assert "Radio de Zoé" not in father.browser(app).get(place).text


def test_a_document_that_waits_is_told_on_the_page(home: House, peer: Scanner, app: Flask) -> None:
    away(peer)
    browser = home.mother.browser(app)
    begun = composing.begin(home.holder, [Upload("a.jpg", picture())])
    page = browser.get(f"/dossiers/{home.mother.record_id}/documents/ajouter/{begun.draft_id}")
    form = page.form("title", "geste")
    values = {"title": "Sang", "date": "2026-03-04", "type_code": "DOCPAT05"}
    done = browser.submit(form, values, button="geste=ajouter")
    assert "s'ajoutera seul" in done.text
    again = browser.get(f"/dossiers/{home.mother.record_id}/documents/ajouter/{begun.draft_id}")
    assert "s'ajoutera seul" in again.text


def test_an_erased_record_takes_what_waits_with_it(home: House, peer: Scanner) -> None:

    away(peer)
    documents.add(home.holder, addition())
    begun = composing.begin(home.holder, [Upload("a.jpg", picture())])
    assert begun.draft_id
    forget_record(home.mother.record_id)
    assert set_aside(home.mother.record_id) == []
    assert adding_drafts.drafts(home.holder) == []
