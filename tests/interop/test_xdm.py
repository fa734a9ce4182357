"""XDM archives: checked against their own metadata; every fault is named, and nothing makes them crash."""

import random
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import pytest

from espace.interop import xdm
from espace.interop.cda import CdaAuthor, CdaHeader, CdaPatient
from espace.interop.cda_write import wrap
from espace.interop.xdm import XdmError
from espace.interop.xdm_write import Outgoing, pack

_AT = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
_INS = "253022918614740"
HEADER = CdaHeader(
    unique_id="1.2.250.1.999.1",
    type_code="11502-2",
    type_system="2.16.840.1.113883.6.1",
    type_label="CR d'examens biologiques",
    title="Prise de sang du « 20 » & suite",
    effective=_AT,
    confidentiality=("N", "MASQUE_PS"),
    set_id="1.2.250.1.999.1",
    version=1,
    patient=CdaPatient(_INS, "1.2.250.1.213.1.4.10", "D'ÉTÉ^X", "Zoé Léa", "", date(1953, 2, 3), "F"),
    author=CdaAuthor(
        "810000000001", "MORVAN", "HELENE", "Dr", "G15_10/SM26", "Médecine", "1350000001", "LABO|& ^ Fils"
    ),
)


def outgoing(header: CdaHeader = HEADER, body: bytes = b"glucose 0,9 g/L") -> Outgoing:
    """A document ready to be packed."""
    return Outgoing(wrap(header, body, "text/plain"), header, "10", "Compte rendu", "text/plain")


def packed(*documents: Outgoing) -> bytes:
    """An archive as we write it."""
    return pack(documents or [outgoing()], at=_AT, index="<!DOCTYPE html>", readme="a\nb")


Files = dict[str, bytes]


def opened(content: bytes) -> Files:
    """The files of an archive."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def closed(files: Files) -> bytes:
    """An archive of these files."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


_FOLDER = "IHE_XDM/SUBSET01/"
_METADATA, _DOCUMENT = _FOLDER + "METADATA.XML", _FOLDER + "DOC00001.XML"


def test_what_is_written_is_read_back() -> None:
    second = replace(HEADER, unique_id="1.2.250.1.999.2^AB", title="Suite", version=2, replaces=HEADER.unique_id)
    content = packed(outgoing(), outgoing(second))
    found = xdm.read(content)
    assert found.faults == ()
    assert [one.name for one in found.entries] == [_DOCUMENT, _FOLDER + "DOC00002.XML"]
    for entry, header in zip(found.entries, (HEADER, second), strict=True):
        assert entry.content == wrap(header, b"glucose 0,9 g/L", "text/plain")
        assert (entry.unique_id, entry.title, entry.type_code) == (header.unique_id, header.title, "11502-2")
        assert entry.confidentiality == ("N", "MASQUE_PS")
        assert entry.date == date(2026, 11, 20)
        assert entry.patient == replace(HEADER.patient, birth_name="D'ÉTÉ X")
        assert (entry.author.professional_id, entry.author.family_name) == ("810000000001", "MORVAN")
        assert (entry.author.structure_id, entry.author.structure_name) == ("1350000001", "LABO Fils")
    assert b"AssociationType:RPLC" in opened(content)[_METADATA]


def test_documents_of_two_people_are_not_packed_together() -> None:
    other = replace(HEADER, patient=replace(HEADER.patient, ins="255066918614790"))
    with pytest.raises(ValueError, match="one person"):
        packed(outgoing(), outgoing(other))
    with pytest.raises(ValueError, match="one person"):
        pack([], at=_AT, index="", readme="")


def _metadata(old: str, new: str) -> Callable[[Files], Files]:
    def change(files: Files) -> Files:
        assert old.encode() in files[_METADATA], old
        return {**files, _METADATA: files[_METADATA].replace(old.encode(), new.encode())}

    return change


def _moved(old: str, new: str) -> Callable[[Files], Files]:
    return lambda files: {new if name == old else name: content for name, content in files.items()}


def _with(name: str, content: bytes) -> Callable[[Files], Files]:
    return lambda files: {**files, name: content}


_CDA = b"<?xml version='1.0'?><ClinicalDocument xmlns='urn:hl7-org:v3'/>"
_GRAVE: list[tuple[Callable[[Files], Files], str]] = [
    (_with(_DOCUMENT, b"x" * 3000), "bad-size"),
    (lambda files: {**files, _DOCUMENT: files[_DOCUMENT][::-1]}, "bad-hash"),
    (lambda files: {name: content for name, content in files.items() if name != _DOCUMENT}, "missing-file"),
    (lambda files: {name: content for name, content in files.items() if name != _METADATA}, "no-metadata"),
    (_moved(_METADATA, "IHE_XDM/SUBSET01METADATA.XML"), "metadata-misplaced"),
    (_with("IHE_XDM/SUBSET02/METADATA.XML", b"<x/>"), "several-subsets"),
    (_with("IHE_XDM/SUBSET02/DOC.XML", b"<x/>"), "several-subsets"),
    (_with(_FOLDER + "OTHER.XML", _CDA), "undescribed-document"),
    (_with(_FOLDER.lower() + "metadata.xml", b"<x/>"), "same-name-twice"),
    (_with(_METADATA, b"<!DOCTYPE x [<!ENTITY y 'z'>]><x>&y;</x>"), "metadata-dtd"),
    (_with(_METADATA, b"<x"), "metadata-not-xml"),
    (_with(_METADATA, b"<x/>"), "no-document"),
    (_with(_METADATA, b"<a>" * 300 + b"</a>" * 300), "metadata-too-deep"),
    (_metadata("DOC00001.XML", "../../../etc/passwd"), "bad-uri"),
    (_metadata("DOC00001.XML", "http://example.org/x"), "bad-uri"),
    (_metadata("DOC00001.XML", ""), "no-uri"),
    (_metadata('"hash"', '"cash"'), "no-hash"),
    (_metadata('"size"', '"sighs"'), "no-size"),
    (_metadata(f'value="{_INS}', 'value="255066918614790'), "none"),
    (_metadata(f'value="{_INS}', 'value="253022918614710'), "bad-ins"),
]


@pytest.mark.parametrize(("change", "fault"), _GRAVE, ids=[f"{n}-{fault}" for n, (_, fault) in enumerate(_GRAVE)])
def test_each_grave_fault_is_named(change: Callable[[Files], Files], fault: str) -> None:
    content = closed(change(opened(packed())))
    if fault == "none":
        assert xdm.read(content).entries[0].patient != HEADER.patient
        return
    with pytest.raises(XdmError) as caught:
        xdm.read(content)
    assert caught.value.kind == fault
    assert fault in caught.value.faults


def test_two_people_in_one_archive_stop_it() -> None:
    files = opened(packed(outgoing(), outgoing(replace(HEADER, unique_id="1.2.3"))))
    first, _, rest = files[_METADATA].partition(f'value="{_INS}'.encode())
    files[_METADATA] = first + b'value="255066918614790' + rest
    with pytest.raises(XdmError) as caught:
        xdm.read(closed(files))
    assert caught.value.kind == "several-patients"


_SMALL: list[tuple[Callable[[Files], Files], str]] = [
    (lambda files: {name.lower(): content for name, content in files.items()}, "mixed-case-names"),
    (_moved("INDEX.HTM", "INDEX.TXT"), "no-index"),
    (_moved("README.TXT", "LISEZMOI.TXT"), "no-readme"),
    (_with(_FOLDER + "MORE.DAT", b"x"), "undescribed-file"),
    (_metadata("urn:uuid:f0306f51-975f-434e-a61c-c59651d33983", "urn:uuid:0"), "no-type"),
    (_metadata("urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab", "urn:uuid:0"), "no-unique-id"),
    (_metadata("1.2.250.1.213.1.4.10", "1.2.3"), "no-patient"),
    (_metadata("20261120103000", "yesterday"), "bad-time"),
]


@pytest.mark.parametrize(("change", "fault"), _SMALL, ids=[fault for _, fault in _SMALL])
def test_small_faults_are_passed_over_and_noted(change: Callable[[Files], Files], fault: str) -> None:
    assert fault in xdm.read(closed(change(opened(packed())))).faults


def test_style_sheets_and_pictures_beside_are_no_fault() -> None:
    files = {**opened(packed()), _FOLDER + "CDA.XSL": b"<xsl:x xmlns='urn:hl7-org:v3'/>", _FOLDER + "LOGO.PNG": b"x"}
    assert xdm.read(closed(files)).faults == ()


def _bomb() -> bytes:
    return closed({**opened(packed()), _FOLDER + "BIG.XML": b"0" * 150_000_000})


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (_bomb, "archive-ratio"),
        (lambda: closed({f"IHE_XDM/{n}": b"" for n in range(1001)}), "archive-too-many-entries"),
        (lambda: closed({**opened(packed()), "../out": b"x"}), "archive-bad-name"),
        (lambda: closed({**opened(packed()), "/out": b"x"}), "archive-bad-name"),
        (lambda: closed({**opened(packed()), "C:/out": b"x"}), "archive-bad-name"),
        (lambda: packed()[:-40], "archive-broken"),
        (lambda: b"PK\x03\x04IHE_XDM", "archive-broken"),
    ],
)
def test_what_would_harm_is_not_unpacked(content: Callable[[], bytes], kind: str) -> None:
    made = content()
    assert xdm.is_xdm(made)
    with pytest.raises(XdmError) as caught:
        xdm.read(made)
    assert caught.value.kind == kind


def test_another_archive_is_none_of_ours() -> None:
    assert not xdm.is_xdm(closed({"photos/1.jpg": b"x"}))
    assert not xdm.is_xdm(b"PK\x03\x04")


def mutated(chance: random.Random, plain: Files) -> bytes:
    """An archive with something wrong: bytes of a file, its name, or the archive itself."""
    files = dict(plain)
    for _ in range(chance.randrange(1, 4)):
        name = chance.choice(list(files))
        content = bytearray(files.pop(name))
        match chance.randrange(4):
            case 0:
                for _ in range(chance.randrange(1, 30)):
                    content[chance.randrange(len(content))] = chance.randrange(256)
            case 1:
                del content[chance.randrange(len(content)) :]
            case 2:
                name = "".join(chance.choice([letter, letter.lower(), "/", ".", ""]) for letter in name) or "x"
            case _:
                at, length = chance.randrange(len(content)), chance.randrange(400)
                content[at:at] = content[chance.randrange(len(content)) :][:length]
        files[name] = bytes(content or b" ")
    made = bytearray(closed(files))
    if chance.random() < 0.2:
        for _ in range(chance.randrange(1, 20)):
            made[chance.randrange(len(made))] = chance.randrange(256)
    return bytes(made)


def _survives(rounds: int, seed: int) -> None:
    chance, plain = random.Random(seed), opened(packed(outgoing(), outgoing(replace(HEADER, unique_id="1.2.3"))))
    for number in range(rounds):
        with suppress(XdmError):
            found = xdm.read(mutated(chance, plain))
            assert len({one.patient.ins for one in found.entries if one.patient}) <= 1, number


def test_mutated_archives_are_read_or_refused() -> None:
    _survives(300, seed=11)


@pytest.mark.drill
def test_ten_thousand_mutated_archives_are_read_or_refused() -> None:
    _survives(10_000, seed=12)
