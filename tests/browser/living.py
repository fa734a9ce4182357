"""A house of a test's own that a real browser visits: its clock and its services are in the test's hands."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from flask import Flask
from playwright.sync_api import Browser, ViewportSize
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from espace.web.guards import cookie_name
from tests.support.build import Caregiver, Citizen
from tests.support.office import Officer

from .hands import Demo, Hands, new_hands


@dataclass
class House:
    """A running house, and the browsers that visit it."""

    app: Flask
    base_url: str
    chromium: Browser
    visits: list[Hands] = field(default_factory=list)

    def visitor(self, name: str, size: ViewportSize | None = None) -> Hands:
        """A browser of nobody yet."""
        made = new_hands(self.chromium, Demo(self.base_url, Path(), {}), name, size=size)
        self.visits.append(made)
        return made

    def signed_in(self, who: Citizen | Caregiver | Officer, name: str, size: ViewportSize | None = None) -> Hands:
        """A browser in which somebody signed in just now."""
        made = self.visitor(name, size)
        made.context.add_cookies([{"name": cookie_name(self.app), "value": who.sign_in(), "url": self.base_url}])
        return made


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - Werkzeug's name
        """The application's own log says what was asked."""


@contextmanager
def living(app: Flask, chromium: Browser) -> Iterator[House]:
    """Serve `app` on the loopback, several requests at a time, until the block ends."""
    server: BaseWSGIServer = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    house = House(app, f"http://127.0.0.1:{server.server_port}", chromium)
    try:
        yield house
        for hands in house.visits:
            hands.close()
    finally:
        for hands in house.visits:
            hands.context.close()
        server.shutdown()
        thread.join()
        server.server_close()
