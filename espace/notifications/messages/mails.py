"""What the house writes by e-mail: that something happened, never what, from whom or about whom (security.md R52)."""

from string import Formatter

from . import account_mails, family_mails, notices, work_mails

DEFAULT_LOCALE = "fr"


_SIGNATURE = {
    "fr": "\n\nespace\n{site}\n\nCe message est automatique : personne ne lit les réponses.\n",
    "en": "\n\nespace\n{site}\n\nThis message is automatic: nobody reads answers to it.\n",
}

_TEMPLATES = {**account_mails.TEMPLATES, **family_mails.TEMPLATES, **work_mails.TEMPLATES}

KEYS = frozenset(_TEMPLATES) | {event for event in notices.EVENTS if notices.is_told(event)} | {"gathered"}
LOCALES = frozenset(_SIGNATURE)


def values_of(message: str) -> frozenset[str]:
    """The names of the values `message` takes: a one-time code, or the day on which something begins or ends.

    Raises:
        KeyError: when there is no such message.
    """
    if notices.is_told(message):
        return frozenset({"events"}) if message == "gathered" else frozenset()
    text = _TEMPLATES[message][DEFAULT_LOCALE].text
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name) - {"site"}


def compose(message: str, locale: str, site: str, values: dict[str, str]) -> tuple[str, str]:
    """Subject and text of `message` in `locale` (French when there is no other)."""
    language = locale if locale in LOCALES else DEFAULT_LOCALE
    if notices.is_told(message):
        subject, text = notices.compose_mail(message, language, **values)
        return subject, text + _SIGNATURE[language].format(site=site)
    template = _TEMPLATES[message][language]
    text = f"{template.text}\n\n{notices.reason(message, language)}{_SIGNATURE[language]}"
    return template.subject, text.format(site=site, **values)
