"""What the house writes by e-mail: that something happened, never what, from whom or about whom (security.md R52)."""

from dataclasses import dataclass

DEFAULT_LOCALE = "fr"


@dataclass(frozen=True, slots=True)
class Template:
    """Subject and text of one message in one language; `{site}` is the address of the house."""

    subject: str
    text: str


_SIGNATURE = {
    "fr": "\n\nespace\n{site}\n\nCe message est automatique : personne ne lit les réponses.\n",
    "en": "\n\nespace\n{site}\n\nThis message is automatic: nobody reads answers to it.\n",
}

_TEMPLATES = {
    "activation-code": {
        "fr": Template(
            "Votre code provisoire",
            "Bonjour,\n\nVotre code provisoire : {code}\n\n"
            "Il sert une seule fois, pour activer votre espace. Pour cela, allez vous-même sur le site.\n"
            "Vous n'avez rien demandé ? Vous pouvez ignorer ce message.",
        ),
        "en": Template(
            "Your provisional code",
            "Hello,\n\nYour provisional code: {code}\n\n"
            "It works once, to activate your space. To do so, go to the site yourself.\n"
            "You asked for nothing? You can ignore this message.",
        ),
    },
    "space-active": {
        "fr": Template(
            "Votre espace est actif",
            "Bonjour,\n\nVotre espace est actif. Pour y entrer, connectez-vous sur le site.\n"
            "Gardez vos codes de secours loin de votre téléphone.\n"
            "Vous n'avez rien activé ? Demandez de l'aide sur le site, à la page « Aide ».",
        ),
        "en": Template(
            "Your space is active",
            "Hello,\n\nYour space is active. To enter it, sign in on the site.\n"
            "Keep your recovery codes away from your phone.\n"
            "You activated nothing? Ask for help on the site, on the page “Help”.",
        ),
    },
    "email-verification": {
        "fr": Template(
            "Votre code de vérification",
            "Bonjour,\n\nVotre code de vérification : {code}\n\n"
            "Il reste valable 10 minutes. Ne le donnez à personne : nous ne vous le demanderons jamais.\n"
            "Vous n'avez rien demandé ? Vous pouvez ignorer ce message.",
        ),
        "en": Template(
            "Your verification code",
            "Hello,\n\nYour verification code: {code}\n\n"
            "It is valid for 10 minutes. Give it to nobody: we will never ask you for it.\n"
            "You asked for nothing? You can ignore this message.",
        ),
    },
    "new-document": {
        "fr": Template(
            "Du nouveau dans votre espace",
            "Bonjour,\n\nUn nouveau document vous attend dans votre espace.\nPour le lire, connectez-vous sur le site.",
        ),
        "en": Template(
            "Something new in your space",
            "Hello,\n\nA new document awaits you in your space.\nTo read it, sign in on the site.",
        ),
    },
    "consent-asked": {
        "fr": Template(
            "Une demande vous attend",
            "Bonjour,\n\nUne demande d'accès vous attend dans votre espace.\n"
            "Rien ne s'ouvre sans votre accord. Pour répondre, connectez-vous sur le site.",
        ),
        "en": Template(
            "A request awaits you",
            "Hello,\n\nA request for access awaits you in your space.\n"
            "Nothing opens unless you agree. To answer, sign in on the site.",
        ),
    },
    "sign-in-new-device": {
        "fr": Template(
            "Connexion depuis un nouvel appareil",
            "Bonjour,\n\nQuelqu'un vient de se connecter à votre espace depuis un nouvel appareil.\n"
            "C'était vous ? Il n'y a rien à faire.\n"
            "Ce n'était pas vous ? Connectez-vous sur le site et déconnectez cet appareil, dans « Compte ».",
        ),
        "en": Template(
            "Sign-in from a new device",
            "Hello,\n\nSomeone has just signed in to your space from a new device.\n"
            "Was it you? There is nothing to do.\n"
            "It was not you? Sign in on the site and sign that device out, under “Account”.",
        ),
    },
}

KEYS = frozenset(_TEMPLATES)
LOCALES = frozenset(_SIGNATURE)
# The only fact that may enter a message: a one-time code the person asked for.
_WITH_CODE = frozenset({"activation-code", "email-verification"})


def values_of(message: str) -> frozenset[str]:
    """The names of the values `message` takes.

    Raises:
        KeyError: when there is no such message.
    """
    if message not in KEYS:
        raise KeyError(message)
    return frozenset({"code"}) if message in _WITH_CODE else frozenset()


def compose(message: str, locale: str, site: str, values: dict[str, str]) -> tuple[str, str]:
    """Subject and text of `message` in `locale` (French when there is no other)."""
    language = locale if locale in LOCALES else DEFAULT_LOCALE
    template = _TEMPLATES[message][language]
    return template.subject, (template.text + _SIGNATURE[language]).format(site=site, **values)
