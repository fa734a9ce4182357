"""What is written and not sent: theirs alone, whole again after a while, and sent once."""

from datetime import date

import pytest

from espace import storage
from espace.documents.services.adding.pieces import Upload
from espace.errors import InvalidError, NotFoundError
from espace.identifiers import new_id
from espace.messaging.services.writing import draft_files, drafts, posting
from espace.messaging.services.writing.drafts import Typed
from tests.support import build
from tests.support.clock import FakeClock
from tests.support.papers import pdf

from .letters import DOCTOR, messages
from .support import conversation_of, home, seen_by

pytestmark = pytest.mark.usefixtures("machines")
TO = (DOCTOR.address,)


def test_a_draft_is_as_it_was_left(clock: FakeClock) -> None:
    claire = home()
    typed = Typed(to=TO, subject="Question", text="Bonjour,\n\nune question.", documents=(new_id(),), secret=False)
    made = drafts.begin(claire.box, typed)
    found = drafts.draft(claire.box, made)
    assert (found.typed, found.touched_at, found.files) == (typed, clock.now, ())
    assert drafts.count(claire.box) == 1


def test_nobody_else_finds_it_not_even_for_the_same_box() -> None:
    mother = build.citizen("Marie")
    child = build.citizen("Jules", birth=date(2019, 4, 2), parents=[mother], activated=False)
    father = build.citizen("Paul")
    box = seen_by(mother.standing(child.record_id))
    made = drafts.begin(box, Typed(text="À moi"))
    for other in (home().box, seen_by(father.standing())):
        assert drafts.find(other, made) is None
        assert drafts.drafts(other) == []
        with pytest.raises(NotFoundError):
            drafts.draft(other, made)
        with pytest.raises(NotFoundError):
            draft_files.attach(other, made, [Upload("x.pdf", pdf("x"))])
        drafts.drop(other, made)
    assert drafts.find(box, made) is not None


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (Typed(subject="x" * 201), "subject"),
        (Typed(text="x" * 50_001), "text"),
        (Typed(to=tuple(f"a{n}@b.example" for n in range(21))), "to"),
        (Typed(documents=tuple(new_id() for _ in range(21))), "documents"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(typed: Typed, field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        drafts.begin(home().box, typed)
    assert set(refused.value.problems) == {field}


def test_so_many_drafts_are_kept_and_no_more() -> None:
    box = home().box
    for _ in range(drafts.MOST_DRAFTS):
        drafts.begin(box, Typed(text="un de plus"))
    with pytest.raises(InvalidError):
        drafts.begin(box, Typed(text="un de trop"))


def test_files_are_judged_one_by_one_and_go_with_the_draft() -> None:
    box = home().box
    made = drafts.begin(box, Typed(text="Voici"))
    refused = draft_files.attach(box, made, [Upload("bon.pdf", pdf("bon")), Upload("faux.exe", b"MZ\x00\x01")])
    assert [one.name for one in refused] == ["faux.exe"]
    (kept,) = drafts.draft(box, made).files
    assert (kept.name, kept.media, kept.pages) == ("bon.pdf", "application/pdf", 1)
    assert storage.current().count(box.id) == 1
    drafts.drop(box, made)
    assert storage.current().count(box.id) == 0


def test_one_file_is_taken_out_alone() -> None:
    box = home().box
    made = drafts.begin(box, Typed(text="Voici"))
    draft_files.attach(box, made, [Upload("un.pdf", pdf("un")), Upload("deux.pdf", pdf("deux"))])
    first, _ = drafts.draft(box, made).files
    draft_files.detach(box, made, first.id)
    draft_files.detach(box, made, first.id)
    assert [one.name for one in drafts.draft(box, made).files] == ["deux.pdf"]


def test_files_that_are_too_heavy_together_are_refused() -> None:
    box = home().box
    made = drafts.begin(box, Typed(text="Voici"))
    heavy = "mot " * (1024 * 1024)
    refused = draft_files.attach(box, made, [Upload(f"{n}.txt", heavy.encode()) for n in range(5)])
    assert [one.name for one in refused] == ["4.txt"]


def test_it_is_sent_once_with_its_files_and_is_gone() -> None:
    claire = home()
    came = claire.receives()
    typed = Typed(to=TO, subject="Re: Votre consultation", text="Merci.")
    made = drafts.begin(claire.box, typed, conversation_of(came))
    draft_files.attach(claire.box, made, [Upload("photo.v2.pdf", pdf("photo"))])
    first = posting.post(claire.box, made, typed, conversation_of(came))
    again = posting.post(claire.box, made, typed, conversation_of(came))
    assert (first.new, again.new, again.message_id) == (True, False, first.message_id)
    assert [said.files for said, row in messages(claire.box.id) if row.outgoing] == [1]
    assert drafts.find(claire.box, made) is None


def test_an_answer_that_was_begun_is_found_again_with_its_conversation() -> None:
    claire = home()
    which = conversation_of(claire.receives())
    assert drafts.answer_to(claire.box, which) is None
    made = drafts.begin(claire.box, Typed(to=TO, text="Mer"), which)
    drafts.keep(claire.box, made, Typed(to=TO, text="Merci"), which)
    found = drafts.answer_to(claire.box, which)
    assert found is not None
    assert (found.id, found.typed.text) == (made, "Merci")
