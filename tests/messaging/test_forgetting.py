"""What remains of messages when a record ends, and of what nobody touches (security.md R23, L3)."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from espace import clock as our_clock
from espace import db, outbox, storage, worker
from espace.assembly import handle_events
from espace.documents.services import sweeping
from espace.errors import NotFoundError
from espace.identifiers import new_id
from espace.interop.mail_letter import Address, Part
from espace.messaging.models import Draft
from espace.messaging.services import forgetting
from espace.messaging.services.boxes import box_of
from espace.messaging.services.outgoing import sending
from espace.messaging.services.outgoing.sending import Outgoing
from espace.messaging.services.places import Refusal, RefusedAddressError
from espace.messaging.services.reading import lists
from espace.messaging.services.writing import drafts
from espace.messaging.services.writing.drafts import Typed
from espace.permissions import Permission, Role
from espace.records import services as records
from espace.records.services import HeirRequest
from tests.messaging import letters
from tests.support import build, office
from tests.support.clock import FakeClock
from tests.support.papers import pdf

ALL = sorted(db.Base.metadata.tables.items())
MAIL_TABLES = [table for name, table in ALL if name.startswith(("mail_", "mailbox"))]
OF_BOXES = [table for table in MAIL_TABLES if "record_id" in table.c]


def _rows(owner: UUID) -> dict[str, int]:
    """How many rows of each table of boxes an owner has."""
    with db.read() as tx:
        found = {
            table.name: len(tx.execute(select(table.c.record_id).where(table.c.record_id == owner)).all())
            for table in OF_BOXES
        }
    return {name: count for name, count in found.items() if count}


@pytest.fixture
def claire(app: Flask) -> build.Citizen:
    """Somebody with a message that has a file, an answer, and a draft with a file."""
    person = build.citizen("Claire")
    parts = [Part("Compte rendu.pdf", "application/pdf", pdf("Consultation"))]
    came = letters.arrive(letters.letter(letters.address_of(person), parts=parts))[0]
    box = box_of(person.standing())
    answer = Outgoing(to=[letters.DOCTOR.address], key=uuid4(), text="Merci.", conversation_id=came.conversation_id)
    sending.send(box, answer)
    drafts.begin(box, Typed(to=(letters.DOCTOR.address,), text="Encore une question"))
    return person


def test_a_record_that_is_erased_leaves_no_row_of_its_messages(claire: build.Citizen) -> None:
    """The professionals' own copies stay in their mailboxes, sealed under another key."""
    mailbox = letters.mailbox()
    assert mailbox.box_id is not None
    letters.arrive(letters.letter(Address(mailbox.address), sender=letters.DOCTOR))
    kept = _rows(mailbox.box_id)
    assert {"mail_messages", "mail_attachments", "mail_sendings", "mail_words", "mail_drafts"} <= _rows(
        claire.record_id
    ).keys()
    forgetting.forget_record(claire.record_id)
    assert _rows(claire.record_id) == {}
    assert _rows(mailbox.box_id) == kept
    forgetting.forget_record(claire.record_id)  # doing it twice is fine


def test_every_table_of_boxes_is_forgotten_or_holds_nothing_of_people(claire: build.Citizen) -> None:
    """A table that is added later must be named, or its rows would outlive their record."""
    named = {table.__tablename__ for table in forgetting.TABLES}
    assert named == {table.name for table in OF_BOXES}


def test_what_waits_to_leave_an_erased_record_goes_nowhere_and_troubles_nobody(claire: build.Citizen) -> None:
    handle_events()
    forgetting.forget_record(claire.record_id)
    for _ in range(30):
        if not outbox.work(limit=5):
            break
    assert _rows(claire.record_id) == {}


def test_the_files_of_messages_and_drafts_are_no_orphans(claire: build.Citizen, clock: FakeClock) -> None:
    named = {one for one, _ in letters.attachments(claire.record_id)}
    with db.read() as tx:
        assert named <= forgetting.named_files(tx, claire.record_id)
        storage.current().put(tx, claire.record_id, new_id(), b"nobody's")
    before = storage.current().count(claire.record_id)
    assert before == len(named) + 1
    # Files bear the time of the disk: the house's clock goes beyond it.
    clock.now += timedelta(days=3650)
    for task in worker.scheduled():
        task.run()
    assert storage.current().count(claire.record_id) == len(named)
    assert sweeping.sweep([]) == len(named), "whose room is not asked loses its files"


def test_a_draft_that_nobody_touches_goes_after_ninety_days(claire: build.Citizen, clock: FakeClock) -> None:
    box = box_of(claire.standing())
    clock.advance(timedelta(days=60))
    touched = drafts.begin(box, Typed(text="Plus tard"))
    clock.advance(timedelta(days=29))
    assert forgetting.sweep() == 0
    clock.advance(timedelta(days=2))
    assert forgetting.sweep() == 1
    with db.read() as tx:
        left = tx.execute(select(Draft.id).where(Draft.box_id == claire.record_id)).scalars().all()
    assert left == [touched]
    assert forgetting.sweep() == 0


def test_a_closed_space_takes_and_shows_nothing_and_is_whole_again_once_reopened(claire: build.Citizen) -> None:
    before = _rows(claire.record_id)
    records.close(claire.actor, claire.record_id)
    with pytest.raises(RefusedAddressError) as refused:
        letters.arrive(letters.letter(letters.address_of(claire)))
    assert refused.value.refusal is Refusal.ENDED
    assert _rows(claire.record_id) == before
    records.reopen(claire.actor, claire.record_id)
    assert len(lists.page(box_of(claire.standing())).lines) == 1
    assert letters.arrive(letters.letter(letters.address_of(claire)))[0].new


def test_nobody_reads_the_messages_of_a_dead_person(claire: build.Citizen) -> None:
    """An heir reads documents for some weeks, never what was written in confidence (rules.md AC-11)."""
    heir, officer = build.citizen("Rose"), office.officer(Role.PRIVACY_OFFICER).actor
    records.declare_death(officer, claire.record_id, our_clock.today(), "certificate")
    asked = records.ask_for_heir(officer, claire.record_id, HeirRequest(heir.person_id, "child", "memory"))
    records.decide_heir(officer, claire.record_id, asked, grant=True, reason="Livret de famille")
    reads = heir.standing(claire.record_id)
    assert reads.may(Permission.DOCUMENTS_READ)
    with pytest.raises(NotFoundError):
        box_of(reads)
    with pytest.raises(RefusedAddressError):
        letters.arrive(letters.letter(letters.address_of(claire)))
