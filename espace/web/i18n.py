"""Languages, and dates and sizes in words: bound once per request, cached, equal to Babel where Babel has a word.

French is the default. A signed-in person's language is their account's; a visitor's is the cookie `langue`, else
what the browser asks for, as far as it is French or English.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any

import babel
from babel.dates import format_date, format_time
from babel.numbers import format_currency
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, Domain
from jinja2 import pass_context
from markupsafe import escape

from espace import clock

from .guards import current_actor

LANGUAGES = ("fr", "en")
COOKIE = "langue"
_ROOT = Path(__file__).resolve().parent.parent
_SPACE = "\u00a0"


def catalogue_folder() -> Path:
    """Where the compiled catalogues are: inside the installed package, else in the checkout beside it."""
    installed = _ROOT / "translations"
    return installed if installed.is_dir() else _ROOT.parent / "translations"


@lru_cache
def _catalogue(code: str) -> NullTranslations:
    return Translations.load(catalogue_folder(), [code])


def language() -> str:
    """The language of this request (`fr` or `en`), decided once; `fr` outside a request."""
    if not has_request_context():
        return LANGUAGES[0]
    found: str | None = g.get("language")
    if found is None:
        actor = current_actor()
        found = g.language = actor.locale if actor and actor.locale in LANGUAGES else visitor_language()
    return found


def visitor_language() -> str:
    """What an unknown visitor prefers, told by the cookie or the browser."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def install(app: Flask) -> None:
    """Give `app` its catalogues, and its templates `_`, `ngettext`, `language()` and the words for dates and sizes."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(catalogue_folder())
    words = Babel(
        app,
        default_locale=LANGUAGES[0],
        default_timezone=clock.HOME_ZONE.key,
        locale_selector=language,
        timezone_selector=lambda: clock.HOME_ZONE.key,
    )
    words.domain_instance = _Words()
    # Templates translate through the request's catalogue directly: some thirty times cheaper than asking each time.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # added by jinja2.ext.i18n
        gettext=lambda text: _catalogue(language()).ugettext(text),
        ngettext=lambda one, many, number: _catalogue(language()).ungettext(one, many, number),
        pgettext=lambda context, text: _catalogue(language()).upgettext(context, text),
        npgettext=lambda context, one, many, number: _catalogue(language()).unpgettext(context, one, many, number),
        newstyle=True,
    )
    app.jinja_env.globals["gettext"] = _eliding(app.jinja_env.globals["gettext"])
    app.jinja_env.globals["_"] = app.jinja_env.globals["gettext"]  # not through the alias, which looks it up each time
    app.jinja_env.globals.update(language=language, today=clock.today)
    app.jinja_env.filters.update(
        day=day,
        near_day=near_day,
        full_day=full_day,
        day_numeric=day_numeric,
        birth=birth,
        moment=moment,
        at_moment=at_moment,
        instant=instant,
        size=size,
        month=month,
        euros=euros,
        bound=bound,
    )


def bound(name: str) -> str:
    """A name, or a sentence with names, in which `Dr` never stands alone at the end of a line."""
    return _TITLE.sub("\\1" + _SPACE, name)


class _Words(Domain):  # type: ignore[misc]  # flask-babel carries no types
    """What views say, in the catalogue that templates use: not looked for again at each sentence."""

    def get_translations(self) -> NullTranslations:
        """The catalogue of this request."""
        return _catalogue(language())


def elide(said: str, *names: Any) -> str:
    """A French sentence in which « de Inès » reads « d'Inès »; other languages are left alone.

    An h is left as it is: usage differs from name to name, and « de Hugo » is never wrong.
    """
    if language() != "fr":
        return said
    for name in names:
        if isinstance(name, str) and _VOWEL.match(name):
            shown = escape(name) if hasattr(said, "__html__") else name
            said = said.replace(f" de {shown}", " d'" + shown)
    return said


def _eliding(translate: Any) -> Callable[..., str]:
    @pass_context
    @wraps(translate)
    def gettext(context: Any, text: str, /, **values: Any) -> str:
        said: str = translate(context, text, **values)
        return elide(said, *values.values()) if values else said

    return gettext


def local(at: datetime) -> datetime:
    """An instant as the clock on the wall shows it."""
    return at.astimezone(clock.HOME_ZONE)


def day(value: date | datetime) -> str:
    """« mardi 17 novembre », with the year when it is not this one."""
    return _day(_civil(value), language(), clock.today().year)


def full_day(value: date | datetime | str) -> str:
    """« 17 novembre 2026 »: no weekday, the year always; for births and prints. A text is an ISO date."""
    if isinstance(value, str):
        value = date.fromisoformat(value)
    return _date(_civil(value), language(), "d MMMM y")


def day_numeric(value: date | datetime) -> str:
    """17/11/2026, for professionals."""
    return _date(_civil(value), "fr", "dd/MM/y")


def birth(value: date | str) -> str:
    """A birth date in digits; a text is an ISO date, whose unknown parts may be 00."""
    if isinstance(value, str):
        return "/".join(reversed(value.split("-")))
    return day_numeric(value)


def moment(at: datetime) -> str:
    """« 14 h 02 »."""
    at = local(at)
    return _time(at.hour, at.minute, language())


def at_moment(at: datetime) -> str:
    """« À 14 h 02 », alone on its line."""
    word = _AT[language()]
    return f"{word[0].upper()}{word[1:]} {moment(at)}"


def instant(at: datetime) -> str:
    """« mardi 17 novembre à 14 h 02 »; today and yesterday are said so."""
    return instants([at])[0]


def instants(values: Iterable[datetime]) -> list[str]:
    """`instant` of each of a list's rows: language and today are asked for once."""
    code, today = language(), clock.today()
    return [_instant(local(at), code, today) for at in values]


def _instant(at: datetime, code: str, today: date) -> str:
    words = _NEAR[code].get((today - at.date()).days) or _day(at.date(), code, today.year)
    return f"{words} {_AT[code]} {_time(at.hour, at.minute, code)}"


def near_day(value: date | datetime) -> str:
    """« Aujourd'hui », « Hier », else the day with a capital: the title of a day's list."""
    return near_days([_civil(value)])[0]


def near_days(values: Iterable[date]) -> list[str]:
    """`near_day` of each of a list's days: language and today are asked for once."""
    code, today = language(), clock.today()
    return [_near_day(value, code, today) for value in values]


def size(octets: int) -> str:
    """« 84 ko », « 2,1 Mo »: decimal units, one decimal below ten."""
    return _size(octets, language())


def month(value: date) -> str:
    """« Novembre 2026 », the title of a month's list."""
    words = _date(value, language(), "MMMM y")
    return words[0].upper() + words[1:]


def month_short(value: date) -> str:
    """« nov. », above the number of a day."""
    return _date(value, language(), "MMM")


def euros(cents: int) -> str:
    """« 26,50 € »."""
    return _euros(cents, language())


_TITLE = re.compile(r"\b(Dr|Pr|Mme|Mlle|Me|M\.) (?=\S)")
_VOWEL = re.compile(r"[aeiouœæàâäéèêëîïôöùûü]|y[^aeiou]", re.IGNORECASE)
_NEAR = {"fr": {0: "aujourd'hui", 1: "hier"}, "en": {0: "today", 1: "yesterday"}}
_AT = {"fr": "à", "en": "at"}


def _civil(value: date | datetime) -> date:
    return local(value).date() if isinstance(value, datetime) else value


@lru_cache(4096)
def _euros(cents: int, code: str) -> str:
    return format_currency(Decimal(cents) / 100, "EUR", locale=code)


@lru_cache(4096)
def _near_day(value: date, code: str, today: date) -> str:
    words = _NEAR[code].get((today - value).days) or _day(value, code, today.year)
    return words[0].upper() + words[1:]


@lru_cache(4096)
def _day(value: date, code: str, this_year: int) -> str:
    words = _date(value, code, "EEEE d MMMM" if value.year == this_year else "EEEE d MMMM y")
    return words.replace(" 1 ", " 1er ", 1) if code == "fr" else words


@lru_cache(4096)
def _date(value: date, code: str, pattern: str) -> str:
    words = format_date(value, pattern, locale=babel.Locale(code))
    return "1er" + words[1:] if code == "fr" and pattern == "d MMMM y" and words.startswith("1 ") else words


@lru_cache(1440 * 2)
def _time(hour: int, minute: int, code: str) -> str:
    if code == "fr":
        return f"{hour}{_SPACE}h{_SPACE}{minute:02}" if minute else f"{hour}{_SPACE}h"
    return format_time(datetime(2000, 1, 1, hour, minute), "short", locale=babel.Locale(code))  # noqa: DTZ001


@lru_cache(1024)
def _size(octets: int, code: str) -> str:
    units: dict[str, tuple[str, ...]] = {"fr": ("o", "ko", "Mo", "Go"), "en": ("B", "kB", "MB", "GB")}
    number: float = octets
    step = 0
    while number >= 999.5 and step < 3:
        number, step = number / 1000, step + 1
    text = f"{number:.1f}" if step and number < 9.95 else f"{number:.0f}"
    text = text.removesuffix(".0")
    return f"{text.replace('.', ',') if code == 'fr' else text}{_SPACE}{units[code][step]}"
