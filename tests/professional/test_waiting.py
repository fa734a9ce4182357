"""Who missed too often waits, and reads for how long in words of the size of the wait."""

from flask import Flask

from espace.access import services as access
from tests.support import build
from tests.support.marks import on_sqlite


@on_sqlite
def test_the_quick_way_of_an_emergency_counts_an_hour_in_minutes(app: Flask) -> None:
    access.ensure_matrix()
    claire, browser = build.citizen(), build.caregiver().browser(app)
    typed = {"ins": claire.ins, "birth_date": "02/02/1971"}
    page = browser.get("/pro/urgence")
    for _ in range(25):
        page = browser.submit(browser.get("/pro/urgence").form("ins"), typed, expect=None)
        if page.status == 429:
            break
    assert page.status == 429
    assert "Attendez 60 minutes, puis réessayez." in page.text
    assert "secondes" not in page.text
