"""Papers are accessible (PDF/UA-1), and what people are called is data, never source."""

import random
import re
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
import typst

from espace.interop import typeset as machine
from espace.interop.typeset import pictures, typeset

PAGE = {
    "title": "Compte rendu",
    "author": "Dre Hélène Morvan",
    "role": "Médecin généraliste",
    "place": "Cabinet des Tilleuls",
    "city": "Rennes",
    "day": "23 novembre 2026",
    "patient": "Claire Fontenay",
    "identity": "Née le 12 mai 1984",
    "ink": "#34406b",
    "footer": "Essai",
    "signature": "Dre Hélène Morvan",
    "blocks": [{"kind": "text", "text": "Tout va bien."}],
}
HOSTILE = (
    '#panic("out")',
    '#read("/etc/passwd")',
    '#import "@preview/evil:1.0.0"',
    "$x^2$ *gras* _penché_ `code` = Titre",
    "<label> @reference [crochet] #[x]",
    '"}, {"title": "autre',
    "\\u{41} \\ // commentaire /* */",
    "é" * 90,
)


def text_of(content: bytes) -> str:
    """The words of a document, in reading order."""
    document = pypdfium2.PdfDocument(content)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def flat(words: str) -> str:
    """Without what a line's end changes: blanks, hyphens, curly apostrophes."""
    return re.sub(r"[\s\-\ufffe\u2010]", "", words).replace("\u2019", "'")


@pytest.mark.usefixtures("machines")
class TestPaper:
    def test_it_is_tagged_named_and_in_french(self) -> None:
        with pikepdf.open(BytesIO(typeset("demo/document", PAGE))) as document:
            assert document.Root.MarkInfo.Marked
            assert "/StructTreeRoot" in document.Root
            assert str(document.Root.Lang) == "fr-FR"
            assert document.Root.ViewerPreferences.DisplayDocTitle
            with document.open_metadata() as facts:
                assert facts["dc:title"] == "Compte rendu"
                assert facts["pdfuaid:part"] == "1"

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_name_is_printed_as_it_is_written(self, name: str) -> None:
        words = text_of(typeset("demo/document", PAGE | {"patient": name}))
        assert flat(name) in flat(words)
        assert "root:" not in words

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("Ordonnance \U0001f600", "Ordonnance \ufffd"),
            ("\x00Nul\x1b[2J", "Nul[2J"),
            ("\u202egnp.x\u202c\u200d\ufeff", "gnp.x"),
            ("محمد Salah", "\ufffd Salah"),
            ("陳 \ue000 \U000e0001", "\ufffd \ufffd "),
            ("e\u0301te\u0301 Ωμέγα Łódź Ђорђе ≥ 3 µg → ok", "été Ωμέγα Łódź Ђорђе ≥ 3 µg → ok"),
        ],
    )
    def test_what_no_font_shows_keeps_nobody_from_their_paper(self, name: str, shown: str) -> None:
        assert machine.showable(name) == shown
        assert flat(shown.strip()) in flat(text_of(typeset("demo/document", PAGE | {"patient": name})))

    def test_no_words_break_the_machine(self) -> None:
        """Signs of every kind beside each other, in every place where data stands: a seeded drill of some papers."""
        signs = random.Random(20261123)
        ranges = [(0, 0x2FF), (0x300, 0x5FF), (0x600, 0x1CFF), (0x1E00, 0x2FFF), (0xD7B0, 0xD7FF), (0xE000, 0x1FFFF)]
        for _ in range(20):
            words = "".join(chr(signs.randint(*signs.choice(ranges))) for _ in range(300))
            words = words.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
            assert typeset("demo/document", PAGE | {"patient": words, "title": words, "author": words[:40]})

    def test_a_machine_that_breaks_down_ends_one_request_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(machine, "showable", lambda text: text)
        broken = "".join(chr(sign) + " " for sign in range(0x600, 0x700))
        with pytest.raises((machine.BrokenMachineError, typst.TypstError)):
            typeset("demo/document", PAGE | {"patient": broken})

    def test_two_papers_at_once_do_not_mix(self) -> None:
        made: dict[str, str] = {}

        def make(name: str) -> None:
            made[name] = text_of(typeset("demo/document", PAGE | {"patient": name}))

        names = [f"Personne {letter * 8}" for letter in "ABCDEF"]
        threads = [threading.Thread(target=make, args=(name,)) for name in names]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        for name in names:
            assert [other for other in names if other in made[name]] == [name]

    def test_pictures_are_the_same_pages(self) -> None:
        (picture,) = pictures("demo/document", PAGE, ppi=40)
        assert picture.startswith(b"\x89PNG")

    def test_a_template_without_a_title_is_refused(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "bare.typ").write_text("Bonjour")
        fresh = typst.Compiler(root=tmp_path, ignore_system_fonts=True)
        monkeypatch.setattr(machine, "_folder", lambda: tmp_path)
        monkeypatch.setattr(machine, "_machine", lambda: fresh)
        with pytest.raises(typst.TypstError, match="title"):
            typeset("bare", {})

    def test_a_template_sees_its_folder_only(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        folder = tmp_path / "templates"
        folder.mkdir()
        (tmp_path / "secret.txt").write_text("secret")
        (folder / "curious.typ").write_text('#set document(title: "x")\n#read("../secret.txt")')
        fresh = typst.Compiler(root=folder, ignore_system_fonts=True)
        monkeypatch.setattr(machine, "_folder", lambda: folder)
        monkeypatch.setattr(machine, "_machine", lambda: fresh)
        with pytest.raises(typst.TypstError):
            typeset("curious", {})


def test_long_papers_leave_nothing_in_memory() -> None:
    """Eight papers of 500 lines, in a process of their own; twenty MiB of each would stay."""
    script = """
import resource
from datetime import UTC, datetime
from espace import clock
from espace.interop.typeset import typeset
clock.now = lambda: datetime(2026, 11, 23, tzinfo=UTC)
said = {"title": "Historique", "period": "", "made": "", "columns": ["Quand", "Qui", "Pourquoi", "Quoi"]}
said |= {"none": "", "foot": "", "lang": "fr"}
for paper in range(8):
    lines = [["23/11/2026", f"Dr {paper} {line}", "Accord", f"Bilan {paper} {line}", ""] for line in range(500)]
    typeset("home/history", said | {"lines": lines})
    if paper in (1, 7):
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    after_two, after_eight = map(int, done.stdout.split())
    assert after_eight - after_two < 40
