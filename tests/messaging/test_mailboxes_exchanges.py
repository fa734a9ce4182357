"""What mailboxes do about exchanges: end them, answer for who is away, ask a colleague (rules.md MS-2, MS-5)."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from espace import clock as clocks
from espace import db, outbox
from espace.assembly import open_house
from espace.errors import InvalidError, NotFoundError
from espace.interop.mail_letter import Address, Part
from espace.machines import Machines
from espace.messaging.cli import open_mailboxes
from espace.messaging.models import Message
from espace.messaging.services import boxes, facts, places
from espace.messaging.services.boxes import Box
from espace.messaging.services.facts import MessageFacts
from espace.messaging.services.incoming import delivering
from espace.messaging.services.incoming.correspondents import at_address
from espace.messaging.services.incoming.delivering import RefusedLetterError
from espace.messaging.services.outgoing import sending
from espace.messaging.services.outgoing.sending import Outgoing
from espace.messaging.services.practice import assigning, choosing, mailboxes, members
from espace.messaging.services.practice.choosing import Choices
from espace.messaging.services.rights import Why
from espace.messaging.services.writing import closing
from tests.support import build
from tests.support.build import Citizen
from tests.support.clock import FakeClock
from tests.support.papers import pdf

from .letters import letter
from .mailboxes import doctor, own_box, ward

EXPERT = Address("expertise@hopital.operateur.example", "Expertise cardiologique")


@pytest.fixture(autouse=True)
def _events(machines: Machines) -> None:
    """The house with its handlers."""
    open_house(machines)


def _said(box_id: UUID) -> list[tuple[MessageFacts, bool]]:
    """What lies in a box, oldest first, and whether it left it."""
    statement = (
        select(Message.id, Message.outgoing, Message.payload)
        .where(Message.box_id == box_id)
        .order_by(Message.at, Message.id)
    )
    with db.read() as tx:
        return [(facts.open_message(tx, box_id, row.id, row.payload), row.outgoing) for row in tx.execute(statement)]


def _write(box: Box, address: str, conversation: UUID | None = None, text: str = "Bonjour") -> UUID:
    outgoing = Outgoing(to=(address,), key=uuid4(), subject="Suivi", text=text, conversation_id=conversation)
    sent = sending.send(box, outgoing)
    outbox.work()
    return sent.conversation_id


def _exchange() -> tuple[Box, Box, Citizen, UUID]:
    """A mailbox, a patient's box, the patient, and the mailbox's conversation with them."""
    patient = build.citizen("Claire", "Fontenay")
    ours = own_box(doctor())
    conversation = _write(ours, boxes.patient_address(patient.ins))
    return ours, boxes.box_of(patient.standing()), patient, conversation


def _theirs(box: Box) -> UUID:
    with db.read() as tx:
        return tx.execute(select(Message.conversation_id).where(Message.box_id == box.id).limit(1)).scalar_one()


def test_an_ended_exchange_is_said_to_the_patient_who_answers_no_more_until_it_is_opened_again() -> None:
    ours, theirs, patient, conversation = _exchange()
    address = boxes.patient_address(patient.ins)
    closing.end(ours, conversation, "Votre suivi est terminé.")
    outbox.work()
    assert (closing.state(ours, address).may_end, closing.state(ours, address).may_reopen) == (False, True)
    assert [(one.text, one.closes) for one, _ in _said(theirs.id)][-1] == ("Votre suivi est terminé.", True)
    assert sending.why(theirs, ours.address).why is Why.CLOSED
    with pytest.raises(InvalidError):
        _write(theirs, ours.address, _theirs(theirs))
    came, place = letter(Address(ours.address), sender=Address(address, "Claire")), places.place_of(ours.address)
    with pytest.raises(RefusedLetterError):  # nor by any other door
        delivering.deliver(came, [place], sender=address)
    closing.reopen(ours, conversation, "Vous pouvez de nouveau m'écrire.")
    outbox.work()
    assert closing.state(ours, address).may_end
    assert sending.why(theirs, ours.address).allowed
    _write(theirs, ours.address, _theirs(theirs), "Merci")
    assert [one.text for one, outgoing in _said(ours.id) if not outgoing] == ["Merci"]


def test_an_ordinary_message_of_ours_opens_an_ended_exchange_again() -> None:
    ours, theirs, patient, conversation = _exchange()
    closing.end(ours, conversation, "Terminé.")
    outbox.work()
    _write(ours, boxes.patient_address(patient.ins), conversation, "Encore un mot")
    assert closing.state(ours, boxes.patient_address(patient.ins)).may_end
    assert sending.why(theirs, ours.address).allowed


def test_the_same_form_sent_twice_ends_an_exchange_once() -> None:
    ours, theirs, _, conversation = _exchange()
    key = uuid4()
    closing.end(ours, conversation, "Terminé.", key=key)
    with pytest.raises(NotFoundError):
        closing.end(ours, conversation, "Terminé.", key=key)
    outbox.work()
    assert [one.closes for one, _ in _said(theirs.id)] == [False, True]


def test_only_an_exchange_with_a_patient_is_ended_and_only_by_the_mailbox() -> None:
    ours, theirs, _, conversation = _exchange()
    other = own_box(doctor("Petit", "Luc"))
    colleague = _write(ours, other.address)
    for box, which in ((ours, colleague), (ours, uuid4()), (other, conversation), (theirs, _theirs(theirs))):
        with pytest.raises(NotFoundError):
            closing.end(box, which, "Terminé.")
    with pytest.raises(NotFoundError):
        closing.reopen(ours, conversation, "Rien n'est terminé.")
    for words in ("", "x" * 2001):
        with pytest.raises(InvalidError):
            closing.end(ours, conversation, words)
    assert not closing.state(ours, other.address).may_end


def test_an_absence_is_told_once_in_seven_days_to_each_who_writes(clock: FakeClock) -> None:
    ours, theirs, _, _ = _exchange()
    _away_of(ours)
    told = []
    for _ in range(4):
        _write(theirs, ours.address, _theirs(theirs))
        outbox.work()
        told.append(sum(one.automatic for one, _ in _said(theirs.id)))
        clock.advance(timedelta(days=3))
    assert told == [1, 1, 1, 2]


def _away_of(box: Box) -> None:
    facts_now = boxes.mailbox_of(box.actor, box.id)
    today = clocks.today()
    away = Choices(box.name, 0, "Je suis absente. Voyez le Dr Petit.", today, today + timedelta(days=20))
    choosing.change(box.actor, box.id, away, version=facts_now.version)


def test_two_who_are_away_do_not_answer_each_other_for_ever() -> None:
    one, other = own_box(doctor()), own_box(doctor("Petit", "Luc"))
    for box in (one, other):
        _away_of(box)
    _write(one, other.address)
    for _ in range(5):
        outbox.work()
    assert [(said.automatic, outgoing) for said, outgoing in _said(one.id)] == [(False, True), (True, False)]


@pytest.mark.parametrize("how", ["automatic", "twice", "over", "closed"])
def test_no_notice_follows_what_no_person_wrote_or_when_nobody_is_away(how: str, clock: FakeClock) -> None:
    ours = own_box(doctor())
    _away_of(ours)
    before = len(_said(ours.id))
    came = letter(Address(ours.address), automatic=how == "automatic")
    place = places.place_of(ours.address)
    if how == "over":
        clock.advance(timedelta(days=30))
    for _ in range(2 if how == "twice" else 1):
        delivering.deliver(came, [place], sender=came.sender.address)
    if how == "closed":
        mailboxes.close(ours.actor, ours.id)
    outbox.work()
    sent = [said for said, outgoing in _said(ours.id) if outgoing]
    assert len(sent) == (1 if how == "twice" else 0)
    assert before == 0


def test_a_message_of_a_team_is_signed_by_the_one_who_wrote_it() -> None:
    leader, colleague = doctor(), doctor("Petit", "Luc")
    facts_now = ward(leader)
    members.add(leader.actor, facts_now.id, colleague.id)
    team, alone = boxes.box_of_mailbox(colleague.actor, facts_now.id), own_box(colleague)
    assert assigning.signed(team, "Bonjour") == "Bonjour\n\nDr Luc Petit\nPédiatrie, Lilas"
    assert assigning.signed(team, "Bonjour\nDr Luc Petit") == "Bonjour\nDr Luc Petit"
    assert assigning.signed(team, " ") == " "
    assert assigning.signed(alone, "Bonjour") == "Bonjour"


def test_an_expert_at_another_operator_answers_in_the_conversation_of_the_request() -> None:
    ours = own_box(doctor())
    trace = Part("ecg.pdf", "application/pdf", pdf("ECG"))
    request = Outgoing(to=(EXPERT,), key=uuid4(), subject="Avis sur un tracé", text="Votre avis ?", parts=(trace,))
    sent = sending.send(ours, request)
    ((asked, _),) = _said(ours.id)
    back, answered = Address(ours.address), asked.message_id
    answer = letter(back, sender=EXPERT, subject="RE: Avis sur un tracé", text="Rien d'inquiétant.", answers=answered)
    (came,) = delivering.deliver(answer, [places.place_of(ours.address)], sender=EXPERT.address)
    assert came.conversation_id == sent.conversation_id
    assert [(one.name, one.address) for one in at_address(ours, EXPERT.address)] == [(EXPERT.name, EXPERT.address)]


def test_an_expert_of_this_house_gets_the_request_and_its_answer_comes_back_to_it() -> None:
    asker, expert = own_box(doctor()), doctor("Petit", "Luc")
    facts_now = ward(expert, "expertise", "Expertise")
    team = boxes.box_of_mailbox(expert.actor, facts_now.id)
    trace = Part("ecg.pdf", "application/pdf", pdf("ECG"))
    sent = sending.send(asker, Outgoing(to=(team.address,), key=uuid4(), subject="Avis", text="?", parts=(trace,)))
    outbox.work()
    _write(team, asker.address, _theirs(team), "Rien d'inquiétant.")
    with db.read() as tx:
        rows = tx.execute(select(Message.conversation_id, Message.outgoing).where(Message.box_id == asker.id)).all()
    assert {row.conversation_id for row in rows} == {sent.conversation_id}
    assert sorted(row.outgoing for row in rows) == [False, True]


def test_the_command_opens_everybody_s_mailbox() -> None:
    doctor()
    doctor("Petit", "Luc")
    for opened in (2, 0):
        done = CliRunner().invoke(open_mailboxes)
        assert (done.exit_code, done.output) == (0, f"{opened} mailboxes opened.\n")
