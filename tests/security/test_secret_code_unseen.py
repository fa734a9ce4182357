"""A code that a minor shows secretly changes nothing a parent meets, through its professional's eyes least of all.

A parent walks through who sees the record and looks as the professional; then the code is shown and used; the same
walk must be the same, whatever that professional was given before (rules.md MI-5 to MI-7, security.md R13, R14).
"""

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.services import Answer, Window
from espace.access.services.passing import codes, counter
from espace.permissions import Standing
from tests.support import build
from tests.support.browser_client import Browser
from tests.support.build import Caregiver, Citizen

from .test_noninterference import masked

BORN = date(2009, 12, 3)


def _nothing(teen: Citizen, doctor: Caregiver, parent: Standing) -> None:
    """They were given nothing."""


def _consent(teen: Citizen, doctor: Caregiver, parent: Standing) -> None:
    build.consent(teen, doctor, Answer.GRANT)


def _asked(teen: Citizen, doctor: Caregiver, parent: Standing) -> None:
    build.consent(teen, doctor)


def _parents_code(teen: Citizen, doctor: Caregiver, parent: Standing) -> None:
    made = codes.make(parent, Window.READ, 20)
    counter.use(doctor.actor, codes.code(parent, made).digits, BORN)


_BEFORE: dict[str, Callable[[Citizen, Caregiver, Standing], None]] = {
    "nothing": _nothing,
    "a consent": _consent,
    "a request": _asked,
    "a parent's code": _parents_code,
}


@pytest.mark.parametrize("opens", list(Window))
@pytest.mark.parametrize("before", _BEFORE)
def test_a_secret_code_shows_in_nothing_a_parent_meets(app: Flask, before: str, opens: Window) -> None:
    access.ensure_matrix()
    mother = build.citizen("Maude", "Fontenay", birth=date(1980, 1, 2))
    teen = build.citizen("Lou", "Fontenay", birth=BORN, parents=[mother])
    doctor = build.caregiver("Belhadj", "Karim")
    build.document(teen.standing(), "Bilan")
    _BEFORE[before](teen, doctor, mother.standing(teen.record_id))
    browser, base = mother.browser(app), f"/dossiers/{teen.record_id}"
    _walk(browser, base, doctor)  # what is told at a first visit only is behind her
    known = _walk(browser, base, doctor)

    made = codes.make(teen.standing(), opens, 1440, secret=True)
    record_id = counter.use(doctor.actor, codes.code(teen.standing(), made).digits, BORN)
    reads = access.standing(doctor.actor, record_id)
    assert reads is not None
    assert reads.is_secret

    assert _walk(browser, base, doctor) == known


def _walk(browser: Browser, base: str, doctor: Caregiver) -> dict[str, object]:
    """Who sees the record, and each page through the professional's eyes."""
    eyes = f"{base}/voir-comme/{doctor.id}"
    listed = browser.get(f"{eyes}/documents", expect=None, follow=False)
    places = [f"{base}/{rest}" for rest in ("", "acces", "acces/code", "acces/urgence", "voir-comme/")]
    places += [eyes, *(f"{eyes}/{rest}" for rest in ("documents", "soins", "deposer", "documents/recherche"))]
    places += [href for href in listed.links.values() if href.startswith(f"{eyes}/documents/")]
    return {place: masked(browser.get(place, expect=None, follow=False), place) for place in places}
