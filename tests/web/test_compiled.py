"""Compiled templates kept on the disk: taken when whole, made anew when not."""

from pathlib import Path

import jinja2
import pytest

from espace.web.rendering import _Compiled


def _written(folder: Path) -> str:
    engine = jinja2.Environment(loader=jinja2.DictLoader({"a.html": "{{ 1 + 1 }}"}), autoescape=True)
    engine.bytecode_cache = kept = _Compiled()
    kept.directory = str(folder)
    return engine.get_template("a.html").render()


def test_a_file_cut_anywhere_is_compiled_anew(tmp_path: Path) -> None:
    _written(tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert _written(tmp_path) == "2"
        assert file.read_bytes() == whole


@pytest.mark.parametrize("folder", ["absent", "file"])
def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    assert _written(tmp_path / folder) == "2"
