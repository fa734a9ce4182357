"""CDA R2 in and out: what is written is read back, what is wrong is named, what is hostile does nothing."""

import random
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stdnum.fr import nir

from espace.identifiers import OID_NIR
from espace.interop import cda
from espace.interop.cda import CdaAuthor, CdaDocument, CdaError, CdaHeader, CdaPatient
from espace.interop.cda_write import wrap

INS = "2880314061012" + nir.calc_check_digits("2880314061012")

HEADER = CdaHeader(
    unique_id="1.2.250.1.999.1^42",
    type_code="57833-6",
    type_system="2.16.840.1.113883.6.1",
    type_label="Prescription de produits de santé",
    title="Ordonnance",
    effective=datetime(2026, 11, 20, 10, 30, tzinfo=UTC),
    confidentiality=("N",),
    set_id="1.2.250.1.999.1",
    version=1,
    patient=CdaPatient(INS, OID_NIR, "FONTENAY", "CLAIRE MARIE", "MOREL", date(1988, 3, 14), "F", "14061"),
    author=CdaAuthor("810000000001", "MORVAN", "HELENE", "Dr", "G15_10", "Médecin", "1350000001", "Cabinet"),
    service_start=datetime(2026, 11, 19, 23, 30, tzinfo=UTC),
)
PLAIN = wrap(HEADER, b"%PDF-1.7 body", "application/pdf")

# Words as XML keeps them: no control or surrogate character, spaces already folded.
words = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co", "Z")), max_size=20)
names = st.lists(words.filter(bool), min_size=1, max_size=3).map(" ".join)
codes = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=1, max_size=12)
oids = st.lists(st.integers(0, 999), min_size=1, max_size=8).map(lambda arcs: ".".join(["1", *map(str, arcs)]))
instants = st.integers(-2_000_000_000, 7_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
headers = st.builds(
    CdaHeader,
    unique_id=st.one_of(oids, st.tuples(oids, codes).map("^".join)),
    type_code=codes,
    type_system=oids,
    type_label=names,
    title=st.one_of(names, st.just("")),
    effective=instants,
    confidentiality=st.lists(codes, min_size=1, max_size=4).map(tuple),
    set_id=oids,
    version=st.integers(1, 999_999),
    patient=st.builds(
        CdaPatient,
        ins=st.just(INS),
        ins_oid=st.just(OID_NIR),
        birth_name=names,
        first_names=st.one_of(names, st.just("")),
        use_name=st.one_of(names, st.just("")),
        birth_date=st.one_of(st.none(), st.dates(date(1900, 1, 1), date(2100, 1, 1))),
        sex=st.sampled_from(["F", "M", ""]),
        birth_place=st.one_of(codes, st.just("")),
    ),
    author=st.builds(CdaAuthor, codes, names, names, names, codes, names, codes, names),
    service_start=st.one_of(st.none(), instants),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(headers, st.binary(min_size=1, max_size=500), st.sampled_from(["application/pdf", "image/jpeg", "text/plain"]))
def test_what_is_wrapped_is_read_back(header: CdaHeader, body: bytes, media: str) -> None:
    assert cda.parse(wrap(header, body, media)) == CdaDocument(header, media, body)


def test_the_header_names_what_france_asks_for() -> None:
    text = PLAIN.decode()
    for expected in (
        '<realmCode code="FR"/>',
        'root="2.16.840.1.113883.1.3" extension="POCD_HD000040"',
        '<templateId root="2.16.840.1.113883.2.8.2.1"/>',
        '<templateId root="1.2.250.1.213.1.1.1.1"/>',
        '<templateId root="1.3.6.1.4.1.19376.1.2.20"/>',
        '<languageCode code="fr-FR"/>',
        f'<id root="{OID_NIR}" extension="{INS}"/>',
        '<id root="1.2.250.1.71.4.2.1" extension="810000000001"/>',
        '<id root="1.2.250.1.71.4.2.2" extension="1350000001"/>',
        '<signatureCode code="S"/>',
        'mediaType="application/pdf" representation="B64"',
    ):
        assert expected in text


def test_a_body_of_twenty_five_megabytes_is_read() -> None:
    body = bytes(25 * 1024 * 1024)
    assert cda.parse(wrap(HEADER, body, "application/pdf")).body == body


def test_the_day_of_care_is_that_of_the_home_zone() -> None:
    assert HEADER.care_day == date(2026, 11, 20)  # 23:30 UTC is already the next day in France
    assert replace(HEADER, service_start=None).care_day == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("20261120", datetime(2026, 11, 19, 23, tzinfo=UTC)),
        ("202611201030", datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
        ("20261120103000+0200", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
        ("20261120103000.000-0300", datetime(2026, 11, 20, 13, 30, tzinfo=UTC)),
    ],
)
def test_times_are_read_with_or_without_zone(value: str, read: datetime) -> None:
    changed = PLAIN.replace(b'effectiveTime value="20261120103000+0000"', f'effectiveTime value="{value}"'.encode())
    assert cda.parse(changed).header.effective == read


_SECOND = b"<recordTarget><patientRole/></recordTarget><author>"
_LEVEL_3 = b"<component><structuredBody/></component></ClinicalDocument>"


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (b"urn:hl7-org:v3", b"urn:other", "not-cda"),
        (b"</ClinicalDocument>", b"", "not-xml"),
        (b'<id root="1.2.250.1.999.1" extension="42"/>', b"", "no-id"),
        (b'code="57833-6"', b"", "no-code"),
        (b'effectiveTime value="2026', b'effectiveTime value="20A6', "bad-date"),
        (b'effectiveTime value="20261120', b'effectiveTime value="20261399', "bad-date"),
        (b"<author>", _SECOND, "several-patients"),
        (OID_NIR.encode(), b"1.2.3", "no-ins"),
        (INS.encode(), INS[:-1].encode() + b"0", "bad-ins"),
        (INS.encode(), b"2880314061012", "bad-ins"),
        (b"component>", b"nothing>", "no-body"),
        (b"JVBERi0", b"JV*ERi0", "body-broken"),
        (b' representation="B64">', b' representation="B64" compression="DF">', "body-broken"),
        (b' representation="B64">', b' representation="B64"><reference value="file:///etc/passwd"/>', "body-broken"),
    ],
)
def test_what_is_wrong_is_named(old: bytes, new: bytes, kind: str) -> None:
    assert old in PLAIN
    with pytest.raises(CdaError) as caught:
        cda.parse(PLAIN.replace(old, new))
    assert caught.value.kind == kind


def test_a_structured_body_is_said_so() -> None:
    start = PLAIN.index(b"<component>")
    found = cda.parse(PLAIN[:start] + _LEVEL_3)
    assert found.structured
    assert found.body == b'<structuredBody xmlns="urn:hl7-org:v3"></structuredBody>'  # canonical


def _with(doctype: str) -> bytes:
    return PLAIN.replace(b"<ClinicalDocument", doctype.encode() + b"<ClinicalDocument", 1)


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE ClinicalDocument [<!ENTITY l0 "lol">{_LAUGHS}]>',
        '<!DOCTYPE ClinicalDocument [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE ClinicalDocument SYSTEM "http://127.0.0.1:9/evil.dtd">',
        '<!DOCTYPE ClinicalDocument PUBLIC "-//x" "http://127.0.0.1:9/evil.dtd">',
        '<!DOCTYPE ClinicalDocument [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>',
        "<!DOCTYPE ClinicalDocument>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_at_sight(doctype: str, encoding: str) -> None:
    text = _with(doctype).decode().replace("'UTF-8'", f"'{encoding}'").replace("Ordonnance", "&l11;&x;")
    began = monotonic()
    with pytest.raises(CdaError) as caught:
        cda.parse(text.encode(encoding))
    assert caught.value.kind == "dtd"
    assert monotonic() - began < 1


def test_depth_and_size_are_bounded() -> None:
    deep = PLAIN.replace(b"<author>", b"<author>" + b"<x>" * 5000 + b"</x>" * 5000)
    wide = PLAIN.replace(b"<author>", b"<author>" + b"<x/>" * 300_000)
    for content, kind in ((deep, "too-deep"), (wide, "too-deep"), (b" " * (cda.MAX_BYTES + 1), "too-large")):
        with pytest.raises(CdaError) as caught:
            cda.parse(content)
        assert caught.value.kind == kind


def test_style_sheets_and_comments_are_no_part_of_what_is_read() -> None:
    styled = _with('<?xml-stylesheet type="text/xsl" href="http://127.0.0.1:9/x.xsl"?><!-- a comment -->')
    assert cda.parse(styled) == cda.parse(PLAIN)
    cut = PLAIN.replace(b"Ordonnance</title>", b"Ordon<!-- x -->nance</title>")
    assert cda.parse(cut).header.title == "Ordonnance"


@pytest.mark.parametrize("seed", range(10))
def test_mutated_documents_are_read_or_refused_by_name(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        mutated = bytearray(PLAIN)
        for _ in range(max(1, len(mutated) // 50 // chance.randint(1, 60))):
            place = chance.randrange(len(mutated))
            match chance.randrange(3):
                case 0:
                    mutated[place] = chance.randrange(256)
                case 1:
                    del mutated[place : place + chance.randrange(1, 40)]
                case _:
                    mutated[place:place] = mutated[: chance.randrange(40)]
        with suppress(CdaError):  # and nothing else
            cda.parse(bytes(mutated))


def test_instants_outside_the_calendar_are_named() -> None:
    far = PLAIN.replace(b'effectiveTime value="20261120103000+0000"', b'effectiveTime value="00010101000000+1400"')
    with pytest.raises(CdaError) as caught:
        cda.parse(far)
    assert caught.value.kind == "bad-date"
    assert timedelta(0) == HEADER.effective.utcoffset()
