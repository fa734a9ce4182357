"""The e-mails to those who work with the house: professionals, at their secure address, and operators."""

from .wording import Template

TEMPLATES = {
    "operator-invitation": {
        "fr": Template(
            "Votre invitation",
            "Bonjour,\n\nUn compte d'opérateur vous attend. Votre code : {code}\n\n"
            "Allez vous-même sur le site, à la page /invitation. Donnez-y ce code et votre adresse e-mail.\n"
            "Il sert une seule fois, pendant 3 jours. Ne le donnez à personne.\n"
            "Vous n'attendez rien ? Prévenez qui administre ce site.",
        ),
        "en": Template(
            "Your invitation",
            "Hello,\n\nAn operator's account awaits you. Your code: {code}\n\n"
            "Go to the site yourself, to the page /invitation. Give this code there, and your e-mail address.\n"
            "It works once, for 3 days. Give it to nobody.\n"
            "You expect nothing? Tell whoever administers this site.",
        ),
    },
    "operators-changed": {
        "fr": Template(
            "Un compte d'opérateur a changé",
            "Bonjour,\n\nUn compte d'opérateur vient de changer. Pour savoir lequel, connectez-vous sur le site.\n"
            "Vous ne vous y attendiez pas ? Parlez-en à vos collègues sans attendre.",
        ),
        "en": Template(
            "An operator's account has changed",
            "Hello,\n\nAn operator's account has just changed. To know which, sign in on the site.\n"
            "You did not expect it? Speak to your colleagues without delay.",
        ),
    },
    "contest-waits": {
        "fr": Template(
            "Une contestation vous attend",
            "Bonjour,\n\nUne visite contestée attend la personne déléguée à la protection des données.\n"
            "Pour la lire, connectez-vous sur le site, à la page « Contestations ».",
        ),
        "en": Template(
            "A contest awaits you",
            "Hello,\n\nA contested visit awaits the privacy officer.\n"
            "To read it, sign in on the site, on the page “Contests”.",
        ),
    },
    "abuse-alert": {
        "fr": Template(
            "Une alerte vous attend",
            "Bonjour,\n\nUne alerte attend la personne déléguée à la protection des données.\n"
            "Pour la lire, connectez-vous sur le site, à la page « Alertes ».",
        ),
        "en": Template(
            "An alert awaits you",
            "Hello,\n\nAn alert awaits the privacy officer.\nTo read it, sign in on the site, on the page “Alerts”.",
        ),
    },
    "abuse-alerts": {
        "fr": Template(
            "Des alertes vous attendent",
            "Bonjour,\n\nPlusieurs alertes attendent la personne déléguée à la protection des données.\n"
            "Pour les lire, connectez-vous sur le site, à la page « Alertes ».",
        ),
        "en": Template(
            "Alerts await you",
            "Hello,\n\nSeveral alerts await the privacy officer.\n"
            "To read them, sign in on the site, on the page “Alerts”.",
        ),
    },
    "emergency-waits": {
        "fr": Template(
            "Une ouverture en urgence vous attend",
            "Bonjour,\n\nUne ouverture en urgence attend la personne déléguée à la protection des données.\n"
            "Pour l'examiner, connectez-vous sur le site, à la page « Urgences ».",
        ),
        "en": Template(
            "An opening in an emergency awaits you",
            "Hello,\n\nAn opening in an emergency awaits the privacy officer.\n"
            "To look at it, sign in on the site, on the page “Emergencies”.",
        ),
    },
    "emergencies-wait": {
        "fr": Template(
            "Des ouvertures en urgence vous attendent",
            "Bonjour,\n\nPlusieurs ouvertures en urgence attendent la personne déléguée à la protection des données.\n"
            "Pour les examiner, connectez-vous sur le site, à la page « Urgences ».",
        ),
        "en": Template(
            "Openings in an emergency await you",
            "Hello,\n\nSeveral openings in an emergency await the privacy officer.\n"
            "To look at them, sign in on the site, on the page “Emergencies”.",
        ),
    },
    # To the secure mail of professionals; no name in them either.
    "practice-emergency": {
        "fr": Template(
            "Une ouverture en urgence vous concerne",
            "Bonjour,\n\nUn espace dont vous êtes le référent déclaré a été ouvert en urgence.\n"
            "Pour savoir lequel, quand et par qui, connectez-vous sur le site, à la page « Urgences ».",
        ),
        "en": Template(
            "An opening in an emergency concerns you",
            "Hello,\n\nA space of which you are the declared contact was opened in an emergency.\n"
            "To know which, when and by whom, sign in on the site, on the page “Emergencies”.",
        ),
    },
    "practice-explanation": {
        "fr": Template(
            "Une explication vous est demandée",
            "Bonjour,\n\nUne explication vous est demandée sur un accès, avec une date limite.\n"
            "Pour la lire et répondre, connectez-vous à votre espace professionnel.",
        ),
        "en": Template(
            "An explanation is asked of you",
            "Hello,\n\nAn explanation is asked of you about an access, by a given day.\n"
            "To read and answer it, sign in to your professional space.",
        ),
    },
    "practice-stopped": {
        "fr": Template(
            "Votre accès est arrêté",
            "Bonjour,\n\nVotre accès professionnel est arrêté depuis ce jour. Vos sessions sont fermées.\n"
            "Pour en parler, écrivez au contact donné sur le site, à la page « Aide ».",
        ),
        "en": Template(
            "Your access is stopped",
            "Hello,\n\nYour professional access is stopped as of today. Your sessions are closed.\n"
            "To speak about it, write to the contact given on the site, on the page “Help”.",
        ),
    },
    "practice-restored": {
        "fr": Template(
            "Votre accès est rétabli",
            "Bonjour,\n\nVotre accès professionnel est rétabli. Connectez-vous comme avant.",
        ),
        "en": Template(
            "Your access is restored",
            "Hello,\n\nYour professional access is restored. Sign in as before.",
        ),
    },
    "counter-limit": {
        "fr": Template(
            "Le guichet a atteint sa limite du jour",
            "Bonjour,\n\nUn opérateur du guichet a imprimé autant de codes qu'un jour le permet.\n"
            "Pour voir ses actes, connectez-vous sur le site, à la page « Activité ».",
        ),
        "en": Template(
            "The counter has reached its limit of the day",
            "Hello,\n\nAn operator of the counter printed as many codes as a day allows.\n"
            "To see what they did, sign in on the site, on the page “Activity”.",
        ),
    },
}
