"""What a minor keeps from their parents, what was deleted, how much fits: neither side learns of the other (R13)."""

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from uuid import UUID

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select, update

from espace import crypto, db, settings
from espace.accounts.services import throttle
from espace.documents import services as documents
from espace.documents.models import Document
from espace.documents.services.adding import adding_drafts, composing, replacing
from espace.documents.services.adding.own import Added, Described
from espace.documents.services.adding.pieces import Upload
from espace.documents.services.deciding import deleting
from espace.documents.services.entries import checks
from espace.errors import InvalidError, NotFoundError, ThrottledError
from espace.permissions import Standing
from espace.professional.services import drafts
from tests.support import build
from tests.support.browser_client import Upload as Sent
from tests.support.build import Citizen
from tests.support.clock import FakeClock

from .house import House, addition, deposited, files_of, pdf, picture

SAID = Described(title="Prise de sang", date=date(2026, 3, 4), type_code="DOCPAT05")


@pytest.fixture
def family(home: House) -> tuple[Citizen, Standing, Standing]:
    """A sixteen-year-old with an account, and their mother before the same record."""
    teen = build.citizen("Lou", "Fontenay", birth=date(2010, 2, 3), parents=[home.mother])
    return teen, teen.standing(), home.mother.standing(teen.record_id)


def titles(standing: Standing) -> list[str]:
    return [row.title for row in documents.page(standing, limit=100).rows]


def added(standing: Standing, content: bytes, said: Described = SAID, replaces: UUID | None = None) -> Added:
    begun = composing.begin(standing, [Upload("a.pdf", content)], replaces)
    assert begun.draft_id, begun.refused
    return composing.complete(standing, begun.draft_id, said)


def test_a_minor_keeps_a_document_from_their_parents(family: tuple[Citizen, Standing, Standing]) -> None:
    _, own, parent = family
    done = added(own, pdf("secret"), replace(SAID, title="Test", secret=True))
    assert titles(own) == ["Test"]
    assert titles(parent) == []
    with pytest.raises(NotFoundError):
        documents.document(parent, done.id)
    # The same content, added by the mother: hers is new to her, and she meets nothing.
    hers = added(parent, pdf("secret"), replace(SAID, title="Le mien"))
    assert (hers.new, hers.id == done.id) == (True, False)
    assert titles(parent) == ["Le mien"]
    assert documents.document(parent, hers.id).title == "Le mien"


def test_a_parent_deletes_what_they_added_not_what_the_minor_or_the_other_parent_did(home: House, app: Flask) -> None:
    father = build.citizen("Marc", "Fontenay", sex="M")
    teen = build.citizen("Lou", "Fontenay", birth=date(2010, 2, 3), parents=[home.mother, father])
    own, mothers, fathers = (who.standing(teen.record_id) for who in (teen, home.mother, father))
    adders = {"own": own, "mother": mothers, "father": fathers}
    made = {name: documents.add(who, addition(name, pdf(name))).id for name, who in adders.items()}
    for name, who in (("own", mothers), ("own", fathers), ("father", mothers), ("mother", fathers)):
        with pytest.raises(NotFoundError):
            deleting.delete(who, made[name], choices=0)
    page = home.mother.browser(app).get(f"/dossiers/{teen.record_id}/documents/{made['own']}")
    assert "vous ne pouvez pas le supprimer" in page.text
    assert not [link for link in page.links.values() if link.endswith("/supprimer")]
    deleting.delete(mothers, made["mother"], choices=0)
    deleting.delete(own, made["father"], choices=0)
    assert [row.id for row in documents.page(own).rows] == [made["own"]]


def test_deleting_a_newer_version_leaves_the_one_somebody_else_added(home: House) -> None:
    teen = build.citizen("Lou", "Fontenay", birth=date(2010, 2, 3), parents=[home.mother])
    own, parent = teen.standing(), home.mother.standing(teen.record_id)
    first = documents.add(own, addition("Avant", pdf("avant"))).id
    begun = composing.begin(parent, [Upload("a.pdf", pdf("newer"))], replaces=first)
    assert begun.draft_id
    said = Described(title="Ensuite", date=date(2026, 3, 4), type_code="DOCPAT04")
    newer = composing.complete(parent, begun.draft_id, said).id
    assert [row.id for row in documents.page(own).rows] == [newer]
    deleting.delete(parent, newer, choices=0)
    assert [(row.id, row.state) for row in documents.page(own).rows] == [(first, "current")]


def test_the_tick_is_offered_to_minors_in_their_own_record_only(
    home: House, family: tuple[Citizen, Standing, Standing], app: Flask
) -> None:
    teen, own, parent = family
    assert [checks.may_keep_secret(one) for one in (own, parent, home.holder)] == [True, False, False]
    for who, record, offered in (
        (teen, teen.record_id, True),
        (home.mother, teen.record_id, False),
        (home.mother, home.mother.record_id, False),
    ):
        browser, place = who.browser(app), f"/dossiers/{record}/documents/ajouter"
        begun = browser.submit(browser.get(place).form("file"), {"file": Sent("a.jpg", picture())})
        assert ("secret" in begun.form("title").names) is offered
    # Whoever sends the tick without being asked is not heard.
    forged = added(home.holder, pdf("forge"), replace(SAID, secret=True))
    assert not documents.document(home.holder, forged.id).representatives_invisible


def test_a_new_version_opens_nothing(family: tuple[Citizen, Standing, Standing]) -> None:
    _, own, parent = family
    first = added(own, pdf("un"), replace(SAID, secret=True))
    second = added(own, pdf("deux"), SAID, replaces=first.id)
    assert documents.document(own, second.id).representatives_invisible
    assert titles(parent) == []
    with pytest.raises(NotFoundError):
        replacing.replaced(parent, second.id)
    with pytest.raises(NotFoundError):
        composing.begin(parent, [Upload("a.pdf", pdf("trois"))], second.id)


def test_a_third_version_follows_the_second(home: House) -> None:
    first = added(home.holder, pdf("un"))
    second = added(home.holder, pdf("deux"), replaces=first.id)
    third = added(home.holder, pdf("trois"), replaces=second.id)
    states = [
        (documents.document(home.holder, one.id).version, documents.document(home.holder, one.id).state)
        for one in (first, second, third)
    ]
    assert states == [(1, "superseded"), (2, "superseded"), (3, "current")]
    for gone in (first.id, second.id, deposited(home.doctor_here)):
        with pytest.raises(NotFoundError):
            replacing.replaced(home.holder, gone)
    assert replacing.replaced(home.holder, third.id).title == "Prise de sang"


def test_a_document_that_was_filed_before_ids_were_kept_can_be_replaced(home: House) -> None:

    first = added(home.holder, pdf("ancien"))
    with db.write() as tx:
        row = tx.execute(select(Document.payload).where(Document.id == first.id)).one()
        said = dict(crypto.unseal(tx, home.holder.record_id, "documents", first.id, row.payload))
        del said["unique_id"]
        sealed = crypto.seal(tx, home.holder.record_id, "documents", first.id, said)
        tx.execute(update(Document).where(Document.id == first.id).values(payload=sealed, series_index=None))
    second = added(home.holder, pdf("nouveau"), replaces=first.id)
    assert [documents.document(home.holder, one.id).state for one in (first, second)] == ["superseded", "current"]


def noise() -> bytes:
    """A photo that hardly shrinks."""
    out = BytesIO()
    Image.effect_noise((1000, 1000), 90).convert("RGB").save(out, "JPEG", quality=92)
    return out.getvalue()


def test_what_is_full_is_said_and_what_one_cannot_see_does_not_count(
    family: tuple[Citizen, Standing, Standing],
) -> None:
    _, own, parent = family
    heavy, other = noise(), noise()
    assert len(heavy) > 600_000
    settings.bind(replace(settings.current(), record_quota_mb=1))
    added(own, heavy, replace(SAID, secret=True))
    assert added(parent, picture()).new  # she is not told of what lies there
    with pytest.raises(InvalidError) as caught:
        added(own, other)
    assert list(caught.value.problems) == ["file"]
    assert "1 MB" in caught.value.problems["file"]
    assert len(adding_drafts.drafts(own)) == 1  # what was chosen is still there


def test_ten_documents_begun_are_enough(home: House) -> None:
    for number in range(10):
        composing.begin(home.holder, [Upload("a.jpg", picture((20 + number, 20)))])
    with pytest.raises(InvalidError) as caught:
        composing.begin(home.holder, [Upload("a.jpg", picture((99, 20)))])
    assert list(caught.value.problems) == ["file"]
    assert files_of(home.holder.record_id) == 10
    again = composing.begin(home.holder, [Upload("a.jpg", picture((20, 20)))])
    assert again.draft_id  # one of them, sent again


def test_thirty_files_are_enough_for_one_document(home: House) -> None:
    begun = composing.begin(home.holder, [Upload("a.jpg", picture((20 + at, 20))) for at in range(30)])
    assert begun.draft_id
    with pytest.raises(InvalidError):
        composing.more(home.holder, begun.draft_id, [Upload("b.jpg", picture((99, 20)))])
    assert files_of(home.holder.record_id) == 30


def test_what_was_deleted_may_be_added_again(home: House) -> None:

    first = documents.add(home.holder, addition(content=pdf("encore")))
    with db.write() as tx:
        tx.execute(update(Document).where(Document.id == first.id).values(state="deleted"))
    again = added(home.holder, pdf("encore"))
    assert again.new
    assert again.id != first.id
    assert titles(home.holder) == ["Prise de sang"]


def test_sixty_photos_are_never_slowed_and_a_flood_of_files_is(home: House, app: Flask, clock: FakeClock) -> None:
    for _ in range(60):
        throttle.admit_upload(str(home.holder.actor.id))
    begun = composing.begin(home.holder, [Upload("a.jpg", picture())])
    assert begun.draft_id
    for _ in range(throttle.FREE_UPLOADS - 60):
        throttle.admit_upload(str(home.holder.actor.id))
    for send in (
        lambda: composing.begin(home.holder, [Upload("b.jpg", picture((90, 90)))]),
        lambda: composing.more(home.holder, begun.draft_id, [Upload("b.jpg", picture((90, 90)))]),
    ):
        with pytest.raises(ThrottledError):
            send()
    browser, place = home.mother.browser(app), f"/dossiers/{home.mother.record_id}/documents/ajouter"
    browser.submit(browser.get(place).form("file"), {"file": Sent("c.jpg", picture(), "image/jpeg")}, expect=429)
    drafts.start(home.doctor_here, pdf("Ordonnance"), "o.pdf")  # another account is not slowed by it
    clock.advance(timedelta(seconds=throttle.LONGEST_WAIT))
    composing.more(home.holder, begun.draft_id, [Upload("b.jpg", picture((90, 90)))])
    assert len(adding_drafts.draft(home.holder, begun.draft_id).pieces) == 2
