"""What comes back: failures and receipts of what left; receipts and failures of ours for what came; LMTP."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest

from espace import assembly, clock, db, outbox
from espace import settings as bound
from espace.audit import services as audit
from espace.audit.services import Action
from espace.errors import NotFoundError, SettingsError
from espace.interop import mail_write
from espace.interop.mail_letter import Address, Letter, Part, Report, ReportLine
from espace.interop.mail_read import read
from espace.interop.mail_write import About, Disposition
from espace.machines import Machines
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import HARMFUL, NOT_FOR_READER, SCANNING
from espace.messaging.services.incoming.delivering import deliver
from espace.messaging.services.outgoing import failures, lmtp, receipts, reports, sendings
from espace.messaging.services.outgoing.failures import WORDS, Failure, of_reply
from espace.messaging.services.outgoing.sending import Outgoing, send
from espace.messaging.services.outgoing.sendings import SendingFacts, State
from espace.messaging.services.places import PlaceKind, Refusal, place_of
from espace.messaging.services.reading import lists, threads
from espace.messaging.services.reading.attachments import change
from espace.settings import Settings
from tests.support import build
from tests.support.build import Citizen
from tests.support.clock import FakeClock
from tests.support.papers import pdf
from tests.support.ports import free_port

from .letters import DOCTOR, HOSPITAL, address_of, arrive, attachments, letter, messages, own_box, practice_box
from .operator import Operator

OWN = "helene.morvan@cabinets.espace.example"


@pytest.fixture
def relay() -> Iterator[Operator]:
    """The relay of the house, at work."""
    with Operator().running() as operator:
        yield operator


@pytest.fixture
def settings(settings: Settings, relay: Operator) -> Settings:
    """A house whose mail leaves over that relay."""
    return replace(settings, smtp_port=relay.port)


@pytest.fixture
def practice(machines: Machines) -> Box:
    """A professional's own mailbox, in a house whose worker knows what to do."""
    assembly.handle_events()
    return practice_box()


@pytest.fixture
def claire(practice: Box) -> Citizen:
    """A person with an account."""
    return build.citizen("Claire", "Fontenay")


def sent_to(box: Box, *to: Address) -> tuple[UUID, str]:
    """A message that left: its id and its Message-ID."""
    sent = send(box, Outgoing(to=to, key=uuid4(), subject="Suivi", text="Bonjour."))
    outbox.work()
    return sent.message_id, messages(box.id)[-1][0].message_id


def every(box: Box, message_id: UUID) -> list[SendingFacts]:
    """What became of a message, recipient by recipient."""
    return sendings.of_messages(box.id, [message_id])[message_id]


def come_back(box: Box, content: bytes) -> None:
    """A report arrives at the box."""
    deliver(read(content, null_sender=True), [place_of(box.address)], sender="")


def bounce(of: str, whom: Address, status: str = "5.2.2", words: str = "mailbox full") -> bytes:
    """A report of delivery, as another operator writes it."""
    sender = Address("MAILER-DAEMON@hopital.operateur.example")
    about = About(of, whom.address, "Suivi")
    return mail_write.delivery_report(
        about,
        to=OWN,
        sender=sender,
        message_id=f"<{uuid4()}@hopital.operateur.example>",
        date=clock.now(),
        text="Non remis.",
        status=status,
        diagnostic=words,
    )


def receipt(of: str, whom: Address, disposition: Disposition = Disposition.DISPLAYED) -> bytes:
    """A receipt, as another operator's program writes it."""
    about = About(of, whom.address, "Suivi")
    message_id = f"<{uuid4()}@hopital.operateur.example>"
    return mail_write.receipt(
        about, to=OWN, sender=whom, message_id=message_id, date=clock.now(), text="Lu.", disposition=disposition
    )


def test_a_report_of_delivery_says_why_beside_its_message(practice: Box) -> None:
    message_id, of = sent_to(practice, HOSPITAL, DOCTOR)
    come_back(practice, bounce(of, HOSPITAL))
    first, second = every(practice, message_id)
    assert (first.state, str(first.words)) == (State.FAILED, "The mailbox of this correspondent is full.")
    assert first.can_retry
    assert second.state is State.SENT
    assert len(messages(practice.id)) == 1  # it is no message


def test_what_did_not_arrive_stands_unread_among_those_received_until_it_was_looked_at(practice: Box) -> None:
    _, of = sent_to(practice, HOSPITAL)
    assert lists.page(practice).lines == ()
    come_back(practice, bounce(of, HOSPITAL))
    (line,) = lists.page(practice).lines
    assert (line.unread, line.failed, lists.unread(practice)) == (True, True, 1)
    threads.thread(practice, line.id)
    (line,) = lists.page(practice).lines
    assert (line.unread, line.failed, lists.unread(practice)) == (False, True, 0)
    come_back(practice, bounce(of, HOSPITAL))  # says nothing new
    assert lists.unread(practice) == 0


def test_a_receipt_says_that_it_was_read_and_nothing_takes_it_back(practice: Box) -> None:
    message_id, of = sent_to(practice, HOSPITAL)
    for content in (receipt(of, HOSPITAL), receipt(of, HOSPITAL), bounce(of, HOSPITAL)):
        come_back(practice, content)
    assert [one.state for one in every(practice, message_id)] == [State.RECEIVED]
    assert len(messages(practice.id)) == 1


def test_a_receipt_of_somebody_else_proves_nothing(practice: Box) -> None:
    message_id, of = sent_to(practice, HOSPITAL)
    stranger = Address("autre@ailleurs.example")
    about = About(of, HOSPITAL.address, "Suivi")
    content = mail_write.receipt(
        about, to=OWN, sender=stranger, message_id="<x@ailleurs.example>", date=clock.now(), text="Lu."
    )
    come_back(practice, content)
    assert [one.state for one in every(practice, message_id)] == [State.SENT]


def test_a_report_of_nothing_we_sent_is_dropped_and_traced_once(practice: Box) -> None:
    content = bounce("<jamais@mail.espace.example>", HOSPITAL)
    come_back(practice, content)
    come_back(practice, content)
    assert messages(practice.id) == []
    trail = audit.entries(practice.id, mine=False, holder_actor_ids=[], before=None)
    assert [one.action for one in trail] == [Action.MESSAGE_REFUSED]


def test_software_that_could_not_file_it_is_said_and_its_mail_shown(practice: Box) -> None:
    message_id, of = sent_to(practice, HOSPITAL)
    content = mail_write.failure(
        About(of, HOSPITAL.address, "Suivi"),
        to=OWN,
        sender=HOSPITAL,
        message_id="<ko@hopital.operateur.example>",
        date=clock.now(),
        text="Patient inconnu",
        code="902",
    )
    come_back(practice, content)
    assert [(one.state, one.failure) for one in every(practice, message_id)] == [(State.FAILED, Failure.NOT_FILED)]
    assert len(messages(practice.id)) == 2  # a plain mail may be somebody's: it is read as well


def test_a_report_that_says_nothing_new_changes_nothing(practice: Box) -> None:
    message_id, of = sent_to(practice, HOSPITAL)
    before = every(practice, message_id)
    come_back(practice, bounce(of, HOSPITAL, status="4.4.1", words="delayed"))
    come_back(practice, receipt(of, HOSPITAL, Disposition.PROCESSED))
    come_back(practice, receipt(of, HOSPITAL, Disposition.DELETED))
    come_back(practice, bounce(of, Address("personne@hopital.operateur.example")))
    assert every(practice, message_id) == before


@pytest.mark.parametrize("lines", [(), (ReportLine("", "failed"),) * 3, (ReportLine("\r\n", "", "x", ""),)])
def test_odd_reports_break_nothing(practice: Box, lines: tuple[ReportLine, ...]) -> None:
    message_id, of = sent_to(practice, HOSPITAL, DOCTOR)
    came = replace(letter(Address(OWN)), report=Report("delivery", of, lines), sender=Address("x@y.example"))
    reports.report(practice.id, came)
    assert [one.state for one in every(practice, message_id)] == [State.SENT, State.SENT]


def asking(person: Citizen, **changed: Any) -> tuple[UUID, Letter]:
    """A message that wants to know when it is read."""
    came = replace(letter(address_of(person)), wants_receipt=DOCTOR.address)
    came = replace(came, **changed)
    (done,) = arrive(came)
    assert done.message_id is not None
    outbox.work()
    return done.message_id, came


def test_a_person_says_whether_it_is_told_that_they_read(practice: Box, claire: Citizen, relay: Operator) -> None:
    box = own_box(claire)
    message_id, came = asking(claire)
    facts = messages(box.id)[0][0]
    assert receipts.asked(box, facts)
    assert relay.taken == []  # never by itself
    receipts.on_read(box, [message_id])
    outbox.work()
    assert relay.taken == []
    receipts.confirm_reading(box, message_id)
    receipts.confirm_reading(box, message_id)
    outbox.work()
    (envelope,) = relay.taken
    assert envelope.mail_from in ("", None, "<>")  # nothing ever comes back for it
    assert envelope.rcpt_tos == [DOCTOR.address]
    (said,) = relay.letters()
    assert said.report is not None
    assert (said.report.kind, said.report.of) == ("disposition", came.message_id)
    assert [(one.address, one.action) for one in said.report.lines] == [(address_of(claire).address, "displayed")]
    assert not receipts.asked(box, messages(box.id)[0][0])


def test_who_keeps_it_is_asked_no_more(practice: Box, claire: Citizen, relay: Operator) -> None:
    box = own_box(claire)
    message_id, _ = asking(claire)
    receipts.keep_reading(box, message_id)
    receipts.confirm_reading(box, message_id)
    outbox.work()
    assert relay.taken == []
    assert not receipts.asked(box, messages(box.id)[0][0])


@pytest.mark.parametrize(
    "changed", [{"wants_receipt": "victime@ailleurs.example"}, {"automatic": True}, {"wants_receipt": ""}]
)
def test_nobody_is_asked_for_a_stranger_or_a_program(
    practice: Box, claire: Citizen, relay: Operator, changed: dict[str, Any]
) -> None:
    box = own_box(claire)
    message_id, _ = asking(claire, **changed)
    assert not receipts.asked(box, messages(box.id)[0][0])
    if changed.get("wants_receipt") == "":
        with pytest.raises(NotFoundError):
            receipts.confirm_reading(box, message_id)
    else:
        receipts.confirm_reading(box, message_id)
    outbox.work()
    assert relay.taken == []


def test_who_reads_for_somebody_says_nothing_for_them(practice: Box, claire: Citizen) -> None:
    box = own_box(claire)
    message_id, _ = asking(claire)
    for other in (replace(box, may_write=False), replace(box, id=practice.id, standing=None)):
        with pytest.raises(NotFoundError):
            receipts.confirm_reading(other, message_id)


def test_within_the_house_a_receipt_reaches_the_message_it_tells_of(practice: Box, claire: Citizen) -> None:
    sent = send(practice, Outgoing(to=[address_of(claire)], key=uuid4(), text="Lisez-moi.", wants_receipt=True))
    outbox.work()
    box = own_box(claire)
    ((_, row),) = messages(box.id)
    receipts.confirm_reading(box, row.id)
    outbox.work()
    assert [one.state for one in every(practice, sent.message_id)] == [State.RECEIVED]
    assert len(messages(practice.id)) == 1


@pytest.mark.parametrize(("reason", "code"), [("unknown-patient", "902"), ("xdm-bad-hash", "900")])
def test_documents_that_could_not_be_filed_are_told_to_who_sent_them(
    claire: Citizen, relay: Operator, reason: str, code: str
) -> None:
    (done,) = arrive(letter(address_of(claire)))
    (by_program,) = arrive(letter(address_of(claire), automatic=True))
    for one in (done, by_program, done):  # once, and never to a program: two would go on for ever
        assert one.message_id is not None
        receipts.not_filed(claire.record_id, one.message_id, {reason})
        receipts.not_filed(claire.record_id, one.message_id, set())
    outbox.work()
    (said,) = relay.letters()
    assert said.subject.startswith(f"[KO Intégration système !][{code}]")
    assert said.automatic
    assert [one.address for one in said.to] == [DOCTOR.address]


def test_an_archive_that_is_broken_is_answered_with_a_receipt_where_one_was_asked_for(
    claire: Citizen, relay: Operator
) -> None:
    kept = BytesIO()
    with ZipFile(kept, "w") as archive:
        archive.writestr("IHE_XDM/SUBSET01/METADATA.XML", "<not-metadata/>")
    broken = Part("IHE_XDM.ZIP", "application/zip", kept.getvalue())
    came = replace(letter(address_of(claire), parts=[broken]), wants_receipt=DOCTOR.address)
    arrive(came)
    outbox.work()
    (said,) = relay.letters()
    assert said.report is not None
    assert (said.report.of, said.report.failed) == (came.message_id, True)
    box = own_box(claire)
    assert not receipts.asked(box, messages(box.id)[0][0])


class TestLmtp:
    """Mail of mailboxes is handed on to where mail programs look."""

    def test_what_comes_in_is_handed_on_and_what_leaves_is_not(
        self, practice: Box, claire: Citizen, machines: Machines, clock: FakeClock
    ) -> None:
        server = Operator(port=free_port())
        bound.bind(replace(machines.settings, mailbox_lmtp=f"127.0.0.1:{server.port}"))
        came = letter(Address(OWN), text="Avis demandé.")
        arrive(came)
        arrive(letter(address_of(claire)))  # a person's box is no mailbox
        sent_to(practice, HOSPITAL)
        assert server.taken == []  # nobody listens yet
        with server.running(lmtp=True):
            clock.advance(timedelta(minutes=2))
            outbox.work()
        (envelope,) = server.taken
        assert (envelope.mail_from, envelope.rcpt_tos) == (DOCTOR.address, [OWN])
        (said,) = server.letters()
        assert (said.message_id, said.text) == (came.message_id, "Avis demandé.")

    @pytest.mark.parametrize("why", [NOT_FOR_READER, HARMFUL])
    def test_what_the_pages_withhold_reaches_no_mail_program(self, practice: Box, machines: Machines, why: str) -> None:
        server = Operator(port=free_port())
        bound.bind(replace(machines.settings, mailbox_lmtp=f"127.0.0.1:{server.port}"))
        parts = [Part("masque.pdf", "application/pdf", pdf("masqué")), Part("note.txt", "text/plain", b"Bonjour")]
        arrive(letter(Address(OWN), parts=parts))
        retain(practice, "masque.pdf", why)
        with server.running(lmtp=True):
            outbox.work()
        (said,) = server.letters()
        assert [one.name for one in said.parts] == ["masque.pdf.txt", "note.txt"]
        assert b"retenu" in said.parts[0].content

    def test_a_file_that_was_not_scanned_yet_is_waited_for(
        self, practice: Box, machines: Machines, clock: FakeClock
    ) -> None:
        server = Operator(port=free_port())
        bound.bind(replace(machines.settings, mailbox_lmtp=f"127.0.0.1:{server.port}"))
        (came,) = arrive(letter(Address(OWN), parts=[Part("a.pdf", "application/pdf", pdf("a"))]))
        retain(practice, "a.pdf", SCANNING)
        turn = {"box_id": str(practice.id), "message_id": str(came.message_id), "address": OWN}
        with server.running(lmtp=True):
            lmtp.hand_on(uuid4(), {**turn, "since": clock.now.isoformat(), "tries": 0})
            assert server.taken == []
            retain(practice, "a.pdf", "")
            clock.advance(timedelta(minutes=2))
            outbox.work()
        assert {tuple(one.name for one in said.parts) for said in server.letters()} == {("a.pdf",)}


def retain(box: Box, name: str, why: str) -> None:
    """Have a file withheld, or not any more."""
    with db.write() as tx:
        for attachment_id, facts in attachments(box.id):
            if facts.name == name:
                change(tx, box.id, attachment_id, withheld=why)


_TABLE = [
    (550, "5.1.1 User unknown", Failure.NO_ADDRESS),
    (550, "#5.1.10 null MX", Failure.NO_ADDRESS),
    (550, "5.1.2 bad domain", Failure.NO_OPERATOR),
    (501, "5.1.3 bad address", Failure.BAD_ADDRESS),
    (551, "5.1.6 moved", Failure.MOVED),
    (553, "5.1.8 bad sender", Failure.SENDER),
    (550, "5.2.1 disabled", Failure.CLOSED_BOX),
    (552, "5.2.2 over quota", Failure.FULL),
    (452, "4.2.2 over quota", Failure.FULL),
    (552, "5.2.3 too long", Failure.TOO_LARGE),
    (552, "5.3.4 too big", Failure.TOO_LARGE),
    (451, "4.3.0 not now", Failure.BUSY),
    (451, "4.3.2 going down", Failure.BUSY),
    (450, "4.4.1 no answer", Failure.SILENT),
    (554, "5.4.6 loop", Failure.LOOP),
    (550, "5.4.7 expired", Failure.SILENT),
    (452, "4.5.3 too many recipients", Failure.TOO_MANY),
    (554, "5.6.0 media not supported", Failure.FORM),
    (550, "5.7.1 not authorised", Failure.NOT_ALLOWED),
    (525, "5.7.13 account disabled", Failure.CLOSED_BOX),
    (421, "", Failure.BUSY),
    (450, "busy", Failure.BUSY),
    (452, "full", Failure.FULL),
    (550, "no", Failure.NO_ADDRESS),
    (552, "", Failure.FULL),
    (554, "rejected 10.5.1.1 ", Failure.REFUSED),
    (554, "version 5.1.1.4", Failure.REFUSED),
    (599, "", Failure.REFUSED),
    (0, "", Failure.SILENT),
]


@pytest.mark.parametrize(("code", "text", "failure"), _TABLE)
def test_every_code_of_mail_has_its_sentence(code: int, text: str, failure: Failure) -> None:
    assert of_reply(code, text) is failure
    assert WORDS[failure]


def test_every_failure_has_words_and_every_refusal_here_a_failure() -> None:
    assert set(WORDS) == set(Failure)
    for kind in (PlaceKind.PERSON, PlaceKind.MAILBOX):
        for refusal in Refusal:
            assert failures.of_refusal(kind, refusal) in Failure
    assert not failures.may_try_again(Failure.NO_ADDRESS)
    assert failures.may_try_again(Failure.FULL)


@pytest.mark.parametrize("server", ["dovecot", "a:b", "a b:24", "127.0.0.1:"])
def test_a_house_does_not_start_with_a_mail_store_it_cannot_reach(server: str) -> None:
    with pytest.raises(SettingsError, match="ESPACE_MAILBOX_LMTP"):
        Settings(mailbox_lmtp=server)


def test_of_two_recipients_the_operator_of_one_tells_nothing_of_the_other(practice: Box) -> None:
    """Both know the Message-ID: neither may make its author believe that the other did not get it."""
    other = Address("autre@ailleurs.example")
    message_id, of = sent_to(practice, HOSPITAL, other)
    come_back(practice, bounce(of, other))
    come_back(practice, bounce(of, HOSPITAL))
    assert [one.state for one in every(practice, message_id)] == [State.FAILED, State.SENT]


def test_a_failure_told_by_who_carried_it_is_believed(practice: Box) -> None:
    other = Address("autre@ailleurs.example")
    message_id, of = sent_to(practice, other)
    come_back(practice, bounce(of, other))
    assert [one.state for one in every(practice, message_id)] == [State.FAILED]
