"""What comes in by files and by professionals is shown to the scanner: a hit or its absence files nothing (R38)."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from espace import db
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.models import Document, Quarantined
from espace.documents.services.arriving.importing import FILES, Outcome, taken_in
from espace.errors import InvalidError
from espace.interop.cda_write import wrap
from espace.professional.services import drafts
from espace.professional.services.drafts import Confirmation
from espace.settings import Settings
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


def test_while_nobody_can_say_a_draft_is_kept_and_can_be_deposited_later(home: House, peer: Scanner) -> None:
    _away(peer)
    draft_id = drafts.start(home.doctor_here, pdf("Ordonnance"), "o.pdf")
    said = Confirmation(type_code="57833-6", title="Ordonnance", date=TODAY)
    with pytest.raises(InvalidError) as caught:
        drafts.confirm(home.doctor_here, draft_id, said)
    assert "antivirus" in caught.value.problems[""]
    assert _rows(Document) == 0
    peer.answer = None
    drafts.confirm(home.doctor_here, draft_id, said)
    assert len(documents.page(home.holder).rows) == 1
