"""Files stay small, time has one source, nothing is printed or left to do."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import espace

ROOT = Path(espace.__file__).parent
REPOSITORY = ROOT.parent
LIMITS = {"views": 300, "services": 400, "tests": 500}
# What reads a clock or waits; only `clock` may (design 3.10). `time.perf_counter` measures, it tells no time.
CLOCKS = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime))\(")
LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError|\bbreakpoint\(")


def sources(root: Path) -> Iterator[Path]:
    """Every Python file of ours."""
    for folder in ("espace", "tests"):
        yield from sorted((root / folder).rglob("*.py"))


def too_long(root: Path) -> list[str]:
    """Files past their use, in words."""
    found = []
    for path in sources(root):
        parts = path.relative_to(root).parts
        kind = "tests" if parts[0] == "tests" else next((k for k in LIMITS if k in parts or f"{k}.py" in parts), None)
        lines = len(path.read_text().splitlines())
        if kind and lines > LIMITS[kind]:
            found.append(f"{path.relative_to(root)} has {lines} lines: split it by what people do ({LIMITS[kind]})")
    return found


def other_clocks(root: Path) -> list[str]:
    """Places that read a clock of their own."""
    return [
        f"{path.relative_to(root)}:{number}"
        for path in sorted((root / "espace").rglob("*.py"))
        if path.name != "clock.py"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if CLOCKS.search(line)
    ]


def leftovers(root: Path) -> list[str]:
    """Work left undone, and prints outside the command line."""
    found = []
    for path in sources(root):
        if path == Path(__file__):
            continue
        text = path.read_text()
        found += [f"{path.relative_to(root)}: {m.group()}" for m in LEFTOVERS.finditer(text)]
        if path.is_relative_to(root / "espace") and any(
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
            for node in ast.walk(ast.parse(text))
        ):
            found.append(f"{path.relative_to(root)}: print")
    return found


def test_files_stay_small() -> None:
    found = too_long(REPOSITORY)
    assert not found, "\n".join(found)


def test_time_has_one_source() -> None:
    found = other_clocks(REPOSITORY)
    assert not found, "\n".join(found)


def test_nothing_is_left_undone_or_printed() -> None:
    found = leftovers(REPOSITORY)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("check", "path", "text"),
    [
        (too_long, "espace/home/views/pages.py", "x = 1\n" * 301),
        (too_long, "espace/home/services.py", "x = 1\n" * 401),
        (too_long, "tests/home/test_x.py", "x = 1\n" * 501),
        (other_clocks, "espace/home/services.py", "now = datetime.now(UTC)"),
        (leftovers, "espace/home/services.py", "# TODO: later"),
        (leftovers, "espace/home/services.py", "print('here')"),
    ],
)
def test_each_is_seen(tmp_path: Path, check: Callable[[Path], list[str]], path: str, text: str) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert len(check(tmp_path)) == 1
