"""Files made to keep a machine busy are refused, or read as quickly as others (security.md R35, R36, L8)."""

import struct
import time
import zlib
from collections.abc import Callable

import pytest

from espace.interop import archive, cda, cda_view, media, photos, xdm
from espace.interop.archive import ArchiveError
from espace.interop.cda import CdaError
from espace.interop.media import MediaError
from tests.support.clinical import clinical, section

MOST = 5 * 1024 * 1024
SOON = 5
"""Seconds; each took minutes once, or for ever."""


def within(act: Callable[[], object]) -> str:
    """What an act is refused for, if it is; it ends soon in any case."""
    began, why = time.process_time(), ""
    try:
        act()
    except (MediaError, CdaError, ArchiveError) as error:
        why = error.kind
    assert time.process_time() - began < SOON
    return why


@pytest.mark.parametrize(
    "between",
    [b"\\a " * 4000, b"\\jpegblip" * 100_000, b"\\jpegblip{\\*" + b"x" * 900_000, b" \t" * 400_000, b"{\\*}" * 90_000],
)
def test_pictures_of_a_rich_text_are_found_without_going_back_and_forth(between: bytes) -> None:
    braces = b"}" * (between.count(b"{") - between.count(b"}"))
    within(lambda: photos.prepare(b"{\\rtf1 mots \\jpegblip" + between + braces + b"!}", MOST))


def crowd(count: int, told: int) -> bytes:
    """A PDF of `count` empty objects packed in one, which says it has `told`."""
    made = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    made += b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    made += b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
    places = {number: made.index(b"%d 0 obj" % number) for number in (1, 2, 3)} | {4: len(made)}
    heads = b"".join(b"%d %d " % (10 + number, 5 * number) for number in range(count))
    packed = zlib.compress(heads + b"<<>> " * count)
    made += b"4 0 obj<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>stream\n" % (
        count,
        len(heads),
        len(packed),
    )
    made += packed + b"\nendstream endobj\n"
    places[5] = len(made)
    rows = [struct.pack(">BIxxx", number in places, places.get(number, 0)) for number in range(10)]
    rows += [struct.pack(">BI", 2, 4) + number.to_bytes(3) for number in range(count)]
    table = zlib.compress(b"".join(rows))
    made += b"5 0 obj<</Type/XRef/Root 1 0 R/W[1 4 3]/Size %d/Index[0 %d]/Filter/FlateDecode/Length %d>>stream\n" % (
        told,
        count + 10,
        len(table),
    )
    return made + table + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % places[5]


def test_a_pdf_of_too_many_pieces_is_refused() -> None:
    assert within(lambda: media.check_pdf(crowd(1000, 1010))) == ""
    heavy = crowd(media.MAX_OBJECTS + 1, 6)
    assert len(heavy) < 4_000_000
    assert within(lambda: photos.prepare(heavy, MOST)) == "crowded"


def test_a_table_of_contents_without_end_is_not_read() -> None:
    line = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"A"
    lines = line * 700_000
    packed = lines + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(lines), 0, 0)
    began = time.process_time()
    assert within(lambda: list(archive.packed_files(packed))) == "too-many-entries"
    assert not xdm.is_xdm(packed)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "told",
    [
        " ".join(f'a{number}="x"' for number in range(50_000)),
        " ".join(f'xmlns:n{number}="u"' for number in range(5_000)),
    ],
    ids=["attributes", "namespaces"],
)
def test_elements_of_endless_attributes_are_refused(told: str) -> None:
    given = clinical(section(f"<paragraph {told}>x</paragraph>"))
    assert within(lambda: cda.harmless_tree(given)) == "too-deep"


def test_namespaces_within_namespaces_are_counted_and_those_side_by_side_are_not() -> None:
    declared = [" ".join(f'xmlns:n{row}x{number}="u"' for number in range(60)) for row in range(10)]
    inside = "".join(f"<content {each}>" for each in declared) + "</content>" * 10
    assert within(lambda: cda.harmless_tree(clinical(section(inside)))) == "too-deep"
    beside = "".join(f"<content {each}/>" for each in declared * 20)
    assert within(lambda: cda.harmless_tree(clinical(section(beside)))) == ""


def test_what_entries_point_to_is_read_once() -> None:
    entry = """<entry><observation><code code="x"><originalText><reference value="#long"/></originalText></code>
        </observation></entry>"""
    given = clinical(section(f'<content ID="long">{"mots " * 200_000}</content>', entry * 5000))
    assert within(lambda: cda_view.read(given)) == ""
