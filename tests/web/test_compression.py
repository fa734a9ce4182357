"""Pages are compressed for our own visitors, never for another site that measures them, never as streams."""

import gzip
from collections.abc import Callable

import pytest
import zstandard
from flask import Flask, Response

MakeApp = Callable[..., Flask]
PAGE = "<p>Ordonnance du mardi 17 novembre</p>" * 60


@pytest.mark.parametrize("accepted", ["gzip", "gzip, deflate, br, zstd", "identity"])
@pytest.mark.parametrize("site", [None, "none", "same-origin", "same-site", "cross-site"])
def test_only_visits_from_here_are_compressed(make_app: MakeApp, accepted: str, site: str | None) -> None:
    headers = {"Accept-Encoding": accepted} | ({"Sec-Fetch-Site": site} if site else {})
    answer = make_app(lambda: PAGE).test_client().get("/act", headers=headers)
    coding = answer.headers.get("Content-Encoding")
    from_here = site in (None, "none", "same-origin")
    expected = {"gzip": "gzip", "identity": None}.get(accepted, "zstd") if from_here else None
    assert coding == expected
    body = answer.data
    if coding == "gzip":
        body = gzip.decompress(body)
    elif coding == "zstd":
        body = zstandard.ZstdDecompressor().decompress(body)
    assert body.decode() == PAGE
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "act",
    [
        lambda: Response((part for part in [PAGE]), mimetype="text/html"),
        lambda: Response(PAGE, mimetype="application/pdf"),
        lambda: Response(PAGE, headers={"Content-Encoding": "br"}, mimetype="text/html"),
        lambda: Response("<p>court</p>", mimetype="text/html"),
    ],
    ids=["stream", "file", "already compressed", "short"],
)
def test_what_must_not_or_need_not_be_compressed_passes_untouched(
    make_app: MakeApp, act: Callable[[], Response]
) -> None:
    answer = make_app(act).test_client().get("/act", headers={"Accept-Encoding": "gzip, zstd"})
    assert answer.headers.get("Content-Encoding") in (None, "br")
    assert answer.data.startswith(b"<p>")
