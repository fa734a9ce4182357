"""What the house writes by e-mail: that something happened, never what, from whom or about whom (security.md R52)."""

from dataclasses import dataclass
from string import Formatter

from . import notices

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
    # What AC-2 asks for: what it is, its link with the shared medical record, objecting, closing, the opening day.
    "announcement": {
        "fr": Template(
            "Un espace de santé vous est ouvert",
            "Bonjour,\n\nUn espace de santé est créé pour vous. Il s'ouvre le {opens}.\n\n"
            "Ce que c'est : un lieu pour garder vos documents de santé et choisir qui les lit. Il contient votre "
            "dossier médical partagé (DMP), créé en même temps. C'est gratuit.\n\n"
            "Pour l'activer, allez vous-même sur le site. Votre code provisoire : {code}\n"
            "Il sert une seule fois. Prenez aussi votre carte Vitale.\n\n"
            "Vous n'en voulez pas ? Vous pouvez le refuser, sans donner de raison, avec ce code : sur le site, "
            "page « Refuser un espace de santé ».\n"
            "Avant l'ouverture, l'espace ne s'ouvrira pas. Après, vous pouvez aussi le fermer à tout moment, "
            "à la page « Compte ».",
        ),
        "en": Template(
            "A health space opens for you",
            "Hello,\n\nA health space is made for you. It opens on {opens}.\n\n"
            "What it is: a place to keep your health documents and to choose who reads them. It holds your shared "
            "medical record (DMP), made at the same time. It is free.\n\n"
            "To activate it, go to the site yourself. Your provisional code: {code}\n"
            "It works once. Take your Vitale card too.\n\n"
            "You do not want it? You can refuse it, without giving a reason, with this code: on the site, page "
            "“Refuse a health space”.\n"
            "Before it opens, it will not open. Later, you can also close it at any time, on the page “Account”.",
        ),
    },
    "child-announcement": {
        "fr": Template(
            "Un espace de santé est ouvert pour votre enfant",
            "Bonjour,\n\nUn espace de santé est créé pour votre enfant. Il s'ouvre le {opens}.\n\n"
            "Ce que c'est : un lieu pour garder ses documents de santé et choisir qui les lit. Il contient son "
            "dossier médical partagé (DMP), créé en même temps. C'est gratuit.\n\n"
            "Pour ouvrir son profil, connectez-vous à votre propre espace, page « Compte », puis « Mes proches ».\n\n"
            "Vous n'en voulez pas ? Vous pouvez le refuser pour votre enfant, même sans espace à vous.\n"
            "Allez sur le site, page « Refuser un espace de santé ». Le code provisoire de votre enfant : {code}\n"
            "Refuser reste possible après l'ouverture, et vous pouvez changer d'avis.",
        ),
        "en": Template(
            "A health space opens for your child",
            "Hello,\n\nA health space is made for your child. It opens on {opens}.\n\n"
            "What it is: a place to keep their health documents and to choose who reads them. It holds their shared "
            "medical record (DMP), made at the same time. It is free.\n\n"
            "To open their profile, sign in to your own space, page “Account”, then “My relatives”.\n\n"
            "You do not want it? You can refuse it for your child, even without a space of your own.\n"
            "Go to the site, page “Refuse a health space”. Your child's provisional code: {code}\n"
            "You can still refuse after the opening, and change your mind.",
        ),
    },
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
    "reset-code": {
        "fr": Template(
            "Votre code pour un nouveau mot de passe",
            "Bonjour,\n\nVotre code : {code}\n\n"
            "Il reste valable 10 minutes. Tapez-le sur la page où vous l'avez demandé. Ne le donnez à personne.\n"
            "Vous n'avez rien demandé ? Vous pouvez ignorer ce message : votre mot de passe ne change pas.",
        ),
        "en": Template(
            "Your code for a new password",
            "Hello,\n\nYour code: {code}\n\n"
            "It is valid for 10 minutes. Type it on the page where you asked for it. Give it to nobody.\n"
            "You asked for nothing? You can ignore this message: your password does not change.",
        ),
    },
    "recovery-code": {
        "fr": Template(
            "Votre code provisoire",
            "Bonjour,\n\nVotre code provisoire : {code}\n\n"
            "Il remplace celui de votre courrier. Allez vous-même sur le site, à la page « Accès perdu ».\n"
            "Vous n'avez rien demandé ? Vous pouvez ignorer ce message. Ne donnez ce code à personne.",
        ),
        "en": Template(
            "Your provisional code",
            "Hello,\n\nYour provisional code: {code}\n\n"
            "It takes the place of the one of your letter. Go to the site yourself, to the page “Lost access”.\n"
            "You asked for nothing? You can ignore this message. Give this code to nobody.",
        ),
    },
    # The one link of ours in a message (R4): all it can do is refuse, so whoever finds it opens nothing.
    "recovery-asked": {
        "fr": Template(
            "Demande pour retrouver l'accès à votre compte",
            "Bonjour,\n\nQuelqu'un a demandé à retrouver l'accès à votre compte, avec un courrier à votre nom.\n"
            "C'était vous ? Il n'y a rien à faire. Revenez à partir du {day}.\n\n"
            "Ce n'était pas vous ? Refusez avant cette date :\n{link}\n\n"
            "Ce lien ne sert qu'à refuser. Il ne demande ni code ni mot de passe.",
        ),
        "en": Template(
            "Request to find back the access to your account",
            "Hello,\n\nSomeone asked to find back the access to your account, with a letter in your name.\n"
            "Was it you? There is nothing to do. Come back from {day} on.\n\n"
            "It was not you? Refuse before that date:\n{link}\n\n"
            "This link only refuses. It asks for neither code nor password.",
        ),
    },
    "recovery-reminder": {
        "fr": Template(
            "Rappel : demande pour retrouver l'accès à votre compte",
            "Bonjour,\n\nUne demande pour retrouver l'accès à votre compte est toujours en cours.\n"
            "C'était vous ? Il n'y a rien à faire. Revenez à partir du {day}.\n\n"
            "Ce n'était pas vous ? Refusez avant cette date :\n{link}\n\n"
            "Ce lien ne sert qu'à refuser. Il ne demande ni code ni mot de passe.",
        ),
        "en": Template(
            "Reminder: request to find back the access to your account",
            "Hello,\n\nA request to find back the access to your account is still under way.\n"
            "Was it you? There is nothing to do. Come back from {day} on.\n\n"
            "It was not you? Refuse before that date:\n{link}\n\n"
            "This link only refuses. It asks for neither code nor password.",
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
    "recovery-cancelled": {
        "fr": Template(
            "La demande d'accès est refusée",
            "Bonjour,\n\nLa demande pour retrouver l'accès à votre compte est refusée. Rien n'a été ouvert.\n"
            "Le code du courrier ne sert plus. Pour en obtenir un autre, voyez la page « Accès perdu » du site.",
        ),
        "en": Template(
            "The request for access is refused",
            "Hello,\n\nThe request to find back the access to your account is refused. Nothing was opened.\n"
            "The code of the letter works no more. To get another, see the page “Lost access” of the site.",
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
