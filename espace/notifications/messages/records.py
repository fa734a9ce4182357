"""The words of what people are told about a record: what comes into it, its state, and those linked to it."""

from .wording import GO_EN, GO_FR, Words

EVENTS: dict[str, dict[str, Words]] = {
    "new-document": {
        "fr": Words(
            name="Un nouveau document",
            why="Ce message part quand un document arrive dans votre espace.",
            subject="Du nouveau dans votre espace",
            text="Un nouveau document vous attend dans votre espace.\nPour le lire, connectez-vous sur le site.",
            sms=f"espace : du nouveau vous attend. Pour le lire, {GO_FR}.",
        ),
        "en": Words(
            name="A new document",
            why="This message is sent when a document arrives in your space.",
            subject="Something new in your space",
            text="A new document awaits you in your space.\nTo read it, sign in on the site.",
            sms=f"espace: something new awaits you. To read it, {GO_EN}.",
        ),
    },
    "new-message": {
        "fr": Words(
            name="Un nouveau message",
            why="Ce message part quand quelqu'un vous écrit dans votre espace.",
            subject="Nouveau message",
            text="Un nouveau message vous attend dans votre espace.\nPour le lire, connectez-vous sur le site.",
            sms=f"espace : nouveau message. Pour le lire, {GO_FR}.",
        ),
        "en": Words(
            name="A new message",
            why="This message is sent when someone writes to you in your space.",
            subject="New message",
            text="A new message awaits you in your space.\nTo read it, sign in on the site.",
            sms=f"espace: new message. To read it, {GO_EN}.",
        ),
    },
    "unread-message": {
        "fr": Words(
            name="Un message qui attend d'être lu",
            why="Ce message part quand un message n'a pas été lu depuis un certain temps.",
            subject="Un message attend d'être lu",
            text="Un message attend d'être lu dans votre espace, ou dans un espace que vous gérez.\n"
            "Pour le lire, connectez-vous sur le site.",
            sms=f"espace : un message attend d'être lu. Pour le lire, {GO_FR}.",
        ),
        "en": Words(
            name="A message that waits to be read",
            why="This message is sent when a message has not been read for some time.",
            subject="A message waits to be read",
            text="A message waits to be read in your space, or in a space that you manage.\n"
            "To read it, sign in on the site.",
            sms=f"espace: a message waits to be read. To read it, {GO_EN}.",
        ),
    },
    "failed-message": {
        "fr": Words(
            name="Un message qui n'est pas arrivé",
            why="Ce message part quand un message écrit dans votre espace, ou dans un espace que vous gérez, "
            "n'a pas pu être remis.",
            subject="Un message n'est pas arrivé",
            text="Un message écrit dans votre espace, ou dans un espace que vous gérez, n'est pas arrivé.\n"
            "Pour savoir pourquoi, connectez-vous sur le site.",
            sms=f"espace : un message n'est pas arrivé. Pour savoir pourquoi, {GO_FR}.",
        ),
        "en": Words(
            name="A message that did not arrive",
            why="This message is sent when a message written in your space, or in a space that you manage, "
            "could not be delivered.",
            subject="A message did not arrive",
            text="A message written in your space, or in a space that you manage, did not arrive.\n"
            "To know why, sign in on the site.",
            sms=f"espace: a message did not arrive. To know why, {GO_EN}.",
        ),
    },
    "guest-file": {
        "fr": Words(
            name="Un fichier laissé par un invité",
            why="Ce message part quand quelqu'un laisse un fichier par un lien que vous avez donné.",
            subject="Un fichier vous attend",
            text="Quelqu'un a laissé un fichier par un lien que vous avez donné.\n"
            "Rien n'entre dans le dossier sans votre accord. Pour le voir, connectez-vous sur le site.",
            sms=f"espace : un fichier vous attend. Rien n'entre sans votre accord. Pour le voir, {GO_FR}.",
        ),
        "en": Words(
            name="A file left by a guest",
            why="This message is sent when someone leaves a file by a link that you gave.",
            subject="A file awaits you",
            text="Someone left a file by a link that you gave.\n"
            "Nothing enters the record unless you agree. To see it, sign in on the site.",
            sms=f"espace: a file awaits you. Nothing enters unless you agree. To see it, {GO_EN}.",
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
            sms=f"espace : l'état d'un espace a changé. Pour savoir lequel, {GO_FR}.",
        ),
        "en": Words(
            name="A change in the state of the space",
            why="This message is sent when a space opens, closes, is suspended or erased, or after a refusal.",
            subject="The state of a space has changed",
            text="The state of your space, or of a space you manage, has just changed.\n"
            "To know which, sign in on the site.\n"
            "You asked for nothing? Ask for help on the site, on the page “Help”.",
            sms=f"espace: the state of a space has changed. To know which, {GO_EN}.",
        ),
    },
    "linked-news": {
        "fr": Words(
            name="Du nouveau pour un proche",
            why="Ce message part quand un document arrive dans un espace que vous gérez pour un proche.",
            subject="Du nouveau dans un espace que vous gérez",
            text="Il y a du nouveau dans un espace que vous gérez pour un proche.\n"
            "Pour le lire, connectez-vous sur le site.",
            sms=f"espace : du nouveau dans un espace que vous gérez. Pour le lire, {GO_FR}.",
        ),
        "en": Words(
            name="News of a relative",
            why="This message is sent when a document arrives in a space you manage for a relative.",
            subject="Something new in a space you manage",
            text="There is something new in a space you manage for a relative.\nTo read it, sign in on the site.",
            sms=f"espace: something new in a space you manage. To read it, {GO_EN}.",
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
            sms=f"espace : un lien va s'ajouter à un espace que vous gérez. Pour savoir qui, {GO_FR}.",
        ),
        "en": Words(
            name="A new link with a space you manage",
            why="This message is sent when someone will be able to act for a person whose space you manage.",
            subject="A link is being added to a space",
            text="Someone will be able to act in a space you manage. We checked the papers.\n"
            "You do not agree? You have a few days to say so.\nTo know who, sign in on the site.",
            sms=f"espace: a link is being added to a space you manage. To know who, {GO_EN}.",
        ),
    },
    "link-changed": {
        "fr": Words(
            name="Un changement dans un lien",
            why="Ce message part quand un lien avec un proche change, ou va bientôt finir.",
            subject="Un lien avec un espace change",
            text="Un lien avec un espace change, ou va bientôt finir.\n"
            "Pour en savoir plus, connectez-vous sur le site.",
            sms=f"espace : un lien avec un espace change, ou va finir. Pour en savoir plus, {GO_FR}.",
        ),
        "en": Words(
            name="A change in a link",
            why="This message is sent when a link with a relative changes, or ends soon.",
            subject="A link with a space changes",
            text="A link with a space changes, or ends soon.\nTo know more, sign in on the site.",
            sms=f"espace: a link with a space changes, or ends soon. To know more, {GO_EN}.",
        ),
    },
    "request-decided": {
        "fr": Words(
            name="Une réponse à votre demande",
            why="Ce message part quand nous avons répondu à votre demande.",
            subject="Votre demande a une réponse",
            text="Nous avons répondu à votre demande.\nPour lire la réponse, connectez-vous sur le site.",
            sms=f"espace : votre demande a une réponse. Pour la lire, {GO_FR}.",
        ),
        "en": Words(
            name="An answer to your request",
            why="This message is sent when we have answered your request.",
            subject="Your request has an answer",
            text="We have answered your request.\nTo read the answer, sign in on the site.",
            sms=f"espace: your request has an answer. To read it, {GO_EN}.",
        ),
    },
}
