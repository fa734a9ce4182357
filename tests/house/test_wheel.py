"""What is installed is whole: the wheel, installed elsewhere, shows a French page with its style and script."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.catalogue import REPOSITORY

_READ = """
import espace, re
from importlib.resources import files
app = espace.create_app()
browser = app.test_client()
page = browser.get("/", base_url="http://127.0.0.1:8000").get_data(as_text=True)
assert str(files("espace")).startswith({site!r}), espace.__file__
print(page)
for address in sorted(set(re.findall(r'/static/[^"]+', page))):
    print(address.partition("#")[0], browser.get(address.partition("#")[0]).status_code)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with pip as people do, from a copy of the files that git would give them."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("out")
    names = _run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=REPOSITORY)
    for name in filter(None, names.split("\0")):
        if (REPOSITORY / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((REPOSITORY / name).read_bytes())
    _run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(tree), cwd=out)
    return next(out.glob("*.whl"))


def _run(*command: str, cwd: Path, **extra: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ESPACE_", "PYTHON"))}
    done = subprocess.run(command, cwd=cwd, env={**kept, **extra}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


def test_the_wheel_carries_what_the_program_reads(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    kept = {p.relative_to(REPOSITORY).as_posix() for p in (REPOSITORY / "espace").rglob("*") if p.is_file()}
    data = {name for name in kept if not name.endswith(".pyc") and "__pycache__" not in name}
    assert data - names == set()
    assert "espace/static/vendor/htmx.min.js" in names
    assert "espace/translations/fr/LC_MESSAGES/messages.mo" in names
    assert not [name for name in names if re.search(r"^(tests|translations|docs|\.ci)/|\.po$|\.pyc$", name)]


def test_it_shows_a_french_page_from_anywhere(wheel: Path, tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    install = ("install", "--quiet", "--no-deps", "--target", str(site), str(wheel))
    _run(sys.executable, "-m", "pip", *install, cwd=elsewhere)
    house = {
        "PYTHONPATH": str(site),
        "ESPACE_DATA_DIR": str(tmp_path / "data"),
        "ESPACE_KEY_FILE": str(tmp_path / "keys.json"),
        "ESPACE_CHECKPOINT_DIR": str(tmp_path / "checkpoints"),
    }
    _run(sys.executable, "-m", "espace.cli", "init", cwd=elsewhere, **house)
    told = _run(sys.executable, "-c", _READ.format(site=str(site)), cwd=elsewhere, **house)
    assert '<html lang="fr"' in told
    assert "Se connecter" in told
    served = re.findall(r"^/static/\S+ (\d+)$", told, re.MULTILINE)
    assert len(served) >= 3
    assert set(served) == {"200"}
