"""Templates: nothing unused, every fragment stands in its page, nothing inline, nothing unescaped."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

import espace

ROOT = Path(espace.__file__).parent

FORBIDDEN = {
    "an inline style": re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE),
    "an inline script": re.compile(r"<script\b(?![^>]*\bsrc=)", re.IGNORECASE),
    "a script without nonce": re.compile(r"<script\b(?![^>]*\bnonce=)", re.IGNORECASE),
    "an inline handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "an htmx handler": re.compile(r"\bhx-on\b|\bhx-vals\s*=\s*[\"']?js:|\bjavascript:", re.IGNORECASE),
    "something unescaped": re.compile(r"\|\s*safe\b|autoescape\s+false|\|\s*forceescape", re.IGNORECASE),
    "an address built elsewhere than in the viewpoint": re.compile(r"\burl_for\("),
    "something from another site": re.compile(r"\b(?:src|srcset|data-src)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE),
}


def templates(root: Path) -> dict[str, str]:
    """Name -> text."""
    folder = root / "templates"
    return {path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*.html"))}


def references(texts: dict[str, str]) -> dict[str, set[str]]:
    """Template -> the templates it extends, includes or imports; names made at run time are matched by their ends."""
    environment = jinja2.Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"], autoescape=True)
    found: dict[str, set[str]] = {}
    for name, text in texts.items():
        found[name] = set()
        for node in environment.parse(text).find_all((nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)):
            found[name] |= set(_names(node.template, texts))  # type: ignore[attr-defined]
    return found


def _names(node: nodes.Node, texts: dict[str, str]) -> Iterator[str]:
    if isinstance(node, nodes.Const):
        yield from [node.value] if isinstance(node.value, str) else node.value
    elif isinstance(node, nodes.CondExpr):
        for part in (node.expr1, node.expr2):
            if part is not None:
                yield from _names(part, texts)
    elif isinstance(node, nodes.Concat | nodes.Add):
        ends = [c.value for c in node.find_all(nodes.Const) if isinstance(c.value, str)]
        yield from (name for name in texts if ends and name.startswith(ends[0]) and name.endswith(ends[-1]))


def python_strings(root: Path) -> set[str]:
    """Every string of the program that names a template."""
    found = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".html"):
                found.add(node.value)
    return found


def fragments(root: Path) -> list[tuple[str, str, str]]:
    """(page, target id, fragment) of every `render(page, fragments={...})`."""
    found = []
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "render" and node.args):
                continue
            for keyword in node.keywords:
                if keyword.arg == "fragments" and isinstance(keyword.value, ast.Dict):
                    page = ast.literal_eval(node.args[0])
                    pairs = zip(keyword.value.keys, keyword.value.values, strict=True)
                    found += [(page, ast.literal_eval(k), one) for k, v in pairs if k is not None for one in _either(v)]
    return found


def _either(value: ast.expr) -> list[str]:
    """The fragment that is named, or each of those that may be."""
    if isinstance(value, ast.IfExp):
        return _either(value.body) + _either(value.orelse)
    return [ast.literal_eval(value)]


def reached(start: str, edges: dict[str, set[str]]) -> set[str]:
    """Every template that `start` is written with, itself included."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += edges.get(name, ())
    return found


def faults(root: Path) -> list[str]:
    """What is wrong with the templates, in words."""
    texts = templates(root)
    edges = references(texts)
    named = python_strings(root)
    found = [
        f"{name} holds {what}" for name, text in texts.items() for what, rule in FORBIDDEN.items() if rule.search(text)
    ]
    found += [f"{name} needs {other}, which does not exist" for name in edges for other in edges[name] - texts.keys()]
    used = {other for name in edges for other in edges[name]}
    for name in texts:
        is_part = name.rpartition("/")[2].startswith("_")
        if is_part and name not in used and name not in named:
            found.append(f"{name} is a fragment of no page")
        elif not is_part and name not in used | named:
            found.append(f"{name} is unused")
    absent = sorted(name for name in named - texts.keys() if "/" in name)
    found += [f"{name} is named by the program and does not exist" for name in absent]
    for page, target, fragment in fragments(root):
        whole = reached(page, edges)
        if fragment not in whole:
            found.append(f"{page} does not include its fragment {fragment}")
        if not any(re.search(rf"id=[\"']{re.escape(target)}[\"']", texts.get(name, "")) for name in whole):
            found.append(f"{page} has no element with the id {target}, which its fragment is for")
    return found


def test_templates_keep_the_rules() -> None:
    found = faults(ROOT)
    assert not found, "\n".join(found)


def test_the_program_makes_no_html_of_its_own() -> None:
    """`Markup` marks text as safe: only where this list says why."""
    allowed = {
        "home/views/former.py",
        "administration/views/words.py",  # the same as sentences.py
        "home/views/sentences.py",  # names in bold inside a translated sentence: Markup's % escapes them
        "home/views/visit_words.py",  # the same
        "home/views/records.py",  # a card is what its own template wrote
    }
    found = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if re.search(r"\bMarkup\(|render_template_string", path.read_text())
    }
    assert found == allowed


@pytest.mark.parametrize(
    "text",
    [
        "<p style='color: red'>",
        "<style>p { color: red }</style>",
        "<script nonce='x'>alert(1)</script>",
        "<script src='/static/x.js'></script>",
        "<button onclick='go()'>",
        "<button hx-on:click='go()'>",
        "<a href='javascript:go()'>",
        "{{ words|safe }}",
        "{{ url_for('x') }}",
        "<img src='https://elsewhere.example/x.png'>",
        "{% include 'home/absent.html' %}",
    ],
)
def test_a_wrong_template_is_seen(tmp_path: Path, text: str) -> None:
    assert _faults_with(tmp_path, page=text)


def test_an_unused_template_and_a_stray_fragment_are_seen(tmp_path: Path) -> None:
    assert _faults_with(tmp_path, page="{% include 'home/_rows.html' %}<p id='rows'>", rows="x") == []
    assert "is a fragment of no page" in str(_faults_with(tmp_path, page="x", rows="x", served=False))
    assert "does not include its fragment" in str(_faults_with(tmp_path, page="<p id='rows'>", rows="x"))
    assert "no element with the id" in str(_faults_with(tmp_path, page="{% include 'home/_rows.html' %}", rows="x"))
    (tmp_path / "templates/home/more.html").write_text("x")
    assert "more.html is unused" in str(_faults_with(tmp_path, page="x"))


def _faults_with(root: Path, *, page: str, rows: str = "", served: bool = True) -> list[str]:
    folder = root / "templates" / "home"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.html").write_text(page)
    declared = ", fragments={'rows': 'home/_rows.html'}" if rows and served else ""
    (root / "views.py").write_text(f"render('home/page.html'{declared})")
    if rows:
        (folder / "_rows.html").write_text(rows)
    return faults(root)
