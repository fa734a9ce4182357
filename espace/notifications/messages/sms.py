"""What the house writes by SMS: short, and never what it is about (security.md R52)."""

from . import notices

DEFAULT_LOCALE = "fr"

_TEXTS = {
    "activation-code": {
        "fr": "espace : votre code provisoire est {code}. Il sert une fois, sur le site. Ne le donnez à personne.",
        "en": "espace: your provisional code is {code}. It works once, on the site. Give it to nobody.",
    },
    "code": {
        "fr": "espace : votre code est {code}. Il sert 10 minutes. Ne le donnez à personne.",
        "en": "espace: your code is {code}. It works for 10 minutes. Give it to nobody.",
    },
}
_WITH_CODE = frozenset({"activation-code", "code"})
KEYS = frozenset(_TEXTS) | {event for event in notices.EVENTS if notices.is_told(event)} | {"gathered"}


def values_of(message: str) -> frozenset[str]:
    """The names of the values `message` takes.

    Raises:
        KeyError: when there is no such message.
    """
    if notices.is_told(message):
        return frozenset()
    if message not in _TEXTS:
        raise KeyError(message)
    return frozenset({"code"}) if message in _WITH_CODE else frozenset()


def compose(message: str, locale: str, values: dict[str, str]) -> str:
    """The text of `message` in `locale` (French when there is no other)."""
    if notices.is_told(message):
        return notices.words(message, locale).sms
    texts = _TEXTS[message]
    return texts.get(locale, texts[DEFAULT_LOCALE]).format(**values)
