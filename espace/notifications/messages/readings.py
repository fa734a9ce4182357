"""The words of what people are told about who reads a record: asked, opened, answered, told again each week."""

from .wording import GO_EN, GO_FR, Words

EVENTS: dict[str, dict[str, Words]] = {
    "access-asked": {
        "fr": Words(
            name="Une demande d'accès",
            why="Ce message part quand quelqu'un demande à lire votre espace, ou un espace que vous gérez.",
            subject="Une demande vous attend",
            text="Une demande d'accès vous attend dans votre espace.\n"
            "Rien ne s'ouvre sans votre accord. Pour répondre, connectez-vous sur le site.",
            sms=f"espace : une demande vous attend. Rien ne s'ouvre sans votre accord. Pour répondre, {GO_FR}.",
        ),
        "en": Words(
            name="A request for access",
            why="This message is sent when someone asks to read your space, or a space you manage.",
            subject="A request awaits you",
            text="A request for access awaits you in your space.\n"
            "Nothing opens unless you agree. To answer, sign in on the site.",
            sms=f"espace: a request awaits you. Nothing opens unless you agree. To answer, {GO_EN}.",
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
            sms=f"espace : une première lecture a eu lieu. Pour savoir qui, {GO_FR}.",
        ),
        "en": Words(
            name="A first reading",
            why="This message is sent when a professional reads your space, or a space you manage, for the first time.",
            subject="A first reading in your space",
            text="Someone has just read your space, or a space you manage, for the first time.\n"
            "They had the right to. To know who, or to take this access back, sign in on the site.",
            sms=f"espace: a first reading took place. To know who, {GO_EN}.",
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
            sms=f"espace : un professionnel a noté votre accord. Pour savoir qui, ou pour l'annuler, {GO_FR}.",
        ),
        "en": Words(
            name="A consent written down by a professional",
            why="This message is sent when a professional writes down that you agree to have your space read, "
            "or a space you manage.",
            subject="A consent was written down in your space",
            text="A professional has just written down a consent given in words, by telephone or on paper.\n"
            "It opens a space, yours or one you manage.\n"
            "To know to whom, or to undo it with one press, sign in on the site.",
            sms=f"espace: a professional wrote down your consent. To know who, or to undo it, {GO_EN}.",
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
            sms=f"espace : une ouverture en urgence a eu lieu. Pour savoir qui et pourquoi, {GO_FR}.",
        ),
        "en": Words(
            name="An opening in an emergency",
            why="This message is sent when your space, or a space you manage, is opened in an emergency.",
            subject="An opening in an emergency",
            text="A space, yours or one you manage, has just been opened in an emergency.\n"
            "It closes by itself.\n"
            "To know who did it and why, sign in on the site.",
            sms=f"espace: an opening in an emergency took place. To know who and why, {GO_EN}.",
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
            sms=f"espace : une réponse vous attend. Pour la lire, {GO_FR}.",
        ),
        "en": Words(
            name="An answer about a visit",
            why="This message is sent when you are answered about a visit to your space, or to a space you manage.",
            subject="An answer awaits you",
            text="You had asked about a visit. There is something new.\n"
            "To read it, sign in on the site, page “History”.",
            sms=f"espace: an answer awaits you. To read it, {GO_EN}.",
        ),
    },
    "visit-question": {
        "fr": Words(
            name="Une question sur une de vos visites",
            why="Ce message part quand on vous demande pourquoi vous avez ouvert un espace.",
            subject="Une question vous attend",
            text="On vous demande pourquoi vous avez ouvert un espace.\n"
            "Quelques mots suffisent. Pour répondre, connectez-vous sur le site, page « Compte ».",
            sms=f"espace : une question vous attend. Pour y répondre, {GO_FR}.",
        ),
        "en": Words(
            name="A question about a visit of yours",
            why="This message is sent when you are asked why you opened a space.",
            subject="A question awaits you",
            text="You are asked why you opened a space.\n"
            "A few words are enough. To answer, sign in on the site, page “Account”.",
            sms=f"espace: a question awaits you. To answer it, {GO_EN}.",
        ),
    },
    "week-of-visits": {
        "fr": Words(
            name="Les visites de la semaine",
            why="Ce message part une fois par semaine, si quelqu'un a ouvert votre espace ou un espace que vous gérez.",
            subject="Votre historique a du nouveau",
            text="Cette semaine, quelqu'un d'autre que vous a ouvert votre espace, ou un espace que vous gérez.\n"
            "Pour savoir qui, quand et pourquoi, connectez-vous sur le site, page « Historique ».",
            sms=f"espace : votre historique a du nouveau. Pour le lire, {GO_FR}.",
        ),
        "en": Words(
            name="The visits of the week",
            why="This message is sent once a week, if someone opened your space or a space you manage.",
            subject="There is something new in your history",
            text="This week, someone other than you opened your space, or a space you manage.\n"
            "To know who, when and why, sign in on the site, page “History”.",
            sms=f"espace: there is something new in your history. To read it, {GO_EN}.",
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
            sms=f"espace : un code de comptoir a été utilisé. Pour savoir par qui, {GO_FR}.",
        ),
        "en": Words(
            name="A counter code was used",
            why="This message is sent when a professional uses a code given at a counter.",
            subject="Your code was used",
            text="A professional has just used a code given at a counter.\n"
            "The access closes by itself. A receipt says what was read and deposited.\n"
            "To read it, or to close at once, sign in on the site.",
            sms=f"espace: a counter code was used. To know by whom, {GO_EN}.",
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
            sms=f"espace : un lien de partage a été ouvert. Pour en savoir plus, {GO_FR}.",
        ),
        "en": Words(
            name="A share link was opened",
            why="This message is sent when someone opens a share link with its code.",
            subject="A share link was opened",
            text="Someone has just opened a share link of your space, or of a space you manage.\n"
            "They had the link and its code.\n"
            "To know what they opened, or to close the link, sign in on the site.",
            sms=f"espace: a share link was opened. To know more, {GO_EN}.",
        ),
    },
}
