"""The e-mails to families and carers."""

from .wording import Template

TEMPLATES = {
    "majority-parents": {
        "fr": Template(
            "Votre accès à un profil va s'arrêter",
            "Bonjour,\n\nVotre accès au profil d'un proche s'arrête le {day}, jour de sa majorité.\n"
            "Rien n'est perdu : ses documents restent dans son espace, et ne se lisent plus que par sa décision.\n"
            "Vous n'avez rien à faire.",
        ),
        "en": Template(
            "Your access to a profile is about to end",
            "Hello,\n\nYour access to a relative's profile ends on {day}, the day they come of age.\n"
            "Nothing is lost: their documents stay in their space, to be read by their decision only.\n"
            "You have nothing to do.",
        ),
    },
    "majority-holder": {
        "fr": Template(
            "Votre espace ne sera bientôt qu'à vous",
            "Bonjour,\n\nLe {day}, vous serez majeur ou majeure. L'accès de vos parents à votre espace s'arrête "
            "ce jour-là.\n"
            "Vos documents y restent. Votre espace n'est pas encore activé ? Demandez un code sur le site, "
            "page « Activer mon espace ».",
        ),
        "en": Template(
            "Your space will soon be yours alone",
            "Hello,\n\nOn {day}, you come of age. Your parents' access to your space ends on that day.\n"
            "Your documents stay there. Your space is not activated yet? Ask for a code on the site, page "
            "“Activate my space”.",
        ),
    },
    "majority-ended": {
        "fr": Template(
            "Votre accès à un profil s'est arrêté",
            "Bonjour,\n\nVotre accès au profil d'un proche s'est arrêté le {day}, jour de sa majorité.\n"
            "Rien n'est perdu : ses documents restent dans son espace, ceux que vous avez ajoutés aussi. "
            "Lui ou elle seule en décide.\n"
            "Vous n'avez rien à faire.",
        ),
        "en": Template(
            "Your access to a profile has ended",
            "Hello,\n\nYour access to a relative's profile ended on {day}, the day they came of age.\n"
            "Nothing is lost: their documents stay in their space, those you added too. They alone decide about them.\n"
            "You have nothing to do.",
        ),
    },
    "majority-reached": {
        "fr": Template(
            "Votre espace n'est plus qu'à vous",
            "Bonjour,\n\nDepuis le {day}, l'accès de vos parents à votre espace est fermé. Vos documents y restent.\n"
            "Votre espace n'est pas encore activé ? Attendez la lettre qui porte votre code, ou présentez-vous à un "
            "accueil avec une pièce d'identité.",
        ),
        "en": Template(
            "Your space is yours alone",
            "Hello,\n\nSince {day}, your parents' access to your space is closed. Your documents stay there.\n"
            "Your space is not activated yet? Wait for the letter that carries your code, or come to a counter with an "
            "identity document.",
        ),
    },
    # A link again: it opens nothing by itself, but leads whom it is for to what they are asked, once signed in.
    "carer-invitation": {
        "fr": Template(
            "Quelqu'un vous demande votre aide",
            "Bonjour,\n\nUne personne vous demande de l'aider dans son espace de santé.\n"
            "Pour savoir qui et pour quoi, connectez-vous à votre propre espace, puis répondez oui ou non :\n{link}\n\n"
            "Vous avez jusqu'au {day}. Rien ne s'ouvre sans votre réponse.\n"
            "Cette invitation n'est que pour vous : transmise à quelqu'un d'autre, elle n'ouvre rien.\n\n"
            "Vous n'avez pas encore d'espace ? Activez d'abord le vôtre avec votre courrier. "
            "Utilisez cette même adresse e-mail.",
        ),
        "en": Template(
            "Someone asks for your help",
            "Hello,\n\nA person asks you to help them in their health space.\n"
            "To know who and for what, sign in to your own space, then answer yes or no:\n{link}\n\n"
            "You have until {day}. Nothing opens without your answer.\n"
            "This invitation is for you only: handed on to someone else, it opens nothing.\n\n"
            "You have no space yet? Activate yours first with your letter. Use this same e-mail address.",
        ),
    },
    "mandate-limit": {
        "fr": Template(
            "Beaucoup de papiers signés à un guichet",
            "Bonjour,\n\nUn opérateur du guichet a enregistré aujourd'hui autant de papiers signés qu'il le peut.\n"
            "Pour voir ses actes, connectez-vous sur le site, à la page « Activité ».",
        ),
        "en": Template(
            "Many signed papers at a counter",
            "Hello,\n\nA counter operator has entered as many signed papers today as a day allows.\n"
            "To see their acts, sign in on the site, on the page “Activity”.",
        ),
    },
    "parent-invitation": {
        "fr": Template(
            "Une invitation vous attend",
            "Bonjour,\n\nQuelqu'un vous invite à gérer avec lui l'espace d'un enfant. Votre code : {code}\n\n"
            "Connectez-vous vous-même à votre propre espace, page « Compte », puis « Mes proches ».\n"
            "Choisissez « Répondre à une invitation », puis donnez ce code. Prenez une preuve de votre lien.\n"
            "Le code sert une seule fois. Vous n'attendez rien ? Ne faites rien : il s'éteint de lui-même.",
        ),
        "en": Template(
            "An invitation awaits you",
            "Hello,\n\nSomeone invites you to manage a child's space with them. Your code: {code}\n\n"
            "Sign in to your own space yourself, page “Account”, then “My relatives”.\n"
            "Choose “Answer an invitation”, then give this code. Take a proof of what binds you.\n"
            "The code works once. You expect nothing? Do nothing: it ends by itself.",
        ),
    },
}
