"""Every text of every message, in both languages and by both channels: that something happened, never what (R52)."""

import re
from datetime import timedelta

import pytest

from espace.notifications.messages import mails, notices, sms
from espace.notifications.services import FREE, PROTECTIVE, Event, notify, send_mail
from espace.outbox import work
from tests.support.clock import FakeClock

from .conftest import EMAIL, Member
from .gateway import Gateway
from .mailserver import MailServer

LOCALES = ("fr", "en")
TELLING = (
    *("claire", "fontenay", "morvan", "hélène", "tilleuls"),
    *("cardio", "médecin", "doctor", "pharmac", "infirm", "nurse", "hôpital", "hospital", "laborato", "dentist"),
    *("ordonnance", "prescription", "compte rendu", "analyse", "résultat", "result", "vaccin", "grossesse"),
    *("enfant", "child", "fils", "fille", "mère", "père", "décès", "death", "héritier", "heir"),
)
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
LONGEST = {"code": "K7PM 2RXD", "day": "30 août 2027", "opens": "30 septembre 2027", "until": "30 septembre 2027"}


def sms_texts() -> list[tuple[str, str]]:
    """(message and language, text) of every SMS."""
    return [
        (f"{message}-{locale}", sms.compose(message, locale, {name: LONGEST[name] for name in sms.values_of(message)}))
        for message in sorted(sms.KEYS)
        for locale in LOCALES
    ]


@pytest.mark.parametrize(("name", "text"), sms_texts())
def test_an_sms_is_one_sms_without_a_link(name: str, text: str) -> None:
    assert 0 < len(text) <= 160, name
    assert set(text) <= GSM, set(text) - GSM
    assert not re.search(r"https?:|www\.|\.fr\b|\.com\b|{|}|!", text)
    assert text.startswith("espace")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("event", [event.value for event in Event if event is not Event.CODE] + ["gathered"])
def test_an_event_tells_nobody_what_it_was(event: str, locale: str) -> None:
    words = notices.words(event, locale)
    said = f"{words.subject} {words.text} {words.sms} {words.name} {words.why}".lower()
    assert not [word for word in TELLING if word in said]
    assert "{" not in said.replace("{events}", "")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("event", [event.value for event in (*FREE, *PROTECTIVE, Event.TRIAL)] + ["gathered"])
def test_each_mail_ends_with_why_it_came_and_where_to_change_that(event: str, locale: str) -> None:
    values = dict.fromkeys(mails.values_of(event), "new-document")
    _, text = mails.compose(event, locale, "https://espace.example", values)
    reason = {"fr": "Pourquoi ce message", "en": "Why this message"}[locale]
    assert text.index(reason) < text.index(notices.words(event, locale).why)
    change = {"fr": "Pour changer ce choix", "en": "To change this choice"}[locale]
    kept = {"fr": "Ce message vous protège", "en": "This message protects you"}[locale]
    is_free = event == "gathered" or event in FREE
    assert (change in text) is is_free
    assert (kept in text) is (event in PROTECTIVE)


@pytest.mark.parametrize("locale", LOCALES)
def test_sentences_are_short_and_calm(locale: str) -> None:
    for event in notices.EVENTS:
        words = notices.words(event, locale)
        for text in (words.why, words.text, words.sms, words.subject):
            sentences = re.split(r"[.?:\n]", text)
            assert all(len(one.split()) <= 22 for one in sentences), (event, text)
            assert "!" not in text


def test_every_event_has_its_words_in_both_languages() -> None:
    assert notices.EVENTS.keys() == {event.value for event in Event}
    assert all(set(spoken) == set(LOCALES) for spoken in notices.EVENTS.values())
    for spoken in notices.EVENTS.values():
        assert spoken["fr"].why != spoken["en"].why


@pytest.mark.parametrize("message", sorted(mails.KEYS - notices.EVENTS.keys() - {"gathered"}))
@pytest.mark.parametrize("locale", LOCALES)
def test_every_other_mail_says_why_it_came_too(message: str, locale: str) -> None:
    _, text = mails.compose(message, locale, "https://espace.example", dict.fromkeys(mails.values_of(message), "x"))
    end = text[text.index({"fr": "Pourquoi ce message", "en": "Why this message"}[locale]) :]
    assert {"fr": "Ce message vous protège", "en": "This message protects you"}[locale] in end
    assert end.count("espace.example") == 1


CANARIES = ("CANARY-NAME", "CANARY-TITLE", "CANARY-DOCTOR")


@pytest.mark.parametrize("event", [event for event in Event if event is not Event.CODE])
def test_what_leaves_the_house_carries_no_word_of_a_person(
    claire: Member, event: Event, server: MailServer, gateway: Gateway, clock: FakeClock
) -> None:
    reach = claire.reach
    notify(reach, event)
    if event is Event.WEEK_OF_VISITS:
        clock.advance(timedelta(days=7))  # its day and hour have come
    work()
    (envelope,) = server.envelopes
    raw = envelope.content.decode("ascii")
    links = re.findall(r"https?:[^\s]+", server.letters[0].get_content())
    assert links == ["http://localhost:8000"], "no link but the site's own door, and nothing signed in it"
    assert str(reach.subject_id) not in raw + str(gateway.asked)
    assert EMAIL in raw
    assert EMAIL not in str(gateway.asked)


def test_no_word_of_a_person_can_be_put_into_an_event(claire: Member) -> None:
    for canary in CANARIES:
        for event in (*FREE, *PROTECTIVE):
            with pytest.raises(ValueError, match="other values"):
                send_mail(EMAIL, "fr", event.value, title=canary)
