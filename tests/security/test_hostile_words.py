"""What people write reaches others as words alone: no sign in it turns, hides or steers what stands around it."""

import unicodedata
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask

from espace.access import services as access
from espace.access.policy import EmergencyMode
from espace.access.services import Answer
from espace.access.services.emergencies.emergency import checked
from espace.access.services.watching import explaining
from espace.documents.services.entries.checks import clean_title
from espace.errors import InvalidError
from espace.family.services.asking.requests import checked_words
from espace.words import N_, one_line, some_lines
from tests.support import build

HOSTILE = (
    "Je ne\x00 vous\x1b[2J connais\u202e \U0001f600 sap\u202c\u2066,\u200b\ufeff <script>alert(1)</script>\r\nSet: =1"
)
PLAIN = "Je ne vous[2J connais \U0001f600 sap, <script>alert(1)</script> Set: =1"


@pytest.mark.parametrize(
    "sign", [chr(code) for code in range(0x3000) if unicodedata.category(chr(code)) in ("Cc", "Cf")]
)
def test_no_sign_that_steers_stays(sign: str) -> None:
    written = one_line(f"a{sign}b")
    assert written in ("ab", "a b")
    assert some_lines(f"a{sign}b") in ("ab", "a b", "a\nb")


def test_lines_stay_and_accents_too() -> None:
    assert some_lines("  Été  chaud\n\n\u202eÀ Noël\u00a0: œuf ") == "Été chaud\n\nÀ Noël : œuf"


@pytest.mark.parametrize(
    "taken",
    [
        lambda words: explaining.checked_words(words, needed=True),
        lambda words: checked(EmergencyMode.BREAK_GLASS, "unconscious", words)[1],
        clean_title,
    ],
)
def test_every_text_for_others_is_taken_so(taken: Callable[[str], str]) -> None:
    assert taken(HOSTILE) == PLAIN


def test_words_that_nobody_sees_are_none() -> None:
    with pytest.raises(InvalidError):
        explaining.checked_words("\u200b\u202e\u2066 ", needed=True)
    with pytest.raises(InvalidError):
        checked_words("\u200b", N_("Write the reason."))


def test_a_contest_in_hostile_words_is_exported_and_read_as_words(app: Flask) -> None:
    access.ensure_matrix()
    holder, doctor = build.citizen("Claire", birth=date(1984, 5, 12)), build.caregiver()
    build.consent(holder, doctor, Answer.GRANT)
    build.document(holder.standing(), "Bilan")
    doctor.browser(app).get(f"/pro/patients/{holder.record_id}/documents")
    browser, base = holder.browser(app), f"/dossiers/{holder.record_id}/historique"
    visit = next(href for href in browser.get(base).links.values() if "/visites/" in href)
    forms = [form for form in browser.get(visit).forms if "wish" in form.names]
    assert PLAIN in browser.submit(forms[0], {"words": HOSTILE}).text
    for kind in ("pdf", "csv"):
        page = browser.get(f"{base}/exporter")
        given = browser.submit(next(form for form in page.forms if "form" in form.names), {"form": kind})
        assert given.response.mimetype == "application/zip"
        assert len(given.response.get_data()) > 1000
