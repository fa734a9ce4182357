"""The page of the notifications: what is chosen counts, what protects cannot be switched off, strangers see nothing."""

from flask import Flask

from espace.machines import Machines
from tests.support import build

PLACE = "/compte/notifications"


def test_smoke(app: Flask, machines: Machines) -> None:
    claire = build.citizen()
    browser = claire.browser(app)
    page = browser.get(PLACE)
    assert page.status_code == 200
    print(page.get_data(as_text=True))
