"""What somebody is kept from never leaves by mail, whichever way it is put into a message (rules.md MS-16)."""

from datetime import date

import pytest

from espace import assembly
from espace.documents import services as documents
from espace.documents.services.deciding import states
from espace.errors import InvalidError
from espace.identifiers import new_id
from espace.machines import Machines
from espace.messaging.services.writing import drafts, posting
from espace.messaging.services.writing.drafts import Typed
from tests.support import build
from tests.support.build import Citizen
from tests.support.papers import pdf

from .letters import DOCTOR, address_of, arrive, letter, messages, own_box


@pytest.fixture
def claire(machines: Machines) -> Citizen:
    """A person to whom a doctor wrote."""
    assembly.handle_events()
    found = build.citizen("Claire", "Fontenay")
    arrive(letter(address_of(found)))
    return found


def test_a_document_hidden_since_it_was_chosen_is_mailed_to_no_professional(claire: Citizen) -> None:
    box = own_box(claire)
    kept = build.document(claire.standing(), "Ordonnance")
    typed = Typed(to=(DOCTOR.address,), subject="Bonjour", text="Voici.", documents=(kept,))
    draft_id = drafts.begin(box, typed)
    states.hide(claire.standing(), kept, choices=0)
    with pytest.raises(InvalidError) as raised:
        posting.post(box, draft_id, drafts.draft(box, draft_id).typed)
    assert "files" in raised.value.problems
    assert [row.outgoing for _, row in messages(box.id)] == [False]
    assert drafts.find(box, draft_id) is not None  # nothing that was typed is lost
    states.show(claire.standing(), kept, choices=1)
    assert posting.post(box, draft_id, typed).new


def test_what_a_minor_keeps_from_their_parents_stands_in_no_message_that_parents_read(claire: Citizen) -> None:
    child = build.citizen("Jules", "Fontenay", sex="M", birth=date(2011, 5, 2), parents=[claire])
    arrive(letter(address_of(child)))
    box = own_box(child)
    secret = documents.AddDocument("Journal", date(2026, 11, 2), "EXPPAT_2", pdf("journal"), secret=True)
    kept = documents.add(child.standing(), secret).id
    typed = Typed(to=(DOCTOR.address,), subject="Bonjour", text="Voici.", documents=(kept,))
    with pytest.raises(InvalidError) as raised:
        posting.post(box, new_id(), typed)
    assert "files" in raised.value.problems
    assert [row.outgoing for _, row in messages(box.id)] == [False]


def test_a_number_that_a_secret_message_bears_marks_no_open_one(claire: Citizen) -> None:
    """Else parents learn from an open message that there is another one (security.md R13)."""
    child = build.citizen("Jules", "Fontenay", sex="M", birth=date(2011, 5, 2), parents=[claire])
    arrive(letter(address_of(child), message_id="<1@hopital.operateur.example>", text="Secret."), secret=True)
    arrive(letter(address_of(child), message_id="<1@hopital.operateur.example>", text="Ouvert."))
    arrive(letter(address_of(child), message_id="<1@hopital.operateur.example>", text="Encore."))
    assert [(row.secret, row.flagged) for _, row in messages(child.record_id)] == [
        (True, False),
        (False, False),
        (False, True),
    ]
