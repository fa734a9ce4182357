"""Static files stand under names that change with them, are kept for a year, and weigh what was promised."""

import gzip
import re
from collections.abc import Callable

import pytest
import zstandard
from flask import Flask

from espace.web import assets

MakeApp = Callable[..., Flask]
NAMES = ("app.css", "app.js", "icons.svg", "mark.svg")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("accepted", ["", "gzip", "gzip, deflate, br, zstd"])
def test_a_static_file_comes_compressed_as_accepted_and_may_be_kept(
    make_app: MakeApp, name: str, accepted: str
) -> None:
    answer = make_app().test_client().get(assets.address(name), headers={"Accept-Encoding": accepted})
    assert answer.status_code == 200
    body = answer.data
    match answer.headers.get("Content-Encoding"):
        case "zstd":
            body = zstandard.ZstdDecompressor().decompress(body)
        case "gzip":
            body = gzip.decompress(body)
    assert body == assets.source(name)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_an_unchanged_file_is_not_sent_twice(make_app: MakeApp) -> None:
    client = make_app().test_client()
    first = client.get(assets.address("app.css"), headers={"Accept-Encoding": "gzip"})
    again = client.get(
        assets.address("app.css"), headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/static/app.css", "/static/app.0123456789ab.css", "/static/../settings.py", "/static/"]
)
def test_nothing_else_is_served(make_app: MakeApp, path: str) -> None:
    assert make_app().test_client().get(path).status_code == 404


def test_the_style_sheet_and_the_script_keep_to_their_budgets() -> None:
    assert len(gzip.compress(assets.source("app.css"), 9)) <= 12 * 1024
    assert len(gzip.compress(assets.source("app.js"), 9)) <= 20 * 1024


def test_every_icon_a_template_names_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', assets.source("icons.svg").decode()))
    named = set()
    for path in (assets.FOLDER.parent / "templates").rglob("*.html"):
        text = path.read_text("utf-8")
        named |= set(re.findall(r"""icon\(["']([\w-]+)["']""", text)) | set(
            re.findall(r"""<use href="\{\{[^"]*\}\}#([\w-]+)""", text)
        )
    assert named
    assert named <= drawn
