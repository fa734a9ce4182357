"""A bare application with the web glue and no room: what the glue does is tested without a database."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, Response
from flask_wtf.csrf import CSRFProtect

from espace import clock as clocks
from espace.permissions import Actor
from espace.web import assets, compression, errors, guards, headers, i18n, rendering

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon() -> Any:
    """Monday 23 November 2026, noon in Paris."""
    with clocks.bound(lambda: NOON):
        yield


def _always(actor: Actor | None) -> guards.Identify:
    """Every token speaks for `actor`."""

    def identify(_token: str, *, touch: bool = True) -> Actor | None:
        return actor

    return identify


@pytest.fixture
def make_app() -> Callable[..., Flask]:
    """Builds an application whose address `/act` answers with `act()`; `actor` is who is signed in."""

    def make(act: Callable[[], Any] = lambda: "", *, actor: Actor | None = None) -> Flask:
        app = Flask("espace", root_path=str(assets.FOLDER.parent), static_folder=None)
        app.config.update(SECRET_KEY="only for tests", SESSION_COOKIE_SECURE=False, ORIGIN="http://localhost")
        i18n.install(app)
        assets.install(app)
        headers.install(app)
        errors.install(app)
        guards.install(
            app,
            identify=_always(actor),
            judge=lambda _actor, _record: None,
            seen_as=lambda _own, _eyes: None,
        )
        CSRFProtect(app)

        @app.route("/act", methods=["GET", "POST"])
        @guards.public
        def _act() -> Response | str:
            answer: Response | str = act()
            return answer

        app.extensions["navigation"] = []
        compression.install(app)
        rendering.configure(app)
        return app

    return make
