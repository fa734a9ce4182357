"""Whatever goes wrong ends in a page: the right status, plain words, a way on, and nothing personal in the log."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask, abort
from lxml import html
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from espace import errors as house
from espace.machines import Machines
from espace.permissions import Actor, ActorKind
from espace.web import errors, guards, logs

MakeApp = Callable[..., Flask]
SECRET = "Claire Fontenay 288034932811742"


def _raise(error: Exception) -> Callable[[], Any]:
    def act() -> Any:
        raise error

    return act


@pytest.fixture
def locked(tmp_path: Path) -> OperationalError:
    """What SQLite says when somebody else writes for too long."""
    engine = create_engine(f"sqlite:///{tmp_path / 'locked.db'}", connect_args={"timeout": 0})
    with engine.connect() as first, engine.connect() as second:
        first.execute(text("CREATE TABLE t (x)"))
        first.commit()
        first.execute(text("INSERT INTO t VALUES (1)"))
        with pytest.raises(OperationalError) as caught:
            second.execute(text("INSERT INTO t VALUES (2)"))
    engine.dispose()
    return caught.value


def _wrong_statement() -> OperationalError:
    engine = create_engine("sqlite://")
    with engine.connect() as tx, pytest.raises(OperationalError) as caught:
        tx.execute(text("SELECT :name FROM nowhere"), {"name": SECRET})
    return caught.value


CASES = [
    (house.NotFoundError(), 404, "n'existe pas"),
    (house.RefusedError("no-consent"), 403, "Rien n'a été modifié"),
    (house.InvalidError({"title": "empty"}), 422, "vérifiez ce que vous avez écrit"),
    (house.ConflictError(), 409, "n'a pas été gardée"),
    (house.ThrottledError(12.2), 429, "dans 13 secondes"),
    (house.ThrottledError(900), 429, "dans 16 minutes"),
    (house.BusyError(), 503, "quelques secondes"),
    (ValueError(SECRET), 500, "La panne vient de nous"),
]


@pytest.mark.parametrize(("error", "status", "words"), CASES, ids=lambda value: type(value).__name__)
def test_each_error_is_a_page_in_plain_french(make_app: MakeApp, error: Exception, status: int, words: str) -> None:
    answer = make_app(_raise(error)).test_client().get("/act")
    page: Any = html.document_fromstring(answer.text)
    said = " ".join(page.text_content().split())
    assert answer.status_code == status
    assert words in said
    assert page.findtext(".//title").startswith("Erreur – ")
    assert len(page.xpath("//h1")) == 1
    assert page.xpath("//main//a/@href") == ["/", "/aide"]
    assert SECRET not in answer.text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 418, 429])
def test_errors_of_the_protocol_keep_their_status(make_app: MakeApp, status: int) -> None:
    answer = make_app(lambda: abort(status)).test_client().get("/act")
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_a_wrong_method_is_told_which_ones_fit(make_app: MakeApp) -> None:
    answer = make_app().test_client().delete("/act")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= {word.strip() for word in answer.headers["Allow"].split(",")}


def test_who_waits_is_told_how_long(make_app: MakeApp) -> None:
    assert make_app(_raise(house.ThrottledError(0.2))).test_client().get("/act").headers["Retry-After"] == "1"
    assert make_app(_raise(house.BusyError())).test_client().get("/act").headers["Retry-After"] == "5"


def test_a_locked_database_is_busy_and_a_wrong_statement_is_our_fault(
    make_app: MakeApp, locked: OperationalError
) -> None:
    assert make_app(_raise(locked)).test_client().get("/act").status_code == 503
    assert make_app(_raise(_wrong_statement())).test_client().get("/act").status_code == 500


def test_a_page_left_open_too_long_says_how_to_mend_it(make_app: MakeApp) -> None:
    answer = make_app().test_client().post("/act", data={"csrf_token": "old"})
    assert answer.status_code == 400
    assert "Rien n'a été envoyé" in answer.text


def test_a_fragment_gets_the_words_alone_and_is_told_where_they_go(make_app: MakeApp) -> None:
    headers = {"HX-Request": "true", "HX-Target": "more"}
    answer = make_app(_raise(house.NotFoundError())).test_client().get("/act", headers=headers)
    assert answer.status_code == 404
    assert "<html" not in answer.text
    assert 'role="alert"' in answer.text
    assert answer.headers["HX-Retarget"] == "#contenu"


def test_a_signed_in_person_is_led_home_and_the_failure_asks_the_database_nothing(
    make_app: MakeApp, locked: OperationalError, machines: Machines
) -> None:
    actor = Actor(ActorKind.PATIENT, uuid4(), "Claire Fontenay", uuid4())
    client = make_app(_raise(house.NotFoundError()), actor=actor).test_client()
    client.set_cookie("espace", "a token")
    assert '"/dossiers/"' in client.get("/act").text

    def identify(_token: str) -> Actor:
        raise locked

    app = make_app(lambda: str(guards.current_actor()))
    app.login_manager.request_loader(lambda _request: identify(""))  # type: ignore[attr-defined]
    assert app.test_client().get("/act").status_code == 503


def test_a_failure_of_the_error_page_itself_still_answers(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_data: Any) -> str:
        raise RuntimeError

    monkeypatch.setattr(errors, "render_template", broken)
    answer = make_app(_raise(ValueError(SECRET))).test_client().get("/act")
    assert answer.status_code == 500
    assert "Rien n'est perdu" in answer.text


def test_the_log_tells_types_and_places_but_no_words_of_anybody(make_app: MakeApp) -> None:
    stream = io.StringIO()
    app = make_app(_raise(ValueError(SECRET)))
    logs.configure(stream)
    try:
        answer = app.test_client().get(f"/act?q={SECRET}", headers={"User-Agent": SECRET})
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    finally:
        logs.configure()
    failed, asked = lines
    assert failed["error"] == ["ValueError"]
    assert any("test_errors.py" in place for place in failed["path"])
    assert (asked["rule"], asked["status"], asked["method"]) == ("/act", 500, "GET")
    assert failed["mark"] == asked["mark"]
    assert f"{asked['mark'][:4]} {asked['mark'][4:]}" in answer.text
    assert "Fontenay" not in stream.getvalue()
    assert "288034932811742" not in stream.getvalue()
