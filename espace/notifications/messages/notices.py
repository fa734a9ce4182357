"""The words of each event: its name, why one is told, and the message by e-mail and by SMS (security.md R52).

Names and reasons stand on the page of the notifications too: whoever reads there recognises our messages.
"""

from . import carers
from .wording import GO_EN as _GO_EN
from .wording import GO_FR as _GO_FR
from .wording import Words

DEFAULT_LOCALE = "fr"

EVENTS: dict[str, dict[str, Words]] = {
    "new-document": {
        "fr": Words(
            name="Un nouveau document",
            why="Ce message part quand un document arrive dans votre espace.",
            subject="Du nouveau dans votre espace",
            text="Un nouveau document vous attend dans votre espace.\nPour le lire, connectez-vous sur le site.",
            sms=f"espace : du nouveau vous attend. Pour le lire, {_GO_FR}.",
        ),
        "en": Words(
            name="A new document",
            why="This message is sent when a document arrives in your space.",
            subject="Something new in your space",
            text="A new document awaits you in your space.\nTo read it, sign in on the site.",
            sms=f"espace: something new awaits you. To read it, {_GO_EN}.",
        ),
    },
    "access-asked": {
        "fr": Words(
            name="Une demande d'accès",
            why="Ce message part quand quelqu'un demande à lire votre espace, ou un espace que vous gérez.",
            subject="Une demande vous attend",
            text="Une demande d'accès vous attend dans votre espace.\n"
            "Rien ne s'ouvre sans votre accord. Pour répondre, connectez-vous sur le site.",
            sms=f"espace : une demande vous attend. Rien ne s'ouvre sans votre accord. Pour répondre, {_GO_FR}.",
        ),
        "en": Words(
            name="A request for access",
            why="This message is sent when someone asks to read your space, or a space you manage.",
            subject="A request awaits you",
            text="A request for access awaits you in your space.\n"
            "Nothing opens unless you agree. To answer, sign in on the site.",
            sms=f"espace: a request awaits you. Nothing opens unless you agree. To answer, {_GO_EN}.",
        ),
    },
    "first-access": {
        "fr": Words(
            name="Une première lecture",
            why="Ce message part quand un professionnel lit pour la première fois votre espace, "
            "ou un espace que vous gérez.",
            subject="Une première lecture dans votre espace",
            text="Quelqu'un vient de lire votre espace, ou un espace que vous gérez, pour la première fois.\n"
            "Cette personne en avait le droit.\n"
            "Pour savoir qui, ou pour reprendre cet accès, connectez-vous sur le site.",
            sms=f"espace : une première lecture a eu lieu. Pour savoir qui, {_GO_FR}.",
        ),
        "en": Words(
            name="A first reading",
            why="This message is sent when a professional reads your space, or a space you manage, for the first time.",
            subject="A first reading in your space",
            text="Someone has just read your space, or a space you manage, for the first time.\n"
            "They had the right to. To know who, or to take this access back, sign in on the site.",
            sms=f"espace: a first reading took place. To know who, {_GO_EN}.",
        ),
    },
    "consent-collected": {
        "fr": Words(
            name="Un accord noté par un professionnel",
            why="Ce message part quand un professionnel note que vous acceptez qu'on lise votre espace, "
            "ou un espace que vous gérez.",
            subject="Un accord a été noté dans votre espace",
            text="Un professionnel vient de noter un accord de vive voix, par téléphone ou par écrit.\n"
            "Il ouvre un espace, le vôtre ou un espace que vous gérez.\n"
            "Pour savoir à qui, ou pour l'annuler d'un geste, connectez-vous sur le site.",
            sms=f"espace : un professionnel a noté votre accord. Pour savoir qui, ou pour l'annuler, {_GO_FR}.",
        ),
        "en": Words(
            name="A consent written down by a professional",
            why="This message is sent when a professional writes down that you agree to have your space read, "
            "or a space you manage.",
            subject="A consent was written down in your space",
            text="A professional has just written down a consent given in words, by telephone or on paper.\n"
            "It opens a space, yours or one you manage.\n"
            "To know to whom, or to undo it with one press, sign in on the site.",
            sms=f"espace: a professional wrote down your consent. To know who, or to undo it, {_GO_EN}.",
        ),
    },
    "emergency-access": {
        "fr": Words(
            name="Une ouverture en urgence",
            why="Ce message part quand votre espace, ou un espace que vous gérez, est ouvert en urgence.",
            subject="Une ouverture en urgence",
            text="Un espace, le vôtre ou un espace que vous gérez, vient d'être ouvert en urgence.\n"
            "Elle se referme seule.\n"
            "Pour savoir qui l'a fait et pourquoi, connectez-vous sur le site.",
            sms=f"espace : une ouverture en urgence a eu lieu. Pour savoir qui et pourquoi, {_GO_FR}.",
        ),
        "en": Words(
            name="An opening in an emergency",
            why="This message is sent when your space, or a space you manage, is opened in an emergency.",
            subject="An opening in an emergency",
            text="A space, yours or one you manage, has just been opened in an emergency.\n"
            "It closes by itself.\n"
            "To know who did it and why, sign in on the site.",
            sms=f"espace: an opening in an emergency took place. To know who and why, {_GO_EN}.",
        ),
    },
    "visit-answer": {
        "fr": Words(
            name="Une réponse sur une visite",
            why="Ce message part quand on vous répond au sujet d'une visite de votre espace, "
            "ou d'un espace que vous gérez.",
            subject="Une réponse vous attend",
            text="Vous aviez posé une question sur une visite. Il y a du nouveau.\n"
            "Pour le lire, connectez-vous sur le site, page « Historique ».",
            sms=f"espace : une réponse vous attend. Pour la lire, {_GO_FR}.",
        ),
        "en": Words(
            name="An answer about a visit",
            why="This message is sent when you are answered about a visit to your space, or to a space you manage.",
            subject="An answer awaits you",
            text="You had asked about a visit. There is something new.\n"
            "To read it, sign in on the site, page “History”.",
            sms=f"espace: an answer awaits you. To read it, {_GO_EN}.",
        ),
    },
    "visit-question": {
        "fr": Words(
            name="Une question sur une de vos visites",
            why="Ce message part quand on vous demande pourquoi vous avez ouvert un espace.",
            subject="Une question vous attend",
            text="On vous demande pourquoi vous avez ouvert un espace.\n"
            "Quelques mots suffisent. Pour répondre, connectez-vous sur le site, page « Compte ».",
            sms=f"espace : une question vous attend. Pour y répondre, {_GO_FR}.",
        ),
        "en": Words(
            name="A question about a visit of yours",
            why="This message is sent when you are asked why you opened a space.",
            subject="A question awaits you",
            text="You are asked why you opened a space.\n"
            "A few words are enough. To answer, sign in on the site, page “Account”.",
            sms=f"espace: a question awaits you. To answer it, {_GO_EN}.",
        ),
    },
    "week-of-visits": {
        "fr": Words(
            name="Les visites de la semaine",
            why="Ce message part une fois par semaine, si quelqu'un a ouvert votre espace ou un espace que vous gérez.",
            subject="Votre historique a du nouveau",
            text="Cette semaine, quelqu'un d'autre que vous a ouvert votre espace, ou un espace que vous gérez.\n"
            "Pour savoir qui, quand et pourquoi, connectez-vous sur le site, page « Historique ».",
            sms=f"espace : votre historique a du nouveau. Pour le lire, {_GO_FR}.",
        ),
        "en": Words(
            name="The visits of the week",
            why="This message is sent once a week, if someone opened your space or a space you manage.",
            subject="There is something new in your history",
            text="This week, someone other than you opened your space, or a space you manage.\n"
            "To know who, when and why, sign in on the site, page “History”.",
            sms=f"espace: there is something new in your history. To read it, {_GO_EN}.",
        ),
    },
    "linked-news": {
        "fr": Words(
            name="Du nouveau pour un proche",
            why="Ce message part quand un document arrive dans un espace que vous gérez pour un proche.",
            subject="Du nouveau dans un espace que vous gérez",
            text="Il y a du nouveau dans un espace que vous gérez pour un proche.\n"
            "Pour le lire, connectez-vous sur le site.",
            sms=f"espace : du nouveau dans un espace que vous gérez. Pour le lire, {_GO_FR}.",
        ),
        "en": Words(
            name="News of a relative",
            why="This message is sent when a document arrives in a space you manage for a relative.",
            subject="Something new in a space you manage",
            text="There is something new in a space you manage for a relative.\nTo read it, sign in on the site.",
            sms=f"espace: something new in a space you manage. To read it, {_GO_EN}.",
        ),
    },
    "counter-code": {
        "fr": Words(
            name="Un code de comptoir utilisé",
            why="Ce message part quand un professionnel utilise un code donné au comptoir.",
            subject="Votre code a été utilisé",
            text="Un professionnel vient d'utiliser un code donné au comptoir.\n"
            "L'accès se ferme tout seul. Un reçu dit ce qui a été lu et déposé.\n"
            "Pour le lire, ou pour fermer tout de suite, connectez-vous sur le site.",
            sms=f"espace : un code de comptoir a été utilisé. Pour savoir par qui, {_GO_FR}.",
        ),
        "en": Words(
            name="A counter code was used",
            why="This message is sent when a professional uses a code given at a counter.",
            subject="Your code was used",
            text="A professional has just used a code given at a counter.\n"
            "The access closes by itself. A receipt says what was read and deposited.\n"
            "To read it, or to close at once, sign in on the site.",
            sms=f"espace: a counter code was used. To know by whom, {_GO_EN}.",
        ),
    },
    "share-opened": {
        "fr": Words(
            name="Un lien de partage ouvert",
            why="Ce message part quand quelqu'un ouvre un lien de partage avec son code.",
            subject="Un lien de partage a été ouvert",
            text="Quelqu'un vient d'ouvrir un lien de partage de votre espace, ou d'un espace que vous gérez.\n"
            "Cette personne avait le lien et son code.\n"
            "Pour savoir ce qu'elle a ouvert, ou pour fermer le lien, connectez-vous sur le site.",
            sms=f"espace : un lien de partage a été ouvert. Pour en savoir plus, {_GO_FR}.",
        ),
        "en": Words(
            name="A share link was opened",
            why="This message is sent when someone opens a share link with its code.",
            subject="A share link was opened",
            text="Someone has just opened a share link of your space, or of a space you manage.\n"
            "They had the link and its code.\n"
            "To know what they opened, or to close the link, sign in on the site.",
            sms=f"espace: a share link was opened. To know more, {_GO_EN}.",
        ),
    },
    "guest-file": {
        "fr": Words(
            name="Un fichier laissé par un invité",
            why="Ce message part quand quelqu'un laisse un fichier par un lien que vous avez donné.",
            subject="Un fichier vous attend",
            text="Quelqu'un a laissé un fichier par un lien que vous avez donné.\n"
            "Rien n'entre dans le dossier sans votre accord. Pour le voir, connectez-vous sur le site.",
            sms=f"espace : un fichier vous attend. Rien n'entre sans votre accord. Pour le voir, {_GO_FR}.",
        ),
        "en": Words(
            name="A file left by a guest",
            why="This message is sent when someone leaves a file by a link that you gave.",
            subject="A file awaits you",
            text="Someone left a file by a link that you gave.\n"
            "Nothing enters the record unless you agree. To see it, sign in on the site.",
            sms=f"espace: a file awaits you. Nothing enters unless you agree. To see it, {_GO_EN}.",
        ),
    },
    "new-device": {
        "fr": Words(
            name="Une connexion depuis un nouvel appareil",
            why="Ce message part quand votre compte est ouvert depuis un appareil nouveau.",
            subject="Connexion depuis un nouvel appareil",
            text="Quelqu'un vient de se connecter à votre compte depuis un nouvel appareil.\n"
            "C'était vous ? Il n'y a rien à faire.\n"
            "Ce n'était pas vous ? Connectez-vous sur le site et déconnectez cet appareil.",
            sms=f"espace : connexion depuis un nouvel appareil. Ce n'était pas vous ? Pour l'arrêter, {_GO_FR}.",
        ),
        "en": Words(
            name="A sign-in from a new device",
            why="This message is sent when your account is opened from a new device.",
            subject="Sign-in from a new device",
            text="Someone has just signed in to your account from a new device.\n"
            "Was it you? There is nothing to do.\n"
            "It was not you? Sign in on the site and sign that device out.",
            sms=f"espace: sign-in from a new device. It was not you? To stop it, {_GO_EN}.",
        ),
    },
    "passkey-copied": {
        "fr": Words(
            name="Une clé d'accès copiée",
            why="Ce message part quand une clé d'accès semble avoir été copiée.",
            subject="Une clé d'accès a été refusée",
            text="Une clé d'accès de votre compte semble copiée. Nous l'avons refusée : rien n'a été ouvert.\n"
            "Connectez-vous sur le site et retirez cette clé, dans « Compte ». Vous pourrez en ajouter une autre.\n"
            "Vous n'y entrez plus ? Demandez de l'aide à la page « Aide ».",
            sms=f"espace : une clé d'accès a été refusée : elle semble copiée. Pour la retirer, {_GO_FR}.",
        ),
        "en": Words(
            name="A copied passkey",
            why="This message is sent when a passkey seems to have been copied.",
            subject="A passkey was refused",
            text="A passkey of your account seems to have been copied. We refused it: nothing was opened.\n"
            "Sign in on the site and remove this passkey, under “Account”. You can then add another one.\n"
            "You cannot enter any more? Ask for help on the page “Help”.",
            sms=f"espace: a passkey was refused, perhaps copied. To remove it, {_GO_EN}.",
        ),
    },
    "security-change": {
        "fr": Words(
            name="Un changement de sécurité",
            why="Ce message part quand change votre adresse, votre téléphone, votre mot de passe "
            "ou votre deuxième serrure.",
            subject="Un réglage de sécurité a changé",
            text="Un réglage de sécurité de votre compte vient de changer.\n"
            "C'était vous ? Il n'y a rien à faire.\n"
            "Ce n'était pas vous ? Connectez-vous sur le site et vérifiez vos réglages de sécurité. "
            "Vous n'y entrez plus ? Demandez de l'aide à la page « Aide ».",
            sms=f"espace : un réglage de sécurité a changé. Ce n'était pas vous ? Pour vérifier, {_GO_FR}.",
        ),
        "en": Words(
            name="A change of security",
            why="This message is sent when your address, phone, password or second lock changes.",
            subject="A security setting has changed",
            text="A security setting of your account has just changed.\n"
            "Was it you? There is nothing to do.\n"
            "It was not you? Sign in on the site and check your security settings. "
            "You cannot enter any more? Ask for help on the page “Help”.",
            sms=f"espace: a security setting has changed. It was not you? To check, {_GO_EN}.",
        ),
    },
    "account-recovery": {
        "fr": Words(
            name="Une demande d'accès perdu",
            why="Ce message part à chaque étape quand quelqu'un dit avoir perdu l'accès à votre compte.",
            subject="Demande d'accès perdu à votre compte",
            text="Quelqu'un dit avoir perdu l'accès à votre compte.\n"
            "C'était vous ? Il n'y a rien à faire : le délai court pour vous protéger.\n"
            "Ce n'était pas vous ? Connectez-vous sur le site et arrêtez cette demande. "
            "Vous n'y entrez plus ? Demandez de l'aide à la page « Aide ».",
            sms=f"espace : quelqu'un dit avoir perdu l'accès à votre compte. Pas vous ? Pour l'arrêter, {_GO_FR}.",
        ),
        "en": Words(
            name="A request for a lost access",
            why="This message is sent at each step when someone says they lost access to your account.",
            subject="Lost access to your account",
            text="Someone says they lost access to your account.\n"
            "Was it you? There is nothing to do: the delay protects you.\n"
            "It was not you? Sign in on the site and stop this request. "
            "You cannot enter any more? Ask for help on the page “Help”.",
            sms=f"espace: someone says they lost access to your account. Not you? To stop it, {_GO_EN}.",
        ),
    },
    "record-state": {
        "fr": Words(
            name="Un changement d'état de l'espace",
            why="Ce message part quand un espace s'ouvre, se ferme, est suspendu ou effacé, ou après un refus.",
            subject="L'état d'un espace a changé",
            text="L'état de votre espace, ou d'un espace que vous gérez, vient de changer.\n"
            "Pour savoir lequel, connectez-vous sur le site.\n"
            "Vous n'avez rien demandé ? Demandez de l'aide sur le site, à la page « Aide ».",
            sms=f"espace : l'état d'un espace a changé. Pour savoir lequel, {_GO_FR}.",
        ),
        "en": Words(
            name="A change in the state of the space",
            why="This message is sent when a space opens, closes, is suspended or erased, or after a refusal.",
            subject="The state of a space has changed",
            text="The state of your space, or of a space you manage, has just changed.\n"
            "To know which, sign in on the site.\n"
            "You asked for nothing? Ask for help on the site, on the page “Help”.",
            sms=f"espace: the state of a space has changed. To know which, {_GO_EN}.",
        ),
    },
    "link-announced": {
        "fr": Words(
            name="Un nouveau lien avec un espace que vous gérez",
            why="Ce message part quand quelqu'un va pouvoir agir pour une personne dont vous gérez l'espace.",
            subject="Un lien va s'ajouter à un espace",
            text="Quelqu'un va pouvoir agir dans un espace que vous gérez. Nous avons vérifié ses papiers.\n"
            "Vous n'êtes pas d'accord ? Vous avez quelques jours pour le dire.\n"
            "Pour savoir qui, connectez-vous sur le site.",
            sms=f"espace : un lien va s'ajouter à un espace que vous gérez. Pour savoir qui, {_GO_FR}.",
        ),
        "en": Words(
            name="A new link with a space you manage",
            why="This message is sent when someone will be able to act for a person whose space you manage.",
            subject="A link is being added to a space",
            text="Someone will be able to act in a space you manage. We checked the papers.\n"
            "You do not agree? You have a few days to say so.\nTo know who, sign in on the site.",
            sms=f"espace: a link is being added to a space you manage. To know who, {_GO_EN}.",
        ),
    },
    "link-changed": {
        "fr": Words(
            name="Un changement dans un lien",
            why="Ce message part quand un lien avec un proche change, ou va bientôt finir.",
            subject="Un lien avec un espace change",
            text="Un lien avec un espace change, ou va bientôt finir.\n"
            "Pour en savoir plus, connectez-vous sur le site.",
            sms=f"espace : un lien avec un espace change, ou va finir. Pour en savoir plus, {_GO_FR}.",
        ),
        "en": Words(
            name="A change in a link",
            why="This message is sent when a link with a relative changes, or ends soon.",
            subject="A link with a space changes",
            text="A link with a space changes, or ends soon.\nTo know more, sign in on the site.",
            sms=f"espace: a link with a space changes, or ends soon. To know more, {_GO_EN}.",
        ),
    },
    "request-decided": {
        "fr": Words(
            name="Une réponse à votre demande",
            why="Ce message part quand nous avons répondu à votre demande.",
            subject="Votre demande a une réponse",
            text="Nous avons répondu à votre demande.\nPour lire la réponse, connectez-vous sur le site.",
            sms=f"espace : votre demande a une réponse. Pour la lire, {_GO_FR}.",
        ),
        "en": Words(
            name="An answer to your request",
            why="This message is sent when we have answered your request.",
            subject="Your request has an answer",
            text="We have answered your request.\nTo read the answer, sign in on the site.",
            sms=f"espace: your request has an answer. To read it, {_GO_EN}.",
        ),
    },
    "code-printed": {
        "fr": Words(
            name="Un code remis à un guichet",
            why="Ce message part quand un code est imprimé pour vous à un guichet.",
            subject="Un code a été remis à un guichet",
            text="Un code provisoire à votre nom vient d'être imprimé à un guichet.\n"
            "C'était vous ? Il n'y a rien à faire.\n"
            "Ce n'était pas vous ? Demandez de l'aide sur le site, à la page « Aide ».",
            sms="espace : un code à votre nom a été imprimé à un guichet. Pas vous ? Voyez la page Aide du site.",
        ),
        "en": Words(
            name="A code handed over at a counter",
            why="This message is sent when a code is printed for you at a counter.",
            subject="A code was handed over at a counter",
            text="A provisional code in your name has just been printed at a counter.\n"
            "Was it you? There is nothing to do.\n"
            "It was not you? Ask for help on the site, on the page “Help”.",
            sms="espace: a code in your name was printed at a counter. Not you? See the page Help on the site.",
        ),
    },
    "code": {
        "fr": Words(
            name="Un code demandé",
            why="Ce message part quand un code est demandé pour votre compte.",
            subject="",
            text="",
            sms="",
        ),
        "en": Words(
            name="A code asked for",
            why="This message is sent when a code is asked for, for your account.",
            subject="",
            text="",
            sms="",
        ),
    },
    "trial": {
        "fr": Words(
            name="Un message d'essai",
            why="Ce message part quand vous le demandez, à la page « Notifications ».",
            subject="Votre message d'essai",
            text="Voici le message d'essai que vous avez demandé. Nos messages arrivent bien jusqu'à vous.",
            sms="espace : voici votre message d'essai. Nos SMS arrivent bien. Ils ne contiennent jamais de lien.",
        ),
        "en": Words(
            name="A trial message",
            why="This message is sent when you ask for it, on the page “Notifications”.",
            subject="Your trial message",
            text="Here is the trial message you asked for. Our messages do reach you.",
            sms="espace: here is your trial message. Our SMS do reach you. They never hold a link.",
        ),
    },
    **carers.EVENTS,
}

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
    "contest-waits": "office",
    "practice-emergency": "practice",
    "practice-explanation": "practice",
    "practice-stopped": "practice",
    "practice-restored": "practice",
}
_FREE = frozenset(
    {
        "new-document",
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
