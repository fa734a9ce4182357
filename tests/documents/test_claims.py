"""What a file set aside says of whose it is: traits and kind, nothing else, whatever the file is (R17, R35)."""

import zipfile
from dataclasses import fields
from datetime import date
from io import BytesIO

import pytest

from espace.documents.services.aside import claims
from espace.documents.services.aside.claims import Claims, Traits
from tests.support.clinical import INS, clinical, patient, sample_folder, section
from tests.support.papers import jpeg, pdf

CLARA = Traits(INS, "FONTENAY", "CLAIRE MARIE", date(1988, 3, 14), "F")
_METADATA = """<SubmitObjectsRequest xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><rim:ExtrinsicObject>
<rim:Slot name="sourcePatientInfo"><rim:ValueList>{values}</rim:ValueList></rim:Slot>
</rim:ExtrinsicObject></SubmitObjectsRequest>"""
TOLD = ("PID-3|999^^^&amp;1.2.3&amp;ISO", "PID-5|MARTIN^Paul^^^^^L~PAUL^MARTIN", "PID-7|19700102", "PID-8|M")


def archive(files: dict[str, bytes]) -> bytes:
    """A ZIP of these files."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return packed.getvalue()


def exchange(documents: dict[str, bytes], told: tuple[str, ...] = TOLD) -> bytes:
    """An exchange archive whose metadata name a patient."""
    values = "".join(f"<rim:Value>{each}</rim:Value>" for each in told)
    metadata = _METADATA.format(values=values).encode()
    return archive(
        {"INDEX.HTM": b"<html/>", "README.TXT": b"x", "IHE_XDM/SUBSET01/METADATA.XML": metadata, **documents}
    )


def test_a_clinical_document_says_whose_it_is_which_kind_and_by_whom() -> None:
    said = claims.claims(clinical(section("Plume-Canari"), title="Bilan Plume-Canari"))
    assert said == Claims(
        kind=claims.CDA,
        people=(CLARA,),
        type_code="11502-2",
        declared="CR d'examens biologiques",
        day=date(2025, 11, 14),
        authors=("Dr Paul Petit",),
        structures=("Laboratoire du Parc",),
    )
    assert "Canari" not in "".join(str(getattr(said, field.name)) for field in fields(said))


def test_every_person_a_document_names_is_told() -> None:
    said = claims.claims(clinical(section("x"), patient() + patient(name="MARTIN")))
    assert [one.birth_name for one in said.people] == ["FONTENAY", "MARTIN"]


def test_a_kind_that_is_not_ours_is_told_in_the_author_s_words_only() -> None:
    said = claims.claims(clinical(section("x"), code="99999-9"))
    assert (said.type_code, said.declared) == ("", "CR d'examens biologiques")


@pytest.mark.parametrize("content", [pdf("Plume"), jpeg(), b"bonjour", b"", b"<a/>", b"<ClinicalDocument", b"\x00" * 9])
def test_a_file_that_says_nothing_of_itself_claims_nothing(content: bytes) -> None:
    assert claims.claims(content) == Claims(claims.FILE)


def test_an_archive_tells_whom_its_metadata_and_its_documents_name() -> None:
    said = claims.claims(
        exchange({"IHE_XDM/SUBSET01/DOC1.XML": clinical(section("x")), "IHE_XDM/SUBSET01/A.PDF": pdf()})
    )
    assert (said.kind, said.documents, said.type_code) == (claims.XDM, 2, "11502-2")
    assert said.people == (CLARA, Traits("999", "MARTIN", "Paul", date(1970, 1, 2), "M"))


def test_documents_of_an_archive_are_told_from_what_dresses_them() -> None:
    found = claims.packed(exchange({
        "IHE_XDM/SUBSET01/DOC1.XML": b"<a/>",
        "IHE_XDM/SUBSET01/STYLE.XSL": b"x",
        "IHE_XDM/SUBSET01/EMPTY.PDF": b"",
        "OTHER/DOC2.XML": b"<a/>",
    }))  # fmt: skip
    assert list(found) == ["IHE_XDM/SUBSET01/DOC1.XML"]


@pytest.mark.parametrize(
    "told",
    [
        (),
        ("",),
        ("PID-5",),
        ("PID-5|",),
        ("PID-5|^^^~~^",),
        ("PID-7|99999999", "PID-8|" + "X" * 900),
        ("PID-3|" + "9" * 9000,),
    ],
)
def test_metadata_written_anyhow_are_survived(told: tuple[str, ...]) -> None:
    said = claims.claims(exchange({"IHE_XDM/SUBSET01/A.PDF": pdf()}, told))
    assert all(len(one.ins) <= 40 and len(one.sex) <= 4 and one.birth_date is None for one in said.people)


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 broken",
        archive({"../../etc/passwd": b"x", "IHE_XDM/SUBSET01/DOC.XML": b"<a/>"}),
        archive({f"IHE_XDM/SUBSET01/{n}.TXT": b"x" for n in range(1200)}),
        archive({"IHE_XDM/SUBSET01/BOMB.TXT": b"0" * 30_000_000}),
        archive({"IHE_XDM/SUBSET01/METADATA.XML": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
    ],
)
def test_a_harmful_archive_claims_nothing_and_holds_nothing(content: bytes) -> None:
    assert claims.claims(content) == Claims(claims.XDM, documents=0)
    assert not claims.packed(content)


def test_the_faulty_sample_archive_is_survived() -> None:
    content = (sample_folder() / "xdm" / "xdm.zip").read_bytes()
    said = claims.claims(content)
    assert (said.kind, said.documents) == (claims.XDM, 1)
    assert said.people
