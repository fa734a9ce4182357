"""Files are drawn by a child: whatever is in them, the answer is pages or a reason, soon, and the house lives on."""

import resource
import socket
import subprocess
import sys
import threading
import time
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from espace.errors import BusyError
from espace.interop import drawing, media
from espace.interop.drawing import DrawingError, draw, words
from espace.interop.drawing_child import LEAF, MAX_DRAWN_PIXELS, MAX_SIDE, decode, leaves
from tests.documents.house import pdf, picture

from .hostile import HARMFUL, absurd, endless, long_pdf, scanned

GIB = 1024 * 1024  # in KiB, as the system counts


def size_of(drawn: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(drawn)) as image:
        assert image.format == "WEBP"
        return image.size


def test_pages_come_with_their_size_their_words_and_the_pictures_asked_for() -> None:
    found = draw(pdf("bonjour", "suite", "fin"), media.PDF, first=2, count=5, pictures=[3], width=400)
    assert (found.pages, found.failed) == (3, "")
    assert [(sheet.number, sheet.text) for sheet in found.sheets] == [(2, "suite"), (3, "fin")]
    assert {sheet.width for sheet in found.sheets} == {400}
    assert list(found.pictures) == [3]
    assert abs(size_of(found.pictures[3])[0] - 400) <= 1


@pytest.mark.parametrize("first", [0, -3, 4, 99_999_999])
def test_a_page_that_is_not_there_is_no_page(first: int) -> None:
    found = draw(pdf("a", "b", "c"), media.PDF, first=first, count=1, pictures=[first])
    assert found.pages == 3
    assert found.pictures == {}
    assert [sheet.number for sheet in found.sheets if sheet.number == first] == []


@pytest.mark.parametrize(("across", "down"), [(14, 14_400), (14_400, 14), (14_400, 14_400), (3, 3)])
def test_a_page_of_absurd_size_is_drawn_within_bounds(across: int, down: int) -> None:
    found = draw(absurd(across, down), media.PDF, pictures=[1], width=drawing.WIDE)
    width, height = size_of(found.pictures[1])
    assert width * height <= MAX_DRAWN_PIXELS * 1.01
    assert max(width, height) <= MAX_SIDE + 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_picture_is_drawn_anew_upright_without_what_hung_on_it(kind: str) -> None:
    given = picture((2000, 1000), kind, located=True)
    found = draw(given, media.sniff(given) or "", pictures=[1], width=600)
    assert b"CANARY" not in found.pictures[1]
    width, height = size_of(found.pictures[1])
    assert (width, height) == (found.sheets[0].width, found.sheets[0].height)
    assert width <= 600
    assert (height > width) == (kind == "JPEG" or height > width), "what lay on its side stands"


def test_each_page_of_a_fax_is_a_page() -> None:
    found = draw(scanned(3), media.TIFF, count=5, pictures=[1, 2, 3])
    assert (found.pages, [sheet.number for sheet in found.sheets]) == (3, [1, 2, 3])
    assert len(set(found.pictures.values())) == 3


def test_a_small_picture_is_not_blown_up() -> None:
    assert size_of(draw(picture((120, 80)), media.JPEG, pictures=[1]).pictures[1]) == (120, 80)


def test_a_transparent_picture_lies_on_white() -> None:
    out = BytesIO()
    Image.new("RGBA", (30, 30), (255, 0, 0, 0)).save(out, "PNG")
    drawn = draw(out.getvalue(), media.PNG, pictures=[1]).pictures[1]
    with Image.open(BytesIO(drawn)) as image:
        assert image.convert("RGB").getpixel((15, 15)) == (255, 255, 255)


def test_a_telephone_s_picture_is_drawn() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    out = BytesIO()
    Image.new("RGB", (640, 480), "teal").save(out, "HEIF")
    assert size_of(draw(out.getvalue(), media.HEIC, pictures=[1]).pictures[1]) == (640, 480)


# -- words -----------------------------------------------------------------------------------------------------------


def test_words_are_read_page_by_page() -> None:
    assert words(pdf("bonjour", "suite"), media.PDF) == ["bonjour", "suite"]
    assert words(pdf("bonjour", "suite"), media.PDF, pages=1) == ["bonjour"]
    assert words(b"{\\rtf1\\ansi Bonjour \\'e9t\\'e9\\par fin}", media.RTF) == ["Bonjour été\nfin"]
    assert words(b"un\x0cdeux", media.TEXT) == ["un", "deux"]
    assert words(b"{\\rtf1" + b"{" * 200_000, media.RTF) == [""]
    assert words(picture(), media.JPEG) == [""]
    with pytest.raises(DrawingError, match="unknown-type"):
        words(b"DICM", "application/dicom")


@pytest.mark.parametrize(
    "given", ["Été à l'hôpital", "naïve\r\ncœur", "مرحبا", "🩸 résultats", "", "un\x0c\x0c\x0cdeux", "x" * 100_000]
)
def test_no_letter_of_a_text_is_lost(given: str) -> None:
    plain = given.replace("\r\n", "\n").replace("\x0c", "")
    assert "".join(leaves(given)).replace("\n", "") == plain.replace("\n", "")
    assert all(len(leaf) <= LEAF for leaf in leaves(given))
    for code in ("utf-8", "utf-8-sig", "utf-16"):
        assert decode(given.encode(code)) == given


def test_a_text_of_the_last_century_is_read() -> None:
    assert decode("Résumé : 5 €".encode("cp1252")) == "Résumé : 5 €"


# -- harm ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HARMFUL)
def test_what_cannot_be_shown_says_why_soon_and_lightly(name: str) -> None:
    """security.md L8, R35: no stall of 10 seconds, no gigabyte, no error that nobody meant."""
    content, kind = HARMFUL[name]
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    found = draw(content, kind, count=5, pictures=[1])
    assert time.monotonic() - began < 10
    assert DrawingError(found.failed).kind == found.failed
    assert found.failed
    assert found.pictures == {}
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < GIB
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - own < GIB // 4


def test_pages_before_the_one_that_kills_are_kept() -> None:
    found = draw(endless(after=2), media.PDF, count=5)
    assert [sheet.text for sheet in found.sheets] == ["page 1", "page 2"]
    assert found.pages == 3
    assert found.failed


def test_any_page_of_a_very_long_file_is_near() -> None:
    content = long_pdf(3000)
    began = time.monotonic()
    found = draw(content, media.PDF, first=2999, count=5, pictures=[2999])
    assert [sheet.text for sheet in found.sheets] == ["page 2999", "page 3000"]
    assert found.pages == 3000
    assert time.monotonic() - began < 10


# -- the child -------------------------------------------------------------------------------------------------------


def _taken_over(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> None:
    child = folder / "child.py"
    child.write_text(program)
    monkeypatch.setattr(drawing, "_CHILD", child)


_FRAME = (
    "import sys, struct\nsend = lambda h, p=b'': sys.stdout.buffer.write(struct.pack('>II', len(h), len(p)) + h + p)\n"
)
TAKEN_OVER = {
    "sleeps": "import time\ntime.sleep(60)",
    "sleeps after reading": "import sys, time\nsys.stdin.buffer.read()\ntime.sleep(60)",
    "dies": "import os\nos.abort()",
    "leaves a child": "import os, time\nif os.fork() == 0: time.sleep(60)",
    "leaves a child that waits": "import os, time\nos.fork()\ntime.sleep(60)",
    "says too much": "import sys\nsys.stdout.buffer.write(b'\\xff' * 100)",
    "says no words": _FRAME + "send(b'{')",
    "says another thing": _FRAME + "send(b'[1]')",
    "counts wrongly": _FRAME + "send(b'{\"pages\": -5}')",
    "counts endlessly": _FRAME + "send(b'{\"pages\": ' + b'9' * 5000 + b'}')",
    "sends page after page": _FRAME + 'while 1: send(b\'{"page":1,"width":1,"height":1,"text":"x"}\')',
    "sends pictures": _FRAME + "for n in range(9): send(b'{\"picture\":%d}' % n, b'x' * 1000)",
    "nests": _FRAME + "send(b'[' * 100000)",
}


@pytest.mark.parametrize("name", TAKEN_OVER)
def test_nothing_a_child_says_is_believed(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _taken_over(monkeypatch, tmp_path, TAKEN_OVER[name])
    began = time.monotonic()
    found = draw(pdf("a"), media.PDF, count=2, pictures=[1], seconds=1)
    assert found.failed
    assert len(found.sheets) <= 3
    assert len(found.pictures) <= 2
    assert time.monotonic() - began < 5


def test_the_child_gets_nothing_of_the_house(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ESPACE_SMTP_PASSWORD", "CANARY")
    tell = _FRAME + (
        "import os, json\n"
        "seen = sorted(os.environ) + [os.getcwd()] + sorted(os.listdir('/proc/self/fd'))\n"
        "send(json.dumps({'page': 1, 'width': 1, 'height': 1, 'text': ' '.join(seen)}).encode())\n"
    )
    _taken_over(monkeypatch, tmp_path, tell)
    with (tmp_path / "open").open("wb"):
        told = draw(pdf("CANARY"), media.PDF).sheets[0].text.split()
    assert "ESPACE_SMTP_PASSWORD" not in told
    assert [name for name in told if not name.isdigit()] == ["LC_CTYPE", "/"] or "/" in told
    assert [int(name) for name in told if name.isdigit()] == [0, 1, 2, 3]  # the last one is the folder it looks at


def test_the_child_bounds_itself() -> None:
    """It may not write a file, leave a picture of its memory, nor take more than its share, whatever it opens."""
    ask = (
        "import resource, runpy, sys\n"
        f"child = runpy.run_path({str(drawing._CHILD)!r}, run_name='asked')\n"  # noqa: SLF001 - the program itself
        "child['_confine'](256 * 1024 * 1024, 2)\n"
        "try: open('/tmp/espace-child', 'wb', 0).write(b'x' * 10)\n"
        "except OSError: print('no file')\n"
        "try: bytearray(300 * 1024 * 1024)\n"
        "except MemoryError: print('no memory')\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_CPU))\n"
    )
    told = subprocess.run([sys.executable, "-I", "-c", ask], capture_output=True, text=True, check=False).stdout
    assert told.split("\n")[:2] == ["no file", "no memory"]
    assert "(0, 0) (2, 2)" in told


def test_the_child_shuts_itself_in(tmp_path: Path) -> None:
    """A file that takes it over finds neither the house's keys nor a way out."""
    secret = tmp_path / "keys.json"
    secret.write_text("CANARY")
    with socket.create_server(("127.0.0.1", 0)) as door:
        ask = (
            "import runpy, socket\n"
            f"child = runpy.run_path({str(drawing._CHILD)!r}, run_name='asked')\n"  # noqa: SLF001
            "print(child['_shut_in']())\n"
            f"for act in (lambda: open({str(secret)!r}).read(), lambda: open({str(tmp_path / 'new')!r}, 'w'),\n"
            f"  lambda: socket.create_connection(('127.0.0.1', {door.getsockname()[1]})),\n"
            "  lambda: __import__('os').listdir('/etc')):\n"
            "  try: print(act())\n"
            "  except PermissionError: print('no')\n"
            "import PIL.WebPImagePlugin, pypdfium2\n"
            "print('fonts', len(__import__('os').listdir('/usr/share')) > 0)\n"
        )
        told = subprocess.run([sys.executable, "-I", "-c", ask], capture_output=True, text=True, check=False).stdout
    if told.startswith("False"):
        pytest.skip("this kernel has no Landlock")
    assert told.split() == ["True", "no", "no", "no", "no", "fonts", "True"]


def test_few_children_work_at_once_and_who_waits_too_long_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _taken_over(monkeypatch, tmp_path, TAKEN_OVER["sleeps"])
    monkeypatch.setattr(drawing, "PATIENCE", 0.05)
    threads = [
        threading.Thread(target=draw, args=(pdf("a"), media.PDF), kwargs={"seconds": 2}) for _ in range(drawing.AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    while drawing._room._value:  # noqa: SLF001 - until every seat is taken
        pass
    with pytest.raises(BusyError):
        draw(pdf("a"), media.PDF)
    for thread in threads:
        thread.join()
    monkeypatch.undo()
    assert draw(pdf("a"), media.PDF).sheets[0].text == "a", "the seats are given back"


def test_threads_draw_side_by_side() -> None:
    found: list[bytes] = []

    def one(number: int) -> None:
        found.append(draw(pdf("a", "b"), media.PDF, first=number, pictures=[number], width=200).pictures[number])

    threads = [threading.Thread(target=one, args=(n % 2 + 1,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found))) == (8, 2)


# -- mutations -------------------------------------------------------------------------------------------------------

SEEDS: dict[str, tuple[bytes, str]] = {
    "PDF": (long_pdf(3), media.PDF),
    "photograph": (picture((300, 200), located=True), media.JPEG),
    "drawing": (picture((300, 200), "PNG"), media.PNG),
    "fax": (scanned(2, (120, 160)), media.TIFF),
    "letter": (b"{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}\\f0 Bonjour \\'e9t\\'e9\\par {\\b fin}}" * 20, media.RTF),
}


def mutated(content: bytes, random: Random) -> bytes:
    """The same file after an accident: bytes changed, cut out, doubled, or the end lost."""
    made = bytearray(content)
    for _ in range(random.randint(1, 8)):
        place = random.randrange(len(made)) if made else 0
        length = random.randint(1, 40)
        match random.randrange(4):
            case 0:
                made[place : place + length] = random.randbytes(length)
            case 1:
                del made[place : place + length]
            case 2:
                made[place:place] = made[place : place + length] * random.randint(1, 5)
            case _:
                number = random.choice((0, -1, 2**31 - 1, 2**32, 99_999_999_999))
                made[place : place + 4] = str(number).encode()
    return bytes(made)


def _survives(name: str, seed: int) -> None:
    content, kind = SEEDS[name]
    given = mutated(content, Random(f"{name} {seed}"))
    began = time.monotonic()
    found = draw(given, kind, count=5, pictures=[1, 2])
    assert time.monotonic() - began < 10, seed
    assert found.failed or len(found.sheets) == min(found.pages, 5), seed
    assert set(found.pictures) <= {1, 2}, seed


@pytest.mark.parametrize("name", SEEDS)
def test_damaged_files_are_pages_or_a_reason(name: str) -> None:
    for seed in range(6):
        _survives(name, seed)


@pytest.mark.drill
@pytest.mark.parametrize("name", SEEDS)
def test_two_thousand_damaged_files_of_each_kind(name: str) -> None:
    """security.md L8: ten thousand in all."""
    for seed in range(2000):
        _survives(name, seed)
