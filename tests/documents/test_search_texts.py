"""The words of documents: read from every kind of file, kept sealed, posted under a key of their record (R18, R20)."""

from hashlib import sha256
from hmac import digest as hmac_digest
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from espace import crypto, db, outbox
from espace.documents import services as documents
from espace.documents.models import Document, DocumentText, DocumentWord, DocumentWordKey
from espace.documents.services.entries.filed import on_filed
from espace.documents.services.finding import asking, search, texts
from espace.documents.services.finding.stems import index_words
from espace.documents.services.finding.texts import Backfill
from espace.documents.services.forgetting import forget_record
from espace.errors import TamperedError
from espace.identifiers import new_id
from espace.interop import media
from espace.machines import Machines
from espace.permissions import Standing
from tests.support import canaries

from .house import House, addition, pdf, picture

CANARIES = ("zqcholeszq", "wkferritwk", "yhtitreyh", "xzremarxz")


def added(standing: Standing, title: str = "Bilan", *pages: str) -> UUID:
    """A document whose pages are read."""
    found = documents.add(standing, addition(title, pdf(*(pages or (title,))))).id
    texts.index(standing.record_id, found)
    return found


def postings(record_id: UUID, document_id: UUID | None = None) -> set[bytes]:
    """What is posted for a record, or for one document of it."""
    query = select(DocumentWord.word).where(DocumentWord.record_id == record_id)
    if document_id is not None:
        query = query.where(DocumentWord.document_id == document_id)
    with db.read() as tx:
        return {bytes(word) for word in tx.execute(query).scalars()}


def found_by(standing: Standing, words: str) -> list[UUID]:
    """The documents that answer."""
    return [hit.document.id for hit in search.search(standing, asking.ask(words)).hits if not hit.missing]


def rtf(words: str) -> bytes:
    return rb"{\rtf1\ansi " + words.encode("ascii") + rb" \b gras\b0 }"


@pytest.mark.parametrize(
    ("content", "kind", "pages"),
    [
        (pdf("Un", "Deux", "Trois"), media.PDF, ["Un", "Deux", "Trois"]),
        ("Déjà vu".encode(), media.TEXT, ["Déjà vu"]),
        ("Déjà vu".encode("latin-1"), media.TEXT, ["Déjà vu"]),
        (picture(), media.JPEG, []),
        (b"%PDF-1.4 broken", media.PDF, []),
        (b"", media.PDF, []),
        (b"<not a document>", media.XML, []),
        (b"\x00\xff" * 500, "application/dicom", []),
    ],
)
def test_the_words_of_a_file_are_read_page_by_page(content: bytes, kind: str, pages: list[str]) -> None:
    assert texts.pages_of(content, kind) == pages


def test_the_words_of_an_rtf_text_are_read() -> None:
    assert "ferritine gras" in " ".join(" ".join(texts.pages_of(rtf("ferritine"), media.RTF)).split())


def test_nothing_readable_is_kept_of_what_documents_say(home: House, machines: Machines) -> None:
    standing = home.holder
    found = added(standing, "Yhtitreyh", "zqcholeszq", "wkferritwk")
    with db.write() as tx:
        row = tx.execute(select(Document.payload).where(Document.id == found)).scalar_one()
        facts = crypto.unseal(tx, standing.record_id, "documents", found, row) | {"remark": "xzremarxz"}
        payload = crypto.seal(tx, standing.record_id, "documents", found, facts)
        tx.execute(update(Document).where(Document.id == found).values(payload=payload))
        texts.index_about(tx, standing.record_id, found)
    for word in CANARIES:
        assert found_by(standing, word) == [found]
    search.search(home.doctor_here, asking.ask(" ".join(CANARIES)))
    starts = [word[:size] for word in CANARIES for size in (3, 5)]
    plain = {sha256(start.encode()).digest()[:8] for start in starts}
    house = {crypto.blind("word", start)[:8] for start in starts}
    assert not postings(standing.record_id) & (plain | house)
    with db.read() as tx:
        for table in db.Base.metadata.sorted_tables:
            for line in tx.execute(select(table)).all():
                content = b"\n".join(v if isinstance(v, bytes) else str(v).encode() for v in line)
                assert canaries.found_in(content, CANARIES) == [], table.name
    assert canaries.found_under(Path(machines.settings.data_dir), CANARIES) == {}


def test_the_same_word_is_posted_otherwise_in_each_record(home: House) -> None:
    added(home.holder, "Bilan", "ferritine")
    added(home.parent, "Bilan", "ferritine")
    assert not postings(home.holder.record_id) & postings(home.parent.record_id)


def test_postings_die_with_their_record_s_key(home: House) -> None:
    added(home.holder, "Bilan", "ferritine")
    record_id = home.holder.record_id
    with db.write() as tx:
        before = postings(record_id)
        key = texts.word_key(tx, record_id)
        assert {texts.digest(key, word) for word in index_words("ferritine")} <= before
        crypto.destroy(tx, record_id)
    with db.read() as tx, pytest.raises(TamperedError):
        texts.word_key(tx, record_id)
    ring = crypto.current().ring
    guesses = {ring.derived(kind, purpose) for kind in ("index", "master") for purpose in ("word", str(record_id))}
    for guess in guesses:
        assert hmac_digest(guess, b"ferri", sha256)[:8] not in before


def test_a_text_moved_to_another_document_does_not_open(home: House) -> None:
    one, two = added(home.holder, "Un", "ferritine"), added(home.holder, "Deux", "zinc")
    record = home.holder.record_id
    with db.write() as tx:
        moved = tx.execute(select(DocumentText.payload).where(DocumentText.id == one)).scalar_one()
        tx.execute(update(DocumentText).where(DocumentText.id == two).values(payload=moved))
        with pytest.raises(TamperedError):
            texts.unpacked(tx, record, two, moved)
    texts.index(record, two)  # what does not open is read anew from the file
    assert found_by(home.holder, "zinc") == [two]
    assert found_by(home.holder, "ferritine") == [one]


def test_reading_twice_changes_nothing(home: House) -> None:
    found = added(home.holder, "Bilan", "ferritine")
    before = postings(home.holder.record_id, found)
    with db.read() as tx:
        kept = tx.execute(select(DocumentText.payload)).all()
    texts.index(home.holder.record_id, found)
    on_filed(new_id(), {"record_id": str(home.holder.record_id), "document_id": str(found)})
    assert postings(home.holder.record_id, found) == before
    with db.read() as tx:
        assert tx.execute(select(DocumentText.payload)).all() == kept


def test_another_title_or_remark_is_found_and_the_former_is_not(home: House) -> None:
    found = added(home.holder, "Ferritine", "zinc")
    record = home.holder.record_id
    with db.write() as tx:
        row = tx.execute(select(Document.payload).where(Document.id == found)).scalar_one()
        facts = crypto.unseal(tx, record, "documents", found, row) | {"title": "Cuivre", "remark": "selenium"}
        payload = crypto.seal(tx, record, "documents", found, facts)
        tx.execute(update(Document).where(Document.id == found).values(payload=payload))
        texts.index_about(tx, record, found)
    assert (
        found_by(home.holder, "cuivre") == found_by(home.holder, "selenium") == found_by(home.holder, "zinc") == [found]
    )
    assert found_by(home.holder, "ferritine") == []


@pytest.mark.parametrize("state", ["deleted", "folded"])
def test_what_is_deleted_or_folded_leaves_no_word(home: House, state: str) -> None:
    found = added(home.holder, "Bilan", "ferritine")
    kept = added(home.holder, "Autre", "zinc")
    record = home.holder.record_id
    others = postings(record, kept)
    with db.write() as tx:
        tx.execute(update(Document).where(Document.id == found).values(state=state))
    texts.index(record, found)
    assert postings(record, found) == set()
    with db.read() as tx:
        assert tx.execute(select(DocumentText.id)).scalars().all() == [kept]
    assert postings(record, kept) == others


def test_words_are_forgotten_though_their_text_does_not_open(home: House) -> None:
    found = added(home.holder, "Bilan", "ferritine")
    record = home.holder.record_id
    with db.write() as tx:
        tx.execute(update(DocumentText).where(DocumentText.id == found).values(payload=b"\0\1" + b"x" * 60))
        texts.forget(tx, record, found)
    assert postings(record) == set()


def test_an_erased_record_keeps_no_word_and_no_key(home: House) -> None:
    added(home.holder, "Bilan", "ferritine")
    forget_record(home.holder.record_id)
    with db.read() as tx:
        for table in (DocumentText, DocumentWord, DocumentWordKey):
            assert tx.execute(select(table.record_id).where(table.record_id == home.holder.record_id)).all() == []


def test_a_document_that_was_filed_is_read_by_the_worker(home: House) -> None:
    found = documents.add(home.holder, addition("Bilan", pdf("ferritine"))).id
    assert found_by(home.holder, "ferritine") == []
    outbox.on("documents.filed", on_filed)
    outbox.work()
    assert found_by(home.holder, "ferritine") == [found]


def test_what_an_older_version_filed_is_read_in_small_batches_and_taken_up_again(home: House) -> None:
    ids = [documents.add(home.holder, addition(f"Bilan {n}", pdf(f"ferritine {n}"))).id for n in range(5)]
    other = documents.add(home.parent, addition("Carnet", pdf("varicelle"))).id
    assert found_by(home.holder, "ferritine") == []
    first = Backfill()
    assert first.run(limit=2) == 2
    again = Backfill()  # the worker was started anew
    counts = [again.run(limit=2) for _ in range(4)]
    assert (sum(counts), counts[-1]) == (4, 0)
    assert set(found_by(home.holder, "ferritine")) == set(ids)
    assert found_by(home.parent, "varicelle") == [other]


def test_one_unreadable_document_does_not_stop_the_others(home: House) -> None:
    lost = documents.add(home.holder, addition("Perdu", pdf("zinc"))).id
    kept = documents.add(home.holder, addition("Lisible", pdf("ferritine"))).id
    with db.write() as tx:
        tx.execute(update(Document).where(Document.id == lost).values(body_file_id=new_id()))
    assert Backfill().run(limit=10) == 2
    assert found_by(home.holder, "ferritine") == [kept]


def test_a_document_that_is_gone_meanwhile_is_left_alone(home: House) -> None:
    texts.index(home.holder.record_id, new_id())
    assert postings(home.holder.record_id) == set()


def test_a_very_long_text_is_kept_up_to_its_bound(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MAX_TEXT", 1000)
    found = documents.add(home.holder, addition()).id
    texts.keep(home.holder.record_id, found, ["debut " * 100, "milieu " * 100, "fin " * 100])
    with db.read() as tx:
        kept = texts.unpacked(tx, home.holder.record_id, found, tx.execute(select(DocumentText.payload)).scalar_one())
    assert sum(map(len, kept.pages)) == 1000
    assert found_by(home.holder, "milieu") == [found]
    assert found_by(home.holder, "fin") == []


@pytest.mark.parametrize("page", ["a\fb", "nul\0le", "\ud800", "chole\u00ad\nstérol", "chole\ufffe\r\nstérol", "\x1f"])
def test_whatever_stands_on_a_page_is_kept(home: House, page: str) -> None:
    found = documents.add(home.holder, addition()).id
    texts.keep(home.holder.record_id, found, [page, "seconde page"])
    hits: Any = search.search(home.holder, asking.ask("seconde")).hits
    assert [one.page for one in hits[0].snippets] == [2]
    if "chole" in page:
        assert found_by(home.holder, "cholestérol") == [found]


def test_a_key_is_made_once_for_a_record(home: House) -> None:
    added(home.holder, "Un", "ferritine")
    added(home.holder, "Deux", "zinc")
    with db.read() as tx:
        assert len(tx.execute(select(DocumentWordKey.id)).all()) == 1
    with db.write() as tx:
        tx.execute(delete(DocumentWordKey))
    with db.read() as tx:
        assert texts.word_key(tx, home.holder.record_id) == b""
