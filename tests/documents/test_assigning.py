"""What operators gave to a record is filed: read leniently, judged by its decoders, never over another document."""

import random
from datetime import date
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Connection

from espace import clock
from espace.documents import services as documents
from espace.documents.services.arriving.importing import FILES, take_in, taken_in
from espace.documents.services.aside import assigning
from espace.documents.services.aside.assigning import NotFilableError, Wish
from espace.people import services as people
from tests.support import build
from tests.support.clinical import clinical, patient, sample_folder, section
from tests.support.papers import jpeg, pdf

from .test_claims import exchange

DAY = date(2025, 3, 2)
WISH = Wish("11502-2", DAY)


@pytest.fixture
def holder(app: Flask) -> build.Citizen:
    """Whose record it is given to."""
    return build.citizen()


def give(one: build.Citizen, content: bytes, wish: Wish = WISH) -> list[documents.DocumentFacts]:
    """File what operators gave to a record; gives what stands in it, newest first."""
    steps: list[tuple[bool, bool]] = []

    def also(_tx: Connection, is_first: bool, is_last: bool) -> None:
        steps.append((is_first, is_last))

    ready = assigning.ready(content, wish)
    assigning.file_assigned(one.record_id, ready, also)
    assert [first for first, _ in steps].count(True) == [last for _, last in steps].count(True) == 1
    return list(documents.page(one.standing()).rows)


def own(one: build.Citizen) -> str:
    """The person as their own documents name them."""
    known = people.person(one.person_id)
    return patient(known.ins, known.birth_name, f"{known.birth_date:%Y%m%d}", known.sex)


@pytest.mark.parametrize(
    ("content", "body", "title"),
    [
        (clinical(section("x"), "", title="Bilan"), "text/xml", "Bilan"),
        (clinical(section("x"), "", title="", code="99999-9"), "text/xml", ""),
        (pdf("Scanner"), "application/pdf", "CR d'examens biologiques"),
        (jpeg(), "image/jpeg", "CR d'examens biologiques"),
        (b"bonjour", "text/plain", "CR d'examens biologiques"),
        (b"<component><section><title>A</title><text>x</text></section></component>", "text/xml", ""),
    ],
)
def test_each_kind_of_file_becomes_a_document_of_the_day_and_kind_that_were_said(
    holder: build.Citizen, content: bytes, body: str, title: str
) -> None:
    [row] = give(holder, content)
    assert (row.type_code, row.date, row.body_media, row.origin) == ("11502-2", DAY, body, "import")
    assert row.title == title or not title
    assert row.title


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html/>",
        b"PK\x03\x04",
        exchange({}),
        exchange({"IHE_XDM/SUBSET01/A.EXE": b"MZ\x00\x01"}),
        clinical(section("x"), before='<!DOCTYPE a [<!ENTITY b "c">]>'),
        b"%PDF-1.7 broken",
    ],
)
def test_what_nobody_could_read_is_filed_nowhere(holder: build.Citizen, content: bytes) -> None:
    assert assigning.trouble(content)
    with pytest.raises(NotFilableError):
        assigning.ready(content, WISH)


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("<own>", False),
        (patient("", "Autrement", "19601231", "M"), True),
        ("", False),
    ],
)
def test_what_names_somebody_else_says_so_to_its_reader(
    app: Flask, holder: build.Citizen, named: str, *, says: bool
) -> None:
    named = own(holder) if named == "<own>" else named
    (one,) = give(holder, clinical(section("x"), named))
    assert one.names_other is says
    page = holder.browser(app).get(f"/dossiers/{holder.record_id}/documents/{one.id}")
    assert ("porte le nom de quelqu'un d'autre" in page.text) is says


def test_the_same_thing_given_twice_is_one_document(holder: build.Citizen) -> None:
    content = clinical(section("x"), "")
    assert give(holder, content) == give(holder, content)
    assert give(holder, pdf("A")) == give(holder, pdf("A"))
    assert len(give(holder, exchange({"IHE_XDM/SUBSET01/A.PDF": pdf("A"), "IHE_XDM/SUBSET01/B.PDF": pdf("B")}))) == 3


def test_another_document_of_the_same_number_stands_beside_it(holder: build.Citizen) -> None:
    assert take_in(clinical(section("premier"), own(holder), title="Premier"))
    second = clinical(section("second"), own(holder), title="Second")
    [aside] = taken_in(second, FILES, "b.xml")
    assert aside.reason == "unique-id-reused"
    assert {row.title for row in give(holder, second)} == {"Premier", "Second"}
    assert {row.title for row in give(holder, second)} == {"Premier", "Second"}


def test_what_was_not_announced_stays_so_where_the_document_contradicts_itself(holder: build.Citizen) -> None:
    both = '<confidentialityCode code="INVISIBLE_PATIENT"/><confidentialityCode code="MASQUE_PS"/>'
    content = clinical(section("x"), "").replace(b'<confidentialityCode code="N"/>', both.encode())
    assert give(holder, content) == []  # nothing of it is seen by its person


@pytest.mark.parametrize("wish", [Wish("", DAY), Wish("99999-9", DAY), Wish("nonsense", DAY)])
def test_a_kind_that_is_none_is_refused(holder: build.Citizen, wish: Wish) -> None:
    with pytest.raises(NotFilableError):
        assigning.ready(pdf(), wish)


def test_a_hundred_damaged_samples_are_filed_and_shown_or_refused(app: Flask, holder: build.Citizen) -> None:
    chance = random.Random(20260314)
    contents = [sample.read_bytes() for sample in sorted((sample_folder() / "ccda").glob("*.xml"))]
    contents.append((sample_folder() / "xdm" / "xdm.zip").read_bytes())
    browser = holder.browser(app)
    seen: set[UUID] = set()
    for _ in range(100):
        mutated = bytearray(chance.choice(contents))
        at = chance.randrange(len(mutated))
        mutated[at : at + chance.randrange(1, 9)] = bytes(chance.choices(b"<>/&\"' a0", k=chance.randrange(4)))
        try:
            rows = give(holder, bytes(mutated), Wish("11502-2", clock.today()))
        except NotFilableError:
            continue
        for row in rows:
            if row.id not in seen:
                seen.add(row.id)
                browser.get(f"/dossiers/{holder.record_id}/documents/{row.id}")
    assert seen
