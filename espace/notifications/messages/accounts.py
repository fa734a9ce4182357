"""The words of what people are told about an account: its locks, its codes, and the messages themselves."""

from .wording import GO_EN, GO_FR, Words

EVENTS: dict[str, dict[str, Words]] = {
    "new-device": {
        "fr": Words(
            name="Une connexion depuis un nouvel appareil",
            why="Ce message part quand votre compte est ouvert depuis un appareil nouveau.",
            subject="Connexion depuis un nouvel appareil",
            text="Quelqu'un vient de se connecter à votre compte depuis un nouvel appareil.\n"
            "C'était vous ? Il n'y a rien à faire.\n"
            "Ce n'était pas vous ? Connectez-vous sur le site et déconnectez cet appareil.",
            sms=f"espace : connexion depuis un nouvel appareil. Ce n'était pas vous ? Pour l'arrêter, {GO_FR}.",
        ),
        "en": Words(
            name="A sign-in from a new device",
            why="This message is sent when your account is opened from a new device.",
            subject="Sign-in from a new device",
            text="Someone has just signed in to your account from a new device.\n"
            "Was it you? There is nothing to do.\n"
            "It was not you? Sign in on the site and sign that device out.",
            sms=f"espace: sign-in from a new device. It was not you? To stop it, {GO_EN}.",
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
            sms=f"espace : une clé d'accès a été refusée : elle semble copiée. Pour la retirer, {GO_FR}.",
        ),
        "en": Words(
            name="A copied passkey",
            why="This message is sent when a passkey seems to have been copied.",
            subject="A passkey was refused",
            text="A passkey of your account seems to have been copied. We refused it: nothing was opened.\n"
            "Sign in on the site and remove this passkey, under “Account”. You can then add another one.\n"
            "You cannot enter any more? Ask for help on the page “Help”.",
            sms=f"espace: a passkey was refused, perhaps copied. To remove it, {GO_EN}.",
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
            sms=f"espace : un réglage de sécurité a changé. Ce n'était pas vous ? Pour vérifier, {GO_FR}.",
        ),
        "en": Words(
            name="A change of security",
            why="This message is sent when your address, phone, password or second lock changes.",
            subject="A security setting has changed",
            text="A security setting of your account has just changed.\n"
            "Was it you? There is nothing to do.\n"
            "It was not you? Sign in on the site and check your security settings. "
            "You cannot enter any more? Ask for help on the page “Help”.",
            sms=f"espace: a security setting has changed. It was not you? To check, {GO_EN}.",
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
            sms=f"espace : quelqu'un dit avoir perdu l'accès à votre compte. Pas vous ? Pour l'arrêter, {GO_FR}.",
        ),
        "en": Words(
            name="A request for a lost access",
            why="This message is sent at each step when someone says they lost access to your account.",
            subject="Lost access to your account",
            text="Someone says they lost access to your account.\n"
            "Was it you? There is nothing to do: the delay protects you.\n"
            "It was not you? Sign in on the site and stop this request. "
            "You cannot enter any more? Ask for help on the page “Help”.",
            sms=f"espace: someone says they lost access to your account. Not you? To stop it, {GO_EN}.",
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
}
