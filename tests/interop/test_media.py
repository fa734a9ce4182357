"""Files are what their decoder says; bombs and disguises are named; pictures lose what they hide."""

import resource
import struct
import zlib
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from PIL import Image

from espace.interop import drawing, media, rewriting
from espace.interop.media import MediaError
from tests.documents.house import pdf, picture


def kind_of(content: bytes) -> str:
    with pytest.raises(MediaError) as caught:
        media.check(content)
    assert caught.value.kind in media.KINDS
    return caught.value.kind


def locked() -> bytes:
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf())) as document:
        document.save(out, encryption=pikepdf.Encryption(user="x", owner="y"))
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 60,000 points wide and high."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    packed = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (pdf("a", "b"), media.PDF),
        (picture(), media.JPEG),
        (picture(kind="PNG"), media.PNG),
        (picture(kind="TIFF"), media.TIFF),
        ("Résumé, à garder.\n".encode(), media.TEXT),
        (b"{\\rtf1 x}", media.RTF),
    ],
)
def test_a_file_is_what_its_decoder_accepts(content: bytes, expected: str) -> None:
    assert media.check(content) == expected


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (b"<html><script>alert(1)</script></html>", "unknown-type"),
        (b"  <svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "unknown-type"),
        (b"\xef\xbb\xbf<!DOCTYPE html><p>x", "unknown-type"),
        (b"MZ\x90\x00\x03", "unknown-type"),
        (b"PK\x03\x04rest", "unknown-type"),
        (b"GIF89a\x01\x00\x01\x00", "unknown-type"),
        (b"words\x00and nothing", "unknown-type"),
        (b"%PDF-1.7\n<html><script>alert(1)</script></html>", "truncated"),
        (b"%PDF-1.7\n<html>alert(1)</html>\n%%EOF", "broken"),
        (pdf()[: len(pdf()) // 2], "truncated"),
        (pdf() + b"<script>alert(1)</script>", "two-in-one"),
        (pdf() + b"PK\x03\x04", "two-in-one"),
        (locked(), "encrypted"),
        (picture(size=(400, 400))[:900], "truncated"),
        (b"\xff\xd8\xff\xe0 nothing", "broken"),
        (b"\x89PNG\r\n\x1a\n<html>", "broken"),
        (bomb(), "too-many-pixels"),
    ],
)
def test_what_is_no_document_is_named(content: bytes, kind: str) -> None:
    assert kind_of(content) == kind


def packed_bomb(size: int = 400_000_000) -> bytes:
    """A PDF of 400 kB whose object stream unpacks to a thousand times as much."""
    squeeze = zlib.compressobj(9)
    piece = bytes(10_000_000)
    packed = b"".join(squeeze.compress(piece) for _ in range(size // len(piece))) + squeeze.flush()
    body = b"%PDF-1.5\n"
    first = len(body)
    body += b"1 0 obj<</Type/ObjStm/N 2/First 10/Filter/FlateDecode/Length %d>>stream\n" % len(packed)
    body += packed + b"\nendstream endobj\n"
    table = len(body)
    rows = b"\x00\x00\x00\x00\x00\xff" + b"\x01" + first.to_bytes(4) + b"\x00"
    rows += (
        b"\x02"
        + (1).to_bytes(4)
        + b"\x00"
        + b"\x02"
        + (1).to_bytes(4)
        + b"\x01"
        + b"\x01"
        + table.to_bytes(4)
        + b"\x00"
    )
    body += b"4 0 obj<</Type/XRef/Size 5/W[1 4 1]/Root 2 0 R/Length %d>>stream\n" % len(rows)
    return body + rows + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % table


def test_a_pdf_that_unpacks_without_end_is_refused_quickly_and_lightly() -> None:
    content = packed_bomb()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert kind_of(content) in ("broken", "no-page")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


def test_a_pdf_without_page_or_with_too_many_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    out = BytesIO()
    pikepdf.new().save(out)
    assert kind_of(out.getvalue()) == "no-page"
    monkeypatch.setattr(media, "MAX_PAGES", 2)
    assert kind_of(pdf("a", "b", "c")) == "too-many-pages"


def rewritten(content: bytes, limit: int = 5 * 1024 * 1024) -> tuple[str, bytes]:
    (page,) = rewriting.rewrite(content, media.sniff(content) or "", limit).pages
    return page


def test_a_picture_loses_place_and_camera_and_stands_upright() -> None:
    given = picture((320, 200), located=True)
    assert b"CANARY-CAMERA" in given
    kind, kept = rewritten(given)
    assert kind == media.JPEG
    assert b"CANARY" not in kept
    assert b"Exif" not in kept
    with Image.open(BytesIO(kept)) as image:
        assert image.size == (200, 320)
        assert not image.getexif()


def test_a_png_keeps_its_transparency_but_not_its_words() -> None:
    image = Image.new("RGBA", (30, 30), (255, 0, 0, 0))
    out = BytesIO()
    info: Any = __import__("PIL.PngImagePlugin", fromlist=["PngInfo"]).PngInfo()
    info.add_text("Comment", "CANARY")
    image.save(out, "PNG", pnginfo=info)
    kind, kept = rewritten(out.getvalue())
    assert kind == media.PNG
    assert b"CANARY" not in kept
    with Image.open(BytesIO(kept)) as again:
        assert again.mode == "RGBA"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_heavy_picture_is_reduced_until_it_fits(kind: str) -> None:
    noise = Image.effect_noise((1500, 1200), 90).convert("RGB")
    out = BytesIO()
    noise.save(out, kind, **({"quality": 100} if kind == "JPEG" else {}))
    limit = 200_000
    assert len(out.getvalue()) > limit
    media_type, kept = rewritten(out.getvalue(), limit)
    assert media_type == media.JPEG
    assert len(kept) <= limit


def _with(change: str) -> bytes:
    """A PDF that acts in one way or another."""
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf("a"))) as document:
        name, page = pikepdf.Name, document.pages[0]
        script = pikepdf.Dictionary(S=name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        launch = pikepdf.Dictionary(S=name.Launch, F=pikepdf.String("cmd.exe"))
        match change:
            case "open":
                document.Root.OpenAction = document.make_indirect(script)
            case "page":
                page.obj.AA = pikepdf.Dictionary(O=script)
            case "launch":
                link = pikepdf.Dictionary(Type=name.Annot, Subtype=name.Link, Rect=[0, 0, 9, 9], A=launch)
                page.obj.Annots = pikepdf.Array([link])
            case "named":
                document.Root.Names = pikepdf.Dictionary(
                    JavaScript=pikepdf.Dictionary(Names=pikepdf.Array([pikepdf.String("x"), script]))
                )
            case "attached":
                document.attachments["x.exe"] = b"MZ"
            case "form":
                document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([]), XFA=pikepdf.String("<x/>"))
        document.save(out)
    return out.getvalue()


@pytest.mark.parametrize("change", ["open", "page", "launch", "named", "attached", "form"])
def test_what_could_act_in_a_pdf_is_seen_and_taken_out(change: str) -> None:
    given = _with(change)
    assert media.check_pdf(given).active
    kept = media.clean_pdf(given)
    assert not media.check_pdf(kept).active
    assert drawing.words(kept, media.PDF) == ["a"]


def test_a_harmless_pdf_stays_as_it_is_though_it_opens_at_a_place() -> None:
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf("a"))) as document:
        document.Root.OpenAction = pikepdf.Array([document.pages[0].obj, pikepdf.Name.Fit])
        document.save(out)
    assert not media.check_pdf(out.getvalue()).active
    assert media.clean_pdf(out.getvalue()) == out.getvalue()
