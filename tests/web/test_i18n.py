"""Languages are chosen as people expect; dates and sizes are words, and Babel's where Babel has them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest
from babel.dates import format_date
from flask import Flask, g
from hypothesis import given
from hypothesis import strategies as st

from espace.permissions import Actor, ActorKind
from espace.web import i18n

MakeApp = Callable[..., Flask]
CLAIRE = Actor(ActorKind.PATIENT, uuid4(), "Claire Fontenay", uuid4())


def _speak(app: Flask, code: str) -> None:
    g.language = code


@pytest.mark.parametrize(
    ("cookie", "asked", "account", "spoken"),
    [
        (None, None, None, "fr"),
        (None, "de-DE,de;q=0.9", None, "fr"),
        (None, "en-GB,en;q=0.9,fr;q=0.5", None, "en"),
        (None, "fr-CA", None, "fr"),
        ("en", "fr", None, "en"),
        ("xx", "en", None, "en"),
        ("en", "en", "fr", "fr"),
        ("fr", "fr", "en", "en"),
        ("fr", "fr", "tlh", "fr"),
    ],
)
def test_the_account_decides_then_the_cookie_then_the_browser(
    make_app: MakeApp, cookie: str | None, asked: str | None, account: str | None, spoken: str
) -> None:
    actor = replace(CLAIRE, locale=account) if account else None
    client = make_app(i18n.language, actor=actor).test_client()
    client.set_cookie("espace", "a token")
    if cookie:
        client.set_cookie(i18n.COOKIE, cookie)
    assert client.get("/act", headers={"Accept-Language": asked} if asked else {}).text == spoken


@given(day=st.dates(date(1900, 1, 1), date(2100, 12, 31)), code=st.sampled_from(i18n.LANGUAGES))
def test_days_are_babels_words_but_for_the_first_of_a_french_month(day: date, code: str) -> None:
    app = Flask("words")
    with app.test_request_context():
        _speak(app, code)
        pattern = "EEEE d MMMM" if day.year == 2026 else "EEEE d MMMM y"
        words = format_date(day, pattern, locale=code)
        if code == "fr" and day.day == 1:
            words = words.replace(" 1 ", " 1er ")
        assert i18n.day(day) == words
        assert i18n.day_numeric(day) == format_date(day, "dd/MM/y", locale="fr")
        assert i18n.full_day(day).replace("1er ", "1 ") == format_date(day, "d MMMM y", locale=code)


@pytest.mark.parametrize(
    ("at", "fr", "en"),
    [
        (datetime(2026, 11, 23, 13, 2, tzinfo=UTC), "aujourd'hui à 14 h 02", "today at 2:02 PM"),
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "aujourd'hui à 0 h 30", "today at 12:30 AM"),
        (datetime(2026, 11, 22, 8, 0, tzinfo=UTC), "hier à 9 h", "yesterday at 9:00 AM"),
        (datetime(2026, 11, 17, 13, 2, tzinfo=UTC), "mardi 17 novembre à 14 h 02", "Tuesday 17 November at 2:02 PM"),
        (datetime(2025, 7, 1, 6, 5, tzinfo=UTC), "mardi 1er juillet 2025 à 8 h 05", "Tuesday 1 July 2025 at 8:05 AM"),
    ],
)
def test_instants_are_told_in_the_readers_zone_and_words(at: datetime, fr: str, en: str) -> None:
    app = Flask("words")
    for code, words in (("fr", fr), ("en", en)):
        with app.test_request_context():
            _speak(app, code)
            assert " ".join(i18n.instant(at).split()) == words


@pytest.mark.parametrize(
    ("said", "bound"),
    [
        ("Dr Hélène Morvan et Mme Odile Marchetti", "Dr\u00a0Hélène Morvan et Mme\u00a0Odile Marchetti"),
        ("M. Luc Perrin, Pr Anne Roy", "M.\u00a0Luc Perrin, Pr\u00a0Anne Roy"),
        ("Andr Me", "Andr Me"),
        ("", ""),
    ],
)
def test_a_title_never_ends_a_line_without_its_name(said: str, bound: str) -> None:
    assert i18n.bound(said) == bound


@pytest.mark.parametrize(
    ("name", "fr"),
    [
        ("Inès", "Le dossier d'Inès"),
        ("Élodie Roux", "Le dossier d'Élodie Roux"),
        ("Yves", "Le dossier d'Yves"),
        ("Yann", "Le dossier de Yann"),
        ("Hugo", "Le dossier de Hugo"),
        ("Jules", "Le dossier de Jules"),
        ("A (b) .*", "Le dossier d'A (b) .*"),
        ("<i>", "Le dossier de <i>"),
        ("O'Hara", "Le dossier d'O'Hara"),
    ],
)
def test_a_name_with_a_vowel_is_elided_in_french_only(make_app: MakeApp, name: str, fr: str) -> None:
    app = make_app(lambda: "")
    for code, words in (("fr", fr), ("en", f"The record of {name}")):
        with app.test_request_context():
            _speak(app, code)
            template = app.jinja_env.from_string(
                '{% autoescape true %}{{ _("The record of %(name)s", name=name) }}{% endautoescape %}'
            )
            assert unescape(template.render(name=name)) == words


@pytest.mark.parametrize(
    ("octets", "fr", "en"),
    [
        (0, "0 o", "0 B"),
        (999, "999 o", "999 B"),
        (1_000, "1 ko", "1 kB"),
        (2_140, "2,1 ko", "2.1 kB"),
        (84_200, "84 ko", "84 kB"),
        (999_600, "1 Mo", "1 MB"),
        (2_100_000, "2,1 Mo", "2.1 MB"),
        (25_000_000, "25 Mo", "25 MB"),
        (7_300_000_000, "7,3 Go", "7.3 GB"),
    ],
)
def test_sizes_are_decimal_with_a_space_that_does_not_break(octets: int, fr: str, en: str) -> None:
    app = Flask("words")
    for code, words in (("fr", fr), ("en", en)):
        with app.test_request_context():
            _speak(app, code)
            assert i18n.size(octets) == words.replace(" ", "\u00a0")


def test_a_birth_date_with_unknown_parts_is_shown_as_it_stands() -> None:
    assert i18n.birth("1938-00-00") == "00/00/1938"
    assert i18n.birth("1988-03-14") == "14/03/1988"


def test_the_title_of_a_days_list_starts_with_a_capital(make_app: MakeApp) -> None:
    today = date(2026, 11, 23)
    app = make_app(lambda: "|".join(i18n.near_day(today - timedelta(days)) for days in (0, 1, 6)))
    assert app.test_client().get("/act").text == "Aujourd&#39;hui|Hier|Mardi 17 novembre".replace("&#39;", "'")
