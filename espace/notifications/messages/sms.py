"""What the house writes by SMS: short, and never what it is about (security.md R52)."""

from string import Formatter
from unicodedata import normalize

from . import notices

DEFAULT_LOCALE = "fr"
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØøÅåÆæßÉ !\"#%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜabcdefghijklmnopqrstuvwxyzäöñüà"
)

_TEXTS = {
    "activation-code": {
        "fr": "espace : votre code provisoire est {code}. Il sert une fois, sur le site. Ne le donnez à personne.",
        "en": "espace: your provisional code is {code}. It works once, on the site. Give it to nobody.",
    },
    "code": {
        "fr": "espace : votre code est {code}. Il sert 10 minutes. Ne le donnez à personne.",
        "en": "espace: your code is {code}. It works for 10 minutes. Give it to nobody.",
    },
    "majority-holder": {
        "fr": "espace : le {day}, l'accès de vos parents à votre espace prend fin. Il ne sera plus qu'à vous.",
        "en": "espace: on {day}, your parents' access to your space ends. It will be yours alone.",
    },
    "majority-reached": {
        "fr": "espace : depuis le {day}, vos parents ne voient plus votre espace. Il n'est plus qu'à vous.",
        "en": "espace: since {day}, your parents no longer see your space. It is yours alone.",
    },
}
KEYS = frozenset(_TEXTS) | {event for event in notices.EVENTS if notices.is_told(event)} | {"gathered"}


def values_of(message: str) -> frozenset[str]:
    """The names of the values `message` takes.

    Raises:
        KeyError: when there is no such message.
    """
    if notices.is_told(message):
        return frozenset()
    text = _TEXTS[message][DEFAULT_LOCALE]
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def compose(message: str, locale: str, values: dict[str, str]) -> str:
    """The text of `message` in `locale` (French when there is no other), of at most 160 characters."""
    if notices.is_told(message):
        return _plain(notices.words(message, locale).sms)
    texts = _TEXTS[message]
    return _plain(texts.get(locale, texts[DEFAULT_LOCALE]).format(**values))


def _plain(text: str) -> str:
    """`text` in the alphabet of GSM 03.38: one other letter, as in « août », would make two SMS of one."""
    return "".join(each if each in _GSM else normalize("NFD", each)[0] for each in text)
