"""Carers and messages: the two tasks, in words, and what the people of the record are told (rules.md MI-12)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask

from espace.access import services as access
from espace.errors import InvalidError, NotFoundError
from espace.family.services.carers import mandates
from espace.family.views import carer_words
from espace.home.services import receipts
from espace.machines import Machines
from espace.messaging.services.boxes import box_of
from espace.messaging.services.outgoing import sending
from espace.messaging.services.outgoing.sending import Outgoing
from espace.messaging.services.reading import lists, searching, threads
from espace.permissions import Permission, Task
from tests.family.caring import READ, helped_and_carer, made, scope, told
from tests.messaging import letters
from tests.support.clock import FakeClock

MAIL, ANSWERS = Task.READ_MESSAGES, Task.WRITE_MESSAGES


def test_answering_goes_with_reading(machines: Machines) -> None:
    """Nobody answers what they have not read; each other choice of tasks makes sense."""
    helped, carer = helped_and_carer()
    with pytest.raises(InvalidError) as refused:
        made(helped.standing(), carer, scope(READ, ANSWERS))
    assert refused.value.problems.keys() == {"tasks"}
    made(helped.standing(), carer, scope(MAIL, ANSWERS))


def test_each_task_opens_its_own_acts_and_no_documents(machines: Machines) -> None:
    helped, carer = helped_and_carer()
    letters.arrive(letters.letter(letters.address_of(helped)))
    made(helped.standing(), carer, scope(MAIL))
    reads = carer.standing(helped.record_id)
    box = box_of(reads)
    [line] = lists.page(box).lines
    answer = Outgoing(to=[letters.DOCTOR.address], key=uuid4(), text="Merci.", conversation_id=line.id)
    with pytest.raises(InvalidError):
        sending.send(box, answer)
    with pytest.raises(NotFoundError):
        threads.archive(box, line.id)
    assert not reads.may(Permission.DOCUMENTS_READ)
    threads.thread(box, line.id)
    assert lists.unread(box_of(helped.standing())) == 1, "the carer's reading is not the person's own"


def test_the_first_reading_and_the_first_answer_are_told_once_each(machines: Machines) -> None:
    helped, carer = helped_and_carer()
    letters.arrive(letters.letter(letters.address_of(helped)))
    made(helped.standing(), carer, scope(MAIL, ANSWERS))
    box = box_of(carer.standing(helped.record_id))
    assert told(helped.email, "carer-first-act") == 0
    for _ in range(2):
        [line] = lists.page(box).lines
        threads.thread(box, line.id)
    assert told(helped.email, "carer-first-act") == 1
    for _ in range(2):
        answer = Outgoing(to=[letters.DOCTOR.address], key=uuid4(), text="Merci.", conversation_id=line.id)
        sending.send(box, answer)
    assert told(helped.email, "carer-first-act") == 2


def test_what_a_carer_did_with_messages_stands_in_their_receipt(app: Flask) -> None:
    helped, carer = helped_and_carer()
    letters.arrive(letters.letter(letters.address_of(helped), subject="Vos résultats"))
    one = made(helped.standing(), carer, scope(MAIL, ANSWERS))
    box = box_of(carer.standing(helped.record_id))
    [line] = lists.page(box).lines
    threads.thread(box, line.id)
    assert receipts.receipt(helped.standing(), one.id).weeks
    page = helped.browser(app).get(f"/dossiers/{helped.record_id}/historique")
    assert "lu le message « Vos résultats »" in page.text


def test_rights_on_messages_are_sentences(app: Flask) -> None:
    """On the form, the summary, the page of who has access, the carer's own page, and the letter of a signed paper."""
    helped, carer = helped_and_carer()
    form = helped.browser(app).get(f"/dossiers/{helped.record_id}/acces/aidants/ajouter")
    for words in ("Lire les messages", "Répondre aux messages", "Un message peut parler de tout"):
        assert words in form.text
    given = scope(*Task)
    made(helped.standing(), carer, given)
    with app.test_request_context():
        said = carer_words.summary_of("Karim", given)
    assert "ajouter des documents, lire les messages, répondre aux messages et lire les documents" in said
    shown = helped.browser(app).get(f"/dossiers/{helped.record_id}/acces").text
    assert "Peut lire les messages." in shown
    assert "Peut répondre aux messages." in shown
    assert "lire les messages et répondre aux messages" in carer.browser(app).get("/compte/proches").text


def test_the_paper_of_a_carer_names_every_task() -> None:
    assert {*mandates.TASKS} == {*Task}


def test_who_looks_as_a_carer_sees_no_messages(app: Flask) -> None:
    """What they read of messages is said; the messages themselves are not shown through anybody's eyes."""
    helped, carer = helped_and_carer()
    made(helped.standing(), carer, scope(READ, MAIL))
    letters.arrive(letters.letter(letters.address_of(helped)))
    browser = helped.browser(app)
    base = f"/dossiers/{helped.record_id}/voir-comme"
    assert "Les messages ne se montrent pas ainsi" in browser.get(f"{base}/").text
    browser.get(f"{base}/{carer.person_id}/messages", expect=None)
    seen = access.seen_as(helped.standing(), str(carer.person_id))
    assert seen is not None
    assert seen.may(Permission.MESSAGES_READ)
    with pytest.raises(NotFoundError):
        box_of(seen)


def test_the_records_one_may_open_say_how_much_is_unread_as_far_as_each_lets_know(app: Flask) -> None:
    helped, carer = helped_and_carer()
    made(helped.standing(), carer, scope(READ))
    letters.arrive(letters.letter(letters.address_of(helped)))
    letters.arrive(letters.letter(letters.address_of(carer)))
    page = carer.browser(app).get("/dossiers/").text
    assert page.count("1 message non lu") == 1, "only the carer's own: they do not read the other's"


def test_what_a_carer_wrote_bears_their_name_for_everybody_else(machines: Machines, clock: FakeClock) -> None:
    """Nobody reads as their own, or as the person's, what somebody else wrote for them."""
    helped, carer = helped_and_carer()
    letters.arrive(letters.letter(letters.address_of(helped)))
    made(helped.standing(), carer, scope(MAIL, ANSWERS))
    theirs, own = box_of(carer.standing(helped.record_id)), box_of(helped.standing())
    [line] = lists.page(own).lines
    clock.advance(timedelta(hours=2))
    answer = Outgoing(to=[letters.DOCTOR.address], key=uuid4(), text="Vu avec zinc.", conversation_id=line.id)
    sending.send(theirs, answer)
    name = theirs.actor.name
    for box, by in ((own, name), (theirs, "")):
        written = threads.thread(box, line.id).letters[-1]
        [shown] = lists.page(box).lines
        [hit] = searching.search(box, searching.ask("zinc")).hits
        assert (written.facts.signed, written.mine) == (name, not by)
        assert (shown.by, hit.by) == (by, by)
        assert shown.said_at == written.at != shown.at, "the words shown are not those of when it came in"
