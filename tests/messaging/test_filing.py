"""Attachments: read as documents are, traced, withheld until they are clean, put into the record in one action."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from espace import assembly, db, outbox
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents import services as documents
from espace.documents.services.deciding import deleting
from espace.documents.services.viewing import drawing, showing
from espace.errors import InvalidError, NotFoundError
from espace.home.services.telling import tellable
from espace.interop.mail_letter import Part
from espace.machines import Machines
from espace.messaging.services import boxes
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import HARMFUL, SCANNING
from espace.messaging.services.incoming import delivering
from espace.messaging.services.reading import attachments, filing
from espace.messaging.services.reading.attachments import AttachmentLine
from espace.outbox.models import Delivery
from espace.settings import Settings
from tests.support import build
from tests.support.build import Citizen
from tests.support.clock import FakeClock
from tests.support.papers import pdf
from tests.support.scanner import EICAR, Scanner
from tests.support.scanner import scanner as scanner_on

from .letters import DOCTOR, address_of, arrive, letter, messages, own_box

INVITATION = b"""BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261201T090000Z
DTEND:20261201T093000Z\r\nSUMMARY:Consultation de suivi\r\nLOCATION:Cabinet\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"""


@pytest.fixture
def claire(machines: Machines) -> Citizen:
    """A person with an account; the house's events have their handlers."""
    assembly.handle_events()
    return build.citizen("Claire", "Fontenay", birth=date(1988, 3, 14))


def paper(text: str = "Ordonnance", name: str = "piece.pdf") -> Part:
    """A PDF."""
    return Part(name, "application/pdf", pdf(text))


def received(person: Citizen, *parts: Part, box: Box | None = None, secret: bool = False) -> list[AttachmentLine]:
    """A letter with files came in and was seen by the worker: its attachments."""
    arrive(letter(address_of(person), parts=parts), secret=secret)
    outbox.work()
    return lines(box or own_box(person))


def lines(box: Box) -> list[AttachmentLine]:
    """What a reader sees of a box's attachments."""
    found = attachments.of_messages(box, [row.id for _, row in messages(box.id)])
    return [line for each in found.values() for line in each]


def test_what_it_is_and_its_day_are_proposed_and_it_is_filed_once(claire: Citizen) -> None:
    (line,) = received(claire, paper("ORDONNANCE\nFait le 3 mars 2026", "scan_0012.pdf"))
    box = own_box(claire)
    said = filing.proposed(box, line)
    assert (said.date, said.type_code) == (date(2026, 3, 3), "DOCPAT02")
    assert filing.may_file(box, line)
    added = filing.file_attachment(box, line.id, said)
    assert added.new
    found = documents.document(claire.standing(), added.id)
    assert (found.author, found.by_patient, found.date) == (DOCTOR.name, True, date(2026, 3, 3))
    (after,) = lines(box)
    assert after.filed == added.id
    assert not filing.may_file(box, after)
    assert filing.file_attachment(box, line.id, said) == replace(added, new=False)
    assert len(documents.page(claire.standing()).rows) == 1


def test_the_same_file_in_two_messages_is_one_document(claire: Citizen) -> None:
    given = paper()  # written once: a PDF carries the moment it was made
    received(claire, given)
    first, second = received(claire, given)
    box = own_box(claire)
    said = filing.proposed(box, first)
    one = filing.file_attachment(box, first.id, said)
    assert filing.file_attachment(box, second.id, said).id == one.id
    assert {line.filed for line in lines(box)} == {one.id}


def test_what_was_deleted_may_be_filed_again(claire: Citizen) -> None:
    (line,) = received(claire, paper())
    box = own_box(claire)
    one = filing.file_attachment(box, line.id, filing.proposed(box, line))
    deleting.delete(claire.standing(), one.id, choices=0)
    (line,) = lines(box)
    assert line.filed is None
    assert filing.file_attachment(box, line.id, filing.proposed(box, line)).id != one.id


@pytest.mark.parametrize(
    ("name", "content"), [("notes.zip", b"PK\x03\x04 no archive"), ("a.bin", b"\x00\x01\x02"), ("b.pdf", b"")]
)
def test_what_cannot_be_filed_stays_readable_and_says_why(claire: Citizen, name: str, content: bytes) -> None:
    (line,) = received(claire, Part(name, "application/pdf", content))
    box = own_box(claire)
    assert filing.why_not(line)
    with pytest.raises(InvalidError) as refused:
        filing.file_attachment(box, line.id, filing.proposed(box, line))
    assert "file" in refused.value.problems
    assert attachments.content(box, line.id).reader.read_all() == content


def test_a_text_over_five_megabytes_stays_in_its_message(claire: Citizen) -> None:
    (line,) = received(claire, Part("journal.txt", "text/plain", b"mot " * 1_400_000))
    assert "5" in str(filing.why_not(line))


def test_a_file_is_looked_at_as_documents_are(claire: Citizen) -> None:
    (line,) = received(claire, paper("Page une"))
    content = attachments.content(own_box(claire), line.id)
    assert content.pages == 1
    assert showing.shown(content, 1, 5).is_drawn
    assert drawing.picture(content, 1)[:4] == b"RIFF"


def test_who_is_not_the_person_leaves_one_row_in_ten_minutes_before_a_byte(
    machines: Machines, clock: FakeClock, claire: Citizen
) -> None:
    child = build.citizen("Jules", "Fontenay", sex="M", birth=date(2017, 7, 2), parents=[claire], activated=False)
    arrive(letter(address_of(child), parts=[paper()]))
    box = boxes.box_of(claire.standing(child.record_id))
    (line,) = lines(box)
    for wait in (0, 5, 4, 3):
        clock.advance(timedelta(minutes=wait))
        attachments.content(box, line.id)
    attachments.content(box, line.id, taken=True)
    entries = audit.entries(child.record_id, mine=False, holder_actor_ids=[], before=None, limit=50)
    acts = [one.action for one in entries if one.action in (Action.ATTACHMENT_OPENED, Action.DOWNLOADED)]
    assert acts == [Action.DOWNLOADED, Action.ATTACHMENT_OPENED, Action.ATTACHMENT_OPENED]


def test_a_secret_attachment_exists_for_the_minor_alone_and_files_as_secret(claire: Citizen) -> None:
    child = build.citizen("Jules", "Fontenay", sex="M", birth=date(2010, 7, 2), parents=[claire])
    (line,) = received(child, paper(), box=boxes.box_of(child.standing()), secret=True)
    parent = boxes.box_of(claire.standing(child.record_id))
    assert lines(parent) == []
    with pytest.raises(NotFoundError):
        attachments.content(parent, line.id)
    with pytest.raises(NotFoundError):
        filing.file_attachment(parent, line.id, filing.proposed(parent, line))
    own = boxes.box_of(child.standing())
    filing.file_attachment(own, line.id, replace(filing.proposed(own, line), secret=False))
    assert len(documents.page(child.standing()).rows) == 1
    assert not documents.page(claire.standing(child.record_id)).rows


def test_what_a_minor_files_secretly_from_an_open_message_stands_as_not_filed_for_parents(claire: Citizen) -> None:
    child = build.citizen("Jules", "Fontenay", sex="M", birth=date(2010, 7, 2), parents=[claire])
    (line,) = received(child, paper(), box=boxes.box_of(child.standing()))
    own = boxes.box_of(child.standing())
    filing.file_attachment(own, line.id, replace(filing.proposed(own, line), secret=True))
    assert lines(own)[0].filed is not None
    parent = boxes.box_of(claire.standing(child.record_id))
    assert lines(parent)[0].filed is None
    assert filing.may_file(parent, lines(parent)[0])
    entries = audit.entries(child.record_id, mine=False, holder_actor_ids=[], before=None, limit=50)
    rows = [one for one in entries if one.action in (Action.ATTACHMENT_FILED, Action.DOCUMENT_ADDED)]
    assert len(rows) == 2
    assert tellable(rows, claire.standing(child.record_id)) == []
    assert tellable(rows, child.standing()) == rows


def test_an_invitation_shows_what_and_when(claire: Citizen) -> None:
    arrive(letter(address_of(claire), calendars=[Part("invite.ics", "text/calendar", INVITATION)]))
    outbox.work()
    (line,) = lines(own_box(claire))
    assert line.facts.invitation is not None
    assert (line.facts.invitation.summary, line.facts.invitation.starts) == (
        "Consultation de suivi",
        "2026-12-01T09:00:00+00:00",
    )


def test_a_broken_invitation_is_a_file_like_others(claire: Citizen) -> None:
    for content in (b"", b"BEGIN:VCALENDAR", INVITATION[:100], INVITATION.replace(b"20261201T", b"99999999T"), b"\xff"):
        arrive(letter(address_of(claire), calendars=[Part("invite.ics", "text/calendar", content)], text=str(content)))
    outbox.work()
    assert undone() == []
    assert len(lines(own_box(claire))) == 5


def undone() -> list[str]:
    """What of messaging's own the worker did not carry out."""
    mine = Delivery.topic.in_([delivering.RECEIVED_TOPIC, delivering.INVITATION_TOPIC])
    with db.read() as tx:
        return list(tx.execute(select(Delivery.topic).where(mine, Delivery.state != "done")).scalars())


class TestScanner:
    """With a scanner: nobody opens what it has not seen."""

    @pytest.fixture
    def peer(self) -> Iterator[Scanner]:
        """A scanner on loopback."""
        with scanner_on() as made:
            yield made

    @pytest.fixture
    def settings(self, settings: Settings, peer: Scanner) -> Settings:
        """A house that has it."""
        return replace(settings, scanner_url=peer.url)

    def test_it_is_withheld_until_the_scanner_saw_it(self, claire: Citizen) -> None:
        arrive(letter(address_of(claire), parts=[paper()]))
        box = own_box(claire)
        (line,) = lines(box)
        assert line.facts.withheld == SCANNING
        with pytest.raises(NotFoundError):
            attachments.content(box, line.id)
        outbox.work()
        attachments.content(box, line.id)

    def test_what_is_harmful_is_never_opened_nor_filed(self, claire: Citizen) -> None:
        (line,) = received(claire, Part("a.txt", "text/plain", EICAR))
        assert line.facts.withheld == HARMFUL
        box = own_box(claire)
        for act in (attachments.content, lambda one, two: filing.file_attachment(one, two, filing.proposed(box, line))):
            with pytest.raises(NotFoundError):
                act(box, line.id)

    def test_while_it_is_away_the_file_waits_and_comes_by_itself(
        self, claire: Citizen, peer: Scanner, clock: FakeClock
    ) -> None:
        peer.answer = b"stream: lookup ERROR\0"
        (line,) = received(claire, paper())
        assert line.is_withheld
        peer.answer = None
        clock.advance(timedelta(minutes=2))
        outbox.work()
        assert not lines(own_box(claire))[0].is_withheld
