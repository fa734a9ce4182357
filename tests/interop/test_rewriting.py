"""Pictures from outside are decoded by a child, and nothing that child says is believed."""

import threading
import time
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from espace.interop import drawing, media, photos, pictures, rewriting
from espace.interop.media import MediaError
from tests.documents.house import picture
from tests.interop.test_drawing import _FRAME, TAKEN_OVER, _taken_over
from tests.interop.test_media_photos import MOST, heic, tiff


def kind_of(content: bytes, most: int = MOST) -> str:
    with pytest.raises(MediaError) as caught:
        rewriting.rewrite(content, media.sniff(content) or "", most)
    return caught.value.kind


@pytest.mark.parametrize("name", ["heic", "tiff", "jpeg", "png"])
def test_no_point_of_what_comes_from_outside_is_decoded_here(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"heic": heic(), "tiff": tiff((60, 40)), "jpeg": picture((64, 48)), "png": picture((64, 48), "PNG")}[name]
    loaded: list[str] = []
    monkeypatch.setattr(pictures, "load", lambda image: loaded.append(image.format))
    monkeypatch.setattr(pictures, "_learn_heic", lambda: loaded.append("HEIF"))
    assert photos.prepare(given, MOST).pages == 1
    if name != "heic":
        media.check(given)
    assert loaded == []


SAYS = {
    "a page that is none": b"<script>alert(1)</script>",
    "a page of another kind": picture((8, 8), "PNG"),
    "a page that is too heavy": picture((8, 8)) + bytes(MOST),
}


@pytest.mark.parametrize("name", [*SAYS, *TAKEN_OVER])
def test_nothing_the_child_says_of_a_picture_is_believed(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = TAKEN_OVER.get(name) or f'{_FRAME}send(b\'{{"anew": "image/jpeg"}}\', {SAYS.get(name)!r})'
    _taken_over(monkeypatch, tmp_path, program)
    monkeypatch.setattr(rewriting, "SECONDS", 1)
    began = time.monotonic()
    assert kind_of(picture((8, 8))) in media.KINDS
    assert time.monotonic() - began < 5


def test_page_after_page_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _taken_over(monkeypatch, tmp_path, f'{_FRAME}while 1: send(b\'{{"anew": "image/jpeg"}}\', {picture((8, 8))!r})')
    assert kind_of(tiff((8, 8))) == "too-many-frames"


def test_who_finds_no_seat_is_told_so_and_documents_are_looked_at_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriting, "PATIENCE", 0.05)
    taken = threading.BoundedSemaphore()
    taken.acquire()
    monkeypatch.setattr(rewriting, "_room", taken)
    given = picture((8, 8))
    assert kind_of(given) == "busy"
    assert drawing.draw(given, media.JPEG, pictures=[1]).pictures
    taken.release()
    assert rewriting.rewrite(given, media.JPEG, MOST).pages


def test_pages_of_a_scan_are_no_larger_than_paper() -> None:
    made = rewriting.rewrite(tiff((3000, 2000), (200, 300)), media.TIFF, MOST)
    sizes = [Image.open(BytesIO(page)).size for _media, page in made.pages]
    assert sizes == [(pictures.PAGE_POINTS, 1559), (200, 300)]
    alone = rewriting.rewrite(tiff((3000, 2000)), media.TIFF, MOST)
    assert Image.open(BytesIO(alone.pages[0][1])).size == (3000, 2000)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("most", [4095, 65_535])
def test_a_radiograph_of_many_greys_is_neither_white_nor_black(kind: str, most: int) -> None:
    greys = Image.linear_gradient("L").convert("I").point(lambda value: value * (most / 255)).convert("I;16")
    out = BytesIO()
    greys.save(out, kind)
    given, media_type = out.getvalue(), f"image/{kind.lower()}"
    kept = rewriting.rewrite(given, media_type, MOST).pages[0][1]
    seen = drawing.draw(given, media_type, pictures=[1]).pictures[1]
    for picture_of in (kept, seen):
        with Image.open(BytesIO(picture_of)) as image:
            greys_of = image.convert("L").tobytes()
            column = [greys_of[256 * row + 9] for row in (3, 128, 252)]
        assert [abs(found - wanted) < 8 for found, wanted in zip(column, (3, 128, 252), strict=True)] == [True] * 3
