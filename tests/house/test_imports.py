"""Imports go downward only, rooms meet only through services, and nothing goes in circles (docs/house.md)."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import espace

ROOT = Path(espace.__file__).parent

# Highest first; the rooms of later steps have their place already (design.md, section 2).
ROOMS = (
    "home",
    "administration",
    "portability",
    "professional",
    "fhir",
    "catalogue",
    "agenda",
    "prevention",
    "messaging",
    "measures",
    "profile",
    "documents",
    "access",
    "family",
    "records",
    "accounts",
    "notifications",
    "people",
    "audit",
)
MACHINES = ("db", "outbox", "crypto", "storage", "interop")
WORDS = ("settings", "errors", "clock", "identifiers", "permissions", "words", "import_report", "import_table")
WEB_SIDE = ("views", "forms", "room")  # a room's modules that know the web
WEB_LIBRARIES = ("flask", "wtforms", "werkzeug", "jinja2", "flask_wtf", "flask_login", "flask_babel", "flask_htmx")


@dataclass(frozen=True)
class Import:
    """One import of one module; `target` is the dotted name inside espace, or a library."""

    module: str
    target: str
    ours: bool


def modules(root: Path) -> dict[str, Path]:
    """Dotted name (without the leading `espace.`) -> file. The package itself is the empty name."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(p for p in parts if p != "__init__")] = path
    return found


def imports(root: Path) -> list[Import]:
    """Every import of the tree, those inside functions included, those for the type checker left out."""
    known = modules(root)
    return [found for name, path in known.items() for found in _imports_of(name, path, known)]


def _imports_of(name: str, path: Path, known: dict[str, Path]) -> Iterator[Import]:
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    package = [part for part in package if part]
    for node in _run_time(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield _import(name, alias.name)
        elif node.level == 0:
            yield from _from(name, node.module or "", node, known)
        else:
            base = package[: len(package) - node.level + 1]
            yield from _from(name, ".".join(["espace", *base, *([node.module] if node.module else [])]), node, known)


def _run_time(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        yield from _run_time(node)


def _from(name: str, base: str, node: ast.ImportFrom, known: dict[str, Path]) -> Iterator[Import]:
    for alias in node.names:
        whole = f"{base}.{alias.name}"
        yield _import(name, whole if whole.removeprefix("espace.") in known else base)


def _import(name: str, target: str) -> Import:
    ours = target == "espace" or target.startswith("espace.")
    return Import(name, target.removeprefix("espace").removeprefix(".") if ours else target, ours)


def faults(root: Path) -> list[str]:
    """What breaks the order, in words."""
    return [f"{i.module} imports {i.target}: {why}" for i in imports(root) if (why := _judge(i))]


def _judge(found: Import) -> str:
    top, _, inner = found.module.partition(".")
    side = inner.split(".")[0]
    if not found.ours:
        web = found.target.split(".")[0] in WEB_LIBRARIES
        knows = top == "web" or (top in ROOMS and side in WEB_SIDE) or _floor(top) == 5
        return "only views and forms know the web" if web and not knows else ""
    target_top, _, target_inner = found.target.partition(".")
    target_side = target_inner.split(".")[0]
    if found.target == "":
        return "" if _floor(top) == 5 else "the assembly is above everything"
    if top == target_top:
        return _inside(side, target_side) if top in ROOMS else ""
    here, there = _floor(top), _floor(target_top)
    if there > here:
        return "upward"
    if top in ROOMS and target_top in ROOMS:
        if ROOMS.index(target_top) < ROOMS.index(top):
            return "upward between rooms"
        return "" if target_side == "services" else "rooms meet only through services"
    if top in ROOMS and target_top == "web" and side not in WEB_SIDE:
        return "only views and forms know the web"
    if top in ROOMS and side in ("policy", "facts") and there != 1:
        return "a policy is pure"
    return ""


def _inside(side: str, target: str) -> str:
    """Inside a room: views -> forms, services; services -> policy, models."""
    below = {
        "services": ("services", "policy", "models", "messages", "data"),
        "policy": ("policy", "facts"),
        "facts": ("facts",),
        "models": ("models",),
        "forms": ("forms", "services", "policy"),
        "views": ("views", "forms", "services", "policy"),
        "cli": ("cli", "services"),
    }
    if side in below and target and target not in below[side]:
        return f"inside a room, {side} stands below {target}, or beside it"
    return ""


def _floor(top: str) -> int:
    if top in WORDS:
        return 1
    if top in MACHINES:
        return 2
    if top == "web":
        return 3
    return 4 if top in ROOMS else 5


def circles(root: Path) -> list[str]:
    """Modules that need each other, in words."""
    edges: dict[str, set[str]] = {}
    for found in imports(root):
        if found.ours and found.target != found.module:
            edges.setdefault(found.module, set()).add(found.target)
    found_circles: list[str] = []
    done: set[str] = set()
    path: list[str] = []

    def visit(module: str) -> None:
        if module in path:
            found_circles.append(" -> ".join([*path[path.index(module) :], module]))
            return
        if module in done:
            return
        path.append(module)
        for target in sorted(edges.get(module, ())):
            visit(target)
        path.pop()
        done.add(module)

    for module in sorted(edges):
        visit(module)
    return found_circles


def test_imports_go_downward_and_between_rooms_only_to_services() -> None:
    found = faults(ROOT)
    assert not found, "\n".join(found)


def test_nothing_goes_in_circles() -> None:
    found = circles(ROOT)
    assert not found, "\n".join(found)


def test_every_module_has_a_floor() -> None:
    top = {name.partition(".")[0] for name in modules(ROOT)} - {""}
    at_the_top = {"assembly", "cli", "demo", "machines", "serving", "setup", "worker", "bench"}
    assert top <= {*WORDS, *MACHINES, *ROOMS, "web", *at_the_top}


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("audit/services.py", "from espace.people import services"),
        ("documents/services/page.py", "from espace.home.services import card"),
        ("home/services.py", "from espace.people.models import Person"),
        ("access/services.py", "import flask"),
        ("access/policy.py", "from espace import db"),
        ("access/facts.py", "from espace import db"),
        ("access/facts.py", "from espace.access import policy"),
        ("access/services.py", "from espace.web import forms"),
        ("access/services.py", "from .views import pages"),
        ("access/models.py", "from . import services"),
        ("db/unit.py", "from espace.web import guards"),
        ("db/unit.py", "from espace.audit import services"),
        ("clock.py", "from . import db"),
        ("web/guards.py", "def f():\n    from espace.access.services import standing"),
        ("people/services.py", "import espace.machines"),
    ],
)
def test_a_wrong_import_is_seen(tmp_path: Path, module: str, line: str) -> None:
    for known in modules(ROOT).values():
        path = tmp_path / known.relative_to(ROOT)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    path = tmp_path / module
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line)
    assert len(faults(tmp_path)) == 1


def test_a_circle_is_seen(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("from . import two")
    (tmp_path / "two.py").write_text("def late():\n    from .three import x")
    (tmp_path / "three.py").write_text("import espace.one")
    assert circles(tmp_path) == ["one -> two -> three -> one"]
