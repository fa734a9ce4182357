"""A letter comes into boxes: once, in the right conversation, from who may write (rules.md MS-2 to MS-5)."""

import threading
from collections.abc import Iterator
from contextvars import copy_context
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from espace import clock as house_clock
from espace import db, storage
from espace.audit import services as audit
from espace.audit.services import Action
from espace.documents.services import sweeping
from espace.documents.services.finding.texts import digest, word_key
from espace.identifiers import new_id
from espace.interop.mail_letter import Letter, Part, Report
from espace.machines import Machines
from espace.messaging.models import ConversationWord
from espace.messaging.services import forgetting
from espace.messaging.services.facts import Party
from espace.messaging.services.incoming import correspondents, delivering, storing
from espace.messaging.services.incoming.correspondents import Contact
from espace.messaging.services.incoming.delivering import RefusedLetterError, deliver, refusal
from espace.messaging.services.places import Place, Refusal, RefusedAddressError
from espace.messaging.services.reading import threads
from espace.messaging.services.rights import Why, may_write
from espace.records import services as records
from tests.support import build
from tests.support.build import Citizen
from tests.support.clock import FakeClock
from tests.support.papers import pdf

from .letters import (
    DOCTOR,
    HOSPITAL,
    address_of,
    arrive,
    attachments,
    conversations,
    letter,
    mailbox,
    messages,
    own_box,
    place,
)


@pytest.fixture
def claire(machines: Machines) -> Citizen:
    """A person with an account."""
    return build.citizen("Claire", "Fontenay")


def test_a_letter_lies_in_the_box_as_it_was_written(claire: Citizen) -> None:
    paper = Part("ordonnance.pdf", "application/octet-stream", pdf("Ordonnance"))
    (done,) = arrive(letter(address_of(claire), subject="Re: XDM/1.0/DDM Sortie", parts=[paper]))
    ((said, row),) = messages(claire.record_id)
    assert done.new
    assert row.id == done.message_id
    assert (said.sender.address, said.text.splitlines()[0], said.files) == (DOCTOR.address, "Bonjour,", 1)
    assert not row.outgoing
    assert row.read_at is None
    ((talk, line),) = conversations(claire.record_id)
    assert (talk.subject, talk.with_name, talk.attached) == ("Sortie", "Dr Paul Le Goff", True)
    assert line.unread
    ((file_id, kept),) = attachments(claire.record_id)
    assert (kept.name, kept.media) == ("ordonnance.pdf", "application/pdf")
    with db.read() as tx:
        assert storage.current().open(tx, claire.record_id, file_id).read_all() == paper.content


def test_the_same_letter_again_changes_nothing(claire: Citizen) -> None:
    paper = Part("a.pdf", "application/pdf", pdf("A"))
    one = letter(address_of(claire), parts=[paper])
    (first,) = arrive(one)
    (second,) = arrive(replace(one, hops=4))
    assert (first.new, second.new) == (True, False)
    assert second.message_id == first.message_id
    assert len(messages(claire.record_id)) == 1
    assert storage.current().count(claire.record_id) == 1


def test_another_content_under_the_same_id_is_kept_and_flagged(claire: Citizen) -> None:
    one = letter(address_of(claire), text="Deux comprimés.")
    arrive(one)
    arrive(letter(address_of(claire), text="Trois comprimés.", message_id=one.message_id))
    assert [row.flagged for _, row in messages(claire.record_id)] == [False, True]


def test_a_letter_to_several_is_one_conversation_in_each_box(claire: Citizen) -> None:
    other, team = build.citizen("Paul", "Roux"), mailbox()
    found = arrive(
        replace(letter(address_of(claire), address_of(other)), cc=(replace(HOSPITAL, address=team.address),))
    )
    assert [one.new for one in found] == [True, True, True]
    for box_id in (claire.record_id, other.record_id, team.box_id):
        assert box_id is not None
        assert len(conversations(box_id)) == 1


def test_an_answer_goes_on_where_it_answers_and_a_new_letter_begins_anew(claire: Citizen) -> None:
    one = letter(address_of(claire))
    arrive(one)
    arrive(letter(address_of(claire), answers=one.message_id, subject="Re: Votre consultation"))
    arrive(letter(address_of(claire), references=["<inconnu@ailleurs.example>", one.message_id], sender=HOSPITAL))
    arrive(letter(address_of(claire), subject="Votre consultation"))
    assert [len({row.conversation_id for _, row in messages(claire.record_id)}), len(messages(claire.record_id))] == [
        2,
        4,
    ]


def test_eight_relays_that_hand_over_the_same_letter_file_it_once(machines: Machines, claire: Citizen) -> None:
    one = letter(address_of(claire), parts=[Part("a.pdf", "application/pdf", pdf("A"))])
    found: list[bool] = []

    def hand_over() -> None:
        machines.bind()
        found.extend(each.new for each in deliver(one, [place(claire)], sender=DOCTOR.address))

    threads = [threading.Thread(target=copy_context().run, args=(hand_over,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False] * 7 + [True]
    assert len(messages(claire.record_id)) == 1
    assert storage.current().count(claire.record_id) == 1


def test_letters_to_the_same_people_in_another_order_do_not_wait_for_each_other(
    machines: Machines, claire: Citizen
) -> None:
    other = build.citizen("Paul", "Roux")
    both = [address_of(claire), address_of(other)]
    given = [letter(*(both if number % 2 else both[::-1])) for number in range(12)]
    failed: list[BaseException] = []

    def hand_over(some: list[Letter]) -> None:
        machines.bind()
        try:
            for one in some:
                arrive(one)
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=copy_context().run, args=(hand_over, given[place::4])) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [len(messages(one.record_id)) for one in (claire, other)] == [12, 12]


def test_files_of_messages_are_no_orphans_and_what_a_crash_left_goes(claire: Citizen, clock: FakeClock) -> None:
    arrive(letter(address_of(claire), parts=[Part("a.txt", "text/plain", b"a")]))
    with db.read() as tx:
        storage.current().put(tx, claire.record_id, new_id(), b"left")
    assert storage.current().count(claire.record_id) == 2
    clock.advance(timedelta(days=3650))
    sweeping.sweep([forgetting.named_files])
    assert storage.current().count(claire.record_id) == 1


def test_who_wrote_may_be_written_to_until_they_end_it_and_again_when_they_write(claire: Citizen) -> None:
    box = own_box(claire)

    def why() -> Why:
        return may_write(correspondents.exchange(box, DOCTOR.address)).why

    assert why() is Why.NEVER_WROTE
    arrive(letter(address_of(claire), automatic=True))
    assert why() is Why.NEVER_WROTE
    arrive(letter(address_of(claire)))
    assert why() is Why.WROTE_BEFORE
    arrive(letter(address_of(claire), subject="Re: [FIN] Votre suivi"))
    assert why() is Why.CLOSED
    arrive(letter(address_of(claire), subject="[FIN] je suis absent", automatic=True))
    assert why() is Why.CLOSED
    arrive(letter(address_of(claire)))
    assert why() is Why.WROTE_BEFORE


def test_patients_never_write_to_each_other(claire: Citizen) -> None:
    other = build.citizen("Paul", "Roux")
    with pytest.raises(RefusedLetterError) as refused:
        arrive(letter(address_of(claire), sender=address_of(other)))
    assert refused.value.why is Why.PATIENT
    assert messages(claire.record_id) == []


def test_the_trail_tells_that_it_came_and_that_an_exchange_ended_or_opened_again(claire: Citizen) -> None:
    for subject in ("Bonjour", "[FIN] Merci", "[FIN] Merci encore", "Une question"):
        arrive(letter(address_of(claire), subject=subject))
    rows = audit.entries(claire.record_id, mine=False, holder_actor_ids=[], before=None, limit=50)
    acts = [one.action for one in reversed(rows) if one.action in _OF_LETTERS]
    came = Action.MESSAGE_RECEIVED
    assert acts == [came, came, Action.EXCHANGE_CLOSED, came, came, Action.EXCHANGE_REOPENED]


_OF_LETTERS = (Action.MESSAGE_RECEIVED, Action.EXCHANGE_CLOSED, Action.EXCHANGE_REOPENED)


def ended(team: Place, person: Citizen) -> None:
    """The team ends the exchange with a patient."""
    assert team.box_id is not None
    party = Party(address_of(person).address)
    with db.write() as tx:
        correspondents.note(tx, team.box_id, Contact(party, house_clock.now(), closes=True))


def test_a_mailbox_that_ended_the_exchange_takes_nothing_and_the_others_of_the_letter_neither(claire: Citizen) -> None:
    team, other = mailbox(), mailbox("accueil@cabinets.espace.example")
    ended(team, claire)
    to = [replace(HOSPITAL, address=one.address) for one in (other, team)]
    assert [refusal(address_of(claire).address, one) for one in (other, team)] == [None, Why.CLOSED]
    with pytest.raises(RefusedLetterError) as refused:
        arrive(letter(*to, sender=address_of(claire)))
    assert refused.value.why is Why.CLOSED
    assert str(refused.value.words)
    assert other.box_id is not None
    assert messages(other.box_id) == []
    arrive(letter(*to, sender=HOSPITAL))
    assert len(messages(other.box_id)) == 1


def test_a_space_closed_while_the_letter_came_takes_nothing(claire: Citizen) -> None:
    found = place(claire)
    records.close(claire.actor, claire.record_id)
    with pytest.raises(RefusedAddressError) as refused:
        deliver(letter(address_of(claire), parts=[Part("a.txt", "text/plain", b"a")]), [found], sender=DOCTOR.address)
    assert refused.value.refusal is Refusal.ENDED
    assert storage.current().count(claire.record_id) == 0


@pytest.fixture
def reports() -> Iterator[list[UUID]]:
    """Who takes up reports knows none but those of nothing."""
    seen: list[UUID] = []

    def take_up(box_id: UUID, given: Letter) -> bool:
        seen.append(box_id)
        return given.report is not None and given.report.of == "<connu@ici.example>"

    delivering.on_report(take_up)
    yield seen
    delivering.on_report(lambda _box, _letter: False)


def test_a_report_goes_to_the_message_it_tells_of_or_is_shown_as_automatic(
    claire: Citizen, reports: list[UUID]
) -> None:
    for of in ("<connu@ici.example>", "<inconnu@ici.example>"):
        arrive(replace(letter(address_of(claire)), report=Report("delivery", of)))
    assert reports == [claire.record_id] * 2
    ((said, _),) = messages(claire.record_id)
    assert said.automatic
    assert may_write(correspondents.exchange(own_box(claire), DOCTOR.address)).why is Why.NEVER_WROTE


def test_words_are_posted_under_the_boxs_key_and_those_of_places_under_a_mark(claire: Citizen) -> None:
    paper = Part("bilan-lipidique.txt", "text/plain", b"x")
    arrive(letter(address_of(claire), subject="Cholestérol", text="Tout va bien", parts=[paper], sender=HOSPITAL))
    with db.write() as tx:
        key = word_key(tx, claire.record_id)
        found = set(
            tx.execute(select(ConversationWord.word).where(ConversationWord.box_id == claire.record_id)).scalars()
        )
    for word in ("chole", "bien", "lipid"):
        assert digest(key, word[:5] if len(word) >= 5 else word[:3]) in found
    assert digest(key, "cardi") not in found
    assert digest(key, storing.PLACE + "cardi") in found


def test_a_conversation_put_away_comes_back_with_the_next_letter(claire: Citizen) -> None:
    one = letter(address_of(claire))
    arrive(one)
    ((_, row),) = conversations(claire.record_id)
    threads.archive(own_box(claire), row.id)
    arrive(letter(address_of(claire), answers=one.message_id))
    assert [row.archived for _, row in conversations(claire.record_id)] == [False]


@pytest.mark.parametrize(
    ("subject", "plain", "ends"),
    [
        ("Re: RE : Tr: Bilan", "Bilan", False),
        ("XDM/1.0/DDM+Lettre de sortie", "Lettre de sortie", False),
        ("XDM/1.0/DDM", "", False),
        ("[FIN] Merci", "Merci", True),
        ("Re: [FIN] Merci", "Merci", True),
        ("[fin] Merci", "Merci", True),
        ("[FI", "[FI", False),
        ("La [FIN] est proche", "La [FIN] est proche", False),
        ("Reprise du sport", "Reprise du sport", False),
    ],
)
def test_a_subject_is_shown_without_its_marks(machines: Machines, subject: str, plain: str, *, ends: bool) -> None:
    assert (storing.plain_subject(subject), storing.closes(subject)) == (plain, ends)
