"""Real clinical documents, French and foreign, whole and damaged: shown as written, or refused, never an error."""

import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import lxml.html
import pytest
from flask import Flask, render_template_string

from espace.interop import cda_view
from espace.interop.cda import CdaError
from espace.interop.cda_view import Section
from tests.support.clinical import sample_folder

_PAGE = """{% from "documents/_cda.html" import cda_document %}<html lang="fr"><body><h1>Titre</h1>
{{ cda_document(view, "/documents/1") }}</body></html>"""
SEED = 20260314
_STUFFING = (
    b"<table>",
    b"</td>",
    b"<!DOCTYPE x>",
    b"&a;",
    b"<item/>",
    b"\x00",
    b"\xff\xfe",
    b'<footnoteRef IDREF="x"/>',
    b'xsi:type="PQ"',
    b'ID="a"',
    b"<caption>",
    b"<section><text>",
    b"]]>",
    b'value="99999999"',
)


@pytest.fixture
def samples() -> list[Path]:
    """The real documents."""
    folder = sample_folder()
    return sorted([*(folder / "fr_cda").glob("*.xml"), *(folder / "ccda").glob("*.xml")])


@pytest.fixture
def written(web: Callable[[bool], Flask]) -> Callable[[bytes], str]:
    """How a document is written on its page."""

    def write(content: bytes) -> str:
        with web(False).test_request_context("/", headers={"Accept-Language": "fr"}):
            return render_template_string(_PAGE, view=cda_view.read(content))

    return write


def test_every_real_document_is_shown_whole(samples: list[Path], written: Callable[[bytes], str]) -> None:
    assert len(samples) >= 8
    for sample in samples:
        content = sample.read_bytes()
        view = cda_view.read(content)
        page: lxml.html.HtmlElement = lxml.html.document_fromstring(written(content))
        assert not view.is_cut, sample.name
        said = _folded(page.text_content())
        for section, words in zip(_in_order(view.sections), cda_view.plain_text(content)[1:], strict=True):
            assert page.get_element_by_id(section.anchor).tag == "section", sample.name
            for line in words.split("\n"):
                assert _folded(line) in said, (sample.name, section.title, line)
        ids = [element.get("id") for element in page.iter() if element.get("id")]
        assert len(ids) == len(set(ids)), sample.name
        inward = [link.get("href", "") for link in page.iter("a") if link.get("href", "").startswith("#")]
        assert {address[1:] for address in inward} <= set(ids), sample.name
        assert all(th.get("scope") for th in page.iter("th")), sample.name
        levels = [int(h.tag[1]) for h in page.iter("h1", "h2", "h3", "h4", "h5", "h6")]
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), sample.name


def test_the_french_document_gives_its_attached_file(samples: list[Path]) -> None:
    [french] = [sample for sample in samples if sample.parent.name == "fr_cda"]
    [attached] = cda_view.read(french.read_bytes()).attachments
    kind, content = cda_view.attachment(french.read_bytes(), attached.number)
    assert (kind, attached.is_shown) == ("application/pdf", True)
    assert content.startswith(b"%PDF-")
    assert len(content) == attached.size


def test_three_hundred_mutations_are_shown_or_refused(samples: list[Path], written: Callable[[bytes], str]) -> None:
    shown, refused = _mutate(samples, written, 300)
    assert shown > 30
    assert refused > 30


@pytest.mark.drill
def test_ten_thousand_mutations_are_shown_or_refused(samples: list[Path], written: Callable[[bytes], str]) -> None:
    begun = monotonic()
    shown, refused = _mutate(samples, written, 10_000)
    print(f"\n10,000 mutations: {shown} shown, {refused} refused, {monotonic() - begun:.0f} s")


def _mutate(samples: list[Path], written: Callable[[bytes], str], count: int) -> tuple[int, int]:
    shown = refused = 0
    for content in _mutations(samples, count):
        begun = monotonic()
        try:
            page = written(content)
            cda_view.plain_text(content)
            for number in (1, 2):
                try:
                    cda_view.attachment(content, number)
                except LookupError:
                    continue
        except CdaError:
            refused += 1
        else:
            shown += 1
            assert "<script" not in page
        assert monotonic() - begun < 10  # security.md L8
    return shown, refused


def _mutations(samples: list[Path], count: int) -> Iterator[bytes]:
    """Documents with bytes changed, pieces moved, doubled, dropped or stuffed; the small ones more often."""
    chance = random.Random(SEED)
    contents = [sample.read_bytes() for sample in samples]
    weights = [1 / len(content) for content in contents]
    for _ in range(count):
        mutated = bytearray(chance.choices(contents, weights)[0])
        for _ in range(chance.choice((1, 1, 2, 5))):
            _change(mutated, chance)
        yield bytes(mutated)


def _change(mutated: bytearray, chance: random.Random) -> None:
    at, size = chance.randrange(len(mutated)), chance.randrange(1, 400)
    match chance.randrange(6):
        case 0:
            mutated[at] = chance.randrange(256)
        case 1:
            del mutated[at : at + size]
        case 2:
            mutated[at:at] = chance.choice(_STUFFING)
        case 3:
            mutated[at:at] = mutated[at : at + size]
        case _:  # whole elements, so that most of these stay well-formed
            _turn_element(mutated, at, chance)


def _turn_element(mutated: bytearray, at: int, chance: random.Random) -> None:
    """Rename an element's opening and closing, or empty an attribute, near a place."""
    start = mutated.find(b'="', at)
    if start < 0 or chance.random() < 0.5:
        name = chance.choice((b"td", b"tr", b"th", b"table", b"item", b"list", b"text", b"section", b"entry", b"value"))
        other = chance.choice((b"list", b"content", b"table", b"text", b"footnote", b"observation", b"component"))
        whole = bytes(mutated).replace(b"<" + name + b">", b"<" + other + b">")
        mutated[:] = whole.replace(b"</" + name + b">", b"</" + other + b">")
        return
    end = mutated.find(b'"', start + 2)
    mutated[start + 2 : max(end, start + 2)] = chance.choice((b"", b"#", b"-1", b"20250230", b"\xc3\xa9" * 3000))


def _in_order(sections: tuple[Section, ...]) -> Iterator[Section]:
    for section in sections:
        yield section
        yield from _in_order(section.sections)


def _folded(words: str) -> str:
    """Words without any space: where a page puts spaces is its own affair."""
    return "".join(words.split())
