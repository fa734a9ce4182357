"""The words of each event: its name, why one is told, and the message by e-mail and by SMS (security.md R52).

Names and reasons stand on the page of the notifications too: whoever reads there recognises our messages.
"""

from . import accounts, carers, readings, records
from .wording import GO_EN as _GO_EN
from .wording import GO_FR as _GO_FR
from .wording import Words

DEFAULT_LOCALE = "fr"

EVENTS: dict[str, dict[str, Words]] = {**records.EVENTS, **readings.EVENTS, **carers.EVENTS, **accounts.EVENTS}

GATHERED = {
    "fr": Words(
        name="",
        why="Ce message réunit des nouvelles, comme vous l'avez choisi.",
        subject="Du nouveau dans votre espace",
        text="Il y a du nouveau dans votre espace :\n{events}\nPour le lire, connectez-vous sur le site.",
        sms=f"espace : il y a du nouveau. Pour le lire, {_GO_FR}.",
    ),
    "en": Words(
        name="",
        why="This message brings news together, as you chose.",
        subject="Something new in your space",
        text="There is something new in your space:\n{events}\nTo read it, sign in on the site.",
        sms=f"espace: there is something new. To read it, {_GO_EN}.",
    ),
}

_HELLO = {"fr": "Bonjour,", "en": "Hello,"}
_WHY = {"fr": "Pourquoi ce message :", "en": "Why this message:"}
_KEPT = {
    "fr": "Ce message vous protège : il part toujours.",
    "en": "This message protects you: it is always sent.",
}
_CHANGE = {
    "fr": "Pour changer ce choix : sur le site, page « Compte », puis « Notifications ».",
    "en": "To change this choice: on the site, page “Account”, then “Notifications”.",
}
_REASONS = {
    "code": {"fr": "quelqu'un a demandé ce code.", "en": "someone asked for this code."},
    "space": {
        "fr": "quelque chose change pour un espace à votre nom, ou pour un proche.",
        "en": "something changes for a space in your name, or for a relative.",
    },
    "recovery": {
        "fr": "quelqu'un dit avoir perdu l'accès à votre compte.",
        "en": "someone says they lost access to your account.",
    },
    "practice": {
        "fr": "vous êtes un professionnel inscrit à l'annuaire, et cela vous concerne.",
        "en": "you are a professional of the directory, and it concerns you.",
    },
    "office": {"fr": "vous êtes un opérateur de ce site.", "en": "you are an operator of this site."},
}
_REASON_OF = {
    "activation-code": "code",
    "reset-code": "code",
    "recovery-code": "code",
    "email-verification": "code",
    "recovery-asked": "recovery",
    "recovery-reminder": "recovery",
    "recovery-cancelled": "recovery",
    "operator-invitation": "office",
    "operators-changed": "office",
    "counter-limit": "office",
    "abuse-alert": "office",
    "abuse-alerts": "office",
    "emergency-waits": "office",
    "emergencies-wait": "office",
    "contest-waits": "office",
    "practice-emergency": "practice",
    "practice-explanation": "practice",
    "practice-stopped": "practice",
    "practice-restored": "practice",
}
_FREE = frozenset(
    {
        "new-document",
        "new-message",
        "unread-message",
        "failed-message",
        "access-asked",
        "first-access",
        "linked-news",
        "gathered",
        "carer-first-act",
        "carer-ending",
        "carer-receipt",
        "counter-code",
        "share-opened",
        "guest-file",
        "visit-answer",
        "visit-question",
        "week-of-visits",
    }
)


def reason(message: str, locale: str) -> str:
    """Why a message that is no event's came: the end of its e-mail. Nobody can switch such a message off."""
    why = _REASONS[_REASON_OF.get(message, "space")][locale]
    return f"{_WHY[locale]} {why} {_KEPT[locale]}"


def words(event: str, locale: str) -> Words:
    """The words of an event, or of the message that gathers several (`gathered`).

    Raises:
        KeyError: when there is no such event.
    """
    spoken = GATHERED if event == "gathered" else EVENTS[event]
    return spoken.get(locale, spoken[DEFAULT_LOCALE])


def is_told(message: str) -> bool:
    """Whether a message is that of an event, with its own words here."""
    return message == "gathered" or (message in EVENTS and bool(EVENTS[message][DEFAULT_LOCALE].text))


def compose_mail(message: str, locale: str, events: str = "") -> tuple[str, str]:
    """Subject and text of an event's e-mail: it ends with why it came, and where to change that.

    `events` are the words of the events gathered, with commas between.

    Raises:
        KeyError: when one is no event: nothing but the names of events goes into a gathered message.
    """
    spoken = locale if locale in _HELLO else DEFAULT_LOCALE
    said = words(message, spoken)
    listed = "\n".join(f"- {words(event, spoken).name}" for event in events.split(",") if event)
    text = said.text.format(events=listed)
    end = _CHANGE[spoken] if message in _FREE else _KEPT[spoken]
    if message == "trial":
        end = ""
    return said.subject, f"{_HELLO[spoken]}\n\n{text}\n\n{_WHY[spoken]}\n{said.why}\n{end}".rstrip()
